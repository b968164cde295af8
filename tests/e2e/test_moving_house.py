"""Backed up while it runs, moved to PostgreSQL, lost, and restored: the operator's commands and the running bot."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from tests.backup.house import engine_at, everybody_reads, furnish, is_whole
from tests.e2e.phone import Phone, words
from tests.e2e.program import MODULE, Place, Program
from tests.emulator import Emulator
from tests.postgres import Server
from tests.reports.office import START

pytestmark = pytest.mark.slow


def command(place: Place, *arguments: str | Path, **settings: str) -> tuple[int, str, str]:
    ended = subprocess.run(
        [*MODULE, *arguments],
        cwd=place.folder,
        env=place.environment(**settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
    )
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.timeout(300)
async def test_an_installation_moves_house(
    place: Place, program: Program, telegram: Emulator, phone: Phone, postgres_server: Server
) -> None:
    house = await furnish(place.database, place.data)
    url = postgres_server.create()
    address = url.render_as_string(hide_password=False)
    key = place.folder / "key"
    key.touch(0o600)
    key.write_text(house.key, "ascii")
    await program.start()
    await program.ready()
    assert words(await phone.says("everyone laughs at me in the chat"))

    code, out, err = await asyncio.to_thread(command, place, "backup", "first")
    assert (code, "Backed up: 4 cases" in out, err) == (0, True, "")
    code, out, err = await asyncio.to_thread(command, place, "migrate", DATABASE_URL=address)
    assert (code, out, "stop the bot" in err) == (2, "", True)  # it runs
    assert words(await phone.says("how do I make a password stronger"))
    assert await program.stop() == 0, program.printed

    code, out, err = await asyncio.to_thread(command, place, "migrate", DATABASE_URL=address)
    assert (code, "Moved: 4 cases" in out, err) == (0, True, "")
    assert address not in out
    assert not place.database.exists()
    moved = Program(place, telegram, DATABASE_URL=address)
    try:
        await moved.start()
        await moved.ready()
        assert words(await phone.says("somebody wants money or they will share my pictures"))
        async with engine_at(url, house.secret) as engine:
            await house.file(engine, START)
        code, out, err = await asyncio.to_thread(command, place, "backup", "second", DATABASE_URL=address)
        assert (code, "Backed up: 5 cases" in out, err) == (0, True, "")
        assert await moved.stop() == 0, moved.printed
    finally:
        await moved.kill()
    assert not place.database.exists()

    # The server is lost, and the machine with it.
    await asyncio.to_thread(postgres_server.drop, url)
    (place.data / "secrets").rename(place.folder / "gone")
    code, out, err = await asyncio.to_thread(command, place, "restore", "second", "--key-file", key)
    assert (code, "Restored: 5 cases" in out, err) == (0, True, "")
    await program.start()
    await program.ready()
    assert words(await phone.says("they post nasty things about me"))
    assert await program.stop() == 0, program.printed
    await is_whole(house, place.database, house.secret)
    await everybody_reads(house, place.database)
