"""A backup that is put back is the installation again; and whoever finds one has nothing."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, inspect, select, text, update

from safetybot.backup import contents
from safetybot.backup.create import BackupMade, make_backup
from safetybot.backup.errors import (
    AuditLogOther,
    BackupDamaged,
    BackupThere,
    DatabaseThere,
    LaterBackup,
    NoRecoveryKey,
    NotABackup,
    OtherSecret,
)
from safetybot.backup.restore import restore, try_backup
from safetybot.backup.sealed_file import SealedReader, SealedWriter, read_header
from safetybot.cli import main
from safetybot.staff.recovery import RecoveryKeyMistyped, WrongRecoveryKey, read_spelt, spell
from safetybot.storage import installation_metadata, tables
from safetybot.storage.copying import PASSING, NotEmpty
from safetybot.storage.database import migrate
from safetybot.storage.location import DatabaseLocation, InstallationFiles
from safetybot.storage.opening import NoDatabase
from safetybot.vault.audit import Act, Head, history, last_of
from safetybot.vault.installation import vouching_at
from safetybot.vault.sealing import KeyPair
from safetybot.vault.server_secret import SecretFileError, WrongSecret, check_of
from safetybot.vault.vouching import MemberList, NotVouched
from tests.backup.house import CHAT, CONTACT, REPLY, STORY, House, engine_at, everybody_reads, is_whole, rows
from tests.databases import BOTH
from tests.e2e.program import MODULE, environment
from tests.postgres import Server
from tests.reports.office import START
from tests.thief import Search, byte_forms, chat_forms, code_forms, forms

LATER = START + dt.timedelta(days=1)
SET_UP = {"safetybot.sqlite3", "secrets", "roster.pin", "database.id"}
"""What is in a data folder that a backup was restored to."""
KEPT = {table.name for table in tables.metadata.sorted_tables} - PASSING


class Ruin:
    """A new place to restore to, on either database."""

    def __init__(self, folder: Path, where: DatabaseLocation | None = None) -> None:
        self.where = where or folder / "new" / "safetybot.sqlite3"
        self.files = InstallationFiles.beside(folder / "new" / "safetybot.sqlite3")
        self.secret = self.files.secret


@pytest.fixture(params=BOTH)
def ruin(request: pytest.FixtureRequest, tmp_path: Path) -> Ruin:
    if request.param == "sqlite":
        return Ruin(tmp_path)
    server: Server = request.getfixturevalue("postgres_server")
    return Ruin(tmp_path, server.create())


@pytest.fixture
def here(tmp_path: Path) -> Ruin:
    """One on SQLite."""
    return Ruin(tmp_path)


async def test_what_was_restored_is_the_installation_again(
    furnished: House, backed_up: tuple[Path, BackupMade], ruin: Ruin
) -> None:
    file, made = backed_up
    assert file.stat().st_mode & 0o777 == 0o600
    assert made.noted
    restored = await restore(file, furnished.key, ruin.where, ruin.files, LATER, noted=made.head)
    assert (restored.head, restored.upgraded, restored.broken) == (made.head, False, None)
    assert ruin.secret.read_bytes() == furnished.secret.read_bytes()
    assert ruin.secret.stat().st_mode & 0o777 == 0o600
    newest = await is_whole(furnished, ruin.where, ruin.secret)
    assert newest.number == made.head.number + 1
    there, before = await rows(ruin.where), await rows(furnished.where)
    # Since: a row in each log.
    assert {name: there[name] for name in KEPT - {"marks"}} == {name: before[name] for name in KEPT - {"marks"}}
    assert {name: there[name] for name in PASSING} == dict.fromkeys(PASSING, 0)
    async with engine_at(ruin.where) as engine, engine.connect() as connection:
        (last,) = await history(connection, after=made.head.number)
        assert (last.act, json.loads(last.detail)) == (Act.RESTORED, {"made": "2026-11-24T10:30:00Z"})
    await everybody_reads(furnished, ruin.where)
    if isinstance(ruin.where, Path):
        assert {path.name for path in ruin.where.parent.iterdir()} == SET_UP
        assert ruin.where.stat().st_mode & 0o777 == 0o600
    # It can be backed up in turn; and nothing is ever restored over it.
    again = await make_backup(ruin.where, ruin.files, file.with_name(f"again-{id(ruin)}"), LATER)
    assert again.rows["cases"] == made.rows["cases"]
    with pytest.raises((DatabaseThere, NotEmpty)):
        await restore(file, furnished.key, ruin.where, ruin.files, LATER)


def test_each_table_is_kept_or_passes() -> None:
    """A new table belongs to one of the two: say which, and in docs/privacy.md where it outlives its promise."""
    assert {
        "staff", "recovery_key", "second_factors", "cases", "envelopes", "envelope_keys", "audit_log", "audit_head",
        "counters", "figures", "staff_chat", "editors_key", "marks", "roster", "passkeys",
    } == KEPT  # fmt: skip
    assert {table.name for table in tables.metadata.sorted_tables} >= PASSING
    # No table numbers its rows itself, so there is no sequence that a copy would have to set.
    assert [table.name for table in tables.metadata.sorted_tables if table.autoincrement_column is not None] == []


async def test_a_backup_tells_a_thief_nothing(
    furnished: House, backed_up: tuple[Path, BackupMade], tmp_path: Path
) -> None:
    everything = tmp_path / "everything"
    await make_backup(furnished.where, furnished.files, everything, START, replace=True, chats=True)
    wanted = {
        each: tuple(forms(each)) for each in (STORY, CONTACT, REPLY, "Zebedee", "Ermintrude", "telegram", "cases")
    }
    wanted |= {CHAT: tuple(chat_forms(CHAT)), "secret": tuple(byte_forms(furnished.secret.read_bytes()))}
    wanted |= {code.text: tuple(code_forms(code.text)) for code in furnished.codes}
    wanted |= {"sealed row": (b"drafts of a chat", b"masked words"), "head": tuple(byte_forms(backed_up[1].head.hash))}
    search = Search(wanted)
    for file in (backed_up[0], everything):
        data = file.read_bytes()
        assert search.found(data) == []
        assert len(data) > 20_000
    # They are in it for whoever has the key; but of what passes, nothing, unless it was asked for.
    inside = [unsealed(furnished, file) for file in (backed_up[0], everything)]
    assert [search.found(each).count("sealed row") for each in inside] == [0, 1]
    assert all("cases" in search.found(each) and b"server" not in each for each in inside)


def unsealed(house: House, file: Path) -> bytes:
    with file.open("rb") as stream:
        header = read_header(stream)
        reader = SealedReader(stream, header, header.open(read_spelt(house.key)))
        while not reader._ended:
            reader._more()
        return reader._buffer


@pytest.mark.slow
async def test_chats_come_along_where_the_house_moves(furnished: House, here: Ruin, tmp_path: Path) -> None:
    made = await make_backup(furnished.where, furnished.files, tmp_path / "all", START, chats=True)
    assert made.contents.chats
    await restore(tmp_path / "all", furnished.key, here.where, here.files, START)
    there = await rows(here.where)
    assert {name: there[name] for name in ("drafts", "sessions", "handled_updates", "unanswered")} == {
        "drafts": 1, "sessions": 1, "handled_updates": 1, "unanswered": 1
    }  # fmt: skip
    assert await is_whole(furnished, here.where, here.secret)


@pytest.mark.slow
async def test_what_is_over_is_gone_after_a_restore(house: House, here: Ruin, tmp_path: Path) -> None:
    """Cases whose time came since, and open chats."""
    async with engine_at(house.where, house.secret) as engine, engine.begin() as connection:
        await connection.execute(update(tables.drafts).values(expires=int(START.timestamp()) // 3600 + 20))
    await make_backup(house.where, house.files, tmp_path / "all", START, chats=True)
    first = await restore(tmp_path / "all", house.key, here.where, here.files, START + dt.timedelta(days=88))
    assert first.purged is not None
    assert ([ref.id for ref in first.purged.announced], first.purged.shredded) == ([house.refs[1].id], ())
    assert (await rows(here.where))["drafts"] == 0
    # In a backup from after that, it is announced; 3 days later it is shredded before anybody sees it.
    await make_backup(here.where, here.files, tmp_path / "second", START + dt.timedelta(days=88))
    other = Ruin(tmp_path / "other")
    again = await restore(tmp_path / "second", house.key, other.where, other.files, START + dt.timedelta(days=95))
    assert again.purged is not None
    assert [ref.id for ref in again.purged.shredded] == [house.refs[1].id]


async def test_a_trial_does_all_but_write(
    furnished: House, backed_up: tuple[Path, BackupMade], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, made = backed_up
    monkeypatch.chdir(tmp_path)
    before = {path.name for path in file.parent.iterdir()}
    tried = await try_backup(file, furnished.key.lower().replace("-", " "), noted=made.head)
    assert (tried.rows, tried.head, tried.broken) == (made.rows, made.head, None)
    assert {path.name for path in file.parent.iterdir()} == before
    assert [*tmp_path.iterdir()] == []


REPORTS = (
    tables.staff,
    tables.recovery_key,
    tables.audit_log,
    tables.audit_head,
    tables.cases,
    tables.envelopes,
    tables.envelope_keys,
)


@pytest.mark.slow
async def test_an_earlier_version_is_upgraded_and_a_later_one_refused(house: House, here: Ruin, tmp_path: Path) -> None:
    old = tmp_path / "old.sqlite3"
    async with engine_at(old) as engine, engine_at(house.where, house.secret) as newer:
        await migrate(engine, "0005")
        async with engine.begin() as connection, newer.connect() as source:
            await connection.execute(delete(tables.audit_head))
            for table in REPORTS:
                known = await connection.run_sync(lambda sync, name=table.name: inspect(sync).get_columns(name))
                columns = [table.c[column["name"]] for column in known]
                for row in (await source.execute(select(*columns))).mappings():
                    await connection.execute(insert(table), dict(row))
    made = await make_backup(old, house.files, tmp_path / "old", START)
    assert (made.contents.revision, made.noted) == ("0005", False)
    restored = await restore(tmp_path / "old", house.key, here.where, here.files, START)
    assert restored.upgraded
    await is_whole(house, here.where, here.secret)
    await everybody_reads(house, here.where)

    later = replace(made.contents, revision="9999")
    forged = tmp_path / "later"
    forge(house, forged, contents.first_line(later))
    with pytest.raises(LaterBackup, match="install that one"):
        await try_backup(forged, house.key)


def forge(house: House, file: Path, *lines: bytes) -> None:
    """A file that is sealed as it should be: the public key is in every backup."""
    with file.open("wb") as stream:
        writer = SealedWriter(stream.write, read_spelt(house.key).public)
        writer.write(b"".join(lines))
        writer.close()


async def test_sealed_lies_are_refused(
    furnished: House, backed_up: tuple[Path, BackupMade], here: Ruin, tmp_path: Path
) -> None:
    """Whoever knows the public key can seal what they like; what is no backup is not put back."""
    whole = unsealed(furnished, backed_up[0])
    first, _, rest = whole.partition(b"\n")
    said = json.loads(first)
    lies = [
        b"",
        b"[]\n",
        first + b"\n",
        json.dumps({**said, "tables": said["tables"][1:]}).encode() + b"\n" + rest,
        json.dumps({**said, "tables": [*said["tables"], "sqlite_master"]}).encode() + b"\n" + rest,
        json.dumps({**said, "tables": 5}).encode() + b"\n" + rest,
        json.dumps({**said, "revision": "0001"}).encode() + b"\n" + rest,
        json.dumps({**said, "secret": "?"}).encode() + b"\n" + rest,
        whole.replace(b'"case_id"', b'"id, 1"', 1),
        whole.replace(b"Ada", b"Eve", 1),
        whole[:-20],
        whole + b"{}\n",
    ]
    file = tmp_path / "forged"
    for number, lie in enumerate(lies):
        forge(furnished, file, lie)
        with pytest.raises(BackupDamaged):
            await restore(file, furnished.key, here.where, here.files, START)
        assert not here.where.exists(), number
        assert not here.secret.exists()
        assert not [*tmp_path.rglob("*.restoring*")]
    forge(furnished, file, whole)
    await try_backup(file, furnished.key)  # or nothing would be tested


@pytest.mark.slow
async def test_an_audit_head_noted_elsewhere_shows_a_forgery(
    furnished: House, backed_up: tuple[Path, BackupMade], here: Ruin
) -> None:
    file, made = backed_up
    for noted in (Head(made.head.number, bytes(32)), Head(made.head.number + 1, made.head.hash)):
        with pytest.raises(AuditLogOther):
            await restore(file, furnished.key, here.where, here.files, LATER, noted=noted)
        assert not here.where.exists()
        assert not here.secret.exists()


@pytest.mark.slow
async def test_a_log_that_was_damaged_before_is_restored_and_told(house: House, here: Ruin, tmp_path: Path) -> None:
    """Better a report with a doubtful log than no report."""
    async with engine_at(house.where, house.secret) as engine, engine.begin() as connection:
        await connection.execute(update(tables.audit_log).where(tables.audit_log.c.number == 3).values(actor="x"))
    await make_backup(house.where, house.files, tmp_path / "b", START)
    restored = await restore(tmp_path / "b", house.key, here.where, here.files, LATER)
    assert restored.broken is not None
    assert restored.broken.number == 3
    assert (await rows(here.where))["cases"] == len(house.refs)


async def test_wrong_keys_and_other_files(furnished: House, backed_up: tuple[Path, BackupMade], here: Ruin) -> None:
    file, _ = backed_up
    cut = here.secret.parents[2] / "cut"
    cut.write_bytes(file.read_bytes()[:-1])
    mistyped = f"{furnished.key[:-1]}{'0' if furnished.key[-1] != '0' else '1'}"
    for path, key, error in (
        (file, mistyped, RecoveryKeyMistyped),
        (file, furnished.key[:-1], RecoveryKeyMistyped),
        (file, spell(KeyPair.new()), WrongRecoveryKey),
        (furnished.secret, furnished.key, NotABackup),
        (cut, furnished.key, BackupDamaged),
        (file.with_name("none"), furnished.key, FileNotFoundError),
    ):
        with pytest.raises(error) as caught:
            await restore(path, key, here.where, here.files, START)
        assert furnished.key[:4] not in str(caught.value)
        assert not here.where.exists()
        assert not here.secret.exists()


async def test_nothing_is_restored_over_anything(
    furnished: House, backed_up: tuple[Path, BackupMade], here: Ruin
) -> None:
    file, _ = backed_up
    here.secret.parent.mkdir(parents=True)
    here.secret.touch(0o600)
    here.secret.write_bytes(bytes(32))
    with pytest.raises(OtherSecret, match="another server's secret"):
        await restore(file, furnished.key, here.where, here.files, START)
    assert here.secret.read_bytes() == bytes(32)
    here.secret.write_bytes(furnished.secret.read_bytes())
    assert isinstance(here.where, Path)
    for name in ("safetybot.sqlite3", "safetybot.sqlite3-wal"):
        here.where.with_name(name).write_bytes(b"something")
        with pytest.raises(DatabaseThere, match="left as it is"):
            await restore(file, furnished.key, here.where, here.files, START)
        assert here.where.with_name(name).read_bytes() == b"something"
        here.where.with_name(name).unlink()
    await restore(file, furnished.key, here.where, here.files, START)


async def test_without_a_recovery_key_or_a_secret_there_is_no_backup(
    house: House, empty_database: Path, tmp_path: Path
) -> None:
    file = tmp_path / "b"
    with pytest.raises(NoRecoveryKey, match="staff add"):
        await make_backup(empty_database, house.files, file, START)
    with pytest.raises(NoDatabase):
        await make_backup(tmp_path / "none.sqlite3", house.files, file, START)
    async with engine_at(house.where, house.secret) as engine:
        await installation_metadata.put(engine, installation_metadata.SECRET_CHECK, check_of(bytes(32)))
        with pytest.raises(WrongSecret):
            await make_backup(house.where, house.files, file, START)
    house.secret.unlink()
    with pytest.raises(SecretFileError):
        await make_backup(house.where, house.files, file, START)
    assert not file.exists()
    assert not [*tmp_path.glob("*.part")]


async def test_a_file_that_is_there_stays(house: House, tmp_path: Path) -> None:
    file = tmp_path / "b"
    file.write_bytes(b"the old one")
    with pytest.raises(BackupThere, match="--force"):
        await make_backup(house.where, house.files, file, START)
    with pytest.raises(BackupThere):
        await make_backup(house.where, house.files, tmp_path, START, replace=True)
    assert file.read_bytes() == b"the old one"
    part = file.with_name("b.part")
    part.write_bytes(b"of one that was killed" * 9999)
    part.chmod(0o644)
    old = os.umask(0)
    try:
        await make_backup(house.where, house.files, file, START, replace=True)
    finally:
        os.umask(old)
    assert file.stat().st_mode & 0o777 == 0o600
    assert not part.exists()
    await try_backup(file, house.key)
    async with engine_at(house.where, house.secret) as engine, engine.connect() as connection:
        noted = await last_of(connection, Act.BACKED_UP)
        assert noted is not None
        assert (noted.at, json.loads(noted.detail)) == ("2026-11-24T10:30:00Z", {"cases": 4})
        assert (await installation_metadata.get(connection))[installation_metadata.LAST_BACKUP] == noted.at


def test_the_commands(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(*arguments: object) -> tuple[int, str, str]:
        code = main.main([*map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAFETYBOT_DATA", str(house.data))
    key = tmp_path / "key"
    key.touch(0o600)
    key.write_text(f"{house.key}\n")
    file = tmp_path / "b"
    code, out, _ = command("backup", file)
    assert (code, "4 cases, 1 members of staff" in out, "Audit head: " in out) == (0, True, True)
    code, _, err = command("backup", file)
    assert (code, "is left as it is" in err) == (2, True)
    code, out, _ = command("restore", file, "--check", "--key-file", key)
    assert (code, "can be restored: 4 cases" in out) == (0, True)
    head = out.split()[-1]
    code, _, err = command("restore", file, "--key-file", key)
    assert (code, "there is a database already" in err) == (2, True)
    monkeypatch.setenv("SAFETYBOT_DATA", str(tmp_path / "new"))
    code, _, err = command("restore", file, "--key-file", key, "--audit-head", f"9{head}")
    assert (code, "not the one of which a head was noted" in err) == (2, True)
    code, out, _ = command("restore", file, "--key-file", key, "--audit-head", head)
    assert (code, "Restored: 4 cases" in out, "taken back" in out) == (0, True, True)
    key.chmod(0o644)
    assert command("restore", file, "--check", "--key-file", key)[0] == 2


@pytest.mark.slow
def test_through_a_pipe_and_with_the_key_typed(house: House, tmp_path: Path) -> None:
    def command(*arguments: str, **how: Any) -> subprocess.CompletedProcess[bytes]:
        settings = environment({"DATA": house.data})
        return subprocess.run([*MODULE, *arguments], env=settings, cwd=tmp_path, stderr=subprocess.PIPE, **how)

    made = command("backup", "-", stdout=subprocess.PIPE)
    assert (made.returncode, b"Backed up: 4 cases" in made.stderr) == (0, True)
    (tmp_path / "b").write_bytes(made.stdout)
    key = house.key.lower().encode()
    tried = command("restore", "b", "--check", "--key-file", "-", input=key, stdout=subprocess.PIPE)
    assert (tried.returncode, b"can be restored: 4 cases" in tried.stdout, tried.stderr) == (0, True, b"")
    with Path("/dev/full").open("wb") as full:
        failed = command("backup", "-", stdout=full)
    assert failed.returncode == 2
    assert failed.stderr.decode().strip().endswith("use nothing of it")
    assert failed.stderr.count(b"\n") == 1
    missing = command("migrate", stdout=subprocess.PIPE)
    assert (missing.returncode, b"set SAFETYBOT_DATABASE_URL" in missing.stderr) == (2, True)


async def test_a_backup_is_sealed_to_no_recovery_key_that_somebody_put_there(house: House, tmp_path: Path) -> None:
    thief = KeyPair.new()
    async with engine_at(house.where, house.secret) as engine, engine.begin() as connection:
        await connection.execute(update(tables.recovery_key).values(public_key=thief.public))
    file = tmp_path / "backup"
    await make_backup(house.where, house.files, file, START)
    assert (await try_backup(file, house.key)).broken is None
    with pytest.raises(WrongRecoveryKey):
        await try_backup(file, spell(thief))
    # Tables put back to those of before, where this machine knows the list.
    vouching_at(house.files).saw(MemberList("a", 1, None, {}))
    async with engine_at(house.where, house.secret) as engine, engine.begin() as connection:
        await connection.execute(text("DROP TABLE roster"))
        await connection.execute(text("ALTER TABLE audit_head DROP COLUMN sealed"))
        await connection.execute(text("ALTER TABLE audit_head DROP COLUMN seal"))
        await connection.execute(text("UPDATE alembic_version SET version_num = '0010'"))
    with pytest.raises(NotVouched):
        await make_backup(house.where, house.files, tmp_path / "other", START)
