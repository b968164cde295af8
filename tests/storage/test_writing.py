"""Writing behind: nothing is lost, nothing is written twice, and reads see what is not yet written."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.storage.database import sqlite_engine
from safetybot.storage.store import Batch, Count, Sealed, Store, StoredChat
from safetybot.storage.writing import INTERVAL, RETRY, WriteBehind

KEY = bytes([1]) * 32
SEVEN = ("telegram", 7)
COUNT = Count("2027-01-15", "answer", "a")
BREAK = "CREATE TRIGGER broken BEFORE INSERT ON counters BEGIN SELECT RAISE(ABORT, 'no'); END"


@pytest.fixture
async def engine(empty_database: Path, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = sqlite_engine(Path(shutil.copyfile(empty_database, tmp_path / "test.sqlite3")))
    yield engine
    await engine.dispose()


@pytest.fixture
def store(engine: AsyncEngine) -> Store:
    return Store(engine)


@pytest.fixture
async def writing(store: Store) -> AsyncIterator[WriteBehind]:
    writing = WriteBehind(store)
    yield writing
    with suppress(IntegrityError):
        await writing.stop()


async def run(engine: AsyncEngine, statement: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(statement))


def gather(writing: WriteBehind, words: bytes = b"s") -> None:
    batch = Batch({KEY: Sealed(words, 10)}, {KEY: Sealed(words, 20)}, {SEVEN: 30})
    batch.counts[COUNT] += 1
    writing.gather(batch)


async def assert_seen(reader: WriteBehind | Store, words: bytes) -> None:
    assert await reader.look(KEY, SEVEN) == StoredChat(Sealed(words, 10), Sealed(words, 20), handled=True)


async def test_what_is_gathered_is_seen_before_it_is_written(writing: WriteBehind, store: Store) -> None:
    gather(writing)
    await assert_seen(writing, b"s")
    assert await store.look(KEY, SEVEN) == StoredChat()


async def test_what_is_committed_is_seen_by_everybody(writing: WriteBehind, store: Store) -> None:
    gather(writing)
    await writing.flush()
    await assert_seen(store, b"s")
    await assert_seen(writing, b"s")
    assert not writing._gathered


async def test_gathered_comes_before_committed(writing: WriteBehind, store: Store) -> None:
    gather(writing, b"1")
    await writing.flush()
    gather(writing, b"2")
    await assert_seen(writing, b"2")
    writing.gather(Batch(fragments={KEY: None}))
    assert (await writing.look(KEY)).fragment is None
    await writing.flush()
    assert await store.look(KEY) == StoredChat(Sealed(b"2", 10))


async def test_while_a_commit_is_under_way_nothing_is_missing(writing: WriteBehind) -> None:
    for number in range(20):
        words = str(number).encode()
        gather(writing, words)
        flushing = asyncio.create_task(writing.flush())
        # Some at a time: a slow disk must not make it thousands, which would wait for each other.
        seen = set()
        while not flushing.done():
            seen |= {found.session for found in await asyncio.gather(*(writing.look(KEY) for _ in range(5)))}
        await flushing
        assert seen <= {Sealed(words, 10)}


async def test_a_failed_commit_loses_nothing_and_counts_nothing_twice(
    writing: WriteBehind, store: Store, engine: AsyncEngine
) -> None:
    await run(engine, BREAK)
    gather(writing, b"1")
    for _ in range(2):
        with pytest.raises(IntegrityError):
            await writing.flush()
        await assert_seen(writing, b"1")
    gather(writing, b"2")
    await assert_seen(writing, b"2")
    await run(engine, "DROP TRIGGER broken")
    await writing.flush()
    await assert_seen(store, b"2")
    assert await store.counted("2027-01-15", "2027-01-15") == {("answer", "a"): 2}


async def test_what_comes_while_a_commit_fails_is_kept_on_top(
    writing: WriteBehind, store: Store, engine: AsyncEngine
) -> None:
    await run(engine, BREAK)
    gather(writing, b"1")
    failing = asyncio.create_task(writing.flush())
    while writing._gathered:
        await asyncio.sleep(0)
    gather(writing, b"2")
    with pytest.raises(IntegrityError):
        await failing
    await assert_seen(writing, b"2")
    await run(engine, "DROP TRIGGER broken")
    await writing.flush()
    await assert_seen(store, b"2")
    assert await store.counted("2027-01-15", "2027-01-15") == {("answer", "a"): 2}


async def test_commits_do_not_overlap(store: Store, writing: WriteBehind) -> None:
    for _ in range(20):
        gather(writing)
        await asyncio.gather(*(writing.flush() for _ in range(3)))
    assert await store.counted("2027-01-15", "2027-01-15") == {("answer", "a"): 20}


class Counted(Store):
    """Counts its commits."""

    commits = 0

    async def write(self, batch: Batch) -> None:
        self.commits += 1
        await super().write(batch)


async def test_many_who_wait_for_the_disk_share_a_commit(engine: AsyncEngine) -> None:
    store = Counted(engine)
    writing = WriteBehind(store)
    for number in range(300):
        writing.gather(Batch(handled={("telegram", number): 30}))
    await asyncio.gather(*(writing.flush() for _ in range(300)))
    assert store.commits == 1
    assert all([(await store.look(KEY, ("telegram", number))).handled for number in (0, 150, 299)])
    await writing.stop()


class TestBehind:
    async def test_it_commits_by_itself(self, writing: WriteBehind, store: Store) -> None:
        for number in range(3):
            gather(writing, str(number).encode())
            async with asyncio.timeout(5):
                while (await store.look(KEY)).session != Sealed(str(number).encode(), 10):
                    await asyncio.sleep(0.01)

    async def test_it_goes_on_after_a_failure_and_logs_no_value(
        self, writing: WriteBehind, store: Store, engine: AsyncEngine, caplog: pytest.LogCaptureFixture
    ) -> None:
        await run(engine, BREAK)
        gather(writing, b"zebedee")
        async with asyncio.timeout(5):
            while not caplog.records:
                await asyncio.sleep(0.01)
        await run(engine, "DROP TRIGGER broken")
        async with asyncio.timeout(RETRY + 5):
            while not (await store.look(KEY, SEVEN)).handled:
                await asyncio.sleep(0.02)
        assert "IntegrityError" in caplog.text
        assert "zebedee" not in caplog.text

    async def test_stopping_saves_what_is_left(self, writing: WriteBehind, store: Store) -> None:
        gather(writing)
        await writing.stop()
        await assert_seen(store, b"s")

    async def test_stopping_while_it_commits_counts_nothing_twice(self, store: Store) -> None:
        for number in range(3):
            writing = WriteBehind(store)
            gather(writing)
            async with asyncio.timeout(5):
                while writing._gathered:
                    await asyncio.sleep(0.0005)
            await asyncio.sleep(number * 0.002)  # somewhere in the commit
            await writing.stop()
        assert await store.counted("2027-01-15", "2027-01-15") == {("answer", "a"): 3}

    async def test_who_gives_up_waiting_breaks_off_no_commit(self, writing: WriteBehind, store: Store) -> None:
        gather(writing)
        waiting = asyncio.create_task(writing.flush())
        while not writing._committing:
            await asyncio.sleep(0)
        waiting.cancel()
        await writing.flush()
        assert await store.counted("2027-01-15", "2027-01-15") == {("answer", "a"): 1}

    async def test_stopping_tells_that_the_last_commit_failed(self, writing: WriteBehind, engine: AsyncEngine) -> None:
        await run(engine, BREAK)
        gather(writing)
        with pytest.raises(IntegrityError):
            await writing.stop()


def test_what_a_kill_makes_come_again_is_little() -> None:
    assert INTERVAL <= 0.1
