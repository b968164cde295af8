"""Ends the logins that are over, whether or not anybody asks for anything."""

from __future__ import annotations

from safetybot.desk.context import DeskContext
from safetybot.desk.linking import forget_gone
from safetybot.desk.logins import Ended
from safetybot.staff.errors import MemberDisabled
from safetybot.staff.login import still_in


async def sweep(parts: DeskContext) -> None:
    """Ends the idle ones, and those of members who were disabled or recovered by another process.

    Of cases that were deleted nothing stays in memory either.
    """
    parts.logins.sweep(parts.clock())
    if not any(parts.logins):
        return
    async with parts.engine.connect() as connection:
        for login in parts.logins:
            try:
                await still_in(connection, login.member)
            except MemberDisabled:
                parts.logins.end(login, Ended.DISABLED)
    await forget_gone(parts)
