"""What is shown of the six-word code, and of the case that it opens."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from safetybot.dialogue.advice import REPORT_LINES
from safetybot.dialogue.effects import TeamReply, WriterCaseView
from safetybot.dialogue.messages import Button, Outgoing
from safetybot.dialogue.quoting import escape
from safetybot.dialogue.report_form_screens import START
from safetybot.dialogue.report_state import ReportStage, ReportState, ShownCode, Visit
from safetybot.dialogue.speaker import Speaker
from safetybot.guidance.report_form import ReportForm
from safetybot.vault.code_reading import Slip, parse

_EPOCH = dt.date(1970, 1, 1)
_MINUTES_A_DAY = 24 * 60

_CODE_SHOWN = ("sent", "code-again")
_TRY_AGAIN = ("case-wrong", "case-failed")
_LEFT = ("case-left", "case-left-unsent", "case-cancelled")
_OVER = ("case-withdraw-done", "case-gone", "case-gone-unsent", "code-gone")
_STILL_TRUE = (*_LEFT, *_OVER, "case-too-many", "case-added", "case-withdraw-told")
"""What can be said again when no case is open any more."""

Messages = tuple[Outgoing, ...]
Row = tuple[Button, ...]


@dataclass(frozen=True)
class CaseScreens:
    """Shows codes and cases in one language."""

    speaker: Speaker
    form: ReportForm

    def say(self, name: str, **filled: str) -> str:
        """The form's wording ``name`` with its placeholders filled in."""
        text = self.form.say[name]
        return text.format(**filled) if filled else text

    def screen(self, kept: ReportState, name: str = "", note: str = "") -> Messages:
        """What is open, in the wording ``name`` where one is given, below a ``note``.

        Shows nothing that was written.
        """
        visit = kept.visit
        if name not in self.form.say:
            name = ""
        if name == "next-steps":
            return (self.next_steps(visit),)
        if visit is None or visit.stage is ReportStage.NONE:
            if visit and visit.code and name in _CODE_SHOWN:
                return (Outgoing(self.say(name)), self._code(visit.code))
            if name in _CODE_SHOWN:
                return (self.code_gone(),)
            return (self._over(name if name in _STILL_TRUE else "", note),)
        match visit.stage:
            case ReportStage.CODE:
                return (self._asking(visit, name, note),)
            case ReportStage.WRITING:
                return (self.writing(kept, self.say(name) if name else "", note),)
            case ReportStage.WITHDRAWING:
                note = note or (self.say(name) if name else "")
                return (self.speaker.message(_under(note, self.say("case-withdraw")), *self._withdraw_buttons()),)
            case _:
                return (self.menu(self.say(name or "case-here"), note, withdrawn=name == "case-withdraw-told"),)

    # --- The code ----------------------------------------------------------------------------------------------

    def code_again(self, code: ShownCode) -> Messages:
        """The code once more, alone in its message."""
        return (Outgoing(self.say("code-again")), self._code(code))

    def code_gone(self) -> Outgoing:
        """The code cannot be shown any more."""
        return self._over("code-gone", "")

    def next_steps(self, visit: Visit | None) -> Outgoing:
        """What happens now, and the official routes."""
        again = visit is not None and visit.code is not None and not visit.code.again
        first = (self._button("code-again", "code:again"),) if again else ()
        return self.speaker.message(self._routes("next-steps"), first, *self._ways_on())

    def not_filed(self) -> Messages:
        """Nobody could read the report: the official routes, and the draft is still there."""
        return (
            Outgoing(self._routes("not-offered")),
            self.speaker.message(self.say("not-sent"), *self._form_buttons()),
        )

    def send_failed(self) -> Outgoing:
        """The report could not be filed; the draft is still there."""
        return self.speaker.message(self.say("send-failed"), *self._form_buttons())

    # --- The case ----------------------------------------------------------------------------------------------

    def opened(self, kept: ReportState, view: WriterCaseView) -> Messages:
        """How far the case is, above what can be done."""
        parts = [self.say("case-withdrawn" if view.withdrawn else f"case-{view.status.value}")]
        if len(view.replies) == 1:
            parts.append(self.say("case-one-reply"))
        elif view.replies:
            parts.append(self.say("case-some-replies", number=str(len(view.replies))))
        status = "\n\n".join(parts)
        if kept.visit and kept.visit.stage is ReportStage.WRITING:
            return (self.writing(kept, note=status),)
        return (self.menu(status, withdrawn=view.withdrawn),)

    def replies(self, kept: ReportState, view: WriterCaseView, minute: int) -> Messages:
        """Every reply in a message of its own; below the last, what can be done."""
        said = [self._reply(reply, minute) for reply in view.replies] or [self.say("case-no-replies")]
        if kept.visit and kept.visit.stage is ReportStage.WRITING:
            return (*map(Outgoing, said), self.writing(kept))
        *others, last = said
        return (*map(Outgoing, others), self.speaker.message(last, *self._menu_buttons(withdrawn=view.withdrawn)))

    def menu(self, status: str, note: str = "", *, withdrawn: bool = False) -> Outgoing:
        """What can be done with the open case. ``withdrawn``: it was taken back already."""
        text = _under(note, self.say("case-menu", status=status))
        return self.speaker.message(text, *self._menu_buttons(withdrawn=withdrawn))

    def writing(self, kept: ReportState, text: str = "", note: str = "") -> Outgoing:
        """Words for the team are awaited; ``text`` says so in other words than usual."""
        if _unsent(kept):
            rows = [self._row("case-send", "case:send"), self._row("case-drop", "case:drop")]
            text = text or self.say("case-unsent")
        else:
            rows = []
            text = text or self.say("case-write")
        return self.speaker.message(_under(note, text), *rows, self._row("case-back", "case:menu"))

    def not_added(self, kept: ReportState) -> Messages:
        """Nobody could read the addition: the official routes, and the addition is still there."""
        return (Outgoing(self._routes("not-offered")), self.writing(kept, self.say("not-sent")))

    # --- Parts -------------------------------------------------------------------------------------------------

    def _asking(self, visit: Visit, name: str, note: str) -> Outgoing:
        slip = parse(visit.slip) if visit.slip else None
        if isinstance(slip, Slip) and not name:
            return self._slip(slip, note)
        rows = [self._row("case-cancel", "case:cancel")]
        if name in _TRY_AGAIN:
            rows = [self._row("case-try-again", "case:start"), *rows, (self.speaker.button("talk", "talk"),)]
        return self.speaker.message(_under(note, self.say(name or "case-ask")), *rows)

    def _slip(self, slip: Slip, note: str) -> Outgoing:
        typed = escape(slip.typed)
        if len(slip.suggestions) == 1:
            text = self.say("case-did-you-mean", typed=typed, word=slip.suggestion)
            rows = [self._row("mean-yes", "case:mean:0")]
        else:
            text = self.say("case-which-word", typed=typed)
            rows = [(Button(each.word, f"case:mean:{place}"),) for place, each in enumerate(slip.suggestions)]
        return self.speaker.message(_under(note, text), *rows, self._row("mean-no", "case:start"))

    def _over(self, name: str, note: str) -> Outgoing:
        """No case is open any more."""
        rows: list[Row] = []
        if name not in (*_LEFT, "case-too-many"):
            rows.append(self._row("start", START))
        if name not in (*_OVER, "case-too-many"):
            rows.append(self._row("case-start", "case:start"))
        return self.speaker.message(_under(note, self.say(name or "nothing-open")), *rows, *self._ways_on())

    def _reply(self, reply: TeamReply, minute: int) -> str:
        return self.say("case-reply", day=self._day(reply.day, minute), reply=escape(reply.text))

    def _day(self, day: str, minute: int) -> str:
        """A day in words, as seen at a minute."""
        ago = minute // _MINUTES_A_DAY - (dt.date.fromisoformat(day) - _EPOCH).days
        if ago < 1:
            return self.say("day-today")
        return self.say("day-yesterday") if ago == 1 else self.say("day-ago", days=str(ago))

    def _code(self, code: ShownCode) -> Outgoing:
        return self.speaker.message(f"**{code.text}**", self._row("saved", "code:saved"))

    def _routes(self, name: str) -> str:
        return _under(self.say(name), self.speaker.brief(self.speaker.helplines(REPORT_LINES)))

    def _ways_on(self) -> list[Row]:
        return [(self.speaker.button("topics", "topics"),), (self.speaker.button("talk", "talk"),)]

    def _form_buttons(self) -> list[Row]:
        return [self._row("send", "rep:send"), self._row("look", "rep:look"), self._row("stop", "rep:stop")]

    def _menu_buttons(self, *, withdrawn: bool) -> list[Row]:
        rows = [self._row("case-replies", "case:replies"), self._row("case-write", "case:write")]
        if not withdrawn:
            rows.append(self._row("case-withdraw", "case:withdraw"))
        return [*rows, self._row("case-leave", "case:leave")]

    def _withdraw_buttons(self) -> list[Row]:
        return [self._row("case-withdraw-yes", "case:withdraw-yes"), self._row("case-withdraw-no", "case:menu")]

    def _row(self, name: str, press: str) -> Row:
        return (self._button(name, press),)

    def _button(self, name: str, press: str) -> Button:
        return Button(self.form.buttons[name], press)


def _unsent(kept: ReportState) -> bool:
    addition = kept.addition(kept.visit.case) if kept.visit else None
    return bool(addition and addition.words)


def _under(note: str, text: str) -> str:
    return "\n\n".join(part for part in (note, text) if part)
