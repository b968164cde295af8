"""Guessing gets slower, alike for every name; failures are written down, and no flood fills the log."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from safetybot.reports.audit import DESK, Act, history, verify
from safetybot.reports.login import unlock
from safetybot.reports.login_tries import FIRST_SECONDS, FREE, LONGEST_SECONDS, LockedOut, counted
from safetybot.reports.staff_errors import WrongPassphrase
from safetybot.storage.tables import audit_log, login_tries
from tests.databases import refuse
from tests.reports.office import CHEAP, Office


async def tries(office: Office, name: str, passphrase: str = "wrong wrong wrong", *, last: bool = True) -> None:
    async with counted(office.engine, name, office.now, Act.LOGIN_FAILED) as attempt:
        await unlock(office.engine, name, passphrase, office.now, office.stretcher, CHEAP, act=Act.PASSPHRASE_RIGHT)
        attempt.forgiven = not last


async def fails(office: Office, name: str) -> None:
    with pytest.raises(WrongPassphrase):
        await tries(office, name)


async def written(office: Office) -> list[tuple[str, str | None]]:
    """What the desk wrote down, and of whom."""
    async with office.engine.connect() as connection:
        rows = [row for row in await history(connection) if row.actor == DESK]
    return [(row.act, json.loads(row.detail)["member"]) for row in rows]


@pytest.mark.parametrize("name", ["Ada", "ADA", "nobody of this name"])
async def test_the_wait_doubles_up_to_an_hour(office: Office, name: str) -> None:
    await office.hire("Ada")
    for _ in range(FREE):
        await fails(office, name)
    wait = FIRST_SECONDS
    for _ in range(10):
        with pytest.raises(LockedOut) as locked:
            await tries(office, name, "a long enough passphrase of Ada")
        assert locked.value.seconds == wait
        office.later(seconds=wait - 1)
        with pytest.raises(LockedOut, match="wait 1 second,"):
            await tries(office, name)
        office.later(seconds=1)
        await fails(office, name)
        wait = min(2 * wait, LONGEST_SECONDS)
    assert wait == LONGEST_SECONDS


async def test_who_knows_it_begins_anew(office: Office) -> None:
    await office.hire("Ada")
    right = "a long enough passphrase of Ada"
    for _ in range(3):
        for _ in range(FREE - 1):
            await fails(office, "Ada")
        await tries(office, " ada ", right)
    async with office.engine.connect() as connection:
        assert (await connection.execute(select(func.count()).select_from(login_tries))).scalar_one() == 0


async def test_a_clock_that_was_set_back_locks_nobody_out_until_it_has_caught_up(office: Office) -> None:
    await office.hire("Ada")
    for _ in range(FREE):
        await fails(office, "Ada")
    office.later(seconds=-24 * 3600)
    await fails(office, "Ada")  # tries go on being counted
    with pytest.raises(LockedOut) as locked:
        await tries(office, "Ada")
    assert locked.value.seconds == 2 * FIRST_SECONDS


async def test_the_first_of_two_factors_forgives_itself_alone(office: Office) -> None:
    """Who knows the passphrase cannot buy tries of codes with it."""
    await office.hire("Ada")
    right = "a long enough passphrase of Ada"
    for _ in range(FREE - 1):
        await fails(office, "Ada")
        await tries(office, "Ada", right, last=False)
    await fails(office, "Ada")
    with pytest.raises(LockedOut):
        await tries(office, "Ada", right, last=False)
    office.later(seconds=FIRST_SECONDS)
    await tries(office, "Ada", right, last=False)
    await fails(office, "Ada")
    with pytest.raises(LockedOut) as locked:
        await tries(office, "Ada")
    assert locked.value.seconds == 2 * FIRST_SECONDS


async def test_many_at_once_are_no_more_than_one_after_another(office: Office) -> None:
    await office.hire("Ada")
    results = await asyncio.gather(*(tries(office, "Ada") for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(result, WrongPassphrase) for result in results) == FREE
    assert sum(isinstance(result, LockedOut) for result in results) == 20 - FREE


async def test_a_failure_is_written_down_with_whose_name_it_was_and_not_what_was_typed(office: Office) -> None:
    ada = await office.hire("Ada")
    await fails(office, "ada")
    await fails(office, "zebedee marmalade")
    assert await written(office) == [("login failed", ada.id), ("login failed", None)]
    assert b"marmalade" not in office.on_disk()


async def test_a_failure_is_written_down_where_the_log_ins_own_transaction_failed(office: Office) -> None:
    """The passphrase was right, and then the database would not take the row that says so."""
    ada = await office.hire("Ada")
    await refuse(office.engine, "INSERT", "audit_log", "NEW.act = 'passphrase accepted'")
    with pytest.raises(IntegrityError, match="broken"):
        await tries(office, "Ada", "a long enough passphrase of Ada")
    assert await written(office) == [("login failed", ada.id)]
    async with office.engine.connect() as connection:
        assert await verify(connection) is None


@pytest.mark.parametrize("known", [True, False], ids=["one name", "made-up names"])
async def test_a_flood_does_not_fill_the_log(office: Office, known: bool) -> None:
    await office.hire("Ada")
    begun = office.now
    for number in range(60):
        with suppress(WrongPassphrase, LockedOut):
            await tries(office, "Ada" if known else f"name {number}")
        office.later(minutes=1)
    rows = await written(office)
    failed, locked = (sum(act == wanted for act, _ in rows) for wanted in ("login failed", "locked out"))
    assert failed == FREE
    assert 5 <= locked <= 10, "one for each lock-out of a time that doubles"
    assert office.now - begun == dt.timedelta(hours=1)


async def test_it_survives_a_restart_and_is_forgotten_after_a_day(office: Office) -> None:
    for _ in range(FREE):
        await fails(office, "nobody")
    await office.engine.dispose()
    with pytest.raises(LockedOut):
        await tries(office, "nobody")
    office.later(hours=26)
    for _ in range(FREE):
        await fails(office, "nobody")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=60))
async def test_any_name_can_be_typed(office: Office, name: str) -> None:
    try:
        async with counted(office.engine, name, office.now, Act.LOGIN_FAILED):
            raise WrongPassphrase("no")
    except (WrongPassphrase, LockedOut):
        pass
    async with office.engine.connect() as connection:
        sizes = select(func.max(func.length(login_tries.c.name_key)))
        assert (await connection.execute(sizes)).scalar_one() <= len(b"nobody")
        assert (await connection.execute(select(func.count()).select_from(audit_log))).scalar_one() <= 2 * FREE
