from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from sqlalchemy import func, select, update

from safetybot.reports import casework
from safetybot.reports.cases import CaseOutcome, CaseUrgency, CodeTaken, NotAllowed, Shredded, Status
from safetybot.reports.filing import (
    Report,
    Withdrawal,
    WriterView,
    add_to_case,
    file_report,
    find_case,
    view_case,
    withdraw,
)
from safetybot.reports.queue import list_cases
from safetybot.storage.database import engine_of
from safetybot.storage.tables import audit_log, cases, envelope_keys, envelopes
from safetybot.vault.audit import history, transaction, verify
from safetybot.vault.codes import CodeKeys, new_code
from safetybot.vault.envelopes import load, open_all
from safetybot.vault.errors import NoReader
from safetybot.vault.sealing import CASE, RECOVERY, CannotOpen, Json, TooLong
from tests.reports.office import Office, cheap_keys
from tests.vouching import vouched


async def view(office: Office, keys: CodeKeys) -> WriterView:
    async with office.engine.connect() as connection:
        found = await find_case(connection, keys.lookup_tag)
        assert found is not None
        return await view_case(connection, found, keys)


async def add(office: Office, keys: CodeKeys, body: Json, urgency: CaseUrgency | None = None) -> None:
    async with office.writing() as connection:
        found = await find_case(connection, keys.lookup_tag)
        assert found is not None
        await add_to_case(connection, found, body, office.now, urgency)


async def take_back(office: Office, keys: CodeKeys) -> Withdrawal:
    async with office.writing() as connection:
        found = await find_case(connection, keys.lookup_tag)
        assert found is not None
        return await withdraw(connection, found, office.now)


