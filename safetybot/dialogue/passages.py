"""Finds passages by their exact wording: steps of the topic in hand, and universal questions.

Case, punctuation and spacing do not count. What is worded otherwise is left to the matcher.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from safetybot.guidance.checks import normalised
from safetybot.guidance.model import Guidance, Step, Topic, UniversalQuestion


@dataclass(frozen=True)
class PassageIndex:
    """The wordings of one language's passages, normalised."""

    steps: Mapping[tuple[str, bool], Mapping[str, int]]
    """Topic id and whether it is the answer for under-11s → wording → number of the step, from 1."""
    questions: Mapping[str, UniversalQuestion]

    @classmethod
    def of(cls, guidance: Guidance) -> PassageIndex:
        """The index of a language's guidance. Of one wording in two places the first counts."""
        steps: dict[tuple[str, bool], Mapping[str, int]] = {}
        for topic in guidance.topics.values():
            steps[topic.id, False] = _numbered(topic.answer.steps)
            steps[topic.id, True] = _numbered(topic.answer.younger.steps if topic.answer.younger else ())
        questions: dict[str, UniversalQuestion] = {}
        for question in guidance.questions:
            for wording in (question.button, *question.asks):
                questions.setdefault(normalised(wording), question)
        return cls(steps, questions)

    def step(self, topic: Topic, text: str, *, younger: bool) -> int | None:
        """The number of the step that ``text`` asks for, or None; ``younger``: of the answer for under-11s."""
        return self.steps.get((topic.id, younger), {}).get(normalised(text))

    def question(self, text: str) -> UniversalQuestion | None:
        """The universal question that ``text`` is, or None."""
        return self.questions.get(normalised(text))


def _numbered(steps: Iterable[Step]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    every = [*enumerate(steps, 1)]
    # Buttons first: what stands on one is never taken for a wording of another step.
    for number, step in every:
        found.setdefault(normalised(step.button), number)
    for number, step in every:
        for wording in step.asks:
            found.setdefault(normalised(wording), number)
    return found
