"""Deletes what has been kept long enough: at the start of the running bot, and then once a day (UTC).

Of several processes each does so, one after another, for each takes the audit log's turn: the first deletes, announces
and logs, and the others find nothing left to do.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from safetybot.formats.times import moment_of
from safetybot.reports.retention import purge
from safetybot.storage import installation_metadata, unanswered
from safetybot.storage.database import Engine
from safetybot.storage.scrubbing import scrub
from safetybot.vault.audit import transaction

LOOK = 60.0
"""Seconds between two looks at the day."""
RETRY = 600.0
"""Seconds before a purge that failed is tried again."""

_log = logging.getLogger(__name__)


def utc_now() -> dt.datetime:
    """The time."""
    return dt.datetime.now(dt.UTC)


@asynccontextmanager
async def housekeeping(
    engine: Engine, clock: Callable[[], dt.datetime] = utc_now, *, look: float = LOOK, retry: float = RETRY
) -> AsyncIterator[None]:
    """Purges reports and words for editors every day while the block runs; never raises. ``clock``: with its zone."""
    stop = asyncio.Event()
    task = asyncio.create_task(_every_day(engine, clock, stop, look, retry), name="housekeeping")
    try:
        yield
    finally:
        # Not cancelled: that could break off a look at the database, and leave its thread behind.
        stop.set()
        await task


async def _every_day(
    engine: Engine, clock: Callable[[], dt.datetime], stop: asyncio.Event, look: float, retry: float
) -> None:
    done: dt.date | None = None
    while not stop.is_set():
        wait = look
        try:
            now = clock()
            today = now.astimezone(dt.UTC).date()
            if today != done:
                await _purge(engine, now, today)
                done = today
        except Exception as error:
            # The type alone: a database error may carry what was to be written.
            _log.error("reports kept long enough could not be deleted, trying again: %s", type(error).__name__)
            wait = retry
        await _pause(wait, stop)


async def _purge(engine: Engine, now: dt.datetime, today: dt.date) -> None:
    async with engine.begin() as words:  # by itself, so that a damaged audit log does not keep them
        await unanswered.purge(words, today)
    async with transaction(engine) as connection:
        purged = await purge(connection, today)
    await installation_metadata.put(engine, installation_metadata.LAST_PURGE, moment_of(now))
    if purged.shredded or purged.announced:
        _log.info("reports deleted: %d, to be deleted in 3 days: %d", len(purged.shredded), len(purged.announced))
    # Even where nothing was deleted now: a crash may have come between the two before.
    if not await scrub(engine) and purged.shredded:
        _log.warning("the database's log was in use, so what was deleted stays in it until it is next emptied")


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    """Waits, but no longer than until ``stop``."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
