"""The report form, one step at a time: what somebody typed or pressed → what to show, and the draft as it is then.

Pure: no channel, no storage, no clock. Whoever calls it

- has judged each text for danger before, and passes the sign: the card or the check-in then comes first, and the
  question stays open below it;
- after a break (:meth:`Draft.is_stale`) calls :func:`ask_resume` before anything else of the form;
- on :attr:`Effect.SEND`, which comes without a message, files what ``to_report`` (reporting_result) makes of it,
  deletes the draft and keeps the code, in one transaction;
- saves the draft with its ``touched`` minute.

Every button is complete in itself and does the same however often it is pressed. One of an earlier question changes
that answer and leaves the open question open; deleting needs its question to be open.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum

from safetybot.dialogue import advice
from safetybot.dialogue.draft import Draft, DraftAnswer, FormState, Pending
from safetybot.dialogue.messages import Outgoing
from safetybot.dialogue.report_form_path import after, asked, settled
from safetybot.dialogue.report_form_result import chosen_of, fits
from safetybot.dialogue.report_form_screens import PREFIX, Screens
from safetybot.dialogue.report_form_typed import card_meant, shows_card
from safetybot.dialogue.speaker import Speaker
from safetybot.guidance.model import Sign, Topic
from safetybot.guidance.report_form import Question, QuestionKind, ReportForm

LITTLE_ROOM = 100
"""Letters left of an answer below which it is called full."""

_GRAVER = (Sign.NONE, Sign.CHECK, Sign.EMERGENCY)


class Effect(StrEnum):
    """What the caller must do beside showing and saving."""

    NONE = "none"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class FormTurn:
    """What to show, and the draft as it is now; None where there is none any more."""

    messages: tuple[Outgoing, ...]
    draft: Draft | None
    effect: Effect = Effect.NONE


def start(
    speaker: Speaker, form: ReportForm, *, language: str, topic: Topic | None, day: dt.date, minute: int, channel: str
) -> FormTurn:
    """A new report, begun from a topic or from none. ``minute``: minutes since 1970."""
    draft = Draft(language, day, minute, form.questions[0].id, topic.id if topic else None)
    for question in form.questions:
        chosen = tuple(choice.id for choice in question.choices if topic and topic.id in choice.topics)
        draft = draft.answered(
            question.id, DraftAnswer(chosen if question.kind is QuestionKind.CHOICES else chosen[:1])
        )
    screens = Screens(speaker, form)
    return FormTurn((screens.start(channel), screens.current(draft)), draft)


def show(speaker: Speaker, form: ReportForm, draft: Draft) -> FormTurn:
    """What is open now, once more: after the card, a refused picture, an answer to something else."""
    return _Filling(speaker, form, draft).show()


def again(speaker: Speaker, form: ReportForm, draft: Draft, typed: str) -> FormTurn:
    """What is open, for own words that came before and whose answer may not have been seen: says if they are kept."""
    return _Filling(speaker, form, draft).again(typed)


def after_card(speaker: Speaker, form: ReportForm, draft: Draft) -> FormTurn:
    """What stands below the emergency card that somebody asked for: go on, or stop?"""
    return FormTurn((Screens(speaker, form).after_card(),), draft)


def ask_resume(speaker: Speaker, form: ReportForm, draft: Draft) -> FormTurn:
    """After a break: go on, or throw it away?"""
    return _Filling(speaker, form, draft).ask(Pending.RESUME)


def ask_stop(speaker: Speaker, form: ReportForm, draft: Draft | None) -> FormTurn:
    """``/stop``: asks once whether to delete it."""
    return press(speaker, form, draft, f"{PREFIX}:stop")


def press(speaker: Speaker, form: ReportForm, draft: Draft | None, pressed: str) -> FormTurn:
    """A button that begins with ``rep:``, of whatever age."""
    if draft is None:
        return FormTurn((Screens(speaker, form).apart("nothing-open"),), None)
    return _Filling(speaker, form, draft).press(pressed)


def text(speaker: Speaker, form: ReportForm, draft: Draft, typed: str, sign: Sign) -> FormTurn:
    """Own words, judged for danger before."""
    return _Filling(speaker, form, draft).text(typed, sign)


class _Filling:
    """One step of one report. ``draft`` is the report as it is at this moment of the step."""

    def __init__(self, speaker: Speaker, form: ReportForm, draft: Draft) -> None:
        self.speaker = speaker
        self.form = form
        self.screens = Screens(speaker, form)
        self.draft = settled(form, draft)

    # --- The step ----------------------------------------------------------------------------------------------

    def show(self, note: str = "") -> FormTurn:
        """What is open now."""
        return self._turn(self.screens.current(self.draft, note))

    def ask(self, pending: Pending) -> FormTurn:
        """A question about the report itself."""
        self.draft = replace(self.draft, pending=pending)
        return self.show()

    def press(self, pressed: str) -> FormTurn:
        """A button of the form."""
        verb, *names = pressed.split(":")[1:] or [""]
        pending = self.draft.pending
        if verb == "stop":
            return self.ask(Pending.STOP)
        if verb in ("delete", "discard"):
            asked_for = Pending.STOP if verb == "delete" else Pending.RESUME
            if pending is not asked_for:
                return self.ask(Pending.STOP)  # a button of long ago must not delete what is written now
            return FormTurn((self.screens.apart("deleted"),), None)
        self.draft = replace(self.draft, pending=Pending.NOTHING)  # any other button goes on
        match verb, names:
            case "go-on", []:
                return self.show()
            case (("set" | "on" | "off"), [question, choice]):
                return self._choose(self._asked(question), choice, verb)
            case "done", [question]:
                return self._done(self._asked(question))
            case (("look" | "change" | "send"), []) if self.draft.state is not FormState.ASKING:
                return self._reviewing(verb)
            case (("edit" | "remove"), [question]) if self.draft.state is not FormState.ASKING:
                return self._reopen(self._asked(question), verb)
        return self._old()

    def text(self, typed: str, sign: Sign) -> FormTurn:
        """Own words, with the card or the check-in before whatever they get."""
        typed = _clean(typed)
        if self.screens.typed(self.draft, typed):
            sign = Sign.NONE  # no more than a button says
        before = self.draft.sign
        self.draft = replace(self.draft, sign=max(before, sign, key=_GRAVER.index))
        turn = self._answer(typed)
        if sign is Sign.EMERGENCY:
            return self._with_card(turn)
        if sign is Sign.CHECK and before is Sign.NONE and not self._card_was_shown():
            # Once: what is reported is grave by nature, and the card is one tap away on every question.
            return replace(turn, messages=(advice.safety_check(self.speaker), *turn.messages))
        return turn

    def again(self, typed: str) -> FormTurn:
        """Changes nothing."""
        typed = _clean(typed)
        question = self.screens.open_question(self.draft)
        if self.draft.pending is not Pending.NOTHING:
            return self.show()
        if question is not None and typed in self.draft.answer(question.id).words:
            return self._turn(self._kept(question))
        if typed in self.draft.answer(self.form.story.id).words:
            return self.show(self._kept_as_story())
        return self.show()

    # --- Own words ---------------------------------------------------------------------------------------------

    def _answer(self, typed: str) -> FormTurn:
        if not typed:
            return self.show()
        if pressed := self.screens.typed(self.draft, typed):
            return self.press(pressed)
        if self.draft.pending is not Pending.NOTHING:
            return self.show(self.screens.say("press-first"))
        question = self.screens.open_question(self.draft)
        if question is None or question.kind is QuestionKind.INFO:
            return self._to_story(typed)
        if question.kind is not QuestionKind.TEXT:
            return self._beside_buttons(question, typed)
        words = self.draft.answer(question.id).words
        refused = self._refused(question, (*words, typed) if question.several else (typed,))
        if refused:
            return self._turn(self.screens.question(self.draft, question, refused))
        return self._turn(self._kept(question)) if question.several else self._onward(question)

    def _beside_buttons(self, question: Question, typed: str) -> FormTurn:
        """Words that are no button's are kept, with the question or as a part of what happened."""
        if self._refused(question, (*self.draft.answer(question.id).words, typed)):
            turn = self._to_story(typed)
        else:
            turn = self._turn(self._kept(question))
        meant = card_meant(typed, question, self.speaker.guidance.slang)
        if meant is None:
            return turn
        chosen = self._choose(question, meant.id, "set" if question.kind is QuestionKind.CHOICE else "on")
        if any(typed in answer.words for answer in self.draft.answers.values()):
            return chosen
        return replace(chosen, messages=(chosen.messages[0], *turn.messages, *chosen.messages[1:]))  # it says: not kept

    def _to_story(self, typed: str) -> FormTurn:
        """Words where none are asked belong to what happened, so that none are lost."""
        story = self.form.story
        refused = self._refused(story, (*self.draft.answer(story.id).words, typed))
        return self.show(refused or self._kept_as_story())

    def _kept(self, question: Question) -> Outgoing:
        said = "more" if question.kind is QuestionKind.TEXT else "kept-words"
        return self.screens.question(self.draft, question, self.screens.say(said))

    def _kept_as_story(self) -> str:
        return self.screens.say("kept-story", label=self.screens.label(self.form.story))

    def _refused(self, question: Question, words: tuple[str, ...]) -> str | None:
        """Keeps the words of an answer; where they do not fit, says so and keeps nothing."""
        if len("\n\n".join(words)) > question.characters:
            room = question.characters - len("\n\n".join((*words[:-1], "")))
            little = room < min(LITTLE_ROOM, question.characters)
            return self.screens.say("full") if little else self.screens.say("too-long", limit=str(room))
        draft = self.draft.answered(question.id, replace(self.draft.answer(question.id), words=words))
        if not fits(self.form, draft):
            return self.screens.say("full")
        self.draft = draft
        return None

    # --- Buttons -----------------------------------------------------------------------------------------------

    def _choose(self, question: Question | None, name: str, verb: str) -> FormTurn:
        choice = question.choice(name) if question else None
        if question is None or choice is None or (verb == "set") is not (question.kind is QuestionKind.CHOICE):
            return self._old()
        before = self.draft.answer(question.id)
        wanted = {name} if verb == "set" else {*before.choices, name} if verb == "on" else {*before.choices} - {name}
        chosen = tuple(each.id for each in question.choices if each.id in wanted)
        was_open = self._is_open(question)
        self.draft = settled(self.form, self.draft.answered(question.id, replace(before, choices=chosen)))
        if not was_open:
            changed = chosen != before.choices
            turn = self.show(self.screens.say("changed", label=self.screens.label(question)) if changed else "")
        elif question.kind is QuestionKind.CHOICES:
            turn = self._turn(self.screens.chosen(self.draft, question))
        else:
            turn = self._onward(question, choice.say or "")
        if verb == "off" or not shows_card(choice):
            return turn
        if was_open and question.kind is QuestionKind.CHOICE and turn.draft is not None:
            return replace(turn, messages=(self.speaker.card(), self.screens.after_card()))
        return self._with_card(turn)

    def _done(self, question: Question | None) -> FormTurn:
        if question is None or not self._is_open(question):
            return self.show()
        if self.draft.state is FormState.ASKING and question.required and not self.draft.answer(question.id):
            return self.show(self.screens.say("required"))
        return self._onward(question)

    def _reviewing(self, verb: str) -> FormTurn:
        self.draft = replace(self.draft, state=FormState.REVIEWING)
        if verb == "change":
            return self._turn(self.screens.change(self.draft))
        if verb == "look":
            return self._turn(self.screens.review(self.draft))
        story = self.form.story
        if not self.draft.answer(story.id):
            self.draft = replace(self.draft, state=FormState.EDITING, at=story.id)
            return self.show(self.screens.say("required"))
        self.draft = replace(self.draft, state=FormState.SENDING)
        return FormTurn((), self.draft, Effect.SEND)

    def _reopen(self, question: Question | None, verb: str) -> FormTurn:
        if question is None or question.kind is QuestionKind.INFO:
            return self._old()
        if verb == "edit":
            self.draft = replace(self.draft, state=FormState.EDITING, at=question.id)
            return self._turn(self.screens.edit(self.draft, question))
        was = self.draft.answer(question.id)
        self.draft = replace(self.draft.answered(question.id, DraftAnswer()), state=FormState.REVIEWING)
        note = self.screens.say("removed", label=self.screens.label(question)) if was else ""
        return self._turn(self.screens.review(self.draft, note))

    # --- Small parts -------------------------------------------------------------------------------------------

    def _onward(self, question: Question, note: str = "") -> FormTurn:
        """From an answered question to the next, or to the review, with a ``note`` above it."""
        if self.draft.state is FormState.ASKING:
            self.draft = after(self.form, self.draft, question)
            if self.draft.state is FormState.ASKING:
                return self.show(note)
        self.draft = replace(self.draft, state=FormState.REVIEWING)
        return self._turn(self.screens.review(self.draft, note))

    def _asked(self, id_: str) -> Question | None:
        return next((question for question in asked(self.form, self.draft) if question.id == id_), None)

    def _is_open(self, question: Question) -> bool:
        return self.screens.open_question(self.draft) == question

    def _card_was_shown(self) -> bool:
        return any(
            shows_card(choice)
            for question in asked(self.form, self.draft)
            for choice in chosen_of(question, self.draft.answer(question.id))
        )

    def _with_card(self, turn: FormTurn) -> FormTurn:
        """The card before everything else, and below it the way on."""
        if not turn.messages:
            return replace(turn, messages=(self.speaker.card(),))
        first, *rest = turn.messages
        if first.urgent:
            return turn
        if turn.draft is not None:
            first = replace(first, text=f"{self.screens.say('after-card')}\n\n{first.text}")
        return replace(turn, messages=(self.speaker.card(), first, *rest))

    def _old(self) -> FormTurn:
        return self.show(self.screens.say("old-button"))

    def _turn(self, message: Outgoing) -> FormTurn:
        return FormTurn((message,), self.draft)


def _clean(typed: str) -> str:
    return typed.encode("utf-8", "replace").decode().strip()  # half a character cannot be stored
