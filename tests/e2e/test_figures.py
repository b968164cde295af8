"""``safetybot figures``, run as people run it: on the database of a running bot, without a passphrase."""

from __future__ import annotations

import csv
import datetime as dt
import json
import sqlite3
from pathlib import Path

import pytest

from safetybot.storage.database import migrate, sqlite_engine
from tests.e2e.program import Place
from tests.e2e.speech import SMALL
from tests.figures.counted import fill

pytestmark = pytest.mark.slow

THIS_YEAR = dt.datetime.now(dt.UTC).year


@pytest.fixture
async def place(tmp_path: Path) -> Place:
    """With some years of counts."""
    place = Place.make(tmp_path / "place", SMALL, tmp_path / "cache")
    engine = sqlite_engine(place.database)
    await migrate(engine)
    today = dt.datetime.now(dt.UTC).date()
    await fill(engine, today, years=2, reports=150, topics=("passwords", "=1+1"))
    await engine.dispose()
    return place


def everything(place: Place) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.data.iterdir() if path.is_file()}


def test_text_csv_and_json(place: Place) -> None:
    before = everything(place)
    text = place.command("figures")
    assert (text.code, text.errors) == (0, "")
    assert text.out.startswith(f"Figures for {THIS_YEAR}, up to ")
    assert "fewer than 5" in text.out
    assert max(map(len, text.out.splitlines())) <= 80

    table = place.command("figures", "--year", str(THIS_YEAR - 1), "--csv", "-")
    assert (table.code, table.errors) == (0, "")
    file = place.folder / "figures.csv"
    written = place.command("figures", "--year", str(THIS_YEAR - 1), "--csv", file)
    assert (written.code, written.errors, written.out) == (0, "", "")
    data = file.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(data.decode("utf-8-sig").splitlines()))
    assert rows == list(csv.reader(table.out.removeprefix("\ufeff").splitlines()))
    assert rows[0] == ["Section", "Table", "Row", "Measure", "Figure"]
    assert any(row[2] == "'=1+1" for row in rows)

    told = place.command("figures", "--json")
    assert (told.code, told.errors) == (0, "")
    assert json.loads(told.out)["year"] == THIS_YEAR
    assert everything(place) == before, "looking must change nothing"


def test_what_is_wrong_is_told_in_one_line(place: Place) -> None:
    for year in ("1999", str(THIS_YEAR + 1)):
        ended = place.command("figures", "--year", year)
        assert (ended.code, ended.out) == (2, "")
        assert ended.errors == (f"safetybot: there are no figures of {year}: name a year from 2000 to {THIS_YEAR}\n")
    ended = place.command("figures", "--csv", place.folder)
    assert (ended.code, ended.out) == (2, "")
    assert ended.errors.startswith("safetybot: Is a directory")

    connection = sqlite3.connect(place.database)
    connection.execute("UPDATE alembic_version SET version_num = '0005'")
    connection.commit()
    connection.close()
    ended = place.command("figures")
    assert (ended.code, ended.out) == (2, "")
    assert "of an earlier version" in ended.errors

    for file in place.data.glob("safetybot.sqlite3*"):
        file.unlink()
    ended = place.command("figures")
    assert (ended.code, ended.out) == (2, "")
    assert "there is no database" in ended.errors
    assert not place.database.exists()
