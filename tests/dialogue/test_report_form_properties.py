"""Whatever somebody does with the form, in any order, with restarts in between: it answers, loses nothing, and what is
sent is what was answered last."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from safetybot.dialogue import report_form
from safetybot.dialogue.draft import Draft, DraftAnswer, FormState, Pending
from safetybot.dialogue.report_form import Effect, FormTurn
from safetybot.dialogue.report_form_result import to_report
from safetybot.dialogue.report_form_typed import card_meant
from safetybot.dialogue.speaker import HELP_NOW, Speaker
from safetybot.guidance.model import Guidance, Sign
from safetybot.guidance.reader import read_content
from safetybot.guidance.report_form import QuestionKind, ReportForm
from safetybot.guidance.yaml_source import read_source

TESTS = Path(__file__).parent.parent
DAY = dt.date(2026, 11, 24)
GUIDANCE: Guidance = read_content(TESTS / "fixtures" / "content", today=DAY).require().languages["en"]
SHIPPED = ReportForm.model_validate(read_source(TESTS.parent / "content" / "en" / "report.yaml").data)
assert GUIDANCE.report is not None
FORMS: dict[str, ReportForm] = {"small": GUIDANCE.report, "shipped": SHIPPED}

ADULTS = {"parent", "professional"}
ONLY_ADULTS = {"safe-child", "child-safe"}
"""Questions of these two forms that only adults are asked: said here once more, apart from the program."""

PRESSES = {
    name: [
        press
        for question in form.questions
        for press in (
            f"rep:done:{question.id}", f"rep:edit:{question.id}", f"rep:remove:{question.id}",
            *(f"rep:{verb}:{question.id}:{choice.id}" for choice in question.choices for verb in ("set", "on", "off")),
        )
    ] + ["rep:stop", "rep:delete", "rep:discard", "rep:go-on", "rep:look", "rep:change", "rep:send", "rep:x", "rep:"]
    for name, form in FORMS.items()
}  # fmt: skip


BEGINNINGS = st.one_of(st.text(max_size=4), st.sampled_from(["yes", "YES", "no", "Yes, right now"]))
"""Some of them are a button's words."""


