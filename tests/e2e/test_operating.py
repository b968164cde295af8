"""The operator's commands, run as people run them."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from safetybot.staff.recovery import read_spelt, spell
from safetybot.storage.database import migrate, sqlite_engine
from safetybot.vault.sealing import KeyPair
from tests.e2e.desk import Desk, hire
from tests.e2e.program import MODULE, Ended, Place, Program
from tests.e2e.speech import SMALL
from tests.emulator import TOKEN, Emulator

pytestmark = pytest.mark.slow

KEY = re.compile(r"^    ((?:[0-9A-Z]{4}-){13}[0-9A-Z]{4})$", re.MULTILINE)
PASSPHRASE = re.compile(r"^    ([a-z]+(?: [a-z]+){5})$", re.MULTILINE)
OWN = "a passphrase of my own"


@pytest.fixture
def installation(tmp_path: Path) -> Place:
    """With content, and no data yet."""
    return Place.make(tmp_path / "place", SMALL, tmp_path / "cache")


@pytest.fixture(scope="session")
def first_member(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A data folder with its first member, Anna, not to be changed; her passphrase and the recovery key."""
    folder = tmp_path_factory.mktemp("first")
    place = Place.make(folder / "place", SMALL, folder / "cache")
    added = place.command("staff", "add", "--new", "Anna")
    assert added.code == 0, added
    return place.data, PASSPHRASE.findall(added.out)[0], KEY.findall(added.out)[0]


@pytest.fixture
def office(installation: Place, first_member: tuple[Path, str, str]) -> tuple[Place, str, str]:
    """An installation with its first member; her passphrase and the recovery key."""
    data, passphrase, key = first_member
    Path(shutil.copy(data / installation.database.name, installation.data)).chmod(0o600)
    shutil.copytree(data / "secrets", installation.data / "secrets")
    return installation, passphrase, key


def written(place: Place) -> bytes:
    """All that is in the data folder, the database's log included."""
    return b"".join(path.read_bytes() for path in sorted(place.data.rglob("*")) if path.is_file())


def acts(place: Place) -> list[str]:
    connection = sqlite3.connect(place.database)
    found = [act for (act,) in connection.execute("SELECT act FROM audit_log ORDER BY number")]
    connection.close()
    return found


def roster(place: Place) -> dict[str, object]:
    """Name → whether they are active."""
    told = json.loads(place.command("staff", "list", "--json").out)
    return {member["name"]: member["active"] for member in told["members"]}


def refused(ended: Ended, words: str) -> None:
    """One line says what is wrong, and nothing else is printed."""
    assert ended.code == 2, ended
    assert words in ended.errors
    assert re.fullmatch(r"safetybot: .+\n", ended.errors)
    assert ended.out == ""


def stays_unseen(place: Place, ended: Sequence[Ended], passphrase: str, key: str) -> None:
    """Neither a passphrase nor the recovery key is in what is stored, or was told as errors."""
    private = read_spelt(key).private
    stored, errors = written(place), "".join(each.errors for each in ended)
    assert private not in stored
    for secret in (passphrase, key, key.replace("-", ""), private.hex()):
        assert secret not in errors
        assert secret.encode() not in stored


