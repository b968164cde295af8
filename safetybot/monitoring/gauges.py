"""What the database knows that is worth watching: how many can read, what waits, how big it is. Read when asked for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from safetybot.reports.queue import waiting
from safetybot.storage import installation_metadata
from safetybot.storage.database import Engine, for_reading
from safetybot.storage.probing import size
from safetybot.vault.errors import NoReader
from safetybot.vault.roster import check
from safetybot.vault.vouching import NotVouched

KEEP, PATIENCE = 15.0, 3.0


@dataclass(frozen=True, slots=True)
class Gauges:
    """As they were a moment ago; only ``up`` is set where the database could not be asked."""

    up: bool
    unvouched: int = 0
    """Keys and accounts that differ from the list of members; where that does not hold, at least one."""
    readers: int = 0
    """Active members of staff who can open a report that is made now; none where there is no recovery key."""
    unread: int = 0
    """Cases with something that nobody has opened."""
    oldest: float = 0.0
    """Seconds since the beginning of the day (UTC) of the oldest of it: nothing finer is stored."""
    size: int = 0
    last_purge: float | None = None
    """Second since 1970."""
    last_backup: float | None = None


NOTHING = Gauges(up=False)


async def read_gauges(engine: Engine, now: dt.datetime | None = None) -> Gauges:
    """Reads them. Never raises."""
    moment = now or dt.datetime.now(dt.UTC)
    try:
        async with for_reading(engine).connect() as connection:
            can_read, unvouched = 0, 0
            try:
                checked = await check(connection)
                can_read = max(0, len(checked.readers) - 1)  # one of them is the recovery key
                unvouched = len(checked.troubles)
            except NotVouched:
                unvouched = 1
            except NoReader:
                pass  # nobody was added yet
            found = await waiting(connection)
            noted = await installation_metadata.get(connection)
            return Gauges(
                up=True,
                unvouched=unvouched,
                readers=can_read,
                unread=found.cases,
                oldest=0.0 if found.since is None else max(0.0, moment.timestamp() - _second(found.since)),
                size=await size(connection),
                last_purge=_maybe(noted.get(installation_metadata.LAST_PURGE)),
                last_backup=_maybe(noted.get(installation_metadata.LAST_BACKUP)),
            )
    except Exception:
        # Whatever it is, /readyz names it and the log says it; a scrape must not fail for it.
        return NOTHING


def _second(written: str) -> float:
    at = dt.datetime.fromisoformat(written)
    return (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).timestamp()


def _maybe(written: str | None) -> float | None:
    try:
        return None if written is None else _second(written)
    except ValueError:
        return None
