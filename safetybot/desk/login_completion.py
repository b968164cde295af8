"""The end of logging in, and whose tries are counted on the way."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from safetybot.desk.context import DeskContext
from safetybot.desk.cookies import device_cookie_name, hold, hold_known
from safetybot.desk.logins import LoggedIn, LoginStage
from safetybot.desk.passkey_requests import look_for_passkeys
from safetybot.staff.known_devices import hold_device
from safetybot.staff.lockout import LoginAccount, account_of, known_account, login_key


async def let_in(
    parts: DeskContext, request: Request, login: LoggedIn, response: Response, stage: LoginStage = LoginStage.IN
) -> Response:
    """Lets a member in who has shown both factors; their device is known from then on."""
    key, now = await login_key(parts.engine), parts.clock()
    await look_for_passkeys(parts, request, login)
    held, other = parts.logins.enter(login, now, stage)
    if other:
        login.say("You were logged in somewhere else. That login was ended.")
    hold_known(response, parts.options, hold_device(key, _tokens(parts, request), login.member, now))
    return hold(response, parts.options, held)


async def account_typed(parts: DeskContext, request: Request, name: str) -> LoginAccount:
    """The account of a name that somebody typed."""
    return await account_of(parts.engine, name, _tokens(parts, request), parts.clock())


async def account_entering(parts: DeskContext, request: Request, login: LoggedIn) -> LoginAccount:
    """The account of a member who has passed the passphrase."""
    key = await login_key(parts.engine)
    return known_account(key, login.member, _tokens(parts, request), parts.clock())


def _tokens(parts: DeskContext, request: Request) -> str | None:
    return request.cookies.get(device_cookie_name(parts.options))
