"""The few files there are, and what machines ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from safetybot.channels.web.accept_language import first_language
from safetybot.channels.web.embedding import embed_script
from safetybot.channels.web.rendering import MessageRenderer

_FOLDER = Path(__file__).parent / "static"
_KINDS = {
    "chat.css": "text/css; charset=utf-8",
    "chat.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


def file_routes(voice: Callable[[str | None], MessageRenderer] | None) -> list[Route]:
    """Their routes. ``voice``: the words of a language for the script on other sites; None where there is none."""
    files = {name: (_FOLDER / name).read_bytes() for name in _KINDS}

    def answer(name: str) -> Response:
        return Response(files[name], media_type=_KINDS[name])

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in files:
            raise HTTPException(404)
        return answer(name)

    async def icon(_: Request) -> Response:
        return answer("icon.svg")

    async def script(request: Request) -> Response:
        assert voice is not None
        headers = {
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cache-Control": "public, max-age=3600",
            "Vary": "Accept-Language",
        }
        text = embed_script(voice(first_language(request)))
        return Response(text, media_type=_KINDS["chat.js"], headers=headers)

    async def robots(_: Request) -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    return [
        *([Route("/embed.js", script)] if voice else []),
        Route("/static/{name}", file),
        Route("/favicon.ico", icon),
        Route("/robots.txt", robots),
        Route("/health", health),
    ]
