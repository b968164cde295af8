"""What is kept of somebody's reporting from one message to the next, beside the session: drafts, and visits by code.

All of it is saved, sealed, before the message is answered. A draft and an addition last 24 idle hours; a visit lasts an
hour, and opens the case for half an hour of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from safetybot.dialogue.draft import Draft, DraftError
from safetybot.guidance.model import Sign
from safetybot.vault.codes import CodeKeys

DRAFT_MINUTES = 24 * 60
"""Idle minutes after which a draft or an addition is deleted."""
VISIT_MINUTES = 60
"""Minutes that codes tried are counted and a new code can be shown again, and idle minutes a visit is remembered."""
OPEN_MINUTES = 30
"""Idle minutes after which the code must be typed again."""
UPDATES_KEPT = 20
"""Numbers of the updates that changed any of this last: more than can be confirmed late after a crash."""


class ReportStateError(Exception):
    """What should be a draft or a visit is none, or of another version."""


class ReportStage(StrEnum):
    """What the next message of a visitor means."""

    NONE = "none"
    """Nothing in particular."""
    CODE = "code"
    """A code was asked for."""
    MENU = "menu"
    """The case is open; a button is awaited."""
    WRITING = "writing"
    """Words for the team are awaited."""
    WITHDRAWING = "withdrawing"
    """Asked whether to take the report back; a button is awaited."""


@dataclass(frozen=True, slots=True)
class ShownCode:
    """The code of a report just sent."""

    text: str = field(repr=False)
    until: int
    """Minute since 1970 until which it can be shown once more."""
    again: bool = False
    """It was shown once more."""
    delivered: bool = False
    """The channel has shown it. Until then it is kept for the update that sent the report, should it come again."""

    @property
    def kept_until(self) -> int:
        """Minute since 1970 until which it is kept: channels repeat updates for a day."""
        return self.until if self.delivered else self.until - VISIT_MINUTES + DRAFT_MINUTES


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who has a code, or is asked for one."""

    touched: int
    """Minute since 1970 when they last did something with it."""
    stage: ReportStage = ReportStage.NONE
    case: str | None = None
    """The open case's id."""
    keys: CodeKeys | None = field(default=None, repr=False)
    """What opens it."""
    slip: str = field(default="", repr=False)
    """The code as typed, where one word of it is to be made out."""
    tries: tuple[int, ...] = ()
    """The minute of each code tried within the hour that did not open a case."""
    code: ShownCode | None = None
    said: str = ""
    """The name of what was said last, where that must be said again if its update comes twice."""

    def closed(self) -> Visit:
        """This with no case open, and none asked for."""
        return replace(self, stage=ReportStage.NONE, case=None, keys=None, slip="")


@dataclass(frozen=True, slots=True)
class Addition:
    """What somebody wants to add to their report, and has not sent yet."""

    case: str
    """The case's id."""
    touched: int
    """Minute since 1970."""
    words: tuple[str, ...] = field(default=(), repr=False)
    """One for each message."""
    sign: Sign = Sign.NONE
    """The gravest sign of danger in them."""


