"""Moves what is stored of a chat from the name it had before version 0.5 to the one it has now.

Until then a chat was named by a fast hash. Nobody can move all chats at once, for the database does not know who they
are; each is moved when it next writes. What is stored of a chat lasts two days at most, so that after as long there is
nothing left to move. **To be deleted, with its callers, in the version after 0.5** (written in December 2026).
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, delete, exists, or_, select

from safetybot.storage import installation_metadata
from safetybot.storage.database import Engine
from safetybot.storage.store import upserts
from safetybot.storage.tables import drafts, fragments, sessions, visits
from safetybot.storage.transactions import run

HOURS = 49
"""For which there may be something to move."""
TABLES = (sessions, fragments, drafts, visits)

Reseal = Callable[[str, bytes], bytes | None]
"""From the name of a table and an envelope under the old keys: one under the new keys, None where it does not open."""


async def last_hour(engine: Engine, hour: int) -> int:
    """The hour since 1970 until which there may be something to move. ``hour``: the present one.

    It is noted once for a database: where that holds nothing of a chat, there is nothing to move.
    """

    def work(connection: Connection) -> bool:
        return bool(connection.scalar(select(or_(*(exists(select(table.c.chat_key)) for table in TABLES)))))

    last = hour + HOURS if await run(engine, work) else 0
    return int(await installation_metadata.put_first(engine, installation_metadata.OLD_NAMES, str(last)))


async def move(engine: Engine, old: bytes, new: bytes, reseal: Reseal) -> bool:
    """Moves what is stored under an old name, in one transaction; whether there was anything.

    What stands under the new name stays. Raises what the database raises.
    """

    def work(connection: Connection) -> bool:
        moved = False
        for table in TABLES:
            row = connection.execute(select(table.c.sealed, table.c.expires).where(table.c.chat_key == old)).first()
            if row is None:
                continue
            moved = True
            if (sealed := reseal(table.name, row.sealed)) is not None:
                insert = upserts(engine.dialect.name)(table)
                values = {"chat_key": new, "sealed": sealed, "expires": row.expires}
                connection.execute(insert.values(values).on_conflict_do_nothing())
            connection.execute(delete(table).where(table.c.chat_key == old))
        return moved

    return await run(engine, work)
