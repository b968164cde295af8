from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from safetybot.matching.encoder import WIDTH, SentenceEncoder, encoder_hash
from safetybot.matching.interpreter import Interpreter
from safetybot.matching.known_vectors import KNOWN, known_vectors, save_known_vectors

TEXTS = ["he has my pictures", "i am scared", "", "😭 no\ud800"]


@pytest.fixture
def saved(tmp_path: Path, encoder: SentenceEncoder) -> Path:
    path = tmp_path / "known.npz"
    save_known_vectors(TEXTS, np.stack([encoder.encode(text) for text in TEXTS]), "e" * 64, path)
    return path


def test_they_come_back_as_good_as_they_were(saved: Path, encoder: SentenceEncoder) -> None:
    found = known_vectors([*TEXTS, "never seen"], "e" * 64, saved)
    assert found.keys() == set(TEXTS)
    for text, vector in found.items():
        assert vector.shape == (WIDTH,)
        assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-6)
        assert float(vector @ encoder.encode(text)) > 0.9995


def test_those_of_another_encoder_are_not_taken(saved: Path) -> None:
    assert known_vectors(TEXTS, "f" * 64, saved) == {}
    assert known_vectors(TEXTS, "none", saved) == {}


def test_a_missing_or_damaged_file_knows_nothing(saved: Path) -> None:
    assert known_vectors(TEXTS, "e" * 64, saved.with_name("gone")) == {}
    whole = saved.read_bytes()
    for damaged in (b"", whole[:100], whole[: len(whole) // 2], bytes(len(whole))):
        saved.write_bytes(damaged)
        assert known_vectors(TEXTS, "e" * 64, saved) == {}


@pytest.mark.slow
def test_the_shipped_file_knows_most_of_the_shipped_content(shipped: Interpreter) -> None:
    """Where this fails, a first start takes long: run  tools/build_known_vectors.py  before a release."""
    texts = [shipped._preparer.prepare(text).mended for text in shipped.corpus.texts]
    assert KNOWN.is_file()
    assert len(known_vectors(texts, encoder_hash())) > 0.9 * len(set(texts))
