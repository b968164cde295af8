from __future__ import annotations

import asyncio
import datetime as dt
import itertools

import pytest
from sqlalchemy import select, update

from safetybot.reports import casework
from safetybot.reports.cases import CaseOutcome, CaseRef, NotAllowed, Shredded, Status
from safetybot.reports.filing import add_to_case, view_case, withdraw
from safetybot.reports.queue import list_cases
from safetybot.reports.retention import Purged, purge
from safetybot.storage.database import sqlite_engine
from safetybot.storage.scrubbing import scrub
from safetybot.storage.tables import cases, envelope_keys, envelopes
from safetybot.vault.audit import history, verify
from safetybot.vault.codes import CodeKeys
from safetybot.vault.envelopes import load, open_all
from safetybot.vault.sealing import RECOVERY
from tests.databases import SQLITE_ALONE
from tests.reports.office import Office

NOTHING = Purged((), ())


async def closed_case(office: Office) -> tuple[CaseRef, CodeKeys]:
    anna = office.members.get("Anna") or await office.hire("Anna")
    ref, keys = await office.file("words", contact="here")
    await office.open(anna, ref)
    async with office.writing() as connection:
        await casework.reply(connection, anna, ref.id, "reply", office.now)
        await casework.close(connection, anna, ref.id, CaseOutcome.ADVISED, office.now)
    return ref, keys


async def purge_on(office: Office, days: int) -> Purged:
    """``days`` after the office opened."""
    async with office.writing() as connection:
        return await purge(connection, dt.date(2026, 11, 24) + dt.timedelta(days))


async def test_a_closed_case_is_announced_after_87_days_and_shredded_after_90(office: Office) -> None:
    ref, keys = await closed_case(office)
    done = {day: await purge_on(office, day) for day in range(80, 95)}
    assert {day: result for day, result in done.items() if result != NOTHING} == {
        87: Purged((ref,), ()),
        90: Purged((), (ref,)),
    }
    assert await office.find(keys) is None
    async with office.engine.connect() as connection:
        (stub,) = await list_cases(connection, status=[Status.CLOSED], shredded=True)
        acts = [(row.actor, row.act, row.at) for row in await history(connection, ref.id)][-2:]
        assert await verify(connection) is None
    assert (stub.day, stub.outcome, stub.shredded, stub.envelopes) == ("2026-11-24", "advised", "2027-02-22", 0)
    assert acts == [("bot", "purge announced", "2027-02-19"), ("bot", "shredded", "2027-02-22")]


async def test_a_case_listed_as_warned_can_still_be_kept(office: Office) -> None:
    ref, _ = await closed_case(office)
    assert await purge_on(office, 87) == Purged((ref,), ())
    async with office.engine.connect() as connection:
        assert [row.ref for row in await list_cases(connection, status=[Status.CLOSED], warned=True)] == [ref]
    office.later(days=88)
    async with office.writing() as connection:
        until = dt.date(2026, 11, 24) + dt.timedelta(200)
        await casework.keep_until(connection, office.members["Anna"], ref.id, until, office.now)
    done = {day: await purge_on(office, day) for day in (90, 150, 196, 197, 199, 200)}
    assert {day: result for day, result in done.items() if result != NOTHING} == {
        197: Purged((ref,), ()),
        200: Purged((), (ref,)),
    }


async def test_after_a_long_pause_the_72_hours_still_count_from_the_announcement(office: Office) -> None:
    ref, _ = await closed_case(office)
    done = {day: await purge_on(office, day) for day in (300, 301, 302, 303)}
    assert {day: result for day, result in done.items() if result != NOTHING} == {
        300: Purged((ref,), ()),
        303: Purged((), (ref,)),
    }


@pytest.mark.parametrize("day", [1, 88, 89])
async def test_a_writer_who_comes_back_stops_it(office: Office, day: int) -> None:
    ref, keys = await closed_case(office)
    for before in range(day):
        await purge_on(office, before)
    office.later(days=day)
    found = await office.find(keys)
    assert found is not None
    async with office.writing() as connection:
        await add_to_case(connection, found, "it happens again", office.now)
    assert await purge_on(office, 90) == NOTHING
    assert await purge_on(office, 1000) == NOTHING
    async with office.engine.connect() as connection:
        assert [(row.ref, row.warned) for row in await list_cases(connection)] == [(ref, None)]
    opened = await office.open(office.members["Anna"], ref)
    assert [one.body for one in opened.messages] == ["words", "here", "reply", "it happens again"]
    assert await purge_on(office, 1000) == NOTHING, "read, and open"
    async with office.writing() as connection:
        await casework.close(connection, office.members["Anna"], ref.id, CaseOutcome.ADVISED, office.now)
    done = {after: await purge_on(office, day + after) for after in (3, 86, 87, 89, 90)}
    assert {after: result for after, result in done.items() if result != NOTHING} == {
        87: Purged((ref,), ()),
        90: Purged((), (ref,)),
    }


