"""A small content folder to spoil, and a fitter that remembers, for all tests here."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from safetybot.editing.check import check
from safetybot.guidance.faults import Fault
from safetybot.guidance.reader import read_content
from safetybot.matching.corpus import Corpus
from safetybot.matching.encoder import SentenceEncoder
from safetybot.matching.fitter import Fitter
from tests.guidance.conftest import FIXTURE, Content

TODAY = dt.date(2026, 11, 24)


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    return SentenceEncoder()


@pytest.fixture
def content(tmp_path: Path) -> Content:
    """The English fixture content alone, for a second language would be fitted as well."""
    folder = tmp_path / "content"
    shutil.copytree(FIXTURE / "en", folder / "en")
    return Content(folder)


@pytest.fixture(scope="session")
def fitted_cache(tmp_path_factory: pytest.TempPathFactory, encoder: SentenceEncoder) -> Path:
    """A cache with the fixture's matcher, of which small changes are corrections."""
    folder = tmp_path_factory.mktemp("fitted")
    Fitter(folder, encoder).interpreter(Corpus.of(read_content(FIXTURE).languages["en"]))
    return folder


class Checker:
    """Checks a folder as the command does, and counts how often the matcher was needed."""

    def __init__(self, cache: Path, encoder: SentenceEncoder) -> None:
        self.cache, self._encoder, self.fitted = cache, encoder, 0

    def fitter(self) -> Fitter:
        self.fitted += 1
        return Fitter(self.cache, self._encoder)

    def __call__(self, content: Content, *, tests: bool = True) -> list[Fault]:
        library = read_content(content.folder, today=TODAY)
        return [*check(library, self.fitter if tests else None, self.cache, today=TODAY)]


@pytest.fixture
def checked(tmp_path: Path, fitted_cache: Path, encoder: SentenceEncoder) -> Checker:
    shutil.copytree(fitted_cache, tmp_path / "cache")
    return Checker(tmp_path / "cache", encoder)
