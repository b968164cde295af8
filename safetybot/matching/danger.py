"""How dangerous a message sounds: emergency, check-in, or neither, with a reason that can be shown.

Two judges, and the graver verdict holds: what was learnt from the editors' signs and look-alikes, and the readable
rules of :mod:`safetybot.matching.danger_rules`. Both see the message as typed and as mended.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from safetybot.guidance.model import Sign, Urgency
from safetybot.matching.corpus import SIGNS, Corpus
from safetybot.matching.danger_rules import apply_rules
from safetybot.matching.features import Features
from safetybot.matching.fitted import Fitted, danger_signals, topics_of
from safetybot.matching.linear import softmax
from safetybot.matching.nearness import Look, Nearness
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
        self._compared = (np.zeros(0, np.float32), np.zeros(0, np.float32))

    def judge_learnt(self, look: Look, class_probabilities: FloatArray, part: bool = False) -> Danger:
        """What the learnt signs say; ``class_probabilities``: as :class:`safetybot.matching.matcher.Match` has them.

        A ``part`` of a long text has to be clearer than a whole one, as there are several.
        """
        near, texts = self._nearest_signs(look)
        head = softmax(self._head.scores(look.features))
        signals = danger_signals(
            head[None, :], class_probabilities[None, :], self._urgent, self._high, np.array([near], np.float32)
        )
        calibration = self._calibration
        emergency = float(calibration.emergency.probability(signals)[0])
        check = float(calibration.check.probability(signals)[0])
        if emergency >= (calibration.part_card_threshold if part else calibration.card_threshold):
            sign = Sign.EMERGENCY
        elif check >= (calibration.part_check_threshold if part else calibration.check_threshold):
            sign = Sign.CHECK
        else:
            sign = Sign.NONE
        nearest = texts[SIGNS.index(sign)]
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
            starts = self._corpus.sign_starts
            compared = (look.features.sentence, self._nearness.sentence(look, starts[0], starts[-1]))
            self._compared = compared
        return compared[1]

    def _nearest_signs(self, look: Look) -> tuple[list[float], list[str]]:
        starts = self._corpus.sign_starts
        similarity = self._sentence_similarity(look) + self._nearness.lexical(look, starts[0], starts[-1])
        near: list[float] = []
        texts: list[str] = []
        for start, end in itertools.pairwise(starts):
            best = start + int(similarity[start - starts[0] : end - starts[0]].argmax())
            near.append(float(similarity[best - starts[0]]))
            texts.append(self._corpus.texts[best])
        return near, texts


def gravest(*verdicts: Danger) -> Danger:
    """The verdict with the gravest sign, the first of equals, with the highest probabilities of all."""
    worst = max(verdicts, key=lambda verdict: GRAVITY[verdict.sign])
    return Danger(
        worst.sign,
        worst.because,
        max(verdict.emergency_probability for verdict in verdicts),
        max(verdict.check_probability for verdict in verdicts),
    )
