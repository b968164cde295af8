from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from safetybot.guidance.reader import read_content
from safetybot.matching.cache import pack_calibration
from safetybot.matching.corpus import Corpus
from safetybot.matching.encoder import SentenceEncoder, encoder_hash
from safetybot.matching.fitted_model import Calibration, Fitted
from safetybot.matching.fitter import cache_key, fit_corpus
from safetybot.matching.fitting import fit
from safetybot.matching.interpreter import make_preparer
from safetybot.matching.known_calibration import known_calibration, save_known_calibration
from safetybot.matching.known_vectors import known_vectors
from safetybot.matching.text import WordList

CONTENT = Path(__file__).parents[2] / "content"


def same(one: Calibration, other: Calibration, tolerance: float = 0.0) -> bool:
    left, right = pack_calibration(one), pack_calibration(other)
    return all(np.allclose(left[name], right[name], rtol=tolerance, atol=tolerance) for name in left)


def test_it_comes_back_for_just_the_same_examples(small_fitted: Fitted, tmp_path: Path) -> None:
    path = tmp_path / "calibration.npz"
    save_known_calibration("a key", small_fitted.calibration, path)
    found = known_calibration("a key", path)
    assert found is not None
    assert same(found, small_fitted.calibration)
    assert {field.name for field in fields(found)} == {field.name for field in fields(small_fitted.calibration)}
    assert known_calibration("another key", path) is None
    assert known_calibration("a key", tmp_path / "none.npz") is None


@pytest.mark.parametrize("cut", [0, 10, 300, 1_000])
def test_a_damaged_file_is_not_used(small_fitted: Fitted, tmp_path: Path, cut: int) -> None:
    path = tmp_path / "calibration.npz"
    save_known_calibration("a key", small_fitted.calibration, path)
    path.write_bytes(path.read_bytes()[:cut])
    assert known_calibration("a key", path) is None


def test_it_saves_the_cross_validation(small_corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stages: list[str] = []
    before = fit_corpus(small_corpus, tmp_path, lambda stage, _: stages.append(stage))
    assert "calibrating" in stages
    monkeypatch.setattr("safetybot.matching.fitter.known_calibration", lambda key: before.calibration)
    stages.clear()
    after = fit_corpus(small_corpus, tmp_path, lambda stage, _: stages.append(stage))
    assert "calibrating" not in stages
    assert same(before.calibration, after.calibration)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_ships_is_what_would_be_found() -> None:
    corpus = Corpus.of(read_content(CONTENT).require().languages["en"])
    shipped = known_calibration(cache_key(corpus))
    if shipped is None:
        return  # the examples were changed since it was made, so nobody uses it
    preparer = make_preparer(corpus)
    prepared = tuple(map(preparer.mend, corpus.plain))
    known, encoder = known_vectors(prepared, encoder_hash()), SentenceEncoder()
    vectors = np.stack([known[text] if text in known else encoder.encode(text) for text in prepared])
    fitted = fit(corpus, prepared, vectors, WordList(), lambda stage, done: None)
    # Processors add up in different orders.
    assert same(fitted.calibration, shipped, tolerance=0.03)
