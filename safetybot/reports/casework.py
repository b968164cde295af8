"""The desk's side: what a member of staff does with a case. Each act is written down in the transaction it happens in.

The caller opens the transaction (:func:`safetybot.vault.audit.transaction`). Every function raises UnknownCase,
Shredded, MemberDisabled, MemberLocked and MustChangePassphrase where they apply, and then nothing may be committed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import and_, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.formats.times import UK, day_of, moment_of
from safetybot.reports.cases import ALLOWED, CaseOutcome, CaseRow, CaseUrgency, NotAllowed, Status, case_row
from safetybot.reports.counting import count_opened, count_replied
from safetybot.reports.retention import shred
from safetybot.staff.errors import MemberDisabled
from safetybot.staff.login import UnlockedMember, acting
from safetybot.staff.members import list_members, readers
from safetybot.storage.tables import cases, envelopes
from safetybot.vault.audit import Act, AuditRow, append, history
from safetybot.vault.envelopes import EnvelopeKind, Locked, Message, Opened, load, open_all, store
from safetybot.vault.sealing import CASE, Json

EXPORT_FORMAT = 1


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A case as a member of staff reads it."""

    row: CaseRow
    messages: tuple[Message, ...]
    """Oldest first. How the writer can be reached is never among them: :func:`see_contact`."""
    locked: tuple[Locked, ...]
    """What this member cannot open: a colleague grants it, or it is damaged."""
    history: tuple[AuditRow, ...]
    contact: bool = False
    """Whether they said how they can be reached."""
    unread: int = 0
    """Messages of the writer's that nobody has opened yet; they are not among the messages here."""

    @property
    def seen(self) -> int:
        """The number of its newest act: whoever acts on what they see here says so."""
        return self.history[-1].number if self.history else 0


async def open_case(connection: AsyncConnection, member: UnlockedMember, case_id: str, at: dt.datetime) -> OpenedCase:
    """Opens a case, and marks as read what could be opened. How the writer can be reached stays shut."""
    row = await _begin(connection, member, case_id)
    opened, contact = await _open(connection, member, case_id)
    # It is known to be there, and to this member alone, if they have its key.
    numbers = [*opened.numbers, *contact]
    if opened.numbers:
        read = and_(envelopes.c.case_id == case_id, envelopes.c.number.in_(numbers))
        await connection.execute(update(envelopes).where(read).values(unread=False))
    await append(connection, member.id, Act.OPENED, moment_of(at), case_id, envelopes=len(opened.numbers))
    await count_opened(connection, row, opened.messages, at)
    if row.status is Status.NEW and opened.numbers:
        await _set(connection, case_id, status=Status.OPEN.value)
        change = {"before": Status.NEW.value, "now": Status.OPEN.value}
        await append(connection, member.id, Act.STATUS, moment_of(at), case_id, **change)
    row = await case_row(connection, case_id)
    acts = tuple(await _history(connection, case_id))
    return OpenedCase(row, opened.messages, opened.locked, acts, bool(contact))


async def look_again(connection: AsyncConnection, member: UnlockedMember, case_id: str) -> OpenedCase:
    """A case that the member has opened before: all but what nobody has opened yet. Changes nothing.

    The caller sees to it that they did open it, for this leaves no row.
    """
    row = await _begin(connection, member, case_id)
    query = select(envelopes.c.number).where(and_(envelopes.c.case_id == case_id, envelopes.c.unread))
    unread = set((await connection.execute(query)).scalars())
    opened, contact = await _open(connection, member, case_id)
    messages = tuple(message for message in opened.messages if message.number not in unread)
    acts = tuple(await _history(connection, case_id))
    return OpenedCase(row, messages, opened.locked, acts, bool(contact), len(opened.messages) - len(messages))


async def see_contact(connection: AsyncConnection, member: UnlockedMember, case_id: str, at: dt.datetime) -> Opened:
    """How the writer can be reached, if they want to be. Has a row of its own. Raises NotAllowed while it is new."""
    row = await _begin(connection, member, case_id)
    if row.status is Status.NEW:
        raise NotAllowed("open the case first")
    opened = open_all(case_id, await load(connection, case_id, member.id, [EnvelopeKind.CONTACT]), member.pair())
    await append(connection, member.id, Act.CONTACT_SEEN, moment_of(at), case_id, envelopes=len(opened.numbers))
    return opened


