"""The three pages: /healthz, /readyz and /metrics."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from safetybot.observing import Observed
from safetybot.storage.database import Engine
from safetybot.watching.exposition import exposition
from safetybot.watching.numbers import KEEP, NOTHING, PATIENCE, Numbers, numbers
from safetybot.watching.patience import Patient
from safetybot.watching.readiness import MEANS, Readiness

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class WatchPages:
    """The pages of one process. :attr:`app` is what a server runs."""

    def __init__(self, observed: Observed, readiness: Readiness) -> None:
        self._observed = observed
        self._readiness = readiness
        self._numbers: Patient[Numbers] | None = None
        routes = [Route("/healthz", self._alive), Route("/readyz", self._ready), Route("/metrics", self._metrics)]
        self.app = Starlette(routes=routes)

    def started(self, engine: Engine) -> None:
        """The database is open."""
        self._numbers = Patient(lambda: numbers(engine), NOTHING, keep=KEEP, patience=PATIENCE)

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
