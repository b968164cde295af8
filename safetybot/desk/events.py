"""Tells open pages that something has changed: server-sent events without any content.

Reports come from the bot's process, so the database is asked: once a second for all pages together, only while one
listens, and only for the number of the newest row of the audit log, to which every act adds one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.desk.logins import LoggedIn
from safetybot.reports import queue
from safetybot.reports.cases import Status
from safetybot.vault import audit

SECONDS = 1.0
"""Between two looks at the database."""
HEARTBEAT = 15.0
"""Seconds after which a stream without news says that it lives."""
STREAMS = 3
"""That one login may have: browsers open six connections at most, and pages need some."""
_RETRY = 3000
"""Milliseconds after which a browser whose stream broke asks again."""

_log = logging.getLogger(__name__)


class _Subscriber:
    """One open page."""

    def __init__(self, login: LoggedIn, seen: int) -> None:
        self.login = login
        self.seen = seen
        """The newest row that the page knows of."""
        self.look = False
        """Whether the page is to look again whatever the log says."""
        self.dropped = False
        """Whether newer pages of the same login took its place."""
        self.stir = asyncio.Event()


class Changed:
    """What all open pages are told."""

    def __init__(self, engine: AsyncEngine, seconds: float = SECONDS) -> None:
        self.also: list[Callable[[], None]] = []
        """What is done at every look besides: it may end what only time ends."""
        self._engine = engine
        self._seconds = seconds
        self._ears: list[_Subscriber] = []
        self._stir = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self._closed = False
        self._number: int | None = None
        """Of the newest row; None while nobody knows."""
        self._counts: dict[str, int] = {}
        self._failed = False

    @property
    def listeners(self) -> Sequence[LoggedIn]:
        """The logins whose pages listen."""
        return [ear.login for ear in self._ears]

    def poke(self) -> None:
        """Something changed that is not in the database: who has a case open."""
        for ear in self._ears:
            ear.look = True
            ear.stir.set()

    def close(self) -> None:
        """Ends every stream, and lets no new one begin: the desk stops."""
        self._closed = True
        self._stir.set()
        for ear in self._ears:
            ear.stir.set()

    async def drain(self) -> None:
        """Waits until the database is asked no more. For the end, after :meth:`close`."""
        if self._watching is not None:
            await self._watching

    async def stream(self, login: LoggedIn, seen: int) -> AsyncIterator[bytes]:
        """The events for a page that knows of everything up to row ``seen`` of the log, until its login is over."""
        if self._closed:
            return
        with self._listening(login, seen) as ear:
            yield f"retry: {_RETRY}\n\n".encode()
            told_failed = False
            while not self._closed:
                ear.stir.clear()
                if ear.dropped or login.why is not None:
                    yield _event("dropped" if ear.dropped else "over")
                    return
                if self._failed != told_failed:
                    told_failed = self._failed
                    ear.look = ear.look or not told_failed
                    if told_failed:
                        yield _event("trouble")
                number = self._number
                if not told_failed and number is not None and (ear.look or number != ear.seen):
                    ear.look, ear.seen = False, number
                    yield _event("changed", number, **self._counts)
                try:
                    await asyncio.wait_for(ear.stir.wait(), HEARTBEAT)
                except TimeoutError:
                    yield b": here\n\n"

    @contextmanager
    def _listening(self, login: LoggedIn, seen: int) -> Iterator[_Subscriber]:
        ear = _Subscriber(login, seen)
        theirs = [other for other in self._ears if other.login is login and not other.dropped]
        for old in theirs[: max(0, len(theirs) - STREAMS + 1)]:
            old.dropped = True
            old.stir.set()
        self._ears.append(ear)
        if self._watching is None or self._watching.done():
            self._number, self._failed = None, False
            self._watching = asyncio.create_task(self._watch(), name="desk changes")
        try:
            yield ear
        finally:
            self._ears.remove(ear)
            if not self._ears:
                self._stir.set()

    async def _watch(self) -> None:
        """Looks until nobody listens any more."""
        while self._ears and not self._closed:
            failed = self._failed
            try:
                for do in self.also:
                    do()
                await self._look()
                self._failed = False
            except Exception as error:
                # Whatever it is: pages must be told that they are not told any more. The type alone is written down.
                if not failed:
                    _log.error("the desk cannot see what is new: %s", type(error).__name__)
                self._failed = True
            for ear in self._ears:
                if ear.seen != self._number or ear.login.why is not None or failed != self._failed:
                    ear.stir.set()
            self._stir.clear()
            if self._ears and not self._closed:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stir.wait(), self._seconds)

    async def _look(self) -> None:
        async with self._engine.connect() as connection:
            number = (await audit.head(connection)).number
            if number != self._number:
                counts = await queue.counts(connection)
                self._counts = {"unread": counts.unread, "urgent": counts.urgent}
                self._counts |= {status.value: counts.status[status] for status in Status}
                self._number = number


def _event(name: str, id_: int | None = None, **data: int) -> bytes:
    lines = [f"event: {name}", f"data: {json.dumps(data, separators=(',', ':'))}"]
    if id_ is not None:
        lines.insert(0, f"id: {id_}")
    return ("\n".join(lines) + "\n\n").encode()
