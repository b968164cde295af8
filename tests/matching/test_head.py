"""Logistic regression and the Nyström map."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from scipy import optimize, sparse

from safetybot.matching.features import Features
from safetybot.matching.head import (
    BIAS,
    REGULARISATION,
    FloatArray,
    LabelArray,
    NystromMap,
    choose_landmarks,
    logistic_regression,
)
from safetybot.matching.kernel import KernelMatrix
from safetybot.matching.linear import softmax

CLASSES = 4


def _problem(n: int = 200, m: int = 10, seed: int = 0) -> tuple[FloatArray, LabelArray]:
    """Classes that overlap, so that the best weights are finite and not at the start."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % CLASSES
    centres = random.normal(size=(CLASSES, m))
    inputs = (centres[labels] + 1.5 * random.normal(size=(n, m))).astype(np.float32)
    return inputs / np.float32(np.sqrt(m)), labels


def _loss(weights: FloatArray, inputs: FloatArray, labels: LabelArray) -> float:
    """What is minimised, straight from the module's description."""
    probabilities = softmax(inputs @ weights)
    entropy = -np.log(probabilities[np.arange(len(labels)), labels])
    return float(entropy.mean() + (weights * weights).sum() / (2 * REGULARISATION * len(labels)))


def _kernel_matrix(n: int, seed: int = 0) -> KernelMatrix:
    random = np.random.default_rng(seed)
    sentences = random.normal(size=(n, 8)).astype(np.float32)
    lexical = sparse.random(n, 30, density=0.2, format="csr", dtype=np.float32, random_state=seed)
    return KernelMatrix.split(sentences / np.float32(4), lexical)


def test_the_gradient_is_nought_where_it_ends() -> None:
    inputs, labels = _problem()
    weights = logistic_regression(inputs, labels, CLASSES, 300)
    residual = softmax(inputs @ weights)
    residual[np.arange(len(labels)), labels] -= 1
    gradient = inputs.T @ residual / len(labels) + weights / (REGULARISATION * len(labels))
    assert np.abs(gradient).max() < 1e-5
    assert np.abs(weights).max() > 0.1


def test_no_other_method_finds_better_weights() -> None:
    inputs, labels = _problem()
    mine = logistic_regression(inputs, labels, CLASSES, 300)

    def loss(flat: FloatArray) -> float:
        shaped = flat.reshape(mine.shape).astype(np.float64)
        return _loss(shaped, inputs.astype(np.float64), labels)

    theirs = optimize.minimize(loss, np.zeros(mine.size), method="SLSQP", options={"maxiter": 1_000, "ftol": 1e-12})
    assert loss(mine.ravel()) == pytest.approx(theirs.fun, abs=1e-5)


def test_a_dozen_iterations_are_nearly_enough() -> None:
    inputs, labels = _problem()
    few, many = (logistic_regression(inputs, labels, CLASSES, iterations) for iterations in (12, 300))
    assert _loss(few, inputs, labels) < _loss(many, inputs, labels) + 1e-3


def test_of_one_class_there_is_nothing_to_learn() -> None:
    inputs, labels = _problem()
    assert not logistic_regression(inputs, np.zeros_like(labels), 1, 12).any()


def test_no_examples_no_weights() -> None:
    weights = logistic_regression(np.zeros((0, 5), np.float32), np.zeros(0, np.int64), CLASSES, 30)
    assert weights.tolist() == np.zeros((5, CLASSES)).tolist()


def test_the_same_to_the_last_bit_in_every_process() -> None:
    code = (
        "import hashlib, numpy as np; from safetybot.matching.head import logistic_regression\n"
        "random = np.random.default_rng(7); labels = np.arange(300) % 6\n"
        "inputs = random.normal(size=(300, 40)).astype(np.float32)\n"
        "print(hashlib.sha256(logistic_regression(inputs, labels, 6, 30).tobytes()).hexdigest())"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, check=True) for _ in range(2)]
    random, labels = np.random.default_rng(7), np.arange(300) % 6
    here = logistic_regression(random.normal(size=(300, 40)).astype(np.float32), labels, 6, 30)
    assert {run.stdout.decode().strip() for run in runs} == {hashlib.sha256(here.tobytes()).hexdigest()}


