"""``safetybot run`` with the web chat: alone, beside Telegram, and where its place is taken."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.channels.web.browsing import read_page
from tests.e2e.phone import Phone
from tests.e2e.program import MODULE, Ended, Place, Program
from tests.e2e.speech import Content
from tests.emulator import Emulator

BLACKMAIL = "he wants money or hell post my nude"


@pytest.fixture
async def alone(place: Place, telegram: Emulator) -> AsyncIterator[Program]:
    """Without a token."""
    program = Program(place, telegram, token=None)
    yield program
    await program.kill()
    assert "Traceback" not in program.printed


async def address_of(program: Program) -> str:
    for _ in range(600):
        if found := re.search(r"Web chat: answering at (http://\S+)", program.printed):
            return found[1]
        assert program.running, program.printed
        await asyncio.sleep(0.1)
    raise AssertionError(program.printed)


async def says(client: httpx.AsyncClient, text: str) -> str:
    """Types it on the page; what the page shows then."""
    page = read_page((await client.get("/")).text)
    (token, *_) = page.find("input", name="token")
    response = await client.post("/say", data={"token": token.get("value"), "text": text})
    assert response.status_code == 303, response.text
    return read_page((await client.get("/")).text).text


class TestAlone:
    async def test_without_a_token_it_opens_and_says_where(self, alone: Program, small_content: Content) -> None:
        await alone.start()
        address = await address_of(alone)
        assert f"The chat is at {address}" in alone.printed
        async with httpx.AsyncClient(base_url=address) as client:
            shown = await says(client, BLACKMAIL)
            first = small_content.first("sextortion").splitlines()[0]
            assert first in shown
            assert await alone.stop() == 0
            await alone.start()
            client.base_url = httpx.URL(await _again(alone))
            # The cookie is of no port; the page is as it was.
            assert first in read_page((await client.get("/")).text).text
        assert await alone.stop(signal.SIGINT) == 0
        assert BLACKMAIL not in alone.printed

    async def test_a_place_that_is_taken_is_told_at_once(self, place: Place, small_content: Content) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            ended = await asyncio.to_thread(_run_at, place, other.getsockname()[1])
        assert ended.code == 2
        assert "SAFETYBOT_WEB_PORT" in ended.errors
        assert "Traceback" not in ended.errors


class TestBesideTelegram:
    async def test_both_are_answered_and_both_end(
        self, program: Program, telegram: Emulator, phone: Phone, small_content: Content
    ) -> None:
        await program.start()
        await program.ready()
        async with httpx.AsyncClient(base_url=await address_of(program)) as client:
            shown, spoken = await asyncio.gather(says(client, BLACKMAIL), phone.says(BLACKMAIL))
        first = small_content.first("sextortion").splitlines()[0]
        assert first in shown
        assert any(message.text.startswith(first) for message in spoken)
        assert await program.stop() == 0

    async def test_where_telegram_refuses_the_web_chat_ends_too(self, program: Program, telegram: Emulator) -> None:
        telegram.faults.add("401", "*")
        await program.start()
        assert await program.ended(60) not in (0, None)
        assert "SAFETYBOT_TELEGRAM_TOKEN" in program.printed


async def _again(program: Program) -> str:
    for _ in range(600):
        found = re.findall(r"Web chat: answering at (http://\S+)", program.printed)
        if len(found) == 2:
            return str(found[1])
        await asyncio.sleep(0.1)
    raise AssertionError(program.printed)


def _run_at(place: Place, port: int) -> Ended:
    done = subprocess.run(
        [*MODULE, "run"],
        cwd=place.folder,
        env=place.environment(WEB_PORT=str(port)),
        capture_output=True,
        text=True,
        timeout=60,
    )
    return Ended(done.returncode, done.stdout, done.stderr)
