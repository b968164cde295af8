"""Getting a ready interpreter: fitted apart, kept, and found again."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing import spawn
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import safetybot
from safetybot.guidance.model import Sign, Urgency
from safetybot.matching.corpus import Corpus
from safetybot.matching.encoder import SentenceEncoder, encoder_hash
from safetybot.matching.fitter import Fitter, cache_key, fit_corpus
from safetybot.matching.interpreter import Interpreter, make_preparer
from safetybot.matching.known_vectors import known_vectors

FIXTURE = Path(__file__).parents[1] / "fixtures" / "content"
Told = list[tuple[str, float]]


def _ask(fitter: Fitter, corpus: Corpus) -> tuple[Told, tuple[object, ...]]:
    """What was told while it got ready, and how it understands a message or two."""
    told: Told = []
    interpreter = fitter.interpreter(corpus, lambda stage, done: told.append((stage, done)))
    meant = [interpreter.interpret(text) for text in ("he wants my nuudes", "he is outside with a knife", "")]
    return told, tuple((each.prepared, each.danger, each.match.choices, each.match.decision) for each in meant)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fitter") / "cache"


def test_the_second_time_comes_from_the_cache(folder: Path, small_corpus: Corpus, encoder: SentenceEncoder) -> None:
    told, first = _ask(Fitter(folder, encoder), small_corpus)
    assert [stage for stage, done in told if done == 1] == ["reading examples", "features", "learning", "calibrating"]
    kept = {path: path.read_bytes() for path in folder.iterdir()}
    assert sorted(path.name.split("-")[0] for path in kept) == ["base", "matcher", "vectors"]

    told, second = _ask(Fitter(folder, encoder), small_corpus)
    assert told == []
    assert second == first
    assert {path: path.read_bytes() for path in folder.iterdir()} == kept

    matcher = next(path for path in kept if path.name.startswith("matcher"))
    matcher.write_bytes(kept[matcher][:1000])
    told, third = _ask(Fitter(folder, encoder), small_corpus)
    assert told != [], "a damaged file is made anew"
    assert third == first
    assert matcher.read_bytes() == kept[matcher]


def test_sentence_vectors_of_texts_known_before_are_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small_corpus: Corpus
) -> None:
    read: list[str] = []

    class Noting(SentenceEncoder):
        def encode_all(
            self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
        ) -> npt.NDArray[np.float32]:
            read.extend(texts)
            return super().encode_all(texts, on_progress)

    monkeypatch.setattr("safetybot.matching.fitter.load_encoder", Noting)

    def fit(corpus: Corpus) -> list[str]:
        read.clear()
        fit_corpus(corpus, tmp_path, lambda stage, done: None)
        return read

    preparer = make_preparer(small_corpus)
    prepared = {preparer.prepare(text).mended for text in small_corpus.texts}
    shipped_too = known_vectors(prepared, encoder_hash())
    assert 0 < len(shipped_too) < len(prepared)
    found = fit(small_corpus)
    assert len(found) == len(prepared) - len(shipped_too)
    assert set(found) == prepared - shipped_too.keys()
    assert fit(small_corpus) == []
    examples = {**small_corpus.examples, "greeting": (*small_corpus.examples["greeting"], "one new", "two new")}
    assert fit(dataclasses.replace(small_corpus, examples=examples)) == ["one new", "two new"]


def test_the_last_whole_fit_is_corrected_until_too_much_has_changed(
    tmp_path: Path, small_corpus: Corpus, encoder: SentenceEncoder
) -> None:
    fitter = Fitter(tmp_path, encoder)

    def fits(corpus: Corpus) -> bool:
        """Whether everything is fitted anew; a correction is done before there would be anything to tell."""
        return _ask(fitter, corpus)[0] != []

    def with_greetings(corpus: Corpus, *new: str) -> Corpus:
        examples = {**corpus.examples, "greeting": (*corpus.examples["greeting"], *new)}
        return dataclasses.replace(corpus, examples=examples)

    many = with_greetings(small_corpus, *(f"hello number {number}" for number in range(60)))
    assert fits(many)
    assert not fits(with_greetings(many, "one more"))
    assert not fits(with_greetings(many, "another"))
    assert fits(with_greetings(many, *(f"good day number {number}" for number in range(20))))
    moved = {"greeting": small_corpus.examples["greeting"], "passwords": many.examples["greeting"][-60:]}
    moved["passwords"] = (*small_corpus.examples["passwords"], *moved["passwords"])
    assert fits(dataclasses.replace(many, examples={**many.examples, **moved})), "the same texts, elsewhere"
    urgent = {**small_corpus.urgency, "passwords": Urgency.HIGH}
    assert fits(dataclasses.replace(many, urgency=urgent)), "what danger means has changed"
    for base in tmp_path.glob("base-*"):
        base.write_bytes(b"damaged")
    assert fits(with_greetings(many, "and one more"))


def test_what_was_corrected_is_the_same_after_a_restart(
    tmp_path: Path, small_corpus: Corpus, encoder: SentenceEncoder
) -> None:
    many = tuple(f"hello number {number}" for number in range(60))
    examples = {**small_corpus.examples, "greeting": (*small_corpus.examples["greeting"], *many)}
    before = dataclasses.replace(small_corpus, examples=examples)
    Fitter(tmp_path, encoder).interpreter(before)
    edited = dataclasses.replace(before, examples={**examples, "greeting": (*examples["greeting"], "wibble")})
    told, running = _ask(Fitter(tmp_path, encoder), edited)
    assert told == []
    told, restarted = _ask(Fitter(tmp_path, encoder), edited)
    assert told == []
    assert restarted == running


@pytest.mark.slow
def test_an_edited_example_of_what_we_ship_is_live_within_five_seconds(
    shipped: Interpreter, shipped_data: Path, encoder: SentenceEncoder, tmp_path: Path
) -> None:
    """Less what reading the content and the editors' tests take: a second and a half. Counted in processor time."""
    for path in (shipped_data / "cache").iterdir():
        os.link(path, tmp_path / path.name)
    corpus = shipped.corpus
    asks = corpus.examples["passwords"]
    edited = dataclasses.replace(corpus, examples={**corpus.examples, "passwords": (*asks[1:], "wibble wobble")})
    assert shipped.interpret("wibble wobble").match.choices[0].topic != "passwords"
    began = time.process_time()
    told: Told = []
    interpreter = Fitter(tmp_path, encoder).interpreter(edited, lambda stage, done: told.append((stage, done)))
    assert time.process_time() - began < 3.5
    assert told == []
    assert interpreter.interpret("wibble wobble").match.choices[0].topic == "passwords"


