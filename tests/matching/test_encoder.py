"""The sentence encoder and its pinned files."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetybot.matching import encoder as module
from safetybot.matching.encoder import (
    WIDTH,
    EncoderFileDamagedError,
    EncoderMissingError,
    SentenceEncoder,
    encoder_hash,
)
from safetybot.matching.fitter import load_encoder

ROOT = Path(__file__).parents[2]
FILES = Path(module.__file__).parent / "encoder_files"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the encoder's files that a test may spoil, in the place of the package's own."""
    folder = tmp_path / "encoder_files"
    shutil.copytree(FILES, folder)
    monkeypatch.setattr(module, "_FOLDER", folder)
    return folder


def test_the_hashes_are_those_of_the_files() -> None:
    for line in (FILES / "SHA256").read_text("ascii").splitlines():
        expected, name = line.split()
        assert hashlib.sha256((FILES / name).read_bytes()).hexdigest() == expected
        assert expected in encoder_hash()


def test_the_licence_goes_with_the_model() -> None:
    assert "Apache" in (FILES / "NOTICE").read_text("utf-8")


def test_a_copy_of_the_files_is_as_good(files: Path, encoder: SentenceEncoder) -> None:
    assert (SentenceEncoder().encode("help me") == encoder.encode("help me")).all()


