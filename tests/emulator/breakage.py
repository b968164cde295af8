"""How each fault shows on the wire."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tests.emulator.account import Refused
from tests.emulator.faults import Fault

REFUSALS = {
    "400": (400, "Bad Request: refused for a test"),
    "401": (401, "Unauthorized"),
    "404": (404, "Not Found"),
    "parse": (400, 'Bad Request: can\'t parse entities: Unsupported start tag "x" at byte offset 5'),
    "blocked": (403, "Forbidden: bot was blocked by the user"),
    "409": (409, "Conflict: terminated by other getUpdates request"),
    "429": (429, "Too Many Requests"),
    "500": (500, "Internal Server Error"),
}


class Broken(Exception):  # noqa: N818
    """The call ends in something that is no answer of the Bot API."""

    def __init__(self, response: web.StreamResponse) -> None:
        super().__init__()
        self.response = response


async def before(fault: Fault, request: web.BaseRequest) -> None:
    """What happens instead of, or before, carrying the call out."""
    if fault.kind in REFUSALS:
        status, description = REFUSALS[fault.kind]
        raise Refused(status, description, {"retry_after": fault.seconds} if status == 429 else None)
    if fault.kind in ("slow", "silent"):
        await asyncio.sleep(fault.seconds)
    if fault.kind in ("reset", "silent"):
        raise Broken(_closed(request))
    if fault.kind == "502":
        raise Broken(web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html"))


async def after(fault: Fault, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
    """What becomes of the answer to a call that was carried out."""
    if fault.kind == "lost":
        return _closed(request)
    if fault.kind == "cut":
        response = web.StreamResponse(headers={"Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        if request.transport is not None:
            request.transport.close()
        return response
    if fault.kind == "garbage":
        return web.Response(text="<html>fine</html>", content_type="text/html")
    return web.Response(body=body, content_type="application/json")


def _closed(request: web.BaseRequest) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
