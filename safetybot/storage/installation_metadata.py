"""A few facts about an installation that all its processes share: one row each, and nobody in them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.storage.store import upserts
from safetybot.storage.tables import marks

LAST_BACKUP = "last-backup"
"""The moment (UTC, ``2026-11-27T20:00:00Z``) of the last backup that is whole."""
LAST_PURGE = "last-purge"
"""The moment of the last time that what was kept long enough was deleted."""
SECRET_CHECK = "secret-check"  # noqa: S105 - the name of a row
"""Tells whether a server's secret is this database's (:func:`safetybot.vault.server_secret.check_of`)."""
VOUCHING_CHECK = "vouching-check"
"""The same of the key that members are vouched for with, which a desk may have without the secret."""
LOGIN_KEY = "login-key"
"""The key that hashes names typed at the desk, and that devices known to it are vouched for with; in hexadecimal."""
OLD_NAMES = "old-names"
"""The hour since 1970 until which chats may still be stored under the names of before 0.5."""
DATABASE_ID = "database-id"
"""By which a data folder knows its database again (:mod:`safetybot.storage.known_database`)."""
WRITTEN = "written"
"""The moment somebody last saw that the database can be written."""


async def get(connection: AsyncConnection) -> Mapping[str, str]:
    """All of them."""
    return {row.name: row.value for row in await connection.execute(select(marks))}


async def put(engine: AsyncEngine, name: str, value: str) -> None:
    """Notes one, in a transaction of its own, in place of what it was."""
    async with engine.begin() as connection:
        await put_on(connection, name, value)


async def put_on(connection: AsyncConnection, name: str, value: str) -> None:
    """As :func:`put`, in a transaction that the caller has begun."""
    insert = upserts(connection.dialect.name)(marks).values(name=name, value=value)
    replaced = insert.on_conflict_do_update(index_elements=[marks.c.name], set_={"value": insert.excluded.value})
    await connection.execute(replaced)


async def put_first(engine: AsyncEngine, name: str, value: str) -> str:
    """Notes one where there is none yet; what it is now. Of several who do so at once, one is first."""
    async with engine.begin() as connection:
        insert = upserts(engine.dialect.name)(marks).values(name=name, value=value)
        await connection.execute(insert.on_conflict_do_nothing())
        return str((await connection.execute(select(marks.c.value).where(marks.c.name == name))).scalar_one())
