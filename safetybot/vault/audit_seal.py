"""The seal on the audit log's newest row: whoever has not the vouching key cannot make one."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.storage.tables import audit_head, audit_log
from safetybot.vault.audit import hold, is_new, stored_head
from safetybot.vault.roster import Vouching, vouching_of


async def seal_anew(connection: AsyncConnection) -> None:
    """Seals the log as it is: for the upgrade from a version without seals, and for an operator who looked it over."""
    vouching, end = vouching_of(connection), await hold(connection)
    if vouching is not None:
        mac = vouching.key.mac_of_head(end.number, end.hash)
        await connection.execute(update(audit_head).values(sealed=end.number, seal=mac))


async def seal_fault(connection: AsyncConnection, vouching: Vouching | None = None) -> str:
    """Say what is wrong with the seal of a log whose chain holds; empty where nothing is. Raises AuditDamaged."""
    vouching = vouching or vouching_of(connection)
    if vouching is None:
        return "nobody can say who made it: the server's secret is not here"
    end = await stored_head(connection)
    if vouching.key.sealed(*end) or await is_new(connection, end):
        return ""
    row = (await connection.execute(select(audit_log).where(audit_log.c.number == (end.sealed or 0)))).one_or_none()
    if row is not None and vouching.key.sealed(row.number, row.hash, end.sealed, end.seal):
        return f"rows after {row.number} were written by somebody without the server's secret"
    return "it was made anew, or changed, by somebody without the server's secret"
