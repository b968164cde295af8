"""Answers texts that wait at the same time: understood together, which takes less for each, and answered in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from safetybot.apart.wire import Asked, Failed
from safetybot.dialogue.conversation import Conversation
from safetybot.dialogue.tongue import Tongue
from safetybot.dialogue.turn import Turn
from safetybot.guidance.reader import Library
from safetybot.matching.interpreter import Interpretation, Interpreter

TOGETHER = 24
"""Texts at most. Of more, none takes less, and the first waits for the last."""


class Waiting:
    """What answers all that waits."""

    def __init__(self, library: Library, interpreters: Mapping[str, Interpreter]) -> None:
        """``interpreters``: language code → interpreter."""
        self._ahead = {code: _Ahead(interpreter) for code, interpreter in interpreters.items()}
        tongues = {code: Tongue(library.languages[code], ahead) for code, ahead in self._ahead.items()}
        self._conversation = Conversation(tongues, library.first)

    def answer(self, asked: Sequence[Asked]) -> list[Turn | Failed]:
        """What answers each."""
        texts: dict[str, list[str]] = {}
        if len(asked) > 1:
            for each in asked:
                code, found = self._conversation.to_understand(each.incoming, each.memory)
                texts.setdefault(code, []).extend(found)
        try:
            for code, of_language in texts.items():
                self._ahead[code].read(of_language)
            return [self._answer(each) for each in asked]
        finally:
            for ahead in self._ahead.values():
                ahead.forget()

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

    def read(self, texts: Iterable[str]) -> None:
        """Understands texts, together. Where one of them cannot be, whoever asks about it is told."""
        different = [*dict.fromkeys(texts)]
        try:
            self._understood = dict(zip(different, self._interpreter.interpret_all(different), strict=True))
        except Exception:
            self.forget()  # each is understood by itself, so that one that cannot be does not hide the others

    def forget(self) -> None:
        """Forgets what was read."""
        self._understood = {}

    def __call__(self, text: str) -> Interpretation:
        return self._understood.get(text) or self._interpreter.interpret(text)
