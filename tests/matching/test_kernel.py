"""Similarities of many texts to many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.matching.encoder import WIDTH
from safetybot.matching.features import Featuriser
from safetybot.matching.kernel import KernelMatrix

TEXTS = ["he wants my pictures", "", "she wants my pictures", "my password", "zzz", "who has my password"]


def _kernel_matrix(texts: list[str]) -> tuple[KernelMatrix, Featuriser]:
    sentences = np.random.default_rng(len(texts)).normal(size=(len(texts), WIDTH)).astype(np.float32)
    sentences /= np.linalg.norm(sentences, axis=1, keepdims=True)
    featuriser = Featuriser.fit([*texts, *TEXTS], True)
    return KernelMatrix.of(featuriser.matrix(texts, sentences), featuriser.lexical_width), featuriser


@given(st.lists(st.text(alphabet="abc hmyp", max_size=20), min_size=1, max_size=8))
def test_one_text_to_many_and_many_to_many_agree(texts: list[str]) -> None:
    """The running bot and the fitting must mean the same by similarity."""
    many, featuriser = _kernel_matrix(texts)
    kernel = many.kernel(many)
    rows = np.asarray(many.sentences) / np.sqrt(np.float32(4 / 7))
    matrix = featuriser.matrix(texts, rows)
    for row, text in enumerate(texts):
        features = featuriser.features(text, rows[row])
        spread = np.zeros(featuriser.lexical_width, np.float32)
        spread[features.numbers] = features.weights
        assert kernel[row] == pytest.approx(matrix.similarity(features.sentence, spread, 0, len(texts)), abs=1e-5)


def test_kernel_is_symmetric_with_ones_where_a_text_meets_itself() -> None:
    many, _ = _kernel_matrix(TEXTS)
    kernel = many.kernel(many)
    assert kernel.shape == (6, 6)
    assert kernel == pytest.approx(kernel.T, abs=1e-6)
    assert np.diag(kernel)[[0, 2, 3, 5]] == pytest.approx(1, abs=1e-5)
    assert np.diag(kernel)[1] == pytest.approx(4 / 7, abs=1e-5), "an empty text has a sentence vector and no words"


def test_rows() -> None:
    many, _ = _kernel_matrix(TEXTS)
    chosen = np.array([5, 0])
    assert many.rows(chosen).kernel(many) == pytest.approx(many.kernel(many)[chosen], abs=1e-6)
    assert many.rows(np.array([], np.int64)).kernel(many).shape == (0, 6)


@pytest.mark.parametrize("frequent", [0, 1, 3, 1000])
def test_what_is_made_dense_changes_no_similarity(frequent: int) -> None:
    many, _ = _kernel_matrix(TEXTS)
    split = KernelMatrix.split(many.sentences, many.lexical, frequent)
    assert split.frequent.shape[1] == min(frequent, many.lexical.shape[1])
    counts = np.bincount(many.lexical.indices, minlength=many.lexical.shape[1])
    if split.rare.nnz and frequent:
        assert np.bincount(split.rare.indices).max() <= np.sort(counts)[-frequent]
    wanted = (many.lexical @ many.lexical.T).toarray() + many.sentences @ many.sentences.T
    assert split.kernel(split) == pytest.approx(wanted, abs=1e-5)


def test_rows_of_two_matrices_are_not_compared() -> None:
    many, _ = _kernel_matrix(TEXTS)
    with pytest.raises(ValueError, match="frequent"):
        many.kernel(KernelMatrix.split(many.sentences, many.lexical, 3))
