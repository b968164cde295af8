"""The six-word code, and the case it opens: what somebody typed or pressed → what to show, to keep and to do.

Pure: no channel, no storage, no clock. ``kept`` is what is left of it at ``minute`` (:meth:`Kept.at`); ``minute`` is
minutes since 1970. Every button is complete in itself and does no harm when it is old: one that needs the open case
asks for the code again where none is open, and taking a report back needs its question to be open.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from safetybot.dialogue import advice
from safetybot.dialogue.case_results import EffectResultHandler
from safetybot.dialogue.case_screens import CaseScreens
from safetybot.dialogue.case_step import ASKING, CLOSED, CaseStep, CaseTurn, joined, room
from safetybot.dialogue.effects import AddToCase, Effect, OpenCase, Outcome, ReadCase, WithdrawCase
from safetybot.dialogue.messages import Outgoing
from safetybot.dialogue.report_form import LITTLE_ROOM
from safetybot.dialogue.report_form_typed import pressed_by
from safetybot.dialogue.report_state import Addition, ReportStage, ReportState
from safetybot.dialogue.speaker import Speaker
from safetybot.guidance.model import Sign, Urgency
from safetybot.guidance.report_form import ReportForm
from safetybot.vault.code_reading import TEXT_MAX, Slip, begins_like_a_code, parse
from safetybot.vault.code_words import CODE_WORDS
from safetybot.vault.codes import Code

__all__ = [
    "PREFIXES",
    "CaseTurn",
    "after",
    "again",
    "begin",
    "is_button",
    "is_code_alone",
    "opening",
    "press",
    "show",
    "takes",
    "text",
    "whole_code",
]

PREFIXES = ("case", "code")
"""First part of every button of a code or a case."""

_GRAVER = (Sign.NONE, Sign.CHECK, Sign.EMERGENCY)
_URGENCY = {Sign.NONE: Urgency.NORMAL, Sign.CHECK: Urgency.HIGH, Sign.EMERGENCY: Urgency.EMERGENCY}


def begin(speaker: Speaker, form: ReportForm, kept: ReportState, minute: int, typed: str = "") -> CaseTurn:
    """``/mycode``, with or without the words behind it."""
    return _Visiting(speaker, form, kept, minute).begin(typed)


def press(speaker: Speaker, form: ReportForm, kept: ReportState, pressed: str, minute: int) -> CaseTurn:
    """A button that begins with one of PREFIXES, of whatever age."""
    return _Visiting(speaker, form, kept, minute).press(pressed)


def takes(kept: ReportState) -> bool:
    """Whether the next own words belong here."""
    return kept.visit is not None and kept.visit.stage in (ReportStage.CODE, ReportStage.WRITING)


def text(speaker: Speaker, form: ReportForm, kept: ReportState, typed: str, sign: Sign, minute: int) -> CaseTurn:
    """Own words, judged for danger before."""
    return _Visiting(speaker, form, kept, minute).text(typed, sign)


def is_button(speaker: Speaker, form: ReportForm, kept: ReportState, typed: str, minute: int) -> bool:
    """Whether a text is no more than the words on a button that is shown."""
    return _Visiting(speaker, form, kept, minute).pressed_by(_clean(typed)) is not None


def whole_code(typed: str) -> Code | None:
    """The code that a text is, where it is nothing else: a code even where none was asked for."""
    letters = "".join(letter for letter in unicodedata.normalize("NFKC", typed).casefold() if letter.isalpha())
    if not begins_like_a_code(letters):  # as nearly every text; to read one takes longer than all else that is said
        return None
    found = parse(typed)
    return found if isinstance(found, Code) and "".join(found.words) == letters else None


def is_code_alone(typed: str) -> bool:
    """Whether a text is nothing but a code, or one with a slip in it: what it sounds like then means nothing."""
    if whole_code(typed):
        return True
    words = re.findall(r"[^\W\d_]+", typed)
    return isinstance(parse(typed), Slip) and abs(len(words) - CODE_WORDS) <= 1


def opening(speaker: Speaker, form: ReportForm, kept: ReportState, code: Code, minute: int) -> CaseTurn:
    """Looks a code up."""
    return _Visiting(speaker, form, kept, minute).opening(code)


def after(
    speaker: Speaker, form: ReportForm, kept: ReportState, effect: Effect, outcome: Outcome, minute: int
) -> CaseTurn:
    """What to show and to keep once an effect was tried."""
    return EffectResultHandler(speaker, form, kept, minute).after(effect, outcome)


def again(speaker: Speaker, form: ReportForm, kept: ReportState, minute: int) -> CaseTurn:
    """What was said last, for an update that came before; changes nothing."""
    name = kept.visit.said if kept.visit else ""
    return CaseTurn(CaseScreens(speaker, form).screen(kept, name), kept)


def show(speaker: Speaker, form: ReportForm, kept: ReportState) -> tuple[Outgoing, ...]:
    """What is open, once more."""
    return CaseScreens(speaker, form).screen(kept)


class _Visiting(CaseStep):
    """One step of somebody with a code."""

    # --- The code ----------------------------------------------------------------------------------------------

    def begin(self, typed: str) -> CaseTurn:
        """Asks for a code, or takes the one that came with it."""
        typed = _clean(typed)
        return self._code(typed) if typed else self.say("", **ASKING)

    def opening(self, code: Code, slip: str = "") -> CaseTurn:
        """Looks a code up. ``slip``: what it was made out of, so that its button can be pressed again."""
        return CaseTurn((), self.keep(**{**ASKING, "slip": slip}), OpenCase(code))

    def _code(self, typed: str) -> CaseTurn:
        found = parse(typed)
        if isinstance(found, Code):
            return self.opening(found)
        if isinstance(found, Slip):
            return self.say("", **{**ASKING, "slip": typed[:TEXT_MAX]})
        return self.say("case-no-code", **ASKING)

    def _mean(self, place: str) -> CaseTurn:
        """The word that was meant, of those that were offered last."""
        slip = parse(self.visit.slip) if self.visit.stage is ReportStage.CODE else None
        number = int(place) if place.isascii() and place.isdecimal() and len(place) < 3 else -1
        if not isinstance(slip, Slip) or not 0 <= number < len(slip.suggestions):
            return self._old()
        return self.opening(slip.suggestions[number].code, self.visit.slip)

    def _saved(self) -> CaseTurn:
        kept = self.keep("next-steps") if self.kept.visit else self.kept
        visit = kept.visit
        if visit and visit.code and self.minute >= visit.code.until:
            visit = replace(visit, code=None)
        return CaseTurn((self.screens.next_steps(visit),), kept)

    def _code_again(self) -> CaseTurn:
        code = self.visit.code
        if code is None or code.again or self.minute >= code.until:
            return CaseTurn((self.screens.code_gone(),), self.kept)
        code = replace(code, again=True)
        return CaseTurn(self.screens.code_again(code), self.keep("code-again", code=code))

    # --- Buttons -----------------------------------------------------------------------------------------------

    def press(self, pressed: str) -> CaseTurn:
        """A button, of whatever age."""
        match pressed.split(":"):
            case ["code", "saved"]:
                return self._saved()
            case ["code", "again"]:
                return self._code_again()
            case ["case", "start"]:
                return self.begin("")
            case ["case", "mean", place]:
                return self._mean(place)
            case ["case", ("leave" | "cancel")]:
                return self._leave()
            case ["case", ("replies" | "write" | "send" | "drop" | "withdraw" | "withdraw-yes" | "menu") as verb]:
                return self._with_case(verb) if self.is_open else self.say("case-expired", **ASKING)
        return self._old()

    def _with_case(self, verb: str) -> CaseTurn:
        """A button that needs the open case."""
        match verb:
            case "replies":
                return CaseTurn((), self.keep(), ReadCase())
            case "write":
                return self.say("", stage=ReportStage.WRITING)
            case "send":
                return self._send()
            case "drop":
                return self._drop()
            case "withdraw-yes" if self.visit.stage is ReportStage.WITHDRAWING:
                return CaseTurn((), self.keep(), WithdrawCase())
            case "withdraw" | "withdraw-yes":  # a button of long ago must not take the report back
                return self.say("", stage=ReportStage.WITHDRAWING)
        return self.say("case-not-sent" if self.unsent else "", stage=ReportStage.MENU)

    def _send(self) -> CaseTurn:
        addition = self.unsent
        if addition is None:
            return self.say("case-nothing-new", stage=ReportStage.MENU)
        effect = AddToCase(self.speaker.guidance.code, joined(*addition.words), _URGENCY[addition.sign])
        return CaseTurn((), self.keep(stage=ReportStage.WRITING), effect)

    def _drop(self) -> CaseTurn:
        name = "case-nothing-added" if self.unsent else "case-nothing-new"
        self.kept = self.kept.without_addition(self.visit.case)
        return self.say(name, stage=ReportStage.MENU)

    def _leave(self) -> CaseTurn:
        if self.visit.stage is ReportStage.NONE:
            return CaseTurn(self.screens.screen(self.kept, "case-cancelled"), self.kept)
        name = ("case-left-unsent" if self.unsent else "case-left") if self.is_open else "case-cancelled"
        return self.say(name, **CLOSED)

    def _old(self) -> CaseTurn:
        return CaseTurn(self.screens.screen(self.kept, note=self.screens.say("old-button")), self.kept)

    # --- Own words ---------------------------------------------------------------------------------------------

    def text(self, typed: str, sign: Sign) -> CaseTurn:
        """Own words, with the card or the check-in before whatever they get."""
        typed = _clean(typed)
        if code := whole_code(typed):
            return self.opening(code)  # nothing else, so what it sounds like means nothing
        before = self._addition.sign if self.visit.stage is ReportStage.WRITING else Sign.NONE
        turn = self._answer(typed, sign)
        if sign is Sign.EMERGENCY:
            return self._with_card(turn)
        if sign is Sign.CHECK and before is Sign.NONE:
            # Once: what is told to the team is grave by nature, and the card is one tap away on every message.
            return replace(turn, messages=(advice.safety_check(self.speaker), *turn.messages))
        return turn

    def _answer(self, typed: str, sign: Sign) -> CaseTurn:
        match self.visit.stage:
            case ReportStage.CODE if typed:
                return self._typed_button(typed) or self._code(typed)
            case ReportStage.WRITING if typed and self.is_open:
                return self._typed_button(typed) or self._write(typed, sign)
        note = self.screens.say("press-first") if typed else ""
        return CaseTurn(self.screens.screen(self.kept, note=note), self.kept)

    def pressed_by(self, typed: str) -> str | None:
        """The button whose words were typed, of those that are shown."""
        shown = self.screens.screen(self.kept, self.visit.said)[-1]
        mine = (button for row in shown.buttons for button in row if button.press.startswith("case:"))
        return pressed_by(typed, mine, self.speaker.guidance.slang)

    def _typed_button(self, typed: str) -> CaseTurn | None:
        """What the button does whose words were typed."""
        pressed = self.pressed_by(typed)
        return self.press(pressed) if pressed else None

    def _write(self, typed: str, sign: Sign) -> CaseTurn:
        """Keeps words for the team; where they do not fit, says so and keeps nothing of them but their sign."""
        before = self._addition
        addition = replace(before, touched=self.minute, sign=max(before.sign, sign, key=_GRAVER.index))
        letters = room(before.words, typed)
        if letters is None:
            self.kept = self.kept.adding(replace(addition, words=(*before.words, typed)))
            return self.say("case-write-more")
        self.kept = self.kept.adding(addition)
        kept = self.keep()
        little = letters < LITTLE_ROOM
        refused = self.screens.say("full") if little else self.screens.say("too-long", limit=str(letters))
        return CaseTurn((self.screens.writing(kept, refused),), kept)

    @property
    def _addition(self) -> Addition:
        """What is to be added to the open case; an empty one where there is nothing."""
        return self.kept.addition(self.visit.case) or Addition(self.visit.case or "", self.minute)

    def _with_card(self, turn: CaseTurn) -> CaseTurn:
        """The card before everything else, and below it the way on."""
        if not turn.messages:
            return replace(turn, messages=(self.speaker.card(),))
        first, *rest = turn.messages
        first = replace(first, text=f"{self.screens.say('after-card')}\n\n{first.text}")
        return replace(turn, messages=(self.speaker.card(), first, *rest))


def _clean(typed: str) -> str:
    return typed.encode("utf-8", "replace").decode().strip()  # half a character cannot be stored
