"""Scores to probabilities, and thresholds from policies."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.matching.calibration import Logistic, first_signals, three_signals, threshold_for_rate


def test_first_signals_by_hand() -> None:
    topic = np.array([[0.6, 0.2, 0.1]], np.float32)
    near = np.array([[0.7, 0.9, 0.1]], np.float32)
    (signals,) = first_signals(topic, near, np.array([0.1], np.float32))
    odds = math.log(0.101) - math.log(0.901)
    assert signals == pytest.approx([math.log(0.6), math.log(3), 0.7, odds], abs=1e-4)


def test_three_signals_by_hand() -> None:
    topic = np.array([[0.4, 0.2, 0.1, 0.1]], np.float32)
    near = np.array([[0.7, 0.9, 0.1, 1.0]], np.float32)
    (signals,) = three_signals(topic, near, np.array([0.2], np.float32))
    assert signals == pytest.approx([math.log(0.7), 0.9, math.log(0.201) - math.log(0.801)], abs=1e-4)


def test_signals_where_there_is_one_topic_alone() -> None:
    """A second language may begin so."""
    topic, near, none = np.array([[0.6]], np.float32), np.array([[0.5]], np.float32), np.array([0.4], np.float32)
    assert first_signals(topic, near, none).shape == (1, 4)
    assert three_signals(topic, near, none).shape == (1, 3)
    assert first_signals(topic, near, none)[0, 1] > 10, "far ahead of a second that is not there"


class TestLogistic:
    def test_it_finds_the_probabilities_that_made_the_data(self) -> None:
        random = np.random.default_rng(0)
        signals = random.normal(3, 2, (20_000, 2)).astype(np.float32)
        true = 1 / (1 + np.exp(-(signals[:, 0] - 0.5 * signals[:, 1] - 2)))
        happened = random.random(20_000) < true
        found = Logistic.fit(signals, happened, np.ones(20_000, np.float32), ridge=0).probability(signals)
        assert found == pytest.approx(true, abs=0.03)

    @given(st.floats(0.01, 100))
    def test_weights_count_as_often_as_a_row_stands_there(self, scale: float) -> None:
        signals = np.array([[0], [0], [1], [1]], np.float32)
        happened = np.array([False, True, False, True])
        weights = np.array([3, 1, 1, 3], np.float32) * np.float32(scale)
        model = Logistic.fit(signals, happened, weights, ridge=0)
        assert model.probability(signals) == pytest.approx([0.25, 0.25, 0.75, 0.75], abs=1e-3)

    def test_a_stronger_ridge_is_less_sure(self) -> None:
        signals = np.array([[0], [1]] * 20, np.float32)
        happened = signals[:, 0] > 0
        even = np.ones(40, np.float32)
        loose, tight = (Logistic.fit(signals, happened, even, ridge).probability(signals) for ridge in (1e-3, 1.0))
        assert loose[1] > tight[1] > 0.5 > tight[0] > loose[0]

    @pytest.mark.parametrize("all_of_them", [True, False])
    def test_what_always_or_never_happened(self, all_of_them: bool) -> None:
        signals = np.array([[0.0], [1.0], [1.0]], np.float32)
        model = Logistic.fit(signals, np.full(3, all_of_them), np.ones(3, np.float32))
        assert np.isfinite(model.coefficients).all()
        assert ((model.probability(signals) > 0.9) == all_of_them).all()

    def test_far_from_all_data_it_is_still_a_probability(self) -> None:
        model = Logistic(np.zeros(1, np.float32), np.ones(1, np.float32), np.array([0, 1], np.float32))
        assert model.probability(np.array([[1e20], [-1e20], [0]], np.float32)) == pytest.approx([1, 0, 0.5])


class TestThreshold:
    probabilities = np.array([0.9, 0.1, 0.5, 0.7], np.float32)
    even = np.ones(4, np.float32)

    @pytest.mark.parametrize(("rate", "threshold"), [(0.25, 0.9), (0.49, 0.9), (0.5, 0.7), (0.75, 0.5), (1.0, 0.1)])
    def test_by_hand(self, rate: float, threshold: float) -> None:
        assert threshold_for_rate(self.probabilities, self.even, rate) == pytest.approx(threshold)

    def test_weights(self) -> None:
        weights = np.array([1, 1, 1, 7], np.float32)
        assert threshold_for_rate(self.probabilities, weights, 0.5) == pytest.approx(0.9), "the next weighs 70 %"

    def test_a_rate_that_nothing_keeps_lets_nothing_pass(self) -> None:
        assert threshold_for_rate(self.probabilities, self.even, 0.1) > 0.9

    def test_with_nothing_to_go_by_it_is_even(self) -> None:
        assert threshold_for_rate(self.probabilities[:0], self.even[:0], 0.1) == 0.5

    @given(
        st.lists(st.tuples(st.floats(0, 1, width=32), st.integers(1, 100)), min_size=1, unique_by=lambda row: row[0]),
        st.floats(0, 1),
    )
    def test_the_share_that_reaches_it_keeps_to_the_rate(self, rows: list[tuple[float, int]], rate: float) -> None:
        probabilities, weights = (np.array(column, np.float32) for column in zip(*rows, strict=True))
        threshold = threshold_for_rate(probabilities, weights, rate)
        reached = weights[probabilities >= np.float32(threshold)].sum() / weights.sum()
        assert reached <= rate + 1e-4
