"""What an operator does: staff and the purge, on real files. Secrets are seen, or nothing happens."""

from __future__ import annotations

import asyncio
import datetime as dt
import resource
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pyotp import TOTP
from sqlalchemy import Table, insert, select, text

from safetybot.administration import operator_tasks
from safetybot.administration.operator_tasks import (
    CannotShow,
    Cleared,
    Disabled,
    LastMember,
    MemberAdded,
    NotText,
    ReadByOthers,
    Recovered,
    Secrets,
    Undone,
    read_passphrase,
    read_secret_file,
)
from safetybot.cli import operator_output
from safetybot.reports import casework
from safetybot.reports.cases import CaseOutcome, CaseRef
from safetybot.staff import login, members, second_factor
from safetybot.staff.errors import (
    BadName,
    MemberDisabled,
    NameTaken,
    NotActive,
    NotLocked,
    SecondFactorMissing,
    UnknownMember,
    WeakPassphrase,
    WrongPassphrase,
    WrongSecondFactor,
)
from safetybot.staff.lockout import FREE, Factor, account_of, counted
from safetybot.staff.login import UnlockedMember
from safetybot.staff.recovery import RecoveryKeyMistyped, WrongRecoveryKey, read_spelt, spell
from safetybot.storage import scrubbing
from safetybot.storage.database import sqlite_engine
from safetybot.storage.location import InstallationFiles
from safetybot.storage.opening import NoDatabase, NotUpgraded, open_database
from safetybot.storage.tables import drafts, fragments, handled_updates, recovery_key, sessions, visits
from safetybot.vault.audit import OPERATOR, Act, history, verify
from safetybot.vault.audit_seal import seal_fault
from safetybot.vault.errors import StaffError
from safetybot.vault.installation import files_beside, opened_vouching, vouching_at
from safetybot.vault.key_derivation import KeyStretcher
from safetybot.vault.sealing import KeyPair
from safetybot.vault.server_secret import SecretFileError, WrongSecret, read_or_make_secret
from tests.reports.office import CHEAP, PASSPHRASE, START, Office

DAY = dt.timedelta(days=1)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where it will be."""
    return tmp_path / "data" / "safetybot.sqlite3"


class Desk:
    """An operator at one database, and whoever works with it."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.shown: list[Secrets] = []

    async def add(self, name: str, passphrase: str | None = None) -> MemberAdded:
        return await operator_tasks.add(self.database, name, passphrase, START, self.shown.append, CHEAP)

    async def recover(
        self, name: str, key: str, passphrase: str | None = None, show: operator_tasks.Show | None = None
    ) -> Recovered:
        return await operator_tasks.recover(
            self.database, name, key, passphrase, START, show or self.shown.append, parameters=CHEAP
        )

    @property
    def passphrase(self) -> str:
        """The last that was shown."""
        passphrase = self.shown[-1].passphrase
        assert passphrase
        return passphrase

    @property
    def key(self) -> str:
        """The recovery key, as it was shown."""
        (key,) = [one.recovery_key for one in self.shown if one.recovery_key]
        return key

    @asynccontextmanager
    async def office(self) -> AsyncIterator[Office]:
        engine, stretcher = sqlite_engine(self.database), KeyStretcher()
        try:
            yield Office(engine, stretcher, self.database)
        finally:
            stretcher.close()
            await engine.dispose()

    async def unlock(self, name: str, passphrase: str) -> UnlockedMember:
        async with self.office() as office:
            return await login.unlock(office.engine, name, passphrase, START, office.stretcher, CHEAP)

    async def names(self) -> list[str]:
        return [member.name for member in (await operator_tasks.roster(self.database)).members]

    async def acts(self) -> list[tuple[str, str]]:
        async with self.office() as office, office.engine.connect() as connection:
            assert await verify(connection) is None
            return [(row.actor, row.act) for row in await history(connection)]

    def on_disk(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.database.parent.iterdir() if path.is_file())


@pytest.fixture
def bare(database: Path) -> Desk:
    """Without a database yet."""
    return Desk(database)


@pytest.fixture
def desk(database: Path, empty_database: Path) -> Desk:
    """With all tables, and nobody."""
    database.parent.mkdir()
    shutil.copy(empty_database, database)
    read_or_make_secret(files_beside(database).secret)
    return Desk(database)


class Disk:
    """Files can grow, until :meth:`fill`."""

    def __init__(self) -> None:
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self, _: object = None) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, self._limits[1]))

    def empty(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)


