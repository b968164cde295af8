from __future__ import annotations

import pytest
from sqlalchemy import select, update

from safetybot.staff import login, members, recovery
from safetybot.staff.errors import (
    BadName,
    MemberDisabled,
    MemberLocked,
    NameTaken,
    UnknownMember,
    WeakPassphrase,
    WrongPassphrase,
)
from safetybot.staff.passphrases import one_time_passphrase
from safetybot.storage.tables import recovery_key
from safetybot.storage.tables import staff as staff_table
from safetybot.vault.errors import NoReader
from safetybot.vault.sealing import RECOVERY, KeyPair
from tests.databases import SQLITE_ALONE
from tests.reports.office import CHEAP, PASSPHRASE, Office


async def unlock(office: Office, name: str, passphrase: str) -> login.UnlockedMember:
    return await login.unlock(office.engine, name, passphrase, office.now, office.stretcher, CHEAP)


async def readers(office: Office) -> set[str]:
    async with office.engine.connect() as connection:
        return set(await members.readers(connection))


async def disable(office: Office, name: str) -> int:
    return await members.disable(office.engine, name, office.now)


async def recover(office: Office, name: str, key: KeyPair, passphrase: str = PASSPHRASE) -> recovery.Rewrapped:
    return await recovery.recover(office.engine, name, key, passphrase, office.now, office.stretcher, CHEAP)


async def grant(office: Office, by: login.UnlockedMember, to: str) -> recovery.Rewrapped:
    return await recovery.grant(office.engine, by, to, office.now)


async def test_without_staff_nobody_reads(office: Office) -> None:
    with pytest.raises(NoReader):
        await readers(office)


async def test_the_first_member_brings_the_recovery_key(office: Office) -> None:
    anna = await office.hire("Anna")
    key = office.recovery
    assert key is not None
    assert await readers(office) == {anna.id, RECOVERY}
    ben = await office.hire("Ben")
    assert office.recovery is key, "a second recovery key was made"
    assert await readers(office) == {anna.id, ben.id, RECOVERY}
    async with office.engine.connect() as connection:
        assert (await connection.execute(select(recovery_key.c.public_key))).scalar_one() == key.public
        assert [one.name for one in await members.list_members(connection)] == ["Anna", "Ben"]


async def test_no_private_key_and_no_passphrase_is_stored(office: Office) -> None:
    anna = await office.hire("Anna")
    assert office.recovery is not None
    for secret in (office.recovery.private, anna.pair().private, PASSPHRASE.encode()):
        assert secret not in office.on_disk()
        assert secret.hex().encode() not in office.on_disk()


async def test_a_new_member_must_change_the_passphrase(office: Office) -> None:
    member, _ = await members.add(office.engine, " Anna  Smith ", PASSPHRASE, office.now, office.stretcher, CHEAP)
    assert member.name == "Anna Smith"
    anna = await unlock(office, "anna SMITH", f"  {PASSPHRASE} ")
    assert anna.must_change
    assert anna.public_key == anna.pair().public == member.public_key
    for bad in (PASSPHRASE, "too short"):
        with pytest.raises(WeakPassphrase):
            await login.change_passphrase(office.engine, anna, bad, office.now, office.stretcher, CHEAP)
    assert anna.must_change
    await login.change_passphrase(office.engine, anna, "another long one", office.now, office.stretcher, CHEAP)
    assert not anna.must_change
    again = await unlock(office, "Anna Smith", "another long one")
    assert not again.must_change
    assert again.pair() == anna.pair()
    with pytest.raises(WrongPassphrase):
        await unlock(office, "Anna Smith", PASSPHRASE)


@pytest.mark.parametrize(("name", "passphrase"), [("Anna", "wrong passphrase"), ("Nobody", PASSPHRASE), ("", "")])
async def test_what_was_wrong_is_not_told(office: Office, name: str, passphrase: str) -> None:
    await office.hire("Anna")
    with pytest.raises(WrongPassphrase, match=r"^the name or the passphrase is wrong$"):
        await unlock(office, name, passphrase)


async def test_bad_members_are_refused(office: Office) -> None:
    await office.hire("Anna")
    for name, passphrase, error in (
        ("", PASSPHRASE, BadName),
        ("x" * 81, PASSPHRASE, BadName),
        ("a\x07b", PASSPHRASE, BadName),
        ("ANNA", PASSPHRASE, NameTaken),
        ("Ben", "short", WeakPassphrase),
    ):
        with pytest.raises(error):
            await members.add(office.engine, name, passphrase, office.now, office.stretcher, CHEAP)
    with pytest.raises(UnknownMember):
        await disable(office, "Ben")


async def test_a_disabled_member_gets_nothing_new_and_is_not_let_in(office: Office) -> None:
    anna, ben = await office.hire("Anna"), await office.hire("Ben")
    before, _ = await office.file("before")
    assert await disable(office, "Ben") == 1
    assert await readers(office) == {anna.id, RECOVERY}
    after, _ = await office.file("after")
    with pytest.raises(WrongPassphrase):
        await unlock(office, "Ben", f"{PASSPHRASE} of Ben")
    for ref in (before, after):  # still in memory from before
        with pytest.raises(MemberDisabled):
            await office.open(ben, ref)
    with pytest.raises(MemberDisabled):
        await grant(office, anna, ben.id)
    assert await disable(office, "Anna") == 0
    with pytest.raises(NoReader):
        await office.file("nobody reads this")


