"""Lists cases without opening any.

A list of thousands of cases stays quick because envelopes are counted for the page that is shown alone, and because
what is unread has an index of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict, Unpack

from sqlalchemy import ColumnElement, and_, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.reports.cases import CaseRow, CaseUrgency, Status, row_of
from safetybot.storage.tables import audit_log, cases, envelopes
from safetybot.vault.audit import Act
from safetybot.vault.sealing import BUCKETS, bucket_of

NOBODY = ""
"""As an assignee: cases that no member has."""
ACTIVE = (Status.NEW, Status.OPEN, Status.WAITING)
"""What is not closed."""

_AROUND = -bucket_of(b"")
"""Bytes of an envelope that are not its padded message."""
assert min(BUCKETS) > _AROUND


class WaitingCases(NamedTuple):
    """Cases with something that no member of staff has opened."""

    cases: int
    since: str | None
    """The day (UTC, ``2026-11-24``) of the oldest of it."""


class QueueFilters(TypedDict, total=False):
    """Which cases are wanted. None, or nothing: no filter."""

    status: Collection[Status]
    """Left out: what is not closed."""
    urgency: Collection[CaseUrgency]
    assignee: str | None
    """A member's id, or NOBODY."""
    unread: bool | None
    withdrawn: bool | None
    warned: bool | None
    """Whether its purge is announced."""
    shredded: bool
    """The stubs of what was deleted, instead of the cases."""
    first: str | None
    """Day before which a report was not filed."""
    last: str | None
    """Day after which it was not filed."""


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many cases there are, without the deleted ones."""

    status: Mapping[Status, int]
    unread: int
    """Cases with something unread."""
    urgent: int
    """Of these, emergencies."""
    withdrawn: int
    warned: int


class QueueNews(NamedTuple):
    """What writers of reports have done since some row of the audit log."""

    filed: int
    """New reports."""
    added: int
    """Cases to which something was added."""
    withdrawn: int


async def waiting(connection: AsyncConnection) -> WaitingCases:
    """How many cases wait to be read, and since when."""
    query = select(func.count(envelopes.c.case_id.distinct()), func.min(envelopes.c.day)).where(envelopes.c.unread)
    number, since = (await connection.execute(query)).one()
    return WaitingCases(int(number), since)


async def list_cases(
    connection: AsyncConnection, *, limit: int = 100, skip: int = 0, **filters: Unpack[QueueFilters]
) -> Sequence[CaseRow]:
    """Cases that fit every filter: the most urgent first, of these what is unread, of these the newest; closed last.

    Within a day the order is by id: times are sealed.
    """
    unread = _unread()
    keys = (
        case((cases.c.status == Status.CLOSED.value, 1), else_=0).label("ended"),
        case({one.value: -one.rank for one in CaseUrgency}, value=cases.c.urgency).label("haste"),
        case((unread, 0), else_=1).label("seen"),
    )
    page = (
        select(cases, *keys)
        .where(_fits(filters))
        .order_by(*keys, cases.c.day.desc(), cases.c.id)
        .limit(limit)
        .offset(skip)
        .subquery("page")
    )

    def of_case(what: ColumnElement[int], *which: ColumnElement[bool]) -> ColumnElement[int]:
        return select(what).where(and_(envelopes.c.case_id == page.c.id, *which)).scalar_subquery()

    query = select(
        page,
        of_case(func.count(), envelopes.c.unread).label("unread_count"),
        of_case(func.count()).label("envelope_count"),
        of_case(func.coalesce(func.sum(func.length(envelopes.c.sealed)), 0)).label("size"),
    ).order_by(page.c.ended, page.c.haste, page.c.seen, page.c.day.desc(), page.c.id)
    return [
        row_of(row, row.unread_count, row.envelope_count, int(row.size) - row.envelope_count * _AROUND)
        for row in await connection.execute(query)
    ]


async def count_cases(connection: AsyncConnection, **filters: Unpack[QueueFilters]) -> int:
    """How many cases fit every filter."""
    query = select(func.count()).select_from(cases).where(_fits(filters))
    return int((await connection.execute(query)).scalar_one())


async def find_by_short(connection: AsyncConnection, digits: str, limit: int = 20) -> Sequence[CaseRow]:
    """Cases whose id begins with ``digits`` (lower case, hexadecimal), without their envelopes; the newest first."""
    begins = and_(cases.c.id >= digits, cases.c.id < digits + "g", cases.c.shredded.is_(None))
    query = select(cases).where(begins).order_by(cases.c.day.desc(), cases.c.id).limit(limit)
    return [row_of(row) for row in await connection.execute(query)]


async def counts(connection: AsyncConnection) -> QueueCounts:
    """How many cases there are of each kind."""
    query = (
        select(
            cases.c.status,
            func.count(),
            func.count(cases.c.withdrawn),
            func.count(cases.c.warned),
        )
        .where(cases.c.shredded.is_(None))
        .group_by(cases.c.status)
    )
    rows = (await connection.execute(query)).all()
    emergency = case((cases.c.urgency == CaseUrgency.EMERGENCY.value, 1), else_=0)
    waits = select(envelopes.c.case_id).where(envelopes.c.unread).distinct().subquery("waits")
    unread = (
        await connection.execute(
            select(func.count(), func.coalesce(func.sum(emergency), 0)).select_from(
                waits.join(cases, cases.c.id == waits.c.case_id)
            )
        )
    ).one()
    return QueueCounts(
        status={one: sum(row[1] for row in rows if row[0] == one.value) for one in Status},
        unread=int(unread[0]),
        urgent=int(unread[1]),
        withdrawn=sum(row[2] for row in rows),
        warned=sum(row[3] for row in rows),
    )


async def news(connection: AsyncConnection, after: int) -> QueueNews:
    """What has come from writers after row ``after`` of the audit log."""
    acts = (Act.FILED.value, Act.ADDED.value, Act.WITHDREW.value)
    query = (
        select(audit_log.c.act, func.count(audit_log.c.case_id.distinct()))
        .where(and_(audit_log.c.number > after, audit_log.c.act.in_(acts)))
        .group_by(audit_log.c.act)
    )
    found: dict[str, int] = {row[0]: row[1] for row in await connection.execute(query)}
    return QueueNews(*(found.get(act, 0) for act in acts))


def _unread() -> ColumnElement[bool]:
    return exists().where(and_(envelopes.c.case_id == cases.c.id, envelopes.c.unread))


def _fits(filters: QueueFilters) -> ColumnElement[bool]:
    """The condition that a case fits every filter."""
    wanted: list[ColumnElement[bool]] = [
        cases.c.status.in_([one.value for one in filters.get("status", ACTIVE)]),
        cases.c.urgency.in_([one.value for one in filters.get("urgency", tuple(CaseUrgency))]),
        cases.c.shredded.is_not(None) if filters.get("shredded") else cases.c.shredded.is_(None),
    ]
    assignee = filters.get("assignee")
    if assignee is not None:
        wanted.append(cases.c.assignee.is_(None) if assignee == NOBODY else cases.c.assignee == assignee)
    unread = filters.get("unread")
    if unread is not None:
        wanted.append(_unread() if unread else ~_unread())
    for asked, column in ((filters.get("withdrawn"), cases.c.withdrawn), (filters.get("warned"), cases.c.warned)):
        if asked is not None:
            wanted.append(column.is_not(None) if asked else column.is_(None))
    first, last = filters.get("first"), filters.get("last")
    if first is not None:
        wanted.append(cases.c.day >= first)
    if last is not None:
        wanted.append(cases.c.day <= last)
    return and_(*wanted)