@dataclass(frozen=True, slots=True)
class ReportState:
    """All of it."""

    draft: Draft | None = None
    additions: tuple[Addition, ...] = ()
    """One for each case: those to another case than the open one are neither seen nor touched."""
    visit: Visit | None = None
    updates: tuple[int, ...] = ()
    """Numbers of the updates that changed it last: one that comes again changes nothing twice."""

    def addition(self, case: str | None) -> Addition | None:
        """What is to be added to a case."""
        return next((addition for addition in self.additions if addition.case == case), None)

    def adding(self, addition: Addition) -> ReportState:
        """This with an addition, in place of the one to the same case."""
        kept = self.without_addition(addition.case)
        return replace(kept, additions=(*kept.additions, addition))

    def without_addition(self, case: str | None) -> ReportState:
        """This without the addition to a case."""
        return replace(self, additions=tuple(addition for addition in self.additions if addition.case != case))

    def at(self, minute: int) -> ReportState:
        """What of it is left at a minute."""
        draft = self.draft if self.draft and minute - self.draft.touched < DRAFT_MINUTES else None
        additions = tuple(each for each in self.additions if minute - each.touched < DRAFT_MINUTES)
        visit = self.visit
        if visit:
            code = visit.code if visit.code and minute < visit.code.kept_until else None
            # Where the server's clock was set back, nobody is locked out, and no case open, until it has caught up.
            tries = tuple(tried for tried in visit.tries if abs(minute - tried) < VISIT_MINUTES)
            fresh = abs(minute - visit.touched) < OPEN_MINUTES
            visit = replace(visit if fresh else visit.closed(), code=code, tries=tries)
            if not (visit.code or visit.tries or visit.stage is not ReportStage.NONE or (fresh and visit.said)):
                visit = None
        return replace(self, draft=draft, additions=additions, visit=visit)

    def seen(self, update: int | None) -> ReportState:
        """This, changed by an update."""
        return self if update is None else replace(self, updates=(*self.updates, update)[-UPDATES_KEPT:])

    def drafts(self) -> dict[str, Any] | None:
        """The unsent part as plain data; None where there is nothing of it."""
        if not (self.draft or self.additions):
            return None
        return {
            "draft": self.draft.to_json() if self.draft else None,
            "additions": [asdict(addition) for addition in self.additions],
            "updates": self.updates,
        }

    def visits(self) -> dict[str, Any] | None:
        """The visit as plain data, and what changed it last; None where there is nothing of it."""
        if self.visit is None and not self.updates:
            return None
        return {"visit": _as_data(self.visit) if self.visit else None, "updates": self.updates}

    @classmethod
    def of(cls, drafts: Mapping[str, Any] | None, visits: Mapping[str, Any] | None) -> ReportState:
        """From what :meth:`drafts` and :meth:`visits` made. Raises KeptError."""
        try:
            return cls(
                draft=Draft.from_json(drafts["draft"]) if drafts and drafts["draft"] else None,
                additions=tuple(map(_addition, drafts["additions"])) if drafts else (),
                visit=_visit(visits["visit"]) if visits and visits["visit"] else None,
                updates=_updates(drafts, visits),
            )
        except (LookupError, TypeError, ValueError, ArithmeticError, DraftError):
            # Without its cause: the text of such an error may quote what was written.
            raise ReportStateError("what was kept of a report has an unknown form") from None


def _as_data(visit: Visit) -> dict[str, Any]:
    return {
        "touched": visit.touched,
        "stage": visit.stage.value,
        "case": visit.case,
        "keys": [visit.keys.lookup_tag.hex(), visit.keys.wrapping_key.hex()] if visit.keys else None,
        "slip": visit.slip,
        "tries": visit.tries,
        "code": asdict(visit.code) if visit.code else None,
        "said": visit.said,
    }


def _updates(*kept: Mapping[str, Any] | None) -> tuple[int, ...]:
    numbers = {int(number): None for part in kept if part for number in part["updates"]}
    return tuple(numbers)[-UPDATES_KEPT:]


def _addition(data: Mapping[str, Any]) -> Addition:
    return Addition(str(data["case"]), int(data["touched"]), tuple(map(str, data["words"])), Sign(data["sign"]))


def _code(data: Mapping[str, Any]) -> ShownCode:
    return ShownCode(str(data["text"]), int(data["until"]), bool(data["again"]), bool(data["delivered"]))


def _visit(data: Mapping[str, Any]) -> Visit:
    keys, code = data["keys"], data["code"]
    return Visit(
        touched=int(data["touched"]),
        stage=ReportStage(data["stage"]),
        case=None if data["case"] is None else str(data["case"]),
        keys=CodeKeys(bytes.fromhex(keys[0]), bytes.fromhex(keys[1])) if keys else None,
        slip=str(data["slip"]),
        tries=tuple(map(int, data["tries"])),
        code=_code(code) if code else None,
        said=str(data["said"]),
    )
