"""Counts what a report tells, once, at the desk: the only place where it is ever open.

The table ``figures`` holds sums for a whole year, and no case: a thief of the database learns that so many reports of
a year were about blackmail, and not which ones. ``cases.counted`` marks a report whose answers are among them. All of
it happens in the transaction of the opening or reply it belongs to, which holds the audit log: two members at once
come one after the other, and a crash leaves both the act and its count, or neither.

No word of an answer is kept: ids of the form's buttons, and platforms of a fixed list.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, exists, false, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.reports.cases import CaseRow
from safetybot.reports.platforms import NOT_SAID, platforms_in
from safetybot.staff.login import UnlockedMember
from safetybot.storage.store import upserts
from safetybot.storage.tables import cases, envelopes, figures
from safetybot.vault.envelopes import EnvelopeKind, Message, load, open_all
from safetybot.vault.sealing import Json

KIND = "kind"
AGE = "age"
PLATFORM = "platform"
OPENED = "opened within"
REPLIED = "replied within"

OWN_WORDS = "own words"
"""Answered, and not with a button."""
UNKNOWN = "unknown"
"""A time that cannot be told: the report it counts from could not be opened."""

_WHERE = "where"
"""The form's question about the app, game or site."""
_HOUR = 3600
_BANDS = ((_HOUR, "1 h"), (4 * _HOUR, "4 h"), (24 * _HOUR, "24 h"), (48 * _HOUR, "2 days"), (168 * _HOUR, "7 days"))
LONGER = "longer"
BANDS: tuple[str, ...] = (*(name for _, name in _BANDS), LONGER)
"""How long something took: less than that, and not less than the one before."""

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ID_MAX = 24
_CHOICES_MAX = 40


@dataclass(frozen=True, slots=True)
class _Answer:
    choices: tuple[str, ...]
    words: str


async def count_opened(connection: AsyncConnection, row: CaseRow, messages: Sequence[Message], at: dt.datetime) -> bool:
    """Counts what a report tells, and how soon it was opened; True where this was the first time.

    Call it in the transaction that opens the case, with what could be opened. A report that this member cannot open
    stays uncounted until somebody opens it who can.
    """
    report = _report(messages)
    if report is None:
        return False
    first = update(cases).where(and_(cases.c.id == row.ref.id, cases.c.counted == false())).values(counted=True)
    if not (await connection.execute(first)).rowcount:
        return False
    await _add(connection, row.day, [*_told(report.body), (OPENED, _band(report.at, at))])
    return True


async def count_replied(connection: AsyncConnection, member: UnlockedMember, row: CaseRow, at: dt.datetime) -> bool:
    """Counts how soon the first reply came; True where it is the first.

    Call it in the transaction of a reply, before the reply is stored. Raises MemberLocked.
    """
    replied = exists().where(and_(envelopes.c.case_id == row.ref.id, envelopes.c.kind == EnvelopeKind.REPLY.value))
    if (await connection.execute(select(replied))).scalar_one():
        return False
    stored = await load(connection, row.ref.id, member.id, [EnvelopeKind.REPORT])
    report = _report(open_all(row.ref.id, stored, member.pair()).messages)
    await _add(connection, row.day, [(REPLIED, _band(report.at, at) if report else UNKNOWN)])
    return True


def _report(messages: Iterable[Message]) -> Message | None:
    return next((message for message in messages if message.kind is EnvelopeKind.REPORT), None)


def _told(body: Json) -> Iterator[tuple[str, str]]:
    """Dimension and value of everything that is counted of a report."""
    answers = _answers(body)
    for dimension in (KIND, AGE):
        answer = answers.get(dimension, _Answer((), ""))
        values = set(answer.choices) or {OWN_WORDS if answer.words.strip() else NOT_SAID}
        yield from ((dimension, value) for value in sorted(values))
    where = answers.get(_WHERE, _Answer((), ""))
    yield from ((PLATFORM, value) for value in sorted(platforms_in(where.words)))


def _answers(body: Json) -> Mapping[str, _Answer]:
    """Question → its answer, as :mod:`safetybot.dialogue.report_form_result` seals it; other forms are left out."""
    answers = body.get("answers") if isinstance(body, dict) else None
    found: dict[str, _Answer] = {}
    for answer in answers if isinstance(answers, list) else []:
        if not isinstance(answer, dict) or not isinstance(answer.get("question"), str):
            continue
        words, choices = answer.get("words"), answer.get("choices")
        chosen = [each for each in (choices if isinstance(choices, list) else []) if _is_id(each)]
        found[answer["question"]] = _Answer(tuple(chosen[:_CHOICES_MAX]), words if isinstance(words, str) else "")
    return found


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _ID_MAX and _ID.fullmatch(value) is not None


def _band(since: str, at: dt.datetime) -> str:
    """Of BANDS; UNKNOWN where the moment is none. A clock that was put back makes no time negative."""
    try:
        took = (at - dt.datetime.fromisoformat(since)).total_seconds()
    except (ValueError, TypeError):
        return UNKNOWN
    return next((name for end, name in _BANDS if took < end), LONGER)


async def _add(connection: AsyncConnection, day: str, what: Iterable[tuple[str, str]]) -> None:
    insert = upserts(connection.dialect.name)(figures)
    rows = [{"year": day[:4], "dimension": dimension, "value": value, "count": 1} for dimension, value in what]
    if rows:
        keys = [figures.c.year, figures.c.dimension, figures.c.value]
        more = {"count": figures.c.count + insert.excluded.count}
        await connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=more), rows)
