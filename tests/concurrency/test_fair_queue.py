"""Who is let in next: in turn among sources, within the room there is, and nobody is forgotten."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.concurrency.fair_queue import FairQueue


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Line:
    """Things that wait at a gate, and stay inside until they are told to leave."""

    def __init__(self, gate: FairQueue) -> None:
        self.gate = gate
        self.entered: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._go: dict[str, asyncio.Event] = {}

    def come(self, name: str, source: str, cost: int = 1) -> None:
        self._go[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._stay(name, source, cost))

    async def _stay(self, name: str, source: str, cost: int) -> None:
        async with self.gate.place(source, cost):
            self.entered.append(name)
            await self._go[name].wait()

    async def go(self, *names: str) -> None:
        for name in names:
            self._go[name].set()
        await settled()

    async def all_go(self) -> list[str]:
        """Everything leaves in the order in which it entered; that order."""
        await settled()
        left = 0
        while left < len(self.entered):
            await self.go(self.entered[left])
            left += 1
        return self.entered


async def test_each_source_has_one_in_turn() -> None:
    line = Line(FairQueue(1))
    for number in range(5):
        line.come(f"many {number}", "many")
    await settled()
    line.come("one", "one")
    line.come("another", "another")
    line.come("one more", "one")
    assert await line.all_go() == [
        "many 0",
        "one",
        "another",
        "many 1",
        "one more",
        "many 2",
        "many 3",
        "many 4",
    ]
    assert not line.gate._sources


async def test_what_is_short_goes_before_what_is_long() -> None:
    line = Line(FairQueue(10))
    line.come("first", "a", 10)
    await settled()
    line.come("long", "b", 4_000)
    line.come("short", "c", 9)
    assert await line.all_go() == ["first", "short", "long"]


async def test_what_is_long_is_not_kept_waiting_for_ever() -> None:
    line = Line(FairQueue(1))
    line.come("first", "a")
    line.come("long", "b", 10)
    await settled()
    for number in range(30):  # others come one after the other
        line.come(f"short {number}", f"source {number}")
        await line.go(line.entered[-1])
    await line.all_go()
    assert line.entered.index("long") < 15


async def test_no_more_of_one_source_than_its_share() -> None:
    line = Line(FairQueue(4, 2))
    for number in range(4):
        line.come(f"a{number}", "a")
    line.come("b0", "b")
    await settled()
    assert line.entered == ["a0", "a1", "b0"]
    line.come(
        "c0", "c", 5
    )  # more than there is room for: it waits for all the others, and nobody overtakes it for ever
    await line.go("b0")
    await line.go("a0", "a1")
    assert {"a2", "a3"} < set(line.entered)
    assert "c0" in await line.all_go()


async def test_who_does_not_wait_any_more_holds_up_nobody() -> None:
    line = Line(FairQueue(2))
    line.come("inside", "a", 2)
    for name in ("gone", "large and gone", "stays"):
        line.come(name, name, 5 if "large" in name else 1)
    await settled()
    for name in ("gone", "large and gone"):
        line.tasks[name].cancel()
    await settled()
    await line.go("inside")
    assert line.entered == ["inside", "stays"]
    await line.all_go()
    assert not line.gate._sources


async def test_cancelled_in_the_moment_of_being_let_in() -> None:
    line = Line(FairQueue(1))
    line.come("inside", "a")
    line.come("next", "b")
    line.come("after it", "c")
    await settled()
    line._go["inside"].set()
    await asyncio.sleep(0)  # it leaves, and the next is let in, which has not run yet
    line.tasks["next"].cancel()
    await line.all_go()
    assert line.entered[-1] == "after it"
    assert not line.gate._sources


@given(
    st.integers(1, 6),
    st.integers(1, 6),
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 8), st.booleans()), max_size=25),
)
def test_nothing_is_lost_and_the_room_is_kept(room: int, share: int, things: list[tuple[str, int, bool]]) -> None:
    async def run() -> None:
        gate, inside, done = FairQueue(room, share), Counter[str](), []

        async def one(number: int, source: str, cost: int) -> None:
            async with gate.place(source, cost):
                others = inside.total()
                assert not others or others + cost <= room
                assert not inside[source] or inside[source] + cost <= share
                inside[source] += cost
                try:
                    await asyncio.sleep(0)
                finally:
                    inside[source] -= cost
                done.append(number)

        tasks = [asyncio.create_task(one(number, *each[:2])) for number, each in enumerate(things)]
        await asyncio.sleep(0)
        for task, (*_, given_up) in zip(tasks, things, strict=True):
            if given_up:
                task.cancel()
        async with asyncio.timeout(5):
            await asyncio.gather(*tasks, return_exceptions=True)
        stayed = {number for number, (*_, given_up) in enumerate(things) if not given_up}
        assert stayed <= set(done)
        assert not gate._sources
        assert not gate._next
        assert not gate._inside

    asyncio.run(run())


@pytest.mark.parametrize("cost", [1, 100])
async def test_an_error_inside_makes_room(cost: int) -> None:
    gate = FairQueue(1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            async with gate.place("a", cost):
                raise ZeroDivisionError
    assert not gate._sources
