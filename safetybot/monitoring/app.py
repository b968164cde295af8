"""The three pages: /healthz, /readyz and /metrics."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from safetybot.metrics.counters import Metrics
from safetybot.monitoring.cached_probe import CachedProbe
from safetybot.monitoring.exposition import exposition
from safetybot.monitoring.gauges import KEEP, NOTHING, PATIENCE, Gauges, read_gauges
from safetybot.monitoring.readiness import MEANS, Readiness
from safetybot.storage.database import Engine

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class WatchPages:
    """The pages of one process. :attr:`app` is what a server runs."""

    def __init__(self, observed: Metrics, readiness: Readiness) -> None:
        self._observed = observed
        self._readiness = readiness
        self._numbers: CachedProbe[Gauges] | None = None
        routes = [Route("/healthz", self._alive), Route("/readyz", self._ready), Route("/metrics", self._metrics)]
        self.app = Starlette(routes=routes)

    def started(self, engine: Engine) -> None:
        """The database is open."""
        self._numbers = CachedProbe(lambda: read_gauges(engine), NOTHING, keep=KEEP, patience=PATIENCE)

    async def closing(self) -> None:
        """From now on the database is left alone."""
        asked, self._numbers = self._numbers, None
        if asked is not None:
            await asked.close()

    async def _alive(self, _: Request) -> Response:
        """That the event loop gets here is all there is to know: who stops answering is to be started anew."""
        return PlainTextResponse("alive\n", headers=_HEADERS)

    async def _ready(self, _: Request) -> Response:
        missing = await self._readiness.missing()
        said = {"ready": not missing, "missing": {each.value: MEANS[each] for each in missing}}
        return JSONResponse(said, status_code=503 if missing else 200, headers=_HEADERS)

    async def _metrics(self, request: Request) -> Response:
        ready = not await self._readiness.missing()
        found = NOTHING if self._numbers is None else await self._numbers()
        page, kind = exposition(self._observed, found, ready, request.headers.get("accept", ""))
        return Response(page, headers={**_HEADERS, "Content-Type": kind})
