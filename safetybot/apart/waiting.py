"""Answers texts that wait at the same time: understood together, which takes less for each, and answered in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from safetybot.apart.wire import Asked, Failed
from safetybot.dialogue.conversation import Conversation
from safetybot.dialogue.tongue import Tongue
from safetybot.dialogue.turn import Turn
from safetybot.guidance.reader import Library
from safetybot.matching.interpreter import Interpretation, Interpreter

TOGETHER = 24
"""Texts at most. Of more, none takes much less, and the first waits for the last."""
LETTERS_TOGETHER = 2_000
"""Of all of them: long texts take long, and nobody else is to wait for theirs."""


def first_together(asked: Sequence[Asked]) -> int:
    """How many of those who wait are answered together: the first, and those after it that do not take it long."""
    letters = 0
    for count, each in enumerate(asked[:TOGETHER]):
        letters += len(each.incoming.text or "")
        if count and letters > LETTERS_TOGETHER:
            return count
    return min(len(asked), TOGETHER)


class Waiting:
    """What answers all that waits."""

    def __init__(self, library: Library, interpreters: Mapping[str, Interpreter]) -> None:
        """``interpreters``: language code → interpreter."""
        self._ahead = {code: _Ahead(interpreter) for code, interpreter in interpreters.items()}
        tongues = {code: Tongue(library.languages[code], ahead) for code, ahead in self._ahead.items()}
        self._conversation = Conversation(tongues, library.first)

    def answer(self, asked: Sequence[Asked]) -> list[Turn | Failed]:
        """What answers each."""
        try:
            if len(asked) > 1:
                with suppress(Exception):  # then each is understood by itself, so that one that fails hides no other
                    self._read(asked)
            return [self._answer(each) for each in asked]
        finally:
            for ahead in self._ahead.values():
                ahead.forget()

    def _read(self, asked: Sequence[Asked]) -> None:
        """Understands together what will have to be understood."""
        texts: dict[str, dict[str, None]] = {}
        for each in asked:
            code, found = self._conversation.to_understand(each.incoming, each.memory)
            texts.setdefault(code, {}).update(dict.fromkeys(found))
        for code, of_language in texts.items():
            self._ahead[code].read([*of_language])

    def _answer(self, asked: Asked) -> Turn | Failed:
        try:
            return self._conversation.respond(
                asked.incoming, asked.memory, asked.minute, offered=asked.offered, asks=asked.asks
            )
        except Exception as error:
            return Failed(type(error).__name__)


class _Ahead:
    """An interpreter that has read ahead: what it is asked about may be understood already."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._understood: dict[str, Interpretation] = {}

    def read(self, texts: Sequence[str]) -> None:
        """Understands texts, together. Raises what that raises."""
        self._understood = dict(zip(texts, self._interpreter.interpret_all(texts), strict=True))

    def forget(self) -> None:
        """Forgets what was read."""
        self._understood = {}

    def __call__(self, text: str) -> Interpretation:
        return self._understood.get(text) or self._interpreter.interpret(text)
