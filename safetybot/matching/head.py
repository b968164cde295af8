"""The trained part: features → class scores, by multinomial logistic regression.

Minimised is ``(1/n) Σ cross-entropy + (λ/2)·tr(AᵀKA)`` over kernel coefficients A, where K is the similarity of the
examples (plus a constant for the bias). Solving for all n examples is cubic in n, so A is kept to m examples taken
evenly from each class ("landmarks"; the Nyström method, Williams and Seeger 2001). The steps use an upper bound of the
Hessian that has the shape of Böhning's (1992), but is the smallest that holds, with Nesterov's acceleration, restarted
when it overshoots (O'Donoghue and Candès 2015). The result is the same to the last bit from run to run.

As the kernel is an inner product of features, the coefficients fold into one weight a feature: scoring a message
costs no more with more examples.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import linalg

from safetybot.matching.kernel import KernelMatrix
from safetybot.matching.linear import BIAS, REGULARISATION, LinearHead

FloatArray = npt.NDArray[np.float32]
LabelArray = npt.NDArray[np.int64]

_JITTER = 1e-4
_CURVATURE_MAX, _CURVATURE_MIN = 1 / 2, 1 / 16
"""Of Böhning's bound, and the least that is tried …"""
_CURVATURE_OF_ONE = 16.0
"""… and, divided by the number of classes, what is tried first: where there are many, each is likely for few examples
only, and steps up to eight times as long hold. With half of this they do not any more (225 public classes)."""


def logistic_regression(inputs: FloatArray, labels: LabelArray, classes: int, steps: int) -> FloatArray:
    """Weights, shape (m, classes), for ``inputs``, shape (n, m), and ``labels``, shape (n,)."""
    n, m = inputs.shape
    if not n:
        return np.zeros((m, classes), np.float32)
    ridge = np.float32(1 / (REGULARISATION * n))
    spread = (inputs.T @ inputs) / np.float32(n)
    curvature = min(_CURVATURE_MAX, max(_CURVATURE_MIN, _CURVATURE_OF_ONE / classes))
    factor = _factor(spread, curvature, ridge)
    weights = np.zeros((m, classes), np.float32)
    ahead = best = weights
    momentum, push, least = 1.0, 0.0, np.inf
    for _ in range(steps):
        loss, residual = _loss_and_residual(inputs @ ahead, labels)
        loss += 0.5 * float(ridge) * float((ahead * ahead).sum())
        if loss > least:
            if not push and curvature < _CURVATURE_MAX:  # the step itself was too long, and not the push before it
                curvature *= 2
                factor = _factor(spread, curvature, ridge)
            weights, ahead, momentum = best, best, 1.0
            continue
        best, least = ahead, loss
        gradient = (inputs.T @ residual) / np.float32(n) + ridge * ahead
        new = ahead - linalg.cho_solve(factor, gradient, check_finite=False).astype(np.float32)
        grown = (1 + (1 + 4 * momentum * momentum) ** 0.5) / 2
        push = (momentum - 1) / grown
        ahead = new + np.float32(push) * (new - weights)
        weights, momentum = new, grown
    return weights


def _factor(spread: FloatArray, curvature: float, ridge: np.float32) -> tuple[FloatArray, bool]:
    """What steps are taken with: the Cholesky factor of a bound of the Hessian."""
    bound = np.float32(curvature) * spread + ridge * np.eye(len(spread), dtype=np.float32)
    factor: tuple[FloatArray, bool] = linalg.cho_factor(bound, check_finite=False)
    return factor


def _loss_and_residual(scores: FloatArray, labels: LabelArray) -> tuple[float, FloatArray]:
    """The mean of −log P(label), and probabilities less 1 at the label, written over ``scores``: shape (n, classes)."""
    rows = np.arange(len(labels))
    scores -= scores.max(axis=1, keepdims=True)
    of_label = scores[rows, labels]
    np.exp(scores, out=scores)
    total = scores.sum(axis=1, keepdims=True)
    scores /= total
    scores[rows, labels] -= 1
    return float((np.log(total[:, 0]) - of_label).mean(dtype=np.float64)), scores


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
