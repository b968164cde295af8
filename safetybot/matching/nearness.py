"""How near one message is to each example and sign, quickly.

The similarity of :mod:`safetybot.matching.features`, arranged for one text against many. A few hundred character runs
stand in nearly every text: those are a dense matrix, read row by row where it is wanted. Each of the others stands in
few texts, and a message has few of them: they are kept feature by feature, and looked up once for all texts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from safetybot.matching.features import FeatureMatrix, Features

FloatArray = npt.NDArray[np.float32]

FREQUENT = 512
"""Lexical features that are dense: 2 kB a text. (With more, memory grows faster than time falls.)"""


@dataclass(frozen=True, slots=True)
class Look:
    """One message, made ready to be compared."""

    features: Features
    frequent: FloatArray
    """Its weights of the frequent features: shape (at most FREQUENT,)."""
    rare: FloatArray
    """What its other lexical features add to the similarity to each text: shape (n,)."""


class Nearness:
    """All texts of a corpus, to be compared with one message at a time."""

    def __init__(self, matrix: FeatureMatrix, width: int) -> None:
        """``matrix``: φ of n texts; ``width``: how many lexical features there are."""
        counts = np.bincount(matrix.numbers, minlength=width)
        chosen = np.sort(np.argsort(-counts, kind="stable")[:FREQUENT])
        self._place = np.full(width, -1, np.int32)
        self._place[chosen] = np.arange(len(chosen), dtype=np.int32)
        row = np.repeat(np.arange(len(matrix), dtype=np.int32), np.diff(matrix.starts))
        column = self._place[matrix.numbers]
        is_frequent = column >= 0
        self._sentences = matrix.sentences
        self._frequent = np.zeros((len(matrix), len(chosen)), np.float32)
        self._frequent[row[is_frequent], column[is_frequent]] = matrix.weights[is_frequent]
        rare = np.flatnonzero(~is_frequent)
        rare = rare[np.argsort(matrix.numbers[rare], kind="stable")]
        self._rows, self._weights = row[rare], matrix.weights[rare]
        self._starts = np.searchsorted(matrix.numbers[rare], np.arange(width + 1)).astype(np.int32)

    def look(self, features: Features) -> Look:
        """A message, made ready."""
        place = self._place[features.numbers]
        is_frequent = place >= 0
        frequent = np.zeros(self._frequent.shape[1], np.float32)
        frequent[place[is_frequent]] = features.weights[is_frequent]
        numbers, weights = features.numbers[~is_frequent], features.weights[~is_frequent]
        first = self._starts[numbers]
        lengths = self._starts[numbers + 1] - first
        ends = np.cumsum(lengths)
        # Of each feature the places first, first + 1, …, one feature after the other.
        places = np.repeat(first - (ends - lengths), lengths)
        places += np.arange(len(places), dtype=np.int32)
        products = self._weights.take(places)
        products *= np.repeat(weights, lengths)
        rare = np.bincount(self._rows.take(places), products, len(self._sentences)).astype(np.float32)
        return Look(features, frequent, rare)

    def lexical(self, look: Look, start: int, end: int) -> FloatArray:
        """The lexical part of the similarity to texts ``start`` to ``end``: shape (end - start,)."""
        # Row by row, not as one product: that would be split over threads and wait for the slowest, for 1 MFLOP.
        result: FloatArray = np.vecdot(self._frequent[start:end], look.frequent) + look.rare[start:end]
        return result

    def sentence(self, look: Look, start: int, end: int) -> FloatArray:
        """The other part of the similarity: shape (end - start,)."""
        result: FloatArray = np.vecdot(self._sentences[start:end], look.features.sentence)
        return result