@pytest.fixture
def disk() -> Iterator[Disk]:
    disk = Disk()
    yield disk
    disk.empty()


class TestAdd:
    async def test_the_first_makes_the_database_and_shows_both_secrets(self, bare: Desk) -> None:
        assert await bare.add(" Anna  Smith") == MemberAdded("Anna Smith", first=True)
        (shown,) = bare.shown
        assert shown.name == "Anna Smith"
        member = await bare.unlock("Anna Smith", bare.passphrase)
        assert member.must_change
        async with bare.office() as office, office.engine.connect() as connection:
            stored = (await connection.execute(select(recovery_key.c.public_key))).scalar_one()
        assert read_spelt(bare.key).public == stored
        assert bare.database.parent.stat().st_mode & 0o777 == 0o700
        there = {path.name for path in bare.database.parent.iterdir()}
        assert there == {bare.database.name, "database.id", "secrets"}  # which vouches for her

    async def test_the_next_shows_no_recovery_key(self, desk: Desk) -> None:
        await desk.add("Anna")
        first = desk.passphrase
        assert await desk.add("Ben") == MemberAdded("Ben", first=False)
        assert desk.shown[1].recovery_key is None
        assert desk.passphrase != first
        roster = await operator_tasks.roster(desk.database)
        assert [(one.name, one.active, one.must_change, one.created) for one in roster.members] == [
            ("Anna", True, True, "2026-11-24"),
            ("Ben", True, True, "2026-11-24"),
        ]
        assert roster.recovery_key

    async def test_a_passphrase_of_ones_own_is_not_shown(self, desk: Desk) -> None:
        await desk.add("Anna", PASSPHRASE)
        assert desk.shown[0].passphrase is None
        assert desk.key
        await desk.unlock("Anna", PASSPHRASE)

    async def test_nothing_that_is_shown_is_stored_or_in_a_repr(self, desk: Desk) -> None:
        await desk.add("Anna")
        key = read_spelt(desk.key).private
        for secret in (desk.passphrase.encode(), desk.key.encode(), key, key.hex().encode()):
            assert secret not in desk.on_disk()
        assert desk.passphrase not in repr(desk.shown)
        assert desk.key not in repr(desk.shown)

    @pytest.mark.parametrize("error", [CannotShow("no"), BrokenPipeError(), KeyboardInterrupt()])
    async def test_what_cannot_be_shown_is_not_done(self, desk: Desk, error: BaseException) -> None:
        def show(_: Secrets) -> None:
            raise error

        with pytest.raises(type(error)):
            await operator_tasks.add(desk.database, "Anna", None, START, show, CHEAP)
        roster = await operator_tasks.roster(desk.database)
        assert (list(roster.members), roster.recovery_key) == ([], False)
        assert await desk.acts() == []
        assert await desk.add("Anna") == MemberAdded("Anna", first=True)
        assert desk.key

    async def test_what_was_shown_and_not_done_is_told(self, desk: Desk, disk: Disk) -> None:
        await desk.add("Anna")
        with pytest.raises(Undone, match=r"FULL|IOERR") as caught:
            await operator_tasks.add(
                desk.database, "Ben", None, START, lambda one: (desk.shown.append(one), disk.fill()), CHEAP
            )
        assert "throw it away" in str(caught.value)
        assert desk.passphrase not in str(caught.value)
        disk.empty()
        assert await desk.names() == ["Anna"]

    @pytest.mark.parametrize(
        ("name", "passphrase", "error"),
        [("anna", None, NameTaken), ("", None, BadName), ("\x1b[2J", None, BadName), ("Ben", "short", WeakPassphrase)],
    )
    async def test_what_is_refused(
        self, desk: Desk, name: str, passphrase: str | None, error: type[StaffError]
    ) -> None:
        await desk.add("Anna")
        with pytest.raises(error):
            await desk.add(name, passphrase)
        assert len(desk.shown) == 1
        assert await desk.names() == ["Anna"]


