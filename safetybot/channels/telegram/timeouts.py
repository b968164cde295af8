"""Every waiting time of the channel, in seconds, in one place; tests use shorter ones."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the channel waits for what."""

    long_poll: int = 30
    """Telegram holds an empty getUpdates open for so long."""
    poll_grace: float = 20.0
    """A getUpdates that takes longer than ``long_poll`` by this much has stalled and is begun anew."""
    handle_limit: float = 90.0
    """The conversation may think for so long; far more than it ever needs, so that a hang is not for ever."""
    send_limit: float = 120.0
    """All messages of one answer are tried again for so long in all; then the failure is counted."""
    acknowledge_limit: float = 10.0
    """A pressed button spins on the phone until answered; after this the press has expired anyway."""
    finish_limit: float = 22.0
    """On SIGTERM, what is in hand gets so long; with ``confirm_limit`` it stays within 25 seconds."""
    webhook_finish: float = 17.0
    """The same where updates are posted: their answers must go out before the server ends."""
    confirm_limit: float = 3.0
    """On SIGTERM, the last confirmation to Telegram gets so long."""
    commit_limit: float = 10.0
    """So long Telegram is not told of what is handled and cannot be written down."""
    backoff_first: float = 0.5
    backoff_most: float = 30.0
    webhook_check: float = 60.0
    """How often is looked whether Telegram still posts to us."""
    load_check: float = 15.0
    """How often is looked how much waits at Telegram, while there is much to do."""
    conflict_window: float = 120.0
    """``conflict_most`` refusals with 409 within this time mean that another program keeps reading."""
    conflict_most: int = 6
    typing_after: float = 0.4
    """An answer that takes longer is announced by "typing"; a quick one is not, for that costs a request."""
    typing_again: float = 4.5
    """The phone shows "typing" for five seconds; so it is renewed after this."""
    staff_gap: float = 300.0
    """At least so long between two notes to the staff chat; a note is tried again for so long."""
    staff_poll: float = 15.0
    """How often the database is looked at for something that staff are to be told."""
    staff_log: float = 3600.0
    """A staff chat that cannot be written to is logged so often."""

    def backoff(self, attempt: int) -> float:
        """The wait after failed try number ``attempt``, from 0: doubling, capped, and spread over its half."""
        longest = min(self.backoff_most, self.backoff_first * 2.0 ** min(attempt, 16))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - a spread of waits, nothing secret


async def pause(seconds: float, stop: asyncio.Event) -> bool:
    """Wait, but no longer than until ``stop``; whether it was set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True


async def pause_for(seconds: float, *events: asyncio.Event) -> None:
    """Wait until one of the events is set, or the time is over."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()


async def unless_stopped(work: Coroutine[Any, Any, T], stop: asyncio.Event, grace: float = 0.0) -> T | None:
    """The outcome of ``work``; None where ``stop`` came first, and ``grace`` seconds later the work was called off."""
    task, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if grace and not task.done():
            await asyncio.wait({task}, timeout=grace)
        return await task if task.done() else None
    finally:
        for each in (task, stopped):
            each.cancel()