async def reply(connection: AsyncConnection, member: UnlockedMember, case_id: str, body: Json, at: dt.datetime) -> None:
    """Writes to the writer of the report. Raises NotAllowed while the case is new or closed; TooLong, NotJson."""
    row = await _begin(connection, member, case_id)
    if row.status not in (Status.OPEN, Status.WAITING):
        why = "it is closed: open it again before you reply" if row.status is Status.CLOSED else "open the case first"
        raise NotAllowed(why)
    await count_replied(connection, member, row, at)
    await _store(connection, member, case_id, EnvelopeKind.REPLY, body, at)
    await append(connection, member.id, Act.REPLIED, moment_of(at), case_id)


async def note(connection: AsyncConnection, member: UnlockedMember, case_id: str, body: Json, at: dt.datetime) -> None:
    """Writes a note that the code does not open. Raises TooLong, NotJson."""
    await _begin(connection, member, case_id)
    await _store(connection, member, case_id, EnvelopeKind.NOTE, body, at)
    await append(connection, member.id, Act.NOTED, moment_of(at), case_id)


async def refer(
    connection: AsyncConnection,
    member: UnlockedMember,
    case_id: str,
    at: dt.datetime,
    *,
    to: str,
    when: dt.date,
    reference: str,
    note: str = "",
) -> None:
    """Writes down to whom a case was referred, sealed as notes are.

    Raises NotAllowed while the case is new, and for a day to come.
    """
    row = await _begin(connection, member, case_id)
    if row.status is Status.NEW:
        raise NotAllowed("open the case before you refer it")
    if when > at.astimezone(UK).date():
        raise NotAllowed("a referral is written down once it is made: the day cannot be in the future")
    body = {"to": to, "when": when.isoformat(), "reference": reference, **({"note": note} if note else {})}
    await _store(connection, member, case_id, EnvelopeKind.REFERRAL, body, at)
    await append(connection, member.id, Act.REFERRED, moment_of(at), case_id)


async def assign(
    connection: AsyncConnection, member: UnlockedMember, case_id: str, to: str | None, at: dt.datetime
) -> None:
    """Gives a case to the active member with id ``to``, or to nobody. Raises MemberDisabled for anybody else."""
    await _begin(connection, member, case_id)
    if to is not None and to not in [one.id for one in await list_members(connection) if one.active]:
        raise MemberDisabled("a case goes to an active member of staff")
    await _set(connection, case_id, assignee=to)
    await append(connection, member.id, Act.ASSIGNED, moment_of(at), case_id, to=to)


async def set_urgency(
    connection: AsyncConnection, member: UnlockedMember, case_id: str, urgency: CaseUrgency, at: dt.datetime
) -> None:
    """Changes how urgent a case is."""
    row = await _begin(connection, member, case_id)
    await _set(connection, case_id, urgency=urgency.value)
    change = {"before": row.urgency.value, "now": urgency.value}
    await append(connection, member.id, Act.URGENCY, moment_of(at), case_id, **change)


async def set_status(
    connection: AsyncConnection, member: UnlockedMember, case_id: str, status: Status, at: dt.datetime
) -> None:
    """Open, or waiting; to close, use :func:`close`. Raises NotAllowed."""
    row = await _begin(connection, member, case_id)
    if status is Status.CLOSED or status not in ALLOWED[row.status]:
        raise NotAllowed(f"a case that is {row.status.value} cannot be made {status.value} this way")
    reopened = {"closed": None, "warned": None, "outcome": None} if row.status is Status.CLOSED else {}
    await _set(connection, case_id, status=status.value, **reopened)
    change = {"before": row.status.value, "now": status.value}
    await append(connection, member.id, Act.STATUS, moment_of(at), case_id, **change)


async def close(
    connection: AsyncConnection, member: UnlockedMember, case_id: str, outcome: CaseOutcome, at: dt.datetime
) -> None:
    """Closes a case; it is kept 90 days from here. Raises NotAllowed while it is new or has anything unread."""
    row = await _begin(connection, member, case_id)
    if Status.CLOSED not in ALLOWED[row.status]:
        raise NotAllowed(f"a case that is {row.status.value} cannot be closed")
    unread = select(exists().where(and_(envelopes.c.case_id == case_id, envelopes.c.unread)))
    if (await connection.execute(unread)).scalar_one():
        raise NotAllowed("read what the writer has added first")
    closed = {"status": Status.CLOSED.value, "closed": day_of(at), "outcome": outcome.value}
    await _set(connection, case_id, **closed, warned=None)
    await append(connection, member.id, Act.CLOSED, moment_of(at), case_id, outcome=outcome.value)


