"""Whose turn it is among several processes: here several holders of locks on one server."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

import pytest
from sqlalchemy import Connection, text

from safetybot.storage import chat_locks
from safetybot.storage.chat_locks import ChatLocks, TurnLost, TurnNotGiven
from safetybot.storage.database import DatabaseLocation, engine_of
from safetybot.storage.transactions import run
from tests.databases import POSTGRESQL_ALONE

pytestmark = POSTGRESQL_ALONE


def key(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=32).digest()


A, B = key("a"), key("b")
Make = Callable[[], Awaitable[ChatLocks]]


@pytest.fixture
async def make(where: DatabaseLocation) -> AsyncIterator[Make]:
    """Makes one for each process."""
    made = []

    async def make() -> ChatLocks:
        locks = ChatLocks(engine_of(where))
        made.append(locks)
        return locks

    yield make
    for locks in made:
        await locks.close()
        await locks._engine.dispose()


async def lose(*locks: ChatLocks) -> None:
    """Ends the connections that hold their locks, as the server sees it. Nobody else is told."""
    for each in locks:
        pid = each._driver.get_server_pid()
        async with each._engine.begin() as connection:
            await connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})


async def ours(locks: ChatLocks, chats: Iterable[bytes]) -> set[bytes]:
    return await run(locks._engine, lambda connection: locks.still_ours(connection, list(chats)))


async def test_a_chat_is_held_by_one_and_others_are_not_held_up(make: Make) -> None:
    one, other = await make(), await make()
    await one.acquire(A)
    await other.acquire(B)
    waiting = asyncio.create_task(other.acquire(A))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    assert await ours(one, [A, B]) == {A}
    assert await ours(other, [A, B]) == {B}
    await one.release(A)
    await waiting
    assert await ours(other, [A, B]) == {A, B}
    assert await ours(one, [A, B]) == set()


async def test_many_are_taken_in_few_statements(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    locks, exchanges = await make(), list[int]()
    exchange = locks._exchanges._do

    async def counted(asked: object) -> object:
        exchanges.append(len(asked))  # type: ignore[arg-type]
        return await exchange(asked)  # type: ignore[arg-type]

    monkeypatch.setattr(locks._exchanges, "_do", counted)
    chats = [key(str(number)) for number in range(200)]
    await asyncio.gather(*(locks.acquire(chat) for chat in chats))
    assert await ours(locks, chats) == {*chats}
    await asyncio.gather(*(locks.release(chat) for chat in chats))
    assert sum(exchanges) == 400
    assert len(exchanges) <= 6


async def test_who_gives_up_waiting_leaves_nothing_locked(make: Make) -> None:
    one, other = await make(), await make()
    for _ in range(20):
        taking = asyncio.create_task(one.acquire(A))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        taking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await taking
        async with asyncio.timeout(5):
            await other.acquire(A)
            await other.release(A)
    assert one._room._value == chat_locks.MOST


async def test_a_lost_turn_writes_nothing_and_the_chat_is_free(make: Make) -> None:
    one, other = await make(), await make()
    await one.acquire(A)
    await lose(one)
    async with asyncio.timeout(5):
        await other.acquire(A)
    assert await ours(one, [A]) == set()
    with pytest.raises(TurnLost):
        await run(one._engine, lambda connection: one.must_be_ours(connection, A))
    await one.release(A)  # of something that was lost: nothing happens
    assert await ours(other, [A]) == {A}
    # The lost one goes on with a connection of its own.
    await one.acquire(B)
    assert await ours(one, [A, B]) == {B}


async def test_who_takes_a_chat_finds_what_was_written_in_a_turn_that_was_lost(make: Make) -> None:
    """The transaction had looked in time; so the chat is taken only when it is over."""
    one, other = await make(), await make()
    await one.acquire(A)
    taking: asyncio.Task[None] | None = None
    async with one._engine.begin() as connection:
        await connection.run_sync(one.must_be_ours, A)
        await lose(one)
        taking = asyncio.create_task(other.acquire(A))
        await asyncio.sleep(0.2)
        assert not taking.done()
    async with asyncio.timeout(5):
        await taking


async def test_all_who_write_for_a_lost_turn_are_told(make: Make) -> None:
    """Though each of them takes, in passing, the lock by which the others know."""
    one = await make()
    await one.acquire(A)
    await lose(one)
    async with one._engine.connect() as first, one._engine.connect() as second:
        for connection in (first, second):
            assert await connection.run_sync(one.still_ours, [A]) == set()


async def test_a_turn_may_be_taken_again(make: Make) -> None:
    one, other = await make(), await make()
    await one.acquire(A)
    await one.reacquire(A)  # it was not lost at all
    assert await ours(one, [A]) == {A}
    await lose(one)
    await one.reacquire(A)
    assert await ours(one, [A]) == {A}
    await one.release(A)
    async with asyncio.timeout(5):
        await other.acquire(A)


async def test_a_process_that_hangs_does_not_silence_a_chat(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_locks, "LONGEST_WAIT", 0.2)
    one, other = await make(), await make()
    await one.acquire(A)
    with pytest.raises(TurnNotGiven):
        await other.acquire(A)
    assert other._room._value == chat_locks.MOST


async def test_the_pool_is_not_one_connection_smaller(make: Make) -> None:
    locks = await make()
    await locks.acquire(A)
    assert locks._engine.pool.checkedout() == 0  # type: ignore[attr-defined]

    def one(connection: Connection) -> int:
        return int(connection.scalar(text("SELECT 1")) or 0)

    assert await asyncio.gather(*(run(locks._engine, one) for _ in range(30))) == [1] * 30
