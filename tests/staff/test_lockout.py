"""Guessing gets slower, alike for every name; failures are written down, and no flood fills the log."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import json
import time
from contextlib import suppress
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from safetybot.staff.errors import NotLocked, WrongPassphrase, WrongSecondFactor
from safetybot.staff.known_devices import DAYS, hold_device
from safetybot.staff.lockout import (
    FIRST_SECONDS,
    FREE,
    LONGEST_SECONDS,
    Factor,
    LockedOut,
    LoginAccount,
    account_of,
    counted,
    lift_lock,
    locked_until,
    login_key,
)
from safetybot.staff.login import UnlockedMember, unlock
from safetybot.staff.members import Member
from safetybot.storage.tables import audit_log, login_tries
from safetybot.vault.audit import DESK, Act, history, verify
from tests.databases import refuse
from tests.reports.office import CHEAP, Office


async def tries(
    office: Office, name: str, passphrase: str = "wrong wrong wrong", *, last: bool = True, held: str | None = None
) -> None:
    account = await account_of(office.engine, name, held, office.now)
    async with counted(office.engine, account, Factor.PASSPHRASE, office.now, Act.LOGIN_FAILED) as attempt:
        await unlock(office.engine, name, passphrase, office.now, office.stretcher, CHEAP, act=Act.PASSPHRASE_RIGHT)
        attempt.forgiven = not last


async def fails(office: Office, name: str, *, held: str | None = None) -> None:
    with pytest.raises(WrongPassphrase):
        await tries(office, name, held=held)


async def shows_wrong_code(office: Office, account: LoginAccount) -> None:
    async with counted(office.engine, account, Factor.SECOND, office.now, Act.SECOND_FAILED):
        raise WrongSecondFactor("no")


async def number_of_counters(office: Office) -> int:
    async with office.engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(login_tries))).scalar_one())


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
    assert await number_of_counters(office) == 0


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
        account = await account_of(office.engine, name, None, office.now)
        async with counted(office.engine, account, Factor.PASSPHRASE, office.now, Act.LOGIN_FAILED):
            raise WrongPassphrase("no")
    except (WrongPassphrase, LockedOut):
        pass
    async with office.engine.connect() as connection:
        sizes = select(func.max(func.length(login_tries.c.counter)))
        assert (await connection.execute(sizes)).scalar_one() == 32
        assert (await connection.execute(select(func.count()).select_from(audit_log))).scalar_one() <= 2 * FREE


# --- Strangers and known devices -----------------------------------------------------------------------------------


async def device(office: Office, name: str, held: str | None = None) -> str:
    """What the browser of a member holds once they have logged in."""
    return hold_device(await login_key(office.engine), held, office.members[name], office.now)


async def test_no_other_name_locks_a_member_out(office: Office) -> None:
    """Names used to be counted by 16 bits of a hash that anybody could compute: this one shared Anna Smith's."""

    def old(name: str) -> bytes:
        return hashlib.blake2b(name.casefold().encode(), digest_size=2, person=b"login-name").digest()

    twin = next(name for number in count() if old(name := f"name {number}") == old("Anna Smith"))
    await office.hire("Anna Smith")
    for _ in range(FREE):
        await fails(office, twin)
    with pytest.raises(LockedOut):
        await tries(office, twin)
    await tries(office, "Anna Smith", "a long enough passphrase of Anna Smith")


async def test_strangers_do_not_lock_a_known_device_out(office: Office) -> None:
    await office.hire("Ada")
    held, right = await device(office, "Ada"), "a long enough passphrase of Ada"
    for _ in range(FREE):
        await fails(office, "Ada")
    with pytest.raises(LockedOut):
        await tries(office, "Ada", right)
    await tries(office, "Ada", right, held=held)
    with pytest.raises(LockedOut):
        await tries(office, "Ada", right)  # what is right on one device forgives nothing on others


async def test_a_stolen_token_buys_no_more_tries_than_a_stranger_has(office: Office) -> None:
    await office.hire("Ada")
    held = await device(office, "Ada")
    for _ in range(FREE):
        await fails(office, "Ada", held=held)
    with pytest.raises(LockedOut):
        await tries(office, "Ada", held=held)
    await tries(office, "Ada", "a long enough passphrase of Ada", held=await device(office, "Ada"))


