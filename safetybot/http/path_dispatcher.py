"""Two applications in one server: one path is the one's, all else the other's."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

App = ASGIApp
"""What a server serves; under this name for those that only hand it on."""


class PathDispatcher:
    """Leads each request to its application. What begins and ends with the server is told to ``others`` alone."""

    def __init__(self, path: str, app: ASGIApp, others: ASGIApp | None = None) -> None:
        """``app`` answers at ``path``; without ``others`` nothing is anywhere else."""
        self._path = path
        self._app = app
        self._others = others or _nothing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        here = scope["type"] == "http" and scope["path"] == self._path
        await (self._app if here else self._others)(scope, receive, send)


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        for name in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{name}.complete"})
    elif scope["type"] == "http":
        headers = [(b"content-length", b"0"), (b"cache-control", b"no-store"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
