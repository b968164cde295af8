"""The way through the form: which questions are asked of a writer, in which words, and which comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from safetybot.dialogue.draft import Draft, FormState
from safetybot.guidance.report_form import Condition, Question, QuestionKind, ReportForm


def asked(form: ReportForm, draft: Draft) -> list[Question]:
    """The questions that are asked of this writer, in their order."""
    chosen: dict[str, tuple[str, ...]] = {}
    questions = []
    for question in form.questions:
        if holds(question.when, chosen):
            questions.append(question)
            chosen[question.id] = draft.answer(question.id).choices
    return questions


def holds(when: Condition, chosen: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether each condition fits one of the choices of its question."""
    return all(set(wanted) & set(chosen.get(question, ())) for question, wanted in when.items())


def wording(form: ReportForm, draft: Draft, question: Question) -> str:
    """The question in the words for this writer."""
    chosen = {each.id: draft.answer(each.id).choices for each in asked(form, draft)}
    return next((other.ask for other in question.instead if holds(other.when, chosen)), question.ask)


def after(form: ReportForm, draft: Draft, question: Question) -> Draft:
    """The draft with the question open that comes after ``question``, or at the review where none does."""
    rest = form.questions[form.questions.index(question) + 1 :]
    following = next((each for each in asked(form, draft) if each in rest), None)
    return replace(draft, at=following.id) if following else replace(draft, state=FormState.REVIEWING)


def settled(form: ReportForm, draft: Draft) -> Draft:
    """The draft with a question open that is asked of its writer.

    Another may be open where an earlier answer was changed, or where editors changed the form in between.
    """
    if draft.state not in (FormState.ASKING, FormState.EDITING):
        return draft
    questions = asked(form, draft)
    if any(question.id == draft.at for question in questions):
        return draft
    if draft.state is FormState.EDITING:
        return replace(draft, state=FormState.REVIEWING)
    if question := form.question(draft.at):
        return after(form, draft, question)
    left = (each for each in questions if each.kind is not QuestionKind.INFO and not draft.answer(each.id))
    following = next(left, None)
    return replace(draft, at=following.id) if following else replace(draft, state=FormState.REVIEWING)
