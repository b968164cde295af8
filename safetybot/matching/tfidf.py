"""Term frequency times inverse document frequency, of one text or of many at once.

Of many the numbers are the same to the last bit as of each by itself: what is fitted on all texts at once is later
compared with one message.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]
Weighed = tuple[IntArray, IntArray, FloatArray]
"""Of many texts, of one shape: a text's place among them (ascending), a feature of it, and its weight there."""

DOCUMENTS_MIN = 2
"""A feature of one text alone says nothing about others; leaving those out halves the memory …"""
DOCUMENTS_SHARE = 1.2e-4
"""… and one of fewer texts than this share says next to nothing. (Of 28,000 texts, those of two or three.)"""
_TRUE = np.array([True])
_FIRST, _BEFORE_FIRST = np.array([0]), np.array([-1])


class TfIdf:
    """Term frequency (1 + log) times smooth inverse document frequency, scaled to unit length.

    Salton and Buckley 1988; the variant is scikit-learn's ``sublinear_tf``, ``smooth_idf``, ``norm="l2"``.
    """

    def __init__(self, vocabulary: Sequence[str], idf: FloatArray) -> None:
        """``vocabulary``: sorted features; ``idf``: their weights, shape (len(vocabulary),)."""
        self.vocabulary = vocabulary
        self.idf = idf
        self._index = {feature: i for i, feature in enumerate(vocabulary)}

    @classmethod
    def fit_transform(cls, documents: Sequence[Sequence[int]], number: Mapping[str, int]) -> tuple[TfIdf, Weighed]:
        """Counts in how many of ``documents`` each feature stands, and leaves out those in few; with these documents as
        :meth:`transform_all` has them.

        ``documents``: the numbers of their features, as often as they stand there; ``number``: feature → its number,
        from 0 on.
        """
        features = sorted(number)
        place = np.empty(len(features), np.int64)
        place[[number[feature] for feature in features]] = np.arange(len(features))
        counted = _counted(documents, len(features), place)
        documents_with = np.bincount(counted.numbers, minlength=len(features))
        kept = documents_with >= max(DOCUMENTS_MIN, math.ceil(DOCUMENTS_SHARE * len(documents)))
        idf = np.log((1 + len(documents)) / (1 + documents_with[kept].astype(np.float32))) + 1
        fitted = cls([*itertools.compress(features, kept)], idf.astype(np.float32))
        return fitted, fitted._weighed(counted.of_features(kept))

    def __contains__(self, feature: str) -> bool:
        return feature in self._index

    def known(self, document: Iterable[str]) -> list[int]:
        """The numbers of a document's known features, as often as they stand in it."""
        return [i for i in map(self._index.get, document) if i is not None]

    def transform(self, known: Sequence[int]) -> tuple[IntArray, FloatArray]:
        """The features ``known``: their numbers (sorted) and weights, a unit vector; or both empty."""
        found = np.sort(np.array(known, np.int32))
        if not len(found):
            return found, np.zeros(0, np.float32)
        # As np.unique does, without its checks, which take most of the time for so few.
        last = np.flatnonzero(np.concatenate((found[1:] != found[:-1], _TRUE)))
        counts = np.diff(np.concatenate((_BEFORE_FIRST, last)))
        numbers = found[last]
        weights = (1 + np.log(counts.astype(np.float32))) * self.idf[numbers]
        # Not summed by `sum`, which adds up in another order than of many texts at once, to another last bit.
        return numbers, (weights / np.sqrt(np.add.reduceat(weights * weights, _FIRST))).astype(np.float32)

    def transform_all(self, known: Sequence[Sequence[int]]) -> Weighed:
        """The same of many texts: their places in ``known`` (ascending), numbers and weights, of one shape."""
        return self._weighed(_counted(known, len(self.vocabulary)))

    def _weighed(self, found: _Counted) -> Weighed:
        weights = (1 + np.log(found.counts.astype(np.float32))) * self.idf[found.numbers]
        lengths = np.bincount(found.rows)
        lengths = lengths[lengths > 0]
        squares = np.add.reduceat(weights * weights, np.cumsum(lengths) - lengths)
        return found.rows, found.numbers, (weights / np.repeat(np.sqrt(squares), lengths)).astype(np.float32)


def numbering() -> Mapping[str, int]:
    """Gives each feature that it is asked for a number, from 0 on."""
    return defaultdict(itertools.count().__next__)


@dataclass(frozen=True, slots=True)
class _Counted:
    """How often each text has each feature that it has, by text and feature, ascending: three of one shape."""

    rows: IntArray
    numbers: IntArray
    counts: npt.NDArray[np.int64]

    def of_features(self, kept: npt.NDArray[np.bool_]) -> _Counted:
        """Those features alone, numbered anew in the same order; ``kept``: of each feature, whether it is one."""
        chosen = kept[self.numbers]
        numbers = (np.cumsum(kept, dtype=np.int32) - 1)[self.numbers[chosen]]
        return _Counted(self.rows[chosen], numbers, self.counts[chosen])


def _counted(texts: Sequence[Sequence[int]], width: int, place: npt.NDArray[np.int64] | None = None) -> _Counted:
    """``texts``: the numbers of their features, as often as they stand there, each less than ``width``.

    ``place``: what each of these numbers is to be called instead: shape (width,).
    """
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    flat = np.fromiter(itertools.chain.from_iterable(texts), np.int64, lengths.sum())
    found = np.repeat(np.arange(len(texts)) * width, lengths) + (flat if place is None else place[flat])
    # As np.unique does, in two thirds of the time.
    found.sort()
    last = np.flatnonzero(np.concatenate((found[1:] != found[:-1], _TRUE[: len(found)])))
    rows, numbers = np.divmod(found[last], max(1, width))
    counts = np.diff(np.concatenate((_BEFORE_FIRST, last)))
    return _Counted(rows.astype(np.int32), numbers.astype(np.int32), counts)
