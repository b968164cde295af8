"""The report form as editors write it in ``report.yaml``: its questions, branches and limits, and its wording.

The names of its sentences and buttons, and what each may fill in, stand here too: the reader checks that the file has
every one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, StringConstraints

from safetybot.guidance.base import ButtonText, ContentModel, Id, StepText, Text, Urgency
from safetybot.guidance.wording_keys import WordingPurpose

FORM_ID_MAX = 24
"""Characters in the id of a question or choice: ``rep:set:<question>:<choice>`` must fit Telegram's 64 bytes."""

CHOICE_MAX = 28
"""Characters on the button of a choice: two fewer than on others, for the tick before a chosen one."""

TEXT_LIMIT = 1_000
"""Characters an answer in own words may have, where the editors set no limit."""

WORDS_LIMIT = 300
"""Characters of own words beside buttons."""

LIMITS_MAX = 12_000
"""Characters all answers may have together: sealed, they must fit the largest envelope of 16 KiB."""

FormId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=FORM_ID_MAX)]
Condition = Mapping[FormId, Annotated[tuple[FormId, ...], Field(min_length=1)]]


class QuestionKind(StrEnum):
    """How a question is answered."""

    CHOICE = "choice"
    CHOICES = "choices"
    TEXT = "text"
    INFO = "info"


class Envelope(StrEnum):
    """Which sealed envelope an answer goes into."""

    REPORT = "report"
    CONTACT = "contact"


class FormChoice(ContentModel):
    """One button of a question."""

    id: FormId = Field(description="The name other questions use. It never changes.")
    button: ButtonText = Field(description="What the button says; 28 characters at most.")
    urgency: Urgency = Field(default=Urgency.NORMAL, description="How urgent this answer makes the report.")
    card: bool = Field(default=False, description="Whether it shows the emergency card at once.")
    topics: tuple[Id, ...] = Field(default=(), description="Topics from which it is chosen already, to be changed.")
    say: StepText | None = Field(default=None, description="Said once it is chosen, above the next question.")


class Instead(ContentModel):
    """Other words for a question, for some of those who report."""

    when: Condition = Field(min_length=1, description="Earlier answers with which these words are used.")
    ask: StepText = Field(description="The question in these words.")


class Question(ContentModel):
    """One question: one message, with its buttons."""

    id: FormId = Field(description="The name other questions use. It never changes.")
    kind: QuestionKind = Field(
        description="choice (one button), choices (several), text (own words) or info (only to read)."
    )
    label: ButtonText | None = Field(default=None, description="The question in a word or two, for looking it over.")
    ask: StepText = Field(description="The question as it is asked.")
    instead: tuple[Instead, ...] = Field(default=(), description="Other words for some; the first that fits is used.")
    when: Condition = Field(default_factory=dict, description="Earlier answers with which it is asked at all.")
    choices: tuple[FormChoice, ...] = Field(default=(), description="The buttons of a choice or choices.")
    required: bool = Field(default=False, description="Whether a report cannot be sent without it.")
    several: bool = Field(default=False, description="Whether a text may be several messages, ended with a button.")
    limit: int | None = Field(default=None, description="Characters the answer may have in all.")
    envelope: Envelope = Field(default=Envelope.REPORT, description="report, or contact: sealed by itself.")

    def choice(self, id_: str) -> FormChoice | None:
        """The choice with this id."""
        return next((choice for choice in self.choices if choice.id == id_), None)

    @property
    def characters(self) -> int:
        """Characters its own words may have in all."""
        return self.limit or (TEXT_LIMIT if self.kind is QuestionKind.TEXT else WORDS_LIMIT)


class TypedCommands(ContentModel):
    """Words that do what a button does, where they are the whole message."""

    onward: tuple[Text, ...] = Field(default=(), description="Go on, under what is only to read.")
    skip: tuple[Text, ...] = Field(default=(), description="Skip, under a question for own words.")


class ReportForm(ContentModel):
    """``report.yaml``."""

    questions: tuple[Question, ...] = Field(min_length=1, description="The questions, in the order they are asked.")
    typed: TypedCommands = Field(default_factory=TypedCommands, description="Words that do what a button does.")
    say: Mapping[Id, Text] = Field(description="Messages, by name.")
    buttons: Mapping[Id, ButtonText] = Field(description="Buttons, by name.")

    def question(self, id_: str) -> Question | None:
        """The question with this id."""
        return next((question for question in self.questions if question.id == id_), None)

    @property
    def story(self) -> Question:
        """The one required question: what happened, in own words."""
        return next(question for question in self.questions if question.required)


def _phrase(purpose: str, *placeholders: str) -> WordingPurpose:
    return WordingPurpose(purpose, frozenset(placeholders))


