"""One thing at a time for each key."""

from __future__ import annotations

import asyncio

import pytest

from safetybot.concurrency.keyed_lock import KeyedLock


async def test_one_key_in_order_and_others_beside_it() -> None:
    locks, done = KeyedLock[str](), list[str]()

    async def work(key: str, name: str, rounds: int) -> None:
        await locks.acquire(key)
        for _ in range(rounds):
            await asyncio.sleep(0)
        done.append(name)
        locks.release(key)

    await asyncio.gather(work("a", "a1", 9), work("a", "a2", 0), work("b", "b1", 0))
    assert done == ["b1", "a1", "a2"]
    assert not locks


async def test_nothing_is_kept_of_a_key_that_nobody_waits_for() -> None:
    locks = KeyedLock[str]()
    await locks.acquire("a")
    waiting = asyncio.create_task(locks.acquire("a"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert "a" in locks
    locks.release("a")
    assert "a" not in locks
    assert not locks
