from __future__ import annotations

import asyncio
import threading
import time

import pytest

from safetybot.vault.key_derivation import KeyStretcher, Parameters, stretch
from tests.reports.office import CHEAP


def test_every_input_counts() -> None:
    plain = stretch(b"words", bytes(16), 64, CHEAP)
    assert len(plain) == 64
    assert plain == stretch(b"words", bytes(16), 64, CHEAP)
    assert plain != stretch(b"words!", bytes(16), 64, CHEAP)
    assert plain != stretch(b"words", b"\x01" * 16, 64, CHEAP)
    assert plain != stretch(b"words", bytes(16), 64, Parameters.stored(2, 8192))


async def test_the_loop_goes_on_and_never_two_at_once(stretcher: KeyStretcher) -> None:
    lock, loop_thread = threading.Lock(), threading.get_ident()

    def slow(number: int) -> int:
        assert threading.get_ident() != loop_thread
        assert lock.acquire(blocking=False), "two at once"
        time.sleep(0.05)
        lock.release()
        return number

    tasks = [asyncio.create_task(stretcher.run(slow, number)) for number in range(4)]
    ticks = 0
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0.005)
        ticks += 1
    assert [task.result() for task in tasks] == [0, 1, 2, 3]
    assert ticks > 10


async def test_a_cancelled_one_keeps_its_place_until_it_has_ended(stretcher: KeyStretcher) -> None:
    running = threading.Semaphore(1)
    started = threading.Event()

    def slow() -> bool:
        alone = running.acquire(blocking=False)
        started.set()
        time.sleep(0.1)
        if alone:
            running.release()
        return alone

    first = asyncio.create_task(stretcher.run(slow))
    await asyncio.to_thread(started.wait, 5)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await stretcher.run(slow)


async def test_what_fails_is_raised(stretcher: KeyStretcher) -> None:
    with pytest.raises(ZeroDivisionError):
        await stretcher.run(lambda: 1 // 0)


async def test_where_many_wait_each_source_has_its_turn(stretcher: KeyStretcher) -> None:
    order: list[str] = []
    held = threading.Event()
    tasks = [asyncio.create_task(stretcher.run(held.wait, 20))]
    names = [("a", "a0"), ("a", "a1"), ("a", "a2"), ("b", "b0"), ("c", "c0"), ("b", "b1")]
    for source, name in names:
        tasks.append(asyncio.create_task(stretcher.run_for(source, order.append, name)))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    held.set()
    await asyncio.gather(*tasks)
    assert order == ["a0", "b0", "c0", "a1", "b1", "a2"]