@pytest.mark.parametrize("how", ["forged", "another's", "of earlier keys", "too old", "nonsense", "of another desk"])
async def test_a_token_that_does_not_hold_is_no_known_device(office: Office, how: str) -> None:
    ada, grace = await office.hire("Ada"), await office.hire("Grace")
    held, key = await device(office, "Ada"), await login_key(office.engine)
    match how:
        case "forged":
            held = held[:-1] + ("0" if held[-1] != "0" else "1")
        case "another's":
            held = hold_device(key, None, grace, office.now)
        case "of earlier keys":
            held = hold_device(key, None, replace_key(ada), office.now)
        case "too old":
            office.later(days=DAYS + 1)
        case "nonsense":
            held = f"{'9' * 5_000}-x.{held.replace('-', '--')}..\0é"
        case "of another desk":
            held = hold_device(bytes(32), None, ada, office.now)
    assert await account_of(office.engine, "Ada", held, office.now) == LoginAccount(ada.id)


def replace_key(member: UnlockedMember) -> Member:
    return Member(member.id, member.name, True, False, "2026-11-24", bytes(32))


async def test_two_members_may_share_a_browser(office: Office) -> None:
    await office.hire("Ada")
    await office.hire("Grace")
    held = await device(office, "Grace", await device(office, "Ada"))
    accounts = [await account_of(office.engine, name, held, office.now) for name in ("Ada", "Grace")]
    assert all(account.device for account in accounts)
    again = await device(office, "Ada", held)
    assert again.count(".") == 1, "the earlier token goes"


async def test_strangers_without_the_passphrase_do_not_lock_the_second_factor(office: Office) -> None:
    ada = await office.hire("Ada")
    for _ in range(FREE):
        await fails(office, "Ada")
    for _ in range(FREE):
        with pytest.raises(WrongSecondFactor):
            await shows_wrong_code(office, LoginAccount(ada.id))
    with pytest.raises(LockedOut):
        await shows_wrong_code(office, LoginAccount(ada.id))


async def test_a_lock_can_be_lifted(office: Office) -> None:
    ada = await office.hire("Ada")
    with pytest.raises(NotLocked):
        await lift_lock(office.engine, "Ada", office.now)
    for _ in range(FREE):
        await fails(office, "Ada")
        await fails(office, "nobody")
    async with office.engine.connect() as connection:
        until = int(office.now.timestamp()) + FIRST_SECONDS
        assert await locked_until(connection, office.now) == {ada.id: until}
    await lift_lock(office.engine, "ada", office.now)
    async with office.engine.connect() as connection:
        assert await locked_until(connection, office.now) == {}
        assert [row.act for row in await history(connection)][-1] == Act.LOCK_LIFTED
    await tries(office, "Ada", "a long enough passphrase of Ada")
    with pytest.raises(LockedOut):
        await tries(office, "nobody")


async def test_a_flood_of_invented_names_does_not_fill_the_database(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of counters is bounded, and the flood lifts no lock: neither of a member nor of a name nobody has."""
    monkeypatch.setattr("safetybot.staff.lockout.MOST", 12)
    await office.hire("Ada")
    for name in ("Ada", "Eve"):
        for _ in range(FREE):
            await fails(office, name)
    for number in range(60):
        await fails(office, f"name {number}")
    assert await number_of_counters(office) <= 12 + 1, "one is shared by all names that nobody has, for the audit"
    for name in ("Ada", "Eve"):
        with pytest.raises(LockedOut):
            await tries(office, name)


async def test_a_name_that_nobody_has_cannot_be_looked_up_in_the_database(office: Office) -> None:
    """A passphrase may have been typed into the wrong field: no fast hash of it may be there."""
    await office.hire("Ada")
    await fails(office, "quiet harbour seven lamps")
    async with office.engine.connect() as connection:
        (stored,) = (
            (
                await connection.execute(
                    select(login_tries.c.counter).where(login_tries.c.member.is_(None)).order_by(login_tries.c.failed)
                )
            )
            .scalars()
            .fetchmany(1)
        )
    typed = b"quiet harbour seven lamps"
    for size in (16, 32):
        for person in (b"", b"login-name", b"login-counter"):
            assert hashlib.blake2b(typed, digest_size=size, person=person).digest() not in stored
    begun = time.perf_counter()
    await account_of(office.engine, "quiet harbour seven lamps", None, office.now)
    assert time.perf_counter() - begun > 0.001
