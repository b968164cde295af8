"""What goes with every answer, whatever it is; and the last guard against an error that shows itself."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from safetybot.http.options import ServingOptions
from safetybot.http.request_headers import header

_log = logging.getLogger(__name__)

Problem = Callable[[Request, int], Awaitable[Response]]
"""A kind page for a status."""
Headers = Sequence[tuple[bytes, bytes]]

_NOTHING = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)


class Guard:
    """Adds the headers, answers only to our own names, and turns an error into a page."""

    def __init__(
        self, app: ASGIApp, options: ServingOptions, headers: Callable[[str], Headers], problem: Problem
    ) -> None:
        """``headers``: those of the answer at a path (:func:`headers_of`)."""
        self._app = app
        self._options = options
        self._headers = headers
        self._problem = problem

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = self._headers(scope["path"])
        begun = False

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                said = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(each for each in wanted if each[0] not in said)]
            await send(message)

        if not self._options.answers_to(_name(scope)):
            response = await self._problem(Request(scope, receive), 421)
            await response(scope, receive, with_headers)
            return
        try:
            await self._app(scope, receive, with_headers)
        except ClientDisconnect:
            return
        except Exception as error:
            # The type alone: what went wrong may quote what was written.
            _log.error("a page failed: %s", type(error).__name__)
            if begun:
                return
            response = await self._problem(Request(scope, receive), 500)
            await response(scope, receive, with_headers)


class OwnNames:
    """Answers only to our own names, on pages for programs."""

    def __init__(self, app: ASGIApp, options: ServingOptions) -> None:
        self._app = app
        self._options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        app = self._app
        if scope["type"] == "http" and not self._options.answers_to(_name(scope)):
            told = "Not a name of this server: see SAFETYBOT_METRICS_NAMES.\n"
            app = PlainTextResponse(told, 421, {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
        await app(scope, receive, send)


def is_from_here(request: Request, options: ServingOptions, *, surely: bool) -> bool:
    """Whether a form was sent by a page of ours.

    Browsers say where a request comes from in ``Sec-Fetch-Site``; older ones in ``Origin``, which is ``null`` where a
    page sends no referrer. ``surely``: the absence of both is not enough.
    """
    site = header(request, b"sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = header(request, b"origin")
    if origin not in (None, "null"):
        return origin == (options.url or f"{request.url.scheme}://{request.headers.get('host', '')}")
    return site == "same-origin" or not surely


def headers_of(options: ServingOptions, policy: Mapping[str, str], *, framed: bool = False) -> Headers:
    """What goes with every answer. ``policy``: of the Content-Security-Policy, what is not forbidden.

    ``framed``: pages of other sites may show it in a frame, as ``policy`` says.
    """
    policy = {"default-src": "'none'", "base-uri": "'none'", "frame-ancestors": "'none'", **policy}
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
        "Permissions-Policy": ", ".join(f"{name}=()" for name in _NOTHING),
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if not framed:
        headers |= {"X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin"}
    if options.secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def _name(scope: Scope) -> str:
    """The name that a browser asks for."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1").lower()
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
