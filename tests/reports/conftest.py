from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from safetybot.reports.stretching import KeyStretcher
from safetybot.storage.database import Where, engine_of
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
