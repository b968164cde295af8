"""Which texts of a corpus are nearest to one message, quickly.

The similarity of :mod:`safetybot.matching.features`, arranged for one text against many. Most lexical features stand
in few texts: those are looked up once for all texts, feature by feature. A few hundred character runs stand in nearly
every text, and say little: all they can add is bounded by the product of two lengths (Cauchy and Schwarz), so they are
only looked at in the few texts that could be the nearest. The result is exact.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from safetybot.matching.features import FeatureMatrix, Features
from safetybot.matching.int8_index import Int8Index

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]
RowArray = npt.NDArray[np.int64]
Range = tuple[int, int]
"""Where some texts begin and end in the corpus."""

FREQUENT = 512
"""Lexical features that are looked at last. (The more they are, the more texts there are left to look at.)"""

_ROWS_AT_ONCE = 1_024
_ROUNDING = np.float32(1e-5)
"""More than rounding can take from what a text is near at most."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One message, made ready to be compared."""

    features: Features
    frequent: FloatArray
    """Its weights of the frequent features: shape (frequent features,)."""
    rare: FloatArray
    """What its other lexical features add to the similarity to each text: shape (n,)."""


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest text of some."""

    row: int
    """Its number in the corpus."""
    similarity: float


def _blocks(matrix: FeatureMatrix) -> Iterator[tuple[IntArray, IntArray, FloatArray]]:
    """The lexical weights of all rows, some rows at a time: the row, feature and weight of each.

    Some at a time, because what is taken for a moment is given back to nobody, and counts as the program's for good.
    """
    for start in range(0, len(matrix), _ROWS_AT_ONCE):
        starts = matrix.starts[start : start + _ROWS_AT_ONCE + 1]
        rows = np.repeat(np.arange(start, start + len(starts) - 1, dtype=np.int32), np.diff(starts))
        yield rows, matrix.numbers[starts[0] : starts[-1]], matrix.weights[starts[0] : starts[-1]]


class NearestNeighbours:
    """All texts of a corpus, to be compared with one message at a time."""

    def __init__(self, matrix: FeatureMatrix, width: int, *, all_at_once: bool = False) -> None:
        """``matrix``: φ of n texts; ``width``: how many lexical features there are.

        ``all_at_once``: whether :meth:`nearest_of_all` will be asked.
        """
        counts = np.zeros(width, np.int64)
        for _, numbers, _ in _blocks(matrix):
            counts += np.bincount(numbers, minlength=width)
        chosen = np.sort(np.argsort(-counts, kind="stable")[:FREQUENT])
        self._sentences = matrix.sentences
        self._eight_bits = Int8Index(matrix.sentences) if all_at_once and matrix.sentences.any() else None
        self._numbers = np.arange(len(matrix))
        self._place = np.full(width, -1, np.int16)
        self._place[chosen] = np.arange(len(chosen))
        self._frequent_count = len(chosen)
        # The frequent features, text by text; what is not yet known of the starts are the lengths.
        self._frequent_starts = np.zeros(len(matrix) + 1, np.int32)
        self._frequent = np.zeros(counts[chosen].sum(), np.float32)
        self._columns = np.zeros(len(self._frequent), np.int16)
        self._reach = np.zeros(len(matrix), np.float32)
        # The others, feature by feature.
        counts[chosen] = 0
        self._starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
        self._rows = np.zeros(self._starts[-1], np.uint16 if len(matrix) <= 2**16 else np.int32)
        self._weights = np.zeros(self._starts[-1], np.float32)
        free, filled = self._starts[:-1].copy(), 0
        sorted_as = np.uint16 if width <= 2**16 else np.int32  # 16 bits are sorted four times as fast
        for rows, numbers, weights in _blocks(matrix):
            column = self._place[numbers]
            frequent, rare = np.flatnonzero(column >= 0), np.flatnonzero(column < 0)
            place = slice(filled, filled := filled + len(frequent))
            self._columns[place], self._frequent[place] = column[frequent], weights[frequent]
            self._frequent_starts[1:] += np.bincount(rows[frequent], minlength=len(matrix)).astype(np.int32)
            self._reach += np.bincount(rows[frequent], weights[frequent] ** 2, len(matrix)).astype(np.float32)
            rare = rare[np.argsort(numbers[rare].astype(sorted_as), kind="stable")]
            features, first, runs = np.unique(numbers[rare], return_index=True, return_counts=True)
            places = np.repeat(free[features] - first, runs) + np.arange(len(rare))
            self._rows[places], self._weights[places] = rows[rare], weights[rare]
            free[features] += runs.astype(np.int32)
        np.cumsum(self._frequent_starts, out=self._frequent_starts)
        np.sqrt(self._reach, out=self._reach)

    def nearest(self, texts: Sequence[Features], ranges: Sequence[Sequence[Range]]) -> list[list[Near]]:
        """For each of some messages, the text of each of its ranges that is nearest to it; no range is empty."""
        # One range after the other, for all messages that ask for it: what is read of it is near then. And row by row,
        # not as one product: that would be split over threads and wait for the slowest, for 1 MFLOP.
        products: list[dict[Range, FloatArray]] = [{} for _ in texts]
        for place, number in sorted((place, number) for number, asked in enumerate(ranges) for place in asked):
            products[number][place] = np.vecdot(self._sentences[slice(*place)], texts[number].sentence)
        return [
            self._nearest(self._look(features), asked, np.concatenate([*map(found.__getitem__, asked)]), None)
            for features, asked, found in zip(texts, ranges, products, strict=True)
        ]

    def nearest_of_all(self, texts: Sequence[Features], ranges: Sequence[Range]) -> list[list[Near]]:
        """The same for several messages and ranges that are, one after the other, all texts.

        Their vectors are looked at as copies of 8 bits first: a quarter of the memory, which is what takes the time.
        """
        if self._eight_bits is None:
            return self.nearest(texts, [ranges] * len(texts))
        # A message as typed often has the vector of it as mended.
        vectors = {features.sentence.tobytes(): features.sentence for features in texts}
        products, off = self._eight_bits.products(np.stack([*vectors.values()]))
        place = {vector: number for number, vector in enumerate(vectors)}
        found = []
        for features in texts:
            row = place[features.sentence.tobytes()]
            found.append(self._nearest(self._look(features), ranges, products[row], off[row]))
        return found

    def _nearest(
        self, look: _Look, ranges: Sequence[Range], sentence: FloatArray, off: FloatArray | None
    ) -> list[Near]:
        """``sentence``: the sentence part of the similarity to the texts of each range; ``off``: how far off it may be,
        None where it is exact."""
        rows = np.concatenate([self._numbers[start:end] for start, end in ranges])
        lengths = [end - start for start, end in ranges]
        starts = [0, *itertools.accumulate(lengths)]
        without = sentence + look.rare[rows]  # the similarity without the frequent features, or nearly
        exact = without if off is None else None
        best = np.array([start + without[start:end].argmax() for start, end in itertools.pairwise(starts)])
        known = self._similarity(look, rows, best, exact)
        most = without + self._reach[rows] * np.sqrt(look.frequent @ look.frequent)
        if off is not None:
            most += off
        left = np.flatnonzero(most >= np.repeat(known - _ROUNDING, lengths))
        similarity = self._similarity(look, rows, left, exact)
        found = []
        for start, end in itertools.pairwise(np.searchsorted(left, starts).tolist()):
            place = start + int(similarity[start:end].argmax())
            found.append(Near(int(rows[left[place]]), float(similarity[place])))
        return found

    def _similarity(self, look: _Look, rows: RowArray, places: RowArray, without: FloatArray | None) -> FloatArray:
        """The similarity to the texts at some places of ``rows``; ``without``: that without the frequent features."""
        chosen = rows[places]
        if without is not None:
            return without[places] + self._frequent_part(look, chosen)
        sentence = np.vecdot(self._sentences[chosen], look.features.sentence)
        similarity: FloatArray = sentence + look.rare[chosen] + self._frequent_part(look, chosen)
        return similarity

    def _look(self, features: Features) -> _Look:
        """A message, made ready."""
        place = self._place[features.numbers]
        is_rare = place < 0
        frequent = np.zeros(self._frequent_count, np.float32)
        frequent[place[~is_rare]] = features.weights[~is_rare]
        numbers = features.numbers[is_rare]
        starts, ends = self._starts[numbers], self._starts[numbers + 1]
        # Slice by slice: to gather all places at once takes twice as long.
        spans = [*map(slice, starts.tolist(), ends.tolist()), slice(0)]
        rows = np.concatenate([self._rows[span] for span in spans])
        products = np.concatenate([self._weights[span] for span in spans])
        products *= np.repeat(features.weights[is_rare], ends - starts)
        rare = np.bincount(rows, products, len(self._sentences)).astype(np.float32)
        return _Look(features, frequent, rare)

    def _frequent_part(self, look: _Look, rows: RowArray) -> FloatArray:
        """What the frequent features add to the similarity to some texts: shape (len(rows),)."""
        starts = self._frequent_starts[rows]
        lengths = self._frequent_starts[rows + 1] - starts
        ends = np.cumsum(lengths)
        places = np.repeat(starts - (ends - lengths), lengths) + np.arange(lengths.sum())
        # One zero more than there are products, so that reduceat is defined where a trailing text has none.
        products = np.zeros(len(places) + 1, np.float32)
        np.multiply(self._frequent[places], look.frequent[self._columns[places]], out=products[:-1])
        sums: FloatArray = np.add.reduceat(products, ends - lengths)
        sums[lengths == 0] = 0
        return sums