async def set_labels(
    connection: AsyncConnection, member: UnlockedMember, case_id: str, labels: Sequence[str], at: dt.datetime
) -> None:
    """Gives a case its labels, in place of those it had. Sealed as notes are. Raises TooLong, NotJson."""
    await _begin(connection, member, case_id)
    await _store(connection, member, case_id, EnvelopeKind.LABELS, {"labels": list(labels)}, at)
    await append(connection, member.id, Act.LABELLED, moment_of(at), case_id)


async def keep_until(
    connection: AsyncConnection,
    member: UnlockedMember,
    case_id: str,
    day: dt.date,
    at: dt.datetime,
    reason: str = "",
) -> None:
    """Keeps a case from being purged before ``day``; takes back a purge that was announced.

    The reason is sealed as a note is. Raises TooLong, NotJson.
    """
    await _begin(connection, member, case_id)
    if reason:
        body = {"about": "kept", "until": day.isoformat(), "text": reason}
        await _store(connection, member, case_id, EnvelopeKind.NOTE, body, at)
    await _set(connection, case_id, keep_until=day.isoformat(), warned=None)
    await append(connection, member.id, Act.KEPT, moment_of(at), case_id, until=day.isoformat())


async def shred_withdrawn(connection: AsyncConnection, member: UnlockedMember, case_id: str, at: dt.datetime) -> None:
    """Deletes a case that its writer withdrew, at once. Raises NotAllowed for any other."""
    row = await _begin(connection, member, case_id)
    if row.withdrawn is None:
        raise NotAllowed("its writer has not withdrawn it")
    await shred(
        connection, case_id, day_of(at), actor=member.id, at=moment_of(at), outcome=row.outcome or CaseOutcome.WITHDRAWN
    )


async def export_case(
    connection: AsyncConnection, member: UnlockedMember, case_id: str, at: dt.datetime
) -> dict[str, Json]:
    """One case, opened, as JSON with its history: all of it. The caller guards the file."""
    row = await _begin(connection, member, case_id)
    opened = open_all(case_id, await load(connection, case_id, member.id), member.pair())
    number = len(opened.numbers)
    await append(connection, member.id, Act.EXPORTED, moment_of(at), case_id, what="case", envelopes=number)
    facts = {key: value for key, value in asdict(row).items() if key not in ("ref", "unread", "envelopes", "size")}
    rows = await _history(connection, case_id)
    return {
        "format": EXPORT_FORMAT,
        "exported": {"at": moment_of(at), "by": member.id},
        "case": {"id": row.ref.id, "short": row.ref.short, **facts},
        "messages": [
            {"number": one.number, "kind": one.kind.value, "at": one.at, "by": one.by, "body": one.body}
            for one in opened.messages
        ],
        "locked": [{"number": one.number, "kind": one.kind.value, "why": one.why} for one in opened.locked],
        "history": [
            {"number": one.number, "at": one.at, "actor": one.actor, "act": one.act, "detail": one.detail}
            for one in rows
        ],
    }


async def _begin(connection: AsyncConnection, member: UnlockedMember, case_id: str) -> CaseRow:
    await acting(connection, member)
    return await case_row(connection, case_id)


async def _open(connection: AsyncConnection, member: UnlockedMember, case_id: str) -> tuple[Opened, Sequence[int]]:
    """What can be opened without the contact; and the numbers of the contact's envelopes, still shut."""
    stored = await load(connection, case_id, member.id)
    contact = [one.number for one in stored if one.kind is EnvelopeKind.CONTACT and one.wrapped is not None]
    return open_all(case_id, [one for one in stored if one.number not in contact], member.pair()), contact


async def _store(
    connection: AsyncConnection, member: UnlockedMember, case_id: str, kind: EnvelopeKind, body: Json, at: dt.datetime
) -> None:
    sealed_to = dict(await readers(connection))
    if kind is EnvelopeKind.REPLY:
        query = select(cases.c.public_key).where(cases.c.id == case_id)
        sealed_to[CASE] = (await connection.execute(query)).scalar_one()
    moment, day = moment_of(at), day_of(at)
    await store(connection, case_id, kind, body, at=moment, by=member.id, day=day, readers=sealed_to, unread=False)


async def _set(connection: AsyncConnection, case_id: str, **values: str | None) -> None:
    await connection.execute(update(cases).where(cases.c.id == case_id).values(**values))


async def _history(connection: AsyncConnection, case_id: str) -> Sequence[AuditRow]:
    rows: list[AuditRow] = []
    while page := await history(connection, case_id, after=rows[-1].number if rows else 0):
        rows += page
    return rows
