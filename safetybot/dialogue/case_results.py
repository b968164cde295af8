"""What became of an effect: what to show, and what to keep then."""

from __future__ import annotations

from dataclasses import replace

from safetybot.dialogue.case_step import ASKING, CLOSED, CaseStep, CaseTurn
from safetybot.dialogue.effects import (
    AdditionFiled,
    AddToCase,
    CaseGone,
    Effect,
    Filed,
    FileReport,
    NoReaderNow,
    OpenCase,
    Outcome,
    ReadCase,
    TooManyTries,
    WithdrawCase,
    Withdrawn,
    WriterCaseView,
    WrongCode,
)
from safetybot.dialogue.report_state import VISIT_MINUTES, ReportStage, ReportState, ShownCode


class EffectResultHandler(CaseStep):
    """The step after an effect."""

    def after(self, effect: Effect, outcome: Outcome) -> CaseTurn:
        """What to show and to keep; whatever does not belong to the effect is taken as a failure."""
        match effect, outcome:
            case FileReport(), _:
                return self._filed(outcome)
            case OpenCase(), WriterCaseView() as view:
                kept = self._viewed(view)
                return CaseTurn(self.screens.opened(kept, view), kept)
            case OpenCase(), WrongCode():
                return self.say("case-wrong", **ASKING)
            case OpenCase(), TooManyTries():
                return self.say("case-too-many", **CLOSED)
            case OpenCase(), _:
                return self.say("case-failed", **{**ASKING, "slip": self.visit.slip})
            case _, CaseGone():
                return self._gone()
            case ReadCase(), WriterCaseView() as view:
                kept = self._viewed(view)
                return CaseTurn(self.screens.replies(kept, view, self.minute), kept)
            case AddToCase(), AdditionFiled():
                self.kept = self.kept.without_addition(self.visit.case)
                return self.say("case-added", stage=ReportStage.MENU)
            case AddToCase(), NoReaderNow():
                kept = self.keep(stage=ReportStage.WRITING)
                return CaseTurn(self.screens.not_added(kept), kept)
            case AddToCase(), _:
                return self.say("send-failed", stage=ReportStage.WRITING)
            case WithdrawCase(), Withdrawn(deleted=True):
                self.kept = self.kept.without_addition(self.visit.case)
                return self.say("case-withdraw-done", **CLOSED)
            case WithdrawCase(), Withdrawn():
                return self.say("case-withdraw-told", stage=ReportStage.MENU)
        return self.say("case-failed")

    def _filed(self, outcome: Outcome) -> CaseTurn:
        match outcome:
            case Filed(code):
                self.kept = replace(self.kept, draft=None)
                return self.say("sent", **CLOSED, code=ShownCode(code.text, self.minute + VISIT_MINUTES))
            case NoReaderNow():
                return CaseTurn(self.screens.not_filed(), self.kept)
        return CaseTurn((self.screens.send_failed(),), self.kept)

    def _viewed(self, view: WriterCaseView) -> ReportState:
        """With the case open; where something is still to be sent to it, that goes on."""
        addition = self.kept.addition(view.case)
        stage = ReportStage.WRITING if addition and addition.words else ReportStage.MENU
        return self.keep(stage=stage, case=view.case, keys=view.keys, slip="")

    def _gone(self) -> CaseTurn:
        name = "case-gone-unsent" if self.unsent else "case-gone"
        self.kept = self.kept.without_addition(self.visit.case)
        return self.say(name, **CLOSED)
