"""The examples as cross-validation judges them → what a message has to reach to get the card, or a check-in."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
import numpy.typing as npt

from safetybot.guidance.model import Sign
from safetybot.matching.calibration import Logistic, scope_weights, share_of, threshold_for_rate
from safetybot.matching.corpus import NOT_TOPICS, SIGNS, Corpus
from safetybot.matching.fitted_model import Labels, Thresholds, expected_gravity

FloatArray = npt.NDArray[np.float32]
LabelArray = npt.NDArray[np.int64]

CARD_RATE = 0.006
"""Policy: at most this share of ordinary examples would get the emergency card without need. In use it is about twice
as many: a message is read as typed and as mended, and is less like the examples than they are like each other."""
CHECK_RATE = 0.0375
"""Policy: likewise for a check-in, or the card."""
DANGER_PROBABILITY = 0.25
"""Policy: neither the card nor a check-in for a lower probability (or gravity), whatever the rates allow: of few
examples, as in the beginning of a second language, they would allow nearly everything …"""
ORDINARY_MIN = 40
"""… but of fewer ordinary examples (scored) the probabilities themselves are too low to be held against it."""
PARTS = 4
"""A long text is judged in parts as well: each may go wrong at this fraction of the rates above."""

_HALVINGS = 20


class DangerFigures(TypedDict):
    """The fields of :class:`Calibration` that are about danger."""

    emergency: Logistic
    check: Logistic
    whole: Thresholds
    part: Thresholds
    emergencies_carded: float
    emergencies_caught: float


def calibrate_danger(corpus: Corpus, labels: Labels, signals: FloatArray, rows: LabelArray) -> DangerFigures:
    """Two logistic models of the danger signals, and the thresholds that keep the policies."""
    level = labels.danger[rows]
    known = level >= 0
    even = np.ones(int(known.sum()), np.float32)
    emergency = Logistic.fit(signals[known], level[known] == SIGNS.index(Sign.EMERGENCY), even)
    check = Logistic.fit(signals[known], level[known] != SIGNS.index(Sign.NONE), even)
    # Ordinary messages, as they come: examples of normal topics and off-topic sentences.
    topics = len(corpus.classes) - len(NOT_TOPICS)
    asked = labels.classes[rows]
    ordinary = known & (asked >= 0) & (level == SIGNS.index(Sign.NONE))
    weights = scope_weights(asked[ordinary] >= topics)
    probability, worth = emergency.probability(signals), check.probability(signals)
    least = DANGER_PROBABILITY if ordinary.sum() >= ORDINARY_MIN else 0.0

    def thresholds(share: float) -> Thresholds:
        card = threshold_for_rate(probability[ordinary], weights, share * CARD_RATE)
        both = _checks(probability[ordinary], worth[ordinary], weights, share * CHECK_RATE)
        return Thresholds(max(least, card), *(max(least, threshold) for threshold in both))

    whole = thresholds(1)
    signs = np.flatnonzero((asked < 0) & (level == SIGNS.index(Sign.EMERGENCY)))
    found = [whole.sign(probability[sign], worth[sign]) for sign in signs]
    return DangerFigures(
        emergency=emergency,
        check=check,
        whole=whole,
        part=thresholds(1 / PARTS),
        emergencies_carded=share_of(np.array([sign is Sign.EMERGENCY for sign in found])),
        emergencies_caught=share_of(np.array([sign is not Sign.NONE for sign in found])),
    )


def _checks(emergency: FloatArray, check: FloatArray, weights: FloatArray, rate: float) -> tuple[float, float]:
    """The two for a check-in, as in :class:`Thresholds`: as many of these ordinary texts reach the one as the other,
    and at most a weighted share ``rate`` either of them.
    """
    gravity = expected_gravity(emergency, check)

    def at(each: float) -> tuple[float, float]:
        return threshold_for_rate(check, weights, each), threshold_for_rate(gravity, weights, each)

    low, high = rate / 2, rate
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        of_check, of_gravity = at(middle)
        reached = float(weights[(check >= of_check) | (gravity >= of_gravity)].sum())
        low, high = (middle, high) if reached <= rate * float(weights.sum()) else (low, middle)
    return at(low)
