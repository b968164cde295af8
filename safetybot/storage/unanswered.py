"""What young people let the editors see: sealed, with the day alone beside it; and the key it is sealed to.

The caller opens the transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.storage.store import upserts
from safetybot.storage.tables import editors_key, unanswered

KEEP_DAYS = 60
_THE_KEY = 1


class SealedWords(NamedTuple):
    """One of them."""

    id: str
    """Random."""
    day: str
    """UTC, ``2026-11-24``."""
    sealed: bytes


async def load_key(connection: AsyncConnection) -> bytes | None:
    """The editors' public key; None where there is none, and then nobody is asked."""
    return (await connection.execute(select(editors_key.c.public_key))).scalar_one_or_none()


async def save_key(connection: AsyncConnection, public: bytes, day: str) -> None:
    """Puts a key in place of the one there was."""
    insert = upserts(connection.dialect.name)(editors_key)
    changed = {"public_key": insert.excluded.public_key, "created": insert.excluded.created}
    await connection.execute(
        insert.on_conflict_do_update(index_elements=[editors_key.c.id], set_=changed),
        {"id": _THE_KEY, "public_key": public, "created": day},
    )


async def add(connection: AsyncConnection, words: SealedWords) -> None:
    """Keeps words; with an id that is there already, nothing is changed."""
    insert = upserts(connection.dialect.name)(unanswered).on_conflict_do_nothing()
    await connection.execute(insert, words._asdict())


async def load_all(connection: AsyncConnection) -> Sequence[SealedWords]:
    """All of them, newest day first."""
    query = select(unanswered.c.id, unanswered.c.day, unanswered.c.sealed)
    found = await connection.execute(query.order_by(unanswered.c.day.desc(), unanswered.c.id))
    return [SealedWords(*row) for row in found]


async def waiting(connection: AsyncConnection) -> tuple[int, str | None]:
    """How many there are, and the day of the oldest."""
    row = (await connection.execute(select(func.count(), func.min(unanswered.c.day)))).one()
    return int(row[0]), row[1]


async def delete_one(connection: AsyncConnection, id_: str) -> bool:
    """Whether it was there."""
    return bool((await connection.execute(delete(unanswered).where(unanswered.c.id == id_))).rowcount)


async def delete_all(connection: AsyncConnection) -> int:
    """How many there were."""
    return (await connection.execute(delete(unanswered))).rowcount


async def purge(connection: AsyncConnection, today: dt.date) -> int:
    """Deletes what was kept for 60 days; how many there were. The caller scrubs after the commit."""
    day = (today - dt.timedelta(KEEP_DAYS)).isoformat()
    return (await connection.execute(delete(unanswered).where(unanswered.c.day <= day))).rowcount
