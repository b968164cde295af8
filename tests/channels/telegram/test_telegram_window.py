"""The window of unconfirmed updates, and the lanes."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.channels.telegram.chat_queues import ChatQueues
from safetybot.channels.telegram.offset_tracker import OffsetTracker


def test_offset_passes_only_what_is_handled_and_all_before() -> None:
    window = OffsetTracker()
    assert [window.admit(number) for number in (1, 2, 3)] == [True, True, True]
    assert not window.handled(2)
    assert window.offset is None
    assert window.handled(1)
    assert window.offset == 3
    assert len(window) == 1


def test_what_is_in_hand_or_was_handled_is_not_admitted() -> None:
    window = OffsetTracker()
    window.admit(1)
    assert not window.admit(1)
    window.handled(1)
    assert not window.admit(1)


def test_numbers_may_start_again_lower() -> None:
    window = OffsetTracker()
    window.admit(900)
    window.handled(900)
    assert window.admit(5)
    assert window.handled(5)
    assert window.offset == 6


def test_numbers_may_have_gaps() -> None:
    window = OffsetTracker()
    window.admit(1)
    window.admit(10)
    window.handled(10)
    window.handled(1)
    assert window.offset == 11


def test_full() -> None:
    window = OffsetTracker()
    for number in range(100):
        window.admit(number)
    assert window.full
    window.handled(0)
    assert not window.full


@given(st.permutations(range(1, 40)))
def test_any_order_of_handling_confirms_exactly_the_handled_beginning(order: list[int]) -> None:
    window = OffsetTracker()
    for number in range(1, 40):
        window.admit(number)
    done: set[int] = set()
    for number in order:
        window.handled(number)
        done.add(number)
        first_open = next((n for n in range(1, 41) if n not in done), 40)
        assert (window.offset or 1) == first_open


async def test_lanes_keep_order_within_and_run_side_by_side() -> None:
    lanes, log, gate = ChatQueues(), [], asyncio.Event()

    async def job(name: str) -> None:
        if name == "a1":
            await gate.wait()
        log.append(name)

    for name in ("a1", "a2", "b1", "b2"):
        lanes.put(name[0], partial(job, name))
    await asyncio.sleep(0.01)
    assert log == ["b1", "b2"]
    gate.set()
    assert await lanes.drain(1)
    assert log == ["b1", "b2", "a1", "a2"]


async def test_a_failing_job_does_not_stop_its_lane(caplog: pytest.LogCaptureFixture) -> None:
    lanes, log = ChatQueues(), []

    async def fails() -> None:
        raise ValueError("words")

    async def works() -> None:
        log.append(1)

    lanes.put("a", fails)
    lanes.put("a", works)
    assert await lanes.drain(1)
    assert log == [1]
    assert "ValueError" in caplog.text
    assert "words" not in caplog.text


async def test_draining_is_bounded() -> None:
    lanes = ChatQueues()
    lanes.put("a", asyncio.Event().wait)  # type: ignore[arg-type]
    assert not await lanes.drain(0.05)
