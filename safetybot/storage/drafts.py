"""Drafts and visits: sealed, one of each a chat, and written at once. The caller opens the transaction."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Table, delete, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.storage.store import Sealed, upserts
from safetybot.storage.tables import code_tries, drafts, visits


class SealedKept(NamedTuple):
    """What is kept of one chat's reports."""

    drafts: Sealed | None
    visits: Sealed | None


async def load_kept(connection: AsyncConnection, chat_key: bytes) -> SealedKept:
    """Drafts and visits of a chat, whether or not their time is over."""
    query = union_all(
        *(
            select(literal(table.name).label("name"), table.c.sealed, table.c.expires).where(
                table.c.chat_key == chat_key
            )
            for table in (drafts, visits)
        )
    )
    found = {row[0]: Sealed(row[1], row[2]) for row in await connection.execute(query)}
    return SealedKept(found.get(drafts.name), found.get(visits.name))


async def save_kept(connection: AsyncConnection, chat_key: bytes, kept: SealedKept) -> None:
    """Replaces what is kept of a chat; None deletes."""
    await _save(connection, drafts, chat_key, kept.drafts)
    await _save(connection, visits, chat_key, kept.visits)


async def count_try(connection: AsyncConnection, hour: int) -> int:
    """One more code tried in this hour since 1970, by anybody; how many that makes."""
    insert = upserts(connection.dialect.name)(code_tries)
    counting = insert.values(hour=hour, count=1).on_conflict_do_update(
        index_elements=[code_tries.c.hour], set_={"count": code_tries.c.count + 1}
    )
    return int((await connection.execute(counting.returning(code_tries.c.count))).scalar_one())


async def uncount_try(connection: AsyncConnection, hour: int) -> None:
    """A code tried in this hour was right, so it does not count."""
    await connection.execute(update(code_tries).where(code_tries.c.hour == hour).values(count=code_tries.c.count - 1))


async def _save(connection: AsyncConnection, table: Table, chat_key: bytes, sealed: Sealed | None) -> None:
    if sealed is None:
        await connection.execute(delete(table).where(table.c.chat_key == chat_key))
        return
    insert = upserts(connection.dialect.name)(table)
    changed = {"sealed": insert.excluded.sealed, "expires": insert.excluded.expires}
    await connection.execute(
        insert.on_conflict_do_update(index_elements=[table.c.chat_key], set_=changed),
        {"chat_key": chat_key, "sealed": sealed.envelope, "expires": sealed.expires},
    )
