"""The writer's side: a report is filed, and found again by its code.

The caller opens the transaction (:func:`safetybot.vault.audit.transaction`), and may do more in it (delete the draft,
note the update as handled): all of it happens, or nothing. The keys of a code are derived before it begins, because
that takes half a second.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.formats.times import day_of, moment_of
from safetybot.reports.cases import FOR_WRITER, CaseOutcome, CaseRef, CaseUrgency, CodeTaken, Status, case_row
from safetybot.reports.notes import due_again, opened_since_written
from safetybot.reports.retention import shred
from safetybot.staff.members import readers
from safetybot.storage.tables import cases
from safetybot.vault.audit import BOT, Act, append, hold
from safetybot.vault.codes import CodeKeys
from safetybot.vault.envelopes import EnvelopeKind, Message, load, open_all, store
from safetybot.vault.sealing import CASE, Json, KeyPair, lock_private, unlock_private


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody tells."""

    answers: Json = field(repr=False)
    contact: Json | None = field(default=None, repr=False)
    """How they can be reached, if they want to be: sealed apart."""


@dataclass(frozen=True, slots=True)
class FoundCase:
    """A case found by its code, not opened yet."""

    ref: CaseRef
    public_key: bytes
    locked_private: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class WriterView:
    """What the writer of a report sees with the code."""

    ref: CaseRef
    status: Status
    replies: tuple[Message, ...]
    """Oldest first."""
    damaged: int
    """Replies that cannot be opened."""
    withdrawn: bool
    """They asked for it to be deleted, and staff had read it already."""


class Withdrawal(StrEnum):
    """What withdrawing did."""

    SHREDDED = "shredded"
    """Nobody had opened it: it is gone."""
    FLAGGED = "flagged"
    """Somebody has read it: staff see that it was withdrawn."""


async def file_report(
    connection: AsyncConnection, report: Report, keys: CodeKeys, at: dt.datetime, urgency: CaseUrgency
) -> CaseRef:
    """Files a report as a new case. Only the day of ``at`` is stored in clear.

    Raises NoReader, CodeTaken, TooLong, NotJson; then nothing may be committed.
    """
    await hold(connection)
    staff_and_recovery = await readers(connection)
    if await find_case(connection, keys.lookup_tag) is not None:
        raise CodeTaken("another case has this code")
    ref, pair = CaseRef(secrets.token_hex(16)), KeyPair.new()
    await connection.execute(
        insert(cases).values(
            id=ref.id,
            lookup_tag=keys.lookup_tag,
            public_key=pair.public,
            locked_private=lock_private(pair.private, keys.wrapping_key, ref.id),
            day=day_of(at),
            urgency=urgency.value,
            status=Status.NEW.value,
            envelopes=0,
        )
    )
    await _store(connection, ref, EnvelopeKind.REPORT, report.answers, at, staff_and_recovery, pair.public)
    if report.contact is not None:
        await _store(connection, ref, EnvelopeKind.CONTACT, report.contact, at, staff_and_recovery, pair.public)
    await append(connection, BOT, Act.FILED, day_of(at), ref.id, urgency=urgency.value)
    return ref


async def find_case(connection: AsyncConnection, lookup_tag: bytes) -> FoundCase | None:
    """The case of a code, or None where no case has it, or has it no more."""
    row = (await connection.execute(select(cases).where(cases.c.lookup_tag == lookup_tag))).one_or_none()
    return FoundCase(CaseRef(row.id), row.public_key, row.locked_private) if row else None


async def view_case(connection: AsyncConnection, found: FoundCase, keys: CodeKeys) -> WriterView:
    """The replies and how far the case is. Changes nothing. Raises CannotOpen, UnknownCase, Shredded."""
    pair = unlock_private(found.locked_private, keys.wrapping_key, found.ref.id)
    row = await case_row(connection, found.ref.id)
    opened = open_all(found.ref.id, await load(connection, found.ref.id, CASE, [EnvelopeKind.REPLY]), pair)
    return WriterView(found.ref, row.status, opened.messages, len(opened.locked), row.withdrawn is not None)


async def add_to_case(
    connection: AsyncConnection, found: FoundCase, body: Json, at: dt.datetime, urgency: CaseUrgency | None = None
) -> None:
    """Adds what the writer says now. A closed case is open again; the urgency may rise, and never falls.

    The staff chat is told where somebody has opened the case since the writer last wrote, or where its urgency rises.
    Raises NoReader, UnknownCase, Shredded, TooLong, NotJson.
    """
    await hold(connection)
    row = await case_row(connection, found.ref.id)
    higher = urgency if urgency is not None and urgency.rank > row.urgency.rank else None
    if higher is not None or await opened_since_written(connection, found.ref.id):
        await due_again(connection, found.ref.id)
    await _store(connection, found.ref, EnvelopeKind.ADDITION, body, at, await readers(connection), found.public_key)
    await append(connection, BOT, Act.ADDED, day_of(at), found.ref.id)
    if row.status is Status.CLOSED:
        opened = {"status": Status.OPEN.value, "closed": None, "warned": None, "outcome": None}
        await connection.execute(update(cases).where(cases.c.id == found.ref.id).values(**opened))
        await append(connection, BOT, Act.REOPENED, day_of(at), found.ref.id)
    if higher is not None:
        await connection.execute(update(cases).where(cases.c.id == found.ref.id).values(urgency=higher.value))
        change = {"before": row.urgency.value, "now": higher.value}
        await append(connection, BOT, Act.URGENCY, day_of(at), found.ref.id, **change)


async def withdraw(connection: AsyncConnection, found: FoundCase, at: dt.datetime) -> Withdrawal:
    """Takes a report back: at once where nobody has opened it, else by a flag for staff.

    Raises UnknownCase, Shredded.
    """
    await hold(connection)
    row = await case_row(connection, found.ref.id)
    day = day_of(at)
    result = Withdrawal.SHREDDED if row.status is Status.NEW else Withdrawal.FLAGGED
    await append(connection, BOT, Act.WITHDREW, day, found.ref.id, result=result.value)
    await connection.execute(update(cases).where(cases.c.id == found.ref.id).values(withdrawn=day))
    if result is Withdrawal.SHREDDED:
        await shred(connection, found.ref.id, day, actor=BOT, at=day, outcome=CaseOutcome.WITHDRAWN)
    return result


async def _store(
    connection: AsyncConnection,
    ref: CaseRef,
    kind: EnvelopeKind,
    body: Json,
    at: dt.datetime,
    staff_and_recovery: Mapping[str, bytes],
    case_key: bytes,
) -> None:
    sealed_to = {**staff_and_recovery, **({CASE: case_key} if kind in FOR_WRITER else {})}
    await store(
        connection,
        ref.id,
        kind,
        body,
        at=moment_of(at),
        by=None,
        day=day_of(at),
        readers=sealed_to,
        unread=True,
    )
