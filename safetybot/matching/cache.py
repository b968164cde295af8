"""Fitted matchers and sentence vectors on disk, by the hash of what they were made from.

Plain numpy archives without pickles: a damaged or foreign file is never executed, only not used. Files are written
beside their place and renamed, so that a reader sees a whole one or none.

Whoever can change a file here changes what the bot answers, also to a cry for help. So what others could have written
is not used: it is learnt anew.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import logging
import os
import stat
import tempfile
import zipfile
from collections.abc import Mapping, Sequence, Set
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from safetybot.matching.calibration import Logistic
from safetybot.matching.features import FeatureMatrix, Featuriser
from safetybot.matching.fitted_model import Calibration, Fitted, Thresholds
from safetybot.matching.linear import LinearHead
from safetybot.matching.text import WordList
from safetybot.matching.tfidf import TfIdf
from safetybot.process.file_modes import is_foreign, others_may_change

FORMAT = 23
"""Goes into every key: a change of this module's layout makes old files unknown."""

KEPT = 4
"""Fitted matchers kept; older ones are deleted."""

_log = logging.getLogger(__name__)

_MODELS = ("first", "three", "emergency", "check")
_THRESHOLDS = ("whole", "part")
_FIGURES = (
    "nearest_weight",
    "choice_threshold",
    "right_first",
    "right_in_three",
    "emergencies_carded",
    "emergencies_caught",
)


