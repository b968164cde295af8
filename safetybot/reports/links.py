"""Cases that name the same account, number or page: found in memory at the desk, kept sealed in both cases.

Only what a member has opened is compared, with their own key. A link is a hint for a person to judge; one that was
dismissed is not shown again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz import fuzz, process
from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.formats.times import day_of, moment_of
from safetybot.reports.cases import CaseRef, Shredded, UnknownCase, case_row
from safetybot.reports.handles import Handle, HandleKind, find_handles
from safetybot.reports.submitted_answers import submitted_answers
from safetybot.staff.login import UnlockedMember, acting
from safetybot.staff.members import readers
from safetybot.storage.tables import audit_log, cases, envelope_keys, envelopes
from safetybot.vault.audit import Act, append
from safetybot.vault.envelopes import EnvelopeKind, Message, Stored, open_all, store
from safetybot.vault.sealing import KeyPair

CASES_MAX = 2_000
"""Cases that are compared: the newest this member has opened."""
NEAR = 90
"""Likeness, out of 100, from which two long account names may be one."""
LONG = 8
"""Letters and digits from which an account's name may differ a little; shorter ones must be the same."""
SHOWN_MAX = 20
"""Links that one case is given."""
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Link:
    """Another case that names the same."""

    case: CaseRef
    kind: HandleKind
    written: str = field(repr=False)
    """As it stands in this case."""
    other: str = field(repr=False)
    """As it stands in the other one."""
    likeness: int
    """100 where they are the same."""


@dataclass
class LinkIndex:
    """What the cases of one member name, in their memory at the desk."""

    _handles: dict[str, tuple[Handle, ...]] = field(default_factory=dict, repr=False)
    _cases: dict[tuple[HandleKind, str], dict[str, Handle]] = field(default_factory=dict, repr=False)
    complete: bool = False
    """What the member opened earlier is in it as well."""

    def put(self, case_id: str, words: Iterable[str]) -> None:
        """Takes in what a case says now."""
        self.drop(case_id)
        handles = tuple({one: None for text in words for one in find_handles(text)})
        self._handles[case_id] = handles
        for one in handles:
            self._cases.setdefault((one.kind, one.value), {}).setdefault(case_id, one)

    def drop(self, case_id: str) -> None:
        """Forgets a case."""
        for one in self._handles.pop(case_id, ()):
            holding = self._cases.get((one.kind, one.value), {})
            holding.pop(case_id, None)
            if not holding:
                self._cases.pop((one.kind, one.value), None)

    def knows(self, case_id: str) -> bool:
        """Whether a case was taken in."""
        return case_id in self._handles

    def links(self, case_id: str) -> tuple[Link, ...]:
        """The other cases that name the same as this one: each once, by what is most alike; the most alike first."""
        best: dict[str, Link] = {}
        names = [value for kind, value in self._cases if kind is HandleKind.ACCOUNT and len(value) >= LONG]
        for own in self._handles.get(case_id, ()):
            for value, likeness in self._alike(own, names):
                for other, handle in self._cases[own.kind, value].items():
                    link = Link(CaseRef(other), own.kind, own.written, handle.written, likeness)
                    if other != case_id and (other not in best or best[other].likeness < likeness):
                        best[other] = link
        return tuple(sorted(best.values(), key=lambda link: (-link.likeness, link.case.id))[:SHOWN_MAX])

    def _alike(self, own: Handle, names: Sequence[str]) -> list[tuple[str, int]]:
        found = {own.value: 100}
        if own.kind is HandleKind.ACCOUNT and len(own.value) >= LONG:
            for value, score, _ in process.extract(own.value, names, scorer=fuzz.ratio, score_cutoff=NEAR, limit=None):
                found.setdefault(value, int(score))
        return list(found.items())


@dataclass(frozen=True, slots=True)
class SealedCase:
    """What a case's writer told, not opened yet."""

    case_id: str
    stored: tuple[Stored, ...]


async def opened_before(connection: AsyncConnection, member: UnlockedMember) -> Sequence[SealedCase]:
    """What was told in the newest cases that this member has opened, still sealed; nothing nobody has opened."""
    newest = (
        select(audit_log.c.case_id)
        .join(cases, cases.c.id == audit_log.c.case_id)
        .where(and_(audit_log.c.actor == member.id, audit_log.c.act == Act.OPENED.value, cases.c.shredded.is_(None)))
        .group_by(audit_log.c.case_id)
        .order_by(func.max(audit_log.c.number).desc())
        .limit(CASES_MAX)
    )
    ids = list((await connection.execute(newest)).scalars())
    theirs = and_(
        envelope_keys.c.case_id == envelopes.c.case_id,
        envelope_keys.c.number == envelopes.c.number,
        envelope_keys.c.reader == member.id,
    )
    found: dict[str, list[Stored]] = {}
    for start in range(0, len(ids), _BATCH):
        query = (
            select(
                envelopes.c.case_id, envelopes.c.number, envelopes.c.kind, envelopes.c.sealed, envelope_keys.c.wrapped
            )
            .join(envelope_keys, theirs)
            .where(
                and_(
                    envelopes.c.case_id.in_(ids[start : start + _BATCH]),
                    envelopes.c.kind.in_([EnvelopeKind.REPORT.value, EnvelopeKind.ADDITION.value]),
                    envelopes.c.unread.is_(False),
                )
            )
            .order_by(envelopes.c.case_id, envelopes.c.number)
        )
        for row in await connection.execute(query):
            found.setdefault(row.case_id, []).append(
                Stored(row.number, EnvelopeKind(row.kind), row.sealed, row.wrapped)
            )
    return [SealedCase(case_id, tuple(stored)) for case_id, stored in found.items()]


