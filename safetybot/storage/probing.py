"""Whether the database answers, can be written, and has the tables of this version; asked again and again."""

from __future__ import annotations

import asyncio
import os
from enum import Enum
from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import delete, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.storage import installation_metadata
from safetybot.storage.tables import sessions

PROBE_BYTES = 16_384
"""Of the session that is put in: several pages, none of which is there yet."""
_MIGRATIONS = Path(__file__).parent / "migrations"


class Probe(Enum):
    """How it is with the database."""

    GOOD = "it answers, and can be written"
    AWAY = "it does not answer"
    READ_ONLY = "it answers, but cannot be written"
    OTHER_TABLES = "its tables are not those of this version"


async def probe(engine: AsyncEngine, now: str) -> Probe:
    """Look, and commit what one chat's turn would, for nothing less shows that a disk is full. Never raises.

    ``now`` is noted. A row of a session is put in and taken out again: a note alone takes the place of the note before,
    for which there is room on a disk that has none left for anything new.
    """
    try:
        newest = await asyncio.to_thread(newest_revision)
        async with engine.connect() as connection:
            if (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar() != newest:
                return Probe.OTHER_TABLES
    except Exception:
        return Probe.AWAY
    try:
        async with engine.begin() as connection:
            await installation_metadata.put_on(connection, installation_metadata.WRITTEN, now)
            key = os.urandom(32)  # no chat's
            row = {"chat_key": key, "sealed": os.urandom(PROBE_BYTES), "expires": 0}
            await connection.execute(insert(sessions), row)
            await connection.execute(delete(sessions).where(sessions.c.chat_key == key))
    except Exception:
        return Probe.READ_ONLY
    return Probe.GOOD


async def size(connection: AsyncConnection) -> int:
    """Bytes of the database itself, without its logs."""
    if connection.dialect.name != "sqlite":
        return int((await connection.execute(text("SELECT pg_database_size(current_database())"))).scalar_one())
    pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
    return int(pages) * int((await connection.execute(text("PRAGMA page_size"))).scalar_one())


@cache
def newest_revision() -> str | None:
    """The migration that leads to the tables of this version."""
    return ScriptDirectory(str(_MIGRATIONS)).get_current_head()