async def test_a_report_is_filed_answered_and_read_with_the_code(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, keys = await office.file({"what": "words"}, contact="a phone", urgency=CaseUrgency.HIGH)
    assert await view(office, keys) == WriterView(ref, Status.NEW, (), 0, withdrawn=False)
    opened = await office.open(anna, ref)
    assert [(one.kind, one.body, one.at, one.by) for one in opened.messages] == [
        ("report", {"what": "words"}, "2026-11-24T10:30:00Z", None),
        ("contact", "a phone", "2026-11-24T10:30:00Z", None),
    ]
    assert (opened.row.status, opened.row.urgency, opened.row.day) == ("open", "high", "2026-11-24")
    office.later(hours=1)
    async with office.writing() as connection:
        await casework.reply(connection, anna, ref.id, {"text": "thank you"}, office.now)
        await casework.note(connection, anna, ref.id, "among us", office.now)
    seen = await view(office, keys)
    assert seen.status is Status.OPEN
    assert [(one.body, one.at, one.by) for one in seen.replies] == [
        ({"text": "thank you"}, "2026-11-24T11:30:00Z", anna.id)
    ]
    assert seen.damaged == 0


async def test_the_code_opens_neither_notes_nor_contact_nor_referrals(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, keys = await office.file("report", contact="contact")
    await office.open(anna, ref)
    async with office.writing() as connection:
        await casework.note(connection, anna, ref.id, "note", office.now)
        day = dt.date(2026, 11, 24)
        await casework.refer(connection, anna, ref.id, office.now, to="police", when=day, reference="7")
        await casework.reply(connection, anna, ref.id, "reply", office.now)
    found = await office.find(keys)
    assert found is not None
    async with office.engine.connect() as connection:
        query = select(envelopes.c.kind, envelope_keys.c.reader).join(envelope_keys)
        sealed_to = {reader: set() for reader in (anna.id, RECOVERY, CASE)}
        for kind, reader in await connection.execute(query):
            sealed_to[reader].add(kind)
        assert office.recovery is not None
        by_recovery = open_all(ref.id, await load(connection, ref.id, RECOVERY), office.recovery)
    every = {"report", "contact", "note", "referral", "reply"}
    assert sealed_to == {anna.id: every, RECOVERY: every, CASE: {"report", "reply"}}
    assert {one.kind for one in by_recovery.messages} == every


async def test_another_code_finds_and_opens_nothing(office: Office) -> None:
    await office.hire("Anna")
    _, keys = await office.file("words")
    other = cheap_keys(new_code())
    assert await office.find(other) is None
    with pytest.raises(CannotOpen):
        await view(office, CodeKeys(keys.lookup_tag, other.wrapping_key))


async def test_only_the_day_stands_outside(office: Office) -> None:
    await office.hire("Anna")
    office.now = office.now.replace(hour=17, minute=43, second=21)
    _, keys = await office.file({"what": "planted-word"}, contact="planted-contact")
    await add(office, keys, "planted-addition")
    async with office.engine.connect() as connection:
        rows = [
            *await connection.execute(select(cases)),
            *await connection.execute(select(envelopes)),
            *await connection.execute(select(audit_log).where(audit_log.c.actor == "bot")),
        ]
    assert "17:43" not in repr(rows)
    assert "2026-11-24" in repr(rows)
    for planted in (b"planted", b"17:43", keys.wrapping_key):
        assert planted not in office.on_disk()


async def test_no_reader_no_report(office: Office) -> None:
    with pytest.raises(NoReader):
        await office.file("words")
    async with office.engine.connect() as connection:
        assert await list_cases(connection) == []


async def test_a_code_is_given_once(office: Office) -> None:
    await office.hire("Anna")
    _, keys = await office.file("words")
    with pytest.raises(CodeTaken):
        async with office.writing() as connection:
            await file_report(connection, Report("other"), keys, office.now, CaseUrgency.NORMAL)


async def test_a_crash_leaves_nothing_behind(office: Office) -> None:
    await office.hire("Anna")
    tables = (cases, envelopes, envelope_keys, audit_log)

    async def counts() -> list[int]:
        async with office.engine.connect() as connection:
            return [(await connection.execute(select(func.count()).select_from(one))).scalar_one() for one in tables]

    before = await counts()
    keys = cheap_keys(new_code())

    async def crash() -> None:
        async with office.writing() as connection:
            await file_report(connection, Report("words", "contact"), keys, office.now, CaseUrgency.NORMAL)
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError):
        await crash()
    with pytest.raises(TooLong):
        await office.file("x" * 400_000)
    assert await counts() == before
    assert await office.find(keys) is None
    async with office.engine.connect() as connection:
        assert await verify(connection) is None


async def test_a_long_report_takes_several_envelopes_and_is_one_message(office: Office) -> None:
    anna = await office.hire("Anna")
    answers = {"what": ["ß" * 4000] * 10}
    ref, _ = await office.file(answers, contact="c")
    opened = await office.open(anna, ref)
    assert [one.body for one in opened.messages] == [answers, "c"]
    async with office.engine.connect() as connection:
        (row,) = await list_cases(connection)
    assert row.envelopes > 3
    assert row.size % 1024 == 0


async def test_an_addition_opens_a_closed_case_again_and_raises_its_urgency(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, keys = await office.file("words", urgency=CaseUrgency.HIGH)
    await office.open(anna, ref)
    async with office.writing() as connection:
        await casework.close(connection, anna, ref.id, CaseOutcome.ADVISED, office.now)
    assert (await view(office, keys)).status is Status.CLOSED
    await add(office, keys, "more", CaseUrgency.NORMAL)
    async with office.engine.connect() as connection:
        (row,) = await list_cases(connection)
        assert (row.status, row.urgency, row.closed, row.outcome, row.unread) == ("open", "high", None, None, 1)
    await add(office, keys, "he is here", CaseUrgency.EMERGENCY)
    async with office.engine.connect() as connection:
        (row,) = await list_cases(connection, unread=True)
        acts = [one.act for one in await history(connection, ref.id)]
    assert (row.urgency, row.unread) == ("emergency", 2)
    assert acts == ["filed", "opened", "status", "closed", "added", "reopened", "added", "urgency"]
    with pytest.raises(NotAllowed, match="read what the writer has added"):
        async with office.writing() as connection:
            await casework.close(connection, anna, ref.id, CaseOutcome.ADVISED, office.now)


async def test_an_unread_report_is_withdrawn_at_once(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, keys = await office.file("words", contact="c")
    assert await take_back(office, keys) is Withdrawal.SHREDDED
    assert await office.find(keys) is None
    with pytest.raises(Shredded):
        await office.open(anna, ref)
    async with office.engine.connect() as connection:
        (stub,) = await list_cases(connection, shredded=True)
        counts = (await connection.execute(select(cases.c.counts))).scalar_one()
    assert (stub.outcome, stub.withdrawn, stub.shredded) == ("withdrawn", "2026-11-24", "2026-11-24")
    assert counts == '{"contact": 1, "report": 1}'


async def test_a_report_that_was_read_is_flagged_and_staff_delete_it(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, keys = await office.file("words")
    await office.open(anna, ref)
    assert await take_back(office, keys) is Withdrawal.FLAGGED
    assert (await view(office, keys)).withdrawn
    async with office.engine.connect() as connection:
        assert [one.ref for one in await list_cases(connection, withdrawn=True)] == [ref]
        assert await list_cases(connection, withdrawn=False) == []
    async with office.writing() as connection:
        await casework.shred_withdrawn(connection, anna, ref.id, office.now)
    assert await office.find(keys) is None


async def test_one_damaged_reply_does_not_hide_the_others(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, keys = await office.file("words")
    await office.open(anna, ref)
    async with office.writing() as connection:
        await casework.reply(connection, anna, ref.id, "first", office.now)
        await casework.reply(connection, anna, ref.id, "second", office.now)
        await connection.execute(update(envelopes).where(envelopes.c.number == 2).values(sealed=b"\x01" + bytes(2000)))
    seen = await view(office, keys)
    assert [one.body for one in seen.replies] == ["second"]
    assert seen.damaged == 1
    opened = await office.open(anna, ref)
    assert [(one.number, one.why) for one in opened.locked] == [(2, "damaged")]


async def test_swapped_envelopes_do_not_open(office: Office) -> None:
    anna = await office.hire("Anna")
    first, _ = await office.file("first")
    second, _ = await office.file("second")
    async with office.writing() as connection:
        for table, column in ((envelopes, "sealed"), (envelope_keys, "wrapped")):
            rows = (await connection.execute(select(table))).all()
            values = {(row.case_id, getattr(row, "reader", "")): getattr(row, column) for row in rows}
            for row in rows:
                where = update(table).where(table.c.case_id == row.case_id)
                if table is envelope_keys:
                    where = where.where(table.c.reader == row.reader)
                other = second.id if row.case_id == first.id else first.id
                await connection.execute(where.values({column: values[other, getattr(row, "reader", "")]}))
    for ref in (first, second):
        opened = await office.open(anna, ref)
        assert opened.messages == ()
        assert [one.why for one in opened.locked] == ["damaged"]


async def test_writers_at_the_same_time_in_two_processes(office: Office) -> None:
    anna = await office.hire("Anna")
    ref, keys = await office.file("words")
    await office.open(anna, ref)
    other = vouched(engine_of(office.where))

    async def child(number: int) -> None:
        async with transaction(other) as connection:
            found = await find_case(connection, keys.lookup_tag)
            assert found is not None
            await add_to_case(connection, found, f"addition {number}", office.now)

    async def desk(number: int) -> None:
        async with office.writing() as connection:
            await casework.reply(connection, anna, ref.id, f"reply {number}", office.now)

    await asyncio.gather(*(act(number) for number in range(10) for act in (child, desk)))
    opened = await office.open(anna, ref)
    assert [one.number for one in opened.messages] == list(range(1, 22))
    assert len({one.body for one in opened.messages}) == 21
    async with other.connect() as connection:
        assert await verify(connection) is None
    await other.dispose()
