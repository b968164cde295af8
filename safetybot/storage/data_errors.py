"""Tells a value that no database takes from a database that fails.

A failed commit is tried again, for the disk or the server may come back. A row with a value out of bounds would fail
for ever, and with it every other chat's row in the same transaction.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy import exc

_DATA_EXCEPTION = "22"
"""PostgreSQL's class of errors that a value causes, whatever the state of the server."""
_SQLSTATES = frozenset({"23502", "23514"})
"""PostgreSQL's null in a column that takes none, and a failed check."""
_SQLITE_NAMES = frozenset(
    {
        "SQLITE_TOOBIG",
        "SQLITE_MISMATCH",
        "SQLITE_CONSTRAINT_CHECK",
        "SQLITE_CONSTRAINT_DATATYPE",
        "SQLITE_CONSTRAINT_NOTNULL",
    }
)


def is_bad_value(error: BaseException) -> bool:
    """Whether an error is the fault of a value that was to be written or asked for, so that trying again is in vain."""
    seen: BaseException | None = error
    for _ in range(4):  # SQLAlchemy's error, its driver's, and the one below
        if seen is None:
            return False
        if _is_by_itself(seen):
            return True
        seen = seen.orig if isinstance(seen, exc.StatementError) else seen.__cause__
    return False


def _is_by_itself(error: BaseException) -> bool:
    # asyncpg's own error for a value that it cannot send is a ValueError.
    if isinstance(error, OverflowError | ValueError | sqlite3.DataError):
        return True
    sqlstate = getattr(error, "sqlstate", None) or ""
    if sqlstate.startswith(_DATA_EXCEPTION) or sqlstate in _SQLSTATES:
        return True
    return getattr(error, "sqlite_errorname", None) in _SQLITE_NAMES
