"""One bot alone on a SQLite file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL

from safetybot.storage.one_bot import LOCK, AnotherBot, one_bot

HOLD = (
    "import sys, pathlib; from safetybot.storage.one_bot import one_bot\n"
    "with one_bot(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
)


def test_a_second_one_is_refused_until_the_first_is_gone_however_it_ended(tmp_path: Path) -> None:
    database = tmp_path / "data" / "safetybot.sqlite3"
    command = [sys.executable, "-c", HOLD, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with pytest.raises(AnotherBot, match=r"stop it first, or have both use PostgreSQL"), one_bot(database):
            pytest.fail("it was let in")
        first.kill()
    with one_bot(database):
        assert (tmp_path / "data" / LOCK).stat().st_mode & 0o777 == 0o600
    with one_bot(database):
        pass


def test_on_postgresql_there_is_room_for_many() -> None:
    url = URL.create("postgresql+asyncpg", host="db.example.org", database="safetybot")
    with one_bot(url), one_bot(url):
        pass
