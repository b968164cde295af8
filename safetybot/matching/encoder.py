"""The sentence encoder: a text → a vector in which texts of like meaning are near.

The model file ships in the package (made by ``tools/build_encoder.py``) and is read from there; nothing is ever
downloaded. Without it the matcher works on words and characters alone, less well, and says so.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

# From 1.29 on, its Linux builds write a device id into the home folder and report to their maker, unless they are told
# not to before they are loaded. (1.28 has none of that, and takes 1.4 times as long.) A test watches over it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from safetybot.matching.wordpiece import WordPiece

WIDTH = 384
"""Numbers in a sentence vector."""

_FOLDER = Path(__file__).parent / "encoder_files"
_MODEL, _VOCABULARY, _HASHES = "encoder.onnx", "vocab.txt", "SHA256"
_VECTOR, _TOKENS = "embedding", "tokens.in_place"
_TOKENS_MAX = 128
_TOGETHER = 16
"""Texts; with more, none of them takes less …"""
_TOGETHER_WAITING = 4
"""… nor with more than this on a processor that does something else as well."""
_LOG_ERRORS_ONLY = 3

FloatArray = npt.NDArray[np.float32]


class EncoderFileDamagedError(Exception):
    """A file of the encoder is not the one that was built: its hash is wrong."""


class EncoderMissingError(Exception):
    """The encoder's files are not in the package."""


