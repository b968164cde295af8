"""Logging in: the passphrase, then a second factor; at the first time both are chosen here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from safetybot.desk.confirming import PASSPHRASE_MAX
from safetybot.desk.context import DeskContext
from safetybot.desk.cookies import cookie_name, hold
from safetybot.desk.forms import read_form
from safetybot.desk.login_completion import account_entering, account_typed, let_in
from safetybot.desk.logins import Ended, LoggedIn, LoginStage
from safetybot.desk.passkey_requests import ask_for_new, ask_for_one
from safetybot.desk.qr import qr
from safetybot.desk.routing import known, member_route, stage_path
from safetybot.http.guard import is_from_here
from safetybot.staff import second_factor
from safetybot.staff.errors import (
    SecondFactorMissing,
    SecondFactorSet,
    WeakPassphrase,
    WrongPassphrase,
    WrongSecondFactor,
)
from safetybot.staff.lockout import Factor, LockedOut, counted
from safetybot.staff.login import UnlockedMember, change_passphrase, unlock
from safetybot.staff.passphrases import PASSPHRASE_MIN
from safetybot.vault.audit import Act

NAME_TYPED_MAX = 200
"""Letters of a name that somebody types."""
WAITING_MAX = 8
"""Passphrases that wait for their turn; each takes half a second, one at a time."""
_WRONG = "The name or the passphrase is wrong."
_NEXT = re.compile(r"/[A-Za-z0-9][A-Za-z0-9/_.-]{0,120}(\?[A-Za-z0-9=&%:._-]{0,200})?")


def routes(parts: DeskContext) -> Sequence[BaseRoute]:
    """Of logging in, and of locking."""
    pages = LoginPages(parts)
    return [
        Route("/login", pages.look, methods=["GET"]),
        Route("/login", pages.passphrase, methods=["POST"]),
        member_route(parts, "/login/passphrase", ["GET", "POST"], pages.choose, stage=LoginStage.PASSPHRASE),
        member_route(parts, "/login/enrol", ["GET", "POST"], pages.enrol, stage=LoginStage.ENROL),
        member_route(parts, "/login/second", ["GET", "POST"], pages.second, stage=LoginStage.SECOND),
        member_route(parts, "/login/codes", ["GET", "POST"], pages.codes, stage=LoginStage.CODES),
        Route("/lock", pages.locked, methods=["GET"]),
        Route("/lock", pages.lock, methods=["POST"]),
        Route("/here", pages.look_here, methods=["GET"]),
        member_route(parts, "/here", ["POST"], pages.here),
    ]


class LoginPages:
    """The pages of one desk."""

    def __init__(self, parts: DeskContext) -> None:
        self._parts = parts
        self._waiting = 0

    # --- The passphrase ----------------------------------------------------------------------------------------

    async def look(self, request: Request) -> Response:
        """The form; whoever is in already goes on."""
        login = await known(self._parts, request)
        if login is not None:
            return RedirectResponse(stage_path(login), 303)
        why = self._parts.logins.why(request.cookies.get(cookie_name(self._parts.options)))
        return self._form(request, "", _path(request.query_params.get("next")), why=why.value if why else "")

    async def passphrase(self, request: Request) -> Response:
        """Unlocks the private key, if it is right."""
        parts = self._parts
        if not is_from_here(request, parts.options, surely=True):
            raise HTTPException(403)
        form = await read_form(request)
        name, passphrase, after = form.get("name", ""), form.get("passphrase", ""), _path(form.get("next"))
        if not name.strip() or not passphrase.strip():
            return self._form(request, name, after, wrong="Type your name and your passphrase.", status=400)
        if len(name) > NAME_TYPED_MAX or len(passphrase) > PASSPHRASE_MAX:
            return self._form(request, "", after, wrong=_WRONG, status=403)
        if self._waiting >= WAITING_MAX:
            busy = "Many people try to log in just now. Wait a minute, then try again."
            return retry(self._form(request, name, after, wrong=busy, status=503), 60)
        self._waiting += 1
        try:
            member = await self._unlock(request, name, passphrase)
        except WrongPassphrase:
            return self._form(request, name, after, wrong=_WRONG, status=403)
        except LockedOut as error:
            return retry(self._form(request, name, after, wrong=error_text(error), status=429), error.seconds)
        finally:
            self._waiting -= 1
        old = parts.logins.find(request.cookies.get(cookie_name(parts.options)), parts.clock())
        if old is not None:
            parts.logins.end(old, Ended.ELSEWHERE)
        stage = LoginStage.PASSPHRASE if member.must_change else await self._factor_stage(member)
        held, login = parts.logins.begin(member, stage, parts.clock(), after=after)
        return hold(RedirectResponse(stage_path(login), 303), parts.options, held)

    async def _unlock(self, request: Request, name: str, passphrase: str) -> UnlockedMember:
        parts = self._parts
        now, account = parts.clock(), await account_typed(parts, request, name)
        async with counted(parts.engine, account, Factor.PASSPHRASE, now, Act.LOGIN_FAILED) as attempt:
            member = await unlock(
                parts.engine,
                name,
                passphrase,
                now,
                parts.stretcher,
                parts.parameters,
                act=Act.PASSPHRASE_RIGHT,
            )
            attempt.forgiven = True
        return member

    async def choose(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """At the first login: a passphrase of their own."""
        parts, wrong = self._parts, ""
        if request.method == "POST":
            wrong = new_passphrase_fault(form)
            if not wrong:
                try:
                    new = form.get("passphrase-new", "")
                    await change_passphrase(
                        parts.engine, login.member, new, parts.clock(), parts.stretcher, parts.parameters
                    )
                except WeakPassphrase as error:
                    wrong = error_text(error)
                else:
                    login.stage = await self._factor_stage(login.member)
                    return RedirectResponse(stage_path(login), 303)
        return self._page(request, "login_passphrase.html", login, wrong, least=PASSPHRASE_MIN)

    # --- The second factor -------------------------------------------------------------------------------------

    async def _factor_stage(self, member: UnlockedMember) -> LoginStage:
        async with self._parts.engine.connect() as connection:
            members = await second_factor.with_second_factor(connection)
        return LoginStage.SECOND if member.id in members else LoginStage.ENROL

    async def second(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """A code of their app, or a recovery code."""
        parts, now, wrong, status = self._parts, self._parts.clock(), "", 200
        if request.method == "POST":
            account = await account_entering(parts, request, login)
            try:
                async with counted(parts.engine, account, Factor.SECOND, now, Act.SECOND_FAILED):
                    passed = await second_factor.show(parts.engine, login.member, form.get("code", "")[:100], now)
            except (WrongSecondFactor, SecondFactorMissing) as error:
                wrong, status = error_text(error), 403
            except LockedOut as error:
                return retry(await second_page(parts, request, login, error_text(error), 429), error.seconds)
            else:
                response = await let_in(parts, request, login, RedirectResponse(login.next, 303))
                if passed.recovery_code:
                    login.say(
                        f"You used a recovery code. {_left(passed.left)} On the page My account you can make new ones, "
                        "and set up a new phone."
                    )
                return response
        return await second_page(parts, request, login, wrong, status)

    async def enrol(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """At the first login: an app is set up, and shows that it works. The page offers a passkey as well."""
        parts, wrong = self._parts, ""
        login.secret = login.secret or second_factor.new_secret()
        if request.method == "POST":
            try:
                codes = await second_factor.enrol(
                    parts.engine, login.member, login.secret, form.get("code", ""), parts.clock()
                )
            except WrongSecondFactor as error:
                wrong = error_text(error)
            except SecondFactorSet:
                login.stage, login.secret = LoginStage.SECOND, None
                return RedirectResponse(stage_path(login), 303)
            else:
                login.codes, login.secret = tuple(codes), None
                return await let_in(parts, request, login, RedirectResponse("/login/codes", 303), LoginStage.CODES)
        return await enrol_page(parts, request, login, wrong)

    async def codes(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """The recovery codes, until they say that they have them."""
        if request.method == "POST":
            login.codes = ()
            return await let_in(self._parts, request, login, RedirectResponse(login.next, 303))
        return self._parts.pages.page(request, "login_codes.html", login, codes=login.codes)

    # --- Leaving, and staying ----------------------------------------------------------------------------------

    async def lock(self, request: Request) -> Response:
        """Ends the login, whatever else is wrong with the request, if it comes from here."""
        if not is_from_here(request, self._parts.options, surely=False):
            raise HTTPException(403)
        login = self._parts.logins.find(request.cookies.get(cookie_name(self._parts.options)), self._parts.clock())
        if login is not None:
            self._parts.logins.end(login, Ended.LOCKED)
        return RedirectResponse("/login", 303)

    async def locked(self, _: Request) -> Response:
        """Somebody typed the address, or came back to it."""
        return RedirectResponse("/login", 303)

    async def look_here(self, request: Request) -> Response:
        """For the pages' script: how long the login lasts if nothing is done. To ask it is not to do something."""
        login = await known(self._parts, request)
        if login is None or not login.inside:
            return JSONResponse({"left": 0, "member": None, "csrf": ""})
        return await self.here(request, login, {})

    async def here(self, _: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """The same, of somebody who does something."""
        left = login.left(self._parts.clock()).total_seconds()
        return JSONResponse({"left": int(left), "member": login.member.id, "csrf": login.csrf})

    def _form(
        self, request: Request, name: str, after: str, *, wrong: str = "", why: str = "", status: int = 200
    ) -> Response:
        return self._parts.pages.page(request, "login.html", None, status, name=name, next=after, wrong=wrong, why=why)

    def _page(
        self, request: Request, template: str, login: LoggedIn, wrong: str, status: int | None = None, **more: Any
    ) -> Response:
        return self._parts.pages.page(request, template, login, status or (403 if wrong else 200), wrong=wrong, **more)


async def second_page(
    parts: DeskContext, request: Request, login: LoggedIn, wrong: str = "", status: int = 200
) -> Response:
    """Asks for the second factor: a code, or one of the passkeys that fit the desk's address."""
    async with parts.engine.connect() as connection:
        try:
            app = await second_factor.has_app(connection, login.member)
        except SecondFactorMissing:
            app = True  # it is said when a code is tried
    options = await ask_for_one(parts, request, login)
    return parts.pages.page(request, "login_second.html", login, status, wrong=wrong, app=app, options=options)


async def enrol_page(parts: DeskContext, request: Request, login: LoggedIn, wrong: str = "") -> Response:
    """Offers an app or a passkey for the first second factor."""
    login.secret = login.secret or second_factor.new_secret()
    passkey = await ask_for_new(parts, request, login)
    status = 403 if wrong else 200
    return parts.pages.page(
        request, "login_enrol.html", login, status, wrong=wrong, passkey=passkey, **enrolment(login)
    )


def enrolment(login: LoggedIn) -> dict[str, Any]:
    """What a page shows of a second factor that is being set up."""
    assert login.secret is not None
    address = second_factor.address_of(login.secret, login.member.name)
    groups = " ".join(re.findall("....", login.secret))
    return {"qr": qr(address, "QR code for your app"), "secret": groups}


def new_passphrase_fault(form: Mapping[str, str]) -> str:
    """What is wrong with a new passphrase as it was typed twice; empty for nothing that can be seen here."""
    new, again = form.get("passphrase-new", ""), form.get("passphrase-again", "")
    if len(new) > PASSPHRASE_MAX:
        return f"A passphrase has {PASSPHRASE_MAX} letters at most."
    if new != again:
        return "The two are not the same. Type both again."
    return ""


def _left(number: int) -> str:
    if not number:
        return "It was the last one."
    return "1 is left." if number == 1 else f"{number} are left."


def _path(wanted: str | None) -> str:
    """Where somebody wanted to go, if it is a page of ours."""
    return wanted if wanted and _NEXT.fullmatch(wanted) and "//" not in wanted else "/"


def retry(response: Response, seconds: int) -> Response:
    """An answer that says when to come again."""
    response.headers["Retry-After"] = str(seconds)
    return response


def error_text(error: Exception) -> str:
    """An error as a sentence."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
