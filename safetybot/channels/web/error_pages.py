"""What did not work, as a page that looks like the rest and says where help is; for a script, as a part of its page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from safetybot.channels.web.accept_language import first_language
from safetybot.channels.web.pages import ChatPages, Place
from safetybot.channels.web.rate_limits import TooMany
from safetybot.http.forms import NotAForm, TooLarge
from safetybot.http.json_response import JsonAnswer
from safetybot.http.request_headers import header

_WORDS = {
    403: "web-refused",
    404: "web-not-found",
    413: "web-too-large",
    421: "web-not-found",
    429: "web-too-many",
    500: "web-failed",
}
_OTHER = "web-not-understood"

Handler = Callable[[Request, Exception], Awaitable[Response]]


def wants_json(request: Request) -> bool:
    """Whether a script of ours asks, rather than a browser."""
    return "application/json" in (header(request, b"accept") or "")


class Problems:
    """Pages that are no one's fault."""

    def __init__(self, pages: ChatPages, place: Callable[[Request], Place]) -> None:
        self._pages = pages
        self._place = place

    @property
    def handlers(self) -> Mapping[type[Exception], Handler]:
        """What answers each error that a route may raise."""
        return {
            HTTPException: self._refused,
            TooMany: self._too_many,
            TooLarge: self._too_large,
            NotAForm: self._no_form,
        }

    async def page(self, request: Request, status: int) -> Response:
        """The page for a status."""
        name, language = _WORDS.get(status, _OTHER), first_language(request)
        if wants_json(request):
            return JsonAnswer({"problem": str(self._pages.problem_part(name, language))}, status)
        return HTMLResponse(self._pages.problem(self._place(request), name, language), status)

    async def _refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        response = await self.page(request, error.status_code)
        response.headers.update(error.headers or {})
        return response

    async def _too_many(self, request: Request, _: Exception) -> Response:
        response = await self.page(request, 429)
        response.headers["Retry-After"] = "60"
        return response

    async def _too_large(self, request: Request, _: Exception) -> Response:
        response = await self.page(request, 413)
        response.headers["Connection"] = "close"  # what is left of it is not read
        return response

    async def _no_form(self, request: Request, _: Exception) -> Response:
        return await self.page(request, 400)