@pytest.mark.parametrize("name", ["encoder.onnx", "vocab.txt"])
@pytest.mark.parametrize("damage", ["a byte", "the end", "everything"])
def test_a_damaged_file_is_told_by_name(files: Path, name: str, damage: str) -> None:
    whole = bytearray((files / name).read_bytes())
    if damage == "a byte":
        whole[len(whole) // 2] ^= 1
    (files / name).write_bytes({"a byte": whole, "the end": whole[:-1], "everything": b""}[damage])
    with pytest.raises(EncoderFileDamagedError, match=name):
        SentenceEncoder()
    with pytest.raises(EncoderFileDamagedError, match=name):
        load_encoder()


@pytest.mark.parametrize("content", [b"", b"one-word\n", b"\xff\xfe\x00", b"0 encoder.onnx\n0 vocab.txt\n"])
def test_a_damaged_list_of_hashes_lets_nothing_pass(files: Path, content: bytes) -> None:
    (files / "SHA256").write_bytes(content)
    with pytest.raises(EncoderFileDamagedError):
        SentenceEncoder()


@pytest.mark.parametrize("name", ["encoder.onnx", "vocab.txt", "SHA256"])
def test_a_missing_file_is_told_by_name(files: Path, name: str) -> None:
    (files / name).unlink()
    with pytest.raises(EncoderMissingError, match=name):
        SentenceEncoder()
    assert load_encoder() is None
    assert encoder_hash() == "none", "or what is learnt without the model would be cached as learnt with it"


@settings(max_examples=50)
@given(st.text())
def test_every_text_has_a_unit_vector(encoder: SentenceEncoder, text: str) -> None:
    vector = encoder.encode(text)
    assert vector.shape == (WIDTH,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-3)


def test_the_same_text_has_the_same_vector_to_the_last_bit(encoder: SentenceEncoder) -> None:
    text = "he says he will post my pictures unless i pay"
    assert (encoder.encode(text) == encoder.encode(text)).all()
    assert (SentenceEncoder().encode(text) == encoder.encode(text)).all()


def test_many_texts_at_once_have_the_vectors_of_each_alone(encoder: SentenceEncoder) -> None:
    texts = ["help", "someone is blackmailing me with my nudes", "", "😭", "how do i make a password " * 20]
    texts += [
        f"{who} keeps asking me for a {what}" for who in ("he", "she", "dad") for what in ("photo", "kiss", "cat")
    ]
    vectors = encoder.encode_all(texts)
    assert vectors.shape == (len(texts), WIDTH)
    assert np.abs(vectors - [encoder.encode(text) for text in texts]).max() < 1e-6
    assert encoder.encode_all([]).shape == (0, WIDTH)
    waiting = encoder.encode_each([*texts, *texts])
    assert np.abs(waiting - [encoder.encode(text) for text in (*texts, *texts)]).max() < 1e-6
    assert encoder.encode_each([]).shape == (0, WIDTH)


def test_reading_many_texts_tells_how_far_it_is(encoder: SentenceEncoder) -> None:
    told: list[int] = []
    encoder.encode_all([f"help{' me' * (number % 7)}" for number in range(1_000)], told.append)
    assert told == sorted(told)
    assert told[-1] == 1_000
    assert 20 < len(told) <= 100


def test_texts_of_like_meaning_are_near(encoder: SentenceEncoder) -> None:
    asked, alike, other = encoder.encode_all(
        ["a man is threatening to share my photos", "someone says he will leak my pictures", "what is for tea tonight"]
    )
    assert asked @ alike > asked @ other + 0.2


def test_what_stands_beyond_the_cut_changes_nothing(encoder: SentenceEncoder) -> None:
    long = "word " * 130
    assert (encoder.encode(long) == encoder.encode(long + "and something else")).all()
    assert (encoder.encode(long) != encoder.encode("something else " + long)).any()


class TestParts:
    """A part's vector is the mean of its tokens' in the whole text."""

    KNIFE = "he has a knife"

    def _spans(self, text: str, *parts: str) -> list[tuple[int, int]]:
        return [(text.index(part), text.index(part) + len(part)) for part in parts]

    def test_the_whole_has_the_vector_it_always_has(self, encoder: SentenceEncoder) -> None:
        text = "we had pasta for tea and then he has a knife and it was nice"
        vector, parts = encoder.encode_parts(text, self._spans(text, "we had pasta", self.KNIFE))
        assert (vector == encoder.encode(text)).all()
        assert np.linalg.norm(parts, axis=1) == pytest.approx(1, abs=1e-3)

    @pytest.mark.parametrize("before", [0, 3, 30, 200])
    def test_each_part_is_like_itself(self, encoder: SentenceEncoder, before: int) -> None:
        """Also beyond what the encoder reads at once."""
        text = "we had pasta for tea. " + "and it was nice. " * before + "he has a knife. " + "it rained. " * 5
        _, (pasta, knife) = encoder.encode_parts(text, self._spans(text, "we had pasta", self.KNIFE))
        alone = encoder.encode(self.KNIFE)
        assert knife @ alone > pasta @ alone + 0.1

    @pytest.mark.parametrize(
        "text", ["", "x", "\U0001f62d", "word " * 500, "\U0001f62d " * 500, "0000£" * 21, "ab£" * 99]
    )
    def test_any_text_has_them(self, encoder: SentenceEncoder, text: str) -> None:
        spans = [(start, min(start + 80, len(text))) for start in range(0, max(1, len(text)), 70)]
        _, parts = encoder.encode_parts(text, [*spans, (0, len(text))] if len(text) < 80 else spans)
        assert np.isfinite(parts).all()
        assert encoder.encode_parts(text, [])[1].shape == (0, WIDTH)

    @given(text=st.text(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=6))
    @settings(max_examples=100, deadline=None)
    def test_wherever_it_is_cut(self, encoder: SentenceEncoder, text: str, cuts: list[int]) -> None:
        places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
        _, parts = encoder.encode_parts(text, list(itertools.pairwise(places)))
        assert np.isfinite(parts).all()


def test_the_runtime_leaves_no_trace_and_reports_to_nobody(tmp_path: Path) -> None:
    """Left to itself, onnxruntime writes a device id into the home folder, and opens sockets to its maker's servers."""
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    home.mkdir()
    scratch.mkdir()
    code = (
        "import os, time\n"
        "from safetybot.matching.encoder import SentenceEncoder\n"
        "encoder = SentenceEncoder()\n"
        "for _ in range(50): encoder.encode('hello')\n"
        "time.sleep(1)\n"
        "open_files = [os.readlink(f'/proc/self/fd/{name}') for name in os.listdir('/proc/self/fd') if int(name) > 2"
        " and os.path.lexists(f'/proc/self/fd/{name}')]\n"
        "print([name for name in open_files if name.startswith('socket:')])\n"
    )
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(scratch), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-B", "-c", code], env=environ, capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr
    assert [*home.rglob("*"), *scratch.rglob("*")] == []


def test_texts_that_are_read_together_do_not_hang_on_each_other(encoder: SentenceEncoder) -> None:
    texts = ["he has my pictures", "i am scared of what he does next and i cannot tell anybody", "", "😭"]
    together = encoder.encode_together(texts)
    assert together.shape == (4, WIDTH)
    for text, vector in zip(texts, together, strict=True):
        assert np.allclose(vector, encoder.encode(text), atol=1e-5)
    assert encoder.encode_together([]).shape == (0, WIDTH)
