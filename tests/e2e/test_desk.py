"""``safetybot desk`` as people start it: refused by name where it cannot be, and ended cleanly where it can."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import sqlite3
import subprocess
from asyncio.subprocess import Process
from pathlib import Path

import httpx
import pyotp
import pytest

from safetybot.storage.database import migrate, sqlite_engine
from tests.channels.web.browsing import read_page
from tests.e2e.desk import hire
from tests.e2e.program import MODULE, Ended, Place
from tests.e2e.speech import SMALL

pytestmark = pytest.mark.slow

OWN = "a passphrase of my own"
PAGE = {"sec-fetch-site": "same-origin", "accept": "text/html"}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """With content, and no data yet."""
    (tmp_path / "cache").mkdir()
    return Place.make(tmp_path / "place", SMALL, tmp_path / "cache")


class Desk:
    """The program, while it runs."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.printed = ""
        self._process: Process

    async def start(self) -> str:
        """Its address."""
        self._process = await asyncio.create_subprocess_exec(
            *MODULE,
            "desk",
            cwd=self.place.folder,
            env=self.place.environment(DESK_PORT="0"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert self._process.stdout
        async with asyncio.timeout(30):
            while not (found := re.search(r"The desk is at (http://127\.0\.0\.1:\d+) ", self.printed)):
                line = await self._process.stdout.readline()
                assert line, self.printed
                self.printed += line.decode()
        return found[1]

    async def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        assert self._process.stdout
        self._process.send_signal(by)
        async with asyncio.timeout(30):
            self.printed += (await self._process.stdout.read()).decode()
            return await self._process.wait()


async def reached(client: httpx.AsyncClient) -> None:
    for _ in range(300):
        try:
            await client.get("/health")
            return
        except httpx.ConnectError:
            await asyncio.sleep(0.02)
    raise AssertionError("nobody answers")


async def old(database: Path) -> None:
    engine = sqlite_engine(database)
    await migrate(engine, "0005")
    await engine.dispose()


def desk(place: Place, **more: str) -> Ended:
    """One that must end by itself."""
    done = subprocess.run(
        [*MODULE, "desk"], cwd=place.folder, env=place.environment(**more), capture_output=True, text=True, timeout=60
    )
    return Ended(done.returncode, done.stdout, done.stderr)


class TestRefused:
    def test_without_a_database(self, place: Place) -> None:
        ended = desk(place, DESK_PORT="0")
        assert (ended.code, ended.out) == (2, "")
        assert "there is no database" in ended.errors
        assert not place.database.exists()

    def test_on_a_network_without_tls(self, place: Place) -> None:
        ended = desk(place, DESK_HOST="0.0.0.0")
        assert ended.code == 2
        assert "SAFETYBOT_DESK_URL" in ended.errors

    def test_where_the_place_is_taken(self, place: Place) -> None:
        hire(place)
        with socket.create_server(("127.0.0.1", 0)) as other:
            ended = desk(place, DESK_PORT=str(other.getsockname()[1]))
        assert ended.code == 2
        assert "the desk cannot listen on 127.0.0.1" in ended.errors
        assert "SAFETYBOT_DESK_PORT" in ended.errors

    def test_on_a_later_version(self, place: Place) -> None:
        hire(place)
        connection = sqlite3.connect(place.database)
        with connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.close()
        ended = desk(place, DESK_PORT="0")
        assert (ended.code, "later version" in ended.errors) == (2, True)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
async def test_an_earlier_database_is_upgraded_and_it_says_what_to_do(place: Place, by: signal.Signals) -> None:
    await old(place.database)
    running = Desk(place)
    address = await running.start()
    async with httpx.AsyncClient(base_url=address) as client:
        await reached(client)
        assert (await client.get("/login")).status_code == 200
    assert await running.stop(by) == 0
    assert "safetybot staff add NAME" in running.printed


async def test_from_the_first_login_to_the_end(place: Place) -> None:
    """With Argon2id as it is, news that are watched, and nothing of it in what it prints."""
    passphrase = hire(place)
    running = Desk(place)
    address = await running.start()
    async with httpx.AsyncClient(base_url=address, headers=PAGE, follow_redirects=True, timeout=30) as client:
        await reached(client)

        async def sends(path: str, **fields: str) -> str:
            return (await client.post(path, data={**token, **fields})).text

        token: dict[str, str] = {}
        page = read_page(await sends("/login", name="Ada", passphrase="not this one"))
        for path, fields in (
            ("/login", {"name": "Ada", "passphrase": passphrase}),  # after one that was wrong
            ("/login/passphrase", {"passphrase-new": OWN, "passphrase-again": OWN}),
            ("/login/enrol", {}),
            ("/login/codes", {}),
        ):
            if path == "/login/enrol":
                (key, *_) = [each.text.replace(" ", "") for each in page.find("p", class_="secret")]
                fields = {"code": pyotp.TOTP(key).now()}
            page = read_page(await sends(path, **fields))
            token = {"csrf": page.find("input", name="csrf")[0].get("value")}
        assert "Queue" in page.text
        async with client.stream("GET", "/events", headers={"accept": "text/event-stream"}) as news:
            assert news.status_code == 200
            assert await running.stop() == 0, "an open page holds it up"
    for secret in (passphrase, OWN, key, "Ada", token["csrf"], "/login/enrol"):
        assert secret not in running.printed
    assert "Traceback" not in running.printed
