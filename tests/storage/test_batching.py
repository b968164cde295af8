"""What is asked for while something is carried out is carried out together, next."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from safetybot.storage.batching import MOST, Batcher


class Slow:
    """Doubles numbers, each time when it is let."""

    def __init__(self) -> None:
        self.done: list[list[int]] = []
        self.go = asyncio.Semaphore(0)
        self.together = Batcher(self._double)

    async def _double(self, numbers: Sequence[int]) -> list[int]:
        self.done.append(list(numbers))
        await self.go.acquire()
        if 13 in numbers:
            raise ArithmeticError
        return [2 * number for number in numbers]

    def ask(self, *numbers: int) -> list[asyncio.Task[int]]:
        return [asyncio.create_task(self.together.submit(number)) for number in numbers]

    async def begin(self) -> None:
        """Until one is being carried out."""
        before = len(self.done)
        while len(self.done) == before:
            await asyncio.sleep(0)


async def test_those_who_come_while_one_runs_share_the_next() -> None:
    slow = Slow()
    first = slow.ask(1)
    await slow.begin()
    later = slow.ask(2, 3, 4)
    slow.go.release()
    await slow.begin()
    slow.go.release()
    assert await asyncio.gather(*first, *later) == [2, 4, 6, 8]
    assert slow.done == [[1], [2, 3, 4]]


async def test_no_more_than_a_statement_takes() -> None:
    slow = Slow()
    asked = slow.ask(*range(20, 20 + 2 * MOST + 1))
    for _ in range(3):
        slow.go.release()
    assert await asyncio.gather(*asked) == [2 * number for number in range(20, 20 + 2 * MOST + 1)]
    assert [len(numbers) for numbers in slow.done] == [MOST, MOST, 1]


async def test_a_failure_is_told_to_all_of_the_same_go_and_to_no_others() -> None:
    slow = Slow()
    first = slow.ask(12, 13)
    await slow.begin()
    second = slow.ask(14)
    slow.go.release()
    slow.go.release()
    ended = await asyncio.gather(*first, *second, return_exceptions=True)
    assert [type(each) for each in ended] == [ArithmeticError, ArithmeticError, int]


async def test_one_who_is_called_off_takes_nobody_along() -> None:
    slow = Slow()
    first, second = slow.ask(1, 2)
    await slow.begin()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    slow.go.release()
    assert await second == 4
    (third,) = slow.ask(3)
    slow.go.release()
    assert await third == 6
