"""Asks again who it is, by passphrase or passkey, before something that cannot be taken back."""

from __future__ import annotations

from collections.abc import Mapping

from safetybot.desk.context import DeskContext
from safetybot.desk.logins import LoggedIn
from safetybot.formats.times import moment_of
from safetybot.staff import passkeys
from safetybot.staff.errors import PasskeyCopied, PasskeyRefused, WrongPassphrase
from safetybot.staff.lockout import LockedOut
from safetybot.staff.login import confirm
from safetybot.vault.audit import DESK, Act, append, transaction

PASSPHRASE_MAX = 1024
"""Letters of what is stretched."""


async def confirm_passphrase(
    parts: DeskContext, login: LoggedIn, form: Mapping[str, str], *, passkey: bool = True
) -> str | None:
    """None where a form holds the member's passphrase, or the answer of their passkey; otherwise what to say.

    Wrong ones count for this login alone: who tries a member's name elsewhere keeps them from nothing. ``passkey``:
    whether one is taken.
    """
    typed, answer = form.get("passphrase", ""), form.get("passkey", "") if passkey else ""
    if not typed.strip() and not answer:
        return "Type your passphrase."
    try:
        login.tries.begin(parts.clock())
    except LockedOut as error:
        return f"{str(error).capitalize()}."
    try:
        if answer:
            asked = login.take_asked()
            if asked is None:
                raise PasskeyRefused("nothing was asked of it")
            await passkeys.show(parts.engine, login.member, asked, answer, parts.clock(), login=False)
        else:
            if len(typed) > PASSPHRASE_MAX:
                raise WrongPassphrase("too long")
            await confirm(parts.engine, login.member, typed, parts.stretcher)
    except (WrongPassphrase, PasskeyRefused) as error:
        await _write_down(parts, login)
        if isinstance(error, WrongPassphrase):
            return "This is not your passphrase."
        if isinstance(error, PasskeyCopied):
            return f"{str(error).capitalize()}."
        return "Your passkey was not accepted. Try once more, or type your passphrase."
    login.tries.succeed()
    return None


async def _write_down(parts: DeskContext, login: LoggedIn) -> None:
    """Audit a failure. After the first five there is a wait before each, so that they do not fill the log."""
    now = parts.clock()
    wait = login.tries.until - int(now.timestamp())
    async with transaction(parts.engine) as connection:
        seconds = wait if wait > 0 else None
        await append(connection, DESK, Act.CONFIRMING_FAILED, moment_of(now), member=login.member.id, seconds=seconds)
