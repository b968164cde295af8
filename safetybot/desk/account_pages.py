"""A member's own account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from safetybot.desk.audit_words import shown_time
from safetybot.desk.confirming import confirm_passphrase
from safetybot.desk.context import DeskContext
from safetybot.desk.login_pages import enrolment, new_passphrase_fault
from safetybot.desk.logins import LoggedIn
from safetybot.desk.passkey_requests import named_address, site_of
from safetybot.desk.routing import member_route
from safetybot.staff import passkeys, second_factor
from safetybot.staff.errors import SecondFactorMissing, WeakPassphrase, WrongSecondFactor
from safetybot.staff.login import change_passphrase
from safetybot.staff.passphrases import PASSPHRASE_MIN
from safetybot.vault.audit import Act, Search, newest

_LOGINS = {
    Act.STAFF_UNLOCKED: "Logged in",
    Act.LOGIN_FAILED: "Somebody typed your name and a wrong passphrase",
    Act.SECOND_FAILED: "Your passphrase was right, the code or passkey was wrong",
    Act.LOCKED_OUT: "Too many wrong tries: your name was locked out for a while",
    Act.CODE_USED: "A recovery code was used",
    Act.CONFIRMING_FAILED: "While you were logged in, a wrong passphrase or passkey was shown",
    Act.PASSKEY_ADDED: "A passkey was added",
    Act.PASSKEY_REMOVED: "A passkey was removed",
    Act.PASSKEY_USED: "A passkey was used",
    Act.PASSKEY_COPIED: "A passkey was refused, for there may be a copy of it",
    Act.LOCK_LIFTED: "Wrong tries under your name were forgotten",
}
_SHOWN = 20
"""Rows of the member's own log-ins."""


def routes(parts: DeskContext) -> Sequence[BaseRoute]:
    """Of the account page."""
    pages = AccountPages(parts)
    return [
        member_route(parts, "/account", ["GET"], pages.look),
        member_route(parts, "/account/passphrase", ["POST"], pages.passphrase),
        member_route(parts, "/account/codes", ["POST"], pages.codes),
        member_route(parts, "/account/second", ["POST"], pages.second),
        member_route(parts, "/account/second/confirm", ["GET", "POST"], pages.confirm),
    ]


class AccountPages:
    """The pages of one desk."""

    def __init__(self, parts: DeskContext) -> None:
        self._parts = parts

    async def look(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """All there is about the own account."""
        return await self._page(request, login)

    async def passphrase(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Another passphrase. Whoever else is logged in with the old one is not any more."""
        parts = self._parts
        if wrong := await confirm_passphrase(parts, login, form, passkey=False):
            return await self._page(request, login, wrong_passphrase=wrong)
        fault = new_passphrase_fault(form)
        if not fault:
            try:
                new = form.get("passphrase-new", "")
                await change_passphrase(
                    parts.engine, login.member, new, parts.clock(), parts.stretcher, parts.parameters
                )
            except WeakPassphrase as error:
                fault = f"{str(error).capitalize()}."
        if fault:
            return await self._page(request, login, wrong_new=fault)
        login.say("Your passphrase is changed.")
        return RedirectResponse("/account", 303)

    async def codes(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """New recovery codes; the old ones are worthless."""
        parts = self._parts
        if wrong := await confirm_passphrase(parts, login, form):
            return await self._page(request, login, wrong_codes=wrong)
        codes = await second_factor.renew_codes(parts.engine, login.member, parts.clock())
        return parts.pages.page(request, "account_codes.html", login, codes=codes)

    async def second(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Begins with a new phone. The old one counts until the new one has shown that it works."""
        if wrong := await confirm_passphrase(self._parts, login, form):
            return await self._page(request, login, wrong_second=wrong)
        login.secret = second_factor.new_secret()
        return RedirectResponse("/account/second/confirm", 303)

    async def confirm(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """The new phone shows a code."""
        parts, wrong = self._parts, ""
        if login.secret is None:
            return RedirectResponse("/account", 303)
        if request.method == "POST":
            try:
                codes = await second_factor.enrol(
                    parts.engine, login.member, login.secret, form.get("code", ""), parts.clock(), again=True
                )
            except WrongSecondFactor as error:
                text = str(error)
                wrong = f"{text[:1].upper()}{text[1:]}."
            else:
                login.secret = None
                return parts.pages.page(request, "account_codes.html", login, codes=codes)
        status = 403 if wrong else 200
        return parts.pages.page(request, "account_second.html", login, status, wrong=wrong, **enrolment(login))

    async def _page(self, request: Request, login: LoggedIn, **wrong: str) -> Response:
        return await account_page(self._parts, request, login, **wrong)


async def account_page(parts: DeskContext, request: Request, login: LoggedIn, **wrong: str) -> Response:
    """All there is about the own account, with what went wrong beside its form."""
    async with parts.engine.connect() as connection:
        app, left = True, None
        try:
            app = await second_factor.has_app(connection, login.member)
            left = await second_factor.codes_left(connection, login.member)
        except SecondFactorMissing:
            pass  # the page says that it is damaged
        keys = await passkeys.passkeys_of(connection, login.member)
        search = Search(member=login.member.id, acts=[act.value for act in _LOGINS])
        rows = await newest(connection, search, limit=_SHOWN)
    names = ("passphrase", "new", "codes", "second", "passkey", "remove")
    return parts.pages.page(
        request,
        "account.html",
        login,
        403 if wrong else 200,
        app=app,
        left=left,
        keys=[(key, shown_time(key.day)) for key in keys],
        least=PASSPHRASE_MIN,
        can=site_of(parts, request) is not None,
        address=named_address(parts, request),
        name_max=passkeys.NAME_MAX,
        rows=[(shown_time(row.at), _LOGINS[Act(row.act)]) for row in rows],
        **{**{f"wrong_{name}": "" for name in names}, **wrong},
    )