class SentenceEncoder:
    """Four layers of all-MiniLM-L6-v2 (Reimers and Gurevych 2019), taught further, on one thread of onnxruntime."""

    def __init__(self) -> None:
        """Loads the model.

        Raises EncoderMissingError or EncoderFileDamagedError.
        """
        model, vocabulary = _checked(_MODEL), _checked(_VOCABULARY)
        self._tokeniser = WordPiece(vocabulary.read_text("utf-8").splitlines())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _LOG_ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            str(model),
            options,
            providers=["CPUExecutionProvider"],
            # An addition and a normalisation, each vectorised, take a third of the time of the two fused.
            disabled_optimizers=["SkipLayerNormFusion"],
        )

    def encode(self, text: str) -> FloatArray:
        """The unit vector of one text: shape (384,)."""
        (vector,) = self._run(text, _VECTOR)
        return vector

    def encode_together(self, texts: Sequence[str]) -> FloatArray:
        """The same of a few texts of about the same length, in one run: shape (len(texts), 384).

        A fifth quicker than one after the other; where they differ in length, slower, for all are made as long.
        """
        return self._run_together([self._tokeniser.encode(text, _TOKENS_MAX) for text in texts])

    def _run_together(self, tokens: Sequence[Sequence[int]]) -> FloatArray:
        """Unit vectors of a few texts, given as numbers of tokens: shape (len(tokens), 384)."""
        if not tokens:
            return np.zeros((0, WIDTH), np.float32)
        numbers = np.zeros((len(tokens), max(map(len, tokens))), np.int64)
        present = np.zeros_like(numbers)
        for row, found in enumerate(tokens):
            numbers[row, : len(found)] = found
            present[row, : len(found)] = 1
        vectors: FloatArray = self._session.run([_VECTOR], {"input_ids": numbers, "attention_mask": present})[0]
        return vectors

    def encode_each(self, texts: Sequence[str]) -> FloatArray:
        """The same of any texts, those of as many tokens in one run: shape (len(texts), 384)."""
        vectors = np.zeros((len(texts), WIDTH), np.float32)
        tokens = [self._tokeniser.encode(text, _TOKENS_MAX) for text in texts]
        for rows in _alike(tokens, _TOGETHER_WAITING):
            vectors[rows] = self._run_together([tokens[row] for row in rows])
        return vectors

    def encode_parts(self, text: str, spans: Sequence[tuple[int, int]]) -> tuple[FloatArray, FloatArray]:
        """The vector of a text, as :meth:`encode` makes it, and one of each of its parts: (384,) and (len(spans), 384).

        ``spans``: where each part begins and ends in the text, in order. A part's vector is the mean of its tokens' in
        the whole text ("late chunking", Günther et al. 2024): it costs nothing more, but is coloured by what stands
        around, so it serves to choose parts, not to judge them. What is beyond the 128 tokens is read in further runs.
        """
        vector, tokens = self._run(text, _VECTOR, _TOKENS)
        vectors = np.zeros((len(spans), WIDTH), np.float32)
        begin = 0
        for row, (start, end) in enumerate(spans):
            first, last = self._place(text[begin:start]), self._place(text[begin:end])
            if last > _TOKENS_MAX - 1 and start > begin:
                begin = start
                (tokens,) = self._run(text[begin:], _TOKENS)
                first, last = 1, self._place(text[begin:end])
            # A part of characters that make no token (or that the cut takes apart) has at least the last token.
            first = min(first, len(tokens) - 1)
            mean = tokens[first : max(last, first + 1)].mean(axis=0)
            vectors[row] = mean / np.linalg.norm(mean)
        return vector, vectors

    def _place(self, before: str) -> int:
        """The number of the token that follows a text; the start mark is token 0."""
        return len(self._tokeniser.encode(before, len(before) + 2)) - 1

    def _run(self, text: str, *outputs: str) -> list[FloatArray]:
        numbers = np.array([self._tokeniser.encode(text, _TOKENS_MAX)], np.int64)
        found = self._session.run(outputs, {"input_ids": numbers, "attention_mask": np.ones_like(numbers)})
        return [output[0] for output in found]

    def encode_all(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> FloatArray:
        """Unit vectors of many texts: shape (len(texts), 384).

        Each core works on its own few texts of as many tokens, which takes two thirds of the time of one after the
        other, and gives the same vectors but for the last bit. ``on_progress`` is told how many are done, a hundred
        times at most.
        """
        vectors = np.zeros((len(texts), WIDTH), np.float32)
        tokens = [self._tokeniser.encode(text, _TOKENS_MAX) for text in texts]
        together = _alike(tokens, _TOGETHER)

        def encode(rows: Sequence[int]) -> FloatArray:
            return self._run_together([tokens[row] for row in rows])

        done = told = 0
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for rows, found_vectors in zip(together, pool.map(encode, together), strict=True):
                vectors[rows] = found_vectors
                done += len(rows)
                if on_progress and (done - told >= len(texts) / 100 or done == len(texts)):
                    told = done
                    on_progress(done)
        return vectors


def _alike(tokens: Sequence[Sequence[int]], most: int) -> list[list[int]]:
    """Numbers of texts that are of as many tokens, so many together at most."""
    by_length: dict[int, list[int]] = {}
    for row, found in enumerate(tokens):
        by_length.setdefault(len(found), []).append(row)
    return [rows[start : start + most] for rows in by_length.values() for start in range(0, len(rows), most)]


def encoder_is_there() -> bool:
    """Whether the encoder's files are in the package. Raises EncoderFileDamagedError where one is not as built."""
    try:
        for name in (_MODEL, _VOCABULARY):
            _checked(name)
    except EncoderMissingError:
        return False
    return True


def encoder_hash() -> str:
    """What identifies the encoder in a cache: the text of its hash file, or the word "none" without a model."""
    complete = all((_FOLDER / name).is_file() for name in (_MODEL, _VOCABULARY, _HASHES))
    # Not the hash of a model that is gone: what is learnt without it must not be taken for learnt with it.
    return (_FOLDER / _HASHES).read_text("ascii", "replace") if complete else "none"


def _checked(name: str) -> Path:
    path, hashes = _FOLDER / name, _FOLDER / _HASHES
    for file in (path, hashes):
        if not file.is_file():
            raise EncoderMissingError(f"the encoder's file {file.name} is not in the package")
    with path.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    lines = [line.split() for line in hashes.read_text("ascii", "replace").splitlines()]
    if [found, name] not in lines:
        raise EncoderFileDamagedError(f"the encoder's file {name} is damaged: its SHA-256 is not the pinned one")
    return path