class TestLandmarks:
    labels = np.repeat(np.arange(5), [10, 3, 50, 1, 20])

    def test_evenly_from_each_class(self) -> None:
        chosen = choose_landmarks(self.labels, 25)
        assert np.bincount(self.labels[chosen]).tolist() == [5, 3, 5, 1, 5]
        assert (np.diff(chosen) > 0).all()

    def test_the_same_each_time(self) -> None:
        assert (choose_landmarks(self.labels, 25) == choose_landmarks(self.labels, 25)).all()
        assert (choose_landmarks(self.labels, 25) != choose_landmarks(self.labels, 25, seed=1)).any()

    def test_of_more_classes_than_that_one_of_some(self) -> None:
        labels = np.repeat(np.arange(40), 3)
        chosen = choose_landmarks(labels, 7)
        assert len(chosen) == len(set(labels[chosen])) == 7

    def test_all_where_there_are_fewer(self) -> None:
        assert (choose_landmarks(self.labels, 1000) == np.arange(84)).all()


class TestNystromMap:
    def test_with_all_landmarks_products_of_coordinates_are_the_similarities(self) -> None:
        matrix = _kernel_matrix(60)
        coordinates = NystromMap(matrix).coordinates(matrix)
        assert coordinates.shape == (60, 60)
        assert coordinates @ coordinates.T == pytest.approx(matrix.kernel(matrix) + BIAS, abs=2e-3)

    def test_fewer_landmarks_are_nearly_as_good_and_more_are_better(self) -> None:
        matrix = _kernel_matrix(80)
        errors = []
        for count in (10, 30, 60):
            coordinates = NystromMap(matrix.rows(np.arange(count))).coordinates(matrix)
            errors.append(np.abs(coordinates @ coordinates.T - matrix.kernel(matrix) - BIAS).mean())
        assert errors == sorted(errors, reverse=True)
        assert errors[-1] < errors[0] / 3

    def test_the_first_coordinates_are_those_of_the_first_landmarks(self) -> None:
        """What lets cross-validation use a part of the coordinates as if it had fewer landmarks."""
        matrix = _kernel_matrix(50)
        all_, some = (NystromMap(matrix.rows(np.arange(count))).coordinates(matrix) for count in (40, 15))
        assert all_[:, :15] == pytest.approx(some, abs=1e-4)

    def test_folded_weights_score_as_coordinates_do(self) -> None:
        matrix = _kernel_matrix(50)
        nystrom = NystromMap(matrix.rows(np.arange(20)))
        weights = np.random.default_rng(3).normal(size=(20, CLASSES)).astype(np.float32)
        head = nystrom.fold(weights)
        expected = nystrom.coordinates(matrix) @ weights
        for row in range(50):
            lexical = matrix.lexical[[row]]
            found = head.scores(Features(matrix.sentences[row], lexical.indices.astype(np.int32), lexical.data))
            assert found == pytest.approx(expected[row], abs=2e-3)

    def test_with_all_landmarks_the_probabilities_are_those_of_the_exact_solution(self) -> None:
        """The dual problem itself, solved for all examples, against the low-rank one with every example a landmark."""
        matrix = _kernel_matrix(60)
        labels = np.arange(60) % CLASSES
        kernel = (matrix.kernel(matrix) + BIAS).astype(np.float64)

        def dual(flat: FloatArray) -> tuple[float, FloatArray]:
            coefficients = flat.reshape(60, CLASSES)
            scores = kernel @ coefficients
            probabilities = softmax(scores)
            entropy = -np.log(probabilities[np.arange(60), labels]).mean()
            probabilities[np.arange(60), labels] -= 1
            ridge = 1 / (REGULARISATION * 60)
            gradient = kernel @ (probabilities / 60) + ridge * scores
            return entropy + ridge / 2 * (coefficients * scores).sum(), gradient.ravel()

        exact = optimize.minimize(dual, np.zeros(60 * CLASSES), jac=True, method="L-BFGS-B", options={"maxiter": 5000})
        nystrom = NystromMap(matrix)
        coordinates = nystrom.coordinates(matrix)
        weights = logistic_regression(coordinates, labels, CLASSES, 300)
        expected = softmax(kernel @ exact.x.reshape(60, CLASSES))
        assert softmax(coordinates @ weights) == pytest.approx(expected, abs=5e-3)
