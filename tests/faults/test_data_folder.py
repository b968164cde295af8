"""The rest of the data folder: the secret, the matcher's cache, and two bots on one folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.phone import Phone, words
from tests.e2e.program import Place, Program
from tests.e2e.speech import Content
from tests.emulator import Emulator
from tests.faults.talking import finishes, reaches_story

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def database_hash(place: Place) -> str:
    return hashlib.sha256(place.database.read_bytes()).hexdigest()


async def test_a_secret_that_is_lost_or_another_while_it_runs_and_at_the_next_start(
    program: Program, place: Place, hired: str, phone: Phone, small_content: Content
) -> None:
    """It goes on with the one it has; no start with another one, or without: every code and chat would be lost."""
    secret = place.data / "secrets" / "server.key"
    await program.start()
    await program.ready()
    await reaches_story(phone)
    right = secret.read_bytes()
    secret.unlink()
    assert words(await phone.says("one"))[0].startswith(small_content.form_says("more"))
    secret.write_bytes(os.urandom(32))
    secret.chmod(0o600)
    code = await finishes(phone)
    assert await program.stop() == 0
    before = database_hash(place)
    for wrong in (secret.read_bytes(), None, right[:31], b""):
        secret.unlink(missing_ok=True)
        if wrong is not None:
            secret.write_bytes(wrong)
            secret.chmod(0o600)
        said = len(program.printed)
        await program.start()
        assert await program.ended(60) == 2, program.printed[said:]
        print(program.printed[said:])
        assert "secret" in program.printed[said:]
        assert "Traceback" not in program.printed
        assert database_hash(place) == before, "something was written under another secret"
    secret.unlink(missing_ok=True)
    secret.write_bytes(right)
    secret.chmod(0o600)
    await program.start()
    await program.ready()
    menu = (await phone.says(f"/mycode {code}"))[-1]
    assert small_content.form_says("case-new") in menu.text
    assert await program.stop() == 0


@pytest.fixture
async def own_cache(place: Place, telegram: Emulator) -> AsyncIterator[Program]:
    """With a copy of the matcher's cache."""
    shared = (place.data / "cache").resolve()
    (place.data / "cache").unlink()
    (place.data / "cache").mkdir()
    for path in shared.iterdir():
        if path.is_file():
            (place.data / "cache" / path.name).write_bytes(path.read_bytes())
    program = Program(place, telegram)
    yield program
    await program.kill()
    assert "Traceback" not in program.printed


async def test_a_cache_that_is_damaged_is_made_anew(
    own_cache: Program, place: Place, telegram: Emulator, phone: Phone, small_content: Content
) -> None:
    """Half-written, of other bytes, empty, or a folder: whatever is in it, the answers are the same."""
    await own_cache.start()
    await own_cache.ready()
    text, first = "he wants money or hell post my nude", small_content.first("sextortion")
    assert words(await phone.says(text))[0].startswith(first)
    assert await own_cache.stop() == 0
    files = sorted(path for path in (place.data / "cache").iterdir() if path.is_file())
    assert files
    for number, path in enumerate(sorted(files, key=lambda path: path.stat().st_size)[:2]):  # what is soon made anew
        damage(path, path.read_bytes(), number)
    await own_cache.start()
    asked = telegram.counts["getUpdates"]  # what it knew it learns again, which takes a while
    await telegram.until(lambda: telegram.counts["getUpdates"] > asked, 200)
    assert words(await phone.says(text))[0].startswith(first)
    assert await own_cache.stop() == 0


def damage(path: Path, whole: bytes, number: int) -> None:
    match number % 4:
        case 0:
            path.write_bytes(whole[: len(whole) // 2])
        case 1:
            path.write_bytes(whole[:200] + os.urandom(200) + whole[400:])
        case 2:
            path.write_bytes(b"")
        case 3:
            path.unlink()
            path.mkdir()


async def test_a_second_bot_on_the_same_folder(
    program: Program, place: Place, hired: str, telegram: Emulator, phone: Phone, small_content: Content
) -> None:
    """Told by name and not started; the first goes on. After ``kill -9`` of the first the next one starts."""
    await program.start()
    await program.ready()
    await reaches_story(phone)
    other = Program(Place(place.folder, place.content), telegram)
    said = len(program.printed)
    await other.start()
    code = await other.ended(60)
    print(code, program.printed[said:])
    assert code not in (0, None)
    assert "another" in program.printed[said:]
    assert "Traceback" not in program.printed
    assert words(await phone.says("one"))[0].startswith(small_content.form_says("more"))
    await program.kill()
    await other.start()
    await other.ready()
    assert words(await phone.says("two"))[0].startswith(small_content.form_says("more"))
    await finishes(phone)
    assert await other.stop() == 0
