"""A report while it is being written: the answers so far, and where in the form its writer is."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from safetybot.guidance.model import Sign

VERSION = 1

BREAK_MINUTES = 30
"""Minutes without a word after which the writer is asked whether to go on, before anything of the report is shown."""


class FormState(StrEnum):
    """Where in the form its writer is."""

    ASKING = "asking"
    """Question ``at`` is open, in its order."""
    EDITING = "editing"
    """Question ``at`` is open again, from the review."""
    REVIEWING = "reviewing"
    """All is answered; it can be looked at, changed and sent."""
    SENDING = "sending"
    """It was handed over to be filed. A draft still there in this state could not be filed, and can be sent again."""


class Pending(StrEnum):
    """A question about the report itself that waits to be answered first."""

    NOTHING = "nothing"
    STOP = "stop"
    """Really stop, and delete?"""
    RESUME = "resume"
    """Go on after a break, or throw it away?"""


class DraftError(Exception):
    """What should be a draft is none, or of another version."""


@dataclass(frozen=True, slots=True)
class DraftAnswer:
    """What was answered to one question: buttons, own words, or both."""

    choices: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """One for each message, exactly as typed."""

    def __bool__(self) -> bool:
        return bool(self.choices or self.words)


NO_ANSWER = DraftAnswer()


@dataclass(frozen=True, slots=True)
class Draft:
    """All that is remembered of a report that is not sent yet. It is sealed before it is stored."""

    language: str
    started: dt.date
    touched: int
    """Minutes since 1970 when its writer last did something; whoever stores it keeps it up to date."""
    at: str
    """The question that is open, where one is."""
    topic: str | None = None
    """The topic it was begun from."""
    state: FormState = FormState.ASKING
    pending: Pending = Pending.NOTHING
    sign: Sign = Sign.NONE
    """The gravest sign of danger in any of its words."""
    answers: Mapping[str, DraftAnswer] = field(default_factory=dict, repr=False)
    """Question id → what was answered; questions that were skipped are not in it."""

    def answer(self, question: str) -> DraftAnswer:
        """What was answered to a question; an empty answer where nothing was."""
        return self.answers.get(question, NO_ANSWER)

    def answered(self, question: str, answer: DraftAnswer) -> Draft:
        """This draft with another answer, or with none where ``answer`` is empty."""
        others = {id_: given for id_, given in self.answers.items() if id_ != question}
        return replace(self, answers={**others, question: answer} if answer else others)

    def is_stale(self, minute: int) -> bool:
        """Whether its writer has been away, so that nothing of it may be shown before they are asked.

        ``minute``: minutes since 1970.
        """
        return self.pending is Pending.RESUME or minute - self.touched >= BREAK_MINUTES

    def to_json(self) -> str:
        """The draft as JSON of this version."""
        data = {
            "version": VERSION,
            "language": self.language,
            "started": self.started.isoformat(),
            "touched": self.touched,
            "at": self.at,
            "topic": self.topic,
            "state": self.state.value,
            "pending": self.pending.value,
            "sign": self.sign.value,
            "answers": {id_: [given.choices, given.words] for id_, given in self.answers.items()},
        }
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Draft:
        """The draft that :meth:`to_json` wrote. Raises DraftError where anything about it is unknown."""
        try:
            data = json.loads(text)
            if not isinstance(data, dict) or data.pop("version", None) != VERSION:
                raise DraftError("a draft of another version")
            answers = {_text(id_): _answer(given) for id_, given in data.pop("answers").items()}
            draft = cls(
                language=_text(data.pop("language")),
                started=dt.date.fromisoformat(_text(data.pop("started"))),
                touched=_whole(data.pop("touched")),
                at=_text(data.pop("at")),
                topic=None if (topic := data.pop("topic")) is None else _text(topic),
                state=FormState(data.pop("state")),
                pending=Pending(data.pop("pending")),
                sign=Sign(data.pop("sign")),
                answers=answers,
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            # Without its cause: the text of such an error may quote what was written.
            raise DraftError("a draft has an unknown form") from None
        if data:
            raise DraftError("a draft has an unknown form")
        return draft


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a whole number")
    return value


def _answer(value: Any) -> DraftAnswer:
    choices, words = value
    if not isinstance(choices, list) or not isinstance(words, list):
        raise TypeError("not an answer")
    return DraftAnswer(tuple(map(_text, choices)), tuple(map(_text, words)))
