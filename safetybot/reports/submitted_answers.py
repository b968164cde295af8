"""What the writer of a report told, answer by answer, whatever form its envelope has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from safetybot.vault.envelopes import EnvelopeKind, Message

_ADDITION = "What they added"


@dataclass(frozen=True, slots=True)
class SubmittedAnswer:
    """One answer, as it was given: what the buttons said, and the exact words."""

    key: str
    """Which it is within the case: the envelope's number, and its place in it."""
    at: str
    """The moment, UTC."""
    question: str
    """The question's id; empty for an addition."""
    label: str
    """The question in a word or two."""
    choices: tuple[str, ...] = ()
    """Ids of the buttons that were pressed."""
    buttons: tuple[str, ...] = ()
    """What they said."""
    words: str = field(default="", repr=False)


def submitted_answers(messages: Iterable[Message]) -> tuple[SubmittedAnswer, ...]:
    """What the writer told in these messages, in its order; messages of staff are passed over."""
    return tuple(one for message in messages for one in _of(message))


def _of(message: Message) -> Iterator[SubmittedAnswer]:
    body = message.body
    if message.kind is EnvelopeKind.ADDITION:
        yield SubmittedAnswer(f"{message.number}.0", message.at, "", _ADDITION, words=text_of(body))
    elif message.kind in (EnvelopeKind.REPORT, EnvelopeKind.CONTACT):
        answers = body.get("answers") if isinstance(body, dict) else None
        if not isinstance(answers, list):
            # Of a form that we do not know: shown as it is, for it must not be lost.
            yield SubmittedAnswer(f"{message.number}.0", message.at, "", "What they wrote", words=text_of(body))
            return
        for place, answer in enumerate(answers):
            yield _answer(f"{message.number}.{place}", message.at, answer)


def _answer(key: str, at: str, answer: Any) -> SubmittedAnswer:
    if not isinstance(answer, dict):
        return SubmittedAnswer(key, at, "", "What they wrote", words=text_of(answer))
    question = str(answer.get("question", ""))
    label = str(answer.get("label") or question or "What they wrote")
    choices, buttons = _texts(answer.get("choices")), _texts(answer.get("buttons"))
    return SubmittedAnswer(key, at, question, label, choices, buttons or choices, str(answer.get("words") or ""))


def text_of(body: Any) -> str:
    """The words of a message's body; where it has another form, all of it as JSON."""
    if isinstance(body, str):
        return body
    if isinstance(body, dict) and isinstance(body.get("text"), str):
        return str(body["text"])
    return json.dumps(body, ensure_ascii=False, indent=1)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()