async def test_what_is_not_closed_is_never_purged(office: Office) -> None:
    anna = await office.hire("Anna")
    await office.file("unread")
    ref, _ = await office.file("read")
    await office.open(anna, ref)
    assert await purge_on(office, 10_000) == NOTHING
    async with office.writing() as connection:
        await casework.set_status(connection, anna, ref.id, Status.WAITING, office.now)
    assert await purge_on(office, 10_000) == NOTHING


@SQLITE_ALONE
@pytest.mark.parametrize("how", ["purged", "withdrawn unread", "withdrawn read"])
async def test_what_is_shredded_is_opened_by_nobody_and_leaves_no_trace(office: Office, how: str) -> None:
    anna = await office.hire("Anna")
    if how == "purged":
        ref, keys = await closed_case(office)
    else:
        ref, keys = await office.file("planted-words", contact="planted-contact")
        if how == "withdrawn read":
            await office.open(anna, ref)
    found = await office.find(keys)
    assert found is not None
    async with office.engine.connect() as connection:
        sealed = (await connection.execute(select(envelopes.c.sealed))).scalars().all()
        wrapped = (await connection.execute(select(envelope_keys.c.wrapped))).scalars().all()
    traces = [*sealed, *wrapped, found.locked_private, found.public_key, keys.lookup_tag]
    traces += [piece[at : at + 64] for piece in sealed for at in range(0, len(piece) - 64, 256)]
    assert all(trace in office.on_disk() for trace in traces if len(trace) <= 80), "the test looks in the wrong place"

    if how == "purged":
        await purge_on(office, 87)
        await purge_on(office, 90)
    else:
        async with office.writing() as connection:
            await withdraw(connection, found, office.now)
            if how == "withdrawn read":
                await casework.shred_withdrawn(connection, anna, ref.id, office.now)
    assert await scrub(office.engine)

    assert not [trace for trace in traces if trace in office.on_disk()]
    assert b"planted" not in office.on_disk()
    assert await office.find(keys) is None
    assert office.recovery is not None
    async with office.engine.connect() as connection:
        for reader, pair in ((anna.id, anna.pair()), (RECOVERY, office.recovery)):
            assert open_all(ref.id, await load(connection, ref.id, reader), pair).messages == ()
        with pytest.raises(Shredded):
            await view_case(connection, found, keys)  # found before
        assert (await connection.execute(select(cases.c.public_key))).scalars().all() == [None]
    for act in (
        lambda c: casework.open_case(c, anna, ref.id, office.now),
        lambda c: casework.export_case(c, anna, ref.id, office.now),
        lambda c: casework.note(c, anna, ref.id, "n", office.now),
        lambda c: add_to_case(c, found, "more", office.now),
        lambda c: withdraw(c, found, office.now),
    ):
        with pytest.raises(Shredded):
            async with office.writing() as connection:
                await act(connection)


async def test_staff_delete_only_what_was_withdrawn(office: Office) -> None:
    ref, _ = await closed_case(office)
    with pytest.raises(NotAllowed, match="not withdrawn"):
        async with office.writing() as connection:
            await casework.shred_withdrawn(connection, office.members["Anna"], ref.id, office.now)


@SQLITE_ALONE
async def test_scrubbing_waits_its_turn(office: Office) -> None:
    """With a reader in the middle of something it says so, and empties the log once the reader is done."""
    await closed_case(office)
    other = sqlite_engine(office.path)
    async with other.connect() as connection:
        await connection.exec_driver_sql("BEGIN") if not await in_transaction(connection) else None
        await connection.execute(select(cases))
        await office.file("while somebody reads")
        assert not await scrub(office.engine, tries=1)
        async with office.engine.connect() as usual:
            assert (await usual.exec_driver_sql("PRAGMA busy_timeout")).scalar_one() == 10_000
        waiting = asyncio.create_task(scrub(office.engine))
        await asyncio.sleep(0.2)
    assert await waiting
    assert (office.path.parent / f"{office.path.name}-wal").stat().st_size == 0
    await other.dispose()


async def in_transaction(connection) -> bool:  # type: ignore[no-untyped-def]
    return bool((await connection.get_raw_connection()).driver_connection.in_transaction)


async def test_two_purges_at_once_do_it_once(office: Office) -> None:
    refs = [(await closed_case(office))[0] for _ in range(3)]
    await purge_on(office, 87)
    results = await asyncio.gather(*(purge_on(office, 90) for _ in range(3)))
    assert sorted(itertools.chain(*(result.shredded for result in results)), key=lambda ref: ref.id) == sorted(
        refs, key=lambda ref: ref.id
    )


async def test_nothing_unread_is_purged_however_it_came_to_be_closed(office: Office) -> None:
    ref, _ = await closed_case(office)
    assert await purge_on(office, 87) == Purged((ref,), ())
    async with office.writing() as connection:
        await connection.execute(update(envelopes).where(envelopes.c.number == 1).values(unread=True))
    assert await purge_on(office, 90) == NOTHING
    await office.open(office.members["Anna"], ref)
    assert await purge_on(office, 91) == Purged((), (ref,))
