from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import and_, exists, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.reports.cases import CaseUrgency, Status
from safetybot.reports.filing import add_to_case, withdraw
from safetybot.reports.queue import (
    NOBODY,
    QueueCounts,
    QueueNews,
    WaitingCases,
    count_cases,
    counts,
    find_by_short,
    list_cases,
    news,
    waiting,
)
from safetybot.storage.database import DatabaseLocation, engine_of
from safetybot.storage.tables import cases, envelopes
from safetybot.vault.audit import head
from safetybot.vault.sealing import BUCKETS, bucket_of
from tests.reports.office import Office


async def look(office: Office) -> WaitingCases:
    async with office.engine.connect() as connection:
        return await waiting(connection)


async def test_nothing_waits_at_first(office: Office) -> None:
    await office.hire("Anna")
    assert await look(office) == WaitingCases(0, None)


async def test_cases_wait_until_they_are_opened_and_again_when_something_is_added(office: Office) -> None:
    anna = await office.hire("Anna")
    first, keys = await office.file("first", contact="here")
    office.later(days=3)
    second, _ = await office.file("second")
    assert await look(office) == WaitingCases(2, "2026-11-24")
    await office.open(anna, first)
    assert await look(office) == WaitingCases(1, "2026-11-27")
    await office.open(anna, second)
    assert await look(office) == WaitingCases(0, None)
    office.later(days=3)
    found = await office.find(keys)
    assert found is not None
    async with office.writing() as connection:
        await add_to_case(connection, found, "more", office.now)
    assert await look(office) == WaitingCases(1, "2026-11-30")


async def test_the_index_of_what_is_unread_is_used(office: Office) -> None:
    """SQLite takes it only where a query's condition is written just as the index's; PostgreSQL, in a large table."""
    unread = exists().where(and_(envelopes.c.case_id == cases.c.id, envelopes.c.unread))
    query = str(select(cases.c.id).where(unread).compile(office.engine, compile_kwargs={"literal_binds": True}))
    async with office.engine.connect() as connection:
        explain = "EXPLAIN QUERY PLAN"
        if connection.dialect.name != "sqlite":
            explain = "EXPLAIN"
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = await connection.execute(text(f"{explain} {query}"))
        assert "ix_envelopes_unread" in str(plan.all())


async def test_what_is_new_since_a_row_of_the_log(office: Office) -> None:
    anna = await office.hire("Anna")
    async with office.engine.connect() as connection:
        before = (await head(connection)).number
    first, keys = await office.file("first")
    await office.file("second")
    async with office.engine.connect() as connection:
        assert await news(connection, before) == QueueNews(filed=2, added=0, withdrawn=0)
        between = (await head(connection)).number
    await office.open(anna, first)
    found = await office.find(keys)
    assert found is not None
    for words in ("more", "and more"):
        async with office.writing() as connection:
            await add_to_case(connection, found, words, office.now)
    async with office.writing() as connection:
        await withdraw(connection, found, office.now)
    async with office.engine.connect() as connection:
        assert await news(connection, between) == QueueNews(filed=0, added=1, withdrawn=1)
        assert await news(connection, (await head(connection)).number) == QueueNews(0, 0, 0)


async def test_both_days_of_a_filter_are_in_it(office: Office) -> None:
    await office.hire("Anna")
    days = []
    for _ in range(3):
        days.append(office.now.date().isoformat())
        await office.file("x")
        office.later(days=1)
    async with office.engine.connect() as connection:
        for first, last in itertools.product((None, *days), repeat=2):
            listed = await list_cases(connection, first=first, last=last)
            expected = [day for day in days if (first or day) <= day <= (last or day)]
            assert sorted(row.day for row in listed) == expected


# --- Against a plain model -----------------------------------------------------------------------------------------

DAYS = [f"2026-11-{day:02}" for day in range(20, 25)]
MEMBERS = ("a1", "b2")


@dataclass(frozen=True)
class Case:
    """A case as the model has it: read flags and sizes of its envelopes."""

    id: str
    day: str
    urgency: CaseUrgency
    status: Status
    assignee: str | None
    withdrawn: bool
    warned: bool
    shredded: bool
    envelopes: tuple[tuple[bool, int], ...]

    @property
    def unread(self) -> int:
        return sum(unread for unread, _ in self.envelopes)


@st.composite
def some_cases(draw: st.DrawFn) -> list[Case]:
    ids = draw(st.lists(st.text("0123456789abcdef", min_size=32, max_size=32), min_size=4, max_size=12, unique=True))
    return [
        Case(
            id_,
            draw(st.sampled_from(DAYS)),
            draw(st.sampled_from(CaseUrgency)),
            draw(st.sampled_from(Status)),
            draw(st.sampled_from((None, *MEMBERS))),
            draw(st.booleans()),
            draw(st.booleans()),
            shredded := draw(st.integers(0, 4)) == 0,
            () if shredded else tuple(draw(st.lists(st.tuples(st.booleans(), st.sampled_from(BUCKETS)), max_size=3))),
        )
        for id_ in ids
    ]


ANY = st.none() | st.booleans()
CHOICES: dict[str, st.SearchStrategy[Any]] = {
    "status": st.sets(st.sampled_from(Status)),
    "urgency": st.sets(st.sampled_from(CaseUrgency), min_size=1),
    "assignee": st.sampled_from((None, NOBODY, *MEMBERS)),
    "unread": ANY,
    "withdrawn": ANY,
    "warned": ANY,
    "shredded": st.booleans(),
    "first": st.none() | st.sampled_from(DAYS),
    "last": st.none() | st.sampled_from(DAYS),
}


