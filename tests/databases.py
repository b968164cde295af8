"""On which databases a test is done that uses the fixture ``where``, ``new_database`` or ``bot``.

Those of :data:`ON_BOTH` are done on SQLite and, among the slow tests, on PostgreSQL; others on SQLite. A module says
otherwise by ``DATABASES = BOTH``, a test by a mark.
"""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

POSTGRESQL = (pytest.param("postgresql", marks=pytest.mark.slow),)
SQLITE = ("sqlite",)
BOTH = (*SQLITE, *POSTGRESQL)
ON_BOTH = ("storage", "vault", "staff", "reports")
"""Folders of tests."""
SQLITE_ALONE = pytest.mark.parametrize("new_database", SQLITE, indirect=True)
"""Marks a test about what is SQLite's own: its files, say."""
POSTGRESQL_ALONE = pytest.mark.parametrize("new_database", POSTGRESQL, indirect=True)

_SQLITE_REFUSES = "CREATE TRIGGER broken BEFORE {} ON {} WHEN {} BEGIN SELECT RAISE(ABORT, 'broken'); END"
_POSTGRESQL_REFUSES = (
    "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$"
    " BEGIN RAISE integrity_constraint_violation USING MESSAGE = 'broken'; END $$",
    "CREATE TRIGGER broken BEFORE {} ON {} FOR EACH ROW WHEN ({}) EXECUTE FUNCTION broken()",
)


async def refuse(engine: AsyncEngine, act: str, table: str, when: str = "true") -> None:
    """From now on the database answers to an act (``INSERT``, ``DELETE``) on a table with an IntegrityError."""
    statements = (_SQLITE_REFUSES,) if engine.dialect.name == "sqlite" else _POSTGRESQL_REFUSES
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement.format(act, table, when)))


async def refuse_no_more(engine: AsyncEngine, table: str) -> None:
    """Takes it back."""
    async with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            await connection.execute(text("DROP TRIGGER broken"))
        else:
            await connection.execute(text(f"DROP TRIGGER broken ON {table}"))
            await connection.execute(text("DROP FUNCTION broken"))
