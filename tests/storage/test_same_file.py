"""A database file that is taken away: nothing is kept where nobody finds it, and no empty one is made in its place."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from safetybot.storage.database import sqlite_engine
from safetybot.storage.integrity import must_be_whole
from safetybot.storage.opening import DatabaseFailed, named_errors
from safetybot.storage.transactions import run


async def test_gone_and_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a folder" / "a.sqlite3"
    engine = sqlite_engine(path)
    add = text("INSERT INTO rows VALUES (1)")
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE rows (number INTEGER)"))
    await run(engine, lambda each: each.execute(add))
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(tmp_path / "copy")) as copy:
        source.backup(copy)
    away = path.rename(tmp_path / "away")
    for _ in range(2):
        with pytest.raises(OperationalError):
            await run(engine, lambda each: each.execute(add))
        with pytest.raises(DatabaseFailed, match="put it back"), named_errors():
            async with engine.begin():
                raise AssertionError("it is gone")
    assert not path.exists()
    assert caplog.text.count("is gone") == 2  # once for each of its two kinds of connections
    away.rename(path)
    await run(engine, lambda each: each.execute(add))
    for each in path.parent.iterdir():
        each.unlink()
    (tmp_path / "copy").rename(path)
    await run(engine, lambda each: each.execute(add))
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM rows"))).scalar_one() == 2
    await engine.dispose()


async def test_a_look_takes_its_time_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    assert await must_be_whole(path)  # there is none yet
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE rows (words TEXT)")
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
            "INSERT INTO rows SELECT hex(randomblob(40)) FROM n"
        )
        connection.commit()
    assert await must_be_whole(path)
    assert not await must_be_whole(path, seconds=0)
    with path.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096)
    before = path.read_bytes()
    with pytest.raises(DatabaseFailed, match="damaged, and was left as it is: restore a backup"):
        await must_be_whole(path)
    assert path.read_bytes() == before
