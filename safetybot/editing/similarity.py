"""How each example looks to the matcher among all others: which is nearest in its own topic, and which elsewhere.

Each example is judged as if it were no example itself ("leave one out"). Sentence vectors alone find the nearest of
each class, for that is one product of matrices; the whole similarity, with words and characters, is then worked out
for the few classes that come near.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from safetybot.matching.corpus import NOT_TOPICS, Corpus
from safetybot.matching.features import FeatureMatrix, Features
from safetybot.matching.fitted_model import Fitted
from safetybot.matching.linear import softmax

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

_ROWS = 1024
"""Rows compared at once, to bound the memory."""

_COMPARED = 6
"""Classes, nearest by sentence, of which the whole similarity is worked out."""

NEARER_GAP = 0.2
"""How much nearer another topic's example must be than any of its own …"""
NEARER_PROBABILITY = 0.6
OWN_PROBABILITY = 0.25
"""… and how sure the matcher must be of the other, and how little of its own, though it has learnt this example."""

DUPLICATE = 0.93
"""Similarity from which two examples teach the same thing."""

CONFUSED_SHARE = 0.1
"""Share of a topic's examples that are nearest to one of another topic, from which the two are easily confused."""

HARDLY_SHARE = 0.15
"""Share of its examples that are nearest to each other, below which a topic is hardly found."""

COUNTED_FROM = 20
"""Examples a topic needs before shares of them mean anything."""


@dataclass(frozen=True)
class Neighbour:
    """An example, and the nearest one in another class; both by their number in the corpus."""

    example: int
    other: int
    other_class: str
    similarity: float
    own: float
    """Similarity to the nearest other example of its own class; 0 where there is none."""


@dataclass(frozen=True)
class Confusion:
    """How many examples of a class are nearest to one of another."""

    class_: str
    other: str
    share: float
    back: float
    """The same from the other to this one."""


@dataclass(frozen=True)
class Similarities:
    """What stands out among all examples."""

    nearer: tuple[Neighbour, ...]
    duplicates: tuple[Neighbour, ...]
    confused: tuple[Confusion, ...]
    hardly_found: tuple[tuple[str, float], ...]


def similarities(corpus: Corpus, fitted: Fitted, progress: Callable[[float], None] = lambda done: None) -> Similarities:
    """Compares every example with every other; a second or two for twelve thousand."""
    return _Comparison(corpus, fitted).run(progress)


