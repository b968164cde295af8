"""What the doctor sees, and that it only looks."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyotp import TOTP
from sqlalchemy import delete, update

from safetybot.channels.telegram import probe
from safetybot.channels.telegram.webhook import WebhookAddress, webhook_key
from safetybot.doctor import Examination, FindingState, examine, surroundings
from safetybot.doctor.clock import clock
from safetybot.doctor.settings_conflicts import contradictions
from safetybot.doctor.telegram import telegram as ask_telegram
from safetybot.formats.times import moment_of
from safetybot.matching import encoder
from safetybot.settings import Settings
from safetybot.staff import members, second_factor
from safetybot.storage import installation_metadata
from safetybot.storage.database import migrate, sqlite_engine, sqlite_reader
from safetybot.storage.tables import audit_head, audit_log
from safetybot.vault.audit import BOT, Act, Head, HeadMistyped, append, read_head, spell_head
from safetybot.vault.installation import must_be_its_secret, take_secret
from safetybot.vault.key_derivation import KeyStretcher
from safetybot.vault.server_secret import WrongSecret, check_of, read_or_make_secret, read_secret
from tests.emulator import TOKEN, Emulator
from tests.faults.disks import obeying_modes
from tests.reports.office import CHEAP, PASSPHRASE, START, Office
from tests.talking import DIALOGUE_CONTENT

GONE = "http://127.0.0.1:9"
"""Where nobody answers."""


@pytest.fixture
def settings(tmp_path: Path, empty_database: Path) -> Settings:
    """A sound installation, with nobody in it."""
    settings = Settings(data=tmp_path / "data", content=tmp_path / "content")
    shutil.copytree(DIALOGUE_CONTENT, settings.content)
    read_or_make_secret(settings.secret)
    shutil.copy(empty_database, settings.database)
    settings.database.chmod(0o600)
    return settings


@pytest.fixture
async def office(settings: Settings) -> AsyncIterator[Office]:
    """Who works with it."""
    engine, stretcher = sqlite_engine(settings.database), KeyStretcher()
    yield Office(engine, stretcher, settings.database)
    stretcher.close()
    await engine.dispose()


async def look(settings: Settings, days: int = 0, noted: Head | None = None, *, alone: bool = False) -> Examination:
    return await examine(settings, START + dt.timedelta(days), noted, alone=alone)


def states(found: Examination) -> dict[str, FindingState]:
    states = {finding.what: finding.state for finding in found.findings}
    assert len(states) == len(found.findings)
    return states


def says(found: Examination, what: str) -> tuple[FindingState, str]:
    (finding,) = [finding for finding in found.findings if finding.what == what]
    return finding.state, finding.says


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file and folder: mode, time of change, bytes. What SQLite shares between processes is left out."""
    paths = [path for path in sorted(folder.rglob("*")) if not path.name.endswith("-shm")]
    stats = {path: path.stat() for path in paths}
    return {
        str(path): (stat.st_mode, stat.st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path, stat in stats.items()
    }


def sql(settings: Settings, *statements: str) -> None:
    connection = sqlite3.connect(settings.database, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


class TestASoundInstallation:
    async def test_has_no_fault_and_one_finding_of_each_kind(self, settings: Settings, office: Office) -> None:
        member = await office.hire("Anna")
        assert states(await look(settings))["second factors"] is FindingState.WARNING
        secret = second_factor.new_secret()
        await second_factor.enrol(office.engine, member, secret, TOTP(secret).at(office.now), office.now)
        await installation_metadata.put(office.engine, installation_metadata.LAST_BACKUP, moment_of(office.now))
        await must_be_its_secret(office.engine, read_secret(settings.secret))
        async with Emulator() as telegram:
            found = await look(replace(settings, telegram_token=TOKEN, telegram_api=telegram.url))
        assert found.sound
        assert set(states(found).values()) == {FindingState.GOOD}
        assert list(states(found)) == [
            "content",
            "encoder",
            "swap",
            "data folder",
            "server's secret",
            "free disk",
            "settings",
            "Telegram",
            "updates",
            "database",
            "database switches",
            "tables",
            "secret and database",
            "staff",
            "second factors",
            "recovery key",
            "keys of members",
            "foreign keys",
            "sealed reports",
            "unread cases",
            "editors' messages",
            "audit log",
            "backup",
            "clock",
        ]

    async def test_what_could_be_better_is_no_fault(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(encoder, "_FOLDER", settings.data)
        settings.data.chmod(0o755)
        found = await look(Settings(data=settings.data, content=settings.content))
        assert found.sound
        warned = {what for what, state in states(found).items() if state is FindingState.WARNING}
        assert warned == {"encoder", "Telegram", "data folder", "staff", "recovery key", "backup"}

    async def test_no_secret_is_told(self, settings: Settings, office: Office) -> None:
        await office.hire("Anna")
        told = repr(await look(replace(settings, telegram_token=TOKEN, telegram_api=GONE)))
        check = check_of(settings.secret.read_bytes())
        for secret in (TOKEN, TOKEN.partition(":")[2], settings.secret.read_bytes().hex(), check, "Anna"):
            assert secret not in told
        assert repr(settings.secret.read_bytes()) not in told


class TestItOnlyLooks:
    async def test_where_there_is_nothing(self, tmp_path: Path) -> None:
        settings = Settings(data=tmp_path / "data", content=tmp_path / "content")
        found = await look(settings)
        faults = [what for what, state in states(found).items() if state is FindingState.FAULT]
        assert faults == ["content"]
        state, told = says(found, "set up")
        assert (state, "nothing is set up yet: safetybot run" in told) == (FindingState.WARNING, True)
        assert "restore a backup" in told  # where it was used before
        assert list(tmp_path.iterdir()) == []

    async def test_where_nobody_has_the_database_open(self, settings: Settings) -> None:
        before = tree(settings.data)
        await look(settings)
        assert tree(settings.data) == before
        assert not list(settings.data.glob("*-shm"))

    async def test_while_somebody_has(self, settings: Settings, office: Office) -> None:
        await office.hire("Anna")
        before = tree(settings.data)
        assert any(path.endswith("-wal") for path in before)
        assert (await look(settings)).sound
        assert tree(settings.data) == before

    async def test_after_a_crash(self, settings: Settings) -> None:
        script = (
            "import os, sqlite3\n"
            f"connection = sqlite3.connect({str(settings.database)!r})\n"
            "connection.execute(\"INSERT INTO counters VALUES ('2026-11-24', 'zebedee', '', 1)\")\n"
            "connection.commit()\n"
            "os.kill(os.getpid(), 9)"
        )
        assert subprocess.run([sys.executable, "-c", script]).returncode == -signal.SIGKILL
        before = tree(settings.data)
        wal = settings.database.with_name(f"{settings.database.name}-wal")
        assert b"zebedee" in wal.read_bytes()
        assert states(await look(settings))["database"] is FindingState.GOOD
        assert tree(settings.data) == before

    async def test_an_old_database_is_not_upgraded(self, settings: Settings) -> None:
        settings.database.unlink()
        engine = sqlite_engine(settings.database)
        await migrate(engine, "0001")
        await engine.dispose()
        before = tree(settings.data)
        state, text = says(await look(settings), "tables")
        assert state is FindingState.FAULT
        assert "safetybot run  to upgrade" in text
        assert "staff" not in states(await look(settings))
        assert tree(settings.data) == before

    async def test_nothing_can_be_written_by_the_way_it_looks(self, settings: Settings) -> None:
        for keep_open in (False, True):
            other = sqlite3.connect(settings.database)
            if keep_open:
                other.execute("INSERT INTO counters VALUES ('d', 'n', '', 1)")
                other.commit()
            engine = sqlite_reader(settings.database)
            async with engine.connect() as connection:
                with pytest.raises(Exception, match="readonly"):
                    await connection.execute(delete(audit_head))
            await engine.dispose()
            other.close()


def _mode(name: str, mode: int) -> Callable[[Settings], None]:
    return lambda settings: (settings.data / name).chmod(mode)


def _bytes(name: str, data: bytes) -> Callable[[Settings], None]:
    def write(settings: Settings) -> None:
        (settings.data / name).write_bytes(data)

    return write


def _sql(*statements: str) -> Callable[[Settings], None]:
    return lambda settings: sql(settings, *statements)


def _spoil_pages(settings: Settings) -> None:
    data = bytearray(settings.database.read_bytes())
    for start in range(8192, len(data), 4096):
        data[start : start + 64] = b"\xff" * 64
    settings.database.write_bytes(data)


def _break_a_rule(settings: Settings) -> None:
    """A row that the table forbids; every page is as it should be."""
    strict, lax = "count INTEGER NOT NULL", "count INTEGER"
    for before, after in ((strict, lax), (lax, strict)):
        sql(
            settings,
            "PRAGMA writable_schema=ON",
            f"UPDATE sqlite_schema SET sql = replace(sql, '{before}', '{after}') WHERE name = 'counters'",
        )
        if after == lax:
            sql(settings, "INSERT INTO counters VALUES ('d', 'zebedee', '', NULL)")


DATABASE, SECRET = "safetybot.sqlite3", "secrets/server.key"
FAULTS: dict[str, tuple[Callable[[Settings], object], str, str]] = {
    "content": (
        lambda settings: (settings.content / "en" / "wording.yaml").unlink(),
        "content",
        "errors: run  safetybot check",
    ),
    "folder": (_mode(".", 0o770), "data folder", "others can change what is in it: run  chmod 700"),
    "secret gone": (lambda settings: settings.secret.unlink(), "server's secret", "put it back from a backup"),
    "secret world-readable": (_mode(SECRET, 0o644), "server's secret", "chmod 600"),
    "secret short": (_bytes(SECRET, bytes(31)), "server's secret", "damaged"),
    "secret is a folder": (
        lambda settings: (settings.secret.unlink(), settings.secret.mkdir(0o700)),
        "server's secret",
        "Is a directory",
    ),
    "database world-readable": (_mode(DATABASE, 0o640), "database files", "chmod 600"),
    "database gone": (lambda settings: settings.database.unlink(), "database", "there is no database"),
    "database no database": (_bytes(DATABASE, b"zebedee" * 5000), "database", "damaged"),
    "database damaged": (_spoil_pages, "database", "damaged"),
    "database against its own rules": (_break_a_rule, "database", "damaged in 1 places"),
    "database empty": (_bytes(DATABASE, b""), "tables", "to upgrade"),
    "no write-ahead log": (
        _sql("PRAGMA journal_mode=DELETE"),
        "database switches",
        "journal_mode is delete, not wal",
    ),
    "too new": (_sql("UPDATE alembic_version SET version_num = '9999'"), "tables", "later version"),
    "no recovery key": (_sql("DELETE FROM recovery_key"), "recovery key", "restore a backup"),
    "audit row changed": (
        _sql("UPDATE audit_log SET actor = 'nobody' WHERE number = 2"),
        "audit log",
        "row 2: changed",
    ),
    "audit row gone": (_sql("DELETE FROM audit_log WHERE number = 2"), "audit log", "row 2: missing"),
    "audit head gone": (_sql("DELETE FROM audit_head"), "audit log", "lost its head"),
    "a member's key cut": (_sql("UPDATE staff SET locked_private = x'00'"), "staff", "keys of 1 of 1 active"),
    "recovery key cut": (_sql("UPDATE recovery_key SET public_key = x'00'"), "recovery key", "damaged"),
    "another secret": (_bytes(SECRET, bytes(32)), "secret and database", "no code opens its report"),
    "secrets folder": (_mode("secrets", 0o770), "secrets folder", "chmod 700"),
    "a clock set back": (
        _sql("UPDATE audit_head SET number = number", "INSERT INTO marks VALUES ('written', '2027-01-01T00:00:00Z')"),
        "clock",
        "38 days from now: it was set back",
    ),
}


class TestFaults:
    @pytest.mark.parametrize("fault", FAULTS)
    async def test_each_is_seen(self, settings: Settings, office: Office, fault: str) -> None:
        await office.hire("Anna")
        await must_be_its_secret(office.engine, read_secret(settings.secret))
        await office.engine.dispose()
        assert (await look(settings)).sound
        spoil, what, text = FAULTS[fault]
        spoil(settings)
        found = await look(settings)
        assert not found.sound
        state, told = says(found, what)
        assert state is FindingState.FAULT
        assert re.search(text, told)
        assert "zebedee" not in repr(found)
        if what == "audit log":
            assert found.audit_head is None

    async def test_a_damaged_encoder(self, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        folder = tmp_path / "encoder"
        folder.mkdir()
        for name in ("encoder.onnx", "vocab.txt", "SHA256"):
            (folder / name).write_text("zebedee")
        monkeypatch.setattr(encoder, "_FOLDER", folder)
        state, told = says(await look(settings), "encoder")
        assert state is FindingState.FAULT
        assert "install safetybot again" in told

    async def test_a_secret_that_is_gone(self, settings: Settings, office: Office) -> None:
        """It was made before the first member was added, whom it vouches for."""
        await office.hire("Anna")
        settings.secret.unlink()
        assert says(await look(settings), "server's secret")[0] is FindingState.FAULT

    async def test_a_database_that_is_gone_with_the_secret(self, settings: Settings) -> None:
        """Unless a file tells that there was one."""
        settings.secret.unlink()
        settings.database.unlink()
        assert (await look(settings)).sound
        settings.database.with_name(f"{DATABASE}-moved-2026-11-24").touch(0o600)
        found = await look(settings)
        assert says(found, "database")[0] is FindingState.FAULT
        assert says(found, "server's secret")[0] is FindingState.FAULT


class TestWhatWasLeft:
    """Of a move, of another user, of another database."""

    async def test_the_file_of_a_move(self, settings: Settings, office: Office) -> None:
        await office.hire("Anna")
        moved = settings.database.with_name(f"{DATABASE}-moved-2026-11-24")
        moved.touch(0o600)
        state, told = says(await look(settings), "moved database")
        assert (state, told.endswith(f"run  rm {moved}")) == (FindingState.WARNING, True)

    async def test_an_empty_database_after_a_move(self, settings: Settings) -> None:
        settings.database.with_name(f"{DATABASE}-moved-2026-11-24").touch(0o600)
        state, told = says(await look(settings), "empty database")
        assert (state, "SAFETYBOT_DATABASE_URL is not set" in told) == (FindingState.FAULT, True)

    async def test_an_empty_database_with_an_old_secret(self, settings: Settings, office: Office) -> None:
        made = START - dt.timedelta(hours=1)
        os.utime(settings.secret, (made.timestamp(), made.timestamp()))
        assert "empty database" not in states(await look(settings))
        state, told = says(await look(settings, 2), "empty database")
        assert (state, "secret is of 2026-11-24" in told) == (FindingState.WARNING, True)
        await office.hire("Anna")
        assert "empty database" not in states(await look(settings, 2))

    async def test_a_file_of_another_user(self, settings: Settings) -> None:
        if os.geteuid() == 0:
            os.chown(settings.database, 12345, -1)
        else:
            settings.database.with_name(f"{DATABASE}-old").symlink_to("/etc/passwd")
        state, told = says(await look(settings), "owner")
        assert state is FindingState.FAULT
        assert re.search(rf"{DATABASE}\S* belong to (user 12345|root)", told)
        assert "chown" in told

    async def test_a_folder_that_one_may_not_look_into(self, settings: Settings, tmp_path: Path) -> None:
        script = (
            "import asyncio, datetime as dt, pathlib, sys\n"
            "from safetybot.doctor import examine\n"
            "from safetybot.settings import Settings\n"
            "data, content = map(pathlib.Path, sys.argv[1:])\n"
            "found = asyncio.run(examine(Settings(data=data, content=content), dt.datetime.now(dt.UTC)))\n"
            "print(*(f'{each.what}: {each.says}' for each in found.findings), sep='\\n')"
        )
        settings.data.chmod(0)
        command = obeying_modes((sys.executable, "-c", script, str(settings.data), str(settings.content)))
        done = subprocess.run(command, capture_output=True, text=True)
        settings.data.chmod(0o700)
        assert done.returncode == 0, done.stderr
        assert "who may not look into it: run this as" in done.stdout
        assert "database: " in done.stdout


class TestStaffAndCases:
    async def test_nobody_active(self, settings: Settings, office: Office) -> None:
        found = await look(settings)
        assert says(found, "staff")[0] is FindingState.WARNING
        assert "reports are not offered" in says(found, "staff")[1]
        assert says(found, "recovery key")[0] is FindingState.WARNING
        await office.hire("Anna")
        assert says(await look(settings), "staff") == (FindingState.GOOD, "1 active")
        await members.disable(office.engine, "Anna", office.now)
        found = await look(settings)
        assert says(found, "staff")[0] is FindingState.WARNING
        assert says(found, "recovery key")[0] is FindingState.GOOD

    async def test_passphrases_to_be_changed(self, settings: Settings, office: Office) -> None:
        await office.hire("Anna")
        await members.add(office.engine, "Ben", PASSPHRASE, office.now, office.stretcher, CHEAP)
        assert says(await look(settings), "staff")[1] == "2 active; 1 with a passphrase still to be changed"

    async def test_how_long_what_is_unread_has_waited(self, settings: Settings, office: Office) -> None:
        anna = await office.hire("Anna")
        assert says(await look(settings), "unread cases") == (FindingState.GOOD, "none")
        first, _ = await office.file("first", contact="here")
        office.later(days=2)
        await office.file("second")
        assert says(await look(settings, 2), "unread cases") == (FindingState.WARNING, "2, the oldest for 2 days")
        await office.open(anna, first)
        for days, text in ((2, "1, the oldest since today"), (3, "1, the oldest for 1 day")):
            assert says(await look(settings, days), "unread cases")[1] == text

    async def test_what_nobody_active_can_open(self, settings: Settings, office: Office) -> None:
        await office.hire("Anna")
        await office.file("first")
        await office.hire("Ben")
        await members.disable(office.engine, "Anna", office.now)
        state, told = says(await look(settings), "unread cases")
        assert state is FindingState.FAULT
        assert told.startswith("1, the oldest since today; 1 can be opened by nobody who is active: safetybot staff")

    async def test_how_old_the_last_backup_is(self, settings: Settings, office: Office) -> None:
        await installation_metadata.put(office.engine, installation_metadata.LAST_BACKUP, moment_of(START))
        assert says(await look(settings, 2), "backup")[0] is FindingState.GOOD
        state, told = says(await look(settings, 3), "backup")
        assert (state, "3 days old" in told) == (FindingState.WARNING, True)


class TestTheSecretOfADatabase:
    async def test_another_one_is_refused_until_it_is_taken(self, settings: Settings, office: Office) -> None:
        await must_be_its_secret(office.engine, bytes(32))
        await must_be_its_secret(office.engine, bytes(32))
        with pytest.raises(WrongSecret, match="--new-secret"):
            await must_be_its_secret(office.engine, bytes(range(32)))
        await take_secret(office.engine, bytes(range(32)))
        await must_be_its_secret(office.engine, bytes(range(32)))
        with pytest.raises(WrongSecret):
            await must_be_its_secret(office.engine, bytes(32))


@pytest.fixture
async def telegram(settings: Settings) -> AsyncIterator[Emulator]:
    async with Emulator() as telegram:
        yield telegram


async def asked(settings: Settings, *, alone: bool = False) -> Examination:
    """What Telegram is asked for, and nothing else."""
    found, _ = await ask_telegram(settings, alone=alone)
    return Examination(found, None)


class TestTelegram:
    def on(self, settings: Settings, telegram: Emulator, webhook: str | None = None, token: str = TOKEN) -> Settings:
        return replace(settings, telegram_token=token, telegram_api=telegram.url, webhook_url=webhook)

    async def test_a_token_that_is_refused(self, settings: Settings, telegram: Emulator) -> None:
        found = await asked(self.on(settings, telegram, token="1:zebedee"))
        assert says(found, "Telegram")[0] is FindingState.FAULT
        assert "@BotFather" in says(found, "Telegram")[1]
        assert "updates" not in states(found)
        assert "zebedee" not in repr(found)

    async def test_one_that_cannot_be_reached(self, settings: Settings) -> None:
        found = await asked(replace(settings, telegram_token=TOKEN, telegram_api=GONE))
        assert says(found, "Telegram")[0] is FindingState.FAULT
        assert "cannot be reached (ClientConnectorError)" in says(found, "Telegram")[1]

    async def test_one_that_hangs(self) -> None:
        closed = asyncio.Event()

        async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()
            await writer.wait_closed()
            closed.set()

        async with await asyncio.start_server(hold, "127.0.0.1", 0) as server:
            began = time.monotonic()
            port = server.sockets[0].getsockname()[1]
            seen = await probe.probe(TOKEN, f"http://127.0.0.1:{port}", seconds=0.2)
            assert (seen.reached, seen.why) == (False, "no answer came in time")
            assert time.monotonic() - began < 5
            await closed.wait()

    async def test_it_leaves_who_polls_in_peace(self, settings: Settings, telegram: Emulator) -> None:
        telegram.push_text(7, "zebedee")
        found = await asked(self.on(settings, telegram))
        assert says(found, "updates")[0] is FindingState.GOOD
        assert "--alone" in says(found, "updates")[1]
        assert set(telegram.counts) == {"getMe", "getWebhookInfo"}

    @pytest.mark.parametrize(("another", "state"), [(True, FindingState.FAULT), (False, FindingState.GOOD)])
    async def test_another_program_polls(
        self,
        settings: Settings,
        telegram: Emulator,
        another: bool,
        state: FindingState,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(probe, "HOLD", 1)
        examined = asyncio.create_task(asked(self.on(settings, telegram), alone=True))
        await telegram.until(lambda: telegram.counts["getUpdates"] == 1)
        if another:
            telegram.terminate_polls()
        assert says(await examined, "updates")[0] is state

    async def test_a_webhook_that_nobody_wants(self, settings: Settings, telegram: Emulator) -> None:
        telegram.webhook = "https://other.example.org/zebedee"
        found = await asked(self.on(settings, telegram))
        assert says(found, "updates")[0] is FindingState.WARNING
        assert "zebedee" not in repr(found)

    async def test_our_webhook(self, settings: Settings, telegram: Emulator) -> None:
        ours = self.on(settings, telegram, "https://bot.example.org")
        assert says(await asked(ours), "webhook")[0] is FindingState.WARNING
        address = WebhookAddress.of("https://bot.example.org", webhook_key(read_secret(settings.secret)))
        telegram.webhook = address.url
        assert says(await asked(ours), "webhook")[0] is FindingState.GOOD
        telegram.webhook_failure = {
            "last_error_date": int(time.time()) - 130,
            "last_error_message": "Connection refused by zebedee.example.org",
        }
        for _ in range(101):
            telegram.push_text(7, "zebedee")
        found = await asked(ours)
        assert says(found, "webhook")[0] is FindingState.FAULT
        assert "failed 2 minutes ago (no connection): see that the proxy" in says(found, "webhook")[1]
        assert says(found, "waiting updates")[1].startswith("101 wait")
        telegram.webhook += "x"
        found = await asked(ours)
        assert "another address" in says(found, "webhook")[1]
        for private in ("zebedee", address.path, address.token):
            assert private not in repr(found)


class TestContradictions:
    @pytest.mark.parametrize(
        ("changed", "what", "state"),
        [
            ({"desk_host": "0.0.0.0"}, "desk settings", FindingState.FAULT),
            ({"web_host": "0.0.0.0"}, "web chat settings", FindingState.FAULT),
            ({"web_url": "http://chat.example.org"}, "web chat settings", FindingState.FAULT),
            ({"web_url": "https://chat.example.org"}, "web chat settings", FindingState.WARNING),
            ({"web_proxies": ("127.0.0.1",)}, "web chat settings", FindingState.WARNING),
            ({"webhook_url": "https://bot.example.org"}, "webhook settings", FindingState.WARNING),
            ({"staff_chat": -100}, "staff chat settings", FindingState.WARNING),
            ({"telegram_rate": None}, "Telegram settings", FindingState.WARNING),
            ({"metrics_port": 9090, "metrics_host": "0.0.0.0"}, "metrics settings", FindingState.WARNING),
            ({"metrics_port": 8080}, "ports", FindingState.FAULT),
            ({"metrics_port": 8081, "metrics_host": "::"}, "ports", FindingState.FAULT),
            ({"metrics_port": 9090, "desk_metrics_port": 9090}, "ports", FindingState.FAULT),
        ],
    )
    def test_each_is_told(self, settings: Settings, changed: dict[str, Any], what: str, state: FindingState) -> None:
        assert [finding.what for finding in contradictions(settings)] == ["settings"]
        found = contradictions(replace(settings, **changed))
        assert (what, state) in [(finding.what, finding.state) for finding in found]


class TestClock:
    @pytest.mark.parametrize(
        ("ahead", "newest", "state", "text"),
        [
            (None, None, FindingState.GOOD, "no other was at hand"),
            (1.0, "2026-11-24T10:34:00Z", FindingState.GOOD, "as Telegram has it"),
            (-9.0, None, FindingState.WARNING, "9 seconds behind Telegram's"),
            (7200.0, None, FindingState.FAULT, "2 hours ahead of Telegram's"),
            (0.0, "2026-11-24T10:36:00Z", FindingState.FAULT, "6 minutes from now"),
            (0.0, "2026-11-24", FindingState.GOOD, "not before anything"),
            (0.0, "2026-11-25", FindingState.FAULT, "14 hours from now"),
        ],
    )
    def test_it_is_compared(self, ahead: float | None, newest: str | None, state: FindingState, text: str) -> None:
        found = clock(START, {"Telegram": ahead}, newest, {})
        assert found.state is state
        assert text in found.says


class TestRoom:
    @pytest.mark.parametrize(
        ("left", "state"),
        [(100_000_000, FindingState.FAULT), (900_000_000, FindingState.WARNING), (2_000_000_000, FindingState.GOOD)],
    )
    def test_what_is_left_on_the_disk(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch, left: int, state: FindingState
    ) -> None:
        usage = shutil.disk_usage(settings.data)._replace(free=left)
        monkeypatch.setattr(surroundings.shutil, "disk_usage", lambda _: usage)
        (found,) = surroundings._room(settings)
        assert found.state is state


class TestTheAuditLog:
    async def fill(self, office: Office, rows: int) -> None:
        async with office.writing() as connection:
            for _ in range(rows):
                await append(connection, BOT, Act.FILED, "2026-11-24")

    async def test_its_head_is_told_and_can_be_compared(self, settings: Settings, office: Office) -> None:
        await self.fill(office, 3)
        found = await look(settings)
        assert found.audit_head
        noted = read_head(found.audit_head)
        assert noted.number == 3
        assert found.audit_head in says(found, "audit log")[1]
        await self.fill(office, 2)
        later = await look(settings, noted=noted)
        told = "5 rows hold, sealed, row 3 as it was noted; head 5:"
        assert says(later, "audit log")[1].startswith(told)
        async with office.writing() as connection:
            await connection.execute(delete(audit_log))
            await connection.execute(update(audit_head).values(number=0, hash=bytes(32)))
        await self.fill(office, 2)
        # A log that was made anew holds, and has no seal.
        state, why = says(await look(settings), "audit log")
        assert (state, "made anew" in why) == (FindingState.FAULT, True)
        assert says(await look(settings, noted=noted), "audit log")[0] is FindingState.FAULT
        async with office.writing() as connection:
            await append(connection, "someone", Act.FILED, "2026-11-24")
        state, told = says(await look(settings, noted=noted), "audit log")
        assert state is FindingState.FAULT
        assert "row 3: not what was noted" in told

    @given(st.integers(0, 10**18 - 1), st.binary(min_size=32, max_size=32))
    def test_a_head_is_read_as_it_was_spelt(self, number: int, digest: bytes) -> None:
        head = Head(number, digest)
        assert read_head(spell_head(head)) == head
        assert read_head(f" {spell_head(head).upper()}\n") == head

    @pytest.mark.parametrize(
        "text", ["", "5", ":", f"5:{'0' * 63}", f"x:{'0' * 64}", f"-1:{'0' * 64}", f"5:{'g' * 64}"]
    )
    def test_what_is_no_head_is_told(self, text: str) -> None:
        with pytest.raises(HeadMistyped, match="a number, a colon and 64"):
            read_head(text)
