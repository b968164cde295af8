"""What is made of a draft when it is sent: its answers as staff will read them, and how urgent they are."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from safetybot.dialogue.draft import Draft, DraftAnswer
from safetybot.dialogue.report_form_path import asked
from safetybot.guidance.model import Sign, Urgency
from safetybot.guidance.report_form import Envelope, FormChoice, Question, QuestionKind, ReportForm

BYTES_MAX = 13_000
"""Bytes of JSON all answers may have: with buttons and what is sealed beside them they fit an envelope of 16 KiB."""

_GRAVER = (Urgency.NORMAL, Urgency.HIGH, Urgency.EMERGENCY)
_OF_SIGN = {Sign.NONE: Urgency.NORMAL, Sign.CHECK: Urgency.HIGH, Sign.EMERGENCY: Urgency.EMERGENCY}


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """One answer, as staff will read it."""

    question: str
    """The question's id."""
    label: str
    """The question in a word or two."""
    choices: tuple[str, ...]
    """Ids of the buttons that were pressed."""
    buttons: tuple[str, ...]
    """What those buttons said."""
    words: str
    """Own words, exactly as typed; an empty line between two messages."""

    @property
    def answer(self) -> str:
        """The whole answer in one text."""
        return "\n\n".join(part for part in (", ".join(self.buttons), self.words) if part)


@dataclass(frozen=True, slots=True)
class FinishedForm:
    """A finished report. ``contact`` goes into an envelope of its own."""

    language: str
    urgency: Urgency
    answers: tuple[FormAnswer, ...]
    contact: tuple[FormAnswer, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return asdict(self)


def chosen_of(question: Question, answer: DraftAnswer) -> tuple[FormChoice, ...]:
    """The choices of an answer, in the question's order; those the editors have deleted since are left out."""
    return tuple(choice for choice in question.choices if choice.id in answer.choices)


def told_of(question: Question, answer: DraftAnswer) -> FormAnswer | None:
    """One answer as staff will read it; None where there is none."""
    chosen = chosen_of(question, answer)
    if question.kind is QuestionKind.INFO or not (chosen or answer.words):
        return None
    return FormAnswer(
        question.id,
        question.label or question.id,
        tuple(choice.id for choice in chosen),
        tuple(choice.button for choice in chosen),
        "\n\n".join(answer.words),
    )


def to_report(form: ReportForm, draft: Draft) -> FinishedForm:
    """The report: the answers last given to the questions that are asked of this writer, and to no others."""
    told: dict[Envelope, list[FormAnswer]] = {Envelope.REPORT: [], Envelope.CONTACT: []}
    urgency = _OF_SIGN[draft.sign]
    for question in asked(form, draft):
        answer = draft.answer(question.id)
        if one := told_of(question, answer):
            told[question.envelope].append(one)
        urgency = max((urgency, *(choice.urgency for choice in chosen_of(question, answer))), key=_GRAVER.index)
    return FinishedForm(draft.language, urgency, tuple(told[Envelope.REPORT]), tuple(told[Envelope.CONTACT]))


def fits(form: ReportForm, draft: Draft) -> bool:
    """Whether each envelope holds what was answered, to whatever questions it may come to be asked."""
    sizes = {Envelope.REPORT: 0, Envelope.CONTACT: 0}
    for question in form.questions:
        if one := told_of(question, draft.answer(question.id)):
            sizes[question.envelope] += len(json.dumps(asdict(one), ensure_ascii=False).encode())
    return max(sizes.values()) <= BYTES_MAX
