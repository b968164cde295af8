"""Takes a SQLite file for one process alone."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from safetybot.storage.opening import DatabaseError, named_errors

_WAIT_MILLISECONDS = 2_000


class InUse(DatabaseError):  # noqa: N818 - named for what went wrong
    """Another process has the file open."""


@asynccontextmanager
async def open_exclusive(path: Path) -> AsyncIterator[AsyncConnection]:
    """A look at a SQLite file during which nobody else reads or writes it, and all that is in it is in this one file.

    Raises InUse; DatabaseFailed where anything in the block failed for the database's sake.
    """
    with named_errors():
        engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(path)), hide_parameters=True)
        try:
            async with engine.connect() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                assert driver is not None
                try:
                    # Whoever has the file open, and has looked at it, is in the way of leaving the write-ahead log.
                    for statement in (
                        f"PRAGMA busy_timeout={_WAIT_MILLISECONDS}",
                        "PRAGMA trusted_schema=OFF",
                        "PRAGMA synchronous=FULL",
                        "PRAGMA locking_mode=EXCLUSIVE",
                        "PRAGMA journal_mode=DELETE",
                        "BEGIN EXCLUSIVE",
                    ):
                        await (await driver.execute(statement)).close()
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                        raise
                    raise InUse(
                        f"another process has {path} open: stop the bot, the desk and the editors' page, and try again"
                    ) from None
                yield connection
        finally:
            await engine.dispose()
