"""What the dialogue asks to be done with reports, and what became of it.

The dialogue stays pure: a Turn carries an Effect, the service does it, and gives the Outcome to
:meth:`Conversation.after`, which says what to show.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from safetybot.dialogue.report_form_result import FinishedForm
from safetybot.guidance.model import Urgency
from safetybot.reports.cases import Status
from safetybot.vault.codes import Code, CodeKeys

# --- What is to be done ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileReport:
    """File it, delete its draft and keep its code for the answer, all in one transaction. → Filed, NoReaderNow"""

    report: FinishedForm = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Look up a code that was typed. → CaseView, WrongCode, TooManyTries"""

    code: Code = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReadCase:
    """Look at the open case again, with the keys of the visit. → CaseView, CaseGone"""


@dataclass(frozen=True, slots=True)
class AddToCase:
    """Add to the open case; the addition goes in the same transaction. → Added, CaseGone, NoReaderNow"""

    language: str
    words: str = field(repr=False)
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class WithdrawCase:
    """Take the open case back. → Withdrawn, CaseGone"""


@dataclass(frozen=True, slots=True)
class KeepWords:
    """Keep words for the people who write the answers: they were asked, and said yes."""

    id: str
    """Random, and drawn when they were asked: with the same one nothing is kept twice."""
    text: str = field(repr=False)
    """Masked."""
    topic: str
    """Id of the nearest; empty where there was none."""
    language: str


Effect = FileReport | OpenCase | ReadCase | AddToCase | WithdrawCase

# --- What became of it -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filed:
    """It is filed under this code."""

    code: Code = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoReaderNow:
    """Nobody could read it, so it was not taken; the draft or the addition is still there."""


@dataclass(frozen=True, slots=True)
class TeamReply:
    """A reply of the team's."""

    day: str
    """UTC, ``2026-11-24``."""
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WriterCaseView:
    """A case as its writer sees it."""

    case: str
    """Its id."""
    keys: CodeKeys = field(repr=False)
    status: Status
    withdrawn: bool
    """They took it back, and the team had read it already."""
    replies: tuple[TeamReply, ...] = field(repr=False)
    """Oldest first."""


@dataclass(frozen=True, slots=True)
class WrongCode:
    """No case has this code, or has it any more."""


@dataclass(frozen=True, slots=True)
class TooManyTries:
    """Too many codes were tried, here or everywhere; this one was not looked up."""


@dataclass(frozen=True, slots=True)
class AdditionFiled:
    """It is added."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """It is taken back. ``deleted``: nobody had read it, so it is gone; else the team is told."""

    deleted: bool


@dataclass(frozen=True, slots=True)
class CaseGone:
    """The open case is not there any more: taken back, or kept long enough."""


@dataclass(frozen=True, slots=True)
class NotDone:
    """It failed, and nothing was changed; it may be tried again."""


Outcome = (
    Filed | NoReaderNow | WriterCaseView | WrongCode | TooManyTries | AdditionFiled | Withdrawn | CaseGone | NotDone
)