class MatcherCache:
    """A folder of fitted matchers, and one file of sentence vectors a language."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, key: str) -> Fitted | None:
        """The fitted matcher with this key, or None where there is none that can be read."""
        path = self._path(key)
        try:
            fitted = _unpack(self._read(path))
        except Exception:  # zipfile and numpy raise a dozen kinds on a damaged archive
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return fitted

    def save(self, key: str, fitted: Fitted) -> None:
        """Keeps a fitted matcher; raises OSError where the folder cannot be written."""
        self._write(self._path(key), _pack(fitted))
        self._keep_newest("base-*.npz")
        self._keep_newest("matcher-*.npz", self._matchers_of_bases())

    def load_base(self, name: str) -> tuple[Fitted, tuple[str, ...]] | None:
        """The last matcher of ``name`` that was fitted as a whole, and its texts, labelled; None if there is none."""
        try:
            arrays = self._read(self._base_path(name))
            key, *texts = _texts(arrays["texts"])
        except Exception:  # as above
            return None
        fitted = self.load(key)
        return None if fitted is None else (fitted, tuple(texts))

    def save_base(self, name: str, key: str, texts: Sequence[str]) -> None:
        """Marks the matcher with this key as the one that those of ``name`` are corrections of; so it is kept."""
        self._write(self._base_path(name), {"texts": _bytes([key, *texts])})

    def load_vectors(self, name: str) -> dict[str, npt.NDArray[np.float32]]:
        """Text → sentence vector, shape (384,), as far as known; ``name`` tells language and encoder."""
        try:
            arrays = self._read(self.folder / f"vectors-{name}.npz")
            return dict(zip(_texts(arrays["texts"]), arrays["vectors"], strict=True))
        except Exception:  # as above
            return {}

    def save_vectors(self, name: str, vectors: Mapping[str, npt.NDArray[np.float32]]) -> None:
        """Replaces the vectors of ``name``."""
        packed: dict[str, npt.NDArray[Any]] = {
            "texts": _bytes(list(vectors)),
            "vectors": np.stack(list(vectors.values())),
        }
        self._write(self.folder / f"vectors-{name}.npz", packed)

    def _keep_newest(self, pattern: str, spared: Set[Path] = frozenset()) -> None:
        paths = sorted(self.folder.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in paths[KEPT:]:
            if old not in spared:
                old.unlink(missing_ok=True)

    def _matchers_of_bases(self) -> set[Path]:
        found = set()
        for path in self.folder.glob("base-*.npz"):
            with contextlib.suppress(Exception):  # a damaged one keeps nothing
                found.add(self._path(_texts(self._read(path)["texts"])[0]))
        return found

    def _base_path(self, name: str) -> Path:
        return self.folder / f"base-{name}.npz"

    def _path(self, key: str) -> Path:
        return self.folder / f"matcher-{FORMAT}-{key[:40]}.npz"

    def _secure(self) -> None:
        """Closes the folder to others where they could write to it, and deletes what they could have put there.

        Raises OSError where there is no folder, or it is another user's.
        """
        status = self.folder.stat()
        if is_foreign(status):
            raise PermissionError(errno.EPERM, "The matcher's cache belongs to another user", str(self.folder))
        if not others_may_change(status):
            return
        _log.warning("the matcher's cache could be changed by others: it is closed to them, and learnt anew")
        self.folder.chmod(0o700)
        for pattern in ("*.npz", "*.json", "*.tmp"):
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)

    def _read(self, path: Path) -> dict[str, npt.NDArray[Any]]:
        """Every array of a file; raises almost anything where it is damaged, or others could have written it."""
        self._secure()
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or others_may_change(status):
                _log.warning("a file of the matcher's cache could be changed by others: it is not used")
                raise PermissionError(errno.EPERM, "others could have written it")
            with zipfile.ZipFile(file) as archive:
                return {name.removesuffix(".npy"): _array(archive.read(name)) for name in archive.namelist()}

    def _write(self, path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        for folder in (self.folder.parent, self.folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._secure()
        handle, temporary = tempfile.mkstemp(dir=self.folder, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def _array(content: bytes) -> npt.NDArray[Any]:
    """An array as numpy writes it, which is not copied. (Its checksum was right, or there were no content.)"""
    stream = BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read_head = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_columns, kind = read_head(stream)
    found = np.frombuffer(content, kind, offset=stream.tell())
    return found.reshape(shape, order="F" if by_columns else "C")


def _bytes(texts: list[str]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(json.dumps(texts, ensure_ascii=False).encode(), np.uint8)


def _texts(array: npt.NDArray[np.uint8]) -> list[str]:
    loaded = json.loads(array.tobytes().decode())
    if not isinstance(loaded, list):
        raise ValueError("not a list of texts")
    return loaded


def _pack(fitted: Fitted) -> dict[str, npt.NDArray[Any]]:
    featuriser, matrix, calibration = fitted.featuriser, fitted.matrix, fitted.calibration
    arrays: dict[str, npt.NDArray[Any]] = {
        "mender": _bytes(list(fitted.word_counts)),
        "mender.counts": np.array(list(fitted.word_counts.values()), np.int32),
        "mender.known": fitted.known_words.hashes,
        "prepared": _bytes(list(fitted.prepared)),
        "words": _bytes(list(featuriser.word_tfidf.vocabulary)),
        "words.idf": featuriser.word_tfidf.idf,
        "characters": _bytes(list(featuriser.character_tfidf.vocabulary)),
        "characters.idf": featuriser.character_tfidf.idf,
        "with_sentences": np.array(featuriser.with_sentences),
        "sentences": matrix.sentences,
        "weights": matrix.weights,
        "numbers": matrix.numbers,
        "starts": matrix.starts,
    }
    for name, head in (("topic", fitted.topic_head), ("danger", fitted.danger_head)):
        arrays |= {f"{name}.sentence": head.sentence, f"{name}.lexical": head.lexical, f"{name}.bias": head.bias}
    return arrays | pack_calibration(calibration)


def pack_calibration(calibration: Calibration) -> dict[str, npt.NDArray[Any]]:
    """A calibration as named arrays."""
    arrays: dict[str, npt.NDArray[Any]] = {
        "figures": np.array([getattr(calibration, name) for name in _FIGURES], np.float64)
    }
    for name in _THRESHOLDS:
        arrays[name] = np.array(dataclasses.astuple(getattr(calibration, name)), np.float64)
    for name in _MODELS:
        model: Logistic = getattr(calibration, name)
        arrays |= {f"{name}.mean": model.mean, f"{name}.scale": model.scale, f"{name}.b": model.coefficients}
    return arrays


def unpack_calibration(arrays: Mapping[str, npt.NDArray[Any]]) -> Calibration:
    """What :func:`pack_calibration` made arrays of. Raises almost anything where it is damaged."""
    found: dict[str, Any] = {
        name: Logistic(arrays[f"{name}.mean"], arrays[f"{name}.scale"], arrays[f"{name}.b"]) for name in _MODELS
    }
    found |= {name: Thresholds(*arrays[name].tolist()) for name in _THRESHOLDS}
    return Calibration(**found, **dict(zip(_FIGURES, arrays["figures"].tolist(), strict=True)))


def _unpack(arrays: Mapping[str, npt.NDArray[Any]]) -> Fitted:
    featuriser = Featuriser(
        TfIdf(_texts(arrays["words"]), arrays["words.idf"]),
        TfIdf(_texts(arrays["characters"]), arrays["characters.idf"]),
        bool(arrays["with_sentences"]),
    )
    prepared = tuple(_texts(arrays["prepared"]))
    matrix = FeatureMatrix(arrays["sentences"], arrays["weights"], arrays["numbers"], arrays["starts"])
    heads = [
        LinearHead(arrays[f"{name}.sentence"], arrays[f"{name}.lexical"], arrays[f"{name}.bias"])
        for name in ("topic", "danger")
    ]
    counts = dict(zip(_texts(arrays["mender"]), arrays["mender.counts"].tolist(), strict=True))
    known = WordList(arrays["mender.known"])
    return Fitted(counts, known, prepared, featuriser, matrix, heads[0], heads[1], unpack_calibration(arrays))
