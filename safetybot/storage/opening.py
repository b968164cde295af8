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
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.storage.database import migrate, migration_config, sqlite_engine, sqlite_reader

_REMEDIES = {
    "BUSY": "another process holds it: try again",
    "LOCKED": "another process holds it: try again",
    "FULL": "there is no room left on its disk",
    "CORRUPT": "it is damaged: restore a backup",
    "NOTADB": "it is damaged, or no database: restore a backup",
    "READONLY": "it cannot be written: run this as the user the bot runs as",
    "CANTOPEN": "it cannot be opened: run this as the user the bot runs as",
    "PERM": "it cannot be opened: run this as the user the bot runs as",
}
"""SQLite's names of errors → what they mean to an operator."""


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
async def opened(path: Path, *, make: bool = False, upgrade: bool = False) -> AsyncIterator[AsyncEngine]:
    """The database in ``path`` with the newest tables; with ``make`` it is made, or upgraded, where needed.

    With ``upgrade`` it is upgraded where needed, and never made.

    Raises NoDatabase, NotUpgraded, TooNew; DatabaseFailed where anything in the block failed for the database's sake.
    """
    if not make:
        _must_exist(path)
    with named_errors():
        engine = sqlite_engine(path)
        try:
            async with engine.connect() as connection:
                found = await schema(connection)
            _must_be(found, old=make or upgrade)
            if found is Schema.OLD:
                await migrate(engine)
            yield engine
        finally:
            await engine.dispose()


@asynccontextmanager
async def reading(path: Path) -> AsyncIterator[AsyncConnection]:
    """One look at the database as it is at this moment, whatever its tables are; changes nothing, makes nothing.

    Raises NoDatabase; DatabaseFailed as :func:`opened` does.
    """
    _must_exist(path)
    with named_errors():
        engine = sqlite_reader(path)
        try:
            async with engine.connect() as connection:
                yield connection
        finally:
            await engine.dispose()


async def must_be_newest(connection: AsyncConnection) -> None:
    """Raises NotUpgraded or TooNew where a database that is only read has other tables than this version needs."""
    _must_be(await schema(connection))


def _must_be(found: Schema, *, old: bool = False) -> None:
    """``old``: tables of an earlier version will do."""
    if found is Schema.TOO_NEW:
        raise TooNew("the database was made by a later version of safetybot: install that one")
    if found is Schema.OLD and not old:
        raise NotUpgraded("the database is of an earlier version: run  safetybot run  to upgrade it")


@contextmanager
def named_errors() -> Iterator[None]:
    """Raises DatabaseFailed in place of what the database raises: without the statement, its values, or a path."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        name = str(getattr(cause, "sqlite_errorname", type(cause).__name__)).removeprefix("SQLITE_")
        remedy = _REMEDIES.get(name.partition("_")[0], "")
        raise DatabaseFailed(f"the database failed ({name})" + (f": {remedy}" if remedy else "")) from None


def _must_exist(path: Path) -> None:
    if not path.exists():
        raise NoDatabase(f"there is no database at {path} yet: safetybot run  or  safetybot staff add NAME  makes it")
