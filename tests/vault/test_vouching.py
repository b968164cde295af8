"""Whoever can write to the database, and has not the server's secret, adds no reader and makes no log anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.staff import colleagues, login, recovery
from safetybot.staff import members as staff
from safetybot.staff.errors import MemberDisabled, WrongPassphrase
from safetybot.staff.login import UnlockedMember
from safetybot.staff.vouchers import standings
from safetybot.storage import tables
from safetybot.storage.database import NobodyVouches, engine_of, migrate
from safetybot.storage.tables import audit_head, audit_log, recovery_key
from safetybot.vault import roster
from safetybot.vault.audit import BOT, Act, AuditRow, Head, append, verify
from safetybot.vault.audit_seal import seal_fault
from safetybot.vault.errors import NoReader
from safetybot.vault.installation import Adoption, adopt_anew, must_be_its_secret
from safetybot.vault.roster import Vouching, with_vouching
from safetybot.vault.roster_changes import adopt_one
from safetybot.vault.sealing import RECOVERY, KeyPair
from safetybot.vault.server_secret import WrongSecret
from safetybot.vault.vouching import (
    OPERATOR,
    UPGRADE,
    MemberEntry,
    MemberList,
    NotVouched,
    VouchingKey,
    let_in,
    signed,
    verify_key,
)
from tests.reports.office import CHEAP, PASSPHRASE, PEPPER, Office

KEY = VouchingKey.of(PEPPER)
THIEF = KeyPair.new()


async def sealed_to(office: Office, story: str = "words") -> dict[str, bytes]:
    """Files a report; whose keys its envelope was sealed to."""
    ref, _ = await office.file(story)
    async with office.engine.connect() as connection:
        query = select(tables.envelope_keys).where(tables.envelope_keys.c.case_id == ref.id)
        return {row.reader: row.wrapped for row in await connection.execute(query) if row.reader != "case"}


async def troubles(office: Office) -> dict[str, str]:
    async with office.engine.connect() as connection:
        return {each.who: each.why for each in (await roster.check(connection)).troubles}


async def write(office: Office, *statements: Any) -> None:
    """Writes to the database as somebody who has nothing but that."""
    engine = engine_of(office.where)
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(statement)
    await engine.dispose()


async def row_of(connection: AsyncConnection, member: str) -> dict[str, Any]:
    row = (await connection.execute(select(tables.staff).where(tables.staff.c.id == member))).one()
    return dict(row._mapping)


async def insert_rogue(office: Office, like: UnlockedMember, **other: Any) -> str:
    """Puts in a row of somebody's own, with everything else as in a member's; its id."""
    async with office.engine.connect() as connection:
        row = await row_of(connection, like.id)
    rogue = {**row, "id": "f" * 16, "name": "Mallory", "public_key": THIEF.public, **other}
    await write(office, insert(tables.staff).values(rogue))
    return str(rogue["id"])


class TestTheDatabaseIsWrittenTo:
    async def test_a_row_of_ones_own_is_no_reader(self, office: Office, caplog: pytest.LogCaptureFixture) -> None:
        anna = await office.hire("Anna")
        rogue = await insert_rogue(office, anna)
        assert set(await sealed_to(office)) == {anna.id, RECOVERY}
        assert await troubles(office) == {rogue: "an account that nobody let in"}
        assert [record.levelname for record in caplog.records if "not vouched for" in record.message] == ["ERROR"]
        assert "Mallory" not in caplog.text

    async def test_it_cannot_log_in_and_is_granted_nothing(self, office: Office) -> None:
        anna = await office.hire("Anna")
        await office.file("words")
        rogue = await insert_rogue(office, anna)
        member = UnlockedMember(staff.Member(rogue, "Mallory", True, False, "2026-11-24", THIEF.public), THIEF)
        async with office.engine.connect() as connection:
            with pytest.raises(MemberDisabled):
                await login.still_in(connection, member)
        with pytest.raises(NotVouched):
            await recovery.grant(office.engine, anna, rogue, office.now)

    async def test_a_disabled_account_that_is_switched_on_reads_nothing(self, office: Office) -> None:
        anna, ben = await office.hire("Anna"), await office.hire("Ben")
        await colleagues.disable(office.engine, anna, ben.id, office.now)
        await write(office, update(tables.staff).where(tables.staff.c.id == ben.id).values(active=True))
        assert set(await sealed_to(office)) == {anna.id, RECOVERY}
        assert await troubles(office) == {ben.id: "an account that was switched on by nobody"}
        with pytest.raises(WrongPassphrase):
            await login.unlock(office.engine, "Ben", f"{PASSPHRASE} of Ben", office.now, office.stretcher, CHEAP)

    async def test_a_key_that_was_swapped_gets_nothing_and_the_true_one_all(self, office: Office) -> None:
        anna = await office.hire("Anna")
        await write(office, update(tables.staff).values(public_key=THIEF.public))
        wrapped = (await sealed_to(office))[anna.id]
        assert recovery.unwrap_key(wrapped, anna.pair())
        assert await troubles(office) == {anna.id: "another public key than the member's"}

    async def test_nor_does_a_recovery_key_that_was_swapped(self, office: Office) -> None:
        await office.hire("Anna")
        assert office.recovery is not None
        await write(office, update(recovery_key).values(public_key=THIEF.public))
        wrapped = (await sealed_to(office))[RECOVERY]
        assert recovery.unwrap_key(wrapped, office.recovery)
        assert await troubles(office) == {RECOVERY: "another recovery key than the one that was made"}
        with pytest.raises(recovery.WrongRecoveryKey):
            await recovery.recover(office.engine, "Anna", THIEF, PASSPHRASE, office.now, office.stretcher, CHEAP)

    async def test_who_is_switched_off_or_taken_out_still_reads(self, office: Office) -> None:
        anna, ben = await office.hire("Anna"), await office.hire("Ben")
        await write(
            office,
            update(tables.staff).where(tables.staff.c.id == anna.id).values(active=False),
            delete(tables.staff).where(tables.staff.c.id == ben.id),
        )
        assert set(await sealed_to(office)) == {anna.id, ben.id, RECOVERY}
        assert len(await troubles(office)) == 2

    async def test_a_name_that_was_swapped_is_told(self, office: Office) -> None:
        anna = await office.hire("Anna")
        await write(office, update(tables.staff).values(name="Grace"))
        assert await troubles(office) == {anna.id: "another name than the member's"}

    @pytest.mark.parametrize("how", ["changed", "missing", "of another key", "an earlier one"])
    async def test_without_a_list_that_holds_no_report_is_taken(
        self, office: Office, how: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        anna, ben = await office.hire("Anna"), await office.hire("Ben")
        async with office.engine.connect() as connection:
            before = (await connection.execute(select(tables.roster))).one()
            members = await roster.load(connection)
        await colleagues.disable(office.engine, anna, ben.id, office.now)
        await sealed_to(office)
        document = members.encode().replace(anna.public_key.hex().encode(), THIEF.public.hex().encode())
        other = VouchingKey.of(bytes(32)).mac_of_list(document)
        values = {
            "changed": {"document": document},
            "of another key": {"document": document, "mac": other},
            "an earlier one": {"document": before.document, "mac": before.mac},
        }
        act = delete(tables.roster) if how == "missing" else update(tables.roster).values(values[how])
        await write(office, act)
        with pytest.raises(NotVouched):
            await office.file("words")
        with pytest.raises(NoReader):
            async with office.engine.connect() as connection:
                await staff.readers(connection)
        assert "no report is taken" in caplog.text
        # What is there can be read, and what is wrong be seen.
        assert await login.unlock(office.engine, "Anna", f"{PASSPHRASE} of Anna", office.now, office.stretcher, CHEAP)
        with pytest.raises(NotVouched):
            await colleagues.add(office.engine, anna, "Cy", office.now, office.stretcher, CHEAP)

    async def test_an_empty_list_is_never_begun_where_somebody_is(self, office: Office) -> None:
        await office.hire("Anna")
        for table in (tables.roster, tables.recovery_key):
            await write(office, delete(table))
        with pytest.raises(NotVouched, match="recovery key is gone"):
            await office.hire("Ben")


class TestSignatures:
    async def test_who_let_whom_in_is_shown(self, office: Office) -> None:
        anna = await office.hire("Anna")
        ben, _ = await colleagues.add(office.engine, anna, "Ben", office.now, office.stretcher, CHEAP)
        async with office.engine.connect() as connection:
            names = {member.id: member.name for member in await staff.list_members(connection)}
            shown = await standings(connection, None, names)
        assert shown[anna.id].words == "vouched for by an operator with the server's secret on 2026-11-24, valid"
        assert shown[ben.id].words == "let in by Anna on 2026-11-24, signature valid"
        assert all(each.holds for each in shown.values())
        assert len({each.fingerprint for each in shown.values()}) == 3
        assert len(shown[ben.id].fingerprint) == 24

    async def test_whom_somebody_let_in_stays_when_they_leave_or_get_new_keys(self, office: Office) -> None:
        anna = await office.hire("Anna")
        ben, _ = await colleagues.add(office.engine, anna, "Ben", office.now, office.stretcher, CHEAP)
        assert office.recovery is not None
        await recovery.recover(office.engine, "Anna", office.recovery, PASSPHRASE, office.now, office.stretcher, CHEAP)
        await staff.disable(office.engine, "Anna", office.now)
        assert set(await sealed_to(office)) == {ben.id, RECOVERY}
        assert await troubles(office) == {}

    async def test_who_left_lets_nobody_in(self, office: Office) -> None:
        anna, ben = await office.hire("Anna"), await office.hire("Ben")
        await colleagues.disable(office.engine, anna, ben.id, office.now)
        await write(office, update(tables.staff).values(active=True))
        with pytest.raises(MemberDisabled):
            await colleagues.add(office.engine, ben, "Cy", office.now, office.stretcher, CHEAP)

    async def test_a_signature_is_for_one_member_with_one_key(self, office: Office) -> None:
        """A list that somebody made with the vouching key alone, from signatures that were given for others."""
        anna = await office.hire("Anna")
        ben, _ = await colleagues.add(office.engine, anna, "Ben", office.now, office.stretcher, CHEAP)
        async with office.engine.connect() as connection:
            members = await roster.load(connection)
        entry = members.entries[ben.id]
        assert let_in(members, entry, KEY)
        for changed in (
            replace(entry, id="f" * 16),
            replace(entry, public=THIEF.public),
            replace(entry, verify=THIEF.public),
            replace(entry, name="Mallory"),
            replace(entry, day="2026-11-25"),
            replace(entry, voucher=ben.id),
            replace(entry, voucher=OPERATOR),
            replace(entry, voucher=UPGRADE),
        ):
            forged = members.with_entry(changed)
            assert not let_in(forged, changed, KEY)
        # Two who let each other in have nobody behind them.
        rogue = MemberEntry("e" * 16, "Eve", THIEF.public, verify_key(THIEF), (), True, "2026-11-24", "f" * 16, b"")
        other = replace(rogue, id="f" * 16, voucher="e" * 16)
        circle = members.with_entry(signed(rogue, THIEF)).with_entry(signed(other, THIEF))
        assert not let_in(circle, circle.entries["e" * 16], KEY)
        mac = KEY.mac_of_list(circle.encode())
        await write(office, update(tables.roster).values(document=circle.encode(), mac=mac))
        assert set(await sealed_to(office)) == {anna.id, ben.id, RECOVERY}
        assert set(await troubles(office)) == {"e" * 16, "f" * 16}


class TestTheUpgrade:
    async def make_old(self, office: Office) -> UnlockedMember:
        """A database as the version before left it: nobody is vouched for, and nothing is sealed."""
        anna = await office.hire("Anna")
        await write(
            office,
            text("DROP TABLE roster"),
            text("ALTER TABLE audit_head DROP COLUMN sealed"),
            text("ALTER TABLE audit_head DROP COLUMN seal"),
            text("DROP TABLE passkeys"),
            text("ALTER TABLE envelopes DROP COLUMN digest"),
            text("ALTER TABLE envelope_keys DROP COLUMN digest"),
            text("UPDATE alembic_version SET version_num = '0010'"),
        )
        return anna

    async def test_members_are_taken_as_they_are_once(self, office: Office, tmp_path: Path) -> None:
        anna = await self.make_old(office)
        vouching = Vouching(KEY, tmp_path / "roster.pin")
        engine = with_vouching(engine_of(office.where), vouching)
        with pytest.raises(NobodyVouches):
            await migrate(engine)
        await migrate(engine, adopt=Adoption(vouching, PEPPER))
        office.engine = engine
        assert set(await sealed_to(office)) == {anna.id, RECOVERY}
        async with engine.connect() as connection:
            assert await seal_fault(connection) == ""
            assert await verify(connection) is None
            members = await roster.load(connection)
            assert (members.entries[anna.id].voucher, members.entries[anna.id].verify) == (UPGRADE, b"")
        # At their next login they get what they sign with.
        again = await login.unlock(engine, "Anna", f"{PASSPHRASE} of Anna", office.now, office.stretcher, CHEAP)
        async with engine.connect() as connection:
            members = await roster.load(connection)
            assert members.entries[anna.id].verify == verify_key(anna.pair())
        ben, _ = await colleagues.add(engine, again, "Ben", office.now, office.stretcher, CHEAP)
        assert set(await sealed_to(office)) == {anna.id, ben.id, RECOVERY}
        # Tables put back to those of the earlier version bring no second chance, to this process or the next.
        await insert_rogue(office, anna)
        await engine.dispose()
        await write(
            office,
            text("DROP TABLE roster"),
            text("ALTER TABLE audit_head DROP COLUMN sealed"),
            text("ALTER TABLE audit_head DROP COLUMN seal"),
            text("DROP TABLE passkeys"),
            text("ALTER TABLE envelopes DROP COLUMN digest"),
            text("ALTER TABLE envelope_keys DROP COLUMN digest"),
            text("UPDATE alembic_version SET version_num = '0010'"),
        )
        for knows in (vouching, Vouching(KEY, tmp_path / "roster.pin")):
            with pytest.raises(NotVouched, match="before members were vouched for"):
                await migrate(engine, adopt=Adoption(knows, PEPPER))
        await engine.dispose()

    async def test_not_with_another_secret_than_the_databases(self, office: Office) -> None:
        await self.make_old(office)
        await must_be_its_secret(office.engine, PEPPER)
        other = bytes(32)
        engine = with_vouching(engine_of(office.where), Vouching(VouchingKey.of(other)))
        for secret in (other, None):
            with pytest.raises(WrongSecret):
                await migrate(engine, adopt=Adoption(Vouching(VouchingKey.of(other)), secret))
        await engine.dispose()

    async def test_another_list_than_the_known_one_is_refused(self, office: Office, tmp_path: Path) -> None:
        """Where the upgrade was had on a machine that knows nothing."""
        await office.hire("Anna")
        known = Vouching(KEY, tmp_path / "roster.pin")
        office.engine = with_vouching(engine_of(office.where), known)
        await sealed_to(office)
        stranger = with_vouching(engine_of(office.where), Vouching(KEY))
        await adopt_anew(stranger, UPGRADE, office.now)
        await stranger.dispose()
        with pytest.raises(NotVouched, match="not the newest"):
            await sealed_to(office)
        await office.engine.dispose()


class TestAnOperatorVouches:
    async def test_for_one(self, office: Office) -> None:
        anna = await office.hire("Anna")
        rogue = await insert_rogue(office, anna)
        async with office.writing() as connection:
            await adopt_one(connection, rogue, "2026-11-24")
            await append(connection, OPERATOR, Act.STAFF_VOUCHED, "2026-11-24", member=rogue)
        assert set(await sealed_to(office)) == {anna.id, rogue, RECOVERY}
        assert await troubles(office) == {}


class TestTheAuditLog:
    async def rebuild(self, office: Office) -> None:
        """Takes a row out of the middle, and computes the whole chain anew."""
        async with office.engine.connect() as connection:
            rows = (await connection.execute(select(audit_log).order_by(audit_log.c.number))).all()
        kept = [dict(row._mapping) for row in rows if row.number != 2]
        end = Head(0, bytes(32))
        for number, row in enumerate(kept, 1):
            row["number"] = number
            one = AuditRow(**row)
            row["hash"] = one.expected_hash(end.hash)
            end = Head(number, row["hash"])
        change = update(audit_head).values(number=end.number, hash=end.hash)
        await write(office, delete(audit_log), insert(audit_log).values(kept), change)

    async def test_one_that_was_made_anew_is_known_and_stays_so(self, office: Office) -> None:
        await office.hire("Anna")
        await office.file("words")
        async with office.engine.connect() as connection:
            assert await seal_fault(connection) == ""
        await self.rebuild(office)
        for _ in range(2):
            async with office.engine.connect() as connection:
                assert await verify(connection) is None  # the chain itself holds
                assert "made anew" in await seal_fault(connection)
            await office.file("more words")

    async def test_so_is_one_that_was_emptied(self, office: Office) -> None:
        await office.hire("Anna")
        gone = update(audit_head).values(number=0, hash=bytes(32), sealed=None, seal=None)
        await write(office, delete(audit_log), gone)
        await office.file("words")
        async with office.engine.connect() as connection:
            assert await verify(connection) is None
            assert "made anew" in await seal_fault(connection)

    async def test_rows_of_somebody_without_the_secret_are_told_apart(self, office: Office) -> None:
        await office.hire("Anna")
        engine = engine_of(office.where)
        async with engine.begin() as connection:
            await append(connection, BOT, Act.FILED, "2026-11-24")
        await engine.dispose()
        async with office.engine.connect() as connection:
            assert await seal_fault(connection) == "rows after 3 were written by somebody without the server's secret"


def test_a_list_that_was_never_committed_is_not_remembered(tmp_path: Path) -> None:
    vouching = Vouching(KEY, tmp_path / "pin")
    vouching.saw(MemberList("a", 3, None, {}))
    vouching.saw(MemberList("b", 9, None, {}))
    vouching.saw(MemberList("a", 2, None, {}))
    assert Vouching(KEY, tmp_path / "pin").floor == ("a", 3)
    assert Vouching(VouchingKey.of(bytes(32)), tmp_path / "pin").floor is None
