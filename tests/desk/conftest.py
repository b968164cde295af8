"""A desk on an empty database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from safetybot.desk.guidance import DeskGuidance
from safetybot.guidance.reader import Library
from safetybot.reports.stretching import KeyStretcher
from safetybot.storage.database import Where, engine_of
from tests.desk.station import Station
from tests.reports.office import Office


@pytest.fixture
def stretcher() -> Iterator[KeyStretcher]:
    stretcher = KeyStretcher()
    yield stretcher
    stretcher.close()


@pytest.fixture
async def office(where: Where, stretcher: KeyStretcher) -> AsyncIterator[Office]:
    engine = engine_of(where)
    yield Office(engine, stretcher, where)
    await engine.dispose()


@pytest.fixture
async def station(office: Office, dialogue_library: Library) -> AsyncIterator[Station]:
    station = Station(office, DeskGuidance.of(dialogue_library))
    yield station
    await station.close()
