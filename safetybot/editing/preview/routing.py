"""What holds for every page: whether a form is ours, and how it is read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from hmac import compare_digest

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from safetybot.editing.preview.context import PreviewContext
from safetybot.http.forms import read_form
from safetybot.http.guard import is_from_here

Handler = Callable[[Request, Mapping[str, str]], Awaitable[Response]]
"""The form is empty for a GET."""

BODY_MAX = 6 * 1024 * 1024
"""Bytes of a form: a file has 2 MB at most, and every byte may take three."""
_FIELDS = 2_000
STALE = "stale"
"""A field of forms that were sent with another token: the page was opened before the preview was started anew."""


def route(parts: PreviewContext, path: str, handler: Handler, methods: Sequence[str] = ("GET",)) -> Route:
    """A page. A form is taken only from our own pages; what is typed in an old one is shown again, to be sent anew."""

    async def answer(request: Request) -> Response:
        form: dict[str, str] = {}
        if request.method == "POST":
            if not is_from_here(request, parts.options, surely=False):
                raise HTTPException(403)
            form = await read_form(request, most_bytes=BODY_MAX, most_fields=_FIELDS)
            token = form.pop("token", "")
            form.pop(STALE, None)
            if not compare_digest(token.encode("utf-8", "replace"), parts.token.encode()):
                form[STALE] = "1"
        return await handler(request, form)

    return Route(path, answer, methods=list(methods))
