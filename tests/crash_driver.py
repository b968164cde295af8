"""A program that is killed with ``kill -9`` at any chosen point of answering one update.

Standard input: one order a line, as JSON. Each is carried out in a forked child: a real bot on the files in ``folder``
handles the update, and the child kills itself at point ``at``; or, with more points than the path has, once it has
written what it would have shown to ``shown``. Standard output: how the child ended, one number a line.

The points are every await of the path. For an await of the database there are two: before it does its part, and after.
On PostgreSQL, what is asked of the server is on its way at such a point, and may be done or not.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar
from pathlib import Path
from types import coroutine
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy import Connection, make_url

from safetybot.dialogue.messages import Incoming
from safetybot.guidance.reader import read_content
from safetybot.matching.fitter import Fitter, load_encoder
from safetybot.storage.transactions import Threads
from safetybot.understanding.understanding import Understanding, understand
from tests.talking import DIALOGUE_CONTENT, Bot

T = TypeVar("T")

_OF_THE_PATH = ContextVar("of the path", default=False)


class Points:
    """Counts the points of one task's path, and kills the process at one of them."""

    def __init__(self, at: int) -> None:
        self.passed = 0
        self._at = at
        self._lock = threading.Lock()
        self._asks_database = False

    def point(self) -> None:
        with self._lock:
            self.passed += 1
            if self.passed == self._at:
                os.kill(os.getpid(), signal.SIGKILL)

    @coroutine
    def follow(self, path: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
        """Runs ``path`` with a point wherever it waits."""
        error: BaseException | None = None
        while True:
            try:
                awaited = path.throw(error) if error else path.send(None)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            if not self._asks_database:
                self.point()
            self._asks_database = False
            try:
                yield awaited
                error = None
            except BaseException as thrown:
                error = thrown

    def watch_database(self) -> None:
        """A point before and after everything that the path has the database do, in the thread that does it.

        Tasks that the path begins, and waits for or not, belong to it.
        """
        task, execute = asyncio.current_task(), aiosqlite.Connection._execute
        _OF_THE_PATH.set(True)

        async def watched(connection: aiosqlite.Connection, fn: Callable[..., T], *args: Any, **named: Any) -> Any:
            if not _OF_THE_PATH.get():
                return await execute(connection, fn, *args, **named)

            def between() -> T:
                self.point()
                done = fn(*args, **named)
                self.point()
                return done

            self._asks_database = asyncio.current_task() is task
            return await execute(connection, between)

        aiosqlite.Connection._execute = watched  # type: ignore[method-assign]
        self._watch_errands()

    def _watch_errands(self) -> None:
        """Around what is done in one go, within its transaction and after it."""
        run_here = Threads.run_here

        def watched(threads: Threads, work: Callable[[Connection], T]) -> T:
            def between(connection: Connection) -> T:
                self.point()
                done = work(connection)
                self.point()
                return done

            done = run_here(threads, between)
            self.point()
            return done

        Threads.run_here = watched  # type: ignore[method-assign]


async def answer(understanding: Understanding, order: dict[str, Any]) -> None:
    database = make_url(order["database"]) if order["database"] else Path("unused")
    bot = Bot(understanding, database, Path(order["folder"]))
    bot.clock.now = order["now"]
    await bot.start()
    while bot.engine.pool.checkedout() or not bot.engine.pool.checkedin():  # type: ignore[attr-defined]
        await asyncio.sleep(0.001)  # what it does at its start is no part of the path
    points = Points(order["at"])
    points.watch_database()
    reply = await points.follow(bot.reply(Incoming(**order["incoming"])))
    texts = [message.text for message in reply.messages] if reply else None
    Path(order["shown"]).write_text(json.dumps({"points": points.passed, "texts": texts}), encoding="utf-8")
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    library = read_content(DIALOGUE_CONTENT, today=dt.date(2026, 11, 24)).require()
    understanding = understand(library, Fitter(Path(sys.argv[1]), load_encoder()))
    assert isinstance(understanding, Understanding)
    understanding.interpreters["en"].interpret("so that all is loaded")
    for line in sys.stdin:
        assert threading.active_count() == 1, "a fork would lose the other threads"
        pid = os.fork()
        if not pid:
            try:
                asyncio.run(answer(understanding, json.loads(line)))
            finally:
                os._exit(1)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
