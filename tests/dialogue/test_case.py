"""The six-word code, and coming back with it, step by step."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from safetybot.dialogue import case_flow
from safetybot.dialogue.case_flow import CaseTurn
from safetybot.dialogue.case_step import ADDITION_CHARACTERS
from safetybot.dialogue.draft import Draft, FormState
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
from safetybot.dialogue.report_form_result import BYTES_MAX, FinishedForm
from safetybot.dialogue.report_state import (
    DRAFT_MINUTES,
    OPEN_MINUTES,
    VISIT_MINUTES,
    ReportStage,
    ReportState,
    ShownCode,
    Visit,
)
from safetybot.dialogue.speaker import HELP_NOW, Speaker
from safetybot.formats.markdown import parse as parse_markdown
from safetybot.formats.markdown import plain
from safetybot.guidance.model import Guidance, Sign, Urgency
from safetybot.guidance.reader import read_content
from safetybot.guidance.report_form import ReportForm
from safetybot.guidance.yaml_source import read_source
from safetybot.reports.cases import Status
from safetybot.vault.codes import Code, CodeKeys

TESTS = Path(__file__).parent.parent
TODAY = dt.date(2026, 11, 24)
NOON = (TODAY - dt.date(1970, 1, 1)).days * 24 * 60 + 12 * 60
CODE = Code(("maple", "garden", "kettle", "penguin", "hockey", "violin"))
OTHER = Code(("violin", "hockey", "penguin", "kettle", "garden", "maple"))
ONE_SLIP = "mapel garden kettle penguin hockey violin"
WHICH = "maple garden kettle penguin hockey bagle"
"""Bagel, beagle or bugle?"""
KEYS = CodeKeys(b"t" * 32, b"w" * 32)
FILE = FileReport(FinishedForm("en", Urgency.HIGH, (), ()))


def view(
    case_id: str = "c1", *replies: TeamReply, status: Status = Status.NEW, withdrawn: bool = False
) -> WriterCaseView:
    return WriterCaseView(case_id, KEYS, status, withdrawn, replies)


@pytest.fixture(scope="module")
def guidance() -> Guidance:
    return read_content(TESTS / "fixtures" / "content", today=TODAY).require().languages["en"]


@pytest.fixture(scope="module")
def shipped() -> ReportForm:
    return ReportForm.model_validate(read_source(TESTS.parent / "content" / "en" / "report.yaml").data)


@dataclass
class Visitor:
    """Somebody with a code."""

    guidance: Guidance
    form: ReportForm
    kept: ReportState = field(default_factory=ReportState)
    minute: int = NOON
    messages: tuple[Outgoing, ...] = ()
    effect: Effect | None = None

    @property
    def speaker(self) -> Speaker:
        return Speaker(self.guidance)

    def take(self, turn: CaseTurn) -> Visitor:
        self.kept, self.messages, self.effect = turn.kept, turn.messages, turn.effect
        return self

    def begins(self, typed: str = "") -> Visitor:
        return self.take(case_flow.begin(self.speaker, self.form, self.kept, self.minute, typed))

    def presses(self, *presses: str) -> Visitor:
        for press in presses:
            self.take(case_flow.press(self.speaker, self.form, self.kept, press, self.minute))
        return self

    def says(self, *texts: str, sign: Sign = Sign.NONE) -> Visitor:
        for text in texts:
            self.take(case_flow.text(self.speaker, self.form, self.kept, text, sign, self.minute))
        return self

    def gets(self, outcome: Outcome, effect: Effect | None = None) -> Visitor:
        effect = effect or self.effect
        assert effect is not None
        return self.take(case_flow.after(self.speaker, self.form, self.kept, effect, outcome, self.minute))

    def opens(self, found: WriterCaseView | None = None) -> Visitor:
        return self.begins(CODE.text).gets(found or view())

    def waits(self, minutes: int) -> Visitor:
        self.minute += minutes
        self.kept = self.kept.at(self.minute)
        return self

    def sees_again(self) -> Visitor:
        """The update comes once more: nothing changes."""
        before, messages = self.kept, self.messages
        self.take(case_flow.again(self.speaker, self.form, self.kept, self.minute))
        assert self.kept == before
        assert self.messages == messages
        return self

    @property
    def visit(self) -> Visit:
        assert self.kept.visit is not None
        return self.kept.visit

    @property
    def words(self) -> tuple[str, ...]:
        addition = self.kept.addition("c1")
        return addition.words if addition else ()

    @property
    def last(self) -> Outgoing:
        return self.messages[-1]

    @property
    def texts(self) -> list[str]:
        """What is read."""
        return [plain(parse_markdown(message.text)) for message in self.messages]

    @property
    def ways(self) -> list[str]:
        """What can be pressed below the last message, but for "Help now"."""
        pressed = [button.press for row in self.last.buttons for button in row]
        assert pressed.pop() == HELP_NOW
        return pressed

    @property
    def labels(self) -> list[str]:
        return [button.text for row in self.last.buttons for button in row][:-1]


@pytest.fixture
def visitor(guidance: Guidance) -> Visitor:
    assert guidance.report is not None
    return Visitor(guidance, guidance.report)


@pytest.fixture
def inside(visitor: Visitor) -> Visitor:
    """Somebody whose case is open."""
    return visitor.opens()


ASK, EXPIRED = "Please type the six words.", "I have closed it. Please type your code again."
MENU = ["case:replies", "case:write", "case:withdraw", "case:leave"]
WRITING = ["case:send", "case:drop", "case:menu"]
WAYS_ON = ["topics", "talk"]


# --- A report just sent ----------------------------------------------------------------------------------------------


class TestTheNewCode:
    @pytest.fixture
    def filed(self, visitor: Visitor) -> Visitor:
        visitor.kept = ReportState(draft=Draft("en", TODAY, NOON, "story", state=FormState.SENDING), updates=(7,))
        return visitor.gets(Filed(CODE), FILE)

    def test_it_stands_alone_in_its_message(self, filed: Visitor) -> None:
        sent, code = filed.messages
        assert sent == Outgoing("It is sent. Your code comes next.")
        assert code.text == f"**{CODE.text}**"
        assert [(button.text, button.press) for row in code.buttons for button in row] == [
            ("I've saved it", "code:saved"),
            ("Help now", "now"),
        ]

    def test_the_draft_is_gone_and_the_code_is_kept_for_an_hour(self, filed: Visitor) -> None:
        assert filed.kept == ReportState(
            visit=Visit(NOON, code=ShownCode(CODE.text, NOON + VISIT_MINUTES), said="sent"), updates=(7,)
        )

    def test_a_case_that_was_open_is_closed_and_codes_tried_still_count(self, inside: Visitor) -> None:
        inside.presses("case:write").says("one")
        inside.kept = replace(inside.kept, visit=replace(inside.visit, tries=(NOON - 1,)))
        inside.gets(Filed(CODE), FILE)
        assert (inside.visit.stage, inside.visit.keys, inside.visit.case) == (ReportStage.NONE, None, None)
        assert inside.visit.tries == (NOON - 1,)
        assert inside.words == ("one",)

    def test_once_saved_it_says_what_happens_next_with_the_official_routes(self, filed: Visitor) -> None:
        filed.presses("code:saved")
        (text,) = filed.texts
        assert text.startswith("Somebody will read it.")
        lines = filed.speaker.helplines(("ceop", "police-101", "report-remove", "iwf-report", "fearless"))
        assert lines
        assert all(line.name in text for line in lines)
        assert filed.ways == ["code:again", *WAYS_ON]

    def test_it_is_shown_once_more(self, filed: Visitor) -> None:
        filed.presses("code:saved").waits(VISIT_MINUTES - 1).presses("code:again")
        assert filed.texts == ["Here is your code again.", CODE.text]
        assert filed.ways == ["code:saved"]
        filed.presses("code:saved")
        assert filed.ways == WAYS_ON
        filed.presses("code:again")
        assert filed.texts == ["I can't show the code any more."]

    def test_after_an_hour_it_is_gone(self, filed: Visitor) -> None:
        filed.waits(VISIT_MINUTES).presses("code:again")
        assert filed.texts == ["I can't show the code any more."]
        assert filed.ways == ["report", *WAYS_ON]
        assert filed.presses("code:saved").ways == WAYS_ON

    def test_one_that_was_delivered_is_kept_for_its_hour_and_another_until_its_update_can_come_no_more(
        self, filed: Visitor
    ) -> None:
        code = filed.visit.code
        assert code is not None
        assert not code.delivered
        assert filed.kept.at(NOON + DRAFT_MINUTES - 1).visit is not None
        assert filed.kept.at(NOON + DRAFT_MINUTES).visit is None
        seen = replace(filed.kept, visit=replace(filed.visit, code=replace(code, delivered=True)))
        assert seen.at(NOON + VISIT_MINUTES).visit is None

    def test_an_update_that_comes_twice_shows_it_again(self, filed: Visitor) -> None:
        filed.sees_again()
        filed.waits(VISIT_MINUTES - 1).sees_again()
        filed.presses("code:again").sees_again()
        filed.presses("code:saved").sees_again()

    def test_too_late_an_update_that_comes_twice_says_so(self, filed: Visitor) -> None:
        late = replace(filed.kept, visit=replace(filed.visit, code=None))
        turn = case_flow.again(filed.speaker, filed.form, late, NOON + VISIT_MINUTES)
        assert [message.text for message in turn.messages] == ["I can't show the code any more."]

    def test_without_a_reader_the_draft_stays_and_the_official_routes_are_shown(self, visitor: Visitor) -> None:
        visitor.kept = before = ReportState(draft=Draft("en", TODAY, NOON, "story", state=FormState.SENDING))
        visitor.gets(NoReaderNow(), FILE)
        assert visitor.kept == before
        assert visitor.texts[0].startswith("I can't take reports now.")
        assert "Police" in visitor.texts[0]
        assert visitor.texts[1] == "It is not sent. I keep it for a day."
        assert visitor.ways == ["rep:send", "rep:look", "rep:stop"]

    def test_a_failure_keeps_the_draft(self, visitor: Visitor) -> None:
        visitor.kept = before = ReportState(draft=Draft("en", TODAY, NOON, "story", state=FormState.SENDING))
        visitor.gets(NotDone(), FILE)
        assert visitor.kept == before
        assert visitor.texts == ["I could not send it. Nothing is lost."]
        assert visitor.ways == ["rep:send", "rep:look", "rep:stop"]


# --- Typing a code ---------------------------------------------------------------------------------------------------


class TestTypingACode:
    @pytest.mark.parametrize("typed", ["", "  \n"])
    def test_it_is_asked_for(self, visitor: Visitor, typed: str) -> None:
        visitor.begins(typed)
        assert visitor.texts == [ASK]
        assert visitor.ways == ["case:cancel"]
        assert case_flow.takes(visitor.kept)
        assert visitor.kept == ReportState(visit=Visit(NOON, ReportStage.CODE))

    def test_a_button_asks_for_it_too(self, visitor: Visitor) -> None:
        assert visitor.presses("case:start").texts == [ASK]

    @pytest.mark.parametrize("typed", [CODE.text, "my code is Maple-Garden-Kettle, Penguin hockey violin!"])
    def test_with_the_command_or_after_it(self, visitor: Visitor, typed: str) -> None:
        visitor.begins(typed)
        assert visitor.effect == OpenCase(CODE)
        assert visitor.messages == ()
        visitor.begins().says(typed)
        assert visitor.effect == OpenCase(CODE)

    def test_what_is_no_code(self, visitor: Visitor) -> None:
        visitor.begins("maple garden kettle")
        assert visitor.texts == ["I need six words."]
        assert visitor.ways == ["case:cancel"]
        assert visitor.sees_again().says("I forgot it").texts == ["I need six words."]
        assert case_flow.takes(visitor.kept)

    def test_one_word_is_near(self, visitor: Visitor) -> None:
        visitor.begins(ONE_SLIP)
        assert visitor.texts == ["mapel? Did you mean maple?"]
        assert visitor.ways == ["case:mean:0", "case:start"]
        assert visitor.visit.slip == ONE_SLIP
        visitor.sees_again().presses("case:mean:0")
        assert visitor.effect == OpenCase(CODE)
        assert visitor.visit.slip == ONE_SLIP  # until it is looked up, so that the button can be pressed again

    def test_several_words_are_near(self, visitor: Visitor) -> None:
        visitor.begins(WHICH)
        assert visitor.texts == ["bagle? Which word is it?"]
        assert visitor.labels == ["bagel", "beagle", "bugle", "No"]
        assert visitor.ways == ["case:mean:0", "case:mean:1", "case:mean:2", "case:start"]
        visitor.presses("case:mean:1")
        assert visitor.effect == OpenCase(Code((*CODE.words[:5], "beagle")))

    @pytest.mark.parametrize(("typed", "meant"), [("bugle", "bugle"), (" Beagle!", "beagle")])
    def test_the_word_meant_can_be_typed(self, visitor: Visitor, typed: str, meant: str) -> None:
        visitor.begins(WHICH).says(typed)
        assert visitor.effect == OpenCase(Code((*CODE.words[:5], meant)))

    def test_yes_and_no_can_be_typed(self, visitor: Visitor) -> None:
        assert visitor.begins(ONE_SLIP).says("yes").effect == OpenCase(CODE)
        assert visitor.begins(ONE_SLIP).says("no").texts == [ASK]
        assert visitor.visit.slip == ""

    def test_none_of_them_asks_again_and_forgets_what_was_typed(self, visitor: Visitor) -> None:
        visitor.begins(WHICH).presses("case:start")
        assert visitor.texts == [ASK]
        assert visitor.visit.slip == ""

    @pytest.mark.parametrize("press", ["case:mean:3", "case:mean:-1", "case:mean:x", "case:mean:²", "case:mean:"])
    def test_a_word_that_was_not_offered(self, visitor: Visitor, press: str) -> None:
        visitor.begins(WHICH).presses(press)
        assert visitor.effect is None
        assert visitor.texts == ["That button was for something earlier.\n\nbagle? Which word is it?"]

    def test_an_old_word_opens_nothing(self, visitor: Visitor) -> None:
        visitor.begins(ONE_SLIP).presses("case:start", "case:mean:0")
        assert visitor.effect is None
        assert visitor.texts == [f"That button was for something earlier.\n\n{ASK}"]

    def test_what_is_repeated_shows_no_formatting(self, visitor: Visitor) -> None:
        slip = visitor.begins("map el garden kettle penguin hockey violin")
        assert "map el?" in slip.texts[0]

    def test_not_now(self, visitor: Visitor) -> None:
        visitor.begins(ONE_SLIP).presses("case:cancel")
        assert visitor.texts == ["You can come back with your code."]
        assert visitor.ways == ["case:start", *WAYS_ON]
        assert not case_flow.takes(visitor.kept)
        assert visitor.visit == Visit(NOON, said="case-cancelled")
        visitor.sees_again().presses("case:cancel")
        assert visitor.texts == ["You can come back with your code."]

    def test_half_a_character_is_no_crash(self, visitor: Visitor) -> None:
        visitor.begins("\ud83d").says("\ud83d" + ONE_SLIP)
        assert visitor.visit.slip == f"?{ONE_SLIP}"

    def test_a_code_is_asked_for_half_an_hour(self, visitor: Visitor) -> None:
        visitor.begins(ONE_SLIP).waits(OPEN_MINUTES - 1)
        assert visitor.says("yes").effect == OpenCase(CODE)
        assert not case_flow.takes(visitor.waits(OPEN_MINUTES).kept)


class TestDangerInPlaceOfACode:
    def test_the_card_comes_first_and_the_code_is_still_asked_for(self, visitor: Visitor) -> None:
        visitor.begins().says("he has a knife", sign=Sign.EMERGENCY)
        card, ask = visitor.messages
        assert card == visitor.speaker.card()
        assert ask.text == "If you are safe for the moment, we can go on.\n\nI need six words."
        assert case_flow.takes(visitor.kept)

    def test_a_check_in(self, visitor: Visitor) -> None:
        visitor.begins().says("i feel bad", sign=Sign.CHECK)
        assert [message.text for message in visitor.messages] == [
            visitor.speaker.say("safety-check"),
            "I need six words.",
        ]

    def test_with_a_code_among_the_words_both_happen(self, visitor: Visitor) -> None:
        visitor.begins().says(f"he is here {CODE.text}", sign=Sign.EMERGENCY)
        assert visitor.messages == (visitor.speaker.card(),)
        assert visitor.effect == OpenCase(CODE)

    def test_a_code_alone_means_nothing_else(self, visitor: Visitor) -> None:
        visitor.begins().says(CODE.text, sign=Sign.EMERGENCY)
        assert visitor.messages == ()
        assert visitor.effect == OpenCase(CODE)


@pytest.mark.parametrize(
    "typed",
    [
        CODE.text,
        CODE.text.upper(),
        " Maple, garden - kettle\npenguin; hockey. violin!",
        "1. maple 2. garden 3. kettle 4. penguin 5. hockey 6. violin",
        "maplegarden kettle penguin hockey violin",
        "ｍａｐｌｅ garden kettle penguin hockey violin",
    ],
)
def test_a_text_that_is_a_code_and_nothing_else(typed: str) -> None:
    assert case_flow.whole_code(typed) == CODE


@pytest.mark.parametrize("typed", ["", "hello", f"{CODE.text} please", f"my {CODE.text}", ONE_SLIP, CODE.text[:-3],
                                   f"{CODE.text} {CODE.text}", f"{CODE.text} помогите"])  # fmt: skip
def test_a_text_that_is_not_a_code_alone(typed: str) -> None:
    assert case_flow.whole_code(typed) is None


# --- Looking it up ---------------------------------------------------------------------------------------------------


class TestLookingItUp:
    @pytest.mark.parametrize(
        ("found", "said"),
        [
            (view(), "Nobody has opened it yet."),
            (view(status=Status.OPEN), "Somebody is working on it."),
            (view(status=Status.WAITING), "The team is waiting for an answer."),
            (view(status=Status.CLOSED), "It is finished."),
            (view("c1", TeamReply("2026-11-24", "hi")), "Nobody has opened it yet.\n\nThere is one reply."),
            (view("c1", *[TeamReply("2026-11-24", "hi")] * 3), "Nobody has opened it yet.\n\nThere are 3 replies."),
        ],
    )
    def test_it_says_how_far_the_case_is(self, visitor: Visitor, found: WriterCaseView, said: str) -> None:
        visitor.opens(found)
        assert visitor.texts == [f"{said} What do you want to do?"]
        assert visitor.ways == MENU
        assert visitor.visit == Visit(NOON, ReportStage.MENU, "c1", KEYS)

    def test_one_that_was_taken_back(self, visitor: Visitor) -> None:
        visitor.opens(view(status=Status.OPEN, withdrawn=True))
        assert visitor.texts == ["You have taken it back. What do you want to do?"]
        assert visitor.ways == ["case:replies", "case:write", "case:leave"]

    def test_a_wrong_code(self, visitor: Visitor) -> None:
        visitor.begins(ONE_SLIP).presses("case:mean:0").gets(WrongCode())
        assert visitor.texts == ["That code does not open anything."]
        assert visitor.ways == ["case:start", "case:cancel", "talk"]
        assert visitor.visit == Visit(NOON, ReportStage.CODE, said="case-wrong")
        assert visitor.sees_again().says(CODE.text).effect == OpenCase(CODE)

    def test_it_never_says_how_close_a_code_was(self, visitor: Visitor) -> None:
        """Every wrong code gets the same words."""
        said = {visitor.begins(code.text).gets(WrongCode()).last for code in (CODE, OTHER)}
        assert len(said) == 1

    def test_too_many_tries(self, visitor: Visitor) -> None:
        visitor.begins(CODE.text).gets(TooManyTries())
        assert visitor.texts == ["Too many tries. Please wait an hour."]
        assert visitor.ways == WAYS_ON
        assert not case_flow.takes(visitor.sees_again().kept)

    def test_a_failure(self, visitor: Visitor) -> None:
        visitor.begins(ONE_SLIP).presses("case:mean:0").gets(NotDone())
        assert visitor.texts == ["That did not work. Nothing is lost."]
        assert visitor.ways == ["case:start", "case:cancel", "talk"]
        assert visitor.sees_again().presses("case:mean:0").effect == OpenCase(CODE)

    def test_tries_are_left_to_whoever_counts_them(self, visitor: Visitor) -> None:
        visitor.kept = ReportState(visit=Visit(NOON, tries=(NOON - 2, NOON - 1)))
        for outcome in (WrongCode(), TooManyTries(), NotDone(), view()):
            visitor.begins(CODE.text).gets(outcome)
            assert visitor.visit.tries == (NOON - 2, NOON - 1)

    def test_another_code_closes_the_case_that_is_open(self, inside: Visitor) -> None:
        inside.presses("case:write").says(OTHER.text)
        assert inside.effect == OpenCase(OTHER)
        assert (inside.visit.keys, inside.visit.case, inside.words) == (None, None, ())
        inside.gets(WrongCode()).presses("case:replies")
        assert inside.texts == [EXPIRED]


# --- Replies ---------------------------------------------------------------------------------------------------------


class TestReplies:
    def test_they_are_read_again_with_the_keys(self, inside: Visitor) -> None:
        inside.presses("case:replies")
        assert inside.effect == ReadCase()
        assert inside.visit.keys == KEYS

    def test_each_is_a_message_with_its_day(self, inside: Visitor) -> None:
        days = [("2026-11-25", "a"), ("2026-11-24", "b"), ("2026-11-23", "c"), ("2026-11-22", "d"), ("2025-11-24", "e")]
        inside.presses("case:replies").gets(view("c1", *(TeamReply(*each) for each in days)))
        assert inside.texts == ["today: a", "today: b", "yesterday: c", "2 days ago: d", "365 days ago: e"]
        assert [bool(message.buttons) for message in inside.messages] == [False] * 4 + [True]
        assert inside.ways == MENU

    def test_a_day_ends_at_midnight(self, inside: Visitor) -> None:
        inside.minute = NOON + 12 * 60 - 1
        assert inside.presses("case:replies").gets(view("c1", TeamReply("2026-11-24", "x"))).texts == ["today: x"]
        inside.minute += 1
        assert inside.presses("case:replies").gets(view("c1", TeamReply("2026-11-24", "x"))).texts == ["yesterday: x"]

    def test_the_words_of_the_team_are_shown_as_they_are(self, inside: Visitor) -> None:
        words = "Hi *you*! Call [us](x) {day}\n\n- <b>now</b> " + "x" * 5000
        inside.presses("case:replies").gets(view("c1", TeamReply("2026-11-24", words)))
        assert inside.texts == [f"today: {words}"]

    def test_none_yet(self, inside: Visitor) -> None:
        inside.presses("case:replies").gets(view())
        assert inside.texts == ["There is no reply yet."]
        assert inside.ways == MENU
        assert inside.gets(view(withdrawn=True), ReadCase()).ways == ["case:replies", "case:write", "case:leave"]

    def test_while_something_is_written_it_can_go_on(self, inside: Visitor) -> None:
        inside.presses("case:write").says("one").presses("case:replies")
        inside.gets(view("c1", TeamReply("2026-11-24", "hi")))
        assert inside.texts == ["today: hi", "There is something you did not send yet. More, or send it?"]
        assert inside.ways == WRITING
        assert inside.says("two").words == ("one", "two")

    def test_a_failure(self, inside: Visitor) -> None:
        inside.presses("case:replies").gets(NotDone())
        assert inside.texts == ["That did not work. Nothing is lost. What do you want to do?"]
        assert inside.ways == MENU


# --- Writing more ----------------------------------------------------------------------------------------------------


class TestWriting:
    @pytest.fixture
    def writing(self, inside: Visitor) -> Visitor:
        return inside.presses("case:write")

    def test_it_is_asked_for(self, writing: Visitor) -> None:
        assert writing.texts == ["What do you want to add?"]
        assert writing.ways == ["case:menu"]
        assert case_flow.takes(writing.kept)

    def test_words_are_kept_and_sent_together(self, writing: Visitor) -> None:
        writing.says("he *wrote*\n\nagain", " and more ")
        assert writing.texts == ["I've kept that. More, or send it?"]
        assert writing.ways == WRITING
        writing.sees_again().presses("case:send")
        assert writing.effect == AddToCase("en", "he *wrote*\n\nagain\n\nand more", Urgency.NORMAL)
        assert writing.words == ("he *wrote*\n\nagain", "and more")  # until it is added
        writing.gets(AdditionFiled())
        assert writing.texts == ["It is added. What do you want to do?"]
        assert writing.ways == MENU
        assert writing.kept == ReportState(visit=Visit(NOON, ReportStage.MENU, "c1", KEYS, said="case-added"))
        writing.sees_again()

    @pytest.mark.parametrize(
        ("signs", "urgency"),
        [
            ([Sign.NONE, Sign.CHECK], Urgency.HIGH),
            ([Sign.CHECK, Sign.NONE], Urgency.HIGH),
            ([Sign.EMERGENCY, Sign.CHECK], Urgency.EMERGENCY),
        ],
    )
    def test_it_is_as_urgent_as_the_gravest_of_it(self, writing: Visitor, signs: list[Sign], urgency: Urgency) -> None:
        for sign in signs:
            writing.says("words", sign=sign)
        effect = writing.presses("case:send").effect
        assert isinstance(effect, AddToCase)
        assert effect.urgency is urgency

    def test_the_card_comes_first_every_time(self, writing: Visitor) -> None:
        for _ in range(2):
            writing.says("he has a knife", sign=Sign.EMERGENCY)
            assert [message.urgent for message in writing.messages] == [True, False]
            assert writing.texts[1].startswith("If you are safe for the moment, we can go on.")
        assert writing.words == ("he has a knife", "he has a knife")

    def test_the_check_in_comes_once(self, writing: Visitor) -> None:
        check = writing.speaker.say("safety-check")
        assert writing.says("one", sign=Sign.CHECK).messages[0].text == check
        assert writing.says("two", sign=Sign.CHECK).texts == ["I've kept that. More, or send it?"]

    def test_a_message_that_is_too_long_is_not_kept(self, writing: Visitor) -> None:
        writing.says("x" * (ADDITION_CHARACTERS + 1))
        assert writing.texts == ["That is too long, so I have not kept it. 6000 letters fit."]
        assert not writing.words
        assert writing.ways == ["case:menu"]
        writing.says("x" * 4000, "y" * 2000)
        assert writing.texts == ["That is too long, so I have not kept it. 1998 letters fit."]
        assert writing.words == ("x" * 4000,)
        assert writing.ways == WRITING
        writing.says("y" * 1998)
        assert writing.words == ("x" * 4000, "y" * 1998)
        assert writing.says("z").texts == ["The report is full, so I have not kept that."]
        assert writing.words == ("x" * 4000, "y" * 1998)

    def test_long_signs_count_for_what_they_take(self, writing: Visitor) -> None:
        writing.says("🙂" * 5000)
        assert writing.texts == [f"That is too long, so I have not kept it. {(BYTES_MAX - 2) // 4} letters fit."]
        writing.says("🙂" * ((BYTES_MAX - 2) // 4))
        assert len(writing.words) == 1

    def test_an_emergency_counts_even_where_its_words_do_not_fit(self, writing: Visitor) -> None:
        writing.says("help " * 2000, sign=Sign.EMERGENCY)
        assert writing.messages[0].urgent
        assert not writing.words
        effect = writing.says("he is here").presses("case:send").effect
        assert effect == AddToCase("en", "he is here", Urgency.EMERGENCY)

    def test_it_can_be_dropped(self, writing: Visitor) -> None:
        writing.says("one").presses("case:drop")
        assert writing.texts == ["Nothing was added. What do you want to do?"]
        assert writing.kept.additions == ()
        writing.sees_again().presses("case:drop")
        assert writing.texts == ["There is nothing to send. What do you want to do?"]

    def test_nothing_to_send(self, writing: Visitor) -> None:
        writing.presses("case:send")
        assert writing.effect is None
        assert writing.texts == ["There is nothing to send. What do you want to do?"]
        writing.presses("case:write").says("one").presses("case:send").gets(AdditionFiled()).presses("case:send")
        assert writing.effect is None

    def test_back_to_the_menu_keeps_it(self, writing: Visitor) -> None:
        assert writing.presses("case:menu").texts == ["It is open here. What do you want to do?"]
        writing.presses("case:write").says("one").presses("case:menu")
        assert writing.texts == ["It is not sent yet. What do you want to do?"]
        assert not case_flow.takes(writing.kept)
        writing.presses("case:write")
        assert writing.texts == ["There is something you did not send yet. More, or send it?"]
        assert writing.words == ("one",)

    def test_a_button_can_be_typed(self, writing: Visitor) -> None:
        assert writing.says("one").says("send it!").effect == AddToCase("en", "one", Urgency.NORMAL)
        assert writing.says("Drop it").kept.additions == ()

    @pytest.mark.parametrize("outcome", [NotDone(), NoReaderNow()])
    def test_where_it_cannot_be_sent_it_is_still_there(self, writing: Visitor, outcome: Outcome) -> None:
        writing.says("one").presses("case:send").gets(outcome)
        assert writing.words == ("one",)
        assert writing.ways == WRITING
        if isinstance(outcome, NoReaderNow):
            assert writing.texts[0].startswith("I can't take reports now.\n\nPolice")
            assert writing.texts[1] == "It is not sent. I keep it for a day."
        else:
            assert writing.texts == ["I could not send it. Nothing is lost."]
        assert writing.presses("case:send").effect == AddToCase("en", "one", Urgency.NORMAL)

    def test_it_is_kept_for_a_day_and_found_again_with_the_code(self, writing: Visitor) -> None:
        writing.says("one", sign=Sign.CHECK).waits(DRAFT_MINUTES - 1)
        assert writing.kept.visit is None
        writing.opens(view("c1", TeamReply("2026-11-25", "hi"), status=Status.OPEN))
        (text,) = writing.texts
        assert text == (
            "Somebody is working on it.\n\nThere is one reply.\n\n"
            "There is something you did not send yet. More, or send it?"
        )
        assert writing.ways == WRITING
        assert writing.presses("case:send").effect == AddToCase("en", "one", Urgency.HIGH)
        assert writing.waits(DRAFT_MINUTES).kept.additions == ()

    def test_it_is_not_seen_from_another_case(self, writing: Visitor) -> None:
        writing.says("one").begins(OTHER.text).gets(view("c2"))
        assert writing.texts == ["Nobody has opened it yet. What do you want to do?"]
        writing.presses("case:send")
        assert writing.effect is None
        assert writing.presses("case:write").texts == ["What do you want to add?"]
        writing.says("for the second").presses("case:send")
        assert writing.effect == AddToCase("en", "for the second", Urgency.NORMAL)
        writing.gets(AdditionFiled())
        assert writing.words == ("one",)
        assert writing.opens().presses("case:send").effect == AddToCase("en", "one", Urgency.NORMAL)

    def test_a_code_is_never_sent_to_the_team(self, writing: Visitor) -> None:
        writing.says("one", CODE.text)
        assert writing.effect == OpenCase(CODE)
        assert writing.words == ("one",)

    def test_nothing_is_kept_of_no_words(self, writing: Visitor) -> None:
        assert writing.says(" \n ").texts == ["What do you want to add?"]
        assert writing.kept.additions == ()

    def test_words_where_a_button_is_awaited_are_not_kept_and_it_says_so(self, inside: Visitor) -> None:
        inside.says("hello")
        assert inside.texts == ["I have not kept that. Please press a button first.\n\nIt is open here. What do you "
                                "want to do?"]  # fmt: skip
        assert inside.kept.additions == ()


# --- Taking it back --------------------------------------------------------------------------------------------------


class TestWithdrawing:
    def test_it_is_asked_first(self, inside: Visitor) -> None:
        inside.presses("case:withdraw")
        assert inside.texts == ["Do you want to take your report back?"]
        assert inside.ways == ["case:withdraw-yes", "case:menu"]
        assert inside.effect is None
        inside.presses("case:withdraw-yes")
        assert inside.effect == WithdrawCase()

    def test_an_old_yes_only_asks(self, inside: Visitor) -> None:
        inside.presses("case:withdraw-yes")
        assert inside.effect is None
        assert inside.texts == ["Do you want to take your report back?"]
        inside.presses("case:withdraw", "case:menu", "case:withdraw-yes")
        assert inside.effect is None
        inside.presses("case:withdraw", "case:write", "case:withdraw-yes")
        assert inside.effect is None

    def test_no_changes_nothing(self, inside: Visitor) -> None:
        inside.presses("case:withdraw", "case:menu")
        assert inside.texts == ["It is open here. What do you want to do?"]
        assert inside.visit == Visit(NOON, ReportStage.MENU, "c1", KEYS)

    def test_unread_it_is_deleted_and_the_case_closed(self, inside: Visitor) -> None:
        inside.presses("case:write").says("one").presses("case:withdraw", "case:withdraw-yes")
        inside.gets(Withdrawn(deleted=True))
        assert inside.texts == ["It is deleted."]
        assert inside.ways == ["report", *WAYS_ON]
        assert inside.kept == ReportState(visit=Visit(NOON, said="case-withdraw-done"))
        inside.sees_again().presses("case:withdraw-yes")
        assert inside.texts == [EXPIRED]

    def test_read_already_the_team_is_told(self, inside: Visitor) -> None:
        inside.presses("case:withdraw", "case:withdraw-yes").gets(Withdrawn(deleted=False))
        assert inside.texts == ["The team knows that you took it back. What do you want to do?"]
        assert inside.ways == ["case:replies", "case:write", "case:leave"]
        assert inside.visit.stage is ReportStage.MENU
        assert inside.visit.keys == KEYS
        inside.sees_again()

    def test_a_failure_asks_again(self, inside: Visitor) -> None:
        inside.presses("case:withdraw", "case:withdraw-yes").gets(NotDone())
        assert inside.texts == ["That did not work. Nothing is lost.\n\nDo you want to take your report back?"]
        assert inside.presses("case:withdraw-yes").effect == WithdrawCase()


@pytest.mark.parametrize("presses", [["case:replies"], ["case:send"], ["case:withdraw", "case:withdraw-yes"]])
def test_a_case_that_is_gone(inside: Visitor, presses: list[str]) -> None:
    inside.presses(*presses) if presses != ["case:send"] else inside.presses("case:write").says("one").presses(*presses)
    inside.gets(CaseGone())
    assert inside.texts[0].startswith("That report is not here any more")
    assert ("could not send" in inside.texts[0]) is (presses == ["case:send"])
    assert inside.ways == ["report", *WAYS_ON]
    assert (inside.visit.stage, inside.visit.keys, inside.kept.additions) == (ReportStage.NONE, None, ())
    inside.sees_again()


# --- Leaving, and coming too late ------------------------------------------------------------------------------------


class TestLeaving:
    @pytest.mark.parametrize("press", ["case:leave", "case:cancel"])
    def test_the_keys_are_forgotten_and_the_rest_is_kept(self, inside: Visitor, press: str) -> None:
        code = ShownCode(CODE.text, NOON + 50)
        inside.kept = replace(inside.kept, visit=replace(inside.visit, tries=(NOON,), code=code))
        inside.presses(press)
        assert inside.texts == ["You have left your report. Keep your code."]
        assert inside.ways == ["case:start", *WAYS_ON]
        assert inside.visit == Visit(NOON, tries=(NOON,), code=code, said="case-left")
        assert inside.sees_again().presses("case:leave").texts == ["You can come back with your code."]

    def test_what_is_not_sent_stays_and_it_says_so(self, inside: Visitor) -> None:
        inside.presses("case:write").says("one").presses("case:leave")
        assert inside.texts == ["You have left your report. I keep what you wrote for a day."]
        assert inside.words == ("one",)
        inside.sees_again()

    def test_with_nothing_open_nothing_changes(self, visitor: Visitor) -> None:
        visitor.presses("case:leave", "case:cancel")
        assert visitor.texts == ["You can come back with your code."]
        assert visitor.kept == ReportState()

    def test_the_code_asked_for_once_more_closes_the_case(self, inside: Visitor) -> None:
        inside.presses("case:write").says("one").begins()
        assert inside.texts == [ASK]
        assert inside.visit == Visit(NOON, ReportStage.CODE)
        assert inside.words == ("one",)


class TestTooLate:
    @pytest.mark.parametrize("press", [*MENU[:3], *WRITING, "case:withdraw-yes"])
    def test_every_button_asks_for_the_code(self, inside: Visitor, press: str) -> None:
        inside.presses("case:write").says("one").waits(OPEN_MINUTES).presses(press)
        assert inside.effect is None
        assert inside.texts == [EXPIRED]
        assert inside.ways == ["case:cancel"]
        assert inside.words == ("one",)
        assert inside.sees_again().says(CODE.text).effect == OpenCase(CODE)

    def test_every_turn_begins_the_half_hour_again(self, inside: Visitor) -> None:
        inside.waits(OPEN_MINUTES - 1).presses("case:write").waits(OPEN_MINUTES - 1).says("one")
        assert inside.waits(OPEN_MINUTES - 1).presses("case:send").effect == AddToCase("en", "one", Urgency.NORMAL)


# --- Anything else ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("press", ["case:", "case", "code", "code:", "code:x", "case:xyz", "case:mean", "case:write:1",
                                   "code:saved:1", "case:::", "case:\udc00"])  # fmt: skip
def test_a_button_that_nobody_knows(inside: Visitor, press: str) -> None:
    before = inside.kept
    inside.presses(press)
    assert inside.texts == ["That button was for something earlier.\n\nIt is open here. What do you want to do?"]
    assert inside.kept == before
    inside.presses("case:leave", press)
    assert inside.texts == ["That button was for something earlier.\n\nThere is no report here."]
    assert inside.ways == ["report", "case:start", *WAYS_ON]


class TestWhatIsOpen:
    def test_it_is_shown_once_more_without_news(self, visitor: Visitor) -> None:
        def shown() -> list[str]:
            return [message.text for message in case_flow.show(visitor.speaker, visitor.form, visitor.kept)]

        assert shown() == ["There is no report here."]
        visitor.begins("?")
        assert shown() == [ASK]
        visitor.begins(ONE_SLIP)
        assert shown() == ["mapel? Did you mean **maple**?"]
        visitor.opens()
        assert shown() == ["It is open here. What do you want to do?"]
        visitor.presses("case:write")
        assert shown() == ["What do you want to add?"]
        visitor.says("one")
        assert shown() == ["There is something you did not send yet. More, or send it?"]
        visitor.presses("case:withdraw")
        assert shown() == ["Do you want to take your report back?"]
        visitor.presses("case:leave")
        assert shown() == ["There is no report here."]

    def test_nothing_to_show_again(self, visitor: Visitor) -> None:
        visitor.take(case_flow.again(visitor.speaker, visitor.form, visitor.kept, NOON))
        assert visitor.texts == ["There is no report here."]

    def test_a_wording_that_editors_took_out_since(self, inside: Visitor) -> None:
        inside.kept = replace(inside.kept, visit=replace(inside.visit, said="case-old"))
        inside.take(case_flow.again(inside.speaker, inside.form, inside.kept, NOON))
        assert inside.texts == ["It is open here. What do you want to do?"]

    def test_what_was_open_then_is_not_said_to_be_open_now(self, inside: Visitor) -> None:
        inside.presses("case:write").says("one")
        closed = replace(inside.kept, visit=inside.visit.closed())
        assert case_flow.again(inside.speaker, inside.form, closed, NOON).messages[0].text == "There is no report here."


def test_an_outcome_that_does_not_belong_is_a_failure(inside: Visitor) -> None:
    assert inside.gets(Filed(OTHER), ReadCase()).texts == [
        "That did not work. Nothing is lost. What do you want to do?"
    ]
    assert inside.gets(AdditionFiled(), FILE).texts == ["I could not send it. Nothing is lost."]
    assert inside.gets(AdditionFiled(), OpenCase(CODE)).texts == ["That did not work. Nothing is lost."]


def test_the_english_wording_fits(guidance: Guidance, shipped: ReportForm) -> None:
    visitor = Visitor(guidance, shipped).opens(view("c1", TeamReply("2026-11-22", "hi"), status=Status.WAITING))
    assert visitor.texts == [
        "The team is waiting for an answer. It may be from you, so please look at the replies.\n\n"
        "There is one reply from the team.\n\nWhat would you like to do?"
    ]
    assert visitor.labels == ["Read the replies", "Write more", "Take my report back", "I'm done for now"]
    assert visitor.presses("case:replies").gets(view("c1", TeamReply("2026-11-22", "hi"))).texts == [
        "From the team, 2 days ago:\n\nhi"
    ]
    assert visitor.presses("case:write").says("one").labels == ["Send it to the team", "Don't send it", "Go back"]
    assert visitor.says("don't send it").kept.additions == ()
