"""What every step with a code or a case has: what is kept, what is open, and what is shown of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from safetybot.dialogue.case_screens import CaseScreens
from safetybot.dialogue.effects import Effect
from safetybot.dialogue.messages import Outgoing
from safetybot.dialogue.report_form_result import BYTES_MAX
from safetybot.dialogue.report_state import Addition, ReportStage, ReportState, Visit
from safetybot.dialogue.speaker import Speaker
from safetybot.guidance.report_form import ReportForm

ADDITION_CHARACTERS = 6_000
"""Of all words of an addition together."""
_LETTER_BYTES = 4
"""Of the longest letters and signs, in UTF-8."""

_OPEN = (ReportStage.MENU, ReportStage.WRITING, ReportStage.WITHDRAWING)
CLOSED: dict[str, Any] = {"stage": ReportStage.NONE, "case": None, "keys": None, "slip": ""}
"""What a visit is changed to when the case is left."""
ASKING: dict[str, Any] = {**CLOSED, "stage": ReportStage.CODE}
"""What it is changed to when a code is asked for."""


@dataclass(frozen=True, slots=True)
class CaseTurn:
    """What to show and to keep. With an effect, the messages come before what its outcome shows."""

    messages: tuple[Outgoing, ...]
    kept: ReportState
    effect: Effect | None = None


class CaseStep:
    """One step. ``visit`` is as it was before it, ``kept`` as it is at this moment of it."""

    def __init__(self, speaker: Speaker, form: ReportForm, kept: ReportState, minute: int) -> None:
        """``minute``: minutes since 1970."""
        self.speaker = speaker
        self.screens = CaseScreens(speaker, form)
        self.kept = kept
        self.visit = kept.visit or Visit(minute)
        self.minute = minute

    @property
    def is_open(self) -> bool:
        """Whether the case is open."""
        return self.visit.stage in _OPEN and self.visit.keys is not None and self.visit.case is not None

    @property
    def unsent(self) -> Addition | None:
        """What is to be added to the open case, where there are words of it."""
        addition = self.kept.addition(self.visit.case)
        return addition if addition and addition.words else None

    def keep(self, said: str = "", **changes: Any) -> ReportState:
        """What is kept after some changes of the visit."""
        return replace(self.kept, visit=replace(self.visit, touched=self.minute, said=said, **changes))

    def say(self, name: str, **changes: Any) -> CaseTurn:
        """Shows what is open after some changes of the visit, in the wording ``name``."""
        kept = self.keep(name, **changes)
        return CaseTurn(self.screens.screen(kept, name), kept)


def joined(*words: str) -> str:
    """The messages of an addition as one text."""
    return "\n\n".join(words)


def room(words: tuple[str, ...], typed: str) -> int | None:
    """About how many letters fit behind ``words``, where ``typed`` does not; None where it does."""
    left = ADDITION_CHARACTERS - len(joined(*words, ""))
    if len(typed) > left:
        return max(0, left)
    if _bytes(joined(*words, typed)) <= BYTES_MAX:
        return None
    return max(0, BYTES_MAX - _bytes(joined(*words, ""))) // _LETTER_BYTES


def _bytes(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())
