"""The audit log: who did what to which case, in a chain that shows where it was changed.

A row's hash is BLAKE2b-256 of the previous row's hash and the row as JSON; the first follows 32 zero bytes. A row is
added in the transaction of the act it records: both are there, or neither. ``audit_head`` holds the newest row's number
and hash. Whoever is to write locks it first, so that writers in other processes wait their turn and the chain cannot
fork.

Someone who can write to the database can compute the whole chain anew. So a process that has the vouching key seals the
head with a MAC each time it adds a row, if the head that it found was sealed: a chain that was made anew has no seal,
and never gets one again (:mod:`safetybot.vault.audit_seal`). An earlier head with its seal can be put back, rows and
all: so note the head elsewhere now and then (``doctor`` prints it): :func:`verify` checks the chain against such an
anchor.
"""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.storage.database import for_writing
from safetybot.storage.tables import audit_head, audit_log
from safetybot.vault.roster import there, vouching_of

BOT = "bot"
"""The actor of what a writer of a report does, and of what happens by itself."""
OPERATOR = "operator"
DESK = "desk"
"""The actor of what the desk notes of somebody who is not logged in."""
_COLUMNS = (audit_head.c.number, audit_head.c.hash, audit_head.c.sealed, audit_head.c.seal)
_HEAD = select(*_COLUMNS)
_TOUCH = update(audit_head).values(id=audit_head.c.id).returning(*_COLUMNS)
_LOCK = _HEAD.with_for_update()
_DETAIL_MAX = 400
_PAGE = 1000


class AuditDamaged(Exception):
    """The log's head is missing: restore the database from a backup."""


class HeadMistyped(Exception):
    """What was noted of the log has not the form that :func:`spell_head` writes."""


class Act(StrEnum):
    """What is recorded. 24 characters at most."""

    FILED = "filed"
    ADDED = "added"
    WITHDREW = "withdrew"
    OPENED = "opened"
    CONTACT_SEEN = "contact seen"
    REPLIED = "replied"
    NOTED = "noted"
    ASSIGNED = "assigned"
    REFERRED = "referred"
    STATUS = "status"
    URGENCY = "urgency"
    CLOSED = "closed"
    REOPENED = "reopened"
    LABELLED = "labelled"
    LINKED = "linked"
    KEPT = "kept"
    EXPORTED = "exported"
    WARNED = "purge announced"
    SHREDDED = "shredded"
    STAFF_ADDED = "staff added"
    STAFF_DISABLED = "staff disabled"
    STAFF_RECOVERED = "staff recovered"
    STAFF_GRANTED = "staff granted"
    STAFF_ENABLED = "staff enabled"
    STAFF_VOUCHED = "staff vouched for"
    """An operator, or the upgrade, took what is in the database by the server's word."""
    STAFF_UNLOCKED = "staff logged in"
    RENEWED = "passphrase changed"
    PASSPHRASE_RIGHT = "passphrase accepted"  # noqa: S105 - no secret
    """The first of two factors."""
    LOGIN_FAILED = "login failed"
    CONFIRMING_FAILED = "confirmation failed"
    """Somebody who is logged in typed a wrong passphrase where it is asked for again."""
    LOCKED_OUT = "locked out"
    SECOND_FAILED = "second factor failed"
    SECOND_SET = "second factor set"
    SECOND_RESET = "second factor reset"
    CODES_RENEWED = "recovery codes renewed"
    CODE_USED = "recovery code used"
    PASSKEY_ADDED = "passkey added"
    PASSKEY_REMOVED = "passkey removed"
    PASSKEY_USED = "passkey used"
    PASSKEY_COPIED = "passkey copy suspected"
    """A passkey's counter went back, so there may be a copy of it."""
    LOCK_LIFTED = "lock lifted"
    DRILL = "recovery drill"
    BACKED_UP = "backed up"
    RESTORED = "restored"
    """From a backup: what was done after that was made is lost."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row's number (0 where there is none) and hash (32 bytes)."""

    number: int
    hash: bytes


def spell_head(head: Head) -> str:
    """``number:hash``, the hash as 64 hexadecimal digits."""
    return f"{head.number}:{head.hash.hex()}"


