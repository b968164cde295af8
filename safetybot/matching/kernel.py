"""Similarities of many texts to many, for fitting. (The running bot compares one text at a time, without scipy.)"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from safetybot.matching.features import FeatureMatrix

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class KernelMatrix:
    """φ of many texts, a row each, as matrices that can be multiplied."""

    sentences: FloatArray
    """Shape (n, 384)."""
    lexical: sparse.csr_matrix
    """Shape (n, lexical features)."""

    @classmethod
    def of(cls, matrix: FeatureMatrix, width: int) -> KernelMatrix:
        """``width``: how many lexical features there are."""
        parts = (matrix.weights, matrix.numbers, matrix.starts)
        return cls(matrix.sentences, sparse.csr_matrix(parts, shape=(len(matrix), width)))

    def rows(self, chosen: npt.NDArray[np.int64]) -> KernelMatrix:
        """The chosen rows."""
        return KernelMatrix(self.sentences[chosen], self.lexical[chosen])

    def kernel(self, other: KernelMatrix) -> FloatArray:
        """Similarity of each row here to each row there: shape (rows here, rows there)."""
        product: FloatArray = (self.lexical @ other.lexical.T).toarray()
        product += self.sentences @ other.sentences.T
        return product
