"""Killed at every step, out of room, or written to meanwhile: a backup is whole or not there, and so a restore."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from sqlalchemy import insert

from safetybot.backup.create import BackupMade, make_backup
from safetybot.backup.errors import BackupBusy, CannotWrite
from safetybot.backup.restore import restore, try_backup
from safetybot.storage import tables
from safetybot.storage.location import InstallationFiles
from tests.backup.house import STORY, House, engine_at, is_whole, rows
from tests.backup.killed import run, steps
from tests.backup.writer import reports_come_in
from tests.databases import BOTH
from tests.postgres import Server
from tests.reports.office import START
from tests.thief import Search, files, forms

pytestmark = pytest.mark.slow


async def test_killed_at_every_step_a_backup_is_whole_or_the_old_one(house: House, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    first = await make_backup(house.where, house.files, file, START)
    old = file.read_bytes()
    newer = 0
    for step in steps():
        code = run("backup", tmp_path, house.where, house.files, file, step=step)
        if file.read_bytes() != old:
            newer += 1
            await try_backup(file, house.key, noted=first.head)
            file.write_bytes(old)
        if code == 0:
            break
        assert code == -9
    assert step > 10
    assert 1 < newer < step  # it was killed after it had its name, and before
    await is_whole(house, house.where, house.secret)
    assert {path.name for path in tmp_path.iterdir()} <= {"backup", "backup.part", "data"}


async def test_killed_at_every_step_a_restore_can_be_run_again(
    furnished: House, backed_up: tuple[Path, BackupMade], tmp_path: Path
) -> None:
    file, made = backed_up
    path, secret = tmp_path / "new" / "safetybot.sqlite3", tmp_path / "new" / "secrets" / "server.key"
    seen = 0
    for step in steps():
        code = run("restore", tmp_path, file, furnished.key, path, InstallationFiles(path.parent, secret), step=step)
        if code == 0:
            break
        assert code == -9
        if path.exists():
            seen += 1
            await is_whole(furnished, path, secret)  # what can be seen is all of it
            shutil.rmtree(path.parent)
        elif step % 3 == 0:  # what an attempt left is no hindrance to the next; now and then there is nothing left
            shutil.rmtree(path.parent, ignore_errors=True)
    assert step > 8
    assert seen
    assert (await is_whole(furnished, path, secret)).number == made.head.number + 1
    assert {each.name for each in path.parent.iterdir()} == {
        "safetybot.sqlite3",
        "secrets",
        "roster.pin",
        "database.id",
    }


async def test_where_the_disk_is_full_the_old_backup_stays(house: House, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    async with engine_at(house.where, house.secret) as engine:
        for _ in range(60):
            await house.file(engine, START)
    await make_backup(house.where, house.files, file, START)
    old = file.read_bytes()
    assert len(old) > 200_000
    for size in (0, 1000, 100_000, len(old) - 1):
        assert run("backup", tmp_path, house.where, house.files, file, file_size=size) == 1
        assert file.read_bytes() == old
        assert {path.name for path in tmp_path.iterdir()} == {"backup", "data"}
    new = tmp_path / "new" / "safetybot.sqlite3"
    for size in (0, 30_000, 200_000):
        assert run("restore", tmp_path, file, house.key, new, tmp_path / "new" / "s" / "key", file_size=size) == 1
        assert not new.exists()
        assert not new.with_name("safetybot.sqlite3.restoring").exists()
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(CannotWrite, match="use nothing of it"):
        await make_backup(house.where, house.files, full, START)


@pytest.mark.parametrize("kind", BOTH)
async def test_a_backup_is_of_one_moment_while_others_write(
    kind: str, request: pytest.FixtureRequest, house: House, tmp_path: Path
) -> None:
    """Reports come in all the while; in the backup the log, the cases and their keys fit each other."""
    if kind == "postgresql":
        server: Server = request.getfixturevalue("postgres_server")
        url = server.create()
        await make_backup(house.where, house.files, tmp_path / "first", START)
        await restore(tmp_path / "first", house.key, url, house.files, START)
        house.where = url
    # So many that it takes a while.
    async with engine_at(house.where, house.secret) as engine, engine.begin() as connection:
        counts = [{"day": "2026-11-24", "name": f"n{n}", "topic": "x", "count": n} for n in range(8_000)]
        await connection.execute(insert(tables.counters), counts)
    with reports_come_in(house):
        made = [await make_backup(house.where, house.files, tmp_path / f"b{number}", START) for number in range(2)]
    assert all(each.noted for each in made)
    assert made[0].rows["cases"] < made[1].rows["cases"]
    everything = house.codes, house.refs
    for number, each in enumerate(made):
        path, secret = tmp_path / f"r{number}" / "db", tmp_path / f"r{number}" / "secrets" / "key"
        restored = await restore(
            tmp_path / f"b{number}", house.key, path, InstallationFiles(path.parent, secret), START
        )
        assert (restored.head, restored.broken) == (each.head, None)
        house.codes, house.refs = (kept[: each.rows["cases"]] for kept in everything)
        await is_whole(house, path, secret)
        assert each.rows["envelopes"] == 9 + 2 * (each.rows["cases"] - 4)
    house.codes, house.refs = everything
    assert (await rows(house.where))["cases"] == len(house.refs)


async def test_two_at_once_to_one_file(house: House, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    attempts = [make_backup(house.where, house.files, file, START, replace=True) for _ in range(3)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert any(isinstance(each, BackupMade) for each in results)
    assert all(isinstance(each, BackupMade | BackupBusy) for each in results), results
    await try_backup(file, house.key)


async def test_broken_off_nothing_is_left(house: House, tmp_path: Path) -> None:
    file = tmp_path / "b"
    begun = asyncio.Event()
    seen: dict[str, bytes] = {}

    def told(stage: str, done: float) -> None:
        if stage == "backup" and done and not begun.is_set():
            seen.update(files(tmp_path))
            begun.set()
            task.cancel()

    task = asyncio.create_task(make_backup(house.where, house.files, file, START, told=told))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "b.part" in seen
    assert Search({"story": tuple(forms(STORY))}).found(b"".join(seen.values())) == []
    assert not file.exists()
    assert not file.with_name("b.part").exists()
