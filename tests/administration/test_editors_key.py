"""The editors' key and their commands: a real database, real files."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from safetybot.administration import editors_key
from safetybot.administration.editors_key import KeyFileExists, KeyThere, KeyUnreadable, WrongKey
from safetybot.administration.operator_tasks import ReadByOthers
from safetybot.cli.main import main
from safetybot.service.unanswered import Words, seal_words
from safetybot.staff.recovery import read_spelt, spell
from safetybot.storage.opening import DatabaseError
from safetybot.vault.sealing import KeyPair

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


@pytest.fixture
def database(empty_database: Path, tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return Path(shutil.copyfile(empty_database, tmp_path / "data" / "safetybot.sqlite3"))


def sql(database: Path, statement: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as connection, connection:
        return connection.execute(statement, values).fetchall()


def add(database: Path, pair: KeyPair, words: str) -> None:
    sealed = seal_words(Words(words, "passwords", "en"), pair.public)
    sql(database, "INSERT INTO unanswered VALUES (?, '2026-11-24', ?)", os.urandom(16).hex(), sealed)


class TestNewKey:
    async def test_the_file_alone_has_the_private_half(self, database: Path, tmp_path: Path) -> None:
        file = tmp_path / "editors.key"
        await editors_key.new_key(database, file, NOW)
        assert file.stat().st_mode & 0o777 == 0o600
        pair = read_spelt(file.read_text("ascii"))
        assert sql(database, "SELECT * FROM editors_key") == [(1, pair.public, "2026-11-24")]
        assert pair.private not in database.read_bytes()
        assert await editors_key.read_key(database, file) == pair

    async def test_it_makes_the_database(self, tmp_path: Path) -> None:
        await editors_key.new_key(tmp_path / "data" / "new.sqlite3", tmp_path / "key", NOW)
        assert sql(tmp_path / "data" / "new.sqlite3", "SELECT id FROM editors_key") == [(1,)]

    async def test_a_file_that_is_there_stays_and_so_does_the_database(self, database: Path, tmp_path: Path) -> None:
        file = tmp_path / "editors.key"
        file.write_text("mine")
        with pytest.raises(KeyFileExists):
            await editors_key.new_key(database, file, NOW)
        assert file.read_text() == "mine"
        assert sql(database, "SELECT * FROM editors_key") == []

    async def test_a_key_that_is_there_is_replaced_only_on_purpose(self, database: Path, tmp_path: Path) -> None:
        await editors_key.new_key(database, tmp_path / "one", NOW)
        with pytest.raises(KeyThere):
            await editors_key.new_key(database, tmp_path / "two", NOW)
        assert not (tmp_path / "two").exists()
        await editors_key.new_key(database, tmp_path / "two", NOW, replace=True)
        assert (await editors_key.read_key(database, tmp_path / "two")).public
        with pytest.raises(WrongKey):
            await editors_key.read_key(database, tmp_path / "one")
        add(database, read_spelt((tmp_path / "one").read_text()), "earlier")
        assert await editors_key.read_key(database, tmp_path / "one")

    async def test_where_the_database_fails_no_file_is_left(self, database: Path, tmp_path: Path) -> None:
        sql(database, "CREATE TRIGGER broken BEFORE INSERT ON editors_key BEGIN SELECT RAISE(ABORT, 'no'); END")
        with pytest.raises(DatabaseError):
            await editors_key.new_key(database, tmp_path / "key", NOW)
        assert not (tmp_path / "key").exists()


class TestReadKey:
    async def test_a_slip(self, database: Path, tmp_path: Path) -> None:
        file = tmp_path / "key"
        for written in ("", "hello", spell(KeyPair.new())[:-1], spell(KeyPair.new()).replace("0", "1")[::-1]):
            file.write_text(written)
            file.chmod(0o600)
            with pytest.raises(KeyUnreadable) as caught:
                await editors_key.read_key(database, file)
            assert written[:9] not in str(caught.value) or not written

    async def test_one_that_others_can_read(self, database: Path, tmp_path: Path) -> None:
        await editors_key.new_key(database, tmp_path / "key", NOW)
        (tmp_path / "key").chmod(0o644)
        with pytest.raises(ReadByOthers):
            await editors_key.read_key(database, tmp_path / "key")


class TestCommands:
    @pytest.fixture(autouse=True)
    def environment(self, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SAFETYBOT_DATA", str(database.parent))

    def test_from_the_key_to_the_end(self, database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "editors.key"
        assert main(["editors", "new-key", str(file)]) == 0
        said = capsys.readouterr().out
        assert str(file) in said
        assert file.read_text().strip() not in said
        assert main(["editors", "list", "--key", str(file)]) == 0
        assert capsys.readouterr().out == "Nothing waits.\n"

        add(database, read_spelt(file.read_text()), "what if [name] finds it")
        add(database, KeyPair.new(), "hidden")
        assert main(["editors", "list", "--key", str(file)]) == 0
        assert capsys.readouterr().out.split("\n") == [
            "passwords (1)",
            "  2026-11-24  what if [name] finds it",
            "1 more are sealed to another key, or damaged.",
            "",
        ]
        assert main(["editors", "list", "--key", str(file), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["closed"] == 1
        assert told["groups"][0]["topic"] == "passwords"
        assert told["groups"][0]["asked"][0]["text"] == "what if [name] finds it"

        assert main(["editors", "delete-all"]) == 0
        assert capsys.readouterr().out == "Deleted for good: 2\n"
        assert sql(database, "SELECT * FROM unanswered") == []

    def test_what_goes_wrong_is_told_in_a_line(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["editors", "list", "--key", str(tmp_path / "none")]) == 2
        assert main(["editors", "new-key", str(tmp_path / "a" / "b")]) == 2
        assert all(line.startswith("safetybot: ") for line in capsys.readouterr().err.splitlines())
