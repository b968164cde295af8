"""Whether the keys of staff are whole, and whether somebody can read what waits to be read. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.storage.tables import audit_log, envelope_keys, envelopes, recovery_key, staff
from safetybot.vault.sealing import KEY_BYTES, KeyPair, lock_private

_LOCKED_BYTES = len(lock_private(KeyPair.new().private, bytes(KEY_BYTES), ""))
_SALT_BYTES = 16


async def damaged_members(connection: AsyncConnection) -> Sequence[str]:
    """Ids of active members whose keys have not the form that keys have."""
    damaged = or_(
        func.length(staff.c.public_key) != KEY_BYTES,
        func.length(staff.c.locked_private) != _LOCKED_BYTES,
        func.length(staff.c.salt) != _SALT_BYTES,
    )
    return [row.id for row in await connection.execute(select(staff.c.id).where(staff.c.active, damaged))]


async def recovery_key_is_damaged(connection: AsyncConnection) -> bool:
    """Whether there is one that has not the form of a key."""
    damaged = select(recovery_key.c.id).where(func.length(recovery_key.c.public_key) != KEY_BYTES)
    return (await connection.execute(damaged)).first() is not None


async def readable_by_nobody(connection: AsyncConnection) -> int:
    """Cases with something unread that is sealed to nobody who is active now."""
    reader = exists().where(
        and_(
            envelope_keys.c.case_id == envelopes.c.case_id,
            envelope_keys.c.number == envelopes.c.number,
            envelope_keys.c.reader.in_(select(staff.c.id).where(staff.c.active)),
        )
    )
    query = select(func.count(envelopes.c.case_id.distinct())).where(envelopes.c.unread, ~reader)
    return int((await connection.execute(query)).scalar_one())


async def newest_time(connection: AsyncConnection) -> str | None:
    """The latest moment or day in the audit log, whichever row it stands in; None where it is empty."""
    found: str | None = (await connection.execute(select(func.max(audit_log.c.at)))).scalar_one()
    return found
