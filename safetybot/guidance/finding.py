"""The names of what a review can find, by which editors accept a finding on purpose."""

from __future__ import annotations

from enum import StrEnum


class Finding(StrEnum):
    """One kind of finding. The name stands in brackets behind each, and after ``finding:`` under ``accepted:``."""

    LONG_SENTENCE = "long-sentence"
    READING_AGE = "reading-age"
    BLAME = "blame"
    PROMISE = "promise"
    NUMBER = "number"
    LINK = "link"
    FEW_EXAMPLES = "few-examples"
    UNWORDED_STEP = "unworded-step"
    ONE_VOICE = "one-voice"
    OLD_SOURCE = "old-source"
    OLD_HELPLINE = "old-helpline"
    UNUSED_HELPLINE = "unused-helpline"
    UNREACHABLE = "unreachable"
    DEAD_END = "dead-end"
    NEARER = "nearer"
    DUPLICATE = "duplicate"
    CONFUSED = "confused"
    HARDLY_FOUND = "hardly-found"


NOT_FOUND = "not-found"
"""An accepted finding that nothing finds any more; this cannot be accepted itself."""


BY_MATCHER = frozenset({Finding.NEARER, Finding.DUPLICATE, Finding.CONFUSED, Finding.HARDLY_FOUND})
"""Findings that need the matcher; whoever leaves it out cannot say that they are gone."""