def read_head(text: str) -> Head:
    """What :func:`spell_head` wrote. Raises HeadMistyped."""
    match = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", "".join(text.split()).lower(), re.ASCII)
    if match is None:
        raise HeadMistyped("an audit head is a number, a colon and 64 digits or letters a to f")
    return Head(int(match[1]), bytes.fromhex(match[2]))


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One act."""

    number: int
    at: str
    """A moment, or a day where a writer of a report acted."""
    actor: str
    act: str
    case_id: str | None
    detail: str
    """JSON, without content."""
    hash: bytes

    def expected_hash(self, previous: bytes) -> bytes:
        """The hash that this row must have after one with hash ``previous``."""
        fields = [self.number, self.at, self.actor, self.act, self.case_id, self.detail]
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
        return hashlib.blake2b(previous + text.encode(), digest_size=32, person=b"audit-1").digest()


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """The first place where the chain does not hold."""

    number: int
    why: str


async def hold(connection: AsyncConnection) -> Head:
    """Makes other acts wait until this transaction ends. Every act begins with it, before it reads anything.

    Raises AuditDamaged.
    """
    return _head(await _held(connection))


async def _held(connection: AsyncConnection) -> Any:
    # SQLite locks by writing. PostgreSQL locks the row, and then reads it as whoever held it before has left it.
    statement = _TOUCH if connection.dialect.name == "sqlite" else _LOCK
    return (await connection.execute(statement)).one_or_none()


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction for acts: holds the log from its beginning, so that what it reads stays true until it commits.

    Raises AuditDamaged.
    """
    async with for_writing(engine).begin() as connection:
        await hold(connection)
        yield connection


async def append(
    connection: AsyncConnection, actor: str, act: Act, at: str, case_id: str | None = None, **detail: str | int | None
) -> None:
    """Adds a row. ``at``: a moment or a day (:mod:`safetybot.formats.times`); ``detail``: never content.

    Raises AuditDamaged; ValueError for a detail over 400 characters.
    """
    text = json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if len(text) > _DETAIL_MAX:
        raise ValueError("an audit row has too much detail")
    held = await _held(connection)
    previous = _head(held)
    row = AuditRow(previous.number + 1, at, actor, act.value, case_id, text, b"")
    digest = row.expected_hash(previous.hash)
    await connection.execute(
        insert(audit_log).values(
            number=row.number, at=at, actor=actor, act=row.act, case_id=case_id, detail=text, hash=digest
        )
    )
    sealed = _sealed(connection, held, Head(row.number, digest), first=await is_new(connection, held))
    await connection.execute(update(audit_head).values(number=row.number, hash=digest, **sealed))


def _sealed(connection: AsyncConnection, previous: Any, new: Head, *, first: bool) -> dict[str, Any]:
    """The columns that seal a new head; none where the one before it is not sealed, unless it is the ``first``."""
    vouching = vouching_of(connection)
    if vouching is None or not ((first and vouching.floor is None) or vouching.key.sealed(*previous)):
        return {}
    return {"sealed": new.number, "seal": vouching.key.mac_of_head(new.number, new.hash)}


async def is_new(connection: AsyncConnection, row: Any) -> bool:
    """Whether a log with this head has not begun: where members were let in, there was a log before."""
    return row.number == 0 and row.sealed is None and not await there(connection)


async def head(connection: AsyncConnection) -> Head:
    """The newest row's number and hash, whichever version the table is of. Raises AuditDamaged."""
    return _head((await connection.execute(select(audit_head.c.number, audit_head.c.hash))).one_or_none())


async def stored_head(connection: AsyncConnection) -> Any:
    """The newest row's number and hash, and the newest seal: ``sealed`` its row's number, ``seal`` its MAC.

    Raises AuditDamaged.
    """
    row = (await connection.execute(_HEAD)).one_or_none()
    _head(row)
    return row


def _head(row: Any) -> Head:
    if row is None:
        raise AuditDamaged("the audit log has lost its head")
    return Head(row[0], row[1])


