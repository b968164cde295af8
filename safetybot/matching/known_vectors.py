"""Sentence vectors of the examples as shipped, made beforehand: the first start then takes half as long.

Made by ``tools/build_known_vectors.py``, which says when to run it again. What the file does not have is encoded; where
it is missing, damaged or of another encoder, that is everything. The numbers are kept in 8 bits (a cosine of 0.9999 to
the vector itself), texts as hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from safetybot.matching.encoder import FloatArray

KNOWN = Path(__file__).parent / "encoder_files" / "known.npz"
_ENCODER_LETTERS = 64


def known_vectors(texts: Iterable[str], encoder: str, path: Path = KNOWN) -> dict[str, FloatArray]:
    """Text → unit vector, shape (384,), of those that are known; ``encoder``: the hash of the one in use."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            if bytes(arrays["encoder"]).decode() != encoder[:_ENCODER_LETTERS]:
                return {}
            hashes, vectors = arrays["hashes"], arrays["vectors"]
    except Exception:  # zipfile and numpy raise a dozen kinds on a damaged archive
        return {}
    listed = list(dict.fromkeys(texts))
    wanted = _hashes(listed)
    places = np.minimum(np.searchsorted(hashes, wanted), len(hashes) - 1)
    return {
        text: _unit(vectors[place])
        for text, place, hash_ in zip(listed, places, wanted, strict=True)
        if hashes[place] == hash_
    }


def save_known_vectors(texts: Sequence[str], vectors: FloatArray, encoder: str, path: Path = KNOWN) -> None:
    """Writes the file. ``texts``: prepared, each once; ``vectors``: shape (len(texts), 384)."""
    hashes = _hashes(texts)
    order = np.argsort(hashes)
    scale = np.abs(vectors).max(axis=1, keepdims=True) / 127
    with path.open("wb") as file:
        np.savez(
            file,
            encoder=np.frombuffer(encoder[:_ENCODER_LETTERS].encode(), np.uint8),
            hashes=hashes[order],
            vectors=np.round(vectors / scale).astype(np.int8)[order],
        )


def _unit(numbers: npt.NDArray[np.int8]) -> FloatArray:
    vector = numbers.astype(np.float32)
    result: FloatArray = vector / np.linalg.norm(vector)
    return result


def _hashes(texts: Iterable[str]) -> npt.NDArray[np.uint64]:
    """64 bits each: of 20,000 texts, two are alike by chance once in 90 billion."""
    digests = b"".join(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, np.uint64)
