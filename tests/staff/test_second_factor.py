"""Codes of a phone are taken once; recovery codes too; and nobody reads or makes a second factor without the key."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyotp import TOTP
from sqlalchemy import delete, select, update

from safetybot.staff import members, recovery, second_factor
from safetybot.staff.errors import (
    MemberLocked,
    MustChangePassphrase,
    SecondFactorMissing,
    SecondFactorSet,
    WrongSecondFactor,
)
from safetybot.staff.login import UnlockedMember, unlock
from safetybot.staff.second_factor import CODES, STEP_SECONDS, Passed
from safetybot.storage.tables import second_factors
from safetybot.vault.audit import history
from tests.reports.office import CHEAP, PASSPHRASE, Office


class Phone:
    def __init__(self, office: Office, secret: str) -> None:
        self._office = office
        self.totp = TOTP(secret)

    def code(self, steps: int = 0) -> str:
        return self.totp.at(self._office.now, counter_offset=steps)


@pytest.fixture
async def ada(office: Office) -> UnlockedMember:
    return await office.hire("Ada")


async def enrolled(office: Office, member: UnlockedMember, *, again: bool = False) -> tuple[Phone, list[str]]:
    phone = Phone(office, second_factor.new_secret())
    secret = phone.totp.secret
    codes = await second_factor.enrol(office.engine, member, secret, phone.code(), office.now, again=again)
    return phone, [*codes]


async def shows(office: Office, member: UnlockedMember, typed: str) -> Passed:
    return await second_factor.show(office.engine, member, typed, office.now)


async def test_a_code_works_once(office: Office, ada: UnlockedMember) -> None:
    phone, _ = await enrolled(office, ada)
    with pytest.raises(WrongSecondFactor):
        await shows(office, ada, phone.code())  # it was shown when it was set up
    office.later(seconds=STEP_SECONDS)
    assert await shows(office, ada, f" {phone.code()[:3]} {phone.code()[3:]}\n") == Passed(False, CODES)
    with pytest.raises(WrongSecondFactor):
        await shows(office, ada, phone.code())


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_clocks_may_differ_by_half_a_minute(office: Office, ada: UnlockedMember, steps: int, taken: bool) -> None:
    phone, _ = await enrolled(office, ada)
    office.later(minutes=5)
    if taken:
        await shows(office, ada, phone.code(steps))
    else:
        with pytest.raises(WrongSecondFactor):
            await shows(office, ada, phone.code(steps))


async def test_none_older_than_one_that_was_taken(office: Office, ada: UnlockedMember) -> None:
    phone, _ = await enrolled(office, ada)
    office.later(minutes=5)
    await shows(office, ada, phone.code(1))
    for steps in (-1, 0, 1):
        with pytest.raises(WrongSecondFactor):
            await shows(office, ada, phone.code(steps))


async def test_a_recovery_code_works_once_however_it_is_typed(office: Office, ada: UnlockedMember) -> None:
    phone, codes = await enrolled(office, ada)
    assert len(set(codes)) == CODES
    assert await shows(office, ada, f" {codes[3].upper().replace('-', ' ')} ") == Passed(True, CODES - 1)
    with pytest.raises(WrongSecondFactor):
        await shows(office, ada, codes[3])
    assert await shows(office, ada, codes[0]) == Passed(True, CODES - 2)
    office.later(minutes=1)
    assert await shows(office, ada, phone.code()) == Passed(False, CODES - 2)


async def test_new_recovery_codes_replace_the_old(office: Office, ada: UnlockedMember) -> None:
    _, codes = await enrolled(office, ada)
    new = await second_factor.renew_codes(office.engine, ada, office.now)
    with pytest.raises(WrongSecondFactor):
        await shows(office, ada, codes[0])
    assert await shows(office, ada, new[0]) == Passed(True, CODES - 1)


async def test_a_new_phone_replaces_the_old_only_when_it_is_meant(office: Office, ada: UnlockedMember) -> None:
    old, codes = await enrolled(office, ada)
    with pytest.raises(SecondFactorSet):
        await enrolled(office, ada)
    with pytest.raises(WrongSecondFactor):
        await second_factor.enrol(office.engine, ada, second_factor.new_secret(), "000000", office.now, again=True)
    new, _ = await enrolled(office, ada, again=True)
    office.later(minutes=1)
    for typed in (old.code(), codes[0]):
        with pytest.raises(WrongSecondFactor):
            await shows(office, ada, typed)
    await shows(office, ada, new.code())


async def test_what_is_stored_is_of_no_use_to_a_thief_nor_to_another_member(
    office: Office, ada: UnlockedMember
) -> None:
    phone, codes = await enrolled(office, ada)
    found = office.on_disk()
    assert phone.totp.secret.encode() not in found
    assert codes[0].encode() not in found
    assert codes[0].replace("-", "").encode() not in found
    grace = await office.hire("Grace")
    hers, _ = await enrolled(office, grace)
    async with office.engine.begin() as connection:
        sealed = select(second_factors.c.sealed).where(second_factors.c.member == grace.id).scalar_subquery()
        await connection.execute(update(second_factors).where(second_factors.c.member == ada.id).values(sealed=sealed))
    office.later(minutes=1)
    for typed in (phone.code(), hers.code()):
        with pytest.raises(SecondFactorMissing, match="damaged"):
            await shows(office, ada, typed)


async def test_after_a_reset_and_after_recovery_a_new_one_is_set_up(office: Office, ada: UnlockedMember) -> None:
    _, codes = await enrolled(office, ada)
    await members.reset_second_factor(office.engine, "ada", office.now)
    with pytest.raises(SecondFactorMissing):
        await shows(office, ada, codes[0])
    with pytest.raises(SecondFactorMissing):
        await members.reset_second_factor(office.engine, "ada", office.now)
    await enrolled(office, ada)
    assert office.recovery
    await recovery.recover(
        office.engine, "Ada", office.recovery, "another passphrase", office.now, office.stretcher, CHEAP
    )
    async with office.engine.connect() as connection:
        assert not await second_factor.with_second_factor(connection)


async def test_not_before_the_one_time_passphrase_is_changed_nor_once_locked(office: Office) -> None:
    await members.add(office.engine, "Ada", PASSPHRASE, office.now, office.stretcher, CHEAP)
    member = await unlock(office.engine, "Ada", PASSPHRASE, office.now, office.stretcher, CHEAP)
    with pytest.raises(MustChangePassphrase):
        await enrolled(office, member)
    member.wipe()
    with pytest.raises(MemberLocked):
        await enrolled(office, member)
    with pytest.raises(MemberLocked):
        await shows(office, member, "000000")


async def test_every_step_is_written_down_without_any_code(office: Office, ada: UnlockedMember) -> None:
    phone, codes = await enrolled(office, ada)
    await shows(office, ada, codes[0])
    office.later(minutes=1)
    await shows(office, ada, phone.code())
    await second_factor.renew_codes(office.engine, ada, office.now)
    async with office.engine.connect() as connection:
        rows = [row for row in await history(connection) if row.actor == ada.id]
    assert [row.act for row in rows[2:]] == [
        "second factor set",
        "staff logged in",
        "recovery code used",
        "staff logged in",
        "staff logged in",
        "recovery codes renewed",
    ]
    assert rows[4].detail == f'{{"left":9,"member":"{ada.id}"}}'


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.one_of(st.text(max_size=40), st.from_regex(r"[0-9٠-٩ -]{0,12}", fullmatch=True)))
async def test_nothing_else_lets_anybody_in(office: Office, typed: str) -> None:
    if "Ada" not in office.members:
        await enrolled(office, await office.hire("Ada"))
    ada = office.members["Ada"]
    async with office.engine.connect() as connection:
        before = (await connection.execute(select(second_factors))).all()
    with pytest.raises(WrongSecondFactor):
        await shows(office, ada, typed)
    async with office.engine.connect() as connection:
        assert (await connection.execute(select(second_factors))).all() == before


async def test_without_its_row_nobody_is_in(office: Office, ada: UnlockedMember) -> None:
    phone, codes = await enrolled(office, ada)
    async with office.engine.begin() as connection:
        await connection.execute(delete(second_factors))
    office.later(minutes=1)
    for typed in (phone.code(), codes[0]):
        with pytest.raises(SecondFactorMissing):
            await shows(office, ada, typed)
