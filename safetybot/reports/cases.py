"""What a case is: the few facts that stand outside its envelopes, and what may become of it."""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.storage.tables import cases
from safetybot.vault.envelopes import EnvelopeKind


class CaseUrgency(StrEnum):
    """How soon somebody must look at it."""

    NORMAL = "normal"
    HIGH = "high"
    EMERGENCY = "emergency"

    @property
    def rank(self) -> int:
        """0, 1 or 2: higher is sooner."""
        return list(CaseUrgency).index(self)


class Status(StrEnum):
    """How far a case is."""

    NEW = "new"
    """Nobody has opened it."""
    OPEN = "open"
    WAITING = "waiting"
    """For the writer, or for somebody it was referred to."""
    CLOSED = "closed"


class CaseOutcome(StrEnum):
    """How a case ended."""

    REFERRED = "referred"
    ADVISED = "advised"
    NO_ACTION = "no action"
    TOO_LITTLE = "too little"
    """Not enough was known to act."""
    DUPLICATE = "duplicate"
    MISUSE = "misuse"
    WITHDRAWN = "withdrawn"


FROM_WRITER = frozenset({EnvelopeKind.REPORT, EnvelopeKind.CONTACT, EnvelopeKind.ADDITION})
FOR_WRITER = frozenset({EnvelopeKind.REPORT, EnvelopeKind.ADDITION, EnvelopeKind.REPLY})
"""Kinds that are sealed to the case as well."""

ALLOWED: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        Status.NEW: frozenset(),  # opening it makes it open
        Status.OPEN: frozenset({Status.WAITING, Status.CLOSED}),
        Status.WAITING: frozenset({Status.OPEN, Status.CLOSED}),
        Status.CLOSED: frozenset({Status.OPEN}),
    }
)
"""From → to, by staff."""


class CaseError(Exception):
    """Something cannot be done with a case. The message holds nothing of it."""


class UnknownCase(CaseError):
    """There is no such case."""


class Shredded(CaseError):
    """Nothing of the case is left but its figures."""


class NotAllowed(CaseError):
    """The case's status does not allow it; the message says what does."""


class CodeTaken(CaseError):
    """Another case has this code: make a new one. Expected never."""


@dataclass(frozen=True, slots=True)
class CaseRef:
    """A case's name: 32 hexadecimal digits at random."""

    id: str

    @property
    def short(self) -> str:
        """For people: ``3FA-9C2``. Alike for two cases in 16 million."""
        return f"{self.id[:3]}-{self.id[3:6]}".upper()


@dataclass(frozen=True, slots=True)
class CaseRow:
    """What is known of a case without opening it."""

    ref: CaseRef
    day: str
    urgency: CaseUrgency
    status: Status
    assignee: str | None
    outcome: CaseOutcome | None
    closed: str | None
    keep_until: str | None
    warned: str | None
    """The day its purge was announced; it happens 3 days later at the earliest."""
    withdrawn: str | None
    """The day the writer asked for it to be deleted."""
    shredded: str | None
    unread: int = 0
    """Envelopes from the writer that no member of staff has opened."""
    envelopes: int = 0
    size: int = 0
    """Bytes of padded messages."""


async def case_row(connection: AsyncConnection, case_id: str) -> CaseRow:
    """A case's facts, without counts of envelopes. Raises UnknownCase, Shredded."""
    if not case_id.isalnum():
        raise UnknownCase("no case has such an id")  # nor may PostgreSQL be asked for every character
    row = (await connection.execute(select(cases).where(cases.c.id == case_id))).one_or_none()
    if row is None:
        raise UnknownCase("there is no such case")
    if row.shredded is not None:
        raise Shredded("nothing of this case is left")
    return row_of(row)


def row_of(row: Any, unread: int = 0, envelopes: int = 0, size: int = 0) -> CaseRow:
    """A row of the table as a CaseRow."""
    return CaseRow(
        ref=CaseRef(row.id),
        day=row.day,
        urgency=CaseUrgency(row.urgency),
        status=Status(row.status),
        assignee=row.assignee,
        outcome=CaseOutcome(row.outcome) if row.outcome else None,
        closed=row.closed,
        keep_until=row.keep_until,
        warned=row.warned,
        withdrawn=row.withdrawn,
        shredded=row.shredded,
        unread=unread,
        envelopes=envelopes,
        size=size,
    )
