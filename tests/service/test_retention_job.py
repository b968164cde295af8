"""The daily purge of the running bot, on a real database and a clock of the test's."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from safetybot.reports import casework
from safetybot.reports.cases import CaseOutcome, CaseRef
from safetybot.service.retention_job import housekeeping, utc_now
from safetybot.storage.database import sqlite_engine
from safetybot.storage.tables import cases
from safetybot.vault.key_derivation import KeyStretcher
from tests.reports.office import START, Office

QUICK = {"look": 0.02, "retry": 0.05}


@dataclass
class Clock:
    """A wall clock that a test sets; ``reads`` counts the looks at it."""

    now: dt.datetime = START
    reads: int = 0
    broken: bool = False
    zone: dt.tzinfo = field(default=dt.UTC)

    def __call__(self) -> dt.datetime:
        self.reads += 1
        if self.broken:
            raise OSError("secret words")
        return self.now.astimezone(self.zone)

    async def looked_at(self) -> None:
        """Until it was looked at, and what that leads to is done."""
        seen = self.reads
        async with asyncio.timeout(10):
            while self.reads < seen + 2:
                await asyncio.sleep(0.01)


@pytest.fixture
async def office(empty_database: Path, tmp_path: Path) -> AsyncIterator[Office]:
    (tmp_path / "data").mkdir()
    path = Path(shutil.copyfile(empty_database, tmp_path / "data" / "test.sqlite3"))
    engine, stretcher = sqlite_engine(path), KeyStretcher()
    yield Office(engine, stretcher, path)
    stretcher.close()
    await engine.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def closed_case(office: Office) -> CaseRef:
    anna = await office.hire("Anna")
    ref, _ = await office.file("planted-words")
    await office.open(anna, ref)
    async with office.writing() as connection:
        await casework.close(connection, anna, ref.id, CaseOutcome.ADVISED, office.now)
    return ref


async def state(office: Office, ref: CaseRef) -> tuple[str | None, str | None]:
    """Day announced, day shredded."""
    query = select(cases.c.warned, cases.c.shredded).where(cases.c.id == ref.id)
    async with office.engine.connect() as connection:
        return tuple((await connection.execute(query)).one())


async def test_it_purges_at_the_start_and_with_each_new_day(office: Office, clock: Clock) -> None:
    ref = await closed_case(office)
    clock.now += dt.timedelta(87)
    async with housekeeping(office.engine, clock, **QUICK):
        await clock.looked_at()
        assert await state(office, ref) == ("2027-02-19", None)
        for hours in (1, 13, 37, 61):
            clock.now = START + dt.timedelta(87, hours=hours)
            await clock.looked_at()
            assert await state(office, ref) == ("2027-02-19", None)
        clock.now = dt.datetime(2027, 2, 22, 0, 0, 1, tzinfo=dt.UTC)
        await clock.looked_at()
        assert await state(office, ref) == (None, "2027-02-22")
        # Swept out of the log too, within the same look.
        assert office.path.with_name(f"{office.path.name}-wal").stat().st_size == 0


async def test_the_day_is_utcs_wherever_the_machine_is(office: Office, clock: Clock) -> None:
    ref = await closed_case(office)
    clock.now = dt.datetime(2027, 2, 18, 23, 59, tzinfo=dt.UTC)
    clock.zone = dt.timezone(dt.timedelta(hours=9))
    async with housekeeping(office.engine, clock, **QUICK):
        await clock.looked_at()
        assert await state(office, ref) == (None, None)
        clock.now += dt.timedelta(minutes=2)
        await clock.looked_at()
        assert await state(office, ref) == ("2027-02-19", None)


async def test_once_a_day_is_enough(office: Office, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    ref = await closed_case(office)
    clock.now += dt.timedelta(87)
    with caplog.at_level(logging.INFO, "safetybot"):
        async with housekeeping(office.engine, clock, **QUICK):
            await clock.looked_at()
            async with office.engine.begin() as connection:
                await connection.execute(update(cases).values(warned=None))
            await clock.looked_at()
            await clock.looked_at()
            assert await state(office, ref) == (None, None)
    assert [record.getMessage() for record in caplog.records] == ["reports deleted: 0, to be deleted in 3 days: 1"]


async def test_it_survives_errors_and_tells_their_type_alone(
    office: Office, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    ref = await closed_case(office)
    clock.now += dt.timedelta(87)
    async with office.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE audit_head RENAME TO planted_words"))
    async with housekeeping(office.engine, clock, **QUICK):
        await clock.looked_at()
        clock.broken = True
        await clock.looked_at()
        clock.broken = False
        async with office.engine.begin() as connection:
            await connection.execute(text("ALTER TABLE planted_words RENAME TO audit_head"))
        await clock.looked_at()
        assert await state(office, ref) == ("2027-02-19", None)
    said = {record.getMessage() for record in caplog.records}
    assert said == {
        f"reports kept long enough could not be deleted, trying again: {kind}"
        for kind in ("OperationalError", "OSError")
    }


async def test_what_a_crash_left_in_the_log_is_swept_at_the_start(office: Office, clock: Clock) -> None:
    await closed_case(office)
    log = office.path.with_name(f"{office.path.name}-wal")
    assert log.stat().st_size
    async with housekeeping(office.engine, clock, **QUICK):
        await clock.looked_at()
        assert not log.stat().st_size


async def test_while_somebody_reads_the_log_it_gives_up_and_says_so(
    office: Office, clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safetybot.storage.scrubbing.PAUSE", 0.01)
    ref = await closed_case(office)
    clock.now += dt.timedelta(87)
    async with housekeeping(office.engine, clock, **QUICK):
        await clock.looked_at()
        reader = sqlite_engine(office.path)
        async with reader.connect() as connection:
            await connection.exec_driver_sql("BEGIN")
            await connection.execute(select(cases))
            clock.now += dt.timedelta(3)
            await clock.looked_at()
        await reader.dispose()
        assert await state(office, ref) == (None, "2027-02-22")
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "the database's log was in use, so what was deleted stays in it until it is next emptied"
    ]


async def test_it_stops_at_once(office: Office) -> None:
    began = time.monotonic()
    async with housekeeping(office.engine):
        await asyncio.sleep(0.1)
    assert time.monotonic() - began < 1
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "housekeeping"]


def test_the_clock_knows_its_zone() -> None:
    assert utc_now().utcoffset() == dt.timedelta(0)
