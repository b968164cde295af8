"""What ``safetybot figures`` reads: a real file, one moment of it, and nothing is changed."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from safetybot.administration import operator_tasks
from safetybot.administration.operator_tasks import NoSuchYear
from safetybot.storage.database import sqlite_engine
from safetybot.storage.opening import NoDatabase
from tests.figures.counted import fill
from tests.reports.office import START
from tests.talking import DIALOGUE_CONTENT


@pytest.fixture
async def database(empty_database: Path, tmp_path: Path) -> Path:
    path = tmp_path / "data" / "safetybot.sqlite3"
    path.parent.mkdir()
    shutil.copy(empty_database, path)
    engine = sqlite_engine(path)
    await fill(engine, START.date(), years=2, reports=150, topics=("passwords",))
    await engine.dispose()
    return path


async def test_the_sheet_of_this_year_with_the_names_of_the_content(database: Path) -> None:
    before = database.read_bytes()
    sheet = await operator_tasks.figures(database, DIALOGUE_CONTENT, None, START)
    assert (sheet.year, sheet.until) == (2026, dt.date(2026, 11, 24))
    labels = {row.label for section in sheet.sections for table in section.tables for row in table.rows}
    assert "passwords" not in labels
    assert database.read_bytes() == before


async def test_without_content_ids_are_shown(database: Path, tmp_path: Path) -> None:
    sheet = await operator_tasks.figures(database, tmp_path / "nowhere", 2025, START)
    assert sheet.until is None
    labels = {row.label for section in sheet.sections for table in section.tables for row in table.rows}
    assert {"passwords", "threats"} <= labels


@pytest.mark.parametrize("year", [1999, 2027, -1, 10_000])
async def test_a_year_that_is_none(database: Path, year: int) -> None:
    with pytest.raises(NoSuchYear):
        await operator_tasks.figures(database, DIALOGUE_CONTENT, year, START)


async def test_no_database_is_made(tmp_path: Path) -> None:
    with pytest.raises(NoDatabase):
        await operator_tasks.figures(tmp_path / "none.sqlite3", DIALOGUE_CONTENT, None, START)
    assert list(tmp_path.iterdir()) == []
