"""Whether a SQLite file is whole, before anything is written to it."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from safetybot.storage.database import sqlite_reader
from safetybot.storage.location import DatabaseLocation
from safetybot.storage.opening import DatabaseFailed, named_errors

SECONDS = 5.0
"""For which a start may wait for it; ``safetybot doctor`` takes the time it needs."""
_STEPS = 10_000
"""Of SQLite's machine, between two looks at the clock: some milliseconds."""


async def must_be_whole(where: DatabaseLocation, seconds: float = SECONDS) -> bool:
    """Looks a SQLite file over for so long, and changes nothing; whether all of it could be looked at.

    Raises DatabaseFailed where it is damaged. On PostgreSQL, the server looks after that.
    """
    if not isinstance(where, Path) or not where.exists() or not where.stat().st_size:
        return True
    end = time.monotonic() + seconds
    engine = sqlite_reader(where)
    try:
        with named_errors():
            async with engine.connect() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                assert driver is not None
                await driver.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
                try:
                    async with driver.execute("PRAGMA quick_check(1)") as cursor:
                        (found,) = await cursor.fetchone()
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                        raise
                    return False
                finally:
                    await driver.set_progress_handler(None, 0)
    finally:
        await engine.dispose()
    if found != "ok":
        raise DatabaseFailed("the database is damaged, and was left as it is: restore a backup")
    return True
