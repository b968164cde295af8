"""What fitting learns, as plain arrays, and the signals that both fitting and judging look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from safetybot.guidance.model import Sign, Urgency
from safetybot.matching.calibration import Logistic
from safetybot.matching.corpus import SIGNS, Corpus
from safetybot.matching.features import FeatureMatrix, Featuriser
from safetybot.matching.linear import LinearHead
from safetybot.matching.text import WordList

FloatArray = npt.NDArray[np.float32]
LabelArray = npt.NDArray[np.int64]
Probability = TypeVar("Probability", float, FloatArray)

DANGER_WEIGHT = 4.0
"""Weight of the nearest example beside the trained head, where the danger sense asks for topics: less than where a
topic is chosen, as of several topics that a message may be about, each may mean danger."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a message has to reach to get the emergency card, or a check-in.

    A check-in goes by two of them. One is for the probability that it is either an emergency or worth a check; the
    other for the gravity to be expected, where an emergency counts twice (:func:`expected_gravity`): so what may well
    be an emergency comes before what is as surely worth a check, but hardly more.
    """

    card: float
    """Probability of an emergency …"""
    check: float
    """… and of an emergency or a check …"""
    gravity: float
    """… or else their sum, 0 to 2."""

    def sign(self, emergency: float, check: float) -> Sign:
        """What a message is taken for whose probabilities are these."""
        if emergency >= self.card:
            return Sign.EMERGENCY
        worrying = check >= self.check or expected_gravity(emergency, check) >= self.gravity
        return Sign.CHECK if worrying else Sign.NONE


def expected_gravity(emergency: Probability, check: Probability) -> Probability:
    """How grave a message is to be expected to be, if a check counts 1 and an emergency 2: shape as the two.

    ``emergency``, ``check``: probabilities of an emergency, and of an emergency or a check.
    """
    return emergency + check


@dataclass(frozen=True)
class Calibration:
    """What turns scores into decisions."""

    first: Logistic
    """P(the first topic is right)."""
    three: Logistic
    """P(the right topic is among the first three)."""
    emergency: Logistic
    check: Logistic
    """P(emergency), and P(emergency or check), from the signals of :func:`danger_signals`."""
    nearest_weight: float
    """Weight of the nearest example beside the trained head, where the probabilities of topics come from."""
    choice_threshold: float
    """Topics are offered where the right one is among the first three with at least this probability."""
    whole: Thresholds
    part: Thresholds
    """For one part of a long text, of which each has a chance to be wrong."""
    right_first: float
    right_in_three: float
    """Shares of examples whose topic was found in cross-validation."""
    emergencies_carded: float
    emergencies_caught: float
    """Shares of emergency signs that got the card, and the card or a check-in, in cross-validation."""


_DANGER_OF_URGENCY = {
    Urgency.EMERGENCY: SIGNS.index(Sign.EMERGENCY),
    # A high topic may or may not mean danger now: its examples teach neither.
    Urgency.HIGH: -1,
    Urgency.NORMAL: SIGNS.index(Sign.NONE),
}


ORDINARY_MAX = 15_000
"""Examples of normal topics that teach the danger sense what is harmless: of more, so many taken evenly from each."""


def danger_of(corpus: Corpus, class_: str) -> int:
    """The number of the danger that examples of a class teach, −1 for none."""
    return _DANGER_OF_URGENCY[corpus.urgency.get(class_, Urgency.NORMAL)]


@dataclass(frozen=True)
class Labels:
    """What is known of each text, as numbers; −1 where it does not apply."""

    classes: LabelArray
    danger: LabelArray

    @classmethod
    def of(cls, corpus: Corpus) -> Labels:
        classes = np.full(len(corpus.texts), -1)
        danger = np.full(len(corpus.texts), -1)
        for number, class_ in enumerate(corpus.classes):
            rows = slice(corpus.class_starts[number], corpus.class_starts[number + 1])
            classes[rows] = number
            danger[rows] = danger_of(corpus, class_)
        danger[_beyond(classes, danger)] = -1
        for number in range(len(SIGNS)):
            danger[corpus.sign_starts[number] : corpus.sign_starts[number + 1]] = number
        return cls(classes, danger)

    @property
    def ask_rows(self) -> LabelArray:
        return np.flatnonzero(self.classes >= 0)

    @property
    def danger_rows(self) -> LabelArray:
        return np.flatnonzero(self.danger >= 0)


def _beyond(classes: LabelArray, danger: LabelArray) -> LabelArray:
    """The rows of ordinary examples that are more than ORDINARY_MAX."""
    rows = np.random.default_rng(4).permutation(np.flatnonzero(danger == SIGNS.index(Sign.NONE)))
    rows = rows[np.argsort(classes[rows], kind="stable")]
    place_in_class = np.arange(len(rows)) - np.searchsorted(classes[rows], classes[rows])
    return rows[np.argsort(place_in_class, kind="stable")[ORDINARY_MAX:]]


@dataclass(frozen=True)
class Fitted:
    """The result of fitting, as plain arrays; :mod:`safetybot.matching.cache` stores it."""

    word_counts: Mapping[str, int]
    """What the spelling mender knows of the corpus …"""
    known_words: WordList
    """… and of its language."""
    prepared: tuple[str, ...]
    """The corpus's texts as matched, in its order."""
    featuriser: Featuriser
    matrix: FeatureMatrix
    """φ of every text of the corpus."""
    topic_head: LinearHead
    danger_head: LinearHead
    calibration: Calibration


def danger_signals(
    danger: FloatArray, topic: FloatArray, urgent: LabelArray, high: LabelArray, near: FloatArray
) -> FloatArray:
    """What tells how dangerous a message is: shape (n, 6).

    ``danger``: probabilities of emergency, check, none, shape (n, 3); ``topic``: probabilities of the classes,
    shape (n, classes); ``urgent``, ``high``: numbers of the topics with that urgency; ``near``: similarity to the
    nearest sign of each level, shape (n, 3). Where one of them has a single row, it is for all rows of the others.
    """
    emergency, check, none = np.log(danger + np.float32(1e-5)).T
    found = (
        emergency - none,
        check - none,
        np.log(topic[:, urgent].sum(axis=1) + np.float32(1e-3)),
        np.log(topic[:, high].sum(axis=1) + np.float32(1e-3)),
        near[:, 0] - near[:, 2],
        near[:, 1] - near[:, 2],
    )
    signals = np.empty((max(len(danger), len(topic), len(near)), len(found)), np.float32)
    for column, signal in enumerate(found):
        signals[:, column] = signal
    return signals


def topics_of(corpus: Corpus, urgency: Urgency) -> LabelArray:
    """Class numbers of the topics with this urgency."""
    return np.array([i for i, c in enumerate(corpus.classes) if corpus.urgency.get(c) == urgency], np.int64)
