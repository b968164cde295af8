"""Short texts do not wait for long ones, nor anybody for the many texts of one source."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

from safetybot.channels.web.client_hashes import ClientHashes
from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.session import Fragment, Session
from safetybot.dialogue.turn import Memory
from safetybot.understanding.fair_scheduling import SHORT_LETTERS, FairScheduler, letters_of, queue_for
from safetybot.understanding.remote import RemoteUnderstanding
from safetybot.understanding.worker_client import WorkerQueue
from tests.understanding.test_worker import MINUTE, remote  # noqa: F401 - a fixture

LONG = " ".join(f"zq{number}vx" for number in range(120))
"""Nonsense of about 1,000 letters."""


def wrote(text: str, source: bytes | None, chat: str = "1") -> Incoming:
    return Incoming("web", chat, text=text, source=source)


def test_which_lane() -> None:
    assert queue_for(0) is WorkerQueue.SHORT
    assert queue_for(SHORT_LETTERS) is WorkerQueue.SHORT
    assert queue_for(SHORT_LETTERS + 1) is WorkerQueue.LONG
    assert letters_of(wrote("four", None), Memory(Session(), Fragment("before"))) == 10
    assert letters_of(Incoming("web", "1", press="now"), Memory()) == 0


async def test_a_short_text_does_not_wait_for_the_long_ones_of_another(
    remote: RemoteUnderstanding,  # noqa: F811
) -> None:
    async def say(text: str, source: bytes, chat: str) -> float:
        began = time.monotonic()
        assert (await remote.respond(wrote(text, source, chat), Memory(), MINUTE, offered=True, asks=False)).messages
        return time.monotonic() - began

    await say("hello", b"somebody", "0")
    alone = await say(LONG, b"attacker", "0")
    attack = [asyncio.create_task(say(f"{number} {LONG}", b"attacker", str(number))) for number in range(6)]
    await asyncio.sleep(0)
    others = [await say(f"hello there {number}", b"somebody", "1") for number in range(5)]
    await say(f"mine {LONG}", b"somebody else", "2")
    assert sum(others) < alone + 1, "none of them waited for six"
    done = sum(task.done() for task in attack)
    assert done <= 4, "another's long text has its turn"
    await asyncio.gather(*attack)


async def test_one_source_has_a_part_of_what_is_understood_at_once() -> None:
    """Whoever has many chats behind one address has the turns of one; without an address, each chat has its own."""
    lanes, entered = FairScheduler(), list[bytes | None]()

    async def come(stack: AsyncExitStack, source: bytes | None, chat: str) -> None:
        await stack.enter_async_context(lanes.place(WorkerQueue.SHORT, wrote("x", source, chat), SHORT_LETTERS))
        entered.append(source)

    async with AsyncExitStack() as stack:
        tasks = [asyncio.create_task(come(stack, b"many", str(number))) for number in range(30)]
        await asyncio.sleep(0)
        tasks += [asyncio.create_task(come(stack, None, str(number))) for number in range(5)]
        for _ in range(5):
            await asyncio.sleep(0)
        assert entered == [b"many", *[None] * 5]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


class Clock:
    """An hour."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_source_is_a_hash_that_changes_every_hour() -> None:
    clock = Clock()
    one, other = (ClientHashes(key * 32, addresses=True, clock=clock) for key in (b"k", b"l"))
    first = one.of("chat", "192.0.2.7")
    assert one.of("another", "192.0.2.7") == first
    assert one.of("chat", "192.0.2.8") != first
    assert one.of("chat", None) != one.of("another", None)
    assert other.of("chat", "192.0.2.7") != first
    assert b"192" not in first
    clock.now = 3600
    assert one.of("chat", "192.0.2.7") != first
    behind = ClientHashes(b"k" * 32, addresses=False, clock=clock)
    assert behind.of("chat", "192.0.2.7") == behind.of("chat", "192.0.2.8") != behind.of("another", "192.0.2.7")
    assert "192" not in repr(wrote("x", one.of("chat", "192.0.2.7")))
    assert "source" not in repr(wrote("x", b"secret"))