class TestWithoutADatabase:
    async def test_nothing_else_makes_one(self, bare: Desk) -> None:
        key = spell(KeyPair.new())
        for act in (
            operator_tasks.roster(bare.database),
            operator_tasks.disable(bare.database, "Anna", START),
            operator_tasks.purge(bare.database, START),
            bare.recover("Anna", key),
        ):
            with pytest.raises(NoDatabase):
                await act
        assert not bare.database.parent.exists()

    async def test_nothing_else_upgrades_one(self, bare: Desk) -> None:
        bare.database.parent.mkdir()
        bare.database.touch()
        with pytest.raises(NotUpgraded):
            await operator_tasks.roster(bare.database)
        with pytest.raises(NotUpgraded):
            await operator_tasks.purge(bare.database, START)
        await bare.add("Anna")
        assert await bare.names() == ["Anna"]


class TestDisable:
    async def test_it_says_how_many_are_left(self, desk: Desk) -> None:
        await desk.add("Anna")
        await desk.add("Ben")
        assert await operator_tasks.disable(desk.database, "ANNA", START) == Disabled("Anna", True, 1)
        with pytest.raises(LastMember, match="Ben is the last who can read reports"):
            await operator_tasks.disable(desk.database, "Ben", START)
        await desk.unlock("Ben", desk.passphrase)
        assert await operator_tasks.disable(desk.database, "Ben", START, last=True) == Disabled("Ben", True, 0)
        with pytest.raises(WrongPassphrase):
            await desk.unlock("Ben", desk.passphrase)
        assert [one.active for one in (await operator_tasks.roster(desk.database)).members] == [False, False]

    async def test_twice_is_recorded_once(self, desk: Desk) -> None:
        await desk.add("Anna")
        await operator_tasks.disable(desk.database, "Anna", START, last=True)
        assert await operator_tasks.disable(desk.database, "Anna", START) == Disabled("Anna", False, 0)
        assert await desk.acts() == [("operator", "staff added"), ("operator", "staff disabled")]

    @pytest.mark.parametrize(
        ("typed", "hint"),
        [
            ("Ana Smth", "did you mean Anna Smith?"),
            ("smith", "did you mean Anna Smith?"),
            ("Bem", "did you mean Ben?"),
            ("Zebedee", "safetybot staff list  shows"),
            ("", "safetybot staff list  shows"),
        ],
    )
    async def test_an_unknown_name_is_told_with_the_nearest(self, desk: Desk, typed: str, hint: str) -> None:
        await desk.add("Anna Smith")
        await desk.add("Ben")
        for act in (operator_tasks.disable(desk.database, typed, START), desk.recover(typed, desk.key)):
            with pytest.raises(UnknownMember) as caught:
                await act
            assert hint in str(caught.value)
            assert not typed or typed not in str(caught.value).replace("Anna Smith", "")


class TestUnlock:
    async def test_wrong_tries_are_forgotten(self, desk: Desk) -> None:
        await desk.add("Anna", PASSPHRASE)
        with pytest.raises(NotLocked):
            await operator_tasks.unlock_member(desk.database, "Anna", START)
        async with open_database(desk.database) as engine:
            account = await account_of(engine, "Anna", None, START)
            for _ in range(FREE):
                with pytest.raises(WrongPassphrase):
                    async with counted(engine, account, Factor.PASSPHRASE, START, Act.LOGIN_FAILED):
                        raise WrongPassphrase("no")
            assert await operator_tasks.unlock_member(desk.database, "anna", START) == "Anna"
            async with counted(engine, account, Factor.PASSPHRASE, START, Act.LOGIN_FAILED):
                pass
        assert (OPERATOR, "lock lifted") in await desk.acts()


class TestEnable:
    async def test_they_are_let_in_again(self, desk: Desk) -> None:
        await desk.add("Anna", PASSPHRASE)
        await operator_tasks.disable(desk.database, "Anna", START, last=True)
        assert await operator_tasks.enable(desk.database, "anna", START) == "Anna"
        await desk.unlock("Anna", PASSPHRASE)
        assert [act for _, act in await desk.acts()][-2:] == ["staff enabled", "staff logged in"]

    async def test_who_is_active_is_told_so(self, desk: Desk) -> None:
        await desk.add("Anna")
        with pytest.raises(NotActive, match="active already"):
            await operator_tasks.enable(desk.database, "Anna", START)
        with pytest.raises(UnknownMember, match="did you mean Anna"):
            await operator_tasks.enable(desk.database, "Ana", START)


