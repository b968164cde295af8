"""The desk's routes, and what runs beside them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from safetybot.desk import (
    account_pages,
    audit_pages,
    case_pages,
    figures_pages,
    login_pages,
    passkey_pages,
    queue_pages,
    referral_pages,
    staff_pages,
)
from safetybot.desk.context import DeskContext
from safetybot.desk.login_sweeper import sweep
from safetybot.desk.logins import Ended
from safetybot.desk.routing import wants_page
from safetybot.desk.static_files import file_routes
from safetybot.http.forms import NotAForm, TooLarge
from safetybot.http.guard import Guard, Headers, headers_of

SWEEP_SECONDS = 10.0
"""Between two looks for logins that are over."""
_MODULES = (
    queue_pages,
    login_pages,
    account_pages,
    passkey_pages,
    staff_pages,
    audit_pages,
    figures_pages,
    referral_pages,
    case_pages,
)
"""Each has ``routes``."""
_WORDS = {
    403: ("This form was not sent from the desk", "Open the desk's page again and send it from there."),
    404: ("There is no such page", "The address may be mistyped."),
    405: ("There is no such page", "The address may be mistyped."),
    413: ("That is too much at once", "A text may have about 16,000 letters. Go back in your browser and shorten it."),
    421: ("There is no such page", "The desk is not known by this name."),
    500: ("This did not work", "Something in the desk failed, and nothing was changed. Try again."),
}
_OTHER = ("This could not be read", "Open the desk's page again and try once more.")

_log = logging.getLogger(__name__)


def desk_app(parts: DeskContext) -> Starlette:
    """What a server runs."""

    async def problem(request: Request, status: int) -> Response:
        title, says = _WORDS.get(status, _OTHER)
        if not wants_page(request):
            return JSONResponse({"problem": title, "says": says}, status)
        return parts.pages.page(request, "problem.html", None, status, title=title, says=says, kept=[], action="")

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

    headers = _headers(parts)
    app = Starlette(
        routes=routes(parts),
        middleware=[Middleware(Guard, options=parts.options, headers=lambda _: headers, problem=problem)],
        exception_handlers={HTTPException: refused, TooLarge: too_large, NotAForm: no_form},
        lifespan=lambda _: _running(parts),
    )
    app.router.redirect_slashes = False
    return app


def routes(parts: DeskContext) -> Sequence[BaseRoute]:
    """Every route there is."""
    return [*(route for module in _MODULES for route in module.routes(parts)), *file_routes()]


def _headers(parts: DeskContext) -> Headers:
    own = ("script-src", "style-src", "img-src", "connect-src", "form-action")
    return headers_of(parts.options, dict.fromkeys(own, "'self'"))


@asynccontextmanager
async def _running(parts: DeskContext) -> AsyncIterator[None]:
    """Locks what is idle while the desk runs, even if nobody asks for anything; and everything at the end."""
    sweeping = asyncio.create_task(_sweep(parts), name="desk sweep")
    try:
        yield
    finally:
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping
        parts.logins.end_all(Ended.STOPPED)
        parts.changed.close()
        await parts.changed.drain()
        await parts.jobs.drain()


async def _sweep(parts: DeskContext) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            await sweep(parts)
        except Exception as error:
            _log.error("the desk could not look who is still active: %s", type(error).__name__)
