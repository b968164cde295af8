"""Asks for the passphrase again, before something that cannot be taken back."""

from __future__ import annotations

from safetybot.desk.logins import LoggedIn
from safetybot.desk.parts import Parts
from safetybot.reports.audit import Act
from safetybot.reports.login import confirm
from safetybot.reports.login_tries import LockedOut, counted
from safetybot.reports.staff_errors import WrongPassphrase

PASSPHRASE_MAX = 1024
"""Letters of what is stretched."""


async def confirm_passphrase(parts: Parts, login: LoggedIn, typed: str) -> str | None:
    """None where it is the member's passphrase; otherwise what to say beside its field. Wrong ones count as tries."""
    if not typed.strip():
        return "Type your passphrase."
    try:
        async with counted(parts.engine, login.member.name, parts.clock(), Act.CONFIRMING_FAILED):
            if len(typed) > PASSPHRASE_MAX:
                raise WrongPassphrase("too long")
            await confirm(parts.engine, login.member, typed, parts.stretcher)
    except WrongPassphrase:
        return "This is not your passphrase."
    except LockedOut as error:
        return f"{str(error).capitalize()}."
    return None
