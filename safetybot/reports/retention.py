"""Deletes what has been kept long enough. To delete is to shred: keys and envelopes go, figures stay.

A closed case is kept 90 days. 72 hours before, its purge is announced (``CaseRow.warned``), and the hours count from
the announcement: a bot that was off for a month still gives notice. Never purged: a case that is not closed, that has
anything unread, or that staff keep longer. An addition opens a closed case again (:mod:`safetybot.reports.filing`).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.reports.cases import CaseOutcome, CaseRef, Status
from safetybot.storage.tables import cases, envelope_keys, envelopes
from safetybot.vault.audit import BOT, Act, append, hold

KEEP_DAYS = 90
"""After closing."""
WARN_DAYS = 3


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge did."""

    announced: tuple[CaseRef, ...]
    """Will be shredded in 3 days, unless somebody keeps them."""
    shredded: tuple[CaseRef, ...]


async def purge(connection: AsyncConnection, today: dt.date, actor: str = BOT) -> Purged:
    """Shreds what is due and was announced, and announces what will be due in 3 days. Run it every day."""
    await hold(connection)
    due = and_(_closed_for(KEEP_DAYS, today), cases.c.warned <= _before(today, WARN_DAYS))
    shredded = await _find(connection, today, due)
    for ref in shredded:
        await shred(connection, ref.id, today.isoformat(), actor=actor, at=today.isoformat())
    soon = and_(_closed_for(KEEP_DAYS - WARN_DAYS, today), cases.c.warned.is_(None))
    announced = await _find(connection, today + dt.timedelta(WARN_DAYS), soon)
    for ref in announced:
        warned = {"warned": today.isoformat(), "noted": False}  # so the staff chat is told
        await connection.execute(update(cases).where(cases.c.id == ref.id).values(**warned))
        await append(connection, actor, Act.WARNED, today.isoformat(), ref.id)
    return Purged(tuple(announced), tuple(shredded))


async def shred(
    connection: AsyncConnection, case_id: str, day: str, *, actor: str, at: str, outcome: CaseOutcome | None = None
) -> None:
    """Deletes everything of a case but its figures: day, urgency, status, outcome, and how many envelopes of a kind.

    The caller holds the audit log, and calls :func:`safetybot.storage.scrubbing.scrub` after the commit.
    """
    query = select(envelopes.c.kind, func.count()).where(envelopes.c.case_id == case_id).group_by(envelopes.c.kind)
    counts = {row[0]: row[1] for row in await connection.execute(query)}
    await connection.execute(delete(envelope_keys).where(envelope_keys.c.case_id == case_id))
    await connection.execute(delete(envelopes).where(envelopes.c.case_id == case_id))
    gone = {"lookup_tag": None, "public_key": None, "locked_private": None, "assignee": None, "warned": None}
    stub = {"shredded": day, "counts": json.dumps(counts, sort_keys=True)}
    ended = {"outcome": outcome.value} if outcome else {}
    await connection.execute(update(cases).where(cases.c.id == case_id).values(**gone, **stub, **ended))
    await append(connection, actor, Act.SHREDDED, at, case_id)


async def _find(connection: AsyncConnection, today: dt.date, which: ColumnElement[bool]) -> Sequence[CaseRef]:
    """Cases of some kind that nothing keeps on ``today``."""
    unread = exists().where(and_(envelopes.c.case_id == cases.c.id, envelopes.c.unread))
    free = or_(cases.c.keep_until.is_(None), cases.c.keep_until <= today.isoformat())
    found = await connection.execute(select(cases.c.id).where(and_(which, free, ~unread)).order_by(cases.c.id))
    return [CaseRef(case_id) for case_id in found.scalars()]


def _closed_for(days: int, today: dt.date) -> ColumnElement[bool]:
    closed = cases.c.closed <= _before(today, days)
    return and_(cases.c.status == Status.CLOSED.value, cases.c.shredded.is_(None), closed)


def _before(today: dt.date, days: int) -> str:
    return (today - dt.timedelta(days)).isoformat()