@st.composite
def filters(draw: st.DrawFn) -> dict[str, Any]:
    """A few at once: of many, nothing would be left to look at."""
    names = draw(st.lists(st.sampled_from(sorted(CHOICES)), max_size=3, unique=True))
    return {name: draw(CHOICES[name]) for name in names}


def fits(case: Case, wanted: dict[str, Any]) -> bool:
    def is_or_any(name: str, has: bool) -> bool:
        return wanted.get(name) is None or wanted[name] is has

    return (
        case.shredded is wanted.get("shredded", False)
        and case.status in wanted.get("status", set(Status) - {Status.CLOSED})
        and case.urgency in wanted.get("urgency", CaseUrgency)
        and wanted.get("assignee") in (None, case.assignee or NOBODY)
        and is_or_any("unread", case.unread > 0)
        and is_or_any("withdrawn", case.withdrawn)
        and is_or_any("warned", case.warned)
        and (wanted.get("first") or "") <= case.day <= (wanted.get("last") or "9")
    )


def in_order(chosen: list[Case]) -> list[Case]:
    """Sorted again and again, from what matters least to what matters most."""
    chosen = sorted(chosen, key=lambda case: case.id)
    chosen = sorted(chosen, key=lambda case: case.day, reverse=True)
    chosen = sorted(chosen, key=lambda case: case.unread == 0)
    chosen = sorted(chosen, key=lambda case: case.urgency.rank, reverse=True)
    return sorted(chosen, key=lambda case: case.status is Status.CLOSED)


@contextmanager
def database(
    where: DatabaseLocation,
) -> Iterator[Callable[[list[Case], Callable[[AsyncConnection], Awaitable[None]]], None]]:
    """Runs a look at a database that holds just these cases; nothing of them stays."""
    with asyncio.Runner() as runner:
        engine = engine_of(where)

        async def look(made: list[Case], looking: Callable[[AsyncConnection], Awaitable[None]]) -> None:
            async with engine.connect() as connection:
                await _put(connection, made)
                await looking(connection)
                await connection.rollback()

        yield lambda made, looking: runner.run(look(made, looking))
        runner.run(engine.dispose())


async def _put(connection: AsyncConnection, made: list[Case]) -> None:
    rows = [
        {
            "id": case.id,
            "day": case.day,
            "urgency": case.urgency.value,
            "status": case.status.value,
            "assignee": case.assignee,
            "withdrawn": case.day if case.withdrawn else None,
            "warned": case.day if case.warned else None,
            "shredded": case.day if case.shredded else None,
            "envelopes": len(case.envelopes),
        }
        for case in made
    ]
    sealed = [
        {
            "case_id": case.id,
            "number": number,
            "kind": "report",
            "day": case.day,
            "unread": unread,
            "sealed": bytes(size - bucket_of(b"")),
        }
        for case in made
        for number, (unread, size) in enumerate(case.envelopes, 1)
    ]
    for table, values in ((cases, rows), (envelopes, sealed)):
        if values:
            await connection.execute(insert(table), values)


def test_any_filter_lists_what_a_plain_model_lists(where: DatabaseLocation) -> None:
    with database(where) as run:

        @settings(max_examples=60, deadline=None)
        @given(some_cases(), filters(), st.integers(1, 5))
        def check(made: list[Case], wanted: dict[str, Any], limit: int) -> None:
            async def looking(connection: AsyncConnection) -> None:
                expected = in_order([case for case in made if fits(case, wanted)])
                listed = await list_cases(connection, **wanted)
                assert [row.ref.id for row in listed] == [case.id for case in expected]
                facts = [(row.unread, row.envelopes, row.size) for row in listed]
                assert facts == [(c.unread, len(c.envelopes), sum(size for _, size in c.envelopes)) for c in expected]
                assert await count_cases(connection, **wanted) == len(expected)
                pages = [
                    row
                    for skip in range(0, len(expected) + limit, limit)
                    for row in await list_cases(connection, **wanted, limit=limit, skip=skip)
                ]
                assert pages == list(listed), "page by page nothing is missed, and nothing is shown twice"

            run(made, looking)

        check()


def test_the_counts_are_those_of_a_plain_model(where: DatabaseLocation) -> None:
    with database(where) as run:

        @settings(max_examples=30, deadline=None)
        @given(some_cases(), st.text("0123456789abcdef", min_size=1, max_size=2))
        def check(made: list[Case], digits: str) -> None:
            async def looking(connection: AsyncConnection) -> None:
                left = [case for case in made if not case.shredded]
                assert await counts(connection) == QueueCounts(
                    {status: sum(case.status is status for case in left) for status in Status},
                    unread=sum(case.unread > 0 for case in left),
                    urgent=sum(case.unread > 0 and case.urgency is CaseUrgency.EMERGENCY for case in left),
                    withdrawn=sum(case.withdrawn for case in left),
                    warned=sum(case.warned for case in left),
                )
                found = await find_by_short(connection, digits)
                assert {row.ref.id for row in found} == {case.id for case in left if case.id.startswith(digits)}

            run(made, looking)

        check()