class TestSecondFactor:
    async def test_a_grant_by_a_colleague_who_shows_both_factors(self, desk: Desk) -> None:
        async with desk.office() as office:
            ada = await office.hire("Ada")
            ref, _ = await office.file({"answers": []})
            secret = second_factor.new_secret()
            codes = await second_factor.enrol(office.engine, ada, secret, TOTP(secret).at(START), START)
            await office.hire("Ben")
        own = f"{PASSPHRASE} of Ada"
        for passphrase, code, error in (("not this one", codes[0], WrongPassphrase), (own, "0", WrongSecondFactor)):
            with pytest.raises(error):
                await operator_tasks.grant(desk.database, "Ben", "Ada", passphrase, code, START)
        granted = await operator_tasks.grant(desk.database, "ben", "ada", own, codes[0], START)
        assert (granted.name, granted.by, granted.opened, granted.damaged) == ("Ben", "Ada", 1, 0)
        async with desk.office() as office:
            theirs = f"{PASSPHRASE} of Ben"
            ben = await login.unlock(office.engine, "Ben", theirs, START, office.stretcher, CHEAP)
            assert len((await office.open(ben, ref)).messages) == 1
        acts = [act for _, act in await desk.acts()]
        assert acts.count("login failed") == 2

    async def test_a_reset(self, desk: Desk) -> None:
        async with desk.office() as office:
            ada = await office.hire("Ada")
            secret = second_factor.new_secret()
            await second_factor.enrol(office.engine, ada, secret, TOTP(secret).at(START), START)
        assert await operator_tasks.reset_second_factor(desk.database, "ADA", START) == "Ada"
        with pytest.raises(SecondFactorMissing):
            await operator_tasks.reset_second_factor(desk.database, "Ada", START)


class TestRecover:
    async def test_it_opens_everything_again(self, desk: Desk) -> None:
        await desk.add("Anna")
        async with desk.office() as office:
            refs = [(await office.file(f"words {number}"))[0] for number in range(3)]
        done: list[tuple[int, int]] = []
        result = await operator_tasks.recover(
            desk.database,
            "anna",
            desk.key.lower().replace("-", " "),
            None,
            START,
            desk.shown.append,
            lambda *much: done.append(much),
            CHEAP,
        )
        assert result == Recovered("Anna", 3, 0)
        assert done == [(3, 3)]
        assert desk.shown[1].recovery_key is None
        anna = await desk.unlock("Anna", desk.passphrase)
        assert anna.must_change
        async with desk.office() as office:
            await login.change_passphrase(office.engine, anna, "my own passphrase", START, office.stretcher, CHEAP)
            opened = [await office.open(anna, ref) for ref in refs]
        assert [one.messages[0].body for one in opened] == ["words 0", "words 1", "words 2"]

    async def test_progress_is_told_for_many(self, desk: Desk) -> None:
        await desk.add("Anna")
        async with desk.office() as office:
            await office.file("words")
            async with office.engine.begin() as connection:
                for table in ("envelopes", "envelope_keys"):
                    rows = (await connection.execute(text(f"SELECT * FROM {table} WHERE number = 1"))).mappings().all()
                    names = ", ".join(rows[0])
                    values = ", ".join(f":{name}" for name in rows[0])
                    more = [{**row, "number": number} for row in rows for number in range(2, 1202)]
                    await connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), more)
        done: list[tuple[int, int]] = []
        result = await operator_tasks.recover(
            desk.database, "Anna", desk.key, None, START, desk.shown.append, lambda *much: done.append(much), CHEAP
        )
        assert result == Recovered("Anna", 1201, 0)
        assert done == [(500, 1201), (1000, 1201), (1201, 1201)]

    async def test_with_a_passphrase_of_ones_own(self, desk: Desk) -> None:
        await desk.add("Anna")
        assert await desk.recover("Anna", desk.key, PASSPHRASE) == Recovered("Anna", 0, 0)
        assert desk.shown[1].passphrase is None
        await desk.unlock("Anna", PASSPHRASE)

    async def test_what_cannot_be_shown_is_not_done(self, desk: Desk) -> None:
        await desk.add("Anna")

        def show(_: Secrets) -> None:
            raise CannotShow("no")

        with pytest.raises(CannotShow):
            await desk.recover("Anna", desk.key, show=show)
        await desk.unlock("Anna", desk.passphrase)

    async def test_what_was_shown_and_not_done_is_told(self, desk: Desk, disk: Disk) -> None:
        await desk.add("Anna")
        with pytest.raises(Undone):
            await desk.recover("Anna", desk.key, show=disk.fill)
        disk.empty()
        await desk.unlock("Anna", desk.passphrase)

    async def test_what_is_refused(self, desk: Desk) -> None:
        await desk.add("Anna")
        await desk.add("Ben")
        await operator_tasks.disable(desk.database, "Ben", START)
        for name, key, passphrase, error in (
            ("Anna", spell(KeyPair.new()), None, WrongRecoveryKey),
            ("Anna", desk.key[:-1], None, RecoveryKeyMistyped),
            ("Anna", "", None, RecoveryKeyMistyped),
            ("Ben", desk.key, None, MemberDisabled),
            ("Anna", desk.key, "short", WeakPassphrase),
        ):
            with pytest.raises(error) as caught:
                await desk.recover(name, key, passphrase)
            assert len(desk.shown) == 2
            assert not key or key not in str(caught.value)


