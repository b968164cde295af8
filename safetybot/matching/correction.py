"""A fitted matcher corrected for a few changed examples, in a second or two where fitting anew takes twenty.

What was learnt from the whole content before (the base) stays. To its scores is added ``Σ k(x, xᵢ)·αᵢ`` over the
changed texts i, those that came and those that went, where k is the similarity of two texts. α is found as the head's
weights are (:mod:`safetybot.matching.head`), with the base taken for the best there was on its own examples: those
that stayed are to keep the probabilities they have, those that came pull towards their labels, and of those that went
the pull they had is taken away. Vocabulary and calibration are the base's.

A correction is always of a base that was fitted as a whole, never of another correction, so that many small edits do
not drift. It needs no scipy and little memory: the running bot makes it itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from safetybot.matching.features import FeatureMatrix
from safetybot.matching.fitted_model import Fitted
from safetybot.matching.linear import BIAS, REGULARISATION, LinearHead, softmax

FloatArray = npt.NDArray[np.float32]
LabelArray = npt.NDArray[np.int64]

_STEPS = 30
_JITTER = 1e-4
_ANCHORS = 2_000
"""Texts that are to keep their probabilities, those most like the changed ones; the others hardly feel the change."""
_ROWS_AT_ONCE = 256
"""Rows whose lexical weights are gathered at once: 10 MB."""


@dataclass(frozen=True, slots=True)
class LabelledTexts:
    """Texts with what each is an example or a sign of."""

    names: Sequence[str]
    """Label and prepared text in one: a text moved from list to list is another."""
    classes: LabelArray
    """Of each the number of its class, −1 where it is a sign."""
    danger: LabelArray
    """Of each the number of its danger, −1 where it teaches none."""


def corrected(
    base: Fitted,
    before: LabelledTexts,
    now: LabelledTexts,
    prepared: Sequence[str],
    word_counts: Mapping[str, int],
    encode: Callable[[str], FloatArray],
) -> Fitted:
    """The base, which was fitted on ``before``, corrected for what is different ``now``.

    Both are of the same classes; ``prepared``: the texts now, as matched; ``word_counts``: those of the corpus now;
    ``encode``: a text → its unit vector, shape (384,).
    """
    place = {name: row for row, name in enumerate(before.names)}
    came = [row for row, name in enumerate(now.names) if name not in place]
    went = sorted(place[name] for name in set(before.names).difference(now.names))
    everything = base.matrix
    if came:
        sentences = np.stack([encode(prepared[row]) for row in came])
        everything = everything.joined(base.featuriser.matrix([prepared[row] for row in came], sentences))
    source = np.array([place.get(name, -1) for name in now.names])
    source[came] = len(base.matrix) + np.arange(len(came))
    matrix = everything.rows(source)
    heads = [base.topic_head, base.danger_head]
    if came or went:
        changed = everything.rows(np.concatenate((went, source[came])).astype(np.int64))
        span = _Span.of(matrix, changed, heads[0].lexical.shape[0])
        heads = [
            span.corrected_head(head, label_now, label_before[went], np.array(came, np.int64))
            for head, label_now, label_before in zip(
                heads, (now.classes, now.danger), (before.classes, before.danger), strict=True
            )
        ]
    kept = (base.featuriser, matrix, heads[0], heads[1], base.calibration)
    return Fitted(word_counts, base.known_words, tuple(prepared), *kept)


@dataclass(frozen=True, slots=True)
class _Span:
    """What similarity to the changed texts can express, in coordinates whose inner products are the similarities.

    (The Nyström method, as in :class:`safetybot.matching.head.NystromMap`, with the changed texts as landmarks.)
    """

    matrix: FeatureMatrix
    """φ of the texts now, n rows."""
    changed: FeatureMatrix
    """φ of the m changed texts: those that went, then those that came."""
    factor: FloatArray
    """Coordinates of the changed texts, the Cholesky factor of the similarities among them: shape (m, m)."""
    inverse: FloatArray
    """Of the factor."""
    inputs: FloatArray
    """Coordinates of the texts now: shape (n, m)."""
    nearness: FloatArray
    """Similarity of each text now to the changed text most like it: shape (n,)."""

    @classmethod
    def of(cls, matrix: FeatureMatrix, changed: FeatureMatrix, width: int) -> _Span:
        among = _similarities(changed, changed, width).astype(np.float64)
        among[np.diag_indices_from(among)] += _JITTER
        factor = np.linalg.cholesky(among)
        inverse = np.linalg.inv(factor).astype(np.float32)
        similarity = _similarities(matrix, changed, width)
        inputs = similarity @ inverse.T
        return cls(matrix, changed, factor.astype(np.float32), inverse, inputs, similarity.max(axis=1))

    def corrected_head(
        self, head: LinearHead, labels: LabelArray, labels_went: LabelArray, came: LabelArray
    ) -> LinearHead:
        """``labels``: of the texts now, ``labels_went``: of those that went, −1 for none; ``came``: the new rows."""
        labelled = np.flatnonzero(labels >= 0)
        # What came is most like itself, so it is always among these.
        known = np.sort(labelled[np.argsort(-self.nearness[labelled], kind="stable")[:_ANCHORS]])
        offsets = _scores(head, self.matrix, known)
        targets = softmax(offsets)
        taught = np.flatnonzero(np.isin(known, came))
        targets[taught] = 0
        targets[taught, labels[known[taught]]] = 1

        went = np.flatnonzero(labels_went >= 0)
        lost = softmax(_scores(head, self.changed, went))
        lost[np.arange(len(went)), labels_went[went]] -= 1
        pull = self.factor[went].T @ lost
        weights = _minimised(self.inputs[known], offsets, targets, pull, len(labelled))
        return _added(head, self.changed, self.inverse.T @ weights)


def _minimised(
    inputs: FloatArray, offsets: FloatArray, targets: FloatArray, pull: FloatArray, total: int
) -> FloatArray:
    """Weights, shape (m, classes), of ``inputs``, shape (n, m), where n of ``total`` examples are looked at.

    ``offsets`` and ``targets``: scores without them and probabilities wanted, shape (n, classes); ``pull``: the
    gradient that is taken away, shape (m, classes).
    """
    n, m = total, inputs.shape[1]
    ridge = np.float32(1 / (REGULARISATION * n))
    bound = (inputs.T @ inputs) / np.float32(2 * n) + ridge * np.eye(m, dtype=np.float32)
    inverse = np.linalg.inv(bound.astype(np.float64)).astype(np.float32)
    weights = ahead = np.zeros((m, offsets.shape[1]), np.float32)
    momentum = 1.0
    for _ in range(_STEPS):
        residual = softmax(offsets + inputs @ ahead) - targets
        new = ahead - inverse @ ((inputs.T @ residual - pull) / np.float32(n) + ridge * ahead)
        grown = (1 + (1 + 4 * momentum * momentum) ** 0.5) / 2
        ahead = new + np.float32((momentum - 1) / grown) * (new - weights)
        weights, momentum = new, grown
    return weights


def _added(head: LinearHead, changed: FeatureMatrix, coefficients: FloatArray) -> LinearHead:
    """The head, and coefficients of the changed texts, shape (len(changed), classes), folded into its weights."""
    lexical = head.lexical.copy()
    of_row = np.repeat(np.arange(len(changed)), np.diff(changed.starts))
    np.add.at(lexical, changed.numbers, changed.weights[:, None] * coefficients[of_row])
    return LinearHead(
        sentence=head.sentence + changed.sentences.T @ coefficients,
        lexical=lexical,
        bias=head.bias + np.float32(BIAS) * coefficients.sum(axis=0),
    )


def _similarities(matrix: FeatureMatrix, others: FeatureMatrix, width: int) -> FloatArray:
    """Similarity, with the constant feature, of each row to each of a few others: shape (len(matrix), len(others))."""
    found = np.empty((len(matrix), len(others)), np.float32)
    for column in range(len(others)):
        span = slice(others.starts[column], others.starts[column + 1])
        spread = np.zeros(width, np.float32)
        spread[others.numbers[span]] = others.weights[span]
        found[:, column] = matrix.similarity(others.sentences[column], spread, 0, len(matrix))
    return found + np.float32(BIAS)


def _scores(head: LinearHead, matrix: FeatureMatrix, rows: LabelArray) -> FloatArray:
    """The head's scores of some rows: shape (len(rows), classes)."""
    scores = matrix.sentences[rows] @ head.sentence + head.bias
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        some = matrix.rows(rows[first : first + _ROWS_AT_ONCE])
        filled = np.flatnonzero(np.diff(some.starts))
        products = some.weights[:, None] * head.lexical[some.numbers]
        scores[first + filled] += np.add.reduceat(products, some.starts[filled], axis=0)
    return scores