def test_an_edit_that_changes_no_example_keeps_the_interpreter(
    folder: Path, small_corpus: Corpus, encoder: SentenceEncoder
) -> None:
    """So that a changed answer is live within two seconds; read anew, the matcher alone takes more than one."""
    fitter = Fitter(folder, encoder)
    first = fitter.interpreter(small_corpus)
    assert fitter.interpreter(dataclasses.replace(small_corpus)) is first
    slang = {**small_corpus.slang, "brandnew": "new"}
    assert fitter.interpreter(dataclasses.replace(small_corpus, slang=slang)) is not first


def test_the_key_hangs_on_the_corpus(small_corpus: Corpus) -> None:
    assert cache_key(small_corpus) == cache_key(dataclasses.replace(small_corpus))
    assert cache_key(small_corpus) != cache_key(dataclasses.replace(small_corpus, language="cy"))


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path, small_corpus: Corpus, encoder: SentenceEncoder) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    with pytest.raises(OSError, match="cache"):
        Fitter(tmp_path / "cache", encoder).interpreter(small_corpus)


def test_without_the_encoder_it_works_on_words_and_says_so(tmp_path: Path) -> None:
    """A whole copy of the program whose model was left out of the package."""
    shutil.copytree(
        Path(safetybot.__file__).parent,
        tmp_path / "program" / "safetybot",
        ignore=shutil.ignore_patterns("encoder_files", "__pycache__"),
    )
    shutil.copytree(FIXTURE / "en", tmp_path / "content" / "en")
    environ = {
        **os.environ,
        "PYTHONPATH": str(tmp_path / "program"),
        "SAFETYBOT_DATA": str(tmp_path / "data"),
        "SAFETYBOT_CONTENT": str(tmp_path / "content"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "safetybot.cli", "try", "--json"],
        input="pay or he posts my nudes\nhow do i make my password stronger\nhe has a knife\n",
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    blackmail, password, knife = (json.loads(line) for line in done.stdout.splitlines())
    assert blackmail["choices"][0]["topic"] == "sextortion"
    assert password["choices"][0]["topic"] == "passwords"
    assert knife["danger"] == Sign.EMERGENCY
    assert "encoder is missing" in done.stderr


def test_a_process_that_dies_at_once_is_an_error_and_not_a_wait_for_ever(
    tmp_path: Path, small_corpus: Corpus, encoder: SentenceEncoder
) -> None:
    """With more to read than a pipe holds, which nobody will."""
    many = tuple(f"hello number {number}" for number in range(20_000))
    corpus = dataclasses.replace(small_corpus, examples={**small_corpus.examples, "greeting": many})
    before = spawn.get_executable()
    spawn.set_executable("/bin/false")
    try:
        with pytest.raises(ChildProcessError, match="was ended"):
            Fitter(tmp_path, encoder).interpreter(corpus)
    finally:
        spawn.set_executable(before)
