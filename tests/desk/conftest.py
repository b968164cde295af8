"""A desk on an empty database."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from safetybot.desk.guidance import DeskGuidance
from safetybot.guidance.reader import Library
from safetybot.reports.stretching import KeyStretcher
from safetybot.storage.database import sqlite_engine
from tests.desk.station import Station
from tests.reports.office import Office


@pytest.fixture
def stretcher() -> Iterator[KeyStretcher]:
    stretcher = KeyStretcher()
    yield stretcher
    stretcher.close()


@pytest.fixture
async def office(empty_database: Path, tmp_path: Path, stretcher: KeyStretcher) -> AsyncIterator[Office]:
    path = tmp_path / "data" / "desk.sqlite3"
    path.parent.mkdir()
    shutil.copy(empty_database, path)
    engine = sqlite_engine(path)
    yield Office(engine, stretcher, path)
    await engine.dispose()


@pytest.fixture
async def station(office: Office, dialogue_library: Library) -> AsyncIterator[Station]:
    station = Station(office, DeskGuidance.of(dialogue_library))
    yield station
    await station.close()
