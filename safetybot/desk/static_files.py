"""The few files there are, and what machines ask for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

_FOLDER = Path(__file__).parent / "static"
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def file_routes() -> Sequence[Route]:
    """Their routes."""
    files = {path.name: path.read_bytes() for path in _FOLDER.iterdir() if path.suffix in _KINDS}

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in files:
            raise HTTPException(404)
        return Response(files[name], media_type=_KINDS[Path(name).suffix])

    async def icon(_: Request) -> Response:
        return Response(files["icon.svg"], media_type=_KINDS[".svg"])

    async def robots(_: Request) -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    return [
        Route("/static/{name}", file),
        Route("/favicon.ico", icon),
        Route("/robots.txt", robots),
        Route("/health", health),
    ]
