"""Whether a SQLite database is whole, and set up so that a commit lasts and a deleted row leaves no trace."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_WANTED = {"journal_mode": ("wal", "wal"), "synchronous": (2, "FULL"), "secure_delete": (1, "ON")}
"""Switch → its value as SQLite tells it, and as people write it."""


async def integrity_faults(connection: AsyncConnection) -> int:
    """How many faults SQLite finds in the file (it counts to 100); takes a second for each few hundred megabytes."""
    rows = (await connection.execute(text("PRAGMA integrity_check"))).scalars().all()
    return sum(row != "ok" for row in rows)


async def wrong_switches(connection: AsyncConnection) -> Sequence[str]:
    """Of the switches that matter those that are not as they must be: ``journal_mode is delete, not wal``."""
    wrong = []
    for name, (value, written) in _WANTED.items():
        found = (await connection.execute(text(f"PRAGMA {name}"))).scalar()
        if found != value:
            wrong.append(f"{name} is {found}, not {written}")
    return wrong
