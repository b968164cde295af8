"""The trained part: features → class scores, by multinomial logistic regression.

Minimised is ``(1/n) Σ cross-entropy + (λ/2)·tr(AᵀKA)`` over kernel coefficients A, where K is the similarity of the
examples (plus a constant for the bias). Solving for all n examples is cubic in n, so A is kept to m examples taken
evenly from each class ("landmarks"; the Nyström method, Williams and Seeger 2001). The steps use the fixed upper
bound of the Hessian (Böhning 1992) with Nesterov's acceleration, restarted when it overshoots (O'Donoghue and Candès
2015), so that the result is the same to the last bit from run to run.

As the kernel is an inner product of features, the coefficients fold into one weight a feature: scoring a message
costs no more with more examples.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import linalg

from safetybot.matching.kernel import KernelMatrix
from safetybot.matching.linear import BIAS, REGULARISATION, LinearHead, softmax

FloatArray = npt.NDArray[np.float32]
LabelArray = npt.NDArray[np.int64]

_JITTER = 1e-4


def logistic_regression(inputs: FloatArray, labels: LabelArray, classes: int, steps: int) -> FloatArray:
    """Weights, shape (m, classes), for ``inputs``, shape (n, m), and ``labels``, shape (n,)."""
    n, m = inputs.shape
    if not n:
        return np.zeros((m, classes), np.float32)
    ridge = np.float32(1 / (REGULARISATION * n))
    bound = (inputs.T @ inputs) / np.float32(2 * n) + ridge * np.eye(m, dtype=np.float32)
    factor = linalg.cho_factor(bound, check_finite=False)
    weights = np.zeros((m, classes), np.float32)
    ahead, momentum = weights, 1.0
    rows = np.arange(n)
    for _ in range(steps):
        residual = softmax(inputs @ ahead)
        residual[rows, labels] -= 1
        gradient = (inputs.T @ residual) / np.float32(n) + ridge * ahead
        new = ahead - linalg.cho_solve(factor, gradient, check_finite=False).astype(np.float32)
        change = new - weights
        if float((change * gradient).sum()) > 0:
            momentum, ahead = 1.0, new
        else:
            grown = (1 + (1 + 4 * momentum * momentum) ** 0.5) / 2
            ahead = new + np.float32((momentum - 1) / grown) * change
            momentum = grown
        weights = new
    return weights


def choose_landmarks(labels: LabelArray, count: int, seed: int = 0) -> LabelArray:
    """Row numbers of about ``count`` examples, evenly from each class, ascending."""
    random = np.random.default_rng(seed)
    classes = np.unique(labels)
    share = -(-count // len(classes))
    chosen = [random.permutation(np.flatnonzero(labels == c))[:share] for c in classes]
    return np.sort(np.concatenate(chosen))


class NystromMap:
    """Features → m coordinates whose inner products are (nearly) the similarities."""

    def __init__(self, landmarks: KernelMatrix) -> None:
        """Factors the similarity of the landmarks among themselves."""
        self.landmarks = landmarks
        among = landmarks.kernel(landmarks).astype(np.float64) + BIAS
        among[np.diag_indices_from(among)] += _JITTER
        self._factor = np.linalg.cholesky(among).astype(np.float32)

    def coordinates(self, matrix: KernelMatrix) -> FloatArray:
        """Shape (len(matrix), m)."""
        similarity = matrix.kernel(self.landmarks) + np.float32(BIAS)
        solved = linalg.solve_triangular(self._factor, similarity.T, lower=True, check_finite=False)
        return np.ascontiguousarray(solved.T, np.float32)

    def fold(self, weights: FloatArray) -> LinearHead:
        """Weights of coordinates, shape (m, classes) → weights of features."""
        coefficients = linalg.solve_triangular(self._factor, weights, lower=True, trans="T", check_finite=False)
        coefficients = coefficients.astype(np.float32)
        return LinearHead(
            sentence=self.landmarks.sentences.T @ coefficients,
            lexical=np.asarray(self.landmarks.lexical.T @ coefficients, np.float32),
            bias=np.float32(BIAS) * coefficients.sum(axis=0),
        )
