from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import delete, insert, select, text, update

from safetybot.storage.database import engine_of
from safetybot.storage.tables import audit_head, audit_log
from safetybot.vault.audit import (
    BOT,
    Act,
    AuditDamaged,
    BrokenRow,
    Head,
    append,
    head,
    history,
    hold,
    transaction,
    verify,
)
from tests.reports.office import Office
from tests.vouching import vouched


async def fill(office: Office, rows: int) -> Head:
    async with office.writing() as connection:
        for number in range(rows):
            await append(connection, BOT, Act.FILED, "2026-11-24", f"case{number % 3}", urgency="high")
    async with office.engine.connect() as connection:
        return await head(connection)


async def check(office: Office, anchor: Head | None = None) -> BrokenRow | None:
    async with office.engine.connect() as connection:
        return await verify(connection, anchor)


async def test_an_untouched_log_holds(office: Office) -> None:
    assert await check(office) is None
    newest = await fill(office, 1005)
    assert newest.number == 1005
    assert await check(office) is None
    assert await check(office, newest) is None
    async with office.engine.connect() as connection:
        assert [row.number for row in await history(connection, "case1", limit=3)] == [2, 5, 8]
        assert [row.number for row in await history(connection, after=1003)] == [1004, 1005]


@pytest.mark.parametrize("column", ["at", "actor", "act", "case_id", "detail", "hash"])
async def test_an_edited_row_is_found(office: Office, column: str) -> None:
    await fill(office, 5)
    value = bytes(32) if column == "hash" else "other"
    async with office.writing() as connection:
        await connection.execute(update(audit_log).where(audit_log.c.number == 3).values({column: value}))
    assert await check(office) == BrokenRow(3, "changed, or put in")


@pytest.mark.parametrize("number", [1, 3, 5])
async def test_a_deleted_row_is_found(office: Office, number: int) -> None:
    await fill(office, 5)
    async with office.writing() as connection:
        await connection.execute(delete(audit_log).where(audit_log.c.number == number))
    broken = await check(office)
    assert broken is not None
    assert broken.number == number
    assert "missing" in broken.why


async def test_swapped_rows_are_found(office: Office) -> None:
    await fill(office, 5)
    async with office.writing() as connection:
        for before, after in ((2, 99), (3, 2), (99, 3)):
            await connection.execute(update(audit_log).where(audit_log.c.number == before).values(number=after))
    assert await check(office) == BrokenRow(2, "changed, or put in")


async def test_a_row_put_in_is_found(office: Office) -> None:
    await fill(office, 5)
    async with office.writing() as connection:
        row = (await connection.execute(select(audit_log).where(audit_log.c.number == 5))).one()
        await connection.execute(insert(audit_log).values(**{**row._asdict(), "number": 6}))
    assert await check(office) == BrokenRow(6, "changed, or put in")


async def test_a_chain_computed_anew_is_found_by_what_was_noted(office: Office) -> None:
    noted = await fill(office, 5)
    async with office.writing() as connection:
        await connection.execute(delete(audit_log))
        await connection.execute(update(audit_head).values(number=0, hash=bytes(32)))
    await fill(office, 3)
    assert await check(office) is None
    assert await check(office, noted) == BrokenRow(4, "missing at the end")
    async with office.writing() as connection:
        for _ in range(3):
            await append(connection, "someone", Act.OPENED, "2026-11-24")
    assert await check(office, noted) == BrokenRow(5, "not what was noted of it earlier")


async def test_a_lost_head_is_told_and_nothing_is_recorded_without_it(office: Office) -> None:
    await fill(office, 2)
    async with office.writing() as connection:
        await connection.execute(delete(audit_head))
    assert await check(office) == BrokenRow(2, "the audit log has lost its head")
    for act in (hold, head):
        with pytest.raises(AuditDamaged):
            async with office.engine.begin() as connection:
                await act(connection)
    with pytest.raises(AuditDamaged):
        await office.file("words")


async def test_a_row_goes_with_its_transaction(office: Office) -> None:
    await fill(office, 2)

    async def crash() -> None:
        async with office.writing() as connection:
            await append(connection, BOT, Act.FILED, "2026-11-24")
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        await crash()
    async with office.engine.connect() as connection:
        assert (await head(connection)).number == 2
        assert len(await history(connection)) == 2
    assert await check(office) is None


async def test_detail_is_short(office: Office) -> None:
    with pytest.raises(ValueError, match="too much detail"):
        async with office.writing() as connection:
            await append(connection, BOT, Act.FILED, "2026-11-24", words="x" * 400)


async def test_writers_of_two_processes_do_not_fork_the_chain(office: Office) -> None:
    others = [office.engine, *(vouched(engine_of(office.where)) for _ in range(2))]

    async def write(number: int) -> None:
        for step in range(8):
            async with transaction(others[number % 3]) as connection:
                before = await hold(connection)
                await asyncio.sleep(0)
                assert (await connection.execute(text("select number from audit_head"))).scalar_one() == before.number
                await append(connection, f"writer{number}", Act.NOTED, "2026-11-24", step=step)
                await append(connection, f"writer{number}", Act.NOTED, "2026-11-24", step=step, second=1)

    await asyncio.gather(*(write(number) for number in range(6)))
    assert await check(office) is None
    async with office.engine.connect() as connection:
        rows = await history(connection)
    assert len(rows) == 6 * 8 * 2
    for number in range(0, len(rows), 2):  # each transaction's rows are together
        assert rows[number].actor == rows[number + 1].actor
    for engine in others[1:]:
        await engine.dispose()
