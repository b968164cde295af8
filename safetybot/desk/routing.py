"""What holds for every page that only members see: who may see it, whether a form is ours, and what goes wrong."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from safetybot.desk.context import DeskContext
from safetybot.desk.cookies import cookie_name
from safetybot.desk.forms import kept, read_form
from safetybot.desk.logins import Ended, LoggedIn, LoginStage
from safetybot.http.forms import NotAForm, TooLarge
from safetybot.http.guard import is_from_here
from safetybot.reports.cases import NotAllowed, Shredded, UnknownCase
from safetybot.staff.errors import MemberDisabled, MemberLocked, MustChangePassphrase, SecondFactorMissing
from safetybot.staff.login import still_in
from safetybot.vault.errors import NoReader
from safetybot.vault.roster import check
from safetybot.vault.sealing import TooLong

Handler = Callable[[Request, LoggedIn, Mapping[str, str]], Awaitable[Response]]
"""Answers a request of a member who is in. The form is empty for a GET."""

_log = logging.getLogger(__name__)


def member_route(
    parts: DeskContext,
    path: str,
    methods: Sequence[str],
    handler: Handler,
    *,
    counts: bool = True,
    stage: LoginStage = LoginStage.IN,
) -> Route:
    """A page for those who are logged in with both factors.

    Of anybody else a GET is led to the log-in page; a form is shown to them again with what they typed, so that they
    can log in and send it. ``counts``: asking for it counts as doing something; False for what pages ask for by
    themselves. ``stage``: how far in somebody must be; pages of log-in itself have others than IN.
    """

    async def answer(request: Request) -> Response:
        return await _answer(parts, request, handler, counts, stage)

    return Route(path, answer, methods=list(methods))


def wants_page(request: Request) -> bool:
    """Whether a person asks for it, rather than a script."""
    return "text/html" in request.headers.get("accept", "text/html")


async def _answer(parts: DeskContext, request: Request, handler: Handler, counts: bool, stage: LoginStage) -> Response:
    posted = request.method == "POST"
    if posted and not is_from_here(request, parts.options, surely=False):
        raise HTTPException(403)
    form = await read_form(request) if posted else {}
    login = await known(parts, request)
    if login is None or login.stage is not stage:
        return _log_in_first(parts, request, login, form)
    if posted and not hmac.compare_digest(form.get("csrf", "").encode("utf-8", "replace"), login.csrf.encode()):
        # A page of an earlier login, or one that was sent again after logging in: shown, and done only when sent anew.
        return parts.pages.page(request, "again.html", login, 403, kept=kept(form), action=request.url.path)
    if counts:
        parts.logins.touch(login, parts.clock())
    try:
        return await handler(request, login, form)
    except Exception as error:
        return _problem(parts, request, login, form, error)


async def known(parts: DeskContext, request: Request) -> LoggedIn | None:
    """Who asks, if they have passed the passphrase and were not disabled or given other keys since."""
    login = parts.logins.find(request.cookies.get(cookie_name(parts.options)), parts.clock())
    if login is None:
        return None
    async with parts.engine.connect() as connection:
        try:
            await still_in(connection, login.member)
        except MemberDisabled:
            parts.logins.end(login, Ended.DISABLED)
            return None
        with suppress(NoReader):  # kept for the page: what is wrong with the list of members
            await check(connection)
    return login if login.why is None else None


def _log_in_first(parts: DeskContext, request: Request, login: LoggedIn | None, form: Mapping[str, str]) -> Response:
    if not wants_page(request):
        return JSONResponse({"login": False}, 401)
    if request.method == "POST":
        if login is not None and not kept(form):
            return RedirectResponse(stage_path(login), 303)
        return parts.pages.page(request, "log_in_again.html", None, 401, kept=kept(form), action=request.url.path)
    if login is not None:
        return RedirectResponse(stage_path(login), 303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse("/login" + ("" if wanted == "/" else "?" + urlencode({"next": wanted})), 303)


def stage_path(login: LoggedIn) -> str:
    """The page on which somebody goes on."""
    match login.stage:
        case LoginStage.PASSPHRASE:
            return "/login/passphrase"
        case LoginStage.ENROL:
            return "/login/enrol"
        case LoginStage.SECOND:
            return "/login/second"
        case LoginStage.CODES:
            return "/login/codes"
        case LoginStage.IN:
            return "/"


def _problem(
    parts: DeskContext, request: Request, login: LoggedIn, form: Mapping[str, str], error: Exception
) -> Response:
    """A kind page for what went wrong, with what was typed."""
    title, says, status = "This did not work", "", 500
    match error:
        case HTTPException() | NotAForm() | TooLarge() | ClientDisconnect():
            raise error
        case MemberDisabled() | MemberLocked() if login.why is not None or isinstance(error, MemberLocked):
            if login.why is None:
                parts.logins.end(login, Ended.IDLE)
            return _log_in_first(parts, request, None, form)
        case MemberDisabled():
            title, says, status = "That account is not active", str(error), 409
        case MustChangePassphrase():
            title, says, status = "Change your passphrase first", "You still have a one-time passphrase.", 403
        case SecondFactorMissing():  # it was reset, from elsewhere, since they logged in
            title, says, status = "Your second factor is missing", _sentence(str(error)), 409
        case UnknownCase():
            title, says, status = "There is no such case", "The address may be mistyped.", 404
        case Shredded():
            title = "This case was deleted"
            says, status = "Nothing of it is left but its figures. Its writer may have taken it back.", 410
        case NotAllowed():
            title, says, status = "This cannot be done now", _sentence(str(error)), 409
        case TooLong():
            title, says, status = "This is too long", "Shorten what you wrote and send it again.", 413
        case NoReader():
            title, says, status = "Nobody could read this", _sentence(str(error)), 409
        case _:
            # The type alone: what went wrong may quote what was written.
            _log.error("a page failed: %s", type(error).__name__)
            says = "Something in the desk failed, and nothing was changed. Try again, or tell whoever runs it."
    if not wants_page(request):
        return JSONResponse({"problem": title, "says": says}, status)
    typed = kept(form)
    action = request.url.path if request.method == "POST" else ""
    return parts.pages.page(request, "problem.html", login, status, title=title, says=says, kept=typed, action=action)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
