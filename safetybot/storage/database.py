"""Opens the database and brings its tables up to date."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, create_engine, event, exists, or_, select
from sqlalchemy import Engine as SyncEngine
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from safetybot.storage.location import DatabaseLocation as DatabaseLocation
from safetybot.storage.postgresql import patiently, postgresql_engine
from safetybot.storage.same_file import watch_file
from safetybot.storage.tables import recovery_key, staff

Engine = AsyncEngine
"""A database; under this name for those that only hand it on."""
OpenConnection = AsyncConnection
"""An open connection to one; likewise."""

_BEGIN = "safetybot_begin"
"""Execution option: the statements a transaction begins with."""

_BUSY_MILLISECONDS = 10_000
_WAL_TRIES, _WAL_PAUSE = 100, 0.01
_LOCK = f"SELECT pg_advisory_xact_lock({int.from_bytes(b'safetyb!', 'big')})"
"""PostgreSQL's right to write: one for each database, given back when the transaction ends."""
_MIGRATIONS = Path(__file__).parent / "migrations"
_VOUCHED = "0011"
"""The revision from which on the keys of members are vouched for."""

Adopt = Callable[[AsyncConnection], Awaitable[None]]
"""Vouches for the members of a database from before :data:`_VOUCHED`, in the transaction that upgrades it."""


class NobodyVouches(Exception):  # noqa: N818 - named for what went wrong
    """A database with members in it is from before their keys were vouched for, and the one who upgrades it cannot."""


def engine_of(where: DatabaseLocation) -> AsyncEngine:
    """An engine on a database, wherever it is: on a SQLite file, which is made, or on PostgreSQL."""
    return sqlite_engine(where) if isinstance(where, Path) else _with_beginnings(postgresql_engine(where))


def reader_of(where: DatabaseLocation) -> AsyncEngine:
    """An engine that changes nothing in a database, and makes none.

    What is read in one transaction is as it was at one moment, whatever others write meanwhile.
    """
    if isinstance(where, Path):
        return sqlite_reader(where)
    return for_reading(_with_beginnings(postgresql_engine(where, default_transaction_read_only="on")))


def sqlite_engine(path: Path) -> AsyncEngine:
    """An engine on a SQLite file, set so that a commit survives a power cut and a deleted row leaves no trace."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    # In a mode that makes no file: where it is gone, an empty one would take its place.
    url = URL.create("sqlite+aiosqlite", database=path.absolute().as_uri(), query={"mode": "rw", "uri": "true"})
    engine = _engine(url, _switch_to_wal)
    watch_file(engine.sync_engine, path.absolute())
    return engine


def sqlite_reader(path: Path) -> AsyncEngine:
    """An engine that changes nothing in a SQLite file, and leaves no file behind; it makes none."""
    # One that may not write leaves empty logs where there were none; one that may, clears away a log that a crash left.
    mode = "ro" if path.with_name(f"{path.name}-wal").exists() else "rw"
    url = URL.create("sqlite+aiosqlite", database=path.absolute().as_uri(), query={"mode": mode, "uri": "true"})
    engine = _engine(url, lambda cursor: cursor.execute("PRAGMA query_only=ON"))
    return engine.execution_options(**{_BEGIN: ("BEGIN",)})


def _engine(url: URL, first: Callable[[Any], object]) -> AsyncEngine:
    """``first`` is done with every new connection's cursor, before its switches are set."""
    engine = create_async_engine(url, hide_parameters=True)
    _switch(engine.sync_engine, first)
    return _with_beginnings(engine)


def _with_beginnings(engine: AsyncEngine) -> AsyncEngine:
    """The engine, whose transactions begin as :data:`_BEGIN` says."""

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        for begin in connection.get_execution_options().get(_BEGIN, ()):
            connection.exec_driver_sql(begin)

    return engine


def direct_engine(engine: AsyncEngine) -> SyncEngine:
    """Another engine on the SQLite file of one that :func:`sqlite_engine` made, to be used in threads."""
    direct = create_engine(engine.url.set(drivername="sqlite"), hide_parameters=True)
    _switch(direct, _switch_to_wal)
    watch_file(direct, Path(unquote(urlsplit(engine.url.database or "").path)))
    return direct


def _switch(engine: SyncEngine, first: Callable[[Any], object]) -> None:
    """Sets the switches of every new connection, after ``first``."""

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
        first(cursor)
        for pragma in (
            "synchronous=FULL",
            "secure_delete=ON",
            "trusted_schema=OFF",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


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

    None of them, in any process, can write between what another reads and what it writes. Without it, SQLite's driver
    begins a transaction only before rows change: after what was read for it, and not at all before tables change. On
    PostgreSQL they wait for one lock, and each statement then sees all that was committed before; who writes without
    it there does not wait, and may not touch what is read here.
    """
    begin = "BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else _LOCK
    return engine.execution_options(**{_BEGIN: (begin,)})


def for_reading(engine: AsyncEngine) -> AsyncEngine:
    """The same engine, each of whose transactions sees one moment of the database, whatever others write meanwhile."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{_BEGIN: ("BEGIN",)})
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


async def migrate(engine: AsyncEngine, revision: str = "head", adopt: Adopt | None = None) -> None:
    """Runs every migration up to ``revision`` that the database has not had: all of them, or none.

    This is the only moment in which members who are there already are taken as they are. Raises NobodyVouches.
    """
    # Of two processes the second waits here, and finds it done.
    if engine.dialect.name == "sqlite":
        async with for_writing(engine).begin() as connection:
            await upgrade(connection, revision, adopt)
        return
    async with patiently(engine) as patient, for_writing(_with_beginnings(patient)).begin() as connection:
        await upgrade(connection, revision, adopt)


async def upgrade(connection: AsyncConnection, revision: str = "head", adopt: Adopt | None = None) -> None:
    """As :func:`migrate`, in the transaction that is open."""
    before = await connection.run_sync(_has_vouched)
    await connection.run_sync(_upgrade, revision)
    if before or not await connection.run_sync(_has_vouched):
        return
    if not (
        await connection.execute(select(or_(exists(select(staff.c.id)), exists(select(recovery_key.c.id)))))
    ).scalar():
        return
    if adopt is None:
        raise NobodyVouches
    await adopt(connection)


def _has_vouched(connection: Connection) -> bool:
    """Whether the tables are of a revision in which members are vouched for."""
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        return False
    script = ScriptDirectory.from_config(migration_config(connection))
    return _VOUCHED in {each.revision for each in script.iterate_revisions(current, "base")}


def _upgrade(connection: Connection, revision: str) -> None:
    command.upgrade(migration_config(connection), revision)


def migration_config(connection: Connection) -> Config:
    """Alembic's configuration for our migrations, run on ``connection``."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
