"""TF-IDF and similarity, against sums done by hand and against plain dense products."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetybot.matching.encoder import WIDTH
from safetybot.matching.features import (
    FeatureMatrix,
    Features,
    Featuriser,
    FloatArray,
    character_features,
    word_features,
)
from safetybot.matching.text import words
from safetybot.matching.tfidf import TfIdf, Weighed, numbering

TEXTS = [
    "he wants my pictures",
    "she wants my pictures now",
    "my password was stolen",
    "who has my password",
    "he he he has my my pictures",
    "",
    "zzz",
]
_SENTENCES = st.text(alphabet="abc hmypw'£😭", max_size=30)


def _fit(documents: Sequence[Sequence[str]]) -> tuple[TfIdf, Weighed]:
    number = numbering()
    return TfIdf.fit_transform([[*map(number.__getitem__, document)] for document in documents], number)


def _fitted(documents: Sequence[Sequence[str]]) -> TfIdf:
    return _fit(documents)[0]


def _unit_rows(count: int, seed: int = 0) -> FloatArray:
    rows = np.random.default_rng(seed).normal(size=(count, WIDTH)).astype(np.float32)
    unit: FloatArray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def _dense(features: Features, width: int) -> FloatArray:
    """φ of one text, written out in full."""
    lexical = np.zeros(width, np.float32)
    lexical[features.numbers] = features.weights
    return np.concatenate((features.sentence, lexical))


def test_word_features() -> None:
    assert word_features(["he", "wants", "pics"]) == ["he", "wants", "pics", "he wants", "wants pics"]
    assert word_features(["he"]) == ["he"]
    assert word_features([]) == []


def test_character_features() -> None:
    assert character_features(["hi"]) == [" h", "hi", "i ", " hi", "hi ", " hi "]
    assert character_features(["a"]) == [" a", "a ", " a "]
    assert character_features(["ab", "a"]) == character_features(["ab"]) + character_features(["a"])
    assert character_features([]) == []


class TestTfIdf:
    documents = (["a", "b", "a"], ["a", "c"], ["b", "d"], ["a"])

    def test_fit(self) -> None:
        fitted = _fitted(self.documents)
        assert fitted.vocabulary == ["a", "b"], "c and d stand in one document alone"
        # Smooth idf: ln((1 + 4) / (1 + documents with it)) + 1.
        assert fitted.idf == pytest.approx([math.log(5 / 4) + 1, math.log(5 / 3) + 1])
        assert fitted.idf.dtype == np.float32

    def test_transform_by_hand(self) -> None:
        fitted = _fitted(self.documents)
        numbers, weights = fitted.transform(fitted.known(["b", "a", "x", "a", "a"]))
        a = (1 + math.log(3)) * (math.log(5 / 4) + 1)
        b = math.log(5 / 3) + 1
        assert numbers.tolist() == [0, 1]
        assert weights == pytest.approx([a / math.hypot(a, b), b / math.hypot(a, b)])
        assert (numbers.dtype, weights.dtype) == (np.int32, np.float32)

    def test_known(self) -> None:
        assert _fitted(self.documents).known(["x", "b", "a", "b", ""]) == [1, 0, 1]

    @pytest.mark.parametrize("document", [[], ["x", "y"]])
    def test_nothing_known(self, document: list[str]) -> None:
        fitted = _fitted(self.documents)
        numbers, weights = fitted.transform(fitted.known(document))
        assert (len(numbers), len(weights)) == (0, 0)
        assert (numbers.dtype, weights.dtype) == (np.int32, np.float32)

    @given(st.lists(st.sampled_from("abcdx"), max_size=50))
    def test_a_unit_vector_of_ascending_numbers(self, document: list[str]) -> None:
        fitted = _fitted([*self.documents, ["c", "d"]])
        numbers, weights = fitted.transform(fitted.known(document))
        assert numbers.tolist() == sorted({"abcd".index(letter) for letter in document if letter != "x"})
        assert not len(weights) or np.linalg.norm(weights) == pytest.approx(1, abs=1e-6)


class TestFeaturiser:
    @pytest.mark.parametrize("with_sentences", [True, False])
    def test_a_text_is_wholly_like_itself(self, with_sentences: bool) -> None:
        featuriser = Featuriser.fit(TEXTS, with_sentences)
        (sentence,) = _unit_rows(1)
        dense = _dense(featuriser.features("he wants my pictures", sentence), featuriser.lexical_width)
        assert dense @ dense == pytest.approx(1, abs=1e-5)

    def test_the_blocks_weigh_four_one_and_two_sevenths(self) -> None:
        featuriser = Featuriser.fit(TEXTS, True)
        found = featuriser.features("he wants my pictures", _unit_rows(1)[0])
        is_word = found.numbers < len(featuriser.word_tfidf.vocabulary)
        assert found.sentence @ found.sentence == pytest.approx(4 / 7, abs=1e-5)
        assert (found.weights[is_word] ** 2).sum() == pytest.approx(1 / 7, abs=1e-5)
        assert (found.weights[~is_word] ** 2).sum() == pytest.approx(2 / 7, abs=1e-5)

    def test_without_sentences_the_other_two_share_the_whole(self) -> None:
        featuriser = Featuriser.fit(TEXTS, False)
        found = featuriser.features("he wants my pictures", np.zeros(WIDTH, np.float32))
        is_word = found.numbers < len(featuriser.word_tfidf.vocabulary)
        assert not found.sentence.any()
        assert (found.weights[is_word] ** 2).sum() == pytest.approx(1 / 3, abs=1e-5)
        assert (found.weights[~is_word] ** 2).sum() == pytest.approx(2 / 3, abs=1e-5)

    @given(_SENTENCES, _SENTENCES)
    def test_remembering_words_changes_nothing(self, text: str, other: str) -> None:
        """The same features, to the last bit, as from every character run counted anew."""
        featuriser = Featuriser.fit(TEXTS, True)
        sentence = _unit_rows(1)[0]
        featuriser.features(other, sentence)
        for _ in range(2):
            found = featuriser.features(text, sentence)
            tfidf = featuriser.character_tfidf
            numbers, weights = tfidf.transform(tfidf.known(character_features(words(text))))
            word_count = len(featuriser.word_tfidf.vocabulary)
            is_word = found.numbers < word_count
            assert found.numbers[~is_word].tolist() == (numbers + word_count).tolist()
            assert (found.weights[~is_word] == weights * np.float32(np.sqrt(np.float32(2 / 7)))).all()

    def test_matrix_rows_are_the_features_of_each_text_to_the_last_bit(self) -> None:
        # Of some length, since sums of many are added up in one order or another.
        texts = [*TEXTS, *(" ".join(TEXTS[first:] * 4) for first in range(5)), ""]
        featuriser = Featuriser.fit(texts, True)
        sentences = _unit_rows(len(texts))
        matrix = featuriser.matrix(texts, sentences)
        assert len(matrix) == len(texts)
        assert matrix.starts[0] == 0
        assert matrix.starts[-1] == len(matrix.weights) == len(matrix.numbers)
        for row, text in enumerate(texts):
            alone = featuriser.features(text, sentences[row])
            span = slice(matrix.starts[row], matrix.starts[row + 1])
            assert (matrix.numbers[span] == alone.numbers).all()
            assert (matrix.weights[span] == alone.weights).all()
            assert (matrix.sentences[row] == alone.sentence).all()

    @pytest.mark.parametrize("texts", [[], [""], ["", "zzz"], ["zzz", "", "pics"]])
    def test_matrix_of_texts_with_nothing_known(self, texts: list[str]) -> None:
        featuriser = Featuriser.fit(TEXTS, True)
        matrix = featuriser.matrix(texts, _unit_rows(len(texts)))
        assert len(matrix) == len(texts)
        assert matrix.starts.tolist()[0] == 0
        assert len(matrix.starts) == len(texts) + 1
        nothing = Featuriser.fit(["a", "b"], True)
        assert nothing.lexical_width == 0
        assert nothing.matrix(texts, _unit_rows(len(texts))).starts.tolist() == [0] * (len(texts) + 1)

    @given(st.lists(_SENTENCES, max_size=12))
    def test_matrix_of_any_texts(self, texts: list[str]) -> None:
        featuriser = Featuriser.fit([*texts, *TEXTS], True)
        rows = _unit_rows(len(texts))
        matrix = featuriser.matrix(texts, rows)
        for row, text in enumerate(texts):
            alone = featuriser.features(text, rows[row])
            span = slice(matrix.starts[row], matrix.starts[row + 1])
            assert (matrix.numbers[span] == alone.numbers).all()
            assert (matrix.weights[span] == alone.weights).all()

    @given(st.lists(_SENTENCES, max_size=12))
    def test_what_it_is_fitted_on_is_laid_out_as_any_other(self, texts: list[str]) -> None:
        """To the last bit: the texts are counted once, for the vocabulary and for themselves."""
        texts = [*texts, *TEXTS]
        rows = _unit_rows(len(texts))
        featuriser, lexical = Featuriser.fit_transform(texts, True)
        found, matrix = featuriser.with_sentences_of(lexical, rows), featuriser.matrix(texts, rows)
        assert (found.sentences == matrix.sentences).all()
        assert (found.starts == matrix.starts).all()
        assert (found.numbers == matrix.numbers).all()
        assert (found.weights == matrix.weights).all()
        assert found.numbers.dtype == matrix.numbers.dtype


class TestSimilarity:
    @settings(max_examples=200)
    @given(st.lists(_SENTENCES, min_size=1, max_size=12), _SENTENCES, st.data())
    def test_it_is_the_product_of_dense_features(self, texts: list[str], text: str, data: st.DataObject) -> None:
        """Of any rows, where texts may be empty or have nothing known."""
        start = data.draw(st.integers(0, len(texts) - 1))
        end = data.draw(st.integers(start + 1, len(texts)))
        featuriser = Featuriser.fit([*texts, *TEXTS], True)
        rows = _unit_rows(len(texts) + 1)
        matrix = featuriser.matrix(texts, rows[1:])
        features = featuriser.features(text, rows[0])
        width = featuriser.lexical_width
        dense = np.stack([_dense(featuriser.features(t, r), width) for t, r in zip(texts, rows[1:], strict=True)])
        mine = _dense(features, width)
        found = matrix.similarity(features.sentence, mine[WIDTH:], start, end)
        assert found.shape == (end - start,)
        assert found.dtype == np.float32
        assert found == pytest.approx(dense[start:end] @ mine, abs=1e-5)

    def test_a_part_is_the_same_to_the_last_bit_as_in_the_whole(self) -> None:
        """So that a group of signs may be compared in one go."""
        texts = [f"{a} {b}" for a in TEXTS for b in TEXTS]
        featuriser = Featuriser.fit(texts, True)
        matrix = featuriser.matrix(texts, _unit_rows(len(texts)))
        features = featuriser.features("he has my pictures", _unit_rows(1, seed=1)[0])
        spread = _dense(features, featuriser.lexical_width)[WIDTH:]
        whole = matrix.similarity(features.sentence, spread, 0, len(texts))
        for start, end in [(0, 1), (3, 20), (20, 49), (48, 49)]:
            assert (matrix.similarity(features.sentence, spread, start, end) == whole[start:end]).all()

    def test_empty_rows_at_every_place(self) -> None:
        matrix = FeatureMatrix(
            sentences=np.zeros((5, WIDTH), np.float32),
            weights=np.array([1, 2, 4], np.float32),
            numbers=np.array([0, 1, 0], np.int32),
            starts=np.array([0, 0, 2, 2, 3, 3], np.int32),
        )
        spread = np.array([1, 10], np.float32)
        assert matrix.similarity(np.zeros(WIDTH, np.float32), spread, 0, 5).tolist() == [0, 21, 0, 4, 0]
        assert matrix.similarity(np.zeros(WIDTH, np.float32), spread, 0, 1).tolist() == [0]
        assert matrix.similarity(np.zeros(WIDTH, np.float32), spread, 4, 5).tolist() == [0]
        assert matrix.similarity(np.zeros(WIDTH, np.float32), spread, 2, 4).tolist() == [0, 4]
