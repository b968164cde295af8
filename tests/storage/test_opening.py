"""Opening a database for one command: everything that can be wrong with it has a name, and nothing in it is told."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.storage import database
from safetybot.storage.database import migrate, sqlite_engine
from safetybot.storage.opening import (
    DatabaseFailed,
    NoDatabase,
    NotUpgraded,
    Schema,
    TooNew,
    named_errors,
    open_database,
    open_readonly,
    schema,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "test.sqlite3"


async def make(path: Path, revision: str = "head") -> None:
    engine = sqlite_engine(path)
    await migrate(engine, revision)
    await engine.dispose()


def sql(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement)
    connection.close()


async def found(path: Path) -> Schema:
    async with open_readonly(path) as connection:
        return await schema(connection)


async def count(path: Path) -> int:
    async with open_database(path) as engine, engine.connect() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM counters"))).scalar_one())


async def _enter(opening: AbstractAsyncContextManager[object]) -> None:
    async with opening as each:
        if isinstance(each, AsyncConnection):
            await schema(each)


class TestOpened:
    async def test_one_that_is_not_there_is_not_made(self, path: Path) -> None:
        with pytest.raises(NoDatabase, match="safetybot staff add NAME"):
            await count(path)
        assert not path.parent.exists()

    async def test_unless_it_is_asked_for(self, path: Path) -> None:
        async with open_database(path, make=True):
            pass
        assert await count(path) == 0
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700

    @pytest.mark.parametrize("revision", ["0001", "0002"])
    async def test_an_old_one(self, path: Path, revision: str) -> None:
        await make(path, revision)
        with pytest.raises(NotUpgraded):
            await count(path)
        assert await found(path) is Schema.OLD
        async with open_database(path, make=True):
            pass
        assert await found(path) is Schema.NEWEST

    async def test_one_that_is_too_new(self, path: Path) -> None:
        await make(path)
        sql(path, "UPDATE alembic_version SET version_num = '9999'")
        for making in (False, True):
            with pytest.raises(TooNew):
                async with open_database(path, make=making):
                    pytest.fail("it was opened")
        assert await found(path) is Schema.TOO_NEW

    @pytest.mark.parametrize("data", [b"zebedee" * 1000, b"SQLite format 3\0" * 500])
    async def test_one_that_is_none(self, path: Path, data: bytes) -> None:
        path.parent.mkdir()
        path.write_bytes(data)
        for opening in (open_database(path), open_database(path, make=True), open_readonly(path)):
            with pytest.raises(DatabaseFailed, match=r"\((NOTADB|CORRUPT)\): it is damaged.*restore") as caught:
                await _enter(opening)
            assert "zebedee" not in str(caught.value)
        assert path.read_bytes() == data

    async def test_one_that_another_holds(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(database, "_BUSY_MILLISECONDS", 10)
        await make(path)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseFailed, match=r"\(BUSY\): another process holds it: try again"):
            async with open_database(path) as engine, engine.begin() as connection:
                await connection.execute(text("DELETE FROM counters"))
        other.close()

    async def test_values_are_not_told(self, path: Path) -> None:
        await make(path)
        with pytest.raises(DatabaseFailed) as caught:
            async with open_database(path) as engine, engine.begin() as connection:
                await connection.execute(text("INSERT INTO counters VALUES ('d', 'zebedee', '', NULL)"))
        assert str(caught.value) == "the database failed (CONSTRAINT_NOTNULL)"
        assert caught.value.__suppress_context__

    def test_an_error_without_sqlites_name(self) -> None:
        with pytest.raises(DatabaseFailed, match=r"^the database failed \(ValueError\)$"), named_errors():
            raise IntegrityError("INSERT 'zebedee'", {}, ValueError("zebedee"))

    def test_other_errors_pass(self) -> None:
        with pytest.raises(KeyError), named_errors():
            raise KeyError("x")


class TestReading:
    async def test_one_that_is_not_there_is_not_made(self, path: Path) -> None:
        with pytest.raises(NoDatabase):
            await found(path)
        assert not path.parent.exists()

    @pytest.mark.parametrize("name", ["with space", "what?", "100%", "%41", "a#b", "ŵ"])
    async def test_any_folder_will_do(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name / "test.sqlite3"
        await make(path)
        assert await found(path) is Schema.NEWEST
        assert [each.name for each in tmp_path.iterdir()] == [name]
        assert [each.name for each in path.parent.iterdir()] == [path.name]

    @pytest.mark.parametrize("open_before", [False, True])
    async def test_everything_is_as_it_was_at_one_moment(self, path: Path, open_before: bool) -> None:
        await make(path)
        other = sqlite3.connect(path, isolation_level=None)
        if open_before:
            other.execute("SELECT * FROM counters")
        query = text("SELECT count(*) FROM counters")
        async with open_readonly(path) as connection:
            assert (await connection.execute(query)).scalar() == 0
            other.execute("INSERT INTO counters VALUES ('d', 'n', '', 1)")
            assert (await connection.execute(query)).scalar() == 0
        other.close()
        assert await count(path) == 1
