"""How near one message is to each example and sign, quickly.

The similarity of :mod:`safetybot.matching.features`, arranged for one text against many: feature by feature, for a
message has only a few dozen of them. A few hundred character runs stand in nearly every text: those are a dense matrix,
of which the message's rows are read, for the texts that are asked for. Each of the others stands in few texts: they are
looked up once for all texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from safetybot.matching.features import FeatureMatrix, Features

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]

FREQUENT = 512
"""Lexical features that are dense: 2 kB a text. (With more, memory grows faster than time falls.)"""

_ROWS_AT_ONCE = 1_024


@dataclass(frozen=True, slots=True)
class Look:
    """One message, made ready to be compared."""

    features: Features
    frequent: IntArray
    """Which of the frequent features it has: shape (k,) …"""
    frequent_weights: FloatArray
    """… and their weights: shape (k,)."""
    rare: FloatArray
    """What its other lexical features add to the similarity to each text: shape (n,)."""


def _blocks(matrix: FeatureMatrix) -> Iterator[tuple[IntArray, IntArray, FloatArray]]:
    """The lexical weights of all rows, some rows at a time: the row, feature and weight of each.

    Some at a time, because what is taken for a moment is given back to nobody, and counts as the program's for good.
    """
    for start in range(0, len(matrix), _ROWS_AT_ONCE):
        starts = matrix.starts[start : start + _ROWS_AT_ONCE + 1]
        rows = np.repeat(np.arange(start, start + len(starts) - 1, dtype=np.int32), np.diff(starts))
        yield rows, matrix.numbers[starts[0] : starts[-1]], matrix.weights[starts[0] : starts[-1]]


class Nearness:
    """All texts of a corpus, to be compared with one message at a time."""

    def __init__(self, matrix: FeatureMatrix, width: int) -> None:
        """``matrix``: φ of n texts; ``width``: how many lexical features there are."""
        counts = np.zeros(width, np.int64)
        for _, numbers, _ in _blocks(matrix):
            counts += np.bincount(numbers, minlength=width)
        chosen = np.sort(np.argsort(-counts, kind="stable")[:FREQUENT])
        self._place = np.full(width, -1, np.int32)
        self._place[chosen] = np.arange(len(chosen), dtype=np.int32)
        counts[chosen] = 0
        self._starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
        self._sentences = matrix.sentences
        self._frequent = np.zeros((len(chosen), len(matrix)), np.float32)
        self._rows = np.zeros(self._starts[-1], np.int32)
        self._weights = np.zeros(self._starts[-1], np.float32)
        free = self._starts[:-1].copy()
        for rows, numbers, weights in _blocks(matrix):
            column = self._place[numbers]
            is_frequent = column >= 0
            self._frequent[column[is_frequent], rows[is_frequent]] = weights[is_frequent]
            rare = np.flatnonzero(~is_frequent)
            rare = rare[np.argsort(numbers[rare], kind="stable")]
            features, first, runs = np.unique(numbers[rare], return_index=True, return_counts=True)
            places = np.repeat(free[features] - first, runs) + np.arange(len(rare))
            self._rows[places], self._weights[places] = rows[rare], weights[rare]
            free[features] += runs.astype(np.int32)

    def look(self, features: Features) -> Look:
        """A message, made ready."""
        place = self._place[features.numbers]
        is_frequent = place >= 0
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
        return Look(features, place[is_frequent], features.weights[is_frequent], rare)

    def lexical(self, look: Look, start: int, end: int) -> FloatArray:
        """The lexical part of the similarity to texts ``start`` to ``end``: shape (end - start,)."""
        # Not as a product of matrices: that would be split over threads and wait for the slowest, for 0.2 MFLOP.
        result: FloatArray = np.einsum("f,fn->n", look.frequent_weights, self._frequent[look.frequent, start:end])
        return result + look.rare[start:end]

    def sentence(self, look: Look, start: int, end: int) -> FloatArray:
        """The other part of the similarity: shape (end - start,)."""
        result: FloatArray = np.vecdot(self._sentences[start:end], look.features.sentence)
        return result
