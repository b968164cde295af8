"""How dangerous a message sounds: emergency, check-in, or neither, with a reason that can be shown.

Two judges, and the graver verdict holds: what was learnt from the editors' signs and look-alikes, and the readable
rules of :mod:`safetybot.matching.danger_rules`. Both see the message as typed and as mended.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from safetybot.guidance.model import Sign, Urgency
from safetybot.matching.corpus import SIGNS, Corpus
from safetybot.matching.danger_rules import apply_rules
from safetybot.matching.features import Features
from safetybot.matching.fitted import Fitted, danger_signals, topics_of
from safetybot.matching.linear import softmax
from safetybot.matching.nearness import Look, Near, Nearness
from safetybot.matching.text import PreparedText

FloatArray = npt.NDArray[np.float32]

GRAVITY = {Sign.NONE: 0, Sign.CHECK: 1, Sign.EMERGENCY: 2}


@dataclass(frozen=True, slots=True)
class Danger:
    """The verdict on one message, and why."""

    sign: Sign
    because: str
    """For editors: the rule that was met, or the sign it is close to."""
    emergency_probability: float
    check_probability: float
    """Of emergency or check."""


class DangerSense:
    """Judges messages of one language."""

    def __init__(self, corpus: Corpus, fitted: Fitted, nearness: Nearness) -> None:
        """``nearness``: to the texts of ``corpus``."""
        self._corpus = corpus
        self._head = fitted.danger_head
        self._calibration = fitted.calibration
        self._nearness = nearness
        self._urgent = topics_of(corpus, Urgency.EMERGENCY)
        self._high = topics_of(corpus, Urgency.HIGH)
        self._extremes = np.zeros((4, len(corpus.classes)), np.float32)
        """Classes of which none, one or both of the kinds that count are certain: no message is outside of these."""
        self._extremes[1::2, self._urgent[:1]] = 1
        self._extremes[2:, self._high[:1]] = 1
        self._ranges = [*itertools.pairwise(corpus.sign_starts)]
        self._compared = (np.zeros(0, np.float32), np.zeros(0, np.float32))

    def judge_learnt(self, look: Look, class_probabilities: FloatArray) -> Danger:
        """What the learnt signs say; ``class_probabilities``: as :class:`safetybot.matching.matcher.Match` has them."""
        near = self._nearness.nearest(look, self._ranges, self._sentence_similarity(look))
        emergency, check = self._probabilities(look, class_probabilities[None, :], near)
        calibration = self._calibration
        return self._verdict(near, emergency, check, calibration.card_threshold, calibration.check_threshold)

    def judge_parts(self, looks: Sequence[Look], class_probabilities: Callable[[Look], FloatArray]) -> list[Danger]:
        """The same of the parts of a long text, which have to be clearer than a whole one, as there are several.

        ``class_probabilities`` takes as long as all else and is only called where it can matter: most parts are
        harmless whatever their topic is. (The probabilities are those of the worst topic then.)
        """
        if not looks:
            return []
        compared = self._nearness.sentence(looks, self._ranges)
        return [
            self._judge_part(look, self._nearness.nearest(look, self._ranges, sentence), class_probabilities)
            for look, sentence in zip(looks, compared, strict=True)
        ]

    def _judge_part(
        self, look: Look, near: Sequence[Near], class_probabilities: Callable[[Look], FloatArray]
    ) -> Danger:
        thresholds = self._calibration.part_card_threshold, self._calibration.part_check_threshold
        emergency, check = self._probabilities(look, self._extremes, near)
        if emergency >= thresholds[0] or check >= thresholds[1]:
            emergency, check = self._probabilities(look, class_probabilities(look)[None, :], near)
        return self._verdict(near, emergency, check, *thresholds)

    def _probabilities(self, look: Look, topics: FloatArray, near: Sequence[Near]) -> tuple[float, float]:
        """Of an emergency, and of an emergency or a check, for the worst of ``topics``: shape (n, classes)."""
        head = softmax(self._head.scores(look.features))
        similarity = np.array([found.similarity for found in near], np.float32)
        alike = (len(topics), len(near))
        signals = danger_signals(
            np.broadcast_to(head, alike), topics, self._urgent, self._high, np.broadcast_to(similarity, alike)
        )
        calibration = self._calibration
        models = (calibration.emergency, calibration.check)
        emergency, check = (float(model.probability(signals).max()) for model in models)
        return emergency, check

    def _verdict(
        self, near: Sequence[Near], emergency: float, check: float, card_threshold: float, check_threshold: float
    ) -> Danger:
        if emergency >= card_threshold:
            sign = Sign.EMERGENCY
        elif check >= check_threshold:
            sign = Sign.CHECK
        else:
            sign = Sign.NONE
        nearest = self._corpus.texts[near[SIGNS.index(sign)].row]
        because = f"close to the {sign.value} sign “{nearest}”" if sign is not Sign.NONE else "no sign of danger"
        return Danger(sign, because, emergency, check)

    def lean(self, features: Features) -> float:
        """A quick look: how much graver than harmless the learnt signs alone take it for, in log odds."""
        emergency, check, none = self._head.scores(features).tolist()
        return float(max(emergency, check) - none)

    def judge_rules(self, prepared: PreparedText) -> Danger:
        """What the readable rules say of the text in each of its forms.

        They are English, and looked at in every language: a young person may write English to a bot that is not.
        """
        verdict = Danger(Sign.NONE, "no sign of danger", 0.0, 0.0)
        for form in dict.fromkeys((prepared.raw, prepared.plain, prepared.mended)):
            rule = apply_rules(form)
            if rule and GRAVITY[rule.sign] > GRAVITY[verdict.sign]:
                verdict = Danger(rule.sign, f"rule: {rule.reason}", 0.0, 0.0)
        return verdict

    def _sentence_similarity(self, look: Look) -> FloatArray:
        """The sentence part of the similarity to each sign; a message as typed often has the vector of it as mended."""
        compared = self._compared  # taken once: another thread may put its own in place
        if not np.array_equal(compared[0], look.features.sentence):
            compared = (look.features.sentence, self._nearness.sentence([look], self._ranges)[0])
            self._compared = compared
        return compared[1]


def gravest(*verdicts: Danger) -> Danger:
    """The verdict with the gravest sign, the first of equals, with the highest probabilities of all."""
    worst = max(verdicts, key=lambda verdict: GRAVITY[verdict.sign])
    return Danger(
        worst.sign,
        worst.because,
        max(verdict.emergency_probability for verdict in verdicts),
        max(verdict.check_probability for verdict in verdicts),
    )
