"""Clears what was deleted out of SQLite's write-ahead log."""

from __future__ import annotations

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine

TRIES, PAUSE = 10, 0.5
"""How often, and after how many seconds, it is tried again while a reader is in the way."""
_WAIT_MILLISECONDS = 100
"""A checkpoint keeps writers out while it waits for readers, so it does not wait long."""


async def scrub(engine: AsyncEngine, tries: int = TRIES) -> bool:
    """Empties the log; False where readers were in the way each time, and deleted bytes stay there for now.

    Deleted pages are overwritten in the file itself (``secure_delete``). PostgreSQL has neither: there, what is deleted
    is gone when it has vacuumed, and its own log and backups have been rotated.
    """
    if engine.dialect.name != "sqlite":
        return True
    for left in reversed(range(tries)):
        if await _checkpoint(engine):
            return True
        if left:
            await asyncio.sleep(PAUSE)
    return False


async def _checkpoint(engine: AsyncEngine) -> bool:
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection  # a transaction would be in the way
        assert driver is not None
        async with driver.execute("PRAGMA busy_timeout") as cursor:
            (usual,) = await cursor.fetchone()
        await driver.execute(f"PRAGMA busy_timeout={_WAIT_MILLISECONDS}")
        try:
            async with driver.execute("PRAGMA wal_checkpoint(TRUNCATE)") as cursor:
                (busy, *_) = await cursor.fetchone()
        finally:
            await driver.execute(f"PRAGMA busy_timeout={usual}")
    return not busy
