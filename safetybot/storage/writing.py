"""Writes behind: changes are gathered and committed together, once a second and on stop.

What is gathered and not yet committed is seen by reads. A failed commit loses nothing: the batch is kept and tried
again with what came since.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from safetybot.storage.store import Batch, Sealed, Store

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

    async def load(self, chat_key: bytes) -> tuple[bytes | None, Sealed | None]:
        """As :meth:`Store.load`, with what is not committed yet."""
        # What is not committed is looked at first: a commit may end between a look at the store and one at it.
        newer = Batch()
        for batch in (self._committing, self._gathered):
            if chat_key in batch.sessions:
                newer.sessions[chat_key] = batch.sessions[chat_key]
            if chat_key in batch.fragments:
                newer.fragments[chat_key] = batch.fragments[chat_key]
        session, fragment = await self._store.load(chat_key)
        if chat_key in newer.sessions:
            changed = newer.sessions[chat_key]
            session = changed.envelope if changed else None
        return session, newer.fragments.get(chat_key, fragment)

    async def was_handled(self, channel: str, update_id: int) -> bool:
        """As :meth:`Store.was_handled`, with what is not committed yet."""
        key = (channel, update_id)
        if key in self._gathered.handled or key in self._committing.handled:
            return True
        return await self._store.was_handled(channel, update_id)

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
