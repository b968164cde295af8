"""A row with a number that no database takes stops no other chat's commits, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from safetybot.storage.chat_locks import locks_of
from safetybot.storage.data_errors import is_bad_value
from safetybot.storage.database import DatabaseLocation, Engine, engine_of
from safetybot.storage.store import Batch, Count, Sealed, Store, StoredChat
from safetybot.storage.transcripts import TranscriptStore
from safetybot.storage.writing import WriteBehind, WriteThrough
from tests.databases import POSTGRESQL_ALONE

HUGE = 2**70
DAY = "2027-01-15"
COUNT = Count(DAY, "answer", "a")


@pytest.fixture
async def engine(where: DatabaseLocation) -> AsyncIterator[Engine]:
    engine = engine_of(where)
    yield engine
    await engine.dispose()


def key(number: int) -> bytes:
    return hashlib.blake2b(bytes([number]), digest_size=32).digest()


def changes(number: int, update: int) -> Batch:
    batch = Batch({key(number): Sealed(b"s", 10)}, {}, {("telegram", update): 30})
    batch.counts[COUNT] += 1
    return batch


async def test_written_behind_only_the_bad_row_is_given_up(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(engine)
    writing = WriteBehind(store)
    for number, update in ((1, 1), (2, HUGE), (3, 3)):
        writing.gather(changes(number, update))
    await writing.flush()
    writing.gather(changes(4, 4))
    await writing.flush()
    for number in (1, 3, 4):
        assert await store.look(key(number), ("telegram", number)) == StoredChat(Sealed(b"s", 10), handled=True)
    assert (await store.look(key(2))).session == Sealed(b"s", 10)
    assert await store.counted(DAY, DAY) == {("answer", "a"): 4}
    await writing.stop()
    assert caplog.text.count("was given up") == 1
    assert str(HUGE) not in caplog.text


@POSTGRESQL_ALONE
async def test_written_through_likewise(engine: Engine) -> None:
    locks = locks_of(engine)
    assert locks is not None
    writing = WriteThrough(Store(engine), locks)
    for number in (1, 2, 3):
        await locks.acquire(key(number))
    async with asyncio.timeout(10):
        await asyncio.gather(*(writing.write(key(n), changes(n, HUGE if n == 2 else n)) for n in (1, 2, 3)))
    for number in (1, 2, 3):
        assert (await writing.look(key(number))).session == Sealed(b"s", 10)
        await locks.release(key(number))
    await locks.close()
    assert await Store(engine).counted(DAY, DAY) == {("answer", "a"): 3}


async def test_who_looks_at_the_same_moment_is_told(engine: Engine) -> None:
    store = Store(engine)
    await store.write(changes(1, 1))
    good, bad, other = await asyncio.gather(
        store.look(key(1), ("telegram", 1)),
        store.look(key(2), ("telegram", HUGE)),
        store.look(key(3)),
        return_exceptions=True,
    )
    assert good == StoredChat(Sealed(b"s", 10), handled=True)
    assert isinstance(bad, Exception)
    assert is_bad_value(bad)
    assert other == StoredChat()


async def test_who_saves_a_page_at_the_same_moment_has_it_saved(engine: Engine) -> None:
    pages = TranscriptStore(engine)
    saved = await asyncio.gather(
        pages.save(key(1), Sealed(b"p", 10)), pages.save(key(2), Sealed(b"p", HUGE)), return_exceptions=True
    )
    assert saved[0] is None
    assert isinstance(saved[1], Exception)
    assert await pages.load(key(1)) == Sealed(b"p", 10)
    assert await pages.load(key(2)) is None


@given(updates=st.lists(st.integers(-(2**80), 2**80), min_size=1, max_size=6, unique=True))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_numbers(updates: list[int], empty_database: Path, tmp_path: Path) -> None:
    path = tmp_path / "test.sqlite3"
    path.write_bytes(empty_database.read_bytes())
    engine = engine_of(path)
    store = Store(engine)
    writing = WriteBehind(store)
    for number, update in enumerate(updates):
        writing.gather(changes(number, update))
    await writing.flush()
    for number, update in enumerate(updates):
        fits = -(2**63) <= update < 2**63
        assert (await store.look(key(number), ("telegram", update) if fits else None)).session == Sealed(b"s", 10)
    assert await store.counted(DAY, DAY) == {("answer", "a"): len(updates)}
    await engine.dispose()
    for each in tmp_path.iterdir():
        each.unlink()


def test_a_database_that_fails_is_no_bad_value() -> None:
    assert not is_bad_value(OperationalError("x", None, OSError("disk")))
    assert not is_bad_value(ConnectionResetError())
    assert is_bad_value(OverflowError())
