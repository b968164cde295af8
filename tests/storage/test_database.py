"""The database: its safety switches, and migrations that lead to exactly the tables the program uses."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, LargeBinary, bindparam, inspect, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.storage.database import for_writing, migrate, migration_config, sqlite_engine
from safetybot.storage.tables import metadata


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "test.sqlite3"


@pytest.fixture
async def engine(path: Path) -> AsyncIterator[AsyncEngine]:
    engine = sqlite_engine(path)
    yield engine
    await engine.dispose()


BYTES = bindparam("bytes", b"\1", type_=LargeBinary)
FILL = {
    "0001": (
        "INSERT INTO sessions VALUES (:bytes, :bytes, 3)",
        "INSERT INTO fragments VALUES (:bytes, :bytes, 3)",
        "INSERT INTO handled_updates VALUES ('telegram', 1, 2)",
        "INSERT INTO counters VALUES ('2027-01-15', 'answer', 'a', 4)",
    ),
    "0002": (
        "INSERT INTO cases (id, day, urgency, status, envelopes) VALUES ('a', '2027-01-15', 'high', 'new', 1)",
        "INSERT INTO envelopes VALUES ('a', 1, 'report', '2027-01-15', true, :bytes)",
        "INSERT INTO envelope_keys VALUES ('a', 1, 'recovery', :bytes)",
    ),
    "0006": ("INSERT INTO login_tries VALUES (:bytes, 1, 2, 3)",),
}
"""Revision → what puts a row into tables it has made, those that others refer to included."""


def revisions() -> list[str]:
    """All there are, oldest first."""
    script = ScriptDirectory.from_config(migration_config(None))  # type: ignore[arg-type]
    return [each.revision for each in script.walk_revisions()][::-1]


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


async def fill(connection: AsyncConnection, revision: str) -> None:
    """Puts a row into tables that a revision has made."""
    for statement in FILL.get(revision, ()):
        await connection.execute(text(statement).bindparams(*(b for b in (BYTES,) if ":bytes" in statement)))


async def must_be_filled(connection: AsyncConnection) -> None:
    """What :func:`fill` put in is still there, after all revisions."""
    for table in ("sessions", "fragments", "handled_updates", "cases", "envelopes", "envelope_keys"):
        assert len((await connection.execute(text(f"SELECT * FROM {table}"))).all()) == 1
    counted = (await connection.execute(text("SELECT noted, counted FROM cases"))).one()
    assert [bool(value) for value in counted] == [False, False]


def tables(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    return names


class TestEngine:
    @pytest.mark.parametrize(
        ("pragma", "value"),
        [
            ("journal_mode", "wal"),
            ("synchronous", 2),  # FULL
            ("secure_delete", 1),
            ("trusted_schema", 0),
            ("foreign_keys", 1),
            ("busy_timeout", 10_000),
        ],
    )
    async def test_every_connection_has_its_switches_set(
        self, engine: AsyncEngine, pragma: str, value: str | int
    ) -> None:
        async with engine.connect() as first, engine.connect() as second:
            for connection in (first, second):
                assert (await connection.execute(text(f"PRAGMA {pragma}"))).scalar() == value

    async def test_only_the_owner_may_read_the_files(self, engine: AsyncEngine, path: Path) -> None:
        await migrate(engine)
        files = list(path.parent.iterdir())
        assert len(files) == 3
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}

    async def test_a_failed_statement_does_not_tell_its_values(self, engine: AsyncEngine) -> None:
        await migrate(engine)
        async with engine.begin() as connection:
            with pytest.raises(OperationalError) as caught:
                await connection.execute(text("INSERT INTO nothing VALUES (:words)"), {"words": "he wants pics"})
        assert "pics" not in str(caught.value)

    @pytest.mark.parametrize("name", ["with space", "what?", "100%", "%41", "a#b", "ŵ"])
    async def test_any_folder_will_do(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name / "test.sqlite3"
        engine = sqlite_engine(path)
        await migrate(engine)
        await engine.dispose()
        assert "sessions" in tables(path)
        assert [each.name for each in tmp_path.iterdir()] == [name]

    async def test_a_deleted_row_leaves_no_trace_in_the_file(self, engine: AsyncEngine, path: Path) -> None:
        await migrate(engine)
        async with engine.begin() as connection:
            await connection.execute(text("INSERT INTO counters VALUES ('d', 'zebedee' || hex(zeroblob(9)), '', 1)"))
            await connection.execute(text("DELETE FROM counters"))
        await engine.dispose()
        assert b"zebedee" not in path.read_bytes()


class TestForWriting:
    async def test_nobody_writes_between_what_is_read_and_what_is_written(self, engine: AsyncEngine) -> None:
        await migrate(engine)

        async def add() -> None:
            async with for_writing(engine).begin() as connection:
                count = (await connection.execute(text("SELECT count(*) FROM counters"))).scalar()
                await asyncio.sleep(0.001)
                await connection.execute(text(f"INSERT INTO counters VALUES ('d', 'n{count}', '', 1)"))

        await asyncio.gather(*(add() for _ in range(10)))
        async with engine.connect() as connection:
            assert (await connection.execute(text("SELECT count(*) FROM counters"))).scalar() == 10


class TestMigrations:
    async def test_they_lead_to_the_tables_the_program_uses(self, engine: AsyncEngine) -> None:
        await migrate(engine)
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []

    async def test_a_difference_would_be_found(self, engine: AsyncEngine) -> None:
        await migrate(engine)
        async with engine.begin() as connection:
            await connection.execute(text("DROP INDEX ix_sessions_expires"))
            await connection.execute(text("ALTER TABLE counters ADD COLUMN words VARCHAR"))
            assert len(await connection.run_sync(differences)) == 2

    def test_there_is_one_line_of_them(self) -> None:
        script = ScriptDirectory.from_config(migration_config(None))  # type: ignore[arg-type]
        assert len(script.get_heads()) == 1
        assert len(script.get_bases()) == 1
        assert revisions()[0] == "0001"

    async def test_every_earlier_state_can_be_brought_up_to_date_and_keeps_its_rows(
        self, engine: AsyncEngine, path: Path
    ) -> None:
        for revision in revisions():
            await migrate(engine, revision)
            async with engine.begin() as connection:
                await fill(connection, revision)
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []
            assert (await connection.execute(text("SELECT * FROM counters"))).all() == [
                ("2027-01-15", "answer", "a", 4)
            ]
            await must_be_filled(connection)

    async def test_once_more_changes_nothing(self, engine: AsyncEngine) -> None:
        await migrate(engine)
        await migrate(engine)
        async with engine.connect() as connection:
            assert await connection.run_sync(lambda sync: inspect(sync).has_table("sessions"))

    async def test_one_that_fails_leaves_everything_as_it_was(self, engine: AsyncEngine, path: Path) -> None:
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE counters (mine)")  # in the way of the last table of the first migration
        connection.commit()
        connection.close()
        with pytest.raises(OperationalError):
            await migrate(engine, "0001")
        assert tables(path) == {"counters"}
        async with engine.begin() as freed:
            await freed.execute(text("DROP TABLE counters"))
        await migrate(engine)
        assert "sessions" in tables(path)

    async def test_several_processes_may_start_at_once(self, path: Path) -> None:
        engines = [sqlite_engine(path) for _ in range(8)]
        await asyncio.gather(*(migrate(engine) for engine in engines))
        for engine in engines:
            await engine.dispose()
        assert "sessions" in tables(path)

    async def test_one_that_was_killed_can_be_run_again(self, engine: AsyncEngine, path: Path) -> None:
        script = f"""
import asyncio, os, signal
from pathlib import Path
from alembic.operations import Operations
from safetybot.storage.database import migrate, sqlite_engine
import alembic.op as op
made = 0
def create_table(*args, **keywords):
    global made
    made += 1
    if made == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **keywords)
real, op.create_table = op.create_table, create_table
asyncio.run(migrate(sqlite_engine(Path({str(path)!r}))))
"""
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, env=dict(os.environ))
        assert await process.wait() == -signal.SIGKILL
        await migrate(engine)
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []
