"""Drafts and visits: sealed, one of each a chat, written at once, and deleted when their time is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Table, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.storage.database import DatabaseLocation, engine_of
from safetybot.storage.drafts import SealedKept, count_try, load_kept, save_kept, uncount_try
from safetybot.storage.store import Sealed, Store
from safetybot.storage.tables import code_tries, drafts, visits
from tests.databases import SQLITE_ALONE, refuse

KEY, OTHER = bytes([1]) * 32, bytes([2]) * 32
NOTHING = SealedKept(None, None)


@pytest.fixture
async def engine(where: DatabaseLocation) -> AsyncIterator[AsyncEngine]:
    engine = engine_of(where)
    yield engine
    await engine.dispose()


async def save(engine: AsyncEngine, key: bytes, kept: SealedKept) -> None:
    async with engine.begin() as connection:
        await save_kept(connection, key, kept)


async def load(engine: AsyncEngine, key: bytes = KEY) -> SealedKept:
    async with engine.connect() as connection:
        return await load_kept(connection, key)


async def tried(engine: AsyncEngine, hour: int) -> int:
    async with engine.begin() as connection:
        return await count_try(connection, hour)


async def tries(engine: AsyncEngine) -> dict[int, int]:
    """Hour → codes tried in it."""
    async with engine.connect() as connection:
        return {row[0]: row[1] for row in await connection.execute(select(code_tries))}


class TestKept:
    async def test_nothing_is_kept_of_a_new_chat(self, engine: AsyncEngine) -> None:
        assert await load(engine) == NOTHING

    @pytest.mark.parametrize(
        "kept",
        [
            SealedKept(Sealed(b"d", 5), Sealed(b"v", 700)),
            SealedKept(Sealed(b"d", 5), None),
            SealedKept(None, Sealed(b"v", 700)),
            NOTHING,
        ],
    )
    async def test_what_is_saved_is_loaded(self, engine: AsyncEngine, kept: SealedKept) -> None:
        other = SealedKept(Sealed(b"other draft", 6), Sealed(b"other visit", 800))
        await save(engine, OTHER, other)
        await save(engine, KEY, kept)
        assert await load(engine) == kept
        assert await load(engine, OTHER) == other

    async def test_newer_replaces_older_of_the_same_chat_alone(self, engine: AsyncEngine) -> None:
        first = SealedKept(Sealed(b"1", 5), Sealed(b"1", 700))
        for key in (KEY, OTHER):
            await save(engine, key, first)
        second = SealedKept(Sealed(b"2", 6), Sealed(b"3", 800))
        await save(engine, KEY, second)
        assert await load(engine) == second
        assert await load(engine, OTHER) == first

    async def test_none_deletes_that_one_of_the_same_chat_alone(self, engine: AsyncEngine) -> None:
        both = SealedKept(Sealed(b"d", 5), Sealed(b"v", 700))
        for key in (KEY, OTHER):
            await save(engine, key, both)
        for left in (SealedKept(both.drafts, None), SealedKept(None, both.visits), NOTHING, NOTHING):
            await save(engine, KEY, left)
            assert await load(engine) == left
        assert await load(engine, OTHER) == both

    async def test_it_is_loaded_even_when_its_time_is_over(self, engine: AsyncEngine) -> None:
        old = SealedKept(Sealed(b"d", -1), Sealed(b"v", -1))
        await save(engine, KEY, old)
        assert await load(engine) == old

    async def test_it_shares_the_fate_of_its_transaction(self, engine: AsyncEngine) -> None:
        before = SealedKept(Sealed(b"d", 5), Sealed(b"v", 700))
        await save(engine, KEY, before)
        async with engine.connect() as connection:
            await save_kept(connection, KEY, SealedKept(None, Sealed(b"new", 1)))
            assert await load_kept(connection, KEY) == SealedKept(None, Sealed(b"new", 1))
            await connection.rollback()
        assert await load(engine) == before

    @SQLITE_ALONE
    async def test_what_is_replaced_or_deleted_leaves_no_trace(self, engine: AsyncEngine, where: Path) -> None:
        await save(engine, KEY, SealedKept(Sealed(b"zebedee" * 99, 5), Sealed(b"dougal" * 99, 5)))
        await save(engine, KEY, SealedKept(None, Sealed(b"florence", 5)))
        async with engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        files = b"".join(file.read_bytes() for file in where.parent.iterdir())
        assert b"zebedee" not in files
        assert b"dougal" not in files
        assert b"florence" in files


class TestTries:
    async def test_they_are_counted_by_the_hour(self, engine: AsyncEngine) -> None:
        assert [await tried(engine, hour) for hour in (7, 7, 8, 7)] == [1, 2, 1, 3]
        assert await tries(engine) == {7: 3, 8: 1}

    async def test_a_right_one_does_not_count(self, engine: AsyncEngine) -> None:
        for hour in (7, 7, 8):
            await tried(engine, hour)
        async with engine.begin() as connection:
            await uncount_try(connection, 7)
            await uncount_try(connection, 9)
        assert await tries(engine) == {7: 1, 8: 1}

    async def test_many_at_once_are_all_counted(self, engine: AsyncEngine) -> None:
        assert sorted(await asyncio.gather(*(tried(engine, 7) for _ in range(9)))) == list(range(1, 10))

    async def test_one_that_is_rolled_back_never_was(self, engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            assert await count_try(connection, 7) == 1
            await connection.rollback()
        assert await tries(engine) == {}


class TestPurge:
    async def test_each_ends_at_its_own_time(self, engine: AsyncEngine) -> None:
        await save(engine, KEY, SealedKept(Sealed(b"d", 10), Sealed(b"v", 1_000)))
        await save(engine, OTHER, SealedKept(Sealed(b"d", 11), Sealed(b"v", 1_001)))
        for hour in (9, 10, 11):
            await tried(engine, hour)
        await Store(engine).purge(hour=10, second=1_000)
        assert await load(engine) == SealedKept(Sealed(b"d", 10), Sealed(b"v", 1_000))
        assert await tries(engine) == {10: 1, 11: 1}
        await Store(engine).purge(hour=11, second=1_001)
        assert await load(engine) == NOTHING
        assert await load(engine, OTHER) == SealedKept(Sealed(b"d", 11), Sealed(b"v", 1_001))
        assert await tries(engine) == {11: 1}

    @SQLITE_ALONE
    async def test_what_is_purged_leaves_no_trace(self, engine: AsyncEngine, where: Path) -> None:
        await save(engine, KEY, SealedKept(Sealed(b"zebedee" * 99, 1), Sealed(b"dougal" * 99, 1)))
        await save(engine, OTHER, SealedKept(Sealed(b"florence" * 99, 9), None))
        await Store(engine).purge(hour=2, second=2)
        files = b"".join(file.read_bytes() for file in where.parent.iterdir())
        assert b"zebedee" not in files
        assert b"dougal" not in files
        assert b"florence" in files

    async def test_one_that_fails_deletes_nothing(self, engine: AsyncEngine) -> None:
        kept = SealedKept(Sealed(b"d", 1), Sealed(b"v", 1))
        await save(engine, KEY, kept)
        await refuse(engine, "DELETE", "visits")
        with pytest.raises(IntegrityError):
            await Store(engine).purge(hour=2, second=2)
        assert await load(engine) == kept


@pytest.mark.parametrize("table", [drafts, visits])
async def test_a_chat_has_one_row(engine: AsyncEngine, table: Table) -> None:
    for number in range(3):
        await save(engine, KEY, SealedKept(Sealed(bytes([number]), 5), Sealed(bytes([number]), 5)))
    async with engine.connect() as connection:
        assert len((await connection.execute(select(table))).all()) == 1
