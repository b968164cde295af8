"""Which topic a message is about, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from safetybot.guidance.model import Urgency
from safetybot.matching.calibration import first_signals, three_signals
from safetybot.matching.corpus import INSULT, NOT_TOPICS, Corpus
from safetybot.matching.features import Features
from safetybot.matching.fitted import DANGER_WEIGHT, Fitted, topics_of
from safetybot.matching.linear import softmax
from safetybot.matching.nearness import Nearness

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
    """Shape (classes,), for the danger sense."""


class Matcher:
    """Ranks the topics of one language."""

    def __init__(self, corpus: Corpus, fitted: Fitted) -> None:
        self._corpus = corpus
        self._head = fitted.topic_head
        self._calibration = fitted.calibration
        self._nearest_weight = np.float32(fitted.calibration.nearest_weight)
        examples = fitted.matrix.part(0, corpus.class_starts[-1])
        self._nearness = Nearness(examples, fitted.featuriser.lexical_width)
        self._topics = len(corpus.classes) - len(NOT_TOPICS)
        self._urgent = np.zeros(len(corpus.classes), np.bool_)
        for urgency in (Urgency.HIGH, Urgency.EMERGENCY):
            self._urgent[topics_of(corpus, urgency)] = True

    def match(self, features: Features) -> Match:
        """The match of one message."""
        head = softmax(self._head.scores(features))
        compared = np.argsort(-head)[:_COMPARED]
        starts = self._corpus.class_starts
        found = self._nearness.nearest(features, [(starts[class_], starts[class_ + 1]) for class_ in compared])
        nearest = dict(zip(compared.tolist(), found, strict=True))
        # The classes that are not compared are taken to be no nearer than the farthest that is.
        similarity = np.full(len(head), min(near.similarity for near in found), np.float32)
        similarity[compared] = [near.similarity for near in found]
        log_head = np.log(head + np.float32(1e-12))
        probability = softmax(log_head + self._nearest_weight * similarity)
        ranked = [int(c) for c in compared[np.argsort(-probability[compared])] if c < self._topics][:CHOICES_KEPT]
        topic = probability[ranked][None, :]
        near = np.array([[nearest[c].similarity for c in ranked]], np.float32)
        none = probability[self._topics :].sum()
        first, three = self._probabilities(topic, near, none)
        is_urgent = self._urgent[ranked[:CHOICES_SHOWN]]
        urgent = 0.0 if is_urgent[0] else float(probability[ranked[:CHOICES_SHOWN]][is_urgent].sum())
        choices = tuple(
            Choice(
                self._corpus.classes[c],
                float(probability[c]),
                self._corpus.texts[nearest[c].row],
                nearest[c].similarity,
            )
            for c in ranked
        )
        return Match(
            decision=_decide(first, three, float(none), float(topic[0, 0]), urgent, self._calibration.choice_threshold),
            choices=choices,
            first_probability=first,
            three_probability=three,
            none_probability=float(none),
            urgent_probability=urgent,
            insult=float(probability[self._corpus.classes.index(INSULT)]) > 0.5,
            class_probabilities=softmax(log_head + np.float32(DANGER_WEIGHT) * similarity),
        )

    def _probabilities(self, topic: FloatArray, near: FloatArray, none: np.float32) -> tuple[float, float]:
        outside = np.array([none], np.float32)
        calibration = self._calibration
        first = calibration.first.probability(first_signals(topic, near, outside))
        three = calibration.three.probability(three_signals(topic, near, outside))
        return float(first[0]), float(three[0])


def _decide(first: float, three: float, none: float, best: float, urgent: float, choice_threshold: float) -> Decision:
    if none > best and none > 0.5:
        return Decision.UNSURE
    if first >= ANSWER_PROBABILITY:
        return Decision.ANSWER if urgent < URGENT_PROBABILITY else Decision.CHOOSE
    if three >= choice_threshold:
        return Decision.CHOOSE
    return Decision.UNSURE
