"""What a text looks like to the matcher: a sentence vector and two kinds of TF-IDF.

The similarity of two texts is ``(4·cos sentence + 1·cos words + 2·cos characters) / 7`` (``research/matching.md``).
Each cosine is a product of unit vectors, so the whole is one inner product ``φ(x)·φ(y)`` of concatenated, scaled
blocks; a linear model on φ is a kernel model on that similarity.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from safetybot.matching.text import words

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]

SENTENCE_WEIGHT = 4 / 7
WORD_WEIGHT = 1 / 7
CHARACTER_WEIGHT = 2 / 7
DOCUMENTS_MIN = 2
"""A feature of one text alone says nothing about others; leaving those out halves the memory."""
_LEXICAL_TOTAL = WORD_WEIGHT + CHARACTER_WEIGHT
_WORDS_REMEMBERED = 10_000
_TRUE = np.array([True])
_BEFORE_FIRST = np.array([-1])


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
    def fit(cls, documents: Sequence[Collection[str]]) -> TfIdf:
        """Counts in how many of ``documents`` each feature stands; those in only one are left out."""
        counts = Counter(itertools.chain.from_iterable(map(frozenset, documents)))
        vocabulary = sorted(feature for feature, count in counts.items() if count >= DOCUMENTS_MIN)
        seen = np.array([counts[feature] for feature in vocabulary], np.float32)
        idf = np.log((1 + len(documents)) / (1 + seen)) + 1
        return cls(vocabulary, idf.astype(np.float32))

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
        return numbers, (weights / np.sqrt((weights * weights).sum())).astype(np.float32)


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
        split = [words(text) for text in texts]
        # Most texts are made of the same few thousand words, so each is taken apart once.
        of_word = {word: frozenset(character_features((word,))) for word in set(itertools.chain(*split))}
        return cls(
            TfIdf.fit([word_features(found) for found in split]),
            TfIdf.fit([frozenset().union(*map(of_word.__getitem__, found)) for found in split]),
            with_sentences,
        )

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
        """Numbers of the known character features of one word; most messages are made of the same few thousand."""
        numbers = self._characters_of.get(word)
        if numbers is None:
            numbers = self.character_tfidf.known(character_features((word,)))
            if len(self._characters_of) < _WORDS_REMEMBERED:
                self._characters_of[word] = numbers
        return numbers

    def matrix(self, texts: Sequence[str], sentences: FloatArray) -> FeatureMatrix:
        """φ of many texts; ``sentences``: shape (len(texts), 384)."""
        rows = [self.features(text, sentence) for text, sentence in zip(texts, sentences, strict=True)]
        lengths = np.array([len(row.numbers) for row in rows])
        return FeatureMatrix(
            sentences=np.stack([row.sentence for row in rows]),
            weights=np.concatenate([row.weights for row in rows]),
            numbers=np.concatenate([row.numbers for row in rows]),
            starts=np.concatenate(([0], np.cumsum(lengths))).astype(np.int32),
        )


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
