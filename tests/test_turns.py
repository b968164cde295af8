"""One thing at a time for each key."""

from __future__ import annotations

import asyncio

import pytest

from safetybot.turns import Turns


async def test_one_key_in_order_and_others_beside_it() -> None:
    turns, done = Turns[str](), list[str]()

    async def work(key: str, name: str, rounds: int) -> None:
        await turns.take(key)
        for _ in range(rounds):
            await asyncio.sleep(0)
        done.append(name)
        turns.give_back(key)

    await asyncio.gather(work("a", "a1", 9), work("a", "a2", 0), work("b", "b1", 0))
    assert done == ["b1", "a1", "a2"]
    assert not turns


async def test_nothing_is_kept_of_a_key_that_nobody_waits_for() -> None:
    turns = Turns[str]()
    await turns.take("a")
    waiting = asyncio.create_task(turns.take("a"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert "a" in turns
    turns.give_back("a")
    assert "a" not in turns
    assert not turns
