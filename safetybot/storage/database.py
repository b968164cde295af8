"""Opens the database and brings its tables up to date."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_BEGIN = "sqlite_begin"
"""Execution option: the statement a transaction begins with."""

_BUSY_MILLISECONDS = 10_000
_WAL_TRIES, _WAL_PAUSE = 100, 0.01
_MIGRATIONS = Path(__file__).parent / "migrations"


def sqlite_engine(path: Path) -> AsyncEngine:
    """An engine on a SQLite file, set so that a commit survives a power cut and a deleted row leaves no trace."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(path)), hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
        _switch_to_wal(cursor)
        for pragma in (
            "synchronous=FULL",
            "secure_delete=ON",
            "trusted_schema=OFF",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        if begin := connection.get_execution_options().get(_BEGIN):
            connection.exec_driver_sql(begin)

    return engine


def _switch_to_wal(cursor: Any) -> None:
    """Of several who do so at once on a new file, SQLite turns all but one away, without the usual waiting."""
    for left in reversed(range(_WAL_TRIES)):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if not left:
                raise
            time.sleep(_WAL_PAUSE)


def for_writing(engine: AsyncEngine) -> AsyncEngine:
    """The same engine, whose transactions take the right to write from their beginning.

    Nobody else can then write between what they read and what they write. Without it, SQLite's driver begins a
    transaction only before rows change: after what was read for it, and not at all before tables change.
    """
    return engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"}) if engine.dialect.name == "sqlite" else engine


async def migrate(engine: AsyncEngine, revision: str = "head") -> None:
    """Runs every migration up to ``revision`` that the database has not had: all of them, or none."""
    # Of two processes the second waits here, and finds it done.
    async with for_writing(engine).begin() as connection:
        await connection.run_sync(_upgrade, revision)


def _upgrade(connection: Connection, revision: str) -> None:
    command.upgrade(migration_config(connection), revision)


def migration_config(connection: Connection) -> Config:
    """Alembic's configuration for our migrations, run on ``connection``."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
