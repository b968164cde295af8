"""Fixtures for conversations: content with a fitted matcher, made once, and a bot on real files."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import logging
import os
import shutil
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import URL

from safetybot import matching
from safetybot.guidance.model import Guidance
from safetybot.guidance.reader import Library, read_content
from safetybot.logs import DiscreetFormatter
from safetybot.matching.fitter import Fitter, load_encoder
from safetybot.staff.login import UnlockedMember
from safetybot.storage.database import DatabaseLocation, engine_of, migrate, sqlite_engine
from safetybot.understanding.understanding import Understanding, understand
from safetybot.vault.key_derivation import KeyStretcher
from tests import postgres
from tests.databases import BOTH, ON_BOTH, SQLITE
from tests.reports.office import Office
from tests.talking import DIALOGUE_CONTENT, Bot, Chat, Phrasebook

# How long an example takes says more of the machine than of us; what hangs is ended by pytest-timeout.
hypothesis.settings.register_profile("quick", deadline=None)
hypothesis.settings.register_profile("long", deadline=None, max_examples=1_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command that a test runs in this process sets up the program's logging, which is not to reach other tests."""
    root, ours = logging.getLogger(), logging.getLogger("safetybot")
    levels, hooks, raises = (root.level, ours.level), (sys.excepthook, threading.excepthook), logging.raiseExceptions
    unraisable = sys.unraisablehook
    yield
    for handler in [*root.handlers]:
        if isinstance(handler.formatter, DiscreetFormatter):
            root.removeHandler(handler)
            logging.captureWarnings(False)
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    sys.excepthook, threading.excepthook = hooks
    sys.unraisablehook = unraisable
    logging.raiseExceptions = raises


@pytest.fixture(scope="session")
def dialogue_library() -> Library:
    """Content for conversations: sixteen topics in English, two in Welsh, helplines for every age."""
    return read_content(DIALOGUE_CONTENT, today=dt.date(2026, 11, 24)).require()


@pytest.fixture(scope="session")
def dialogue_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where its fitted matchers are kept for the session."""
    return tmp_path_factory.mktemp("dialogue") / "cache"


@pytest.fixture(scope="session")
def understanding(dialogue_library: Library, dialogue_cache: Path) -> Understanding:
    """That content, ready to answer."""
    understood = understand(dialogue_library, Fitter(dialogue_cache, load_encoder()))
    assert isinstance(understood, Understanding), "\n".join(map(str, understood))
    return understood


@pytest.fixture(scope="session")
def english(understanding: Understanding) -> Guidance:
    return understanding.conversation.tongue("en").guidance


@pytest.fixture(scope="session")
def phrasebook(understanding: Understanding) -> Phrasebook:
    return Phrasebook(understanding)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all its tables and no rows, to be copied."""
    path = tmp_path_factory.mktemp("database") / "empty.sqlite3"

    async def make() -> None:
        engine = sqlite_engine(path)
        await migrate(engine)
        await engine.dispose()

    asyncio.run(make())
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server for the session. What a test makes of its settings, it puts back."""
    if postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed (on Debian: apt-get install postgresql)")
    with postgres.running() as server:
        yield server


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Says on which databases a test is done that uses one (:mod:`tests.databases`)."""
    marks = metafunc.definition.iter_markers("parametrize")
    if "new_database" in metafunc.fixturenames and not any("new_database" in mark.args[0] for mark in marks):
        usual = BOTH if Path(metafunc.module.__file__).parent.name in ON_BOTH else SQLITE
        metafunc.parametrize("new_database", getattr(metafunc.module, "DATABASES", usual), indirect=True)


@pytest.fixture
def new_database(
    request: pytest.FixtureRequest, empty_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], DatabaseLocation]]:
    """Makes databases with all tables and no rows: files in folders of their own, or on a server."""
    if request.param == "sqlite":
        yield lambda: Path(shutil.copyfile(empty_database, tmp_path_factory.mktemp("data") / "test.sqlite3"))
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    made: list[URL] = []

    def make() -> URL:
        made.append(server.new())
        return made[-1]

    yield make
    for url in made:
        server.give_back(url)


@pytest.fixture
def where(new_database: Callable[[], DatabaseLocation]) -> DatabaseLocation:
    """A database with all tables and no rows."""
    return new_database()


@pytest.fixture
def stretcher() -> Iterator[KeyStretcher]:
    stretcher = KeyStretcher()
    yield stretcher
    stretcher.close()


@pytest.fixture
async def office(where: DatabaseLocation, stretcher: KeyStretcher) -> AsyncIterator[Office]:
    """A database in which members of staff read reports."""
    engine = engine_of(where)
    yield Office(engine, stretcher, where)
    await engine.dispose()


@pytest.fixture(scope="session")
def staffed(
    understanding: Understanding, empty_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, UnlockedMember]:
    """A database with one member of staff and nothing else, to be copied; and who it is."""
    bot = Bot(understanding, empty_database, tmp_path_factory.mktemp("staffed"))

    async def hire() -> UnlockedMember:
        await bot.start()
        try:
            return await bot.hire()
        finally:
            await bot.stop()

    member = asyncio.run(hire())
    return bot.settings.database, member


@pytest.fixture
async def bot(understanding: Understanding, where: DatabaseLocation, tmp_path: Path) -> AsyncIterator[Bot]:
    """A running bot; stopped in an orderly way at the end."""
    bot = Bot(understanding, where, tmp_path / "data")
    await bot.start()
    yield bot
    await bot.stop()


@pytest.fixture
def chat(bot: Bot) -> Chat:
    """Somebody who talks to it."""
    return bot.chat()


def _kept(config: pytest.Config, temporary: pytest.TempPathFactory, name: str) -> Path:
    """A folder kept between runs of the tests, where pytest keeps anything; new when the code that fits is new."""
    sources = sorted(Path(matching.__file__).parent.glob("*.py"))
    version = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    cache = getattr(config, "cache", None)
    kept = cache.mkdir(name) if cache else temporary.mktemp(name)
    for other in kept.iterdir():
        if other.name != version:
            shutil.rmtree(other, ignore_errors=True)
    (kept / version).mkdir(exist_ok=True)
    return kept / version


@pytest.fixture(scope="session")
def shipped_data(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose cache holds the matcher of the content we ship, once some test has had it fitted."""
    return _kept(pytestconfig, tmp_path_factory, "safetybot-matcher")


@pytest.fixture(scope="session")
def small_cache(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A matcher's cache for the small content that whole programs are tested with."""
    return _kept(pytestconfig, tmp_path_factory, "safetybot-small")
