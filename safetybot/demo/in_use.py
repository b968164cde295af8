"""Whether an installation is in use, so that no demo is shown in its place."""

from __future__ import annotations

from safetybot.staff.members import list_members
from safetybot.storage.database import DatabaseLocation
from safetybot.storage.opening import NoDatabase, NotUpgraded, must_be_newest, open_readonly


async def has_staff(database: DatabaseLocation) -> bool:
    """Whether somebody was added who reads reports; changes nothing. Raises DatabaseError.

    Of a database of an earlier version it is believed unseen.
    """
    try:
        async with open_readonly(database) as connection:
            await must_be_newest(connection)
            return bool(await list_members(connection))
    except NoDatabase:
        return False
    except NotUpgraded:
        return True
