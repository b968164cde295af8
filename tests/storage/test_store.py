"""Reading and writing what conversations need."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.storage.database import DatabaseLocation, engine_of
from safetybot.storage.drafts import SealedKept, save_kept
from safetybot.storage.store import Batch, Count, Sealed, Store, StoredChat
from safetybot.storage.tables import fragments, handled_updates, sessions
from tests.databases import SQLITE_ALONE, refuse

KEY, OTHER = bytes([1]) * 32, bytes([2]) * 32


@pytest.fixture
async def engine(where: DatabaseLocation) -> AsyncIterator[AsyncEngine]:
    engine = engine_of(where)
    yield engine
    await engine.dispose()


@pytest.fixture
def store(engine: AsyncEngine) -> Store:
    return Store(engine)


async def test_nothing_is_known_of_a_new_chat(store: Store) -> None:
    assert await store.look(KEY, ("telegram", 1)) == StoredChat()
    assert await store.look(KEY) == StoredChat()
    assert await store.counted("0000", "9999") == {}


async def test_what_was_written_is_read(store: Store, engine: AsyncEngine) -> None:
    await store.write(
        Batch(
            sessions={KEY: Sealed(b"s", 10), OTHER: Sealed(b"o", 10)},
            fragments={KEY: Sealed(b"f", 20)},
            handled={("telegram", 7): 30},
        )
    )
    async with engine.begin() as connection:
        await save_kept(connection, KEY, SealedKept(Sealed(b"d", 30), Sealed(b"v", 40)))
    of_key = StoredChat(Sealed(b"s", 10), Sealed(b"f", 20), Sealed(b"d", 30), Sealed(b"v", 40))
    of_other = StoredChat(Sealed(b"o", 10))
    assert await store.look(KEY) == of_key
    assert await store.look(OTHER, ("telegram", 7)) == of_other._replace(handled=True)
    assert await store.look(OTHER, ("telegram", 8)) == of_other
    assert await store.look(OTHER, ("web", 7)) == of_other


async def test_each_who_asks_at_once_is_told_of_their_own(store: Store) -> None:
    keys = [bytes([number]) * 32 for number in range(250)]
    await store.write(
        Batch(
            sessions={key: Sealed(key, 1) for key in keys[::2]},
            handled={("telegram", number): 1 for number in range(0, 250, 5)},
        )
    )
    found = await asyncio.gather(*(store.look(key, ("telegram", number)) for number, key in enumerate(keys)))
    for number, key in enumerate(keys):
        session = None if number % 2 else Sealed(key, 1)
        assert found[number] == StoredChat(session, handled=number % 5 == 0)


async def test_newer_replaces_older_and_none_deletes(store: Store, engine: AsyncEngine) -> None:
    for sealed in (Sealed(b"1", 10), Sealed(b"2", 20)):
        await store.write(Batch(sessions={KEY: sealed}, fragments={KEY: sealed}))
    assert await store.look(KEY) == StoredChat(Sealed(b"2", 20), Sealed(b"2", 20))
    async with engine.connect() as connection:
        assert (await connection.execute(select(sessions.c.expires))).scalars().all() == [20]
    await store.write(Batch(sessions={KEY: None, OTHER: None}, fragments={KEY: None}))
    assert await store.look(KEY) == StoredChat()


async def test_an_update_noted_twice_is_no_trouble(store: Store) -> None:
    for expires in (1, 2):
        await store.write(Batch(handled={("telegram", 7): expires}))
    assert (await store.look(KEY, ("telegram", 7))).handled


async def test_counts_add_up(store: Store) -> None:
    one = Count("2027-01-15", "answer", "a")
    await store.write(Batch(counts=Counter({one: 2, Count("2027-01-16", "answer", "a"): 1})))
    await store.write(Batch(counts=Counter({one: 3, Count("2027-01-15", "danger", ""): 1})))
    assert await store.counted("2027-01-15", "2027-01-15") == {("answer", "a"): 5, ("danger", ""): 1}
    assert (await store.counted("2027-01-15", "2027-01-16"))["answer", "a"] == 6
    assert await store.counted("2027-01-17", "2027-02-01") == {}


async def test_a_batch_is_written_whole_or_not_at_all(store: Store, engine: AsyncEngine) -> None:
    await refuse(engine, "INSERT", "counters")
    batch = Batch(
        sessions={KEY: Sealed(b"s", 1)},
        handled={("telegram", 7): 1},
        counts=Counter({Count("2027-01-15", "answer", "a"): 1}),
    )
    with pytest.raises(IntegrityError):
        await store.write(batch)
    assert await store.look(KEY, ("telegram", 7)) == StoredChat()


async def test_many_at_once(store: Store) -> None:
    keys = [number.to_bytes(32, "big") for number in range(3_000)]
    await store.write(
        Batch(
            sessions={key: Sealed(key, 1) for key in keys},
            fragments={key: Sealed(key, 1) for key in keys},
            handled={("telegram", number): 1 for number in range(3_000)},
        )
    )
    assert await store.look(keys[-1]) == StoredChat(Sealed(keys[-1], 1), Sealed(keys[-1], 1))
    await store.write(Batch(sessions=dict.fromkeys(keys)))
    assert await store.look(keys[-1]) == StoredChat(None, Sealed(keys[-1], 1))


async def test_purging_ends_each_at_its_own_time(store: Store, engine: AsyncEngine) -> None:
    await store.write(
        Batch(
            sessions={KEY: Sealed(b"s", 10), OTHER: Sealed(b"s", 11)},
            fragments={KEY: Sealed(b"f", 1_000), OTHER: Sealed(b"f", 1_001)},
            handled={("telegram", 7): 10, ("telegram", 8): 11},
        )
    )
    await store.purge(hour=10, second=1_000)
    assert await store.look(KEY) == StoredChat(Sealed(b"s", 10), Sealed(b"f", 1_000))
    await store.purge(hour=11, second=1_001)
    async with engine.connect() as connection:
        for table in (sessions, fragments):
            assert (await connection.execute(select(table.c.chat_key))).scalars().all() == [OTHER]
        assert (await connection.execute(select(handled_updates.c.update_id))).scalars().all() == [8]


@SQLITE_ALONE
async def test_what_is_purged_leaves_no_trace(store: Store, where: Path) -> None:
    await store.write(Batch(fragments={KEY: Sealed(b"zebedee" * 9, 1), OTHER: Sealed(b"florence" * 9, 5)}))
    await store.purge(hour=0, second=2)
    files = b"".join(file.read_bytes() for file in where.parent.iterdir())
    assert b"zebedee" not in files
    assert b"florence" in files


def test_an_empty_batch_says_so() -> None:
    assert not Batch()
    for batch in (
        Batch(sessions={KEY: None}),
        Batch(fragments={KEY: None}),
        Batch(handled={("telegram", 1): 1}),
        Batch(counts=Counter({Count("d", "n", ""): 1})),
    ):
        assert batch


def test_a_batch_takes_in_what_came_later() -> None:
    count = Count("d", "n", "")
    older = Batch(
        sessions={KEY: Sealed(b"1", 1), OTHER: Sealed(b"1", 1)},
        fragments={KEY: Sealed(b"1", 1)},
        handled={("telegram", 1): 1},
        counts=Counter({count: 1}),
    )
    older.merge(
        Batch(
            sessions={KEY: Sealed(b"2", 2)}, fragments={KEY: None}, handled={("web", 1): 1}, counts=Counter({count: 2})
        )
    )
    assert older.sessions == {KEY: Sealed(b"2", 2), OTHER: Sealed(b"1", 1)}
    assert older.fragments == {KEY: None}
    assert set(older.handled) == {("telegram", 1), ("web", 1)}
    assert older.counts[count] == 3
