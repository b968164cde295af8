"""``safetybot migrate``: from SQLite to PostgreSQL without losing a report, whatever comes between."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import URL, update

from safetybot.backup.create import make_backup
from safetybot.backup.move_to_postgresql import MovedBefore, NothingToMoveTo, move
from safetybot.backup.restore import restore
from safetybot.storage import tables
from safetybot.storage.exclusive import InUse
from safetybot.storage.opening import DatabaseFailed, NoDatabase
from tests.backup.house import FUTURE, House, engine_at, everybody_reads, is_whole, rows
from tests.backup.killed import run, steps
from tests.postgres import Server
from tests.reports.office import START

pytestmark = pytest.mark.slow


@pytest.fixture
def server(postgres_server: Server) -> Server:
    return postgres_server


def the_file(house: House) -> Path:
    assert isinstance(house.where, Path)
    return house.where


async def test_everything_is_there_afterwards(house: House, server: Server) -> None:
    source, url = the_file(house), server.new()
    before = await rows(source)
    moved = await move(source, url, START)
    assert (moved.again, moved.broken) == (False, None)
    assert moved.rows == before == await rows(url)  # sessions, drafts and all
    assert min(before[name] for name in ("sessions", "drafts", "visits", "handled_updates", "unanswered")) == 1
    assert await is_whole(house, url, house.secret) == moved.head
    async with engine_at(url, house.secret) as engine, engine.connect() as connection:
        (update_id,) = (await connection.execute(tables.handled_updates.select())).all()
        assert update_id == ("telegram", 1 << 40, FUTURE)
    await everybody_reads(house, url)
    assert not source.exists()
    assert [path.name for path in house.data.glob("safetybot.sqlite3*")] == ["safetybot.sqlite3-moved-2026-11-24"]
    assert moved.kept.stat().st_mode & 0o777 == 0o600
    with pytest.raises(NoDatabase, match="nothing to move"):
        await move(source, url, START)


async def test_there_and_back_again(house: House, server: Server, tmp_path: Path) -> None:
    """A backup of PostgreSQL, restored to SQLite, moved to PostgreSQL, and backed up once more."""
    first, second = server.create(), server.create()
    await move(the_file(house), first, START)
    await make_backup(first, house.files, tmp_path / "b", START, chats=True)
    path = tmp_path / "new" / "safetybot.sqlite3"
    await restore(tmp_path / "b", house.key, path, house.files, START)
    await is_whole(house, path, house.secret)
    await move(path, second, START)
    await is_whole(house, second, house.secret)
    third = server.create()
    await make_backup(second, house.files, tmp_path / "c", START)
    await restore(tmp_path / "c", house.key, third, house.files, START)
    await everybody_reads(house, third)


async def test_killed_at_every_step_nothing_is_lost(house: House, server: Server) -> None:
    source, url = the_file(house), server.create()
    untouched, again = 0, 0
    for step in steps():
        code = run("move", house.data, source, url, step=step)
        if code == 0:
            break
        assert code == -9
        if source.exists():  # then the old installation goes on as it was
            untouched += 1
            await is_whole(house, source, house.secret)
        else:
            again += 1
            await is_whole(house, url, house.secret)
            (kept,) = house.data.glob("*-moved-*")
            kept.rename(source)  # as it was before this step
    assert untouched > 5
    assert again
    assert not source.exists()
    await is_whole(house, url, house.secret)
    await everybody_reads(house, url)


async def test_after_a_power_cut_before_the_file_was_renamed_it_is_only_renamed(house: House, server: Server) -> None:
    source, url = the_file(house), server.create()
    moved = await move(source, url, START)
    moved.kept.rename(source)
    other = await move(source, url, START + dt.timedelta(days=1))
    assert other.again
    assert (other.rows, other.head) == (moved.rows, moved.head)
    assert other.kept.name == "safetybot.sqlite3-moved-2026-11-25"
    # But where the bot went on on the server meanwhile, nothing is done.
    other.kept.rename(source)
    async with engine_at(url, house.secret) as engine, engine.begin() as connection:
        await connection.execute(update(tables.counters).values(count=8))
    with pytest.raises(MovedBefore, match="left as they are"):
        await move(source, url, START)
    assert source.exists()


async def test_what_is_in_use_or_not_empty_is_left_alone(house: House, server: Server, tmp_path: Path) -> None:
    source, url = the_file(house), server.create()
    with pytest.raises(NothingToMoveTo, match="SAFETYBOT_DATABASE_URL"):
        await move(source, tmp_path / "other.sqlite3", START)
    async with engine_at(source, house.secret) as engine:  # the bot, which has the file open
        async with engine.connect() as connection:
            await connection.execute(tables.staff.select())
        with pytest.raises(InUse, match="stop the bot"):
            await move(source, url, START)
        await house.file(engine, START)
    with closing(sqlite3.connect(source)) as other:
        other.execute("SELECT * FROM staff").fetchall()
        with pytest.raises(InUse):
            await move(source, url, START)
    await move(source, url, START)
    await is_whole(house, url, house.secret)
    gone = URL.create("postgresql+asyncpg", host="127.0.0.1", port=1, database="x")
    kept = next(house.data.glob("*-moved-*"))
    kept.rename(source)
    with pytest.raises(DatabaseFailed, match="cannot be reached"):
        await move(source, gone, START)
    assert source.exists()
    await is_whole(house, source, house.secret)
