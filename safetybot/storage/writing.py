"""Writes what turns have changed: behind, and gathered, where one process has the database; else before a turn ends.

Either way many turns share a commit, for it takes as long for a hundred as for one.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from sqlalchemy import Connection

from safetybot.metrics.counters import Metrics
from safetybot.storage.batching import Batcher
from safetybot.storage.chat_locks import ChatLocks, TurnLost
from safetybot.storage.data_errors import is_bad_value
from safetybot.storage.store import Batch, Sealed, Store, StoredChat, Update
from safetybot.storage.transactions import run

INTERVAL = 0.05
"""Seconds between commits, where there is something to commit."""
RETRY = 1.0
"""Seconds after which a commit that failed is tried again."""

_log = logging.getLogger(__name__)


class Writing(ABC):
    """What turns look at and change."""

    @abstractmethod
    async def look(self, chat_key: bytes, update: Update | None = None) -> StoredChat:
        """What is stored of a chat, with all that earlier turns have changed."""

    @abstractmethod
    async def write(self, chat_key: bytes, changed: Batch) -> None:
        """Takes in what the turn of a chat has changed. Raises TurnLost, and what the database raises."""

    async def flush(self) -> None:
        """Returns once everything taken in so far is on the disk. Raises what the database raises."""
        return

    async def stop(self) -> None:
        """Ends in an orderly way: everything is on the disk."""
        await self.flush()


class WriteThrough(Writing):
    """Each turn waits for its commit, so that the next turn of the chat may be another process's."""

    def __init__(self, store: Store, locks: ChatLocks, observed: Metrics | None = None) -> None:
        self._observed = observed or Metrics()
        self._store = store
        self._locks = locks
        self._writes = Batcher(self._write)

    async def look(self, chat_key: bytes, update: Update | None = None) -> StoredChat:
        return await self._store.look(chat_key, update)

    async def write(self, chat_key: bytes, changed: Batch) -> None:
        if changed and not await self._writes.submit((chat_key, changed)):
            raise TurnLost("another process has the turn of this chat now")

    async def _write(self, asked: Sequence[tuple[bytes, Batch]]) -> list[bool]:
        """Writes those whose turns are still ours. Whether each of them is written."""
        chats = [chat_key for chat_key, _ in asked]

        def work(write: Callable[[Connection, Batch], None], connection: Connection) -> set[bytes]:
            ours = self._locks.still_ours(connection, chats)
            together = Batch()
            for chat_key, changed in asked:
                if chat_key in ours:
                    together.merge(changed)
            write(connection, together)
            return ours

        with self._observed.committing():
            try:
                ours = await run(self._store.engine, partial(work, self._store.write_on))
            except Exception as error:
                if not is_bad_value(error):
                    raise
                ours = await run(self._store.engine, partial(work, self._store.write_rows_on))
        return [chat_key in ours for chat_key in chats]


class WriteBehind(Writing):
    """Gathers changes, and commits them by itself. What is gathered and not yet committed is seen by looks.

    A failed commit loses nothing: the batch is kept and tried again with what came since.
    """

    def __init__(self, store: Store, observed: Metrics | None = None) -> None:
        self._observed = observed or Metrics()
        self._store = store
        self._gathered = Batch()
        self._committing = Batch()
        self._commits = Batcher(self._commit)
        self._task: asyncio.Task[None] | None = None
        self._something = asyncio.Event()
        self._stopping = asyncio.Event()

    def gather(self, changed: Batch) -> None:
        """As :meth:`write`, at once."""
        self._gathered.merge(changed)
        self._something.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="write behind")

    async def write(self, chat_key: bytes, changed: Batch) -> None:
        if changed:
            self.gather(changed)

    async def look(self, chat_key: bytes, update: Update | None = None) -> StoredChat:
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
        """Commits everything gathered so far. Raises what the database raises; then it is kept."""
        if self._gathered or self._committing:
            await self._commits.submit(None)

    async def stop(self) -> None:
        # Not cancelled: whether a commit that is called off has happened or not, nobody could say.
        self._stopping.set()
        self._something.set()
        if self._task:
            await self._task
        await self.flush()

    async def _commit(self, asked: Sequence[None]) -> list[None]:
        if self._gathered:
            self._committing, self._gathered = self._gathered, Batch()
            try:
                with self._observed.committing():
                    await self._store.write(self._committing)
            except BaseException:
                self._committing.merge(self._gathered)
                self._gathered = self._committing
                raise
            finally:
                self._committing = Batch()
        return [None] * len(asked)

    async def _run(self) -> None:
        pause, failures = INTERVAL, 0
        while not self._stopping.is_set():
            await self._something.wait()
            self._something.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            try:
                await self.flush()
                if failures:
                    _log.info("changes are written again")
                pause, failures = INTERVAL, 0
            except Exception as error:
                pause, failures = RETRY, failures + 1
                if failures & (failures - 1) == 0:  # at 1, 2, 4, 8…: seen, and no flood of lines
                    # The type alone: a database error may carry what was to be written.
                    _log.error("changes could not be written, trying again: %s", type(error).__name__)
                self._something.set()
