"""One thing at a time for each key."""

from __future__ import annotations

import asyncio

import pytest

from safetybot.turns import Turns


async def test_one_key_in_order_and_others_beside_it() -> None:
    turns, done = Turns[str](), list[str]()

    async def work(key: str, name: str, rounds: int) -> None:
        async with turns.of(key):
            for _ in range(rounds):
                await asyncio.sleep(0)
            done.append(name)

    await asyncio.gather(work("a", "a1", 9), work("a", "a2", 0), work("b", "b1", 0))
    assert done == ["b1", "a1", "a2"]


async def test_nothing_is_kept_of_a_key_that_is_done_or_fails() -> None:
    turns = Turns[str]()

    async def fail() -> None:
        async with turns.of("a"):
            assert "a" in turns
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert "a" not in turns
    assert not turns
