from __future__ import annotations

from safetybot.reports.filing import add_to_case
from safetybot.reports.queue import Waiting, waiting
from tests.reports.office import Office


async def look(office: Office) -> Waiting:
    async with office.engine.connect() as connection:
        return await waiting(connection)


async def test_nothing_waits_at_first(office: Office) -> None:
    await office.hire("Anna")
    assert await look(office) == Waiting(0, None)


async def test_cases_wait_until_they_are_opened_and_again_when_something_is_added(office: Office) -> None:
    anna = await office.hire("Anna")
    first, keys = await office.file("first", contact="here")
    office.later(days=3)
    second, _ = await office.file("second")
    assert await look(office) == Waiting(2, "2026-11-24")
    await office.open(anna, first)
    assert await look(office) == Waiting(1, "2026-11-27")
    await office.open(anna, second)
    assert await look(office) == Waiting(0, None)
    office.later(days=3)
    found = await office.find(keys)
    assert found is not None
    async with office.writing() as connection:
        await add_to_case(connection, found, "more", office.now)
    assert await look(office) == Waiting(1, "2026-11-30")
