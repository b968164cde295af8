"""Reads and writes whole tables as streams of rows, on SQLite and PostgreSQL alike, whatever version they are of.

Which tables and columns a version has is asked of its migrations, not of the database that is read or of a backup: so
nothing that stands in one becomes the name of a table in a statement.
"""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    BigInteger,
    Boolean,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TableClause,
    column,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
    table,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import TypeEngine

from safetybot.storage import migrations
from safetybot.storage.database import engine_of, migration_config
from safetybot.storage.database import upgrade as upgrade
from safetybot.storage.location import DatabaseLocation
from safetybot.storage.opening import DatabaseError, TooNew, named_errors
from safetybot.storage.rows import ColumnKind, Fingerprint, Row, Shape, encode_row
from safetybot.storage.tables import audit_head, marks, metadata, staff_chat

BATCH = 500
"""Rows in memory at a time: 8 MB where each is the longest envelope."""
PASSING = frozenset(
    (
        "sessions",
        "fragments",
        "drafts",
        "visits",
        "transcripts",
        "code_tries",
        "handled_updates",
        "limits",
        "login_tries",
        "unanswered",
    )
)
"""Tables whose rows are promised to be gone within minutes, hours or days."""
_REVISION = "alembic_version"
_TYPES: Mapping[ColumnKind, TypeEngine[Any]] = {
    ColumnKind.BYTES: LargeBinary(),
    ColumnKind.INTEGER: BigInteger(),
    ColumnKind.FLAG: Boolean(),
    ColumnKind.TEXT: String(),
}
_MADE_WITH_ROWS = frozenset((audit_head.name, staff_chat.name))
_EVER_THERE = _MADE_WITH_ROWS | {marks.name}
"""Tables with rows before anything has happened; what matters in them has left rows in others."""
_PATIENT = ("statement_timeout", "idle_in_transaction_session_timeout")


class NoTables(DatabaseError):
    """The database has no tables yet."""


class NotEmpty(DatabaseError):
    """There is something in a database that should have been empty."""


class NotTheSame(DatabaseError):
    """What was read back is not what was written."""


@asynccontextmanager
async def connected(where: DatabaseLocation) -> AsyncIterator[AsyncEngine]:
    """A database, whatever tables it has, or none. Raises DatabaseFailed as :mod:`safetybot.storage.opening` does."""
    with named_errors():
        engine = engine_of(where)
        try:
            yield engine
        finally:
            await engine.dispose()


async def be_patient(connection: AsyncConnection) -> None:
    """Lets a transaction on PostgreSQL take as long as it takes; SQLite has no such limits."""
    if connection.dialect.name == "postgresql":
        for limit in _PATIENT:
            await connection.execute(text(f"SET LOCAL {limit} = 0"))


def is_known(revision: str) -> bool:
    """Whether this version of the program knows a revision of the tables."""
    return any(each.revision == revision for each in _script().walk_revisions())


def newest_revision() -> str:
    """That of this version of the program."""
    head = _script().get_current_head()
    assert head is not None
    return head


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(Path(migrations.__file__).parent))


async def revision_of(connection: AsyncConnection) -> str:
    """The revision of a database's tables. Raises NoTables, TooNew."""
    revision = await connection.run_sync(lambda each: MigrationContext.configure(each).get_current_revision())
    if revision is None:
        raise NoTables("the database has no tables yet, so there is nothing in it")
    if not is_known(revision):
        raise TooNew("the database was made by a later version of safetybot: install that one")
    return revision


@cache
def shapes_at(revision: str) -> tuple[Shape, ...]:
    """Every table of a revision, those first that others refer to."""
    engine = create_engine("sqlite://")
    found = MetaData()
    with engine.begin() as connection:
        command.upgrade(migration_config(connection), revision)
        found.reflect(connection)
    engine.dispose()
    return tuple(_shape(each) for each in found.sorted_tables if each.name != _REVISION)


def _shape(found: Table) -> Shape:
    return Shape(found.name, tuple((each.name, _kind(each.type)) for each in found.columns))


def _kind(found: TypeEngine[Any]) -> ColumnKind:
    match found:
        case LargeBinary():
            return ColumnKind.BYTES
        case Boolean():
            return ColumnKind.FLAG
        case Integer():
            return ColumnKind.INTEGER
        case String():
            return ColumnKind.TEXT
        case _:
            raise TypeError(f"a column of a type that backups do not know: {found!r}")


async def count(connection: AsyncConnection, shape: Shape) -> int:
    """How many rows a table has."""
    return int((await connection.execute(select(func.count()).select_from(_clause(shape)))).scalar_one())


async def read_table(connection: AsyncConnection, shape: Shape) -> AsyncIterator[list[Row]]:
    """Every row of a table, some hundreds at a time."""
    result = await connection.stream(select(_clause(shape)), execution_options={"yield_per": BATCH})
    async for rows in result.partitions():
        yield [tuple(row) for row in rows]


async def write_rows(connection: AsyncConnection, shape: Shape, rows: Sequence[Row]) -> None:
    """Adds rows to a table."""
    if rows:
        names = [name for name, _ in shape.columns]
        await connection.execute(insert(_clause(shape)), [dict(zip(names, row, strict=True)) for row in rows])


async def fingerprint(connection: AsyncConnection, shape: Shape) -> Fingerprint:
    """Of all rows of a table."""
    found = Fingerprint()
    async for rows in read_table(connection, shape):
        found.add(map(encode_row, rows))
    return found


def _clause(shape: Shape) -> TableClause:
    return table(shape.name, *(column(name, _TYPES[kind]) for name, kind in shape.columns))


def nameless_engine() -> AsyncEngine:
    """An engine on a database that is gone with its connection, however the process ends: SQLite's, on the disk."""
    engine = create_async_engine("sqlite+aiosqlite:///file:?uri=true", hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        for pragma in ("trusted_schema=OFF", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


async def drop_empty(connection: AsyncConnection) -> None:
    """Takes away the tables of a database in which nothing has happened yet. Raises NotEmpty, TooNew."""
    there = set(await connection.run_sync(lambda each: inspect(each).get_table_names()))
    ours = [each for each in metadata.sorted_tables if each.name in there]
    if not ours:
        return
    await revision_of(connection)
    if connection.dialect.name == "postgresql":
        names = ", ".join(each.name for each in ours)
        await connection.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))
    for each in ours:
        if each.name in _EVER_THERE:
            continue
        query = select(each.c[0]).limit(1)
        if (await connection.execute(query)).first() is not None:
            raise NotEmpty("there is something in the database already, and it is left as it is: name an empty one")
    for each in reversed(ours):
        await connection.run_sync(each.drop)
    await connection.execute(text(f"DROP TABLE {_REVISION}"))


async def make_tables(connection: AsyncConnection, revision: str) -> None:
    """Makes the tables of a revision, without a row, in a database that has none."""
    await upgrade(connection, revision)
    for name in _MADE_WITH_ROWS & {shape.name for shape in shapes_at(revision)}:
        await connection.execute(delete(metadata.tables[name]))


async def must_hold(connection: AsyncConnection, shapes: Sequence[Shape], wanted: Mapping[str, Fingerprint]) -> None:
    """Reads everything back. Raises NotTheSame where a table does not hold what it should."""
    for shape in shapes:
        if await fingerprint(connection, shape) != wanted.get(shape.name, Fingerprint()):
            raise NotTheSame(f"what was written to the table {shape.name} is not what is read back, so it was undone")
