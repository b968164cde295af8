"""The store of transcripts by itself: nothing purges beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy
from sqlalchemy import Connection, Engine, event, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.storage.database import DatabaseLocation, engine_of
from safetybot.storage.store import Sealed
from safetybot.storage.tables import transcripts
from safetybot.storage.transcripts import TranscriptStore


@pytest.fixture
async def engine(where: DatabaseLocation) -> AsyncIterator[AsyncEngine]:
    engine = engine_of(where)
    yield engine
    await engine.dispose()


async def rows(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(transcripts))).scalar_one())


async def test_many_share_a_commit(engine: AsyncEngine) -> None:
    store, commits = TranscriptStore(engine), []

    def committed(connection: Connection) -> None:
        commits.append(connection)

    event.listen(Engine, "commit", committed)
    try:
        await asyncio.gather(*(store.save(bytes([number]) * 32, Sealed(b"x", 1)) for number in range(20)))
    finally:
        event.remove(Engine, "commit", committed)
    assert await rows(engine) == 20
    assert 0 < len(commits) < 4


async def test_the_last_of_one_commit_counts(engine: AsyncEngine) -> None:
    store, key = TranscriptStore(engine), bytes(32)
    await asyncio.gather(*(store.save(key, last) for last in (Sealed(b"1", 1), None, Sealed(b"2", 2))))
    assert await store.load(key) == Sealed(b"2", 2)
    await asyncio.gather(store.save(key, Sealed(b"3", 3)), store.save(key, None))
    assert await store.load(key) is None


async def test_a_failure_is_told_to_all_who_wait_and_the_next_is_tried(engine: AsyncEngine) -> None:
    store = TranscriptStore(engine)
    async with engine.begin() as connection:
        await connection.execute(sqlalchemy.text("ALTER TABLE transcripts RENAME TO elsewhere"))
    ended = await asyncio.gather(
        *(store.save(bytes([number]) * 32, None) for number in range(3)), return_exceptions=True
    )
    assert len(ended) == 3
    assert all(isinstance(each, DBAPIError) for each in ended)
    async with engine.begin() as connection:
        await connection.execute(sqlalchemy.text("ALTER TABLE elsewhere RENAME TO transcripts"))
    await store.save(b"x" * 32, Sealed(b"x", 1))
    assert await store.load(b"x" * 32) == Sealed(b"x", 1)
