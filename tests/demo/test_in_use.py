"""Which installations are never shown as a demo by ``make run``."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from safetybot.cli.bot_commands import _is_in_use
from safetybot.demo.in_use import has_staff
from safetybot.settings import Settings, read_settings
from safetybot.storage.database import migrate, sqlite_engine
from safetybot.storage.opening import TooNew
from safetybot.vault.key_derivation import KeyStretcher
from tests.reports.office import Office


async def test_nobody_reads_where_there_is_no_database_and_none_is_made(tmp_path: Path) -> None:
    assert not await has_staff(tmp_path / "data" / "safetybot.sqlite3")
    assert not [*tmp_path.iterdir()]


async def test_a_database_without_staff_is_no_sign_of_use(empty_database: Path, tmp_path: Path) -> None:
    """It is made by somebody who tried the bot."""
    database = Path(shutil.copy(empty_database, tmp_path / "safetybot.sqlite3"))
    before = database.read_bytes()
    assert not await has_staff(database)
    assert database.read_bytes() == before


async def test_somebody_who_was_added_is_one(empty_database: Path, tmp_path: Path) -> None:
    database = Path(shutil.copy(empty_database, tmp_path / "safetybot.sqlite3"))
    engine = sqlite_engine(database)
    with closing(KeyStretcher()) as stretcher:
        await Office(engine, stretcher, database).hire("Ada")
    assert await has_staff(database)
    await engine.dispose()
    assert await has_staff(database)


async def test_an_earlier_version_is_one(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path / "safetybot.sqlite3")
    await migrate(engine, "0005")
    await engine.dispose()
    assert await has_staff(tmp_path / "safetybot.sqlite3")


async def test_a_later_version_is_told(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path / "safetybot.sqlite3")
    await migrate(engine)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    await engine.dispose()
    with pytest.raises(TooNew):
        await has_staff(tmp_path / "safetybot.sqlite3")


@pytest.mark.parametrize(
    "line",
    [
        "SAFETYBOT_TELEGRAM_TOKEN=1:a",
        "SAFETYBOT_WEB_URL=https://chat.example.org",
        "SAFETYBOT_DATABASE_URL=postgresql://bot@db.example.org/safetybot",
    ],
)
def test_a_token_or_an_address_is_one_also_in_a_file(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(f"{line}\n", "utf-8")
    environ = {"SAFETYBOT_DATA": str(tmp_path / "data")}
    assert _is_in_use(read_settings(environ, tmp_path / ".env"))
    assert not _is_in_use(read_settings(environ, None))


def test_a_fresh_checkout_is_not(tmp_path: Path) -> None:
    assert not _is_in_use(Settings(data=tmp_path / "data"))
