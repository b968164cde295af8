"""Which topic a message is about, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from safetybot.guidance.model import Urgency
from safetybot.matching.calibration import first_signals, three_signals
from safetybot.matching.corpus import INSULT, NOT_TOPICS, Corpus
from safetybot.matching.features import Features
from safetybot.matching.fitted_model import DANGER_WEIGHT, Fitted, topics_of
from safetybot.matching.linear import softmax
from safetybot.matching.nearest_neighbours import Near, NearestNeighbours

FloatArray = npt.NDArray[np.float32]

ANSWER_PROBABILITY = 0.65
"""Policy: the first topic is answered where it is right with at least this probability."""
URGENT_PROBABILITY = 0.05
"""Policy: with topics of high urgency offered beside it, where one of the first three is meant with at least this
probability: somebody in trouble is rather asked than answered beside the point."""
CHOICES_SHOWN = 3
CHOICES_KEPT = 5
_COMPARED = 8
"""Classes whose examples are compared one by one; the head has ruled out the others."""

NOT_KEPT: FloatArray = np.zeros(0, np.float32)


class Decision(StrEnum):
    """What to do with a message."""

    ANSWER = "answer"
    CHOOSE = "choose"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Choice:
    """One topic that a message may be about."""

    topic: str
    score: float
    """Probability, 0 to 1."""
    example: str
    """The example of this topic that is nearest, as editors wrote it."""
    similarity: float
    """How near that is, about 0 to 1."""


@dataclass(frozen=True, slots=True)
class Match:
    """The topics a message may be about, best first, and what to do."""

    decision: Decision
    choices: tuple[Choice, ...]
    first_probability: float
    three_probability: float
    none_probability: float
    """That no topic is meant."""
    urgent_probability: float
    """That a topic of high urgency is meant, of the first three, where the first is not urgent itself."""
    insult: bool
    """It is aimed at the bot, and rude."""
    class_probabilities: FloatArray
    """Shape (classes,), for the danger sense; NOT_KEPT in another process."""


class Matcher:
    """Ranks the topics of one language."""

    def __init__(self, corpus: Corpus, fitted: Fitted) -> None:
        self._corpus = corpus
        self._head = fitted.topic_head
        self._calibration = fitted.calibration
        self._nearest_weight = np.float32(fitted.calibration.nearest_weight)
        examples = fitted.matrix.part(0, corpus.class_starts[-1])
        self._nearness = NearestNeighbours(examples, fitted.featuriser.lexical_width)
        self._topics = len(corpus.classes) - len(NOT_TOPICS)
        self._urgent = np.zeros(len(corpus.classes), np.bool_)
        for urgency in (Urgency.HIGH, Urgency.EMERGENCY):
            self._urgent[topics_of(corpus, urgency)] = True

    def match(self, features: Features) -> Match:
        """The match of one message."""
        return self.match_all((features,))[0]

    def match_all(self, texts: Sequence[Features]) -> list[Match]:
        """The match of each of some messages."""
        if not texts:
            return []
        heads = softmax(np.stack([self._head.scores(features) for features in texts]))
        compared = np.argsort(-heads, axis=1)[:, :_COMPARED]
        starts = self._corpus.class_starts
        ranges = [[(starts[class_], starts[class_ + 1]) for class_ in classes] for classes in compared]
        found = self._nearness.nearest(texts, ranges)
        near = np.array([[one.similarity for one in nearest] for nearest in found], np.float32)
        # The classes that are not compared are taken to be no nearer than the farthest that is.
        similarity = np.repeat(near.min(axis=1, keepdims=True), heads.shape[1], axis=1)
        each = np.arange(len(texts))[:, None]
        similarity[each, compared] = near
        log_heads = np.log(heads + np.float32(1e-12))
        probabilities = softmax(log_heads + self._nearest_weight * similarity)
        best = compared[each, np.argsort(-probabilities[each, compared], axis=1)]
        # As many for each text: where not all classes are compared, those that are no topics are too few to matter.
        ranked = np.stack([classes[classes < self._topics][:CHOICES_KEPT] for classes in best])
        signals = (
            probabilities[each, ranked],
            similarity[each, ranked],
            probabilities[:, self._topics :].sum(axis=1),
        )
        first = self._calibration.first.probability(first_signals(*signals)).tolist()
        three = self._calibration.three.probability(three_signals(*signals)).tolist()
        danger = softmax(log_heads + np.float32(DANGER_WEIGHT) * similarity)
        rows = [
            dict(zip(classes, nearest, strict=True)) for classes, nearest in zip(compared.tolist(), found, strict=True)
        ]
        return [*map(self._matched, ranked.tolist(), rows, probabilities, first, three, danger)]

    def _matched(
        self,
        ranked: list[int],
        nearest: Mapping[int, Near],
        probability: FloatArray,
        first: float,
        three: float,
        danger: FloatArray,
    ) -> Match:
        """``ranked``: the topics' classes, best first; ``nearest``: of each class that was compared, its nearest
        example; ``probability``, ``danger``: of each class, shape (classes,)."""
        none, shown = float(probability[self._topics :].sum()), ranked[:CHOICES_SHOWN]
        is_urgent = self._urgent[shown]
        urgent = 0.0 if is_urgent[0] else float(probability[shown][is_urgent].sum())
        choices = tuple(
            Choice(
                self._corpus.classes[class_],
                float(probability[class_]),
                self._corpus.texts[nearest[class_].row],
                nearest[class_].similarity,
            )
            for class_ in ranked
        )
        return Match(
            decision=_decide(first, three, none, choices[0].score, urgent, self._calibration.choice_threshold),
            choices=choices,
            first_probability=first,
            three_probability=three,
            none_probability=none,
            urgent_probability=urgent,
            insult=float(probability[self._corpus.classes.index(INSULT)]) > 0.5,
            class_probabilities=danger,
        )


def _decide(first: float, three: float, none: float, best: float, urgent: float, choice_threshold: float) -> Decision:
    if none > best and none > 0.5:
        return Decision.UNSURE
    if first >= ANSWER_PROBABILITY:
        return Decision.ANSWER if urgent < URGENT_PROBABILITY else Decision.CHOOSE
    if three >= choice_threshold:
        return Decision.CHOOSE
    return Decision.UNSURE
