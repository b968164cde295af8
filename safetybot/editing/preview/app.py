"""The preview's routes, and what goes with every answer."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from safetybot.editing.preview import editor_pages, overview, topic_pages, try_message, unanswered_pages
from safetybot.editing.preview.context import PreviewContext
from safetybot.editing.preview.static_files import file_routes
from safetybot.http.forms import NotAForm, TooLarge
from safetybot.http.guard import Guard, headers_of

_MODULES = (overview, topic_pages, try_message, editor_pages, unanswered_pages)
"""Each has ``routes``."""
_WORDS = {
    403: ("This form was not sent from the preview", "Open the preview's page again and send it from there."),
    404: ("There is no such page", "The address may be mistyped, or the file may have another name now."),
    405: ("There is no such page", "The address may be mistyped."),
    413: ("That is too much at once", "A file may have 2 MB. Go back in your browser and shorten it."),
    421: ("There is no such page", "The preview is not known by this name."),
    500: ("This did not work", "Something in the preview failed, and nothing was saved. Go back, and try again."),
}
_OTHER = ("This could not be read", "Open the preview's page again and try once more.")
_OWN = ("script-src", "style-src", "img-src", "connect-src", "form-action")


def preview_app(parts: PreviewContext) -> Starlette:
    """What a server runs."""

    async def problem(request: Request, status: int) -> Response:
        title, says = _WORDS.get(status, _OTHER)
        return parts.pages.page(request, "problem.html", status, title=title, says=says)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        response = await problem(request, error.status_code)
        response.headers.update(error.headers or {})
        return response

    async def too_large(request: Request, _: Exception) -> Response:
        response = await problem(request, 413)
        response.headers["Connection"] = "close"  # what is left of it is not read
        return response

    async def no_form(request: Request, _: Exception) -> Response:
        return await problem(request, 400)

    headers = headers_of(parts.options, dict.fromkeys(_OWN, "'self'"))
    app = Starlette(
        routes=[*(route for module in _MODULES for route in module.routes(parts)), *file_routes()],
        middleware=[Middleware(Guard, options=parts.options, headers=lambda _: headers, problem=problem)],
        exception_handlers={HTTPException: refused, TooLarge: too_large, NotAForm: no_form},
    )
    app.router.redirect_slashes = False
    return app