def take_in(index: LinkIndex, sealed: Iterable[SealedCase], pair: KeyPair) -> None:
    """Opens cases and notes what they name. Takes a while: run it in a thread, with an index nobody else uses."""
    for one in sealed:
        if not index.knows(one.case_id):
            index.put(one.case_id, words_of(open_all(one.case_id, one.stored, pair).messages))


def words_of(messages: Iterable[Message]) -> list[str]:
    """What the writer of a report wrote in their own words."""
    return [
        one.words
        for one in submitted_answers(message for message in messages if message.kind is not EnvelopeKind.CONTACT)
    ]


@dataclass(frozen=True, slots=True)
class KeptLinks:
    """What is stored of a case's links."""

    links: tuple[Link, ...]
    dismissed: frozenset[str]
    """Ids of cases whose link was wrong."""


def kept_links(messages: Iterable[Message]) -> KeptLinks:
    """The links stored in a case; of two about the same case the newer one holds."""
    links: dict[str, Link] = {}
    dismissed: set[str] = set()
    for message in messages:
        if message.kind is not EnvelopeKind.LINK or not isinstance(message.body, dict):
            continue
        body: dict[str, Any] = message.body
        other = str(body.get("case", ""))
        if body.get("dismissed"):
            dismissed.add(other)
            links.pop(other, None)
        elif body.get("kind") in list(HandleKind):
            written, like = str(body.get("written", "")), str(body.get("other", ""))
            likeness = body.get("likeness")
            dismissed.discard(other)
            links[other] = Link(
                CaseRef(other), HandleKind(body["kind"]), written, like, likeness if isinstance(likeness, int) else 100
            )
    return KeptLinks(tuple(links.values()), frozenset(dismissed))


async def gone(connection: AsyncConnection, case_ids: Iterable[str]) -> frozenset[str]:
    """Those of some cases that exist no more."""
    wanted = frozenset(case_ids)
    if not wanted:
        return frozenset()
    ids, there = sorted(wanted), set[str]()
    for start in range(0, len(ids), _BATCH):
        query = select(cases.c.id).where(and_(cases.c.id.in_(ids[start : start + _BATCH]), cases.c.shredded.is_(None)))
        there |= set((await connection.execute(query)).scalars())
    return wanted - there


async def store_links(
    connection: AsyncConnection, member: UnlockedMember, case_id: str, links: Collection[Link], at: dt.datetime
) -> None:
    """Seals links to staff, in the case and in each other one, so that whoever opens either sees it.

    A case that is gone is passed over. Raises what acts raise.
    """
    await acting(connection, member)
    await case_row(connection, case_id)
    for link in links:
        body = {"kind": link.kind.value, "likeness": link.likeness}
        here = {**body, "case": link.case.id, "written": link.written, "other": link.other}
        there = {**body, "case": case_id, "written": link.other, "other": link.written}
        await _both(connection, member, case_id, link.case.id, here, there, at)


async def dismiss_link(
    connection: AsyncConnection, member: UnlockedMember, case_id: str, other: str, at: dt.datetime
) -> None:
    """Notes, in both cases, that they have nothing to do with each other. Raises what acts raise."""
    await acting(connection, member)
    await case_row(connection, case_id)
    await _both(
        connection, member, case_id, other, {"case": other, "dismissed": True}, {"case": case_id, "dismissed": True}, at
    )


async def _both(
    connection: AsyncConnection,
    member: UnlockedMember,
    case_id: str,
    other: str,
    here: dict[str, Any],
    there: dict[str, Any],
    at: dt.datetime,
) -> None:
    sealed_to, moment, day = await readers(connection), moment_of(at), day_of(at)
    change = "dismissed" if "dismissed" in here else "found"
    for one, body in ((case_id, here), (other, there)):
        try:
            await case_row(connection, one)
        except (UnknownCase, Shredded):
            continue
        await store(
            connection, one, EnvelopeKind.LINK, body, at=moment, by=member.id, day=day, readers=sealed_to, unread=False
        )
        await append(connection, member.id, Act.LINKED, moment, one, link=change)
