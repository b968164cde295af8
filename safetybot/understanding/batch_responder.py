"""Understands texts that wait at the same time together, which takes less for each; each gets its own answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from safetybot.matching.interpreter import Interpreter
from safetybot.understanding.framing import Answered, Meaning, WorkerRequest

TOGETHER = 24
"""Questions at most. Of more, none takes much less, and the first waits for the last."""
LETTERS_TOGETHER = 2_000
"""Of all of them: long texts take long, and nobody else is to wait for theirs."""


def first_together(asked: Sequence[WorkerRequest]) -> int:
    """How many of those who wait are answered together: the first, and those after it that do not take it long."""
    letters = 0
    for count, each in enumerate(asked[:TOGETHER]):
        letters += sum(map(len, each.texts))
        if count and letters > LETTERS_TOGETHER:
            return count
    return min(len(asked), TOGETHER)


class BatchResponder:
    """What answers all that waits. Nothing is kept of it."""

    def __init__(self, interpreters: Mapping[str, Interpreter]) -> None:
        """``interpreters``: language code → interpreter."""
        self._interpreters = interpreters

    def answer(self, asked: Sequence[WorkerRequest]) -> list[Answered]:
        """What answers each."""
        try:
            return self._together(asked)
        except Exception:  # then each is understood by itself, so that one that fails hides no other
            return [*map(self._alone, asked)]

    def _together(self, asked: Sequence[WorkerRequest]) -> list[Answered]:
        texts = [each.read() for each in asked]
        found: dict[tuple[str, str], Meaning] = {}
        for language in {each.language for each in asked}:
            every = {
                text: None
                for each, read in zip(asked, texts, strict=True)
                if each.language == language
                for text in read
            }
            meant = self._interpreters[language].interpret_all([*every])
            found |= {(language, text): Meaning.of(one) for text, one in zip(every, meant, strict=True)}
        return [
            Answered(tuple(found[each.language, text] for text in read))
            for each, read in zip(asked, texts, strict=True)
        ]

    def _alone(self, asked: WorkerRequest) -> Answered:
        try:
            return self._together([asked])[0]
        except Exception as error:
            return Answered(failed=type(error).__name__)