class Filling(RuleBasedStateMachine):
    """Somebody, and beside them what they last answered, kept in the plainest way."""

    @initialize(
        name=st.sampled_from(sorted(FORMS)),
        topic=st.sampled_from(["", "sextortion", "cyberbullying"]),
        ahead=st.integers(0, 16),
    )
    def begin(self, name: str, topic: str, ahead: int) -> None:
        """Somewhere in the form, most of it skipped; from 16 questions on, in the review."""
        self.start(name, topic)
        for _ in range(ahead):
            if self.draft.state is FormState.ASKING:
                if self.draft.at == self.form.story.id:
                    self.type_words(0, Sign.NONE, "")
                self.press(f"rep:done:{self.draft.at}")

    def start(self, name: str, topic: str) -> None:
        self.name, self.form, self.speaker = name, FORMS[name], Speaker(GUIDANCE)
        self.count = 0
        self.all_words: set[str] = set()
        self.turn = report_form.start(
            self.speaker,
            self.form,
            language="en",
            topic=GUIDANCE.topics[topic] if topic else None,
            day=DAY,
            minute=7,
            channel="telegram",
        )
        assert self.turn.draft is not None
        self.draft: Draft = self.turn.draft
        self.answers: dict[str, DraftAnswer] = dict(self.draft.answers)

    # --- What they do ----------------------------------------------------------------------------------------------

    @rule(data=st.data())
    def press_what_is_shown(self, data: st.DataObject) -> None:
        shown = [button.press for message in self.turn.messages for row in message.buttons for button in row]
        mine = [press for press in shown if press.startswith("rep:")]
        if mine:
            self.press(data.draw(st.sampled_from(mine)))

    @rule(data=st.data())
    def press_anything(self, data: st.DataObject) -> None:
        self.press(data.draw(st.sampled_from(PRESSES[self.name])))

    @rule(data=st.data())
    def press_one_twice(self, data: st.DataObject) -> None:
        press = data.draw(st.sampled_from([press for press in PRESSES[self.name] if not press.endswith(":stop")]))
        self.press(press)
        once = self.draft
        self.press(press)
        assert self.draft == once or press in ("rep:delete", "rep:discard")

    @rule(long=st.sampled_from([0, 0, 0, 40, 60, 220, 3000]), sign=st.sampled_from(Sign), odd=BEGINNINGS)
    def type_something(self, long: int, sign: Sign, odd: str) -> None:
        self.type_words(long, sign, odd)

    def type_words(self, long: int, sign: Sign, odd: str) -> None:
        self.count += 1
        # A number that no button has, so that no button is meant.
        typed = f"{odd} 777{self.count} {'z' * long}".strip()
        self.all_words.add(f"777{self.count}")
        before = self.draft
        turn = report_form.text(self.speaker, self.form, before, typed, sign)
        self.take(turn)
        opened = before.at if before.state in (FormState.ASKING, FormState.EDITING) else ""
        meant = self.expect_meant(typed, opened, before)
        assert turn.messages[0].urgent is (sign is Sign.EMERGENCY or meant)
        after = {id_: answer for id_, answer in self.draft.answers.items() if answer != self.answers.get(id_)}
        said = "\n".join(message.text for message in turn.messages)
        refusals = ("not kept", "full", "**not** kept")
        if not after:
            assert any(words in said for words in refusals), said
            return
        assert len(after) == 1
        ((id_, answer),) = after.items()
        question = self.form.question(id_)
        assert question is not None
        old = self.answers.get(id_, DraftAnswer())
        if question.kind is QuestionKind.TEXT and not question.several:
            assert answer.words == (typed,)
        else:
            assert answer.words == (*old.words, typed)
        assert answer.choices == old.choices
        assert id_ in (opened, self.form.story.id)
        self.answers[id_] = answer

    def expect_meant(self, typed: str, opened: str, before: Draft) -> bool:
        """Notes that words which begin with a choice that shows the card choose it, too; whether these do."""
        question = self.form.question(opened)
        if question is None or before.pending is not Pending.NOTHING:
            return False
        meant = card_meant(typed, question, GUIDANCE.slang)
        if meant is None:
            return False
        old = self.answers.get(opened, DraftAnswer())
        chosen = {meant.id} if question.kind is QuestionKind.CHOICE else {*old.choices, meant.id}
        in_order = tuple(each.id for each in question.choices if each.id in chosen)
        self.answers[opened] = replace(old, choices=in_order)
        return True

    @rule()
    def stop_command(self) -> None:
        self.take(report_form.ask_stop(self.speaker, self.form, self.draft))
        assert self.draft.pending is Pending.STOP

    @rule()
    def come_back_after_a_break(self) -> None:
        turn = report_form.ask_resume(self.speaker, self.form, self.draft)
        self.take(turn)
        text = turn.messages[0].text
        on = report_form.press(self.speaker, self.form, self.draft, "rep:go-on")
        assert not any(words in shown for words in self.all_words for shown in (text, on.messages[0].text))

    @rule()
    def restart(self) -> None:
        self.draft = Draft.from_json(self.draft.to_json())
        shown = report_form.show(self.speaker, self.form, self.draft)
        assert not any(words in message.text for words in self.all_words for message in shown.messages)

    @precondition(lambda self: self.draft.state is not FormState.ASKING)
    @rule()
    def look(self) -> None:
        self.press("rep:look")
        said = self.turn.messages[0].text
        for id_, answer in self.expected().items():
            question = self.form.question(id_)
            assert question is not None
            assert f"**{question.label}**" in said
            chosen = [choice.button for choice in question.choices if choice.id in answer.choices]
            assert all(words in said.replace("\\", "") for words in chosen)

    @rule(again=st.booleans())
    def take_the_story_away_and_send(self, again: bool) -> None:
        self.press(f"rep:remove:{self.form.story.id}")
        if again:
            self.type_words(0, Sign.NONE, "")
        self.press("rep:send")

    # --- How it is followed ----------------------------------------------------------------------------------------

    def press(self, press: str) -> None:
        before = self.draft
        turn = report_form.press(self.speaker, self.form, before, press)
        if turn.draft is None:
            wanted = {"rep:delete": Pending.STOP, "rep:discard": Pending.RESUME}
            assert wanted[press] is before.pending
            self.start(self.name, "")
            return
        self.expect(press, before)
        self.take(turn)
        assert (turn.effect is Effect.SEND) == self.can_send(press, before)

    def can_send(self, press: str, before: Draft) -> bool:
        return press == "rep:send" and before.state is not FormState.ASKING and self.form.story.id in self.answers

    def expect(self, press: str, before: Draft) -> None:
        """What a press makes of the answers."""
        match press.split(":")[1:]:
            case [("set" | "on" | "off") as verb, id_, choice]:
                question = self.form.question(id_)
                assert question is not None
                if id_ not in self.asked() or (verb == "set") is not (question.kind is QuestionKind.CHOICE):
                    return
                old = self.answers.get(id_, DraftAnswer())
                if verb == "set":
                    chosen = {choice}
                else:
                    chosen = set(old.choices) | {choice} if verb == "on" else set(old.choices) - {choice}
                order = tuple(each.id for each in question.choices if each.id in chosen)
                self.remember(id_, DraftAnswer(order, old.words))
            case ["remove", id_] if before.state is not FormState.ASKING and id_ in self.asked():
                self.remember(id_, DraftAnswer())

    def remember(self, id_: str, answer: DraftAnswer) -> None:
        self.answers.pop(id_, None)
        if answer:
            self.answers[id_] = answer

    def asked(self) -> set[str]:
        adult = set(self.answers.get("about", DraftAnswer()).choices) & ADULTS
        return {question.id for question in self.form.questions if adult or question.id not in ONLY_ADULTS}

    def expected(self) -> dict[str, DraftAnswer]:
        return {id_: answer for id_, answer in self.answers.items() if id_ in self.asked()}

    def take(self, turn: FormTurn) -> None:
        assert turn.draft is not None
        self.turn, self.draft = turn, turn.draft

    # --- What always holds -----------------------------------------------------------------------------------------

    @invariant()
    def the_answers_are_those_last_given(self) -> None:
        assert self.draft.answers == self.answers

    @invariant()
    def the_report_holds_exactly_them(self) -> None:
        report = to_report(self.form, self.draft)
        told = [*report.answers, *report.contact]
        assert {one.question: (one.choices, one.words) for one in told} == {
            id_: (answer.choices, "\n\n".join(answer.words)) for id_, answer in self.expected().items()
        }
        assert [one.question for one in report.contact] == [id_ for id_ in ("contact",) if id_ in self.expected()]
        order = [question.id for question in self.form.questions]
        assert [order.index(one.question) for one in report.answers] == sorted(
            order.index(one.question) for one in report.answers
        )

    @invariant()
    def the_open_question_is_asked_of_them(self) -> None:
        if self.draft.state in (FormState.ASKING, FormState.EDITING):
            assert self.draft.at in self.asked()

    @invariant()
    def the_draft_survives_a_restart(self) -> None:
        assert Draft.from_json(self.draft.to_json()) == self.draft

    @invariant()
    def there_is_always_a_message_with_help_in_it(self) -> None:
        assert self.turn.messages or self.turn.effect is Effect.SEND
        for message in self.turn.messages:
            assert message.text.strip()
            buttons = [button for row in message.buttons for button in row]
            assert all(0 < len(button.text) <= 30 and len(button.press.encode()) <= 64 for button in buttons)
            assert message.urgent or not buttons or buttons[-1].press == HELP_NOW
        assert self.turn.effect is Effect.SEND or self.turn.messages[-1].buttons


Filling.TestCase.settings = settings(
    max_examples=200, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
TestFilling = Filling.TestCase
