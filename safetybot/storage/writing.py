"""Writes behind: changes are gathered and committed together, once a second and on stop.

What is gathered and not yet committed is seen by reads. A failed commit loses nothing: the batch is kept and tried
again with what came since.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from safetybot.storage.store import Batch, Found, Sealed, Store, Update

INTERVAL = 1.0
"""Seconds between commits."""

_log = logging.getLogger(__name__)


class WriteBehind:
    """Gathers changes to a :class:`Store`. Between ``start`` and ``stop`` it commits by itself."""

    def __init__(self, store: Store, before: Callable[[], Awaitable[None]]) -> None:
        """``before`` is awaited before each commit, to add what has not been gathered yet."""
        self._store = store
        self._before = before
        self._gathered = Batch()
        self._committing = Batch()
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._lock = asyncio.Lock()

    def gather(self) -> Batch:
        """The batch to add changes to; do not keep it across an await."""
        return self._gathered

    async def look(self, chat_key: bytes, update: Update | None = None) -> Found:
        """As :meth:`Store.look`, with what is not committed yet."""
        # What is not committed is looked at first: a commit may end between a look at the store and one at it.
        newer: dict[str, Sealed | None] = {}
        for batch in (self._committing, self._gathered):
            if chat_key in batch.sessions:
                newer["session"] = batch.sessions[chat_key]
            if chat_key in batch.fragments:
                newer["fragment"] = batch.fragments[chat_key]
        handled = update in self._gathered.handled or update in self._committing.handled
        found = await self._store.look(chat_key, update)
        return found._replace(**newer, handled=handled or found.handled) if newer or handled else found

    async def flush(self) -> None:
        """Commits everything gathered so far. Raises what the database raises; then the batch is kept."""
        async with self._lock:
            await self._before()
            if not self._gathered:
                return
            self._committing, self._gathered = self._gathered, Batch()
            try:
                await self._store.write(self._committing)
            except BaseException:
                self._committing.merge(self._gathered)
                self._gathered = self._committing
                raise
            finally:
                self._committing = Batch()

    def start(self) -> None:
        """Begins to commit once a second."""
        self._task = asyncio.create_task(self._run(), name="write behind")

    async def stop(self) -> None:
        """Ends that, and commits what is left."""
        # Not cancelled: whether a commit that is called off has happened or not, nobody could say.
        self._stopping.set()
        if self._task:
            await self._task
            self._task = None
        await self.flush()

    async def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), INTERVAL)
            try:
                await self.flush()
            except Exception as error:
                # The type alone: a database error may carry what was to be written.
                _log.error("changes could not be written, trying again: %s", type(error).__name__)
