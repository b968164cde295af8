"""Similarities of many texts to many, for fitting. (The running bot compares one text at a time, without scipy.)"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from safetybot.matching.features import FeatureMatrix

FloatArray = npt.NDArray[np.float32]

FREQUENT = 1_024
"""Lexical features, the most frequent ones, that are multiplied as a dense matrix.

A sparse product costs the square of how often each feature stands somewhere: these few hold nearly all of that, and
a dense product is a hundred times faster for each multiplication."""


@dataclass(frozen=True, slots=True)
class KernelMatrix:
    """φ of many texts, a row each, as matrices that can be multiplied."""

    sentences: FloatArray
    """Shape (n, 384)."""
    lexical: sparse.csr_matrix
    """Shape (n, lexical features)."""
    frequent: FloatArray
    """The columns of ``lexical`` that are most often not zero: shape (n, at most FREQUENT)."""
    rare: sparse.csr_matrix
    """The others: shape (n, lexical features)."""
    columns: npt.NDArray[np.int64]
    """Which columns are in ``frequent``, ascending."""

    @classmethod
    def of(cls, matrix: FeatureMatrix, width: int) -> KernelMatrix:
        """``width``: how many lexical features there are."""
        parts = (matrix.weights, matrix.numbers, matrix.starts)
        return cls.split(matrix.sentences, sparse.csr_matrix(parts, shape=(len(matrix), width)))

    @classmethod
    def split(cls, sentences: FloatArray, lexical: sparse.csr_matrix, frequent: int = FREQUENT) -> KernelMatrix:
        """``frequent``: how many columns of ``lexical`` are made dense."""
        counts = np.bincount(lexical.indices, minlength=lexical.shape[1])
        is_frequent = np.zeros(lexical.shape[1], np.bool_)
        is_frequent[np.argsort(-counts, kind="stable")[:frequent]] = True
        rare = lexical.copy()
        rare.data[is_frequent[rare.indices]] = 0
        rare.eliminate_zeros()
        columns = np.flatnonzero(is_frequent)
        return cls(sentences, lexical, lexical[:, columns].toarray(), rare, columns)

    def rows(self, chosen: npt.NDArray[np.int64]) -> KernelMatrix:
        """The chosen rows."""
        parts = (self.sentences[chosen], self.lexical[chosen], self.frequent[chosen], self.rare[chosen])
        return KernelMatrix(*parts, self.columns)

    def kernel(self, other: KernelMatrix) -> FloatArray:
        """Similarity of each row here to each row there: shape (rows here, rows there).

        Raises ValueError where the two are not rows of one matrix.
        """
        if not np.array_equal(self.columns, other.columns):
            raise ValueError("the two have other frequent features")
        product: FloatArray = self.sentences @ other.sentences.T
        product += self.frequent @ other.frequent.T
        rare = (self.rare @ other.rare.T).tocoo()
        product[rare.row, rare.col] += rare.data
        return product
