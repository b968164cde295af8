"""Work for the database that goes there and back once, whatever it does there.

Each thing that aiosqlite does is a change to another thread and back, five of them for one look. For what every
message needs, all the work is done in such a thread instead: with the same tables and queries, on a connection to the
same file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, event

from safetybot.storage.database import Engine, direct_engine

T = TypeVar("T")

Work = Callable[[Connection], T]

THREADS = 3
"""So that one who reads does not wait for one who waits for the disk."""


async def run(engine: Engine, work: Work[T]) -> T:
    """What ``work`` gives, in one transaction, committed. Raises what it raises; then nothing of it is done."""
    if engine.dialect.name != "sqlite":
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    threads = _THREADS.get(engine)
    if threads is None:
        threads = _THREADS[engine] = Threads(engine)
    return await threads.run(work)


class Threads:
    """The threads of one SQLite file, and their connections, until its engine is disposed of."""

    def __init__(self, engine: Engine) -> None:
        self._engine = direct_engine(engine)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="database")
        event.listen(engine.sync_engine, "engine_disposed", lambda _: self._close(engine))

    async def run(self, work: Work[T]) -> T:
        """``work``, in one of them."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.run_here, work)

    def run_here(self, work: Work[T]) -> T:
        """``work``, in the thread of who calls this."""
        with self._engine.begin() as connection:
            return work(connection)

    def _close(self, engine: Engine) -> None:
        _THREADS.pop(engine, None)
        self._threads.shutdown()
        self._engine.dispose()


_THREADS: WeakKeyDictionary[Engine, Threads] = WeakKeyDictionary()