SAY: Mapping[str, WordingPurpose] = MappingProxyType(
    {
        # Filling in the form
        "start": _phrase("said before the first question"),
        "channel-telegram": _phrase("said before the first question in Telegram: who else can see the chat"),
        "channel-web": _phrase("said before the first question in the web chat: who else can see the page"),
        "after-card": _phrase("above the open question, after the emergency card"),
        "more": _phrase("after each message of an answer that may be several"),
        "chosen": _phrase("after a button of several: what is chosen so far", "choices"),
        "kept-words": _phrase("own words came where there are buttons; they are kept, and the buttons still stand"),
        "kept-story": _phrase("own words came where none are asked; they are put with what happened", "label"),
        "too-long": _phrase("the message is too long and not kept; about how many letters fit", "limit"),
        "full": _phrase("there is no more room, and the message is not kept"),
        "required": _phrase("this one answer is needed"),
        "changed": _phrase("an older button was pressed and has changed an earlier answer", "label"),
        "old-button": _phrase("an older button was pressed and changed nothing"),
        "press-first": _phrase("words came while a button is awaited; they are not kept"),
        "review": _phrase("above all answers, before sending"),
        "review-missing": _phrase("in place of the required answer, where it was removed", "label"),
        "change": _phrase("above the list of answers to change"),
        "edit": _phrase("above a question opened again: the answer it has", "answer"),
        "removed": _phrase("an answer is removed", "label"),
        "ready": _phrase("all is answered; offers to look at it, to change it or to send it"),
        "resume": _phrase("after a break: go on, or throw it away?"),
        "stop": _phrase("asks once whether to stop and delete"),
        "deleted": _phrase("what was written is deleted"),
        "nothing-open": _phrase("a button of the form was pressed, and there is no report to go on with"),
        "not-offered": _phrase("reports cannot be taken at the moment; the official routes stand below"),
        # Sending, and the code
        "send-failed": _phrase("it could not be sent; nothing is lost"),
        "not-sent": _phrase("nobody could read it, so it is not sent; it is kept for a day"),
        "sent": _phrase("it is sent; the code comes next"),
        "next-steps": _phrase("what happens next, once the code is saved; the official routes stand below"),
        "code-again": _phrase("above the code, shown once more"),
        "code-gone": _phrase("the code cannot be shown any more"),
        # Coming back with the code
        "case-ask": _phrase("asks for the words of the code"),
        "case-no-code": _phrase("what they typed holds no code of six words"),
        "case-did-you-mean": _phrase("one word is not in the list, and one is near", "typed", "word"),
        "case-which-word": _phrase("one word is not in the list, and several are near; each is a button", "typed"),
        "case-wrong": _phrase("the code opens nothing; never tells how close it was"),
        "case-too-many": _phrase("too many codes were tried, here or everywhere"),
        "case-failed": _phrase("it could not be looked up or done; nothing is lost"),
        "case-expired": _phrase("no case is open any more, and the code must be typed again"),
        "case-gone": _phrase("the case is deleted"),
        "case-gone-unsent": _phrase("the same, and what was to be added is deleted, too"),
        "case-menu": _phrase("above what can be done with the open case", "status"),
        "case-here": _phrase("status: it is open here, and no more is known"),
        "case-new": _phrase("status: nobody has opened it yet"),
        "case-open": _phrase("status: it is being worked on"),
        "case-waiting": _phrase("status: the team is waiting for somebody"),
        "case-closed": _phrase("status: finished; what is kept, and for how long"),
        "case-withdrawn": _phrase("status: taken back"),
        "case-one-reply": _phrase("below the status: there is one reply"),
        "case-some-replies": _phrase("below the status: how many replies there are", "number"),
        "case-no-replies": _phrase("nobody has replied yet"),
        "case-reply": _phrase("a reply, in the words of the team", "day", "reply"),
        "day-today": _phrase("the day of a reply: today"),
        "day-yesterday": _phrase("the day of a reply: yesterday"),
        "day-ago": _phrase("the day of a reply: some days ago, two or more", "days"),
        "case-write": _phrase("asks for what they want to add"),
        "case-write-more": _phrase("after each message of an addition"),
        "case-unsent": _phrase("an addition from before is still there, not sent"),
        "case-not-sent": _phrase("status: an addition is still there, not sent"),
        "case-added": _phrase("the addition is sent"),
        "case-nothing-added": _phrase("the addition was dropped"),
        "case-nothing-new": _phrase("there was nothing to send or to drop"),
        "case-withdraw": _phrase("asks whether to take the report back"),
        "case-withdraw-done": _phrase("it was not read yet, and is deleted"),
        "case-withdraw-told": _phrase("it was read already, and the team is told"),
        "case-left": _phrase("they leave the case; the code is needed to come back"),
        "case-left-unsent": _phrase("the same; an addition is not sent, and kept for a day"),
        "case-cancelled": _phrase("they do not want to type a code now"),
    }
)

BUTTONS: Mapping[str, WordingPurpose] = MappingProxyType(
    {
        # Filling in the form
        "tick": _phrase("the sign before a chosen button; two characters at most"),
        "go-on": _phrase("goes on, from what is only to read or already answered"),
        "skip": _phrase("goes on without an answer"),
        "all-said": _phrase("ends an answer of several messages"),
        "all-chosen": _phrase("ends a choice of several buttons"),
        "stop": _phrase("asks whether to stop and delete"),
        "stop-yes": _phrase("yes, stop and delete"),
        "stop-no": _phrase("no, go on with the report"),
        "resume": _phrase("goes on after a break"),
        "discard": _phrase("throws away what was written before the break"),
        "send": _phrase("sends the report"),
        "look": _phrase("shows all answers"),
        "change": _phrase("shows which answers can be changed"),
        "back": _phrase("goes back to the answers"),
        "keep": _phrase("leaves an answer as it is"),
        "remove": _phrase("removes an answer"),
        "start": _phrase("starts a report"),
        # The code
        "saved": _phrase("I have saved the code"),
        "code-again": _phrase("shows the code once more"),
        # Coming back with the code
        "case-start": _phrase("I have a code"),
        "mean-yes": _phrase("yes, that word"),
        "mean-no": _phrase("no, none of these words"),
        "case-try-again": _phrase("try the code again"),
        "case-cancel": _phrase("leaves it for now"),
        "case-replies": _phrase("reads the replies"),
        "case-write": _phrase("writes more"),
        "case-send": _phrase("sends what was added"),
        "case-drop": _phrase("drops what was to be added"),
        "case-withdraw": _phrase("takes the report back"),
        "case-withdraw-yes": _phrase("yes, take it back"),
        "case-withdraw-no": _phrase("no, leave it"),
        "case-back": _phrase("goes back to what can be done with the case"),
        "case-leave": _phrase("leaves the case"),
    }
)