async def closed_case(office: Office) -> CaseRef:
    anna = await office.hire("Anna")
    ref, _ = await office.file("zebedee")
    await office.open(anna, ref)
    async with office.writing() as connection:
        await casework.close(connection, anna, ref.id, CaseOutcome.ADVISED, office.now)
    return ref


class TestPurge:
    async def test_cases_are_announced_and_deleted_and_the_operator_is_recorded(self, desk: Desk) -> None:
        await desk.add("Ben")
        async with desk.office() as office:
            ref = await closed_case(office)
        assert await operator_tasks.purge(desk.database, START + 86 * DAY) == Cleared((), (), True)
        assert await operator_tasks.purge(desk.database, START + 87 * DAY) == Cleared((ref,), (), True)
        assert await operator_tasks.purge(desk.database, START + 90 * DAY) == Cleared((), (ref,), True)
        assert (await desk.acts())[-2:] == [("operator", "purge announced"), ("operator", "shredded")]

    async def test_the_day_is_utc(self, desk: Desk) -> None:
        await desk.add("Ben")
        async with desk.office() as office:
            ref = await closed_case(office)
        east = dt.timezone(dt.timedelta(hours=12))
        early = (START + 87 * DAY).replace(hour=1, tzinfo=east)  # still day 86 in UTC
        assert await operator_tasks.purge(desk.database, early) == Cleared((), (), True)
        assert (await operator_tasks.purge(desk.database, early + DAY)).announced == (ref,)

    async def test_what_chats_left_goes_when_it_is_over(self, desk: Desk) -> None:
        await desk.add("Ben")
        second = int(START.timestamp())
        units = ((sessions, 3600), (drafts, 3600), (fragments, 1), (visits, 1))
        async with desk.office() as office, office.engine.begin() as connection:
            for table, unit in units:
                for word, expires in ((b"zebedee", second // unit - 1), (b"florence", second // unit + 1)):
                    key = word.ljust(32)
                    await connection.execute(insert(table).values(chat_key=key, sealed=word, expires=expires))
            old = {"channel": "telegram", "update_id": 1, "expires": second // 3600 - 1}
            await connection.execute(insert(handled_updates).values(**old))
        assert b"zebedee" in desk.on_disk()
        assert (await operator_tasks.purge(desk.database, START)).scrubbed

        async def left(table: Table) -> int:
            async with desk.office() as office, office.engine.connect() as connection:
                return len((await connection.execute(select(table))).all())

        assert [await left(table) for table, _ in units] == [1, 1, 1, 1]
        assert await left(handled_updates) == 0
        assert b"zebedee" not in desk.on_disk()

    async def test_a_reader_in_the_way_is_waited_for(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(scrubbing, "PAUSE", 0.05)
        await desk.add("Ben")
        async with desk.office() as office:
            ref = await closed_case(office)
            await operator_tasks.purge(desk.database, START + 87 * DAY)
            async with office.engine.connect() as reader:
                await reader.exec_driver_sql("BEGIN")
                assert (await reader.execute(select(sessions))).all() == []
                assert await operator_tasks.purge(desk.database, START + 90 * DAY) == Cleared((), (ref,), False)
                purging = asyncio.create_task(operator_tasks.purge(desk.database, START + 91 * DAY))
                await asyncio.sleep(0.1)
                assert not purging.done()
            assert (await purging).scrubbed


class TestSecretFiles:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "words.txt"
        path.touch(mode=0o600)
        return path

    @pytest.mark.parametrize(
        ("data", "passphrase"),
        [
            (b"one two three\nfour", "one two three"),
            (b"one two three\r\nfour", "one two three"),
            (b"\xef\xbb\xbfone two three", "one two three"),
            ("pŵer a chyfoeth".encode(), "pŵer a chyfoeth"),
            (b"", ""),
            (b"\nsecond", ""),
        ],
    )
    def test_the_first_line_is_the_passphrase(self, path: Path, data: bytes, passphrase: str) -> None:
        path.write_bytes(data)
        assert read_passphrase(path) == passphrase

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o601])
    def test_one_that_others_can_read_is_refused(self, path: Path, mode: int) -> None:
        path.write_text("zebedee")
        path.chmod(mode)
        with pytest.raises(ReadByOthers, match=f"chmod 600 {path}") as caught:
            read_secret_file(path)
        assert "zebedee" not in str(caught.value)

    def test_what_is_no_text_is_refused(self, path: Path) -> None:
        path.write_bytes(b"zebedee\xff")
        with pytest.raises(NotText) as caught:
            read_secret_file(path)
        assert "zebedee" not in str(caught.value)
        assert caught.value.__suppress_context__

    def test_a_huge_one_is_not_read_whole(self, path: Path) -> None:
        path.write_bytes(b"x" * 1_000_000)
        assert len(read_secret_file(path)) == operator_tasks.SECRET_FILE_MAX

    def test_one_that_is_not_there(self, path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            read_secret_file(path.with_name("other"))


class TestVouching:
    async def test_who_let_them_in_is_listed(self, desk: Desk) -> None:
        await desk.add("Anna")
        roster = await operator_tasks.roster(desk.database)
        assert [each.holds for each in roster.standing.values()] == [True, True]  # Anna, and the recovery key
        text = operator_output.roster_text(roster)
        assert "Anna: vouched for by an operator with the server's secret on 2026-11-24, valid" in text

    async def test_what_an_operator_takes_knowingly_is_taken_and_written_down(self, desk: Desk) -> None:
        await desk.add("Anna")
        connection = sqlite3.connect(desk.database)
        connection.execute("UPDATE staff SET active = false")
        connection.execute("UPDATE audit_head SET seal = x'00'")
        connection.commit()
        connection.close()
        assert not all(each.holds for each in (await operator_tasks.roster(desk.database)).standing.values())
        assert await operator_tasks.vouch(desk.database, "anna", START) == operator_tasks.Vouched(["Anna"], False)
        assert all(each.holds for each in (await operator_tasks.roster(desk.database)).standing.values())
        async with desk.office() as office, office.engine.connect() as there:
            assert await seal_fault(there) != ""
        assert await operator_tasks.vouch(desk.database, None, START) == operator_tasks.Vouched(["Anna"], True)
        async with desk.office() as office, office.engine.connect() as there:
            assert await seal_fault(there) == ""
        assert (await desk.acts())[-2:] == [("operator", "staff vouched for")] * 2

    async def test_another_secret_is_refused(self, desk: Desk) -> None:
        await desk.add("Anna")
        other = InstallationFiles(desk.database.parent, desk.database.parent / "other" / "server.key")
        read_or_make_secret(other.secret)
        with pytest.raises(WrongSecret):
            await operator_tasks.disable(desk.database, "Anna", START, files=other)
        with pytest.raises(WrongSecret):
            await operator_tasks.add(desk.database, "Ben", None, START, desk.shown.append, CHEAP, files=other)

    async def test_a_desk_on_a_machine_of_its_own_has_its_key_alone(self, desk: Desk) -> None:
        await desk.add("Anna")
        secret = files_beside(desk.database).secret
        line = operator_tasks.desk_key(secret)
        alone = InstallationFiles.beside(desk.database.parent / "desk" / "safetybot.sqlite3")
        alone.secret.parent.mkdir(parents=True)
        with pytest.raises(SecretFileError, match=r"desk-key"):
            async with opened_vouching(desk.database, alone, upgrade=True):
                pass
        assert not alone.secret.exists()
        key = alone.desk_key
        key.write_text(f"{line}\n")
        key.chmod(0o644)
        with pytest.raises(SecretFileError, match="chmod 600"):
            vouching_at(alone)
        key.chmod(0o600)
        async with opened_vouching(desk.database, alone, upgrade=True) as engine, engine.connect() as connection:
            assert len(await members.readers(connection)) == 2
        key.write_text("00" * 32)
        with pytest.raises(WrongSecret):
            async with opened_vouching(desk.database, alone, upgrade=True):
                pass
