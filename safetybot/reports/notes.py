"""Notes for the staff chat: that there is something to read, never what. A case's short number, and how urgent it is.

A case is told of when it has something unread, or is going to be deleted, and ``cases.noted`` is false. A new report
begins so; :func:`due_again` and the purge make it so again.

Nothing is locked while a note is under way, for that may take minutes. So a note is claimed before (``staff_chat.at``:
one note in a while, whichever process sends it, and whenever that was started), and its cases are noted after it has
arrived, where they are still as they were told of. Whatever happens in between, staff are told twice, and never not.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, exists, false, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.reports.cases import CaseRef, CaseUrgency, Status
from safetybot.reports.retention import WARN_DAYS
from safetybot.storage.database import for_writing
from safetybot.storage.tables import audit_log, cases, envelopes, staff_chat
from safetybot.vault.audit import Act

MOST = 50
"""Cases listed in one note; more are counted."""

Send = Callable[[str], Awaitable[bool]]
"""Sends a note; whether it arrived."""


@dataclass(frozen=True, slots=True)
class Note:
    """What is told of one case, and what it looked like."""

    ref: CaseRef
    urgency: CaseUrgency
    new: bool
    """Nobody has opened it yet; else something was added."""
    deleted: str | None
    """The day it is going to be deleted, where it is told for that."""
    envelopes: int
    """How many it has had: grows with everything that is added."""


async def tell(engine: AsyncEngine, send: Send, gap: float, clock: Callable[[], float] = time.time) -> float | None:
    """Sends one note on everything staff are not told of yet, where the last was ``gap`` seconds ago.

    Returns how many seconds something that is there has still to wait; None where nothing is there. ``clock``: seconds
    since 1970.
    """
    async with engine.connect() as connection:
        if not await waiting_notes(connection):
            return None
    async with for_writing(engine).connect() as connection:
        if wait := await claim(connection, clock(), gap):
            return wait
        notes = await waiting_notes(connection)
        if not notes:
            return None  # somebody has read it in between; without a commit nothing is claimed
        await connection.commit()
    if not await send(text_of(notes)):
        return gap
    async with for_writing(engine).begin() as connection:
        await mark_sent(connection, notes, clock())
    return None


async def waiting_notes(connection: AsyncConnection) -> Sequence[Note]:
    """What staff are not told of yet: the most urgent first, of these the new ones; what will be deleted is last."""
    unread = exists().where(and_(envelopes.c.case_id == cases.c.id, envelopes.c.unread))
    columns = (cases.c.id, cases.c.urgency, cases.c.status, cases.c.warned, cases.c.envelopes)
    query = select(*columns, unread.label("unread")).where(
        and_(cases.c.noted == false(), or_(unread, cases.c.warned.is_not(None)))
    )
    notes = [
        Note(
            CaseRef(row.id),
            CaseUrgency(row.urgency),
            row.status == Status.NEW.value,
            None if row.unread else _deletion(row.warned),
            row.envelopes,
        )
        for row in await connection.execute(query)
    ]
    return sorted(notes, key=lambda note: (note.deleted or "", -note.urgency.rank, not note.new, note.ref.id))


async def claim(connection: AsyncConnection, now: float, gap: float) -> float:
    """0 where a note may be sent, and no other process may for ``gap`` seconds once this is committed; else the wait.

    A time that is still to come was written by a clock that was wrong, and counts for nothing.
    """
    moment, before = _milliseconds(now), _milliseconds(now - gap)
    free = or_(staff_chat.c.at <= before, staff_chat.c.at > moment)
    if (await connection.execute(update(staff_chat).where(free).values(at=moment))).rowcount:
        return 0.0
    last: int = (await connection.execute(select(func.max(staff_chat.c.at)))).scalar_one()
    return max(0.001, (last - before) / 1000)


async def mark_sent(connection: AsyncConnection, notes: Sequence[Note], now: float) -> None:
    """Notes that staff were told; of a case that has changed meanwhile they are told again."""
    for note in notes:
        as_told = and_(cases.c.id == note.ref.id, cases.c.envelopes == note.envelopes)
        await connection.execute(update(cases).where(as_told).values(noted=true()))
    await connection.execute(update(staff_chat).values(at=_milliseconds(now)))


async def due_again(connection: AsyncConnection, case_id: str) -> None:
    """Staff are to be told of a case once more."""
    await connection.execute(update(cases).where(cases.c.id == case_id).values(noted=false()))


async def opened_since_written(connection: AsyncConnection, case_id: str) -> bool:
    """Whether a member of staff has opened a case since its writer last wrote."""
    acts = [Act.FILED.value, Act.ADDED.value, Act.OPENED.value]
    query = (
        select(audit_log.c.act)
        .where(and_(audit_log.c.case_id == case_id, audit_log.c.act.in_(acts)))
        .order_by(audit_log.c.number.desc())
        .limit(1)
    )
    return (await connection.execute(query)).scalar_one_or_none() == Act.OPENED.value


def text_of(notes: Sequence[Note]) -> str:
    """The note, a line a case. Plain text."""
    lines = [_line(note) for note in notes[:MOST]]
    if len(notes) > MOST:
        lines.append(f"and {len(notes) - MOST} more")
    return "\n".join(lines)


def _line(note: Note) -> str:
    if note.deleted is not None:
        return f"Will be deleted on {note.deleted} unless you keep it: {note.ref.short}"
    return f"{'New' if note.new else 'Added to'}: {note.ref.short} ({note.urgency.value})"


def _deletion(warned: str) -> str:
    return (dt.date.fromisoformat(warned) + dt.timedelta(WARN_DAYS)).isoformat()


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
