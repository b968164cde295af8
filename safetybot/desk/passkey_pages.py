"""Passkeys: at the first login, as the second factor of later ones, on the account page, and to confirm something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from safetybot.desk.account_pages import account_page
from safetybot.desk.confirming import confirm_passphrase
from safetybot.desk.context import DeskContext
from safetybot.desk.login_completion import account_entering, let_in
from safetybot.desk.login_pages import enrol_page, error_text, retry, second_page
from safetybot.desk.logins import LoggedIn, LoginStage
from safetybot.desk.passkey_requests import ask_for_new, ask_for_one, look_for_passkeys
from safetybot.desk.routing import member_route, stage_path
from safetybot.staff import passkeys
from safetybot.staff.errors import LastSecondFactor, NoSuchPasskey, PasskeyRefused, SecondFactorSet
from safetybot.staff.lockout import Factor, LockedOut, counted
from safetybot.staff.passkeys import PasskeyChallenge
from safetybot.vault.audit import Act

_TWICE = "this page was answered already, or opened once more elsewhere: try again"


def routes(parts: DeskContext) -> Sequence[BaseRoute]:
    """Of passkeys."""
    pages = PasskeyPages(parts)
    return [
        member_route(parts, "/login/second/passkey", ["POST"], pages.show, stage=LoginStage.SECOND),
        member_route(parts, "/login/enrol/passkey", ["POST"], pages.first, stage=LoginStage.ENROL),
        member_route(parts, "/account/passkeys", ["POST"], pages.begin),
        member_route(parts, "/account/passkeys/new", ["GET", "POST"], pages.add),
        member_route(parts, "/account/passkeys/remove", ["POST"], pages.remove),
        member_route(parts, "/passkey", ["POST"], pages.ask),
    ]


class PasskeyPages:
    """The pages of one desk."""

    def __init__(self, parts: DeskContext) -> None:
        self._parts = parts

    async def show(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """The second factor of a login."""
        parts, now = self._parts, self._parts.clock()
        account = await account_entering(parts, request, login)
        try:
            async with counted(parts.engine, account, Factor.SECOND, now, Act.SECOND_FAILED):
                answer = form.get("passkey", "")
                await passkeys.show(parts.engine, login.member, _asked(login), answer, now, login=True)
        except PasskeyRefused as error:
            return await second_page(parts, request, login, error_text(error), 403)
        except LockedOut as error:
            return retry(await second_page(parts, request, login, error_text(error), 429), error.seconds)
        return await let_in(parts, request, login, RedirectResponse(login.next, 303))

    async def first(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """The first second factor of a new member."""
        parts, name = self._parts, form.get("name", "")
        try:
            codes = await passkeys.add(
                parts.engine, login.member, _asked(login), form.get("passkey", ""), name, parts.clock(), first=True
            )
        except PasskeyRefused as error:
            return await enrol_page(parts, request, login, error_text(error))
        except SecondFactorSet:
            login.stage, login.secret = LoginStage.SECOND, None
            return RedirectResponse(stage_path(login), 303)
        login.codes, login.secret = tuple(codes), None
        return await let_in(parts, request, login, RedirectResponse("/login/codes", 303), LoginStage.CODES)

    async def begin(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Takes the name of a new passkey, of somebody who shows again who they are."""
        if wrong := await confirm_passphrase(self._parts, login, form):
            return await account_page(self._parts, request, login, wrong_passkey=wrong)
        login.adding = " ".join(form.get("name", "").split())[: passkeys.NAME_MAX] or "Passkey"
        return RedirectResponse("/account/passkeys/new", 303)

    async def add(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Has the browser make it."""
        parts, name, wrong = self._parts, login.adding, ""
        if name is None:
            return RedirectResponse("/account", 303)
        if request.method == "POST":
            try:
                answer = form.get("passkey", "")
                await passkeys.add(parts.engine, login.member, _asked(login), answer, name, parts.clock(), first=False)
            except PasskeyRefused as error:
                wrong = error_text(error)
            else:
                login.adding = None
                await look_for_passkeys(parts, request, login)
                login.say(f"The passkey {name} is added. You can log in with it from now on.")
                return RedirectResponse("/account", 303)
        passkey = await ask_for_new(parts, request, login)
        status = 403 if wrong else 200
        return parts.pages.page(request, "account_passkey.html", login, status, wrong=wrong, name=name, passkey=passkey)

    async def remove(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """Forgets one, unless it is the last second factor."""
        parts = self._parts
        if wrong := await confirm_passphrase(parts, login, form):
            return await account_page(parts, request, login, wrong_remove=wrong)
        try:
            await passkeys.remove(parts.engine, login.member, form.get("id", ""), parts.clock())
        except (LastSecondFactor, NoSuchPasskey) as error:
            return await account_page(parts, request, login, wrong_remove=error_text(error))
        await look_for_passkeys(parts, request, login)
        login.say("The passkey is removed.")
        return RedirectResponse("/account", 303)

    async def ask(self, request: Request, login: LoggedIn, form: Mapping[str, str]) -> Response:
        """JSON with which a script asks for a passkey, to confirm something."""
        return JSONResponse({"options": await ask_for_one(self._parts, request, login)})


def _asked(login: LoggedIn) -> PasskeyChallenge:
    """The challenge that is answered, used up. Raises PasskeyRefused."""
    asked = login.take_asked()
    if asked is None:
        raise PasskeyRefused(_TWICE)
    return asked
