"""Lists cases without opening any."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.reports.cases import CaseRow, Status, Urgency, row_of
from safetybot.reports.sealing import BUCKETS, bucket_of
from safetybot.storage.tables import cases, envelopes

_AROUND = -bucket_of(b"")
"""Bytes of an envelope that are not its padded message."""
assert min(BUCKETS) > _AROUND


class Waiting(NamedTuple):
    """Cases with something that no member of staff has opened."""

    cases: int
    since: str | None
    """The day (UTC, ``2026-11-24``) of the oldest of it."""


async def waiting(connection: AsyncConnection) -> Waiting:
    """How many cases wait to be read, and since when."""
    query = select(func.count(envelopes.c.case_id.distinct()), func.min(envelopes.c.day)).where(envelopes.c.unread)
    number, since = (await connection.execute(query)).one()
    return Waiting(int(number), since)


async def list_cases(
    connection: AsyncConnection,
    *,
    status: Collection[Status] = (Status.NEW, Status.OPEN, Status.WAITING),
    urgency: Collection[Urgency] = tuple(Urgency),
    assignee: str | None = None,
    unread: bool | None = None,
    withdrawn: bool | None = None,
    warned: bool | None = None,
    shredded: bool = False,
    limit: int = 100,
    skip: int = 0,
) -> Sequence[CaseRow]:
    """Cases that fit every filter (None: no filter): the most urgent first, of these the newest, unread before read.

    ``shredded`` lists the stubs instead of the cases. Within a day the order is by id: times are sealed.
    """
    new = func.coalesce(func.sum(case((envelopes.c.unread, 1), else_=0)), 0).label("unread_count")
    number = func.count(envelopes.c.number).label("envelope_count")
    size = func.coalesce(func.sum(func.length(envelopes.c.sealed)), 0).label("size")
    of_case = select(envelopes.c.case_id, new, number, size).group_by(envelopes.c.case_id).subquery("of_case")
    unread_count = func.coalesce(of_case.c.unread_count, 0)
    wanted: list[ColumnElement[bool]] = [
        cases.c.status.in_([one.value for one in status]),
        cases.c.urgency.in_([one.value for one in urgency]),
        cases.c.shredded.is_not(None) if shredded else cases.c.shredded.is_(None),
    ]
    if assignee is not None:
        wanted.append(cases.c.assignee == assignee)
    if unread is not None:
        wanted.append(unread_count > 0 if unread else unread_count == 0)
    for asked, column in ((withdrawn, cases.c.withdrawn), (warned, cases.c.warned)):
        if asked is not None:
            wanted.append(column.is_not(None) if asked else column.is_(None))
    rank = case({one.value: one.rank for one in Urgency}, value=cases.c.urgency)
    query = (
        select(cases, of_case.c.unread_count, of_case.c.envelope_count, of_case.c.size)
        .select_from(cases.outerjoin(of_case, of_case.c.case_id == cases.c.id))
        .where(and_(*wanted))
        .order_by(rank.desc(), cases.c.day.desc(), unread_count.desc(), cases.c.id)
        .limit(limit)
        .offset(skip)
    )
    return [
        row_of(
            row, int(row.unread_count or 0), count := int(row.envelope_count or 0), int(row.size or 0) - count * _AROUND
        )
        for row in await connection.execute(query)
    ]
