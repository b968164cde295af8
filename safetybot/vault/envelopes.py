"""Puts a case's messages into the database as envelopes, and takes them out again."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.storage.tables import cases, envelope_keys, envelopes
from safetybot.vault.chunks import join, split
from safetybot.vault.sealing import Context, Json, KeyPair, SealingError, open_envelope, seal


class EnvelopeKind(StrEnum):
    """What an envelope holds."""

    REPORT = "report"
    CONTACT = "contact"
    """How the writer can be reached, if they want to be: staff and recovery alone read it."""
    ADDITION = "addition"
    REPLY = "reply"
    """From staff to the writer; read with the code."""
    NOTE = "note"
    """Among staff."""
    REFERRAL = "referral"
    """To whom, when, under what reference. Among staff."""
    LABELS = "labels"
    """The case's labels; the newest are those it has. Among staff."""
    LINK = "link"
    """Another case that names the same account, number or page, or that such a link was wrong. Among staff."""


DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Message:
    """An opened message."""

    number: int
    """Of its (first) envelope in the case."""
    kind: EnvelopeKind
    at: str
    """The moment, UTC."""
    by: str | None
    """The member of staff; None where the writer of the report wrote it."""
    body: Json = field(repr=False)


@dataclass(frozen=True, slots=True)
class Locked:
    """An envelope that stayed shut."""

    number: int
    kind: EnvelopeKind
    why: str
    """``no key`` (an earlier reader must grant it) or ``damaged``."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a reader could open of a case, and what not."""

    messages: tuple[Message, ...]
    locked: tuple[Locked, ...]
    numbers: tuple[int, ...]
    """Of the envelopes that were opened."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An envelope as it lies in the database, with one reader's key to it."""

    number: int
    kind: EnvelopeKind
    sealed: bytes = field(repr=False)
    wrapped: bytes | None = field(repr=False)


async def store(
    connection: AsyncConnection,
    case_id: str,
    kind: EnvelopeKind,
    body: Json,
    *,
    at: str,
    by: str | None,
    day: str,
    readers: Mapping[str, bytes],
    unread: bool,
) -> int:
    """Seals a message to ``readers`` (id → public key) and adds it to a case that exists; the number it gets.

    Raises TooLong above 16 envelopes, NotJson.
    """
    pieces = split(body)
    reserve = (
        update(cases)
        .where(cases.c.id == case_id)
        .values(envelopes=cases.c.envelopes + len(pieces))
        .returning(cases.c.envelopes)
    )
    last: int = (await connection.execute(reserve)).scalar_one()
    first = last - len(pieces) + 1
    for number, piece in enumerate(pieces, first):
        envelope = seal({"at": at, "by": by, **piece}, Context(case_id, kind.value, number), readers)
        await connection.execute(
            insert(envelopes).values(
                case_id=case_id,
                number=number,
                kind=kind.value,
                day=day,
                unread=unread,
                sealed=envelope.ciphertext,
                digest=row_digest(case_id, number, kind.value, envelope.ciphertext),
            )
        )
        keys = [key_row(case_id, number, reader, wrapped) for reader, wrapped in envelope.wrapped.items()]
        await connection.execute(insert(envelope_keys), keys)
    return first


def row_digest(case_id: str, number: int, what: str, value: bytes) -> bytes:
    """Return the digest of an envelope (``what``: its kind) or of a key to one (its reader), 16 bytes.

    It is bound to the row's place, and keyed with nothing: it finds damage, by whoever has the database alone and by
    each process that writes, also where the server's secret was lost. Who tampers can make it anew, and is found by the
    recovery key, for no envelope can be changed and still be opened.
    """
    place = f"{case_id}/{number}/{what}/".encode()
    return hashlib.blake2b(place + value, digest_size=DIGEST_BYTES, person=b"envelope-digest").digest()


def key_row(case_id: str, number: int, reader: str, wrapped: bytes) -> dict[str, Any]:
    """Return the row of an envelope's key, sealed to one reader."""
    digest = row_digest(case_id, number, reader, wrapped)
    return {"case_id": case_id, "number": number, "reader": reader, "wrapped": wrapped, "digest": digest}


async def load(
    connection: AsyncConnection, case_id: str, reader: str, kinds: Collection[EnvelopeKind] = tuple(EnvelopeKind)
) -> Sequence[Stored]:
    """A case's envelopes of some kinds in order, each with the key of ``reader`` where there is one."""
    theirs = and_(
        envelope_keys.c.case_id == envelopes.c.case_id,
        envelope_keys.c.number == envelopes.c.number,
        envelope_keys.c.reader == reader,
    )
    query = (
        select(envelopes.c.number, envelopes.c.kind, envelopes.c.sealed, envelope_keys.c.wrapped)
        .select_from(envelopes.outerjoin(envelope_keys, theirs))
        .where(and_(envelopes.c.case_id == case_id, envelopes.c.kind.in_([kind.value for kind in kinds])))
        .order_by(envelopes.c.number)
    )
    return [
        Stored(row.number, EnvelopeKind(row.kind), row.sealed, row.wrapped) for row in await connection.execute(query)
    ]


def open_all(case_id: str, stored: Sequence[Stored], reader: KeyPair) -> Opened:
    """Opens what ``reader`` can. One damaged envelope does not keep the others shut."""
    messages: list[Message] = []
    locked: list[Locked] = []
    numbers: list[int] = []
    pieces: list[tuple[Stored, Json]] = []
    for envelope in stored:
        if envelope.wrapped is None:
            locked.append(Locked(envelope.number, envelope.kind, "no key"))
            continue
        try:
            context = Context(case_id, envelope.kind.value, envelope.number)
            pieces.append((envelope, open_envelope(envelope.sealed, context, envelope.wrapped, reader)))
        except SealingError:
            locked.append(Locked(envelope.number, envelope.kind, "damaged"))
    for group in _groups(pieces):
        first, content = group[0]
        try:
            body = join([piece for _, piece in group])
            messages.append(Message(first.number, first.kind, str(content["at"]), content["by"], body))
            numbers += [envelope.number for envelope, _ in group]
        except (SealingError, KeyError, TypeError):
            locked += [Locked(envelope.number, envelope.kind, "damaged") for envelope, _ in group]
    locked.sort(key=lambda one: one.number)
    return Opened(tuple(messages), tuple(locked), tuple(numbers))


def _groups(pieces: Sequence[tuple[Stored, Json]]) -> Iterator[list[tuple[Stored, Json]]]:
    """The envelopes of each message together."""
    group: list[tuple[Stored, Json]] = []
    for envelope, content in pieces:
        part = content.get("part", 1) if isinstance(content, dict) else 1
        if group and part == 1:
            yield group
            group = []
        group.append((envelope, content))
    if group:
        yield group
