from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from safetybot.storage.database import migrate, sqlite_engine
from safetybot.storage.health import integrity_faults, wrong_switches


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "test.sqlite3"
    engine = sqlite_engine(path)
    await migrate(engine)
    await engine.dispose()
    return path


async def test_a_sound_one(path: Path) -> None:
    engine = sqlite_engine(path)
    async with engine.connect() as connection:
        assert await integrity_faults(connection) == 0
        assert await wrong_switches(connection) == []
    await engine.dispose()


@pytest.mark.parametrize(
    ("pragma", "told"),
    [
        ("journal_mode=DELETE", "journal_mode is delete, not wal"),
        ("synchronous=NORMAL", "synchronous is 1, not FULL"),
        ("secure_delete=OFF", "secure_delete is 0, not ON"),
        ("secure_delete=FAST", "secure_delete is 2, not ON"),
    ],
)
async def test_a_wrong_switch(path: Path, pragma: str, told: str) -> None:
    engine = sqlite_engine(path)
    async with engine.connect() as connection:
        await connection.execute(text(f"PRAGMA {pragma}"))
        assert await wrong_switches(connection) == [told]
        await connection.execute(text("PRAGMA journal_mode=WAL"))
    await engine.dispose()


async def test_rows_against_the_rules_are_counted(path: Path) -> None:
    for before, after in (("count INTEGER NOT NULL", "count INTEGER"), ("count INTEGER", "count INTEGER NOT NULL")):
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("PRAGMA writable_schema=ON")
        other.execute(f"UPDATE sqlite_schema SET sql = replace(sql, '{before}', '{after}') WHERE name = 'counters'")
        other.close()
        if "NULL" not in after:
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("INSERT INTO counters VALUES ('d', 'a', '', NULL), ('d', 'b', '', NULL)")
            other.close()
    engine = sqlite_engine(path)
    async with engine.connect() as connection:
        assert await integrity_faults(connection) == 2
    await engine.dispose()
