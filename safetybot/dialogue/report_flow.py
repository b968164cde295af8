"""Routes what belongs to reports: the form that is open, the case that is open, and the ways into both."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from safetybot.dialogue import case_flow, report_form
from safetybot.dialogue.case_flow import CaseTurn
from safetybot.dialogue.draft import Draft, Pending
from safetybot.dialogue.effects import Effect, Filed, FileReport, Outcome
from safetybot.dialogue.language_pack import LanguagePacks
from safetybot.dialogue.messages import Incoming, Outgoing
from safetybot.dialogue.report_form import FormTurn
from safetybot.dialogue.report_form_result import to_report
from safetybot.dialogue.report_form_screens import PREFIX, START, Screens
from safetybot.dialogue.report_state import ReportStage, ReportState
from safetybot.dialogue.speaker import Speaker
from safetybot.dialogue.text_checks import is_other_script
from safetybot.dialogue.turn import Memory, Turn
from safetybot.guidance.model import Sign, Topic
from safetybot.guidance.report_form import ReportForm
from safetybot.matching.matcher import Decision
from safetybot.vault import code_reading

_MINUTES_A_DAY = 24 * 60
_EPOCH = dt.date(1970, 1, 1)
_AFTER_A_BREAK = tuple(f"{PREFIX}:{verb}" for verb in ("go-on", "discard", "stop", "delete"))
"""Presses that need not be asked about first."""


class ReportFlow:
    """One turn of one chat, as far as it is about reports. A method that returns None leaves the turn to advice."""

    def __init__(
        self, tongues: LanguagePacks, incoming: Incoming, memory: Memory, minute: int, *, offered: bool
    ) -> None:
        """``minute``: minutes since 1970; ``offered``: whether anybody could read a report."""
        self._incoming = incoming
        self._session = memory.session
        self._kept = memory.kept.at(minute)
        self._timed_out = case_flow.takes(memory.kept) and not case_flow.takes(self._kept)
        self._minute = minute
        draft = memory.kept.draft
        self._language = tongues.code(draft.language if draft else None, memory.session.language, incoming.language)
        self._tongue = tongues.every[self._language]
        self._speaker = Speaker(self._tongue.guidance, memory.session.age)
        self._form = self._tongue.guidance.report
        self._offered = offered and self._form is not None

    # --- What comes in -----------------------------------------------------------------------------------------

    def press(self, pressed: str) -> Turn | None:
        """A button of the form or of a case, or one that begins a report."""
        name, _, rest = pressed.partition(":")
        if self._form is None:
            return None
        if name == START:
            return self._start(self._speaker.guidance.topics.get(rest)) if self._offered else None
        if name == PREFIX:
            return self._form_press(self._form, pressed)
        if name in case_flow.PREFIXES:
            return self._case_turn(case_flow.press(self._speaker, self._form, self._kept, pressed, self._minute))
        return None

    def command(self, text: str) -> Turn | None:
        """``/report``, ``/mycode`` and ``/stop``, with or without words behind them; ``/start report``."""
        name, *rest = text[1:].split(maxsplit=1) or [""]
        words = "".join(rest)
        if self._form is None:
            return None
        match name.lower():
            case "start" if words == START and self._offered:
                return self._start(None)
            case "report" if self._offered:
                return self._start(None, words)
            case "mycode" | "code":
                begun = case_flow.begin(self._speaker, self._form, self._kept, self._minute, words)
                return self._judged(words, self._case_turn(begun))
            case "stop":
                return self._judged(words, self._stop(self._form))
        return None

    def text(self, text: str) -> Turn | None:
        """Own words, where the form or a case awaits some."""
        if self._form is None or not text:
            return None
        draft = self._kept.draft
        if case_flow.takes(self._kept):
            return self._case_text(self._form, text)
        if draft and not draft.is_stale(self._minute):
            return self._form_text(self._form, draft, text)
        if code := case_flow.whole_code(text):
            return self._case_turn(case_flow.opening(self._speaker, self._form, self._kept, code, self._minute))
        if draft and draft.pending is Pending.RESUME:
            pressed = Screens(self._speaker, self._form).typed(draft, text)
            return self._form_press(self._form, pressed) if pressed else None
        return None

    def again(self) -> Turn:
        """An update that came before, and whose answer may not have been seen: changes nothing."""
        form = self._form
        if form is None:
            return Turn((self._speaker.card(),), self._session)
        pressed, visit = self._incoming.press or "", self._kept.visit
        of_case = pressed.partition(":")[0] in case_flow.PREFIXES or case_flow.takes(self._kept)
        if visit and (of_case or self._kept.draft is None):
            turn = self._case_turn(case_flow.again(self._speaker, form, self._kept, self._minute))
        elif self._kept.draft:
            words = self._incoming.text or ""
            turn = self._form_turn(report_form.again(self._speaker, form, self._kept.draft, words))
        else:
            names = {
                "rep:delete": "deleted",
                "rep:discard": "deleted",
                "case:send": "case-added",
                "case:withdraw-yes": "case-withdraw-done",
            }
            said = Screens(self._speaker, form).apart(names.get(pressed, "nothing-open"))
            turn = Turn((said,), self._session)
        return self._judged(self._incoming.text or "", replace(turn, kept=None, effect=None))

    # --- What follows an answer of another part ----------------------------------------------------------------

    def still_open(self, turn: Turn) -> Turn:
        """The answer to something else, and then the question that is still open, if one is."""
        if self._form is None:
            return turn
        draft = self._kept.draft
        if case_flow.takes(self._kept):
            return turn.followed_by(case_flow.show(self._speaker, self._form, self._kept))
        if draft and not draft.is_stale(self._minute):
            urgent = any(message.urgent for message in turn.messages)
            following = report_form.after_card if urgent else report_form.show
            return turn.followed_by(following(self._speaker, self._form, draft).messages)
        return turn

    def reminding(self, turn: Turn) -> Turn:
        """The answer to a text, and then what is open: the code, or once after a break, whether to go on."""
        draft = self._kept.draft
        if self._form is not None and self._timed_out:
            # They meant to write to the team, and must not think that they did.
            asked = self._case_turn(case_flow.press(self._speaker, self._form, self._kept, "case:write", self._minute))
            return replace(turn.followed_by(asked.messages), kept=asked.kept)
        if self._form is None or case_flow.takes(self._kept):
            return self.still_open(turn)
        if draft is None or draft.pending is Pending.RESUME:
            return turn
        asked = self._form_turn(report_form.ask_resume(self._speaker, self._form, draft))
        return replace(turn.followed_by(asked.messages), kept=asked.kept)

    def hidden(self, text: str, turn: Turn) -> Turn:
        """After ``/hide``, nothing of a report is shown unasked, and a case needs its code again."""
        if text.split()[0].lower() != "/hide":
            return turn
        kept = self._left(self._kept)
        if kept.draft:
            kept = replace(kept, draft=replace(kept.draft, pending=Pending.RESUME))
        return replace(turn, kept=kept)

    def after(self, effect: Effect, outcome: Outcome) -> Turn:
        """What is shown when an effect has been tried."""
        assert self._form is not None, "an effect comes from a form"
        turn = self._case_turn(case_flow.after(self._speaker, self._form, self._kept, effect, outcome, self._minute))
        return replace(turn, counts=(("report-sent", ""),)) if isinstance(outcome, Filed) else turn

    # --- The form ----------------------------------------------------------------------------------------------

    def _start(self, topic: Topic | None, words: str = "") -> Turn:
        form = self._form
        assert form is not None
        self._kept = self._left(self._kept)
        if self._kept.draft:
            return self._judged(words, self._form_turn(report_form.ask_resume(self._speaker, form, self._kept.draft)))
        turn = report_form.start(
            self._speaker,
            form,
            language=self._language,
            topic=topic,
            day=_EPOCH + dt.timedelta(self._minute // _MINUTES_A_DAY),
            minute=self._minute,
            channel=self._incoming.channel,
        )
        if words and turn.draft:
            said = self._form_text(form, turn.draft, words)
            return replace(said, messages=(turn.messages[0], *said.messages))
        return replace(self._form_turn(turn), counts=(("report-started", topic.id if topic else ""),))

    def _form_press(self, form: ReportForm, pressed: str) -> Turn:
        draft, visit = self._kept.draft, self._kept.visit
        self._kept = self._left(self._kept)
        if draft is None and pressed == f"{PREFIX}:send" and visit and visit.code:
            # Pressed twice while the first one took its moment.
            return self._case_turn(case_flow.again(self._speaker, form, self._kept, self._minute))
        if draft and draft.is_stale(self._minute) and pressed not in _AFTER_A_BREAK:
            return self._form_turn(report_form.ask_resume(self._speaker, form, draft))
        return self._form_turn(report_form.press(self._speaker, form, draft, pressed))

    def _form_text(self, form: ReportForm, draft: Draft, text: str) -> Turn:
        sign = self._sign(text)
        turn = self._form_turn(report_form.text(self._speaker, form, draft, text, sign))
        counts = (("danger", ""),) if sign is Sign.EMERGENCY else (("check", ""),) if sign is Sign.CHECK else ()
        return replace(turn, counts=counts)

    def _stop(self, form: ReportForm) -> Turn:
        visit = self._kept.visit
        if visit and visit.stage is not ReportStage.NONE:
            return self._case_turn(case_flow.press(self._speaker, form, self._kept, "case:leave", self._minute))
        return self._form_turn(report_form.ask_stop(self._speaker, form, self._kept.draft))

    def _form_turn(self, turn: FormTurn) -> Turn:
        draft = replace(turn.draft, touched=self._minute) if turn.draft else None
        send = turn.effect is report_form.Effect.SEND and draft is not None and self._form is not None
        effect = FileReport(to_report(self._form, draft)) if send and draft and self._form else None
        return Turn(turn.messages, self._session, kept=replace(self._kept, draft=draft), effect=effect)

    # --- A case ------------------------------------------------------------------------------------------------

    def _case_text(self, form: ReportForm, text: str) -> Turn | None:
        visit = self._kept.visit
        if (
            visit
            and visit.stage is ReportStage.CODE
            and (
                case_flow.is_code_alone(text)
                or case_flow.is_button(self._speaker, form, self._kept, text, self._minute)
            )
        ):
            # A code, or "Not now" and the like, which the classifier has no way to know, and need not see.
            return self._case_turn(case_flow.text(self._speaker, form, self._kept, text, Sign.NONE, self._minute))
        sign = self._sign(text)
        if visit and visit.stage is ReportStage.CODE and code_reading.parse(text) is None:
            meant = self._tongue.interpret(text)
            if meant.danger.sign is not Sign.NONE or meant.match.decision is Decision.ANSWER:
                return None  # somebody who was asked for a code, and tells a worry
        return self._case_turn(case_flow.text(self._speaker, form, self._kept, text, sign, self._minute))

    def _case_turn(self, turn: CaseTurn) -> Turn:
        return Turn(turn.messages, self._session, kept=turn.kept, effect=turn.effect)

    def _left(self, kept: ReportState) -> ReportState:
        """With no case open: another part of the conversation has begun."""
        if kept.visit is None or kept.visit.stage is ReportStage.NONE:
            return kept
        return replace(kept, visit=kept.visit.closed())

    # --- Danger ------------------------------------------------------------------------------------------------

    def _sign(self, text: str) -> Sign:
        """How dangerous a text sounds; words that we cannot read are worth a question.

        A code and nothing else is not judged: its words are all of our list, in which nothing sounds like danger, and
        nobody but this process is to see it.
        """
        if case_flow.whole_code(text):
            return Sign.NONE
        meant = self._tongue.interpret(text)
        strange = is_other_script(text) or meant.foreign
        return Sign.CHECK if strange and meant.danger.sign is Sign.NONE else meant.danger.sign

    def _judged(self, words: str, turn: Turn) -> Turn:
        """A turn that does not look at the words it came with, after the card if they sound like an emergency."""
        if not words or case_flow.is_code_alone(words):
            return turn
        if self._tongue.interpret(words).danger.sign is not Sign.EMERGENCY:
            return turn
        card: Outgoing = self._speaker.card()
        return turn if turn.messages[:1] == (card,) else replace(turn, messages=(card, *turn.messages))
