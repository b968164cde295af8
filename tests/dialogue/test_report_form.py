"""The report form, step by step, with the small form of the fixtures and the English one as it ships."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from safetybot.dialogue import report_form
from safetybot.dialogue.draft import Draft, DraftAnswer, FormState, Pending
from safetybot.dialogue.messages import Outgoing
from safetybot.dialogue.report_form import Effect, FormTurn
from safetybot.dialogue.report_form_path import asked, wording
from safetybot.dialogue.report_form_result import BYTES_MAX, FinishedForm, fits, to_report
from safetybot.dialogue.speaker import HELP_NOW, Speaker
from safetybot.formats.markdown import parse, plain
from safetybot.guidance.model import Guidance, Sign, Urgency
from safetybot.guidance.reader import read_content
from safetybot.guidance.report_form import Question, QuestionKind, ReportForm
from safetybot.guidance.yaml_source import read_source

TESTS = Path(__file__).parent.parent
DAY = dt.date(2026, 11, 24)


@pytest.fixture(scope="module")
def guidance() -> Guidance:
    return read_content(TESTS / "fixtures" / "content", today=DAY).require().languages["en"]


@pytest.fixture(scope="module")
def shipped() -> ReportForm:
    return ReportForm.model_validate(read_source(TESTS.parent / "content" / "en" / "report.yaml").data)


@dataclass
class Writer:
    """Somebody who fills in the form."""

    guidance: Guidance
    form: ReportForm
    turn: FormTurn

    @classmethod
    def begins(
        cls, guidance: Guidance, form: ReportForm | None = None, topic: str = "", channel: str = "terminal"
    ) -> Writer:
        form = form or guidance.report
        assert form is not None
        turn = report_form.start(
            Speaker(guidance),
            form,
            language="en",
            topic=guidance.topics[topic] if topic else None,
            day=DAY,
            minute=1000,
            channel=channel,
        )
        return cls(guidance, form, turn)

    @property
    def draft(self) -> Draft:
        assert self.turn.draft is not None
        return self.turn.draft

    @property
    def speaker(self) -> Speaker:
        return Speaker(self.guidance)

    @property
    def last(self) -> Outgoing:
        return self.turn.messages[-1]

    @property
    def shown(self) -> str:
        """All words on the screen."""
        return "\n\n".join(plain(parse(message.text)) for message in self.turn.messages)

    @property
    def presses(self) -> list[str]:
        return [button.press for row in self.last.buttons for button in row]

    @property
    def labels(self) -> list[str]:
        return [button.text for row in self.last.buttons for button in row]

    @property
    def report(self) -> FinishedForm:
        return to_report(self.form, self.draft)

    def says(self, *texts: str, sign: Sign = Sign.NONE) -> Writer:
        for text in texts:
            self.turn = report_form.text(self.speaker, self.form, self.draft, text, sign)
        return self

    def comes_again(self, text: str) -> Writer:
        before = self.draft
        self.turn = report_form.again(self.speaker, self.form, before, text)
        assert self.draft == before
        return self

    def presses_(self, *presses: str) -> Writer:
        for press in presses:
            self.turn = report_form.press(self.speaker, self.form, self.turn.draft, press)
        return self

    def answers_the_rest(self) -> Writer:
        """Skips all that can be skipped, up to the review."""
        while self.draft.state is FormState.ASKING:
            question = self.form.question(self.draft.at)
            assert question is not None
            if question.required and not self.draft.answer(question.id):
                self.says("it happened")
            self.presses_(f"rep:done:{question.id}")
        return self


@pytest.fixture
def writer(guidance: Guidance) -> Writer:
    return Writer.begins(guidance)


@pytest.fixture
def reviewing(writer: Writer) -> Writer:
    """All questions answered."""
    writer.presses_("rep:set:danger:no", "rep:done:reads", "rep:set:about:me").says("he *wants* pics", "and_money")
    writer.presses_("rep:done:story").says("snap")
    writer.presses_("rep:on:kind:threats", "rep:on:kind:other", "rep:done:kind").says("me@example.org")
    assert writer.draft.state is FormState.REVIEWING
    return writer


def told(report: FinishedForm) -> dict[str, str]:
    return {one.question: one.answer for one in (*report.answers, *report.contact)}


# --- Beginning -------------------------------------------------------------------------------------------------------


def test_danger_is_asked_first(writer: Writer) -> None:
    assert [message.text for message in writer.turn.messages] == [
        "You can report it here, without your name.",
        "Is anyone in danger right now?",
    ]
    assert writer.turn.messages[0].buttons == ()
    assert writer.labels == ["Yes", "No", "Not sure", "Skip", "Stop", "Help now"]


@pytest.mark.parametrize(
    ("channel", "words"), [("telegram", "Telegram can see this chat."), ("web", "can see this page")]
)
def test_the_channel_is_told_before_the_first_question(guidance: Guidance, channel: str, words: str) -> None:
    writer = Writer.begins(guidance, channel=channel)
    assert words in writer.turn.messages[0].text
    assert words not in Writer.begins(guidance).shown


def test_the_topic_it_came_from_is_chosen_already_and_can_be_changed(guidance: Guidance) -> None:
    writer = Writer.begins(guidance, topic="cyberbullying")
    assert writer.draft.topic == "cyberbullying"
    assert writer.draft.answers == {"about": DraftAnswer(("friend",)), "kind": DraftAnswer(("mean",))}
    writer.presses_("rep:done:danger", "rep:done:reads")
    assert "✓ A friend" in writer.labels
    assert "Go on" in writer.labels
    assert "Skip" not in writer.labels
    writer.answers_the_rest()
    assert told(writer.report) == {"about": "A friend", "story": "it happened", "kind": "Being mean"}
    writer.presses_("rep:edit:kind", "rep:off:kind:mean", "rep:done:kind")
    assert "kind" not in told(writer.report)


# --- Answering -------------------------------------------------------------------------------------------------------


def test_a_whole_report(reviewing: Writer) -> None:
    assert (reviewing.report.language, reviewing.report.urgency) == ("en", Urgency.HIGH)
    assert [(one.question, one.label, one.answer) for one in reviewing.report.answers] == [
        ("danger", "In danger now", "No"),
        ("about", "About", "Me"),
        ("story", "What happened", "he *wants* pics\n\nand_money"),
        ("where", "Where", "snap"),
        ("kind", "What kind", "Threats, Something else"),
    ]
    assert [(one.question, one.answer) for one in reviewing.report.contact] == [("contact", "me@example.org")]
    reviewing.presses_("rep:send")
    assert reviewing.turn.effect is Effect.SEND
    assert reviewing.draft.state is FormState.SENDING
    assert not reviewing.turn.messages
    assert json.loads(json.dumps(reviewing.report.to_dict()))["answers"][1]["choices"] == ["me"]


def test_everything_but_what_happened_can_be_skipped(writer: Writer) -> None:
    writer.presses_("rep:done:danger", "rep:done:reads", "rep:done:about")
    assert "Skip" not in writer.labels
    assert writer.labels == ["Stop", "Help now"]
    writer.presses_("rep:done:story")
    assert writer.draft.at == "story"
    assert "I need this one answer." in writer.shown
    writer.says("x").answers_the_rest()
    assert told(writer.report) == {"story": "x"}
    assert writer.report.urgency is Urgency.NORMAL


def test_what_happened_may_be_several_messages(writer: Writer) -> None:
    writer.presses_("rep:done:danger", "rep:done:reads", "rep:done:about").says("one")
    assert "I've kept that." in writer.shown
    assert writer.labels == ["That's all", "Stop", "Help now"]
    writer.says("two", "three")
    assert writer.draft.answer("story").words == ("one", "two", "three")
    assert writer.presses_("rep:done:story").draft.at == "where"


def test_words_that_come_again_are_said_to_be_kept_and_kept_once(writer: Writer) -> None:
    """Their answer may have been lost: the bare question would sound as if the words were, too."""
    writer.says("he came back").comes_again("he came back")
    assert "I've kept your words." in writer.shown
    writer.presses_("rep:done:danger").says("last week").comes_again("last week")
    assert "I've put that under “What happened”." in writer.shown
    assert "Only trained people read this." in writer.shown
    writer.presses_("rep:done:reads", "rep:done:about").says(" it *began* ").comes_again(" it *began* ")
    assert writer.shown == "I've kept that. Write more, or press the button."
    assert writer.draft.answer("story").words == ("last week", "it *began*")
    writer.presses_("rep:stop").comes_again("it *began*")
    assert writer.shown == "Do you want to stop and delete it?"


@pytest.mark.parametrize("typed", ["x" * 201, "no", ""])
def test_what_comes_again_and_is_not_kept_is_not_said_to_be(writer: Writer, typed: str) -> None:
    writer.presses_("rep:done:danger", "rep:done:reads", "rep:done:about").says("it").comes_again(typed)
    assert writer.shown == "What happened? A little is fine."


def test_an_answer_of_one_message_leads_on(writer: Writer) -> None:
    writer.presses_("rep:done:danger", "rep:done:reads", "rep:done:about").says("it").presses_("rep:done:story")
    writer.says("on snap")
    assert writer.draft.at == "kind"
    assert writer.draft.answer("where").words == ("on snap",)


@pytest.mark.parametrize(("choice", "urgency"), [("yes", Urgency.EMERGENCY), ("not-sure", Urgency.HIGH)])
def test_danger_shows_the_card_at_once_and_goes_on(writer: Writer, choice: str, urgency: Urgency) -> None:
    writer.presses_(f"rep:set:danger:{choice}")
    assert [message.urgent for message in writer.turn.messages] == [True, False]
    assert writer.draft.at == "reads"
    assert "If you are safe for the moment" in writer.last.text
    assert "Only trained people read this" not in writer.last.text
    assert writer.labels == ["Go on", "Stop", "Help now"]
    assert writer.report.urgency is urgency
    writer.presses_("rep:go-on")
    assert "Only trained people read this" in writer.last.text


def test_what_a_choice_says_stands_above_the_next_question(guidance: Guidance, shipped: ReportForm) -> None:
    writer = Writer.begins(guidance, shipped)
    writer.presses_("rep:set:danger:no", "rep:set:safe-here:no")
    assert "/hide" not in writer.last.text  # it was not open: another answer is changed, no way is led
    writer.draft.answered("safe-here", DraftAnswer())
    for question in ("who-reads", "about"):
        writer.presses_(f"rep:done:{question}")
    writer.says("he is mean").presses_("rep:done:what-happened")
    while writer.draft.at != "safe-here":
        writer.presses_(f"rep:done:{writer.draft.at}")
    writer.presses_("rep:set:safe-here:no")
    assert writer.draft.at == "contact"
    assert "/hide" in writer.last.text


@pytest.mark.parametrize(("typed", "skips"), [("no thanks", True), ("No.", True), ("no one knows his name", False)])
def test_words_for_skip_skip(guidance: Guidance, shipped: ReportForm, typed: str, skips: bool) -> None:
    writer = Writer.begins(guidance, shipped)
    writer.presses_("rep:set:danger:no", "rep:done:who-reads", "rep:set:about:me")
    writer.says("it").presses_("rep:done:what-happened")
    writer.says(typed)
    assert writer.draft.at == "who"
    assert bool(writer.draft.answer("where")) is not skips


def test_ok_goes_on_from_what_is_only_to_read(guidance: Guidance, shipped: ReportForm) -> None:
    writer = Writer.begins(guidance, shipped)
    writer.presses_("rep:set:danger:no").says("ok")
    assert writer.draft.at == "about"
    assert not writer.draft.answer("what-happened")


def test_no_danger_shows_no_card(writer: Writer) -> None:
    writer.presses_("rep:set:danger:no")
    assert [message.urgent for message in writer.turn.messages] == [False]
    assert writer.report.urgency is Urgency.NORMAL


def test_buttons_that_are_urgent_make_the_report_urgent_while_they_are_chosen(reviewing: Writer) -> None:
    assert reviewing.report.urgency is Urgency.HIGH
    reviewing.presses_("rep:edit:kind", "rep:off:kind:threats")
    assert reviewing.report.urgency is Urgency.NORMAL


def test_several_buttons_are_shown_with_what_is_chosen(writer: Writer) -> None:
    writer.presses_("rep:done:danger", "rep:done:reads", "rep:done:about").says("it")
    writer.presses_("rep:done:story", "rep:done:where", "rep:on:kind:other", "rep:on:kind:threats")
    assert "So far: Threats, Something else. Anything else?" in writer.shown
    assert writer.labels[:4] == ["✓ Threats", "Being mean", "✓ Something else", "Done"]
    writer.presses_("rep:on:kind:threats")  # pressed twice
    assert writer.draft.answer("kind").choices == ("threats", "other")
    writer.presses_("rep:off:kind:threats", "rep:off:kind:other", "rep:off:kind:other")
    assert "What kind of thing was it?" in writer.shown
    assert "kind" not in writer.draft.answers


def test_buttons_are_of_one_size(guidance: Guidance, shipped: ReportForm) -> None:
    writer = Writer.begins(guidance, shipped)
    while writer.draft.state is FormState.ASKING:
        rows = writer.last.buttons[:-1]
        skip_row = next(row for row in rows if any(button.text in ("Skip", "Stop") for button in row))
        assert len(skip_row) == max(map(len, rows)) or len(rows[-1]) == 1
        question = shipped.question(writer.draft.at)
        assert question is not None
        if question.required:
            writer.says("it")
        writer.presses_(f"rep:done:{question.id}")


# --- Words where buttons are shown -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "choice"), [("no", "no"), ("NO!", "no"), ("sure", "not-sure"), ("u sure no", None)])
def test_typing_a_buttons_words_is_pressing_it(writer: Writer, typed: str, choice: str | None) -> None:
    writer.says(typed)
    assert writer.draft.answer("danger").choices == ((choice,) if choice else ())
    assert writer.draft.answer("danger").words == (() if choice else (typed,))


def test_some_words_of_a_choice_are_enough_where_only_one_has_them(writer: Writer) -> None:
    writer.presses_("rep:done:danger", "rep:done:reads").says("friend")
    assert writer.draft.answer("about") == DraftAnswer(("friend",))
    assert writer.draft.at == "story"


def test_words_of_two_buttons_choose_neither(guidance: Guidance, shipped: ReportForm) -> None:
    writer = Writer.begins(guidance, shipped)
    writer.turn = FormTurn(writer.turn.messages, replace(writer.draft, at="meet"))
    assert "Yes, today" in Writer(guidance, shipped, report_form.show(writer.speaker, shipped, writer.draft)).labels
    writer.says("yes")
    assert writer.draft.answer("meet") == DraftAnswer((), ("yes",))
    assert writer.says("yes, today!").draft.answer("meet") == DraftAnswer(("today",), ("yes",))
    assert writer.turn.messages[0].urgent


def test_slang_is_understood(guidance: Guidance) -> None:
    slang = {**guidance.slang, "nah": "no"}
    writer = Writer.begins(guidance.model_copy(update={"slang": slang})).says("nah")
    assert writer.draft.answer("danger") == DraftAnswer(("no",))


def test_typed_twice_a_choice_stays_chosen(guidance: Guidance) -> None:
    writer = Writer.begins(guidance)
    writer.presses_("rep:done:danger", "rep:done:reads", "rep:done:about").says("it")
    writer.presses_("rep:done:story", "rep:done:where").says("threats", "threats")
    assert writer.draft.answer("kind") == DraftAnswer(("threats",))


def test_words_that_begin_with_a_choice_that_shows_the_card_show_it(writer: Writer) -> None:
    writer.says("Yes he is outside")
    assert writer.turn.messages[0].urgent
    assert writer.draft.answer("danger") == DraftAnswer(("yes",), ("Yes he is outside",))
    assert writer.draft.at == "reads"


def test_no_idea_is_not_no(writer: Writer) -> None:
    writer.says("no idea")
    assert writer.draft.at == "danger"
    assert writer.draft.answer("danger") == DraftAnswer((), ("no idea",))
    assert "I've kept your words." in writer.shown
    assert writer.labels == ["Yes", "No", "Not sure", "Go on", "Stop", "Help now"]
    writer.presses_("rep:set:danger:no")
    assert writer.draft.answer("danger") == DraftAnswer(("no",), ("no idea",))


def test_words_where_nothing_is_asked_go_to_what_happened(writer: Writer) -> None:
    writer.presses_("rep:set:danger:no").says("he won't stop")
    assert writer.draft.at == "reads"
    assert "I've put that under “What happened”." in writer.shown
    assert writer.draft.answer("story").words == ("he won't stop",)


def test_many_words_beside_buttons_go_to_what_happened(guidance: Guidance) -> None:
    form = guidance.report
    assert form is not None
    questions = tuple(replace_limit(question, 5) for question in form.questions)
    writer = Writer.begins(guidance, form.model_copy(update={"questions": questions})).says("she is my sister")
    assert writer.draft.answers == {"story": DraftAnswer((), ("she is my sister",))}
    assert writer.draft.at == "danger"


def replace_limit(question: Question, limit: int) -> Question:
    return question if question.kind is QuestionKind.TEXT else question.model_copy(update={"limit": limit})


def test_words_in_the_review_go_to_what_happened(reviewing: Writer) -> None:
    reviewing.says("and one thing more")
    assert reviewing.draft.answer("story").words[-1] == "and one thing more"
    assert reviewing.draft.state is FormState.REVIEWING
    assert "and one thing more" not in reviewing.shown


# --- Limits ----------------------------------------------------------------------------------------------------------


def test_too_long_is_said_and_not_kept(writer: Writer) -> None:
    writer.presses_("rep:done:danger", "rep:done:reads", "rep:done:about").says("a" * 90, "b" * 150)
    assert "so I have not kept it. 108 letters fit." in writer.shown
    assert writer.draft.answer("story").words == ("a" * 90,)
    writer.says("c" * 108)
    assert writer.draft.answer("story").words == ("a" * 90, "c" * 108)
    writer.says("d")
    assert "The report is full" in writer.shown
    assert writer.draft.answer("story").words == ("a" * 90, "c" * 108)
    assert writer.presses_("rep:done:story").draft.at == "where"


def test_what_an_envelope_cannot_hold_is_said_and_not_kept(guidance: Guidance, shipped: ReportForm) -> None:
    writer = Writer.begins(guidance, shipped).presses_("rep:set:danger:no", "rep:done:who-reads", "rep:set:about:me")
    writer.says("😰" * 3000)
    assert writer.draft.answer("what-happened").words == ("😰" * 3000,)
    writer.says("😞" * 2000)
    assert len(writer.draft.answer("what-happened").words) == 1
    assert "There is no more room here" in writer.shown
    assert fits(shipped, writer.draft)
    assert len(json.dumps(writer.report.to_dict(), ensure_ascii=False).encode()) < BYTES_MAX + 1000


def test_the_largest_report_fits_an_envelope(guidance: Guidance, shipped: ReportForm) -> None:
    writer = Writer.begins(guidance, shipped)
    while writer.draft.state is FormState.ASKING:
        question = shipped.question(writer.draft.at)
        assert question is not None
        for choice in question.choices if question.kind is QuestionKind.CHOICES else ():
            writer.presses_(f"rep:on:{question.id}:{choice.id}")
        if question.kind is not QuestionKind.INFO:
            writer.says(*["“" * min(question.characters, 2000)] * (3 if question.several else 1))
        if question.kind is QuestionKind.CHOICE:
            writer.presses_(f"rep:set:{question.id}:{question.choices[-1].id}")
        else:
            writer.presses_(f"rep:done:{question.id}")
    assert len(json.dumps(writer.report.to_dict(), ensure_ascii=False).encode()) < 16 * 1024 - 256


@pytest.mark.parametrize("text", ["", "   \n", "\ud800", "\x00", "`" * 50, "{label}", "%s", "**x** [y](z.example)"])
def test_odd_texts(writer: Writer, text: str) -> None:
    writer.presses_("rep:done:danger", "rep:done:reads", "rep:done:about").says(text)
    kept = writer.draft.answer("story").words
    assert kept == ((text.replace("\ud800", "?"),) if text.strip() else ())
    assert Draft.from_json(writer.draft.to_json()) == writer.draft
    writer.answers_the_rest()
    if kept and kept[0].isprintable():
        assert kept[0] in writer.shown


# --- Danger in own words ---------------------------------------------------------------------------------------------


def test_an_emergency_shows_the_card_first_and_loses_nothing(writer: Writer) -> None:
    writer.presses_("rep:set:danger:no", "rep:done:reads", "rep:done:about").says("he is here", sign=Sign.EMERGENCY)
    assert [message.urgent for message in writer.turn.messages] == [True, False]
    assert writer.draft.at == "story"
    assert writer.draft.answer("story").words == ("he is here",)
    assert writer.report.urgency is Urgency.EMERGENCY


def test_a_check_asks_once_whether_they_are_safe(writer: Writer) -> None:
    writer.presses_("rep:set:danger:no", "rep:done:reads", "rep:done:about").says("he hits me", sign=Sign.CHECK)
    assert writer.turn.messages[0].text == "Are you safe right now?"
    assert len(writer.turn.messages) == 2
    assert writer.report.urgency is Urgency.HIGH
    writer.says("often", sign=Sign.CHECK)
    assert len(writer.turn.messages) == 1


def test_a_check_is_not_asked_of_those_who_saw_the_card(writer: Writer) -> None:
    writer.presses_("rep:set:danger:yes", "rep:done:reads", "rep:done:about").says("he hits me", sign=Sign.CHECK)
    assert len(writer.turn.messages) == 1


def test_a_grave_sign_stays_though_the_words_are_removed(reviewing: Writer) -> None:
    reviewing.presses_("rep:edit:where").says("i am at his house", sign=Sign.EMERGENCY)
    assert reviewing.turn.messages[0].urgent
    reviewing.presses_("rep:remove:where")
    assert reviewing.report.urgency is Urgency.EMERGENCY


# --- Branches --------------------------------------------------------------------------------------------------------


def test_parents_get_their_own_words_and_questions(writer: Writer) -> None:
    writer.presses_("rep:set:danger:no", "rep:done:reads", "rep:set:about:parent")
    assert writer.last.text == "Please describe what happened."
    writer.says("it").presses_("rep:done:story", "rep:done:where")
    assert writer.draft.at == "safe-child"


def test_an_answer_of_a_branch_that_is_left_is_not_sent_and_comes_back(writer: Writer) -> None:
    writer.presses_("rep:set:danger:no", "rep:done:reads", "rep:set:about:parent").says("it")
    writer.presses_("rep:done:story", "rep:done:where", "rep:set:safe-child:no").answers_the_rest()
    assert writer.report.urgency is Urgency.HIGH
    writer.presses_("rep:edit:about", "rep:set:about:me")
    assert "safe-child" not in told(writer.report)
    assert writer.report.urgency is Urgency.NORMAL
    assert "Child safe now" not in writer.shown
    writer.presses_("rep:edit:about", "rep:set:about:parent")
    assert told(writer.report)["safe-child"] == "No"


@pytest.mark.parametrize("which", ["small", "shipped"])
def test_every_question_and_every_wording_can_be_reached(guidance: Guidance, shipped: ReportForm, which: str) -> None:
    form = shipped if which == "shipped" else guidance.report
    assert form is not None
    about = form.question("about")
    assert about is not None
    seen = set()
    for choice in (*about.choices, None):
        writer = Writer.begins(guidance, form)
        while writer.draft.state is FormState.ASKING:
            question = form.question(writer.draft.at)
            assert question is not None
            assert question in asked(form, writer.draft)
            seen.add(wording(form, writer.draft, question))
            if question == about and choice:
                writer.presses_(f"rep:set:about:{choice.id}")
                continue
            if question.required:
                writer.says("it")
            writer.presses_(f"rep:done:{question.id}")
    assert seen == {
        ask for question in form.questions for ask in (question.ask, *(one.ask for one in question.instead))
    }


# --- Old buttons -----------------------------------------------------------------------------------------------------


def test_a_button_pressed_twice_does_no_harm(writer: Writer) -> None:
    writer.presses_("rep:set:danger:no")
    before = writer.draft
    writer.presses_("rep:set:danger:no")
    assert writer.draft == before
    assert writer.last.text == "Only trained people read this. I can't promise to keep it secret."
    writer.presses_("rep:done:reads", "rep:done:reads", "rep:done:danger")
    assert writer.draft.at == "about"


def test_a_button_of_an_earlier_question_changes_that_answer(writer: Writer) -> None:
    writer.presses_("rep:set:danger:no", "rep:done:reads", "rep:set:about:me", "rep:set:about:parent")
    assert writer.draft.answer("about").choices == ("parent",)
    assert writer.draft.at == "story"
    assert "I've changed your answer to “About”." in writer.shown
    assert "Please describe what happened." in writer.shown


def test_danger_pressed_later_shows_the_card(reviewing: Writer) -> None:
    reviewing.presses_("rep:set:danger:yes")
    assert reviewing.turn.messages[0].urgent
    assert reviewing.report.urgency is Urgency.EMERGENCY
    assert reviewing.draft.state is FormState.REVIEWING


def test_an_earlier_answer_may_close_the_open_question(writer: Writer) -> None:
    writer.presses_("rep:set:danger:no", "rep:done:reads", "rep:set:about:parent").says("it")
    writer.presses_("rep:done:story", "rep:done:where")
    assert writer.draft.at == "safe-child"
    assert writer.presses_("rep:set:about:me").draft.at == "kind"


@pytest.mark.parametrize(
    "press",
    ["rep:set:danger:perhaps", "rep:set:gone:yes", "rep:on:danger:yes", "rep:set:kind:mean", "rep:edit:reads",
     "rep:edit:story", "rep:remove:danger", "rep:look", "rep:change", "rep:send", "rep:nonsense", "rep:", "rep",
     "rep:set:safe-child:yes", "rep:edit:gone", "rep:set:danger", "rep:set:danger:yes:yes", "rep:stop:now"],
)  # fmt: skip
def test_a_button_that_is_not_of_this_place_changes_nothing(writer: Writer, press: str) -> None:
    writer.presses_("rep:set:danger:no", "rep:done:reads")
    before = writer.draft
    writer.presses_(press)
    assert replace(writer.draft, pending=Pending.NOTHING) == before
    assert writer.turn.effect is Effect.NONE
    assert writer.turn.messages


def test_a_button_of_the_form_without_a_report(guidance: Guidance) -> None:
    assert guidance.report is not None
    for press in ("rep:send", "rep:set:danger:yes", "rep:delete"):
        turn = report_form.press(Speaker(guidance), guidance.report, None, press)
        assert turn.messages[0].text == "There is no report here."
        assert turn.draft is None
        assert "report" in [button.press for row in turn.messages[0].buttons for button in row]


# --- Looking it over -------------------------------------------------------------------------------------------------


def test_the_review_shows_every_answer_as_typed(reviewing: Writer) -> None:
    reviewing.presses_("rep:look")
    for words in ("he *wants* pics", "and_money", "snap", "Threats, Something else", "me@example.org", "About\nMe"):
        assert words in reviewing.shown
    assert reviewing.labels == ["Send it", "Change something", "Stop", "Help now"]


def test_every_answer_can_be_changed(reviewing: Writer) -> None:
    reviewing.presses_("rep:change")
    edits = [press for press in reviewing.presses if press.startswith("rep:edit:")]
    assert edits == [f"rep:edit:{id_}" for id_ in ("danger", "about", "story", "where", "kind", "contact")]
    reviewing.presses_("rep:edit:where")
    assert "You said: snap" in reviewing.shown
    assert reviewing.labels == ["Keep it", "Remove it", "Stop", "Help now"]
    reviewing.says("discord")
    assert reviewing.draft.state is FormState.REVIEWING
    assert told(reviewing.report)["where"] == "discord"
    reviewing.presses_("rep:edit:about", "rep:set:about:friend")
    assert reviewing.draft.state is FormState.REVIEWING
    assert told(reviewing.report)["about"] == "A friend"
    reviewing.presses_("rep:edit:story")
    assert "You said: he *wants* pics\n\nand_money" in reviewing.shown
    reviewing.says("and more")
    assert reviewing.draft.state is FormState.EDITING
    reviewing.presses_("rep:done:story")
    assert told(reviewing.report)["story"] == "he *wants* pics\n\nand_money\n\nand more"


def test_an_answer_left_as_it_is(reviewing: Writer) -> None:
    before = reviewing.report
    reviewing.presses_("rep:edit:where", "rep:done:where", "rep:edit:kind", "rep:done:kind", "rep:change", "rep:look")
    assert reviewing.report == before
    assert reviewing.draft.state is FormState.REVIEWING


def test_a_skipped_answer_can_be_given_in_the_review(writer: Writer) -> None:
    writer.answers_the_rest().presses_("rep:change", "rep:edit:where")
    assert writer.labels == ["Back", "Stop", "Help now"]
    writer.says("snap")
    assert told(writer.report)["where"] == "snap"


def test_an_answer_can_be_removed(reviewing: Writer) -> None:
    reviewing.presses_("rep:edit:contact", "rep:remove:contact")
    assert reviewing.report.contact == ()
    assert reviewing.draft.state is FormState.REVIEWING
    assert "I've removed “How to reach you”." in reviewing.shown
    assert "me@example.org" not in reviewing.shown
    reviewing.presses_("rep:remove:contact")
    assert "I've removed" not in reviewing.shown


def test_it_is_not_sent_without_what_happened(reviewing: Writer) -> None:
    reviewing.presses_("rep:edit:story", "rep:remove:story")
    assert "“What happened” is still needed." in reviewing.shown
    assert "rep:send" not in reviewing.presses
    assert "rep:edit:story" in reviewing.presses
    reviewing.presses_("rep:send")
    assert reviewing.turn.effect is Effect.NONE
    assert (reviewing.draft.state, reviewing.draft.at) == (FormState.EDITING, "story")
    reviewing.says("it").presses_("rep:done:story", "rep:send")
    assert reviewing.turn.effect is Effect.SEND


def test_what_could_not_be_filed_can_be_sent_again(reviewing: Writer) -> None:
    reviewing.presses_("rep:send")
    again = report_form.show(reviewing.speaker, reviewing.form, reviewing.draft)
    assert "You can send it now." in again.messages[0].text
    reviewing.presses_("rep:send")
    assert reviewing.turn.effect is Effect.SEND


# --- Stopping, and coming back after a break -------------------------------------------------------------------------


def test_stop_asks_once_and_then_deletes(reviewing: Writer) -> None:
    reviewing.presses_("rep:stop")
    assert reviewing.labels == ["Yes, delete it", "No, go on", "Help now"]
    assert reviewing.draft.pending is Pending.STOP
    reviewing.presses_("rep:delete")
    assert reviewing.turn.draft is None
    assert reviewing.turn.messages[0].text == "It is deleted."
    assert reviewing.turn.effect is Effect.NONE


def test_stop_and_go_on(writer: Writer) -> None:
    before = writer.draft
    writer.turn = report_form.ask_stop(writer.speaker, writer.form, writer.draft)
    writer.presses_("rep:go-on")
    assert writer.draft == before
    assert writer.last.text == "Is anyone in danger right now?"


@pytest.mark.parametrize("press", ["rep:delete", "rep:discard"])
def test_an_old_button_does_not_delete(writer: Writer, press: str) -> None:
    writer.presses_(press)
    assert writer.draft.pending is Pending.STOP
    assert writer.last.text == "Do you want to stop and delete it?"


def test_another_button_while_stop_is_asked_goes_on(writer: Writer) -> None:
    writer.presses_("rep:stop", "rep:set:danger:no")
    assert writer.draft.pending is Pending.NOTHING
    assert writer.draft.at == "reads"


def test_words_while_stop_is_asked(writer: Writer) -> None:
    writer.presses_("rep:stop").says("he said hi")
    assert "I have not kept that." in writer.shown
    assert writer.draft.pending is Pending.STOP
    assert writer.draft.answers == {}
    assert writer.says("yes").turn.draft is None


def test_after_a_break_nothing_is_shown_before_they_are_asked(reviewing: Writer) -> None:
    assert not reviewing.draft.is_stale(1029)
    assert reviewing.draft.is_stale(1030)
    reviewing.turn = report_form.ask_resume(reviewing.speaker, reviewing.form, reviewing.draft)
    assert reviewing.draft.is_stale(1000)
    assert reviewing.labels == ["Go on with it", "Throw it away", "Help now"]
    shown = reviewing.shown + reviewing.presses_("rep:go-on").shown
    for words in ("wants", "money", "snap", "example", "Threats"):
        assert words not in shown
    assert not reviewing.draft.is_stale(1001)
    assert reviewing.labels == ["See my answers", "Send it", "Change something", "Stop", "Help now"]


def test_after_a_break_it_can_be_thrown_away(reviewing: Writer) -> None:
    reviewing.turn = report_form.ask_resume(reviewing.speaker, reviewing.form, reviewing.draft)
    assert reviewing.presses_("rep:discard").turn.draft is None


def test_a_question_that_editors_deleted(guidance: Guidance, writer: Writer) -> None:
    gone = replace(
        writer.draft, at="gone", answers={"danger": DraftAnswer(("no", "gone")), "old": DraftAnswer((), ("x",))}
    )
    turn = report_form.show(Speaker(guidance), writer.form, gone)
    assert turn.messages[0].text == "Who is it about?"
    assert told(to_report(writer.form, gone)) == {"danger": "No"}
    editing = report_form.show(Speaker(guidance), writer.form, replace(gone, state=FormState.EDITING))
    assert editing.draft is not None
    assert editing.draft.state is FormState.REVIEWING
    assert "“What happened” is still needed." in editing.messages[0].text
    all_answered = {id_: DraftAnswer((), ("x",)) for id_ in ("danger", "about", "story", "where", "kind", "contact")}
    done = report_form.show(Speaker(guidance), writer.form, replace(gone, answers=all_answered))
    assert done.draft is not None
    assert done.draft.state is FormState.REVIEWING


# --- Every message ---------------------------------------------------------------------------------------------------


def fitting(messages: Iterable[Outgoing]) -> None:
    """What holds of every message, whatever happened."""
    for message in messages:
        assert message.text.strip()
        buttons = [button for row in message.buttons for button in row]
        assert all(0 < len(button.text) <= 30 for button in buttons)
        assert all(len(button.press.encode()) <= 64 for button in buttons)
        assert message.urgent or not buttons or buttons[-1].press == HELP_NOW


def test_every_screen_of_the_shipped_form_fits(guidance: Guidance, shipped: ReportForm) -> None:
    writer = Writer.begins(guidance, shipped)
    while writer.draft.state is FormState.ASKING:
        question = shipped.question(writer.draft.at)
        assert question is not None
        fitting(writer.turn.messages)
        for choice in question.choices:
            verb = "set" if question.kind is QuestionKind.CHOICE else "on"
            fitting(
                report_form.press(
                    writer.speaker, shipped, writer.draft, f"rep:{verb}:{question.id}:{choice.id}"
                ).messages
            )
        writer.says("a word")
        fitting(writer.turn.messages)
        writer.presses_(f"rep:done:{question.id}")
    for press in ("rep:look", "rep:change", *(f"rep:edit:{question.id}" for question in shipped.questions), "rep:stop"):
        fitting(writer.presses_(press).turn.messages)
