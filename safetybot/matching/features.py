"""What a text looks like to the matcher: a sentence vector and two kinds of TF-IDF.

The similarity of two texts is ``(4·cos sentence + 1·cos words + 2·cos characters) / 7`` (``research/matching.md``).
Each cosine is a product of unit vectors, so the whole is one inner product ``φ(x)·φ(y)`` of concatenated, scaled
blocks; a linear model on φ is a kernel model on that similarity.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from safetybot.matching.text import words
from safetybot.matching.tfidf import FloatArray, IntArray, TfIdf, Weighed, numbering

SENTENCE_WEIGHT = 4 / 7
WORD_WEIGHT = 1 / 7
CHARACTER_WEIGHT = 2 / 7
_LEXICAL_TOTAL = WORD_WEIGHT + CHARACTER_WEIGHT


def word_features(found: Sequence[str]) -> list[str]:
    """Words and pairs of neighbouring words."""
    return [*found, *(f"{a} {b}" for a, b in itertools.pairwise(found))]


def character_features(found: Iterable[str]) -> list[str]:
    """Runs of 2 to 4 characters within words, a space marking each end."""
    grams: list[str] = []
    for word in found:
        padded = f" {word} "
        for length in (2, 3, 4):
            grams += [padded[i : i + length] for i in range(len(padded) - length + 1)]
    return grams


@dataclass(frozen=True, slots=True)
class Features:
    """φ of one text, in its two parts; both already scaled by the square roots of the block weights."""

    sentence: FloatArray
    """Shape (384,); zeros without an encoder."""
    numbers: IntArray
    """Numbers of the lexical features present, ascending: words first, then characters."""
    weights: FloatArray
    """Their weights, same shape."""


class Featuriser:
    """Turns prepared texts into φ."""

    def __init__(self, word_tfidf: TfIdf, character_tfidf: TfIdf, with_sentences: bool) -> None:
        self.word_tfidf = word_tfidf
        self.character_tfidf = character_tfidf
        self.with_sentences = with_sentences
        lexical = 1.0 if not with_sentences else _LEXICAL_TOTAL
        self._word_scale = np.float32(np.sqrt(WORD_WEIGHT / _LEXICAL_TOTAL * lexical))
        self._character_scale = np.float32(np.sqrt(CHARACTER_WEIGHT / _LEXICAL_TOTAL * lexical))
        self._sentence_scale = np.float32(np.sqrt(SENTENCE_WEIGHT) if with_sentences else 0)
        self._characters_of: dict[str, list[int]] = {}

    @classmethod
    def fit(cls, texts: Sequence[str], with_sentences: bool) -> Featuriser:
        """Learns the vocabulary of ``texts`` (prepared)."""
        featuriser, _ = cls.fit_transform(texts, with_sentences)
        return featuriser

    @classmethod
    def fit_transform(cls, texts: Sequence[str], with_sentences: bool) -> tuple[Featuriser, FeatureMatrix]:
        """The same, and φ of ``texts`` without their sentence vectors, which have the shape (len(texts), 0) yet."""
        split = [words(text) for text in texts]
        number = numbering()
        word_tfidf, word_parts = TfIdf.fit_transform(
            [[*map(number.__getitem__, word_features(found))] for found in split], number
        )
        # Most texts are made of the same few thousand words, so each is taken apart once.
        number = numbering()
        of_word = {
            word: [*map(number.__getitem__, character_features((word,)))] for word in set(itertools.chain(*split))
        }
        character_tfidf, character_parts = TfIdf.fit_transform(
            [[*itertools.chain(*map(of_word.__getitem__, found))] for found in split], number
        )
        featuriser = cls(word_tfidf, character_tfidf, with_sentences)
        return featuriser, featuriser._lexical(len(texts), word_parts, character_parts)

    @property
    def lexical_width(self) -> int:
        """How many lexical features there are."""
        return len(self.word_tfidf.vocabulary) + len(self.character_tfidf.vocabulary)

    def features(self, text: str, sentence: FloatArray) -> Features:
        """φ of one prepared text and its unit sentence vector, shape (384,)."""
        found = words(text)
        word_numbers, word_weights = self.word_tfidf.transform(self.word_tfidf.known(word_features(found)))
        characters = list(itertools.chain.from_iterable(map(self._characters, found)))
        char_numbers, char_weights = self.character_tfidf.transform(characters)
        numbers = np.concatenate((word_numbers, char_numbers + np.int32(len(self.word_tfidf.vocabulary))))
        weights = np.concatenate((word_weights * self._word_scale, char_weights * self._character_scale))
        return Features(sentence * self._sentence_scale, numbers, weights)

    def with_sentence(self, features: Features, sentence: FloatArray) -> Features:
        """φ of the same text with another unit sentence vector, shape (384,)."""
        return Features(sentence * self._sentence_scale, features.numbers, features.weights)

    def _characters(self, word: str) -> list[int]:
        """Numbers of the known character features of one word.

        Most messages are made of the same few thousand words, which the examples have; no others are remembered.
        """
        numbers = self._characters_of.get(word)
        if numbers is None:
            numbers = self.character_tfidf.known(character_features((word,)))
            if word in self.word_tfidf:
                self._characters_of[word] = numbers
        return numbers

    def matrix(self, texts: Sequence[str], sentences: FloatArray) -> FeatureMatrix:
        """φ of many texts; ``sentences``: shape (len(texts), 384)."""
        split = [words(text) for text in texts]
        word_parts = self.word_tfidf.transform_all([self.word_tfidf.known(word_features(found)) for found in split])
        of_word = {word: self._characters(word) for word in set(itertools.chain(*split))}
        character_parts = self.character_tfidf.transform_all(
            [[*itertools.chain(*map(of_word.__getitem__, found))] for found in split]
        )
        return self.with_sentences_of(self._lexical(len(texts), word_parts, character_parts), sentences)

    def with_sentences_of(self, matrix: FeatureMatrix, sentences: FloatArray) -> FeatureMatrix:
        """φ of the same texts with their unit sentence vectors, shape (len(matrix), 384)."""
        return FeatureMatrix(sentences * self._sentence_scale, matrix.weights, matrix.numbers, matrix.starts)

    def _lexical(self, count: int, word_parts: Weighed, character_parts: Weighed) -> FeatureMatrix:
        word_rows, word_numbers, word_weights = word_parts
        char_rows, char_numbers, char_weights = character_parts
        rows = np.concatenate((word_rows, char_rows))
        numbers = np.concatenate((word_numbers, char_numbers + np.int32(len(self.word_tfidf.vocabulary))))
        weights = np.concatenate((word_weights * self._word_scale, char_weights * self._character_scale))
        order = np.argsort(rows, kind="stable")
        lengths = np.bincount(rows, minlength=count)
        starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
        return FeatureMatrix(np.zeros((count, 0), np.float32), weights[order], numbers[order], starts)


@dataclass(frozen=True, slots=True)
class FeatureMatrix:
    """φ of many texts, a row each; the lexical part in compressed sparse rows."""

    sentences: FloatArray
    """Shape (n, 384)."""
    weights: FloatArray
    """The lexical weights of all rows, one row after the other."""
    numbers: IntArray
    """Their features' numbers, same shape."""
    starts: IntArray
    """Where each row begins in ``weights``, and where the last one ends: shape (n + 1,)."""

    def __len__(self) -> int:
        return int(self.sentences.shape[0])

    def rows(self, chosen: npt.NDArray[np.int64]) -> FeatureMatrix:
        """The chosen rows, in that order."""
        lengths = np.diff(self.starts)[chosen]
        starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
        places = np.repeat(self.starts[chosen] - starts[:-1], lengths) + np.arange(starts[-1])
        return FeatureMatrix(self.sentences[chosen], self.weights[places], self.numbers[places], starts)

    def part(self, start: int, end: int) -> FeatureMatrix:
        """The rows from ``start`` to ``end``, not copied."""
        first, last = self.starts[start], self.starts[end]
        starts = self.starts[start : end + 1] - first
        return FeatureMatrix(self.sentences[start:end], self.weights[first:last], self.numbers[first:last], starts)

    def joined(self, other: FeatureMatrix) -> FeatureMatrix:
        """These rows, and after them those of another matrix of the same features."""
        return FeatureMatrix(
            np.concatenate((self.sentences, other.sentences)),
            np.concatenate((self.weights, other.weights)),
            np.concatenate((self.numbers, other.numbers)),
            np.concatenate((self.starts, other.starts[1:] + self.starts[-1])),
        )

    def similarity(self, sentence: FloatArray, spread: FloatArray, start: int, end: int) -> FloatArray:
        """Similarity of one text to rows ``start`` to ``end``: shape (end - start,).

        ``sentence``: its scaled vector, shape (384,); ``spread``: its lexical weights, shape (lexical features,).
        """
        starts = self.starts[start : end + 1]
        first, last = starts[0], starts[-1]
        # One zero more than there are products, so that reduceat is defined where a trailing row is empty.
        products = np.zeros(last - first + 1, np.float32)
        np.multiply(self.weights[first:last], spread.take(self.numbers[first:last]), out=products[:-1])
        sums = np.add.reduceat(products, starts[:-1] - first)
        sums[starts[:-1] == starts[1:]] = 0
        # Row by row, not as one product: that would be split over threads and wait for the slowest, for 1 MFLOP.
        result: FloatArray = sums + np.vecdot(self.sentences[start:end], sentence)
        return result
