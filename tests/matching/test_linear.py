"""Softmax and the trained part at run time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from safetybot.matching.features import Features
from safetybot.matching.linear import LinearHead, softmax


def test_softmax_by_hand() -> None:
    scores = np.log(np.array([[1, 3], [2, 2]], np.float32))
    assert softmax(scores) == pytest.approx(np.array([[0.25, 0.75], [0.5, 0.5]]))


@given(arrays(np.float32, (3, 4), elements=st.floats(-(2.0**100), 2.0**100, width=32)))
def test_softmax_gives_probabilities_whatever_the_scores(scores: np.ndarray) -> None:
    probabilities = softmax(scores)
    assert probabilities.dtype == np.float32
    assert probabilities.sum(axis=-1) == pytest.approx(1, abs=1e-5)
    assert (probabilities[range(3), scores.argmax(axis=-1)] == probabilities.max(axis=-1)).all()
    assert softmax(scores[0]) == pytest.approx(probabilities[0])


def test_scores_are_a_product_and_a_bias() -> None:
    head = LinearHead(
        sentence=np.array([[1, 2], [3, 4]], np.float32),
        lexical=np.array([[10, 20], [30, 40], [50, 60]], np.float32),
        bias=np.array([100, 200], np.float32),
    )
    numbers, weights = np.array([0, 2], np.int32), np.array([1, 2], np.float32)
    found = head.scores(Features(np.array([1, -1], np.float32), numbers, weights))
    assert found.tolist() == [100 + (1 - 3) + (10 + 100), 200 + (2 - 4) + (20 + 120)]
    nothing = head.scores(Features(np.zeros(2, np.float32), numbers[:0], weights[:0]))
    assert nothing.tolist() == [100, 200]
