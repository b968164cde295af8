"""Whether every report that was taken is still there and can be opened.

Without a key: each case that was not deleted has all its envelopes, each envelope has a key for the recovery key, and
the bytes of both are those that were written. With the recovery key: each envelope is opened.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import Row, Select, and_, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.reports.cases import CaseRef
from safetybot.storage.foreign_keys import orphans
from safetybot.storage.tables import cases, envelope_keys, envelopes
from safetybot.vault.envelopes import EnvelopeKind, row_digest
from safetybot.vault.sealing import (
    BUCKETS,
    RECOVERY,
    VERSION,
    WRAPPED_BYTES,
    Context,
    KeyPair,
    SealingError,
    bucket_of,
    open_envelope,
)

_BATCH = 500
_SHOWN = 10
"""Cases that are named; of more their number is told."""

Told = Callable[[str, float], None]
"""Hears what is being done, and how much of it is done, 0 to 1."""
_LOOKING, _OPENING = "looking over reports", "opening reports"


class Damage(StrEnum):
    """What is wrong with an envelope."""

    MISSING = "missing"
    CHANGED = "not as they were written"
    NO_KEY = "without a key for the recovery key"
    SHUT = "not opened by the recovery key"
    READER = "with another reader's key not as it was written"


@dataclass(slots=True)
class Integrity:
    """What a look over all reports has found."""

    envelopes: int = 0
    """How many there are."""
    opened: int | None = None
    """How many the recovery key opened; None where it was not at hand."""
    orphans: Mapping[str, int] = field(default_factory=dict)
    """Table → how many of its rows refer to a row that is not there."""
    missing: dict[str, int] = field(default_factory=dict)
    """Case → how many of its envelopes are not there."""
    damaged: dict[tuple[str, int], tuple[str, Damage]] = field(default_factory=dict)
    """Case and number of an envelope that is there → its kind, and what is wrong with it."""

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.orphans or self.missing or self.damaged)

    @property
    def number(self) -> int:
        """How many envelopes are damaged, or are not there."""
        return len(self.damaged) + sum(self.missing.values())

    def add(self, case_id: str, number: int, kind: str, damage: Damage) -> None:
        """Note what is wrong with an envelope; what was noted first stays."""
        known = kind if kind in {*EnvelopeKind} else "unknown"
        self.damaged.setdefault((case_id, number), (known, damage))

    def says(self) -> str:
        """Return all of it in a sentence, without anything of what was written."""
        return "; ".join(part for part in (self.references(), self.reports()) if part)

    def references(self) -> str:
        """Return which rows refer to a row that is not there; empty where none does."""
        each = ", ".join(f"{number} in {table}" for table, number in self.orphans.items())
        return f"rows that belong to something that is not there (broken foreign keys): {each}" if each else ""

    def reports(self) -> str:
        """Return how many envelopes are damaged and of which cases; empty where none is."""
        if not self.number:
            return ""
        whys = Counter({Damage.MISSING: sum(self.missing.values())} if self.missing else {})
        whys.update(why for _, why in self.damaged.values())
        kinds: dict[str, Counter[str]] = {case_id: Counter(missing=number) for case_id, number in self.missing.items()}
        for (case_id, _), (kind, _) in self.damaged.items():
            kinds.setdefault(case_id, Counter())[kind] += 1
        named = [
            f"{CaseRef(case_id).short} ({', '.join(f'{number} {kind}' for kind, number in sorted(counts.items()))})"
            for case_id, counts in sorted(kinds.items())[:_SHOWN]
        ]
        more = f" and {len(kinds) - _SHOWN} more" if len(kinds) > _SHOWN else ""
        how = ", ".join(f"{whys[why]} {why.value}" for why in Damage if whys[why])
        total = self.envelopes + sum(self.missing.values())
        return f"{self.number} of {total} envelopes are damaged ({how}), of the cases {', '.join(named)}{more}"


async def look_over(
    connection: AsyncConnection, recovery: KeyPair | None = None, *, told: Told = lambda stage, done: None
) -> Integrity:
    """Look over every report, whichever version the tables are of; with the recovery key, open each.

    What was withdrawn or deleted has left no envelopes, and is not missed.
    """
    columns = await connection.run_sync(_columns)
    found = Integrity(opened=None if recovery is None else 0)
    if not columns:
        return found  # of before there were reports
    found.orphans = await orphans(connection)
    found.missing = {row.id: row.had - row.there for row in await connection.execute(_lacking())}
    found.envelopes = total = await _count(connection, select(func.count()).select_from(envelopes))
    digests = "digest" in columns
    passes: list[tuple[Select[Any], Callable[[Integrity, Sequence[Row[Any]]], None]]] = [
        (_envelopes(digests), partial(_check_envelopes, recovery, digests))
    ]
    if digests:
        passes.append((_keys(), _check_keys))
        total += await _count(connection, select(func.count()).select_from(envelope_keys))
    stage, done = _LOOKING if recovery is None else _OPENING, 0
    for query, check in passes:
        result = await connection.stream(query, execution_options={"yield_per": _BATCH})
        async for rows in result.partitions():
            await asyncio.to_thread(check, found, rows)
            done += len(rows)
            told(stage, done / max(total, 1))
    return found


def _columns(connection: Any) -> set[str]:
    """The columns of the envelopes; none where there is no such table."""
    looked = inspect(connection)
    if not looked.has_table(envelopes.name):
        return set()
    return {each["name"] for each in looked.get_columns(envelopes.name)}


async def _count(connection: AsyncConnection, query: Select[Any]) -> int:
    return int((await connection.execute(query)).scalar_one())


def _lacking() -> Select[tuple[str, int, int]]:
    """Cases that were not deleted and have fewer envelopes than they have had."""
    there = select(envelopes.c.case_id, func.count().label("there")).group_by(envelopes.c.case_id).subquery()
    number = func.coalesce(there.c.there, 0)
    return (
        select(cases.c.id, cases.c.envelopes.label("had"), number.label("there"))
        .select_from(cases.outerjoin(there, there.c.case_id == cases.c.id))
        .where(and_(cases.c.shredded.is_(None), cases.c.envelopes > number))
        .order_by(cases.c.id)
    )


def _envelopes(digests: bool) -> Select[Any]:
    """Every envelope, each with its key for the recovery key where there is one."""
    theirs = and_(
        envelope_keys.c.case_id == envelopes.c.case_id,
        envelope_keys.c.number == envelopes.c.number,
        envelope_keys.c.reader == RECOVERY,
    )
    columns = (envelopes.c.case_id, envelopes.c.number, envelopes.c.kind, envelopes.c.sealed, envelope_keys.c.wrapped)
    digest = (envelopes.c.digest,) if digests else ()
    return select(*columns, *digest).select_from(envelopes.outerjoin(envelope_keys, theirs))


def _keys() -> Select[Any]:
    """Every key to an envelope that is there."""
    both = and_(envelope_keys.c.case_id == envelopes.c.case_id, envelope_keys.c.number == envelopes.c.number)
    return select(envelope_keys, envelopes.c.kind).join(envelopes, both)


def _check_envelopes(recovery: KeyPair | None, digests: bool, found: Integrity, rows: Sequence[Row[Any]]) -> None:
    for row in rows:
        damage = _damage(row, recovery, digests)
        if damage is not None:
            found.add(row.case_id, row.number, row.kind, damage)
        elif found.opened is not None:
            found.opened += 1


def _damage(row: Row[Any], recovery: KeyPair | None, digests: bool) -> Damage | None:
    if row.wrapped is None:
        return Damage.NO_KEY
    formed = row.sealed[:1] == bytes([VERSION]) and bucket_of(row.sealed) in BUCKETS
    if not formed or len(row.wrapped) != WRAPPED_BYTES:
        return Damage.CHANGED
    if digests and row.digest != row_digest(row.case_id, row.number, row.kind, row.sealed):
        return Damage.CHANGED
    if recovery is not None:
        try:
            open_envelope(row.sealed, Context(row.case_id, row.kind, row.number), row.wrapped, recovery)
        except SealingError:
            return Damage.SHUT
    return None


def _check_keys(found: Integrity, rows: Sequence[Row[Any]]) -> None:
    for row in rows:
        if row.digest != row_digest(row.case_id, row.number, row.reader, row.wrapped):
            damage = Damage.CHANGED if row.reader == RECOVERY else Damage.READER
            found.add(row.case_id, row.number, row.kind, damage)
