"""What the report form shows: each question, the review, and the questions about the report itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from safetybot.dialogue.draft import Draft, DraftAnswer, FormState, Pending
from safetybot.dialogue.messages import Button, Outgoing
from safetybot.dialogue.quoting import escape
from safetybot.dialogue.report_form_path import asked, wording
from safetybot.dialogue.report_form_result import chosen_of, told_of
from safetybot.dialogue.report_form_typed import plain, pressed_by
from safetybot.dialogue.speaker import HELP_NOW, Speaker
from safetybot.guidance.report_form import Question, QuestionKind, ReportForm

PREFIX = "rep"
"""First part of every button of the form."""

START = "report"
"""The press that starts a report; it is the conversation's own, not the form's."""

_SHORT = 14
"""Characters on the longest button of a row of two."""

Row = tuple[Button, ...]


@dataclass(frozen=True)
class Screens:
    """Shows one form in one language."""

    speaker: Speaker
    form: ReportForm

    def say(self, name: str, **filled: str) -> str:
        """The form's wording ``name`` with its placeholders filled in."""
        text = self.form.say[name]
        return text.format(**filled) if filled else text

    def current(self, draft: Draft, note: str = "") -> Outgoing:
        """What is open now, with a ``note`` above it. Shows nothing that was written."""
        if draft.pending is Pending.STOP:
            buttons = [self._button("stop-yes", "delete"), self._button("stop-no", "go-on")]
            return self._message(_under(note, self.say("stop")), buttons)
        if draft.pending is Pending.RESUME:
            buttons = [self._button("resume", "go-on"), self._button("discard", "discard")]
            return self._message(_under(note, self.say("resume")), buttons)
        question = self.open_question(draft)
        if question is None:
            return self.ready(draft, note)
        return self.question(draft, question, _under(note, wording(self.form, draft, question)))

    def open_question(self, draft: Draft) -> Question | None:
        """The question that is open, if one is."""
        return self.form.question(draft.at) if draft.state in (FormState.ASKING, FormState.EDITING) else None

    def question(self, draft: Draft, question: Question, text: str) -> Outgoing:
        """A question's buttons under ``text``."""
        answer = draft.answer(question.id)
        controls: list[Button] = []
        if onward := self._onward(draft, question, answer):
            controls.append(self._button(onward, f"done:{question.id}"))
        if answer and draft.state is FormState.EDITING:
            controls.append(self._button("remove", f"remove:{question.id}"))
        return self._message(text, self._choices(question, answer), [*controls, self._stop()])

    def edit(self, draft: Draft, question: Question) -> Outgoing:
        """A question opened again, with the answer it has."""
        told = told_of(question, draft.answer(question.id))
        note = self.say("edit", answer=escape(told.answer)) if told else ""
        return self.question(draft, question, _under(note, wording(self.form, draft, question)))

    def chosen(self, draft: Draft, question: Question) -> Outgoing:
        """What is chosen so far of several."""
        chosen = chosen_of(question, draft.answer(question.id))
        if not chosen:
            return self.question(draft, question, wording(self.form, draft, question))
        names = ", ".join(choice.button for choice in chosen)
        return self.question(draft, question, self.say("chosen", choices=names))

    def review(self, draft: Draft, note: str = "") -> Outgoing:
        """Every answer, before sending."""
        answers = (told_of(question, draft.answer(question.id)) for question in asked(self.form, draft))
        parts = [note, self.say("review")]
        parts += [f"**{told.label}**\n{escape(told.answer)}" for told in answers if told]
        if self._lacks_story(draft):
            parts.append(self.say("review-missing", label=self.label(self.form.story)))
        return self._message("\n\n".join(part for part in parts if part), [*self._ways_on(draft), self._stop()])

    def ready(self, draft: Draft, note: str = "") -> Outgoing:
        """All is answered: look, change or send. Shows nothing that was written."""
        text = self.say("ready")
        if self._lacks_story(draft):
            text = self.say("review-missing", label=self.label(self.form.story))
        buttons = [self._button("look", "look"), *self._ways_on(draft), self._stop()]
        return self._message(_under(note, text), buttons)

    def change(self, draft: Draft) -> Outgoing:
        """The list of answers to change or remove; those that were skipped can be given."""
        questions = (question for question in asked(self.form, draft) if question.kind is not QuestionKind.INFO)
        buttons = [Button(self.label(question), f"{PREFIX}:edit:{question.id}") for question in questions]
        return self._message(self.say("change"), buttons, [self._button("back", "look"), self._stop()])

    def apart(self, name: str) -> Outgoing:
        """The wording ``name``, where there is no report to go on with: start one, or advice."""
        ways = (self.speaker.button("topics", "topics"), self.speaker.button("talk", "talk"))
        return self.speaker.message(self.say(name), (Button(self.form.buttons["start"], START),), ways)

    def start(self, channel: str) -> Outgoing:
        """What is said before the first question, with who else can see this channel."""
        name = f"channel-{channel}"
        return Outgoing(_under(self.say("start"), self.say(name) if name in self.form.say else ""))

    def after_card(self) -> Outgoing:
        """What stands alone below the emergency card: nobody is to read on before they are safe."""
        return self._message(self.say("after-card"), [self._button("go-on", "go-on"), self._stop()])

    def typed(self, draft: Draft, text: str) -> str | None:
        """The press of the button whose words were typed, of those that are shown now."""
        buttons = (button for row in self.current(draft).buttons for button in row if button.press != HELP_NOW)
        shown = list(buttons)
        slang = self.speaker.guidance.slang
        if pressed := pressed_by(text, shown, slang):
            return pressed
        question = self.open_question(draft) if draft.pending is Pending.NOTHING else None
        if question is None or draft.answer(question.id):
            return None
        words = {QuestionKind.INFO: self.form.typed.onward, QuestionKind.TEXT: self.form.typed.skip}.get(
            question.kind, ()
        )
        done = f"{PREFIX}:done:{question.id}"
        meant = plain(text, slang) in (plain(each, slang) for each in words)
        return done if meant and any(button.press == done for button in shown) else None

    def label(self, question: Question) -> str:
        """The question in a word or two."""
        return question.label or question.id

    def _lacks_story(self, draft: Draft) -> bool:
        return not draft.answer(self.form.story.id)

    def _ways_on(self, draft: Draft) -> list[Button]:
        if self._lacks_story(draft):
            first = Button(self.label(self.form.story), f"{PREFIX}:edit:{self.form.story.id}")
        else:
            first = self._button("send", "send")
        return [first, self._button("change", "change")]

    def _onward(self, draft: Draft, question: Question, answer: DraftAnswer) -> str | None:
        """The name of the button that leaves a question; None where it must be answered first."""
        if draft.state is FormState.EDITING:
            return "keep" if answer else "back"
        if question.kind is QuestionKind.INFO:
            return "go-on"
        if not answer:
            return None if question.required else "skip"
        if question.kind is QuestionKind.CHOICES:
            return "all-chosen"
        return "all-said" if question.several else "go-on"

    def _choices(self, question: Question, answer: DraftAnswer) -> list[Button]:
        buttons = []
        for choice in question.choices:
            chosen = choice.id in answer.choices
            # A button says what is to be, not "the other way round", so that pressing it twice does no harm.
            verb = "set" if question.kind is QuestionKind.CHOICE else "off" if chosen else "on"
            text = f"{self.form.buttons['tick']} {choice.button}" if chosen else choice.button
            buttons.append(Button(text, f"{PREFIX}:{verb}:{question.id}:{choice.id}"))
        return buttons

    def _stop(self) -> Button:
        return self._button("stop", "stop")

    def _button(self, name: str, press: str) -> Button:
        return Button(self.form.buttons[name], f"{PREFIX}:{press}")

    def _message(self, text: str, *groups: Iterable[Button]) -> Outgoing:
        """A message whose buttons are all of one size: two in a row where every one is short."""
        lists = [list(group) for group in groups]
        short = all(len(button.text) <= _SHORT for group in lists for button in group)
        rows: list[Row] = []
        for group in lists:
            step = 2 if short else 1
            rows += [tuple(group[start : start + step]) for start in range(0, len(group), step)]
        return self.speaker.message(text, *rows)


def _under(note: str, text: str) -> str:
    return "\n\n".join(part for part in (note, text) if part)
