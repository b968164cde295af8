"""The invented reports, as they stand in ``cases.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from safetybot.guidance.base import ContentModel, Id, Text, Urgency
from safetybot.guidance.report_form import FormId
from safetybot.guidance.yaml_source import read_source

_FILE = Path(__file__).with_name("cases.yaml")

Days = Annotated[int, Field(ge=0, le=60)]


class Given(ContentModel):
    """What is answered to one question: buttons, or own words."""

    press: tuple[FormId, ...] = ()
    say: Text | None = None


class Event(ContentModel):
    """What came after a report: a reply, or more from its writer."""

    reply: Text | None = None
    more: Text | None = None
    days: Days

    @model_validator(mode="after")
    def _one(self) -> Event:
        if (self.reply is None) == (self.more is None):
            raise ValueError("either a reply or more")
        return self


class Case(ContentModel):
    """One report, and what came after it."""

    name: Text
    topic: Id | None = Field(default=None, alias="from")
    days: Days
    story: tuple[Text, ...] = Field(min_length=1)
    answers: Mapping[FormId, Given]
    urgency: Urgency
    """What the shipped form makes of it."""
    then: tuple[Event, ...] = ()


class _Cases(ContentModel):
    cases: tuple[Case, ...]


@cache
def invented() -> tuple[Case, ...]:
    """The cases, oldest first."""
    source = read_source(_FILE)
    return _Cases.model_validate(source.data).cases
