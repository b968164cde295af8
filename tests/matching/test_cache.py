"""Fitted matchers and vectors on disk."""

from __future__ import annotations

import io
import os
import pickle
import random
from pathlib import Path

import numpy as np
import pytest

from safetybot.matching.cache import FORMAT, KEPT, MatcherCache
from safetybot.matching.calibration import Logistic
from safetybot.matching.fitted_model import Calibration, Fitted

VECTORS = {
    "help": np.arange(384, dtype=np.float32),
    "😭 ¿qué?": np.ones(384, np.float32),
    "": np.zeros(384, np.float32),
}


def _same(one: object, other: object) -> None:
    """Asserts that two results of fitting are equal, array by array."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype  # type: ignore[attr-defined]
        assert np.array_equal(one, other)  # type: ignore[arg-type]
    elif isinstance(one, Fitted | Calibration | Logistic) or hasattr(one, "__dataclass_fields__"):
        for name in one.__dataclass_fields__:  # type: ignore[union-attr]
            _same(getattr(one, name), getattr(other, name))
    elif hasattr(one, "word_tfidf"):
        for name in ("word_tfidf", "character_tfidf"):
            _same(list(getattr(one, name).vocabulary), list(getattr(other, name).vocabulary))
            _same(getattr(one, name).idf, getattr(other, name).idf)
        assert one.with_sentences == other.with_sentences  # type: ignore[attr-defined]
    else:
        assert one == other


@pytest.fixture
def cache(tmp_path: Path) -> MatcherCache:
    return MatcherCache(tmp_path / "not" / "there" / "yet")


@pytest.fixture
def file(cache: MatcherCache, tmp_path: Path, small_fitted: Fitted) -> Path:
    """A matcher under the key "key", as a file that a test may spoil."""
    cache.save("key", small_fitted)
    return next(tmp_path.rglob("matcher-*.npz"))


def test_what_is_saved_is_loaded(cache: MatcherCache, small_fitted: Fitted) -> None:
    assert cache.load("key") is None
    cache.save("key", small_fitted)
    loaded = cache.load("key")
    assert loaded is not None
    _same(loaded, small_fitted)
    assert cache.load("other") is None


def test_a_loaded_matcher_finds_the_same_features(cache: MatcherCache, small_fitted: Fitted) -> None:
    cache.save("key", small_fitted)
    loaded = cache.load("key")
    assert loaded is not None
    sentence = np.ones(384, np.float32)
    _same(
        loaded.featuriser.features("he wants my nudes", sentence),
        small_fitted.featuriser.features("he wants my nudes", sentence),
    )


def test_vectors(cache: MatcherCache) -> None:
    assert cache.load_vectors("en") == {}
    cache.save_vectors("en", VECTORS)
    loaded = cache.load_vectors("en")
    assert loaded.keys() == VECTORS.keys()
    assert all(np.array_equal(loaded[text], VECTORS[text]) for text in VECTORS)
    assert cache.load_vectors("cy") == {}
    cache.save_vectors("en", {"other": VECTORS["help"]})
    assert list(cache.load_vectors("en")) == ["other"]


def test_a_base_is_found_with_its_texts(cache: MatcherCache, small_fitted: Fitted, tmp_path: Path) -> None:
    assert cache.load_base("en") is None
    cache.save_base("en", "key", list(VECTORS))
    assert cache.load_base("en") is None, "there is no matcher with that key"
    cache.save("key", small_fitted)
    loaded = cache.load_base("en")
    assert loaded is not None
    _same(loaded[0], small_fitted)
    assert loaded[1] == tuple(VECTORS)
    assert cache.load_base("cy") is None
    (path,) = tmp_path.rglob("base-*")
    path.write_bytes(path.read_bytes()[:-100])
    assert cache.load_base("en") is None


def test_a_base_is_not_deleted_for_what_was_made_of_it(cache: MatcherCache, small_fitted: Fitted) -> None:
    cache.save_base("en", "key", list(VECTORS))
    for number in range(KEPT + 2):
        cache.save("key" if number == 0 else f"edit {number}", small_fitted)
    assert cache.load_base("en") is not None
    assert cache.load("edit 1") is None
    assert cache.load(f"edit {KEPT + 1}") is not None


def test_nothing_is_pickled(cache: MatcherCache, file: Path, small_fitted: Fitted) -> None:
    cache.save_vectors("en", VECTORS)
    cache.save_base("en", "key", list(VECTORS))
    for path in file.parent.iterdir():
        with np.load(path, allow_pickle=False) as arrays:
            assert all(array.dtype != object for array in arrays.values())


class _Boom:
    """Leaves a trace if it is ever unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("kind", ["a pickle", "an array of objects"])
