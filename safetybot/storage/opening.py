"""Opens the database for one command of an operator's; each thing that can be wrong with it has a name and a remedy."""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import Enum
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.storage.database import Adopt, NobodyVouches, engine_of, migrate, migration_config, reader_of
from safetybot.storage.location import DatabaseLocation, shown
from safetybot.storage.postgresql import CannotReach, NoTls

_REMEDIES = {
    "BUSY": "another process holds it: try again",
    "LOCKED": "another process holds it: try again",
    "FULL": "there is no room left on its disk",
    "CORRUPT": "it is damaged: restore a backup",
    "NOTADB": "it is damaged, or no database: restore a backup",
    "READONLY": "it cannot be written: run this as the user the bot runs as",
    "CANTOPEN": "it cannot be opened: run this as the user the bot runs as",
    "PERM": "it cannot be opened: run this as the user the bot runs as",
    "GONE": "its file was there and is gone: put it back, or restore a backup",
    "CONSTRAINT_FOREIGNKEY": "what is in it contradicts itself: run  safetybot doctor",
    "IOERR": "its disk does not do what it should: see whether it is full or broken",
}
"""SQLite's names of errors → what they mean to an operator."""
_RIGHTS = "its user lacks a right: make it the owner of the database (ALTER DATABASE … OWNER TO …)"
_SERVER_REMEDIES = {
    "28P01": "its password is wrong: see SAFETYBOT_DATABASE_URL and SAFETYBOT_DATABASE_PASSWORD_FILE",
    "28000": "the server does not let this user in: see its pg_hba.conf, and ?ssl=require in SAFETYBOT_DATABASE_URL",
    "3D000": "there is no such database on the server: run  createdb  there, or mend SAFETYBOT_DATABASE_URL",
    "53300": "the server has too many connections: raise max_connections there, or run fewer processes",
    "53100": "there is no room left on the server's disk",
    "53200": "the server is out of memory",
    "25006": "it cannot be written: SAFETYBOT_DATABASE_URL names a standby, or a server that was made read-only",
    "42501": _RIGHTS,
    "3F000": _RIGHTS,
    "55P03": "another process holds it: try again",
    "57014": "it took too long: try again",
    "40P01": "another process was in the way: try again",
    "57P01": "the server is stopping: try again once it is back",
    "57P02": "the server crashed: try again once it is back",
    "57P03": "the server is starting or stopping: try again",
    "23503": "what is in it contradicts itself: run  safetybot doctor",
    "XX001": "it is damaged: restore a backup",
    "XX002": "an index of it is damaged: run  REINDEX DATABASE  there",
}
"""PostgreSQL's codes of errors → the same."""
_TLS = "no TLS with it: see ssl and sslrootcert in SAFETYBOT_DATABASE_URL, and the server's certificate"
_UNREACHABLE = "it cannot be reached: see whether the server runs, and SAFETYBOT_DATABASE_URL"


_MAKES = "safetybot run  or  safetybot staff add NAME  makes it"
_EARLIER = "the database is of an earlier version: run  safetybot run  to upgrade it"
_VERSION = "alembic_version"
"""The table that says which migrations were run."""


class DatabaseError(Exception):
    """The database cannot be used; the message says why, and holds nothing that is in it."""


class NoDatabase(DatabaseError):
    """There is none yet."""


class NotUpgraded(DatabaseError):
    """Its tables are those of an earlier version."""


class TooNew(DatabaseError):
    """Its tables are those of a later version."""


class DatabaseFailed(DatabaseError):
    """The database itself reported an error."""


class Schema(Enum):
    """Which tables a database has."""

    NEWEST = "as this version needs them"
    OLD = "those of an earlier version"
    TOO_NEW = "those of a later version"


async def schema(connection: AsyncConnection) -> Schema:
    """Whether every migration has been run."""
    return await connection.run_sync(_schema)


def _schema(connection: Connection) -> Schema:
    script = ScriptDirectory.from_config(migration_config(connection))
    current = MigrationContext.configure(connection).get_current_revision()
    if current == script.get_current_head():
        return Schema.NEWEST
    known = {revision.revision for revision in script.walk_revisions()}
    return Schema.OLD if current is None or current in known else Schema.TOO_NEW


