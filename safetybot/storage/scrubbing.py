"""Clears what was deleted out of the database's files, as far as that can be done.

SQLite overwrites deleted rows in the file itself (``secure_delete``); here its write-ahead log is emptied. PostgreSQL
overwrites nothing: here the tables are vacuumed, so that the room of deleted rows is free to be used again. What was
in it stays on the server's disk until then, in its write-ahead log until that is reused, and in its backups. There,
deleting rests on shredding: with its keys gone, what is sealed stays shut.
"""

from __future__ import annotations

import asyncio

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.storage.postgresql import patiently
from safetybot.storage.tables import (
    cases,
    drafts,
    envelope_keys,
    envelopes,
    fragments,
    sessions,
    transcripts,
    unanswered,
    visits,
)

TRIES, PAUSE = 10, 0.5
"""How often, and after how many seconds, it is tried again while a reader is in the way."""
_WAIT_MILLISECONDS = 100
"""A checkpoint keeps writers out while it waits for readers, so it does not wait long."""
_SEALED = (sessions, fragments, drafts, visits, transcripts, unanswered, cases, envelopes, envelope_keys)
"""Tables of whose deleted rows something might be wanted back."""


async def scrub(engine: AsyncEngine, tries: int = TRIES) -> bool:
    """Does so; False where that could not be done, and deleted bytes stay there for now.

    On SQLite that is so where readers were in the way each time.
    ``tries`` of 1: it is done again soon. PostgreSQL then does it by itself, as migrations tell it to.
    """
    if engine.dialect.name != "sqlite":
        return tries == 1 or await _vacuum(engine)
    for left in reversed(range(tries)):
        if await _checkpoint(engine):
            return True
        if left:
            await asyncio.sleep(PAUSE)
    return False


async def _vacuum(engine: AsyncEngine) -> bool:
    """Of several processes that do so at once each leaves out what another is at."""
    async with patiently(engine) as patient:
        alone = patient.execution_options(isolation_level="AUTOCOMMIT")  # it goes into no transaction
        try:
            async with alone.connect() as connection:
                for table in _SEALED:
                    await connection.exec_driver_sql(f"VACUUM (SKIP_LOCKED) {table.name}")
        except DBAPIError:
            return False  # what was deleted is deleted all the same
    return True


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
