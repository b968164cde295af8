"""The trained part as used at run time: features → class scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from safetybot.matching.features import Features

FloatArray = npt.NDArray[np.float32]

REGULARISATION = 20.0
"""λ = 1 / (REGULARISATION · n), chosen on BANKING77 and CLINC150 (``research/matching.md``)."""

BIAS = 0.1
"""Added to every similarity: a constant feature, which gives each class its bias."""


def softmax(scores: FloatArray) -> FloatArray:
    """Rows of scores → rows of probabilities."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    result: FloatArray = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return result


@dataclass(frozen=True, slots=True)
class LinearHead:
    """Weights of features; scores are ``φ(x)·W + b``."""

    sentence: FloatArray
    """Shape (384, classes)."""
    lexical: FloatArray
    """Shape (lexical features, classes)."""
    bias: FloatArray
    """Shape (classes,)."""

    def scores(self, features: Features) -> FloatArray:
        """Scores of one text: shape (classes,)."""
        result: FloatArray = features.sentence @ self.sentence + self.bias
        result += features.weights @ self.lexical[features.numbers]
        return result
