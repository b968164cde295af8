"""What young people asked that had no answer, as editors see it: opened with their key, grouped by nearest topic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from safetybot.service.unanswered import open_words
from safetybot.storage import unanswered as stored
from safetybot.storage.database import DatabaseLocation
from safetybot.storage.opening import must_be_newest, open_database, open_readonly
from safetybot.storage.scrubbing import scrub
from safetybot.vault.sealing import CannotOpen, KeyPair


@dataclass(frozen=True, slots=True)
class UnansweredQuestion:
    """One message."""

    id: str
    day: str
    """UTC, ``2026-11-24``."""
    text: str = field(repr=False)
    """Masked."""
    language: str


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """Messages with the same nearest topic, newest first."""

    topic: str
    """Its id; empty where there was none."""
    asked: Sequence[UnansweredQuestion]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """All that waits."""

    groups: Sequence[QuestionGroup]
    """Most messages first."""
    closed: int
    """Messages that this key does not open: sealed to another, or damaged."""


async def read_unanswered(database: DatabaseLocation, pair: KeyPair) -> Unanswered:
    """Everything that waits, opened; changes nothing. Raises DatabaseError."""
    async with open_readonly(database) as connection:
        await must_be_newest(connection)
        rows = await stored.load_all(connection)
    groups: dict[str, list[UnansweredQuestion]] = {}
    closed = 0
    for row in rows:
        try:
            words = open_words(row.sealed, pair)
        except CannotOpen:
            closed += 1
            continue
        groups.setdefault(words.topic, []).append(
            UnansweredQuestion(row.id, row.day, _line(words.text), words.language)
        )
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return Unanswered([QuestionGroup(topic, asked) for topic, asked in ordered], closed)


def _line(text: str) -> str:
    """Without what a terminal would obey: whoever can write to the database can seal words too."""
    return "".join(char if char.isprintable() else " " for char in text)


async def dealt_with(database: DatabaseLocation, id_: str) -> bool:
    """Deletes one message, without a trace; whether it was there. Raises DatabaseError."""
    async with open_database(database) as engine:
        async with engine.begin() as connection:
            there = await stored.delete_one(connection, id_)
        await scrub(engine)
    return there
