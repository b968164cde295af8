"""Foreign keys, looked at in the rows themselves: on SQLite and PostgreSQL alike, whoever switched their checks off.

SQLite checks them only for connections that ask for it. PostgreSQL does not check them where a dump was restored with
triggers disabled, and has nothing like SQLite's ``foreign_key_check``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, exists, func, inspect, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.storage.rows import Row, Shape
from safetybot.storage.tables import metadata


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key: each row of a table names one of its parent's."""

    table: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


def references(there: Iterable[str]) -> tuple[Reference, ...]:
    """Return every foreign key among some tables, those of the first tables first."""
    names = set(there)
    return tuple(
        Reference(
            table.name,
            tuple(element.parent.name for element in constraint.elements),
            constraint.referred_table.name,
            tuple(element.column.name for element in constraint.elements),
        )
        for table in metadata.sorted_tables
        for constraint in sorted(table.foreign_key_constraints, key=lambda each: str(each.name))
        if {table.name, constraint.referred_table.name} <= names
    )


async def orphans(connection: AsyncConnection) -> Mapping[str, int]:
    """Count the rows of each table that refer to a row that is not there; tables without any are left out."""
    names = await connection.run_sync(lambda each: inspect(each).get_table_names())
    found: dict[str, int] = {}
    for each in references(names):
        table, parent = metadata.tables[each.table], metadata.tables[each.parent]
        pairs = zip(each.columns, each.parent_columns, strict=True)
        there = exists().where(and_(*(table.c[ours] == parent.c[theirs] for ours, theirs in pairs)))
        named = and_(*(table.c[ours].is_not(None) for ours in each.columns))
        query = select(func.count()).select_from(table).where(and_(named, ~there))
        if number := int((await connection.execute(query)).scalar_one()):
            found[each.table] = found.get(each.table, 0) + number
    return found


async def without_orphans(connection: AsyncConnection, shape: Shape, rows: Sequence[Row]) -> Sequence[Row]:
    """Return those of a table's rows, not written yet, that refer to nothing that is missing."""
    names = [name for name, _ in shape.columns]
    kept = rows
    for each in references(metadata.tables):
        if each.table != shape.name or not {*each.columns} <= {*names} or not kept:
            continue
        places = [names.index(column) for column in each.columns]
        parent = metadata.tables[each.parent]
        key = [parent.c[column] for column in each.parent_columns]
        wanted = {values for row in kept if None not in (values := tuple(row[place] for place in places))}
        query = select(*key).where(tuple_(*key).in_(wanted))
        there = {tuple(row) for row in await connection.execute(query)} if wanted else set()
        kept = [row for row in kept if (values := tuple(row[place] for place in places)) in there or None in values]
    return kept
