"""What must be true of somebody's reporting, in the plainest way: kept beside a bot, and compared after each step.

Where in the form or in a case somebody is, the model takes from what the bot keeps; what they have told so far, it
keeps by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from safetybot.dialogue.draft import BREAK_MINUTES, Draft, FormState, Pending
from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.report_state import DRAFT_MINUTES, ReportStage, ReportState
from safetybot.vault.envelopes import EnvelopeKind

QUESTIONS: dict[str, tuple[str, int, tuple[str, ...]]] = {
    # The form of the fixture content: question → kind, most characters of own words, choices.
    "danger": ("choice", 300, ("yes", "no", "not-sure")),
    "reads": ("info", 0, ()),
    "about": ("choice", 300, ("me", "friend", "parent")),
    "story": ("several", 200, ()),
    "where": ("text", 60, ()),
    "safe-child": ("choice", 300, ("yes", "no")),
    "kind": ("choices", 40, ("threats", "mean", "other")),
    "contact": ("text", 50, ()),
}
PREFILLED: dict[str, dict[str, set[str]]] = {
    "sextortion": {"kind": {"threats"}},
    "cyberbullying": {"about": {"friend"}, "kind": {"mean"}},
}
ADDITION_CHARACTERS = 6_000


@dataclass
class Answer:
    """What was answered to one question."""

    chosen: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.chosen or self.words)


@dataclass
class Filed:
    """A case, as everybody must find it."""

    code: str
    id: str
    told: list[tuple[EnvelopeKind, object]]
    """Report, contact and additions, in their order."""
    read: bool = False
    gone: bool = False
    replies: list[str] = field(default_factory=list)


@dataclass
class Writer:
    """One chat, and what it has told but not sent."""

    answers: dict[str, Answer] | None = None
    """None: there is no draft."""
    unsent: dict[str, list[str]] = field(default_factory=dict)
    """Case → what is to be added to it."""

    def forget(self, kept: ReportState, minute: int) -> None:
        """What has lain for too long is gone. ``kept``: as it is in the database, ``minute``: now."""
        if kept.draft and minute - kept.draft.touched >= DRAFT_MINUTES:
            self.answers = None
        for addition in kept.additions:
            if minute - addition.touched >= DRAFT_MINUTES:
                self.unsent.pop(addition.case, None)

    # --- The form --------------------------------------------------------------------------------------------------

    def tell(self, incoming: Incoming, kept: ReportState, minute: int) -> bool:
        """What an update of the form makes of the answers; whether the report must be sent for it.

        ``kept``: what is kept when it comes.
        """
        text, press = plain(incoming.text), incoming.press or ""
        if text.startswith(("/report", "/start report")) or press.partition(":")[0] == "report":
            if self.answers is None:
                self._begin(press.partition(":")[2], text.removeprefix("/start report").removeprefix("/report").strip())
            return False
        draft = kept.draft
        if self.answers is None or draft is None:
            return False
        if text and not text.startswith("/"):
            taken = kept.visit is not None and kept.visit.stage in (ReportStage.CODE, ReportStage.WRITING)
            if not taken and not is_stale(draft, minute) and draft.pending is Pending.NOTHING:
                self._words(draft, text)
            return False
        return self._press(draft, press, minute)

    def _begin(self, topic: str, words: str) -> None:
        self.answers = {question: Answer(set(chosen)) for question, chosen in PREFILLED.get(topic, {}).items()}
        if words:
            self._keep("danger", words)

    def _press(self, draft: Draft, press: str, minute: int) -> bool:
        if (press, draft.pending) in (("rep:delete", Pending.STOP), ("rep:discard", Pending.RESUME)):
            self.answers = None
        if is_stale(draft, minute) or self.answers is None:
            return False
        match press.split(":"):
            case ["rep", ("set" | "on" | "off") as verb, question, choice] if question in self.asked():
                kind, _, choices = QUESTIONS[question]
                if choice in choices and kind == ("choice" if verb == "set" else "choices"):
                    answer = self.answers.setdefault(question, Answer())
                    before = set() if verb == "set" else answer.chosen
                    answer.chosen = before - {choice} if verb == "off" else before | {choice}
            case ["rep", "remove", question] if draft.state is not FormState.ASKING and question in self.asked():
                self.answers.pop(question, None)
            case ["rep", "send"] if draft.state is not FormState.ASKING:
                return bool(self.answers.get("story"))
        return False

    def _words(self, draft: Draft, text: str) -> None:
        asks = draft.state in (FormState.ASKING, FormState.EDITING) and QUESTIONS[draft.at][0] != "info"
        if not asks or (not self._keep(draft.at, text) and QUESTIONS[draft.at][2]):
            self._keep("story", text)

    def _keep(self, question: str, text: str) -> bool:
        assert self.answers is not None
        kind, most, _ = QUESTIONS[question]
        answer = self.answers.get(question, Answer())
        words = [text] if kind == "text" else [*answer.words, text]
        if len("\n\n".join(words)) > most:
            return False
        self.answers[question] = Answer(answer.chosen, words)
        return True

    def asked(self) -> list[str]:
        parent = self.answers and "parent" in self.answers.get("about", Answer()).chosen
        return [question for question in QUESTIONS if parent or question != "safe-child"]

    def given(self) -> dict[str, tuple[set[str], tuple[str, ...]]]:
        """Question → choices and words, of every question with an answer."""
        answers = self.answers or {}
        return {question: (answer.chosen, tuple(answer.words)) for question, answer in answers.items() if answer}

    def send(self, code: str, case: str) -> Filed:
        """The report of all this; there is no draft any more."""
        assert self.answers is not None
        told: list[dict[str, Any]] = []
        for question in self.asked():
            if answer := self.answers.get(question):
                choices = [choice for choice in QUESTIONS[question][2] if choice in answer.chosen]
                told.append({"question": question, "choices": choices, "words": "\n\n".join(answer.words)})
        contact = [one for one in told if one["question"] == "contact"]
        parts: list[tuple[EnvelopeKind, object]] = [(EnvelopeKind.REPORT, [one for one in told if one not in contact])]
        if contact:
            parts.append((EnvelopeKind.CONTACT, contact))
        self.answers = None
        return Filed(code, case, parts)

    # --- A case ----------------------------------------------------------------------------------------------------

    def visit(self, incoming: Incoming, kept: ReportState, cases: Sequence[Filed]) -> None:
        """What an update makes of a case that is open when it comes."""
        visit, text = kept.visit, plain(incoming.text)
        if visit is None or visit.case is None:
            return
        (case,) = [case for case in cases if case.id == visit.case]
        if text and not text.startswith("/") and visit.stage is ReportStage.WRITING:
            words = [*self.unsent.get(case.id, []), text]
            if len("\n\n".join(words)) <= ADDITION_CHARACTERS:
                self.unsent[case.id] = words
        elif incoming.press == "case:drop" or (case.gone and incoming.press in ("case:replies", "case:send")):
            if incoming.press != "case:send" or case.id in self.unsent:
                self.unsent.pop(case.id, None)
        elif incoming.press == "case:send" and case.id in self.unsent:
            case.told.append((EnvelopeKind.ADDITION, "\n\n".join(self.unsent.pop(case.id))))
        elif incoming.press == "case:withdraw-yes" and visit.stage is ReportStage.WITHDRAWING:
            case.gone = case.gone or not case.read
            if case.gone:
                self.unsent.pop(case.id, None)


def is_stale(draft: Draft, minute: int) -> bool:
    """Whether they have been away, and are asked first."""
    return draft.pending is Pending.RESUME or minute - draft.touched >= BREAK_MINUTES


def plain(text: str | None) -> str:
    """What can be kept of a text: half a character cannot."""
    return (text or "").encode("utf-8", "replace").decode().strip()
