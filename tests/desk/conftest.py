"""A desk on an empty database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from safetybot.desk.live_guidance import DeskGuidance
from safetybot.guidance.reader import Library
from tests.desk.station import Station
from tests.reports.office import Office


@pytest.fixture
async def station(office: Office, dialogue_library: Library) -> AsyncIterator[Station]:
    station = Station(office, DeskGuidance.of(dialogue_library))
    yield station
    await station.close()
