from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetybot.matching import nearest_neighbours as module
from safetybot.matching.encoder import WIDTH
from safetybot.matching.features import FeatureMatrix, Features, Featuriser
from safetybot.matching.nearest_neighbours import Near, NearestNeighbours

TEXTS = ("he has my pictures", "he wants my password", "she is lying to me", "how do i report him", "pictures of me")
_SENTENCES = st.one_of(st.sampled_from((*TEXTS, "", "q", "pass passwords", "😭")), st.text("abehims ", max_size=24))


def _plain(matrix: FeatureMatrix, features: Features, width: int) -> list[float]:
    """The similarity to every row, as the matrix itself reckons it."""
    spread = np.zeros(width, np.float32)
    spread[features.numbers] = features.weights
    return list(matrix.similarity(features.sentence, spread, 0, len(matrix)))


@pytest.mark.parametrize("frequent", [0, 3, 40, 100_000])
@settings(max_examples=60, deadline=None)
@given(texts=st.lists(_SENTENCES, min_size=1, max_size=12), text=_SENTENCES, data=st.data())
def test_the_same_as_row_by_row(frequent: int, texts: list[str], text: str, data: st.DataObject) -> None:
    """Whatever is dense and whatever is not, of any rows."""
    start = data.draw(st.integers(0, len(texts) - 1))
    end = data.draw(st.integers(start + 1, len(texts)))
    featuriser = Featuriser.fit([*texts, *TEXTS], True)
    vectors = np.random.default_rng(0).normal(size=(len(texts) + 1, WIDTH)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    matrix = featuriser.matrix(texts, vectors[1:])
    features = featuriser.features(text, vectors[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FREQUENT", frequent)
        nearness = NearestNeighbours(matrix, featuriser.lexical_width, all_at_once=True)
    plain = _plain(matrix, features, featuriser.lexical_width)
    ranges = [(start, end), (0, len(texts)), (end - 1, end)]
    (found,) = nearness.nearest([features], [ranges])
    for near, (first, last) in zip(found, ranges, strict=True):
        assert first <= near.row < last
        assert near.similarity == pytest.approx(max(plain[first:last]), abs=1e-5)
        assert plain[near.row] == pytest.approx(near.similarity, abs=1e-5)
    others = [features, featuriser.features(texts[0], vectors[1]), featuriser.features("", vectors[0])]
    everything = [(0, start), (start, len(texts))] if start else [(0, len(texts))]
    asked = [ranges, everything, ranges[::-1]]
    alone = [nearness.nearest([each], [its]) for each, its in zip(others, asked, strict=True)]
    assert [[found] for found in nearness.nearest(others, asked)] == alone
    for text_features, found in zip(others, nearness.nearest_of_all(others, everything), strict=True):
        plain = _plain(matrix, text_features, featuriser.lexical_width)
        for near, (first, last) in zip(found, everything, strict=True):
            assert first <= near.row < last
            assert near.similarity == pytest.approx(max(plain[first:last]), abs=1e-5)
            assert plain[near.row] == pytest.approx(near.similarity, abs=1e-5)


def test_a_text_with_nothing_known_is_like_none() -> None:
    featuriser = Featuriser.fit(TEXTS, True)
    matrix = featuriser.matrix(TEXTS, np.zeros((len(TEXTS), WIDTH), np.float32))
    features = featuriser.features("q", np.zeros(WIDTH, np.float32))
    assert len(features.numbers) == 0
    for all_at_once in (False, True):
        nearness = NearestNeighbours(matrix, featuriser.lexical_width, all_at_once=all_at_once)
        assert nearness.nearest([features], [[(0, len(TEXTS))]]) == [[Near(0, 0.0)]]
        assert nearness.nearest_of_all([features], [(0, len(TEXTS))]) == [[Near(0, 0.0)]]