async def history(
    connection: AsyncConnection, case_id: str | None = None, after: int = 0, limit: int = _PAGE
) -> Sequence[AuditRow]:
    """Rows in order, from the one after number ``after``; of one case, or of all."""
    query = select(audit_log).where(audit_log.c.number > after).order_by(audit_log.c.number).limit(limit)
    if case_id is not None:
        query = query.where(audit_log.c.case_id == case_id)
    return [_row(row) for row in await connection.execute(query)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which rows are wanted; None: any."""

    member: str | None = None
    """Who did it, or to whose account it was done."""
    acts: Collection[str] | None = None
    case: str | None = None
    """The beginning of a case's id."""
    first_day: str | None = None
    last_day: str | None = None


async def newest(
    connection: AsyncConnection, search: Search, *, before: int | None = None, limit: int
) -> Sequence[AuditRow]:
    """Rows that fit, newest first; ``before``: only those with a lower number."""
    wanted: list[ColumnElement[bool]] = []
    if before is not None:
        wanted.append(audit_log.c.number < before)
    if search.member is not None:
        about = audit_log.c.detail.contains(f'"member":"{search.member}"', autoescape=True)
        wanted.append(or_(audit_log.c.actor == search.member, about))
    if search.acts is not None:
        wanted.append(audit_log.c.act.in_(search.acts))
    if search.case is not None:
        # As a range, which an index serves: ids are hexadecimal digits.
        wanted.append(and_(audit_log.c.case_id >= search.case, audit_log.c.case_id < f"{search.case}g"))
    if search.first_day is not None:
        wanted.append(audit_log.c.at >= search.first_day)
    if search.last_day is not None:
        wanted.append(audit_log.c.at < f"{search.last_day}U")  # after every time of that day, which begins with T
    query = select(audit_log).where(*wanted).order_by(audit_log.c.number.desc()).limit(limit)
    return [_row(row) for row in await connection.execute(query)]


async def last_times(connection: AsyncConnection, act: Act) -> Mapping[str, str]:
    """Actor → when they last did something."""
    query = select(audit_log.c.actor, func.max(audit_log.c.at)).where(audit_log.c.act == act.value)
    return {row[0]: row[1] for row in await connection.execute(query.group_by(audit_log.c.actor))}


async def last_of(connection: AsyncConnection, act: Act, actor: str | None = None) -> AuditRow | None:
    """The newest row of an act, by one actor or by anybody."""
    query = select(audit_log).where(audit_log.c.act == act.value).order_by(audit_log.c.number.desc()).limit(1)
    if actor is not None:
        query = query.where(audit_log.c.actor == actor)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _row(row)


async def verify(
    connection: AsyncConnection, anchor: Head | None = None, told: Callable[[int], None] = lambda number: None
) -> BrokenRow | None:
    """The first broken row of the whole log, or None. ``anchor``: a head that was noted earlier.

    The connection must see one moment of the database throughout, or what is added meanwhile looks like damage.
    ``told`` hears the number of each row up to which it holds, now and then.
    """
    previous = Head(0, bytes(32))
    while rows := await history(connection, after=previous.number):
        broken, previous = await asyncio.to_thread(_follow, previous, rows, anchor)
        if broken is not None:
            return broken
        told(previous.number)
    try:
        end = await head(connection)
    except AuditDamaged as error:
        return BrokenRow(previous.number, str(error))
    if end != previous:
        return BrokenRow(previous.number + 1, "missing at the end, or the head was changed")
    if anchor is not None and anchor.number > previous.number:
        return BrokenRow(previous.number + 1, "missing at the end")
    if anchor is not None and anchor.number == 0 and anchor.hash != bytes(32):
        return BrokenRow(0, "not what was noted of it earlier")
    return None


def _follow(previous: Head, rows: Sequence[AuditRow], anchor: Head | None) -> tuple[BrokenRow | None, Head]:
    """The first of ``rows`` that does not follow on ``previous``; and the last that does."""
    for row in rows:
        if row.number != previous.number + 1:
            return BrokenRow(previous.number + 1, "missing"), previous
        if row.hash != row.expected_hash(previous.hash):
            return BrokenRow(row.number, "changed, or put in"), previous
        if anchor is not None and anchor.number == row.number and anchor.hash != row.hash:
            return BrokenRow(row.number, "not what was noted of it earlier"), previous
        previous = Head(row.number, row.hash)
    return None, previous


def _row(row: Any) -> AuditRow:
    return AuditRow(row.number, row.at, row.actor, row.act, row.case_id, row.detail, row.hash)