@asynccontextmanager
async def open_database(
    where: DatabaseLocation, *, make: bool = False, upgrade: bool = False, adopt: Adopt | None = None
) -> AsyncIterator[AsyncEngine]:
    """The database ``where`` it is with the newest tables; with ``make`` they are made, or upgraded, where needed.

    With ``upgrade`` they are upgraded where needed, and never made. A PostgreSQL database itself is made by its owner.
    ``adopt`` vouches for members from before that was done; without it their database is not upgraded.

    Raises NoDatabase, NotUpgraded, TooNew; DatabaseFailed where anything in the block failed for the database's sake.
    """
    if not make:
        must_exist(where)
    with named_errors():
        engine = engine_of(where)
        try:
            async with engine.connect() as connection:
                found = await _found(connection)
            if found is None and not make:
                raise _no_tables(where)
            found = found or Schema.OLD
            _must_be(found, old=make or upgrade)
            if found is Schema.OLD:
                try:
                    await migrate(engine, adopt=adopt)
                except NobodyVouches:
                    raise NotUpgraded(_EARLIER) from None
            yield engine
        finally:
            await engine.dispose()


@asynccontextmanager
async def open_readonly(where: DatabaseLocation) -> AsyncIterator[AsyncConnection]:
    """One look at the database as it is at this moment, whatever its tables are; changes nothing, makes nothing.

    Raises NoDatabase; DatabaseFailed as :func:`opened` does.
    """
    must_exist(where)
    with named_errors():
        engine = reader_of(where)
        try:
            async with engine.connect() as connection:
                if await _found(connection) is None:
                    raise _no_tables(where)
                yield connection
        finally:
            await engine.dispose()


async def _found(connection: AsyncConnection) -> Schema | None:
    """Which tables there are; None where somebody made the database on a server, and nobody ours in it."""
    if connection.dialect.name == "sqlite":
        return await schema(connection)
    there = await connection.run_sync(lambda sync: inspect(sync).has_table(_VERSION))
    return await schema(connection) if there else None


async def must_be_newest(connection: AsyncConnection) -> None:
    """Raises NotUpgraded or TooNew where a database that is only read has other tables than this version needs."""
    _must_be(await schema(connection))


def _must_be(found: Schema, *, old: bool = False) -> None:
    """``old``: tables of an earlier version will do."""
    if found is Schema.TOO_NEW:
        raise TooNew("the database was made by a later version of safetybot: install that one")
    if found is Schema.OLD and not old:
        raise NotUpgraded(_EARLIER)


@contextmanager
def named_errors() -> Iterator[None]:
    """Raises DatabaseFailed in place of what the database raises: without the statement, its values, or a path."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        name, remedy = _named(error)
        raise DatabaseFailed(f"the database failed ({name})" + (f": {remedy}" if remedy else "")) from None


def _named(error: Exception) -> tuple[str, str]:
    """What an error is called, and what to do; empty where nobody knows."""
    cause: object = error.orig if isinstance(error, DBAPIError) else error
    if code := getattr(cause, "sqlstate", None):
        return code, _SERVER_REMEDIES.get(code) or (_UNREACHABLE if code.startswith("08") else "")
    of_driver = getattr(cause, "orig", None) or cause
    if isinstance(of_driver, NoTls):
        return str(of_driver), _TLS
    if isinstance(of_driver, CannotReach):
        return str(of_driver), _UNREACHABLE
    name = str(getattr(cause, "sqlite_errorname", type(of_driver).__name__)).removeprefix("SQLITE_")
    return name, _REMEDIES.get(name) or _REMEDIES.get(name.partition("_")[0], "")


def must_exist(where: DatabaseLocation) -> None:
    """Raises NoDatabase where there is no SQLite file."""
    if isinstance(where, Path) and not where.exists():
        raise NoDatabase(f"there is no database at {where} yet: {_MAKES}")


def _no_tables(where: DatabaseLocation) -> NoDatabase:
    return NoDatabase(f"the database {shown(where)} has no tables yet: {_MAKES}")
