"""A database of many cases, for what is measured of the desk."""

from __future__ import annotations

import datetime as dt
import random
import secrets
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.reports.cases import CaseUrgency, Status
from safetybot.staff.members import list_members, readers
from safetybot.storage.tables import audit_head, audit_log, cases, envelope_keys, envelopes
from safetybot.vault.audit import Act, AuditRow, head, transaction
from safetybot.vault.envelopes import EnvelopeKind
from safetybot.vault.sealing import CASE, Context, KeyPair, SealedEnvelope, seal

_BLOBS = 24
"""Envelopes that are sealed in earnest; every case holds copies of some. Queues never open them."""
_DAYS = 365
_BATCH = 2000
Rows = dict[Any, list[dict[str, Any]]]


async def fill(engine: AsyncEngine, number: int, today: dt.date, seed: int = 1) -> None:
    """Adds ``number`` cases of the last year to a database with staff: a third closed, a few unread, some deleted."""
    chance = random.Random(seed)
    async with transaction(engine) as connection:
        keys = {**await readers(connection), CASE: KeyPair.new().public}
        blobs = [_sealed(chance, keys) for _ in range(_BLOBS)]
        members = [one.id for one in await list_members(connection)]
        last = await head(connection)
        for _ in range(0, number, _BATCH):
            rows: Rows = {cases: [], envelopes: [], envelope_keys: [], audit_log: []}
            for _ in range(min(_BATCH, number)):
                _case(rows, chance, blobs, members, today)
            number -= _BATCH
            for row in rows[audit_log]:
                made = AuditRow(last.number + 1, row["at"], row["actor"], row["act"], row["case_id"], "{}", b"")
                last = type(last)(made.number, made.expected_hash(last.hash))
                row |= {"number": made.number, "detail": "{}", "hash": last.hash}
            for table, values in rows.items():
                await connection.execute(insert(table), values)
        await connection.execute(update(audit_head).values(number=last.number, hash=last.hash))


def _case(rows: Rows, chance: random.Random, blobs: list[SealedEnvelope], members: list[str], today: dt.date) -> None:
    id_ = "".join(chance.choices("0123456789abcdef", k=32))
    day = (today - dt.timedelta(chance.randrange(_DAYS))).isoformat()
    status = chance.choices(list(Status), weights=(8, 30, 30, 32))[0]
    deleted = status is Status.CLOSED and chance.random() < 0.3
    closed = day if status is Status.CLOSED else None
    count = 0 if deleted else chance.randint(1, 6)
    rows[cases].append(
        {
            "id": id_,
            "lookup_tag": None if deleted else secrets.token_bytes(32),
            "public_key": None if deleted else bytes(32),
            "locked_private": None if deleted else bytes(72),
            "day": day,
            "urgency": chance.choices(list(CaseUrgency), weights=(70, 25, 5))[0].value,
            "status": status.value,
            "assignee": None if deleted or status is Status.NEW else chance.choice([*members, None]),
            "outcome": "advised" if closed else None,
            "closed": closed,
            "warned": day if closed and not deleted and chance.random() < 0.05 else None,
            "withdrawn": day if chance.random() < 0.01 else None,
            "shredded": day if deleted else None,
            "envelopes": count,
        }
    )
    acts = [(Act.FILED, "bot", day)]
    for number in range(1, count + 1):
        blob = chance.choice(blobs)
        kind = (
            EnvelopeKind.REPORT
            if number == 1
            else chance.choice([EnvelopeKind.ADDITION, EnvelopeKind.REPLY, EnvelopeKind.NOTE])
        )
        unread = status is Status.NEW or (number == count and chance.random() < 0.03)
        of_case = {"case_id": id_, "number": number}
        rows[envelopes].append({**of_case, "kind": kind.value, "day": day, "unread": unread, "sealed": blob.ciphertext})
        rows[envelope_keys] += ({**of_case, "reader": who, "wrapped": key} for who, key in blob.wrapped.items())
        acts.append((Act.OPENED, members[0], f"{day}T10:30:00Z"))
    rows[audit_log] += ({"at": at, "actor": actor, "act": act.value, "case_id": id_} for act, actor, at in acts)


def _sealed(chance: random.Random, keys: dict[str, bytes]) -> SealedEnvelope:
    words = "word " * chance.choice([20, 100, 300, 700, 1500])
    return seal(
        {"at": "2026-11-24T10:30:00Z", "by": None, "body": {"text": words}}, Context("0" * 32, "report", 1), keys
    )
