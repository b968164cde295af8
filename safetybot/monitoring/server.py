"""Serves the pages for as long as a program runs: from before it is ready until it has finished."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from safetybot.http.guard import OwnNames
from safetybot.http.server import listen, serve
from safetybot.metrics.counters import Metrics
from safetybot.monitoring.app import WatchPages
from safetybot.monitoring.options import WatchOptions
from safetybot.monitoring.readiness import Readiness
from safetybot.storage.database import Engine


class Watch:
    """Tells the pages how far the program is."""

    def __init__(self, observed: Metrics, *, telegram: bool = False) -> None:
        """``telegram``: whether the program is to answer there."""
        self.observed = observed
        self._readiness = Readiness(observed, telegram=telegram)
        self.pages = WatchPages(observed, self._readiness)
        self.address: str | None = None
        """Where they are served; None where they are not."""

    @asynccontextmanager
    async def of(
        self, engine: Engine, stop: asyncio.Event, content: Callable[[], bool] = lambda: True
    ) -> AsyncIterator[None]:
        """While the block runs, the program answers, until ``stop`` is set. ``content``: whether valid content is live.

        When it ends, nothing asks the database any more.
        """
        self._readiness.started(engine, content)
        self.pages.started(engine)
        ending = asyncio.create_task(self._ends(stop), name="watch stop")
        try:
            yield
        finally:
            ending.cancel()
            await self._readiness.closing()
            await self.pages.closing()

    async def _ends(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._readiness.stopping()


@asynccontextmanager
async def watched(options: WatchOptions | None, observed: Metrics, *, telegram: bool = False) -> AsyncIterator[Watch]:
    """The pages while the block runs; where ``options`` is None, nothing is served. Raises AddressTaken."""
    watch = Watch(observed, telegram=telegram)
    if options is None:
        yield watch
        return
    end = asyncio.Event()
    with listen(options) as listening:
        watch.address = listening.address
        listening.socket.listen()  # whoever asks in the first moment waits for it
        serving = asyncio.create_task(
            serve(OwnNames(watch.pages.app, options), options, listening, end), name="metrics"
        )
        try:
            yield watch
        finally:
            end.set()
            await serving