def typed(place: Place, line: str, *arguments: str) -> Ended:
    """``safetybot staff …`` at a terminal, where somebody types one line."""
    terminal, other = pty.openpty()
    process = subprocess.Popen(
        [*MODULE, "staff", *arguments],
        cwd=place.folder,
        env=place.environment(),
        stdin=other,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.write(terminal, f"{line}\n".encode())
    out, errors = process.communicate(timeout=60)
    os.close(terminal)
    os.close(other)
    return Ended(process.returncode, out, errors)


class TestStaff:
    async def test_add_list_and_disable(self, installation: Place) -> None:
        place = installation
        first = place.command("staff", "add", "--new", "Anna Smith")
        assert (first.code, first.errors) == (0, "")
        (one_time,), (key,) = PASSPHRASE.findall(first.out), KEY.findall(first.out)
        assert first.out.rstrip().split("\n")[-1].startswith("Added Anna Smith.")
        second = place.command("staff", "add", "Ben")
        assert (second.code, KEY.findall(second.out)) == (0, [])

        async with Desk(place, "Anna Smith", one_time):
            listed = place.command("staff", "list")
        assert re.search(r"^Anna Smith +active +\d{4}-\d\d-\d\d +their own$", listed.out, re.MULTILINE)
        assert re.search(r"^Ben +active +\d{4}-\d\d-\d\d +must be changed$", listed.out, re.MULTILINE)
        assert "Recovery key: there is one." in listed.out

        refused(place.command("staff", "disable", "Bem"), "did you mean Ben?")
        disabled = place.command("staff", "disable", "ben")
        assert (disabled.code, disabled.errors) == (0, "")
        assert roster(place) == {"Anna Smith": True, "Ben": False}
        refused(place.command("staff", "disable", "Anna Smith"), "Anna Smith is the last who can read reports")
        assert roster(place) == {"Anna Smith": True, "Ben": False}
        last = place.command("staff", "disable", "Anna Smith", "--last")
        assert last.code == 0
        assert "NO REPORTS" in last.errors
        stays_unseen(place, [first, second, listed, disabled, last], one_time, key)
        assert acts(place)[:3] == ["staff added", "staff added", "staff logged in"]
        assert acts(place)[-2:] == ["staff disabled", "staff disabled"]

    async def test_recover(self, office: tuple[Place, str, str]) -> None:
        place, one_time, key = office
        recovered = place.command("staff", "recover", "anna", "--key-file", "-", said=key.lower())
        assert (recovered.code, recovered.errors) == (0, "")
        (anew,) = PASSPHRASE.findall(recovered.out)
        assert anew != one_time
        async with Desk(place, "Anna", anew) as desk:
            assert await desk.log_is_whole()
            stays_unseen(place, [recovered], anew, key)
        assert acts(place)[:2] == ["staff added", "staff recovered"]

    async def test_a_passphrase_from_a_file(self, installation: Place) -> None:
        place, file = installation, installation.folder / "words.txt"
        file.write_text(f"{OWN}\nanother line\n")
        file.chmod(0o644)
        refused(place.command("staff", "add", "--new", "Anna", "--passphrase-file", file), f"chmod 600 {file}")
        assert not place.database.exists()
        file.chmod(0o600)
        added = place.command("staff", "add", "--new", "Anna", "--passphrase-file", file)
        assert (added.code, added.errors, PASSPHRASE.findall(added.out)) == (0, "", [])
        assert OWN not in added.out
        (key,) = KEY.findall(added.out)
        async with Desk(place, "Anna", OWN):
            pass
        paper = place.folder / "key.txt"
        paper.write_text("\n".join(re.findall(r".{1,20}", key)))
        paper.chmod(0o604)
        arguments = ("staff", "recover", "Anna", "--key-file", paper, "--passphrase-file", file)
        refused(place.command(*arguments), f"chmod 600 {paper}")
        paper.chmod(0o600)
        recovered = place.command(*arguments)
        assert (recovered.code, PASSPHRASE.findall(recovered.out)) == (0, [])
        async with Desk(place, "Anna", OWN):
            pass
        assert OWN.encode() not in written(place)

    def test_what_is_refused(self, office: tuple[Place, str, str]) -> None:
        place, _, key = office
        weak = place.folder / "weak.txt"
        weak.touch(mode=0o600)
        weak.write_text("zebedee")
        refused(place.command("staff", "add", "Ben", "--passphrase-file", weak), "12 characters at least")
        refused(place.command("staff", "add", "ANNA"), "another member of staff has this name")
        wrong = f"{key[:-1]}{'2' if key[-1] != '2' else '3'}"
        for typed, words in (
            (wrong, "compare it with the paper"),
            (spell(KeyPair.new()), "another installation"),
        ):
            ended = place.command("staff", "recover", "Anna", "--key-file", "-", said=typed)
            refused(ended, words)
            assert typed[:4] not in ended.errors
        assert acts(place) == ["staff added"]

    @pytest.mark.parametrize("arguments", [["list"], ["disable", "Anna"], ["recover", "Anna", "--key-file", "-"]])
    def test_before_there_is_anybody(self, installation: Place, arguments: Sequence[str]) -> None:
        ended = installation.command("staff", *arguments, said=spell(KeyPair.new()))
        refused(ended, "there is no database")
        assert not installation.database.exists()

    def test_the_key_can_be_typed(self, office: tuple[Place, str, str]) -> None:
        place, _, key = office
        ended = typed(place, key.replace("-", " "), "recover", "Anna", "--key-file", "-")
        assert ended.code == 0, ended
        assert ended.errors.startswith("Type the recovery key")
        assert PASSPHRASE.findall(ended.out)

    def test_no_second_database_is_made_by_mistake(self, installation: Place) -> None:
        """As when the bot's settings are missing: somebody is asked, and a script is refused."""
        place = installation
        refused(place.command("staff", "add", "Anna"), f"there is no database yet at {place.database}")
        for answer in ("", "n", "what?"):
            asked = typed(place, answer, "add", "Anna")
            assert (asked.code, asked.out) == (2, "")
            assert f"There is no database yet at {place.database}" in asked.errors
            assert "Is this a new installation? [y/N]" in asked.errors
        assert not place.database.exists()
        made = typed(place, "y", "add", "Anna")
        assert (made.code, len(KEY.findall(made.out))) == (0, 1)
        assert made.out.endswith(f" Database: {place.database}\n")
        refused(place.command("staff", "add", "--new", "Ben"), f"there is a database already, {place.database}")
        second = typed(place, "", "add", "Ben")  # nobody is asked
        assert (second.code, second.errors) == (0, "")

    def test_the_last_is_not_disabled_by_mistake(self, office: tuple[Place, str, str]) -> None:
        place, _, _ = office
        asked = typed(place, "no", "disable", "Anna")
        assert (asked.code, asked.out) == (2, "")
        assert "takes NO REPORTS" in asked.errors
        assert roster(place) == {"Anna": True}
        assert typed(place, "yes", "disable", "Anna").code == 0
        assert roster(place) == {"Anna": False}
        assert place.command("staff", "disable", "Anna").code == 0  # it is so already


class TestWhatCannotBePrinted:
    """The recovery key is never lost unseen: what is not printed is not done."""

    def run(self, place: Place, redirected: str) -> Ended:
        command = [*MODULE, "staff", "add", "--new", "Anna"]
        done = subprocess.run(
            ["/bin/sh", "-c", f'"$@" {redirected}', "sh", *command],
            cwd=place.folder,
            env=place.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    @pytest.mark.parametrize(
        ("redirected", "why"),
        [
            (">/dev/full", "could not be printed (No space left on device)"),
            (">&-", "nowhere to print"),
            ("| exec true", "could not be printed (Broken pipe)"),
        ],
    )
    def test_it_is_undone_and_told(self, installation: Place, redirected: str, why: str) -> None:
        ended = self.run(installation, redirected)
        assert re.fullmatch(rf"safetybot: .*{re.escape(why)}.*nothing was changed\n", ended.errors)
        assert ended.out == ""
        if "|" not in redirected:  # there, the other program's status is seen
            assert ended.code == 2
        connection = sqlite3.connect(installation.database)
        for table in ("staff", "recovery_key", "audit_log"):
            assert connection.execute(f"SELECT * FROM {table}").fetchall() == []
        connection.close()

    def test_where_only_the_last_line_cannot(self, installation: Place) -> None:
        """The secrets were seen: the member is there, and the end shows that something went wrong."""
        ended = self.run(installation, "| head -n 3")
        assert PASSPHRASE.findall(ended.out)
        assert "Traceback" not in ended.errors


class TestPurge:
    async def test_while_the_bot_runs(self, program: Program, place: Place) -> None:
        await program.start()
        await program.ready()
        hire(place)
        ended = place.command("purge")
        assert (ended.code, ended.errors) == (0, "")
        assert "Deleted for good: 0 cases" in ended.out
        found = place.command("doctor")
        assert found.code == 0, found
        assert program.running
        assert await program.stop() == 0

    def test_it_deletes_what_is_over(self, office: tuple[Place, str, str]) -> None:
        place, _, _ = office
        connection = sqlite3.connect(place.database, isolation_level=None)
        case = "INSERT INTO cases (id, day, urgency, status, closed, warned, envelopes) VALUES (?, ?, ?, ?, ?, ?, 0)"
        connection.execute(case, ("3fa9c2" + "0" * 26, "2020-01-01", "normal", "closed", "2020-01-02", "2020-04-01"))
        connection.execute(case, ("b7d001" + "0" * 26, "2020-01-01", "normal", "closed", "2020-01-02", None))
        connection.execute("INSERT INTO sessions VALUES (x'00', CAST('zebedee' AS BLOB), 1)")
        connection.close()
        assert b"zebedee" in written(place)
        ended = place.command("purge")
        assert (ended.code, ended.errors) == (0, "")
        assert "1 case (B7D-001)" in ended.out.split("\n")[0]
        assert "1 case (3FA-9C2)" in ended.out.split("\n")[1]
        assert b"zebedee" not in written(place)
        assert sorted(acts(place)) == ["purge announced", "shredded", "staff added"]

    def test_without_a_database(self, installation: Place) -> None:
        refused(installation.command("purge"), "there is no database")
        assert not installation.database.exists()


class TestDoctor:
    @pytest.fixture
    def sound(self, office: tuple[Place, str, str]) -> Place:
        place, _, _ = office
        place.data.chmod(0o700)
        return place

    async def test_a_sound_installation(self, sound: Place, telegram: Emulator) -> None:
        told = f"SAFETYBOT_TELEGRAM_TOKEN={TOKEN}\nSAFETYBOT_TELEGRAM_API={telegram.url}\n"
        (sound.folder / ".env").write_text(told)
        ended = await asyncio.to_thread(sound.command, "doctor", "--alone")
        assert (ended.code, ended.errors) == (0, "")
        # The one member was added a moment ago, and sets it up when they first log in at the desk.
        warned = [line for line in ended.out.splitlines() if not line.startswith("✓ ")]
        assert [line.partition(":")[0] for line in warned] == ["! Telegram settings", "! second factors", "! backup"]
        assert "✓ updates: no other program asks for them" in ended.out
        assert TOKEN not in ended.out
        assert TOKEN.partition(":")[2] not in ended.out

    def test_as_json_and_with_a_noted_head(self, sound: Place) -> None:
        told = json.loads(sound.command("doctor", "--json").out)
        assert told["ok"] is True
        assert told["audit_head"].startswith("1:")
        assert hire(sound, "Ben")
        again = sound.command("doctor", "--audit-head", told["audit_head"])
        assert again.code == 0
        assert "2 rows hold, sealed, row 1 as it was noted" in again.out
        other = f"1:{'0' * 64}"
        assert sound.command("doctor", "--audit-head", other).code == 1
        refused(sound.command("doctor", "--audit-head", "zebedee"), "an audit head is a number")

    def test_a_changed_audit_row(self, sound: Place) -> None:
        connection = sqlite3.connect(sound.database)
        connection.execute("UPDATE audit_log SET actor = 'nobody'")
        connection.commit()
        connection.close()
        ended = sound.command("doctor")
        assert ended.code == 1
        assert re.search(r"^✗ audit log: does not hold at row 1: changed", ended.out, re.MULTILINE)

    def test_a_secret_that_is_missing_or_open_to_all(self, sound: Place) -> None:
        secret = sound.data / "secrets" / "server.key"
        secret.chmod(0o644)
        ended = sound.command("doctor")
        assert ended.code == 1
        assert f"✗ server's secret: {secret} can be read by others: run  chmod 600 {secret}" in ended.out
        assert secret.read_bytes().hex() not in ended.out
        secret.unlink()
        ended = sound.command("doctor")
        assert ended.code == 1
        assert "✗ server's secret" in ended.out
        assert not secret.exists()

    async def test_an_old_database(self, sound: Place) -> None:
        sound.database.unlink()
        engine = sqlite_engine(sound.database)
        await migrate(engine, "0002")
        await engine.dispose()
        ended = sound.command("doctor")
        assert ended.code == 1
        assert "✗ tables: of an earlier version: run  safetybot run  to upgrade" in ended.out

    def test_nothing_at_all(self, installation: Place) -> None:
        (installation.data / "cache").unlink()
        installation.data.rmdir()
        ended = installation.command("doctor")
        assert (ended.code, ended.errors) == (0, "")
        assert ended.out.startswith("! set up: nothing is set up yet: safetybot run")
        assert "✗" not in ended.out
        assert not installation.data.exists()

    def test_a_terminal_without_ticks(self, installation: Place) -> None:
        done = subprocess.run(
            [*MODULE, "doctor"],
            cwd=installation.folder,
            env=installation.environment() | {"PYTHONIOENCODING": "ascii"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "\n\\u2713 content: valid" in done.stdout