class _Comparison:
    def __init__(self, corpus: Corpus, fitted: Fitted) -> None:
        self.corpus, self.fitted, self.matrix = corpus, fitted, fitted.matrix
        self.starts = np.array(corpus.class_starts)
        self.count, self.classes = int(self.starts[-1]), len(corpus.classes)
        self.class_of = np.repeat(np.arange(self.classes), np.diff(self.starts))
        self.topics = self.classes - len(NOT_TOPICS)

    def run(self, progress: Callable[[float], None]) -> Similarities:
        near, which = self._nearest(progress)
        rows = np.arange(self.count)
        own = np.maximum(near[rows, self.class_of], 0)
        elsewhere = near.copy()
        elsewhere[rows, self.class_of] = -1
        best = elsewhere.argmax(axis=1)
        gap = elsewhere[rows, best] - own

        def neighbour(row: int) -> Neighbour:
            other = int(best[row])
            pair = (int(which[row, other]), self.corpus.classes[other])
            return Neighbour(row, *pair, float(elsewhere[row, other]), float(own[row]))

        alike = np.flatnonzero(elsewhere[rows, best] >= DUPLICATE)
        suspicious = np.flatnonzero((gap >= NEARER_GAP) & (self.class_of < self.topics))
        suspicious = np.setdiff1d(suspicious, alike)  # of two that are the same, one has to go first
        pairs = {frozenset((each.example, each.other)): each for each in map(neighbour, map(int, alike[::-1]))}
        confused, hardly = self._confusions(near.argmax(axis=1))
        return Similarities(
            nearer=tuple(neighbour(row) for row in self._misled(suspicious, near)),
            duplicates=tuple(pairs[key] for key in sorted(pairs, key=sorted)),
            confused=confused,
            hardly_found=hardly,
        )

    def _nearest(self, progress: Callable[[float], None]) -> tuple[FloatArray, IntArray]:
        """Similarity to the nearest other example of each class, and its number: shape (n, classes) both.

        −1 where a class does not come near.
        """
        near = np.full((self.count, self.classes), -1, np.float32)
        which = np.zeros((self.count, self.classes), np.int64)
        sentences = self.matrix.sentences[: self.count]
        compared = min(_COMPARED, self.classes)
        spread = np.zeros(self.fitted.featuriser.lexical_width, np.float32)
        with_sentences = bool(sentences.any())
        for first in range(0, self.count, _ROWS):
            progress(first / self.count)
            likeness = sentences[first : first + _ROWS] @ sentences.T
            at = np.arange(len(likeness))
            if not with_sentences:
                likeness = self._lexical(first, first + len(likeness), spread)
            likeness[at, first + at] = -1
            by_class = np.maximum.reduceat(likeness, self.starts[:-1], axis=1)
            chosen = np.argpartition(-by_class, compared - 1, axis=1)[:, :compared]
            for row in at:
                classes = np.unique(np.append(chosen[row], self.class_of[first + row]))
                spans = [slice(self.starts[c], self.starts[c + 1]) for c in classes]
                found = np.array([span.start + likeness[row, span].argmax() for span in spans])
                which[first + row, classes] = found
                whole = self._similarity(first + int(row), found, spread)
                near[first + row, classes] = np.where(found == first + row, -1, whole)
        progress(1)
        return near, which

    def _similarity(self, row: int, others: IntArray, spread: FloatArray) -> FloatArray:
        """The whole similarity of one example to some others; ``spread`` is scratch, zeros before and after."""
        matrix = self.matrix
        span = slice(matrix.starts[row], matrix.starts[row + 1])
        spread[matrix.numbers[span]] = matrix.weights[span]
        result = matrix.rows(others).similarity(matrix.sentences[row], spread, 0, len(others))
        spread[matrix.numbers[span]] = 0
        return result

    def _lexical(self, first: int, last: int, spread: FloatArray) -> FloatArray:
        """Without an encoder: the whole similarity of some rows to all, shape (last - first, n)."""
        everyone = np.arange(self.count)
        return np.stack([self._similarity(row, everyone, spread) for row in range(first, last)])

    def _misled(self, rows: IntArray, near: FloatArray) -> list[int]:
        """Those of the examples that the matcher takes for another topic, though it has learnt them."""
        found, weight = [], np.float32(self.fitted.calibration.nearest_weight)
        for row in map(int, rows):
            scores = self.fitted.topic_head.scores(_features(self.matrix, row))
            fused = softmax(np.log(softmax(scores) + 1e-12) + weight * np.maximum(near[row], 0))
            taken = int(fused.argmax())
            sure = fused[taken] >= NEARER_PROBABILITY and fused[self.class_of[row]] <= OWN_PROBABILITY
            if taken != self.class_of[row] and sure:
                found.append(row)
        return found

    def _confusions(self, nearest: IntArray) -> tuple[tuple[Confusion, ...], tuple[tuple[str, float], ...]]:
        counts = np.zeros((self.classes, self.classes))
        np.add.at(counts, (self.class_of, nearest), 1)
        sizes = counts.sum(axis=1)
        share = counts / np.maximum(sizes, 1)[:, None]
        enough = [c for c in range(self.topics) if sizes[c] >= COUNTED_FROM]
        names = self.corpus.classes
        confused = [
            Confusion(names[a], names[b], float(share[a, b]), float(share[b, a]))
            for a in enough
            for b in enough
            if share[a, b] >= CONFUSED_SHARE and (share[a, b], b) > (share[b, a], a)
        ]
        hardly = [(names[c], float(share[c, c])) for c in enough if share[c, c] < HARDLY_SHARE]
        return tuple(sorted(confused, key=lambda each: -each.share)), tuple(hardly)


def _features(matrix: FeatureMatrix, row: int) -> Features:
    span = slice(matrix.starts[row], matrix.starts[row + 1])
    return Features(matrix.sentences[row], matrix.numbers[span], matrix.weights[span])
