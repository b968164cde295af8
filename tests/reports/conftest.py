from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from safetybot.reports.stretching import KeyStretcher
from safetybot.storage.database import migrate, sqlite_engine
from tests.reports.office import Office


async def _make(path: Path) -> None:
    engine = sqlite_engine(path)
    await migrate(engine)
    await engine.dispose()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with all tables."""
    path = tmp_path_factory.mktemp("template") / "empty.sqlite"
    asyncio.run(_make(path))
    return path


@pytest.fixture
def stretcher() -> Iterator[KeyStretcher]:
    stretcher = KeyStretcher()
    yield stretcher
    stretcher.close()


@pytest.fixture
async def office(template: Path, tmp_path: Path, stretcher: KeyStretcher) -> AsyncIterator[Office]:
    path = tmp_path / "data" / "test.sqlite"
    path.parent.mkdir()
    shutil.copy(template, path)
    engine = sqlite_engine(path)
    yield Office(engine, stretcher, path)
    await engine.dispose()
