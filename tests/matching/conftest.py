"""Two fitted matchers for all tests here: of the small fixture content, and of the content we ship."""

from __future__ import annotations

from pathlib import Path

import pytest

from safetybot.guidance.reader import Library, read_content
from safetybot.matching.corpus import Corpus
from safetybot.matching.encoder import SentenceEncoder
from safetybot.matching.fitted_model import Fitted
from safetybot.matching.fitter import Fitter, fit_corpus
from safetybot.matching.interpreter import Interpreter, make_preparer

ROOT = Path(__file__).parents[2]
FIXTURE = ROOT / "tests" / "fixtures" / "content"


@pytest.fixture(scope="session")
def small_library() -> Library:
    """The fixture content: four topics in English, two in Welsh."""
    return read_content(FIXTURE).require()


@pytest.fixture(scope="session")
def small_corpus(small_library: Library) -> Corpus:
    return Corpus.of(small_library.languages["en"])


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    return SentenceEncoder()


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder for whatever small is fitted."""
    return tmp_path_factory.mktemp("small-cache")


@pytest.fixture(scope="session")
def small_fitted(small_corpus: Corpus, small_folder: Path) -> Fitted:
    return fit_corpus(small_corpus, small_folder, lambda stage, done: None)


@pytest.fixture(scope="session")
def interpreter(small_corpus: Corpus, small_fitted: Fitted, encoder: SentenceEncoder) -> Interpreter:
    """An interpreter of the fixture content."""
    return Interpreter(small_corpus, small_fitted, make_preparer(small_corpus), encoder)


@pytest.fixture(scope="session")
def shipped_library() -> Library:
    return read_content(ROOT / "content").require()


@pytest.fixture(scope="session")
def shipped(shipped_library: Library, shipped_data: Path, encoder: SentenceEncoder) -> Interpreter:
    """An interpreter of the English content we ship."""
    corpus = Corpus.of(shipped_library.languages[shipped_library.first])
    return Fitter(shipped_data / "cache", encoder).interpreter(corpus)
