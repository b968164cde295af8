"""Work for the database that goes there and back once, whatever it does there.

Each thing that aiosqlite does is a change to another thread and back, five of them for one look. For what every
message needs, all the work is done in such a thread instead: with the same tables and queries, on a connection to the
same file. On PostgreSQL it is done on the event loop, and again where another process was in the way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError

from safetybot.storage.database import Engine, direct_engine
from safetybot.storage.postgresql import was_in_the_way

T = TypeVar("T")

Work = Callable[[Connection], T]

THREADS = 3
"""So that one who reads does not wait for one who waits for the disk."""
TRIES = 3
"""On PostgreSQL."""


async def run(engine: Engine, work: Work[T]) -> T:
    """What ``work`` gives, in one transaction, committed. Raises what it raises; then nothing of it is done.

    It may be done more than once, the last of which counts: it changes nothing but the database.
    """
    if engine.dialect.name != "sqlite":
        return await _run_there(engine, work)
    threads = _THREADS.get(engine)
    if threads is None:
        threads = _THREADS[engine] = Threads(engine)
    return await threads.run(work)


async def _run_there(engine: Engine, work: Work[T]) -> T:
    for left in reversed(range(TRIES)):
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(work)
        except DBAPIError as error:
            if not left or not was_in_the_way(error):
                raise
    raise AssertionError  # never reached


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
