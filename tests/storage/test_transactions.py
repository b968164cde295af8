"""Work that goes to the database once: in one transaction, with the same switches, and closed with its engine."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.storage.database import DatabaseLocation, engine_of
from safetybot.storage.tables import code_tries
from safetybot.storage.transactions import run
from tests.databases import SQLITE_ALONE

SWITCHES = ("journal_mode", "synchronous", "secure_delete", "trusted_schema", "foreign_keys", "busy_timeout")


@pytest.fixture
async def engine(where: DatabaseLocation) -> AsyncIterator[AsyncEngine]:
    engine = engine_of(where)
    yield engine
    await engine.dispose()


def note(connection: Connection) -> None:
    connection.execute(insert(code_tries).values(hour=1, count=1))


def many(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(code_tries)).scalar_one())


async def test_what_was_done_is_there_for_everybody(engine: AsyncEngine) -> None:
    await run(engine, note)
    assert await run(engine, many) == 1
    async with engine.connect() as connection:
        assert await connection.run_sync(many) == 1


async def test_where_it_fails_nothing_of_it_is_done(engine: AsyncEngine) -> None:
    def fail(connection: Connection) -> None:
        note(connection)
        connection.execute(text("SELECT * FROM nowhere"))

    with pytest.raises(DBAPIError):
        await run(engine, fail)
    assert await run(engine, many) == 0


@SQLITE_ALONE
async def test_it_is_as_safe_as_any_other_connection(engine: AsyncEngine) -> None:
    def switches(connection: Connection) -> list[object]:
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in SWITCHES]

    async with engine.connect() as connection:
        assert await run(engine, switches) == await connection.run_sync(switches)


@SQLITE_ALONE
async def test_it_ends_with_its_engine_and_begins_again(engine: AsyncEngine) -> None:
    def here(_: Connection) -> threading.Thread:
        return threading.current_thread()

    thread = await run(engine, here)
    assert thread is not threading.main_thread()
    await engine.dispose()
    assert not thread.is_alive()
    assert (await run(engine, here)).is_alive()