async def test_a_new_member_reads_earlier_cases_once_they_are_granted(office: Office) -> None:
    anna = await office.hire("Anna")
    early, _ = await office.file("early", contact="here")
    ben = await office.hire("Ben")
    late, _ = await office.file("late")
    assert [one.body for one in (await office.open(ben, late)).messages] == ["late"]
    shut = await office.open(ben, early)
    assert [(one.kind, one.why) for one in shut.locked] == [("report", "no key"), ("contact", "no key")]
    assert shut.messages == ()
    assert shut.row.status == "new", "nobody has read it"
    assert await grant(office, anna, ben.id) == recovery.Rewrapped(2, 0)
    assert [one.body for one in (await office.open(ben, early)).messages] == ["early", "here"]
    assert await grant(office, anna, ben.id) == recovery.Rewrapped(0, 0)
    with pytest.raises(UnknownMember):
        await grant(office, anna, "nobody")


async def test_who_cannot_read_cannot_grant(office: Office) -> None:
    await office.hire("Anna")
    await office.file("early")
    ben, chris = await office.hire("Ben"), await office.hire("Chris")
    assert await grant(office, ben, chris.id) == recovery.Rewrapped(0, 0)
    ben.wipe()
    with pytest.raises(MemberLocked):
        await grant(office, ben, chris.id)


async def test_recovery_gives_new_keys_and_everything_back(office: Office) -> None:
    anna = await office.hire("Anna")
    early, _ = await office.file("early")
    ben = await office.hire("Ben")  # never granted
    late, _ = await office.file("late")
    assert office.recovery is not None
    typed = recovery.spell(office.recovery).lower().replace("-", " ")
    assert await recover(office, "ben", recovery.read_spelt(typed), "one time passphrase") == recovery.Rewrapped(2, 0)
    with pytest.raises(MemberDisabled):
        await office.open(ben, late)  # logged in with the old key
    with pytest.raises(WrongPassphrase):
        await unlock(office, "Ben", f"{PASSPHRASE} of Ben")
    ben = await unlock(office, "Ben", "one time passphrase")
    assert ben.must_change
    with pytest.raises(Exception, match="change your passphrase first"):
        await office.open(ben, early)
    await login.change_passphrase(office.engine, ben, "my own passphrase", office.now, office.stretcher, CHEAP)
    for ref, body in ((early, "early"), (late, "late")):
        assert [one.body for one in (await office.open(ben, ref)).messages] == [body]
        assert [one.body for one in (await office.open(anna, ref)).messages] == [body]
    newest, _ = await office.file("newest")
    assert [one.body for one in (await office.open(ben, newest)).messages] == ["newest"]


async def test_recovery_is_refused_where_it_must_be(office: Office) -> None:
    await office.hire("Anna")
    await office.hire("Ben")
    assert office.recovery is not None
    with pytest.raises(recovery.WrongRecoveryKey):
        await recover(office, "Anna", KeyPair.new())
    with pytest.raises(UnknownMember):
        await recover(office, "Chris", office.recovery)
    with pytest.raises(WeakPassphrase):
        await recover(office, "Anna", office.recovery, "short")
    await disable(office, "Ben")
    with pytest.raises(MemberDisabled):
        await recover(office, "Ben", office.recovery)
    await unlock(office, "Anna", f"{PASSPHRASE} of Anna")


async def test_stored_parameters_are_used_whatever_the_default_is(office: Office) -> None:
    await office.hire("Anna")
    async with office.engine.begin() as connection:
        row = (await connection.execute(select(staff_table))).one()
        assert (row.passes, row.memory) == (CHEAP.passes, CHEAP.memory)
        await connection.execute(update(staff_table).values(passes=2))
    with pytest.raises(WrongPassphrase):
        await unlock(office, "Anna", f"{PASSPHRASE} of Anna")


@SQLITE_ALONE
async def test_a_real_account_is_made_and_unlocked(office: Office) -> None:
    """With the real parameters."""
    passphrase = one_time_passphrase()
    assert len(passphrase.split()) == 6
    await members.add(office.engine, "Anna", passphrase, office.now, office.stretcher)
    anna = await login.unlock(office.engine, "Anna", passphrase, office.now, office.stretcher)
    async with office.engine.connect() as connection:
        row = (await connection.execute(select(staff_table))).one()
    assert (row.passes, row.memory) == (3, 256 * 1024 * 1024)
    assert repr(anna) == f"UnlockedMember({anna.id})"


@SQLITE_ALONE
async def test_a_wiped_key_is_gone(office: Office) -> None:
    anna = await office.hire("Anna")
    anna.wipe()
    with pytest.raises(MemberLocked):
        anna.pair()
    ref, _ = await office.file("x")
    with pytest.raises(MemberLocked):
        await office.open(anna, ref)
