"""Whatever somebody does with a code and a case, in any order, with failures, breaks and restarts: it answers, and
loses nothing they wrote without a word about it."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from safetybot.dialogue import case_flow
from safetybot.dialogue.case_flow import CaseTurn
from safetybot.dialogue.effects import (
    AdditionFiled,
    AddToCase,
    CaseGone,
    Effect,
    Filed,
    FileReport,
    NoReaderNow,
    NotDone,
    OpenCase,
    Outcome,
    ReadCase,
    TeamReply,
    TooManyTries,
    WithdrawCase,
    Withdrawn,
    WriterCaseView,
    WrongCode,
)
from safetybot.dialogue.messages import Outgoing
from safetybot.dialogue.report_form_result import FinishedForm
from safetybot.dialogue.report_state import ReportStage, ReportState
from safetybot.dialogue.speaker import HELP_NOW, Speaker
from safetybot.guidance.model import Guidance, Sign, Urgency
from safetybot.guidance.reader import read_content
from safetybot.guidance.report_form import ReportForm
from safetybot.guidance.yaml_source import read_source
from safetybot.reports.cases import Status
from safetybot.vault.codes import Code, CodeKeys

TESTS = Path(__file__).parent.parent
GUIDANCE: Guidance = read_content(TESTS / "fixtures" / "content", today=dt.date(2026, 11, 24)).require().languages["en"]
SHIPPED = ReportForm.model_validate(read_source(TESTS.parent / "content" / "en" / "report.yaml").data)
assert GUIDANCE.report is not None
FORMS: dict[str, ReportForm] = {"small": GUIDANCE.report, "shipped": SHIPPED}

WORDS = ("maple", "garden", "kettle", "penguin", "hockey", "violin")
CODES = {"c1": Code(WORDS), "c2": Code(WORDS[::-1]), "c3": Code((*WORDS[3:], *WORDS[:3]))}
"""Of the cases there are, and of one that there will be."""
UNKNOWN = Code((*WORDS[1:], WORDS[0]))
TYPED = ["", *(code.text for code in (*CODES.values(), UNKNOWN)), f"hi {WORDS[0]} {' '.join(WORDS[1:])} thanks",
         "mapel garden kettle penguin hockey violin", "maple garden kettle penguin hockey bagle", "i lost it",
         "yes", "no", "not now", "bagel"]  # fmt: skip
PRESSES = [
    "code:saved", "code:again", "code:", "case:start", "case:mean:0", "case:mean:2", "case:mean:9", "case:leave",
    "case:cancel", "case:replies", "case:write", "case:send", "case:drop", "case:menu", "case:withdraw",
    "case:withdraw-yes", "case:x", "case",
]  # fmt: skip
KNOWN_PRESS = re.compile(r"(code:(saved|again)|case:(start|mean:\d|leave|cancel|replies|write|send|drop|menu)|"
                         r"case:withdraw(-yes)?|rep:(send|look|stop)|report|topics|talk|now|safe:\w+)")  # fmt: skip
NOT_KEPT = ("not kept", "**not** kept")
GRAVITY = [Sign.NONE, Sign.CHECK, Sign.EMERGENCY]


@dataclass
class Office:
    """Which cases there are, as the service would tell."""

    gone: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    added: dict[str, list[str]] = field(default_factory=dict)

    def view(self, id_: str) -> WriterCaseView:
        keys = CodeKeys(id_.encode() * 16, b"w" * 32)
        replies = (TeamReply("2026-11-24", "hello"),) * (1 if id_ == "c1" else 0)
        return WriterCaseView(id_, keys, Status.OPEN, id_ in self.withdrawn, replies)

    def outcomes(self, effect: Effect, open_case: str | None) -> list[Outcome]:
        """What may become of an effect."""
        there = open_case is not None and open_case not in self.gone
        match effect:
            case OpenCase(code):
                found = [id_ for id_, known in CODES.items() if known == code and id_ not in self.gone]
                return [self.view(found[0]) if found else WrongCode(), TooManyTries(), NotDone()]
            case ReadCase():
                return [self.view(open_case) if there and open_case else CaseGone(), NotDone()]
            case AddToCase():
                return [AdditionFiled() if there else CaseGone(), NoReaderNow(), NotDone()]
            case WithdrawCase():
                return [Withdrawn(deleted=True), Withdrawn(deleted=False), NotDone()] if there else [CaseGone()]
            case FileReport():
                return [Filed(CODES["c3"]), NoReaderNow(), NotDone()]


class Visiting(RuleBasedStateMachine):
    """Somebody with two codes."""

    @initialize(
        name=st.sampled_from(sorted(FORMS)),
        ahead=st.sampled_from([[], ["case:menu"], ["case:write"], ["case:withdraw"]]),
        data=st.data(),
    )
    def begin_it(self, name: str, ahead: list[str], data: st.DataObject) -> None:
        """With nothing open, or somewhere in a case."""
        self.form, self.speaker, self.office = FORMS[name], Speaker(GUIDANCE), Office()
        self.kept, self.minute = ReportState(), 29_000_000
        self.messages: tuple[Outgoing, ...] = case_flow.show(self.speaker, self.form, self.kept)
        self.count = 0
        for press in ahead:
            self.open_one("c1", data)
            self.press(press, data)

    # --- What they do ----------------------------------------------------------------------------------------------

    @rule(typed=st.sampled_from(TYPED), data=st.data())
    def ask(self, typed: str, data: st.DataObject) -> None:
        self.take(case_flow.begin(self.speaker, self.form, self.kept, self.minute, typed), data)

    @rule(id_=st.sampled_from(["c1", "c2"]), data=st.data())
    def open_and_write(self, id_: str, data: st.DataObject) -> None:
        self.open_one(id_, data)
        self.press("case:write", data)

    @rule(id_=st.sampled_from(sorted(CODES)), data=st.data())
    def open_one(self, id_: str, data: st.DataObject) -> None:
        self.take(case_flow.opening(self.speaker, self.form, self.kept, CODES[id_], self.minute), data, best=True)

    @rule(data=st.data())
    def press_what_is_shown(self, data: st.DataObject) -> None:
        shown = [button.press for message in self.messages for row in message.buttons for button in row]
        if mine := [press for press in shown if press.partition(":")[0] in case_flow.PREFIXES]:
            self.press(data.draw(st.sampled_from(mine)), data)

    @rule(
        press=st.sampled_from(PRESSES)
        | st.builds(str.__add__, st.sampled_from(["case:", "code:", "case:mean:"]), st.text(max_size=12)),
        data=st.data(),
    )
    def press_anything(self, press: str, data: st.DataObject) -> None:
        self.press(press, data)

    @precondition(lambda self: case_flow.takes(self.kept))
    @rule(typed=st.sampled_from(TYPED), sign=st.sampled_from(Sign), data=st.data())
    def type_a_code(self, typed: str, sign: Sign, data: st.DataObject) -> None:
        self.type(typed, sign, data)

    @precondition(lambda self: case_flow.takes(self.kept))
    @rule(sign=st.sampled_from(Sign), data=st.data())
    def type_a_little(self, sign: Sign, data: st.DataObject) -> None:
        self.type_words(0, "", "", sign, data)

    @rule(
        long=st.sampled_from([0, 0, 0, 0, 2500, 5900, 6100]),
        letter=st.sampled_from("z🙂"),
        odd=st.text(max_size=3),
        sign=st.sampled_from(Sign),
        data=st.data(),
    )
    def type_words(self, long: int, letter: str, odd: str, sign: Sign, data: st.DataObject) -> None:
        self.count += 1
        self.type(f"{odd} 7x7{self.count} {letter * long}".strip(), sign, data)

    @rule(minutes=st.sampled_from([1, 1, 1, 10, 29, 30, 59, 60, 24 * 60 - 1, 24 * 60]))
    def wait(self, minutes: int) -> None:
        """Only what nobody touched for a day is lost."""
        self.minute += minutes
        before, self.kept = self.kept, self.kept.at(self.minute)
        fresh = tuple(each for each in before.additions if self.minute - each.touched < 24 * 60)
        assert self.kept.additions == fresh

    @rule()
    def restart(self) -> None:
        drafts, visits = json.loads(json.dumps([self.kept.drafts(), self.kept.visits()]))
        assert ReportState.of(drafts, visits) == self.kept

    @rule()
    def an_update_comes_twice(self) -> None:
        turn = case_flow.again(self.speaker, self.form, self.kept, self.minute)
        assert (turn.kept, turn.effect) == (self.kept, None)
        self.messages = turn.messages
        self.check_messages()

    @rule()
    def something_else_is_answered(self) -> None:
        self.messages = case_flow.show(self.speaker, self.form, self.kept)
        self.check_messages()

    @rule(id_=st.sampled_from(sorted(CODES)))
    def the_team_deletes_one(self, id_: str) -> None:
        self.office.gone.add(id_)

    @rule(data=st.data())
    def a_report_is_sent(self, data: st.DataObject) -> None:
        effect = FileReport(FinishedForm("en", Urgency.NORMAL, (), ()))
        outcome = data.draw(st.sampled_from(self.office.outcomes(effect, None)))
        self.follow(effect, outcome)
        if isinstance(outcome, Filed):
            assert self.messages[-1].text == f"**{outcome.code.text}**"

    # --- How it is followed ----------------------------------------------------------------------------------------

    def press(self, press: str, data: st.DataObject) -> None:
        before = self.kept
        dropped = before.visit.case if press == "case:drop" and before.visit else None
        turn = case_flow.press(self.speaker, self.form, before, press, self.minute)
        if isinstance(turn.effect, WithdrawCase):
            assert press == "case:withdraw-yes"
            assert before.visit is not None
            assert before.visit.stage is ReportStage.WITHDRAWING
        if dropped:
            assert turn.kept.addition(dropped) is None
        self.take(turn, data, may_lose=dropped)

    def type(self, typed: str, sign: Sign, data: st.DataObject) -> None:
        before, open_case = self.kept, self.kept.visit.case if self.kept.visit else None
        turn = case_flow.text(self.speaker, self.form, before, typed, sign, self.minute)
        if sign is Sign.EMERGENCY and case_flow.whole_code(typed) is None:
            assert turn.messages[0].urgent
        if "7x7" in typed:
            old, new = (kept.addition(open_case) for kept in (before, turn.kept))
            told = any(words in message.text for message in turn.messages for words in NOT_KEPT)
            writing = case_flow.takes(before) and open_case is not None
            if writing and not told:
                assert new is not None
                assert new.words == (*(old.words if old else ()), typed)
            else:
                assert (old.words if old else ()) == (new.words if new else ())
                assert told or case_flow.takes(before) or not typed
            if writing:
                assert new is not None
                assert GRAVITY.index(new.sign) >= max(GRAVITY.index(sign), GRAVITY.index(old.sign) if old else 0)
        lost = open_case if typed.lower() in ("don't send it", "drop it") else None
        self.take(turn, data, may_lose=lost)

    def take(self, turn: CaseTurn, data: st.DataObject, *, best: bool = False, may_lose: str | None = None) -> None:
        self.nothing_lost(self.kept, turn.kept, may_lose)
        self.kept, self.messages = turn.kept, turn.messages
        if turn.effect is None:
            self.check_messages()
            return
        self.check_messages(some=False)
        open_case = self.kept.visit.case if self.kept.visit else None
        if isinstance(turn.effect, AddToCase):
            addition = self.kept.addition(open_case)
            assert addition is not None
            assert turn.effect.words == "\n\n".join(addition.words)
            assert turn.effect.urgency is list(Urgency)[GRAVITY.index(addition.sign)]
        outcomes = self.office.outcomes(turn.effect, open_case)
        self.follow(turn.effect, outcomes[0] if best else data.draw(st.sampled_from(outcomes)))

    def follow(self, effect: Effect, outcome: Outcome) -> None:
        before, open_case = self.kept, self.kept.visit.case if self.kept.visit else None
        turn = case_flow.after(self.speaker, self.form, before, effect, outcome, self.minute)
        assert turn.effect is None
        text = "\n".join(message.text for message in turn.messages)
        over = isinstance(outcome, AdditionFiled | CaseGone) or outcome == Withdrawn(deleted=True)
        self.nothing_lost(before, turn.kept, open_case if over else None)
        addition = before.addition(open_case)
        if isinstance(outcome, CaseGone) and addition and addition.words:
            assert "could not send" in text
        if over and open_case:
            assert turn.kept.addition(open_case) is None
        if over and not isinstance(outcome, AdditionFiled):
            assert turn.kept.visit is not None
            assert turn.kept.visit.stage is ReportStage.NONE
        match outcome:
            case Withdrawn(deleted=True) if open_case:
                self.office.gone.add(open_case)
            case Withdrawn() if open_case:
                self.office.withdrawn.add(open_case)
        self.kept, self.messages = turn.kept, turn.messages
        self.check_messages()

    def nothing_lost(self, before: ReportState, now: ReportState, may_lose: str | None) -> None:
        for addition in before.additions:
            if addition.case != may_lose:
                left = now.addition(addition.case)
                assert left is not None
                assert left.words[: len(addition.words)] == addition.words
        assert before.updates == now.updates

    # --- What always holds -----------------------------------------------------------------------------------------

    def check_messages(self, *, some: bool = True) -> None:
        assert self.messages or not some
        for message in self.messages:
            assert message.text.strip()
            assert "7x7" not in message.text
            buttons = [button for row in message.buttons for button in row]
            assert all(0 < len(button.text) <= 30 and len(button.press.encode()) <= 64 for button in buttons)
            assert all(KNOWN_PRESS.fullmatch(button.press) for button in buttons)
            assert message.urgent or not buttons or buttons[-1].press == HELP_NOW
            if any(code.text in message.text for code in (*CODES.values(), UNKNOWN)):
                assert message.text == f"**{CODES['c3'].text}**"
        if some:
            assert self.messages[-1].buttons

    @invariant()
    def the_keys_are_there_only_while_the_case_is_open(self) -> None:
        if self.kept.visit:
            is_open = self.kept.visit.stage not in (ReportStage.NONE, ReportStage.CODE)
            assert (self.kept.visit.keys is not None) is is_open
            assert (self.kept.visit.case is not None) is is_open
            assert not self.kept.visit.slip or self.kept.visit.stage is ReportStage.CODE

    @invariant()
    def no_code_is_kept_for_the_team(self) -> None:
        words = [words for addition in self.kept.additions for words in addition.words]
        assert not any(case_flow.whole_code(each) for each in words)

    @invariant()
    def what_is_kept_is_as_new_as_it_says(self) -> None:
        assert self.kept.at(self.minute) == self.kept or self.kept.visit is not None
        assert self.kept.at(self.minute).additions == self.kept.additions


Visiting.TestCase.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestVisiting = Visiting.TestCase
