"""A database file that is damaged, cut short, taken away or put back, while the bot runs and before it starts."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.desk import Desk, told
from tests.e2e.phone import Phone, words
from tests.e2e.program import Place, Program
from tests.e2e.speech import Content
from tests.emulator import Emulator
from tests.faults.talking import ADVICE, EMERGENCY, OTHER_CHAT, finishes, is_card, reaches_story

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def root_page(database: Path, table: str) -> tuple[int, int]:
    """Where a table begins in the file, and how many bytes a page has."""
    with closing(sqlite3.connect(database)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    return (page - 1) * size, size


def damage(database: Path, at: int, size: int) -> None:
    """Other bytes in the place of a page."""
    with database.open("r+b") as file:
        file.seek(at)
        file.write(random.Random(1).randbytes(size))


def hashes(place: Place) -> dict[str, str]:
    files = [path for path in place.data.glob("safetybot.sqlite3*") if not path.name.endswith("-shm")]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("part", ["a table", "its first page", "half of it is gone"])
async def test_no_start_on_a_damaged_one(
    program: Program, place: Place, hired: str, phone: Phone, telegram: Emulator, part: str
) -> None:
    """Said by name, with the way out; not a byte of it is changed."""
    await program.start()
    await program.ready()
    await reaches_story(phone)
    assert await program.stop() == 0
    at, size = root_page(place.database, "drafts")
    if part == "a table":
        damage(place.database, at, size)
    elif part == "its first page":
        damage(place.database, 0, size)
    else:
        os.truncate(place.database, place.database.stat().st_size // 2)
    before, said = hashes(place), len(program.printed)
    await program.start()
    code = await program.ended(60)
    told_ = program.printed[said:]
    print(code, told_)
    assert code == 2
    assert "damaged" in told_
    assert "restore" in told_
    assert "Traceback" not in told_
    assert hashes(place) == before
    examined = place.command("doctor")
    assert examined.code == 1
    assert "damaged" in examined.out
    assert "restore" in examined.out
    assert hashes(place) == before


async def test_damaged_while_it_runs(
    program: Program, place: Place, hired: str, phone: Phone, telegram: Emulator, small_content: Content
) -> None:
    await program.start()
    await program.ready()
    await reaches_story(phone)
    assert await program.stop() == 0
    at, size = root_page(place.database, "drafts")
    await program.start()
    await program.ready()
    whole = place.database.read_bytes()
    damage(place.database, at, size)
    other = Phone(telegram, OTHER_CHAT)
    for who in (phone, other):
        answer = await who.says(EMERGENCY)
        print(words(answer))
        assert is_card(answer[0], small_content)
    answer = await other.says(ADVICE)
    print(words(answer))
    assert any(each.text.startswith(small_content.first("sextortion")) for each in answer)
    answer = words(await phone.says("this is lost"))
    assert answer[-1].startswith(small_content.say("broken")), answer
    print(program.printed)
    for path in place.data.glob("safetybot.sqlite3-*"):
        path.unlink()
    restored = place.folder / "restored"
    restored.write_bytes(whole)
    restored.replace(place.database)
    answer = words(await phone.says("this is kept"))
    print(answer)
    assert answer[0].startswith(small_content.form_says("more"))
    assert await program.stop() == 0


async def test_a_log_that_was_cut_short(
    program: Program, place: Place, hired: str, phone: Phone, small_content: Content
) -> None:
    """As by a disk that lied about what it had written: the last answers are gone, and all before is whole."""
    await program.start()
    await program.ready()
    await reaches_story(phone)
    assert words(await phone.says("one"))[0].startswith(small_content.form_says("more"))
    log = place.database.with_name("safetybot.sqlite3-wal")
    there = log.stat().st_size
    assert words(await phone.says("two"))[0].startswith(small_content.form_says("more"))
    await program.kill()
    assert log.stat().st_size > there
    os.truncate(log, (there + log.stat().st_size) // 2)
    await program.start()
    await program.ready()
    assert words(await phone.says("three"))[0].startswith(small_content.form_says("more"))
    await finishes(phone)
    assert await program.stop() == 0
    async with Desk(place, "Ada", hired) as desk:
        (case,) = await desk.cases()
        assert told(await desk.opens(case))["story"] in ("one\n\nthree", "one\n\ntwo\n\nthree")


@pytest.mark.parametrize("back", ["the same file", "a copy"])
async def test_taken_away_while_it_runs(
    program: Program, place: Place, hired: str, phone: Phone, telegram: Emulator, small_content: Content, back: str
) -> None:
    """Nothing is said to be kept in a file that nobody would ever find; when it is back, it is used again."""
    await program.start()
    await program.ready()
    await reaches_story(phone)
    other = Phone(telegram, OTHER_CHAT)
    away = place.folder / "away.sqlite3"
    if back == "the same file":
        place.database.rename(away)
    else:
        with closing(sqlite3.connect(place.database)) as source, closing(sqlite3.connect(away)) as copy:
            source.backup(copy)
        for path in place.data.glob("safetybot.sqlite3*"):
            path.unlink()
    assert is_card((await phone.says(EMERGENCY))[0], small_content)
    answer = words(await phone.says("this is lost"))
    print(answer)
    assert answer[-1].startswith(small_content.say("broken")), answer
    answer = await other.says(ADVICE)
    print(words(answer))
    assert any(each.text.startswith(small_content.first("sextortion")) for each in answer)
    await asyncio.sleep(2)
    assert not place.database.exists(), "an empty one was made in its place"
    print(program.printed)
    assert "is gone" in program.printed
    if back == "the same file":
        away.rename(place.database)
    else:
        shutil.copyfile(away, place.database)
        place.database.chmod(0o600)
    answer = words(await phone.says("this is kept"))
    print(answer)
    assert answer[0].startswith(small_content.form_says("more"))
    await finishes(phone)
    assert await program.stop() == 0, program.printed
    async with Desk(place, "Ada", hired) as desk:
        (case,) = await desk.cases()
        assert told(await desk.opens(case))["story"] == "this is kept"
