"""The trained part: features → class scores, by multinomial logistic regression.

Minimised is ``(1/n) Σ cross-entropy + (λ/2)·tr(AᵀKA)`` over kernel coefficients A, where K is the similarity of the
examples (plus a constant for the bias). Solving for all n examples is cubic in n, so A is kept to m examples taken
evenly from each class ("landmarks"; the Nyström method, Williams and Seeger 2001). The minimum is sought by L-BFGS
(Byrd et al. 1995), in coordinates in which the examples spread alike in all directions, as in Böhning's bound of the
Hessian (1992), and stopped early. The result is the same to the last bit from run to run.

As the kernel is an inner product of features, the coefficients fold into one weight a feature: scoring a message
costs no more with more examples.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize

from safetybot.matching.kernel import KernelMatrix
from safetybot.matching.linear import BIAS, REGULARISATION, LinearHead

FloatArray = npt.NDArray[np.float32]
LabelArray = npt.NDArray[np.int64]

_JITTER = 1e-4
_CORRECTIONS = 5
"""Steps that the next direction is learnt from."""
_SCORES_TOGETHER = 4_000_000
"""Scores that are held at a time: those of very many texts and classes would be read from memory again and again."""


def logistic_regression(inputs: FloatArray, labels: LabelArray, classes: int, iterations: int) -> FloatArray:
    """Weights, shape (m, classes), for ``inputs``, shape (n, m), and ``labels``, shape (n,)."""
    n, m = inputs.shape
    if not n:
        return np.zeros((m, classes), np.float32)
    ridge = np.float32(1 / (REGULARISATION * n))
    factor = _factor((inputs.T @ inputs) / np.float32(n) + ridge * np.eye(m, dtype=np.float32))
    even = _solved(factor, inputs.T).T
    # L-BFGS takes a first step of length 1. This one makes scores of about a half, from where it goes on well.
    size = np.float32(np.sqrt(classes) / 2)

    at_once = min(n, max(1, _SCORES_TOGETHER // classes))
    parts = [slice(start, min(start + at_once, n)) for start in range(0, n, at_once)]
    room = np.empty((at_once, classes), np.float32)

    def loss_and_gradient(scaled: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        turned = scaled.astype(np.float32).reshape(m, classes) * size
        weights = _solved(factor, turned, transposed=True)
        loss, gradient = 0.0, np.zeros((m, classes), np.float32)
        for part in parts:
            scores = np.matmul(even[part], turned, out=room[: part.stop - part.start])
            loss += _loss(scores, labels[part])  # which leaves the residuals in their place
            gradient += even[part].T @ scores
        loss = loss / n + 0.5 * float(ridge) * float((weights * weights).sum())
        gradient = gradient / np.float32(n) + _solved(factor, ridge * weights)
        return loss, (size * gradient).astype(np.float64).ravel()

    found = optimize.minimize(
        loss_and_gradient,
        np.zeros(m * classes),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": iterations, "maxcor": _CORRECTIONS},
    )
    return _solved(factor, found.x.astype(np.float32).reshape(m, classes) * size, transposed=True)


def _factor(matrix: FloatArray) -> FloatArray:
    """The lower Cholesky factor: shape (m, m)."""
    lower: FloatArray = linalg.cholesky(matrix, lower=True, check_finite=False)
    return lower


def _solved(factor: FloatArray, right: FloatArray, *, transposed: bool = False) -> FloatArray:
    """``factor⁻¹ · right``, or with the factor transposed: shape as ``right``; by columns, as LAPACK has it."""
    found: FloatArray = linalg.solve_triangular(
        factor, right, lower=True, trans="T" if transposed else "N", check_finite=False
    )
    return found


def _loss(scores: FloatArray, labels: LabelArray) -> float:
    """The sum of −log P(label); over ``scores``, shape (n, classes), are written probabilities, less 1 at the label."""
    rows = np.arange(len(labels))
    scores -= scores.max(axis=1, keepdims=True)
    of_label = scores[rows, labels]
    np.exp(scores, out=scores)
    total = scores.sum(axis=1, keepdims=True)
    scores /= total
    scores[rows, labels] -= 1
    return float((np.log(total[:, 0]) - of_label).sum(dtype=np.float64))


def choose_landmarks(labels: LabelArray, count: int, seed: int = 0) -> LabelArray:
    """Row numbers of about ``count`` examples, evenly from each class, ascending; of more classes, one of some."""
    random = np.random.default_rng(seed)
    classes = np.unique(labels)
    if len(classes) > count:
        classes = random.permutation(classes)[:count]
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
        return np.ascontiguousarray(_solved(self._factor, similarity.T).T)

    def fold(self, weights: FloatArray) -> LinearHead:
        """Weights of coordinates, shape (m, classes) → weights of features."""
        coefficients = _solved(self._factor, weights, transposed=True)
        return LinearHead(
            sentence=self.landmarks.sentences.T @ coefficients,
            lexical=np.asarray(self.landmarks.lexical.T @ coefficients, np.float32),
            bias=np.float32(BIAS) * coefficients.sum(axis=0),
        )