def test_nothing_is_unpickled(cache: MatcherCache, file: Path, tmp_path: Path, kind: str) -> None:
    trace = tmp_path / "trace"
    if kind == "a pickle":
        file.write_bytes(pickle.dumps(_Boom(trace)))
    else:
        with file.open("wb") as opened:
            np.savez(opened, prepared=np.array([_Boom(trace)], object))
    assert cache.load("key") is None
    assert not trace.exists()


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_not_used(cache: MatcherCache, file: Path, share: float) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])
    assert cache.load("key") is None


def test_a_damaged_file_is_not_used_or_the_damage_meant_nothing(
    cache: MatcherCache, file: Path, small_fitted: Fitted
) -> None:
    """Bytes changed anywhere, and mostly where a zip file says what it holds: never an error, never other numbers."""
    whole, chance, refused = file.read_bytes(), random.Random(0), 0
    heads = [place for place in range(len(whole)) if whole.startswith(b"PK", place)]
    for _ in range(300):
        damaged = bytearray(whole)
        near = chance.choice(heads) + chance.randrange(250)
        place = near if chance.random() < 0.7 and near < len(whole) else chance.randrange(len(whole))
        damaged[place] = (damaged[place] + chance.randint(1, 255)) % 256
        file.write_bytes(damaged)
        loaded = cache.load("key")
        refused += loaded is None
        if loaded is not None:
            _same(loaded, small_fitted)
    assert refused > 200


def _foreign(kind: str) -> bytes:
    content = io.BytesIO()
    if kind == "another program's archive":
        np.savez(content, a=np.zeros(3))
    elif kind == "one array":
        np.save(content, np.zeros(3))
    else:
        content.write({"text": b"hello", "an empty zip": b"PK\x05\x06" + bytes(18), "nothing": b""}[kind])
    return content.getvalue()


@pytest.mark.parametrize("kind", ["another program's archive", "one array", "text", "an empty zip", "nothing"])
def test_a_foreign_file_is_not_used(cache: MatcherCache, file: Path, kind: str) -> None:
    file.write_bytes(_foreign(kind))
    assert cache.load("key") is None
    (file.parent / "vectors-en.npz").write_bytes(_foreign(kind))
    assert cache.load_vectors("en") == {}


def test_vectors_that_do_not_fit_their_texts_are_not_used(cache: MatcherCache, file: Path) -> None:
    texts = np.frombuffer(b'["a", "b"]', np.uint8)
    with (file.parent / "vectors-en.npz").open("wb") as opened:
        np.savez(opened, texts=texts, vectors=np.zeros((3, 384), np.float32))
    assert cache.load_vectors("en") == {}


def test_a_folder_in_its_place_is_not_used(cache: MatcherCache, file: Path) -> None:
    file.unlink()
    file.mkdir()
    assert cache.load("key") is None


def test_a_matcher_of_another_layout_is_unknown(cache: MatcherCache, file: Path) -> None:
    assert f"-{FORMAT}-" in file.name
    file.rename(file.with_name(file.name.replace(f"-{FORMAT}-", f"-{FORMAT - 1}-")))
    assert cache.load("key") is None


def test_the_oldest_go_and_one_that_is_used_stays(cache: MatcherCache, small_fitted: Fitted, tmp_path: Path) -> None:
    for number in range(KEPT):
        cache.save(f"{number}", small_fitted)
    for number, path in enumerate(sorted(tmp_path.rglob("matcher-*.npz"))):
        os.utime(path, (1000 + number, 1000 + number))
    assert cache.load("0") is not None, "and that makes it the newest"
    cache.save("new", small_fitted)
    assert cache.load("0") is not None
    assert cache.load("new") is not None
    assert cache.load("1") is None
    assert len(list(tmp_path.rglob("matcher-*.npz"))) == KEPT


def test_no_temporary_file_stays(cache: MatcherCache, small_fitted: Fitted, tmp_path: Path) -> None:
    cache.save("key", small_fitted)
    cache.save_vectors("en", VECTORS)
    assert list(tmp_path.rglob("*.tmp")) == []
    with pytest.raises(ValueError, match="need at least one array"):
        cache.save_vectors("en", {})
    assert list(tmp_path.rglob("*.tmp")) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, small_fitted: Fitted) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the system
        MatcherCache(tmp_path / "file").save("key", small_fitted)
