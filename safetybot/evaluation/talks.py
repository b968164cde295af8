"""Holds a conversation: one person's texts, in the order typed, in a fresh chat.

Nothing is stored, and no report can be filed; what is remembered from one text to the next is what the bot remembers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from safetybot.dialogue.conversation import Conversation
from safetybot.dialogue.language_pack import Interpret, LanguagePack
from safetybot.dialogue.messages import Incoming, Outgoing
from safetybot.dialogue.turn import Memory, Turn
from safetybot.formats.markdown import parse, plain
from safetybot.guidance.model import Sign
from safetybot.guidance.reader import Library
from safetybot.matching.interpreter import Interpretation, Interpreter

CHANNEL = "talk"
_DECISIONS = {
    "answer": "answer",
    "passage": "answer",
    "choose": "choose",
    "unsure": "unsure",
    "people": "unsure",
    "off-topic": "unsure",
    "only-symbols": "unsure",
    "too-long": "unsure",
    "other-language": "unsure",
    "insult": "unsure",
}
"""What the dialogue counts → the decision that it was."""


@dataclass(frozen=True, slots=True)
class TalkTurn:
    """One text, and all that answered it."""

    text: str
    messages: tuple[str, ...]
    """As shown, without markup."""
    buttons: tuple[tuple[str, ...], ...]
    """The words on the buttons below each message."""
    decision: str | None
    """``answer``, ``choose`` or ``unsure``; None where a rule of the report form or a command spoke."""
    topic: str | None
    """Id of the topic that was answered with, or of the first that was offered."""
    passage: str | None
    """``topic/step`` or ``?question``, where one was found."""
    danger: Sign
    """As shown: the card, the question whether they are safe, or neither."""
    because: str

    @property
    def body(self) -> str:
        """What is shown beside the emergency card and the check-in: the text that may be the same again."""
        return self.messages[self.place] if self.messages else ""

    @property
    def place(self) -> int:
        """Where that stands among the messages."""
        return 1 if self.danger is Sign.EMERGENCY and len(self.messages) > 1 else 0

    def as_json(self) -> dict[str, Any]:
        """As ``safetybot try --talk --json`` prints it; what is not known yet is null."""
        return {
            "text": self.text,
            "messages": list(self.messages),
            "buttons": [list(row) for row in self.buttons],
            "decision": self.decision,
            "topic": self.topic,
            "passage": self.passage,
            "act": None,
            "role": None,
            "rule": None,
            "danger": self.danger.value,
            "because": self.because,
        }


class Listener:
    """Understands texts as an interpreter does, and remembers what each meant while a text is answered."""

    def __init__(self, interpret: Interpret) -> None:
        self._interpret = interpret
        self.heard: dict[str, Interpretation] = {}

    def __call__(self, text: str) -> Interpretation:
        """What a text means."""
        return self.heard.setdefault(text, self._interpret(text))


def hold(library: Library, interpreter: Interpreter, texts: Iterable[str]) -> Iterator[TalkTurn]:
    """Hold a conversation in the library's first language; yields each text with its answer."""
    listener = Listener(interpreter.interpret)
    conversation = Conversation(
        {library.first: LanguagePack(library.languages[library.first], listener)}, library.first
    )
    memory = Memory()
    for number, text in enumerate(texts):
        listener.heard.clear()
        incoming = Incoming(CHANNEL, CHANNEL, text=text, language=library.first)
        turn = conversation.respond(incoming, memory, number, offered=False)
        meant = listener.heard.get(text.strip())
        yield _answered(text, turn, meant)
        memory = Memory(turn.session, turn.fragment, turn.kept or memory.kept)


def _answered(text: str, turn: Turn, meant: Interpretation | None) -> TalkTurn:
    counts = dict(turn.counts)
    decision = next((known for name, known in _DECISIONS.items() if name in counts), None)
    topic: str | None = counts.get("answer") or None
    if topic is None and decision == "answer" and turn.fragment is not None:
        topic = turn.fragment.answered or None
    if topic is None and decision == "choose" and meant is not None and meant.match.choices:
        topic = meant.match.choices[0].topic
    return TalkTurn(
        text=text,
        messages=tuple(plain(parse(message.text)) for message in turn.messages),
        buttons=tuple(tuple(button.text for row in message.buttons for button in row) for message in turn.messages),
        decision=decision,
        topic=topic,
        passage=turn.passage,
        danger=_shown(turn.messages),
        because=meant.because if meant is not None else "",
    )


def _shown(messages: Iterable[Outgoing]) -> Sign:
    """The danger that is shown."""
    every = [*messages]
    if any(message.urgent for message in every):
        return Sign.EMERGENCY
    asks = any(button.press == "safe:yes" for message in every for row in message.buttons for button in row)
    return Sign.CHECK if asks else Sign.NONE
