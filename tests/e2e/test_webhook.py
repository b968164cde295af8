"""``safetybot run`` where Telegram posts its updates: beside the web chat and without it, and through its end."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import aiohttp
import psutil
import pytest

from tests.e2e.phone import Phone
from tests.e2e.program import Place, Program
from tests.e2e.speech import Content
from tests.emulator import TOKEN, Emulator, updates

pytestmark = pytest.mark.slow

ORIGIN = "https://bot.example.org"
GROWS_MOST = 48 * 1024 * 1024
"""Bytes: what a hundred updates in hand, their answers and a full cache of words may take."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture
async def program(place: Place, telegram: Emulator) -> AsyncIterator[Program]:
    """The program with a webhook beside its web chat; the proxy in front of it leads here."""
    port = free_port()
    telegram.poster.target = f"http://127.0.0.1:{port}"
    program = Program(place, telegram, WEBHOOK_URL=ORIGIN, WEB_PORT=str(port))
    yield program
    await program.kill()
    assert "Traceback" not in program.printed


async def ready(program: Program, telegram: Emulator) -> None:
    """Wait until it has said where to post to, and takes what is posted."""
    asked = telegram.counts["setWebhook"]
    await telegram.until(lambda: telegram.counts["setWebhook"] > asked or not program.running, 60)
    assert program.running, program.printed
    await telegram.until(lambda: program.printed.count("Telegram: answering") > asked)


async def status(url: str, **more: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url, headers=more) as answer:
        return answer.status


async def test_posts_and_pages_in_one_server(
    program: Program, telegram: Emulator, phone: Phone, small_content: Content
) -> None:
    telegram.push_text(phone.chat, "/start")  # before anybody is there
    await program.start()
    await ready(program, telegram)
    await telegram.wait_confirmed(30)
    (answer, *_) = await phone.says("he wants money or hell post my nude")
    assert answer.text.startswith(small_content.first("sextortion"))
    (step,) = await phone.presses("Can I stop it being shared?")
    assert step.text.startswith(small_content.step("sextortion", 2))
    assert telegram.poster.target is not None
    assert await status(telegram.poster.target) == 200
    assert await status(f"{telegram.poster.target}/telegram/") == 404
    # Somebody else takes it away, as an earlier version of the bot would.
    assert await program.stop() == 0
    assert telegram.webhook.startswith(f"{ORIGIN}/telegram/")
    for private in (TOKEN, telegram.webhook, telegram.webhook.removeprefix(ORIGIN), str(phone.chat)):
        assert private not in program.printed


async def test_without_the_web_chat(place: Place, telegram: Emulator, phone: Phone) -> None:
    port = free_port()
    telegram.poster.target = f"http://127.0.0.1:{port}"
    program = Program(place, telegram, WEBHOOK_URL=ORIGIN, WEB_PORT="off", WEBHOOK_PORT=str(port))
    try:
        await program.start()
        await ready(program, telegram)
        assert await phone.says("hiya")
        assert await status(telegram.poster.target) == 404
        assert await program.stop() == 0
    finally:
        await program.kill()
    assert "Traceback" not in program.printed


async def test_killed_and_stopped_at_any_moment_nothing_that_was_posted_is_lost(
    program: Program, telegram: Emulator, small_content: Content
) -> None:
    chats, rounds = range(1, 41), 3
    await program.start()
    await ready(program, telegram)
    telegram.faults.add("slow", rate=0.5, seconds=0.05)
    for number in range(rounds):
        for chat in chats:
            telegram.push_text(chat, f"/start game-{number + 1}")
        some = telegram.counts["sendMessage"] + 13
        await telegram.until(lambda some=some: telegram.counts["sendMessage"] >= some, 60)  # type: ignore[misc]
        if number % 2:
            await program.kill()
        else:
            assert await program.stop() == 0
        await program.start()
    await telegram.wait_confirmed(60)
    for chat in chats:
        # What was sent and not yet noted may come twice; nothing is missing, and nothing comes out of order.
        said = list(dict.fromkeys(telegram.texts(chat)))
        assert [text for text in said if "level" in text] == [
            f"Take a break from level {number + 1}, and try again tomorrow." for number in range(rounds)
        ]
    assert await program.stop() == 0
    assert not telegram.pending


async def test_what_is_in_hand_at_the_end_is_finished_and_answered_with_200(
    program: Program, telegram: Emulator
) -> None:
    await program.start()
    await ready(program, telegram)
    telegram.faults.add("slow", seconds=1.0)
    for chat in range(1, 9):
        telegram.push_text(chat, "hiya")
    await telegram.until(lambda: len(telegram.called("sendMessage")) == 8)
    began = time.monotonic()
    assert await program.stop() == 0
    assert time.monotonic() - began < 10
    assert [len(telegram.texts(chat)) for chat in range(1, 9)] == [1] * 8
    assert [post.status for post in telegram.poster.posts] == [200] * 8
    assert telegram.pending == 0


class TestAFlood:
    """The memory that 100,000 updates take is Telegram's."""

    async def test_that_is_asked_for(self, place: Place, telegram: Emulator) -> None:
        program = Program(place, telegram)
        try:
            await program.start()
            await program.ready()
            await self._drained(program, telegram)
        finally:
            await program.kill()

    async def test_that_is_posted(self, program: Program, telegram: Emulator) -> None:
        await program.start()
        await ready(program, telegram)
        await self._drained(program, telegram)
        # Nor do those who would have more in hand than the 100 that Telegram has.
        assert telegram.poster.registration is not None
        url = f"{telegram.poster.target}{telegram.webhook.removeprefix(ORIGIN)}"
        headers = {"X-Telegram-Bot-Api-Secret-Token": telegram.poster.registration.secret_token or ""}
        telegram.faults.add("slow", seconds=3.0)
        before = psutil.Process(program.pid).memory_info().rss
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def post(number: int) -> int | None:
                message = updates.message(number, number, text=f"/start game-1 {'x' * 50_000}")
                update = {"update_id": 10_000_000 + number, "message": message}
                try:
                    async with session.post(url, json=update, headers=headers) as answer:
                        return answer.status
                except aiohttp.ClientError:
                    return None  # one address may hold 500 connections: the next is closed at once

            for number in range(1, 801):
                telegram.chat(number)
            found = await asyncio.gather(*(post(number) for number in range(1, 801)))
        assert set(found) <= {200, 503, None}
        assert found.count(503) >= 200
        assert found.count(200) <= 400
        assert psutil.Process(program.pid).memory_info().rss - before < GROWS_MOST

    async def _drained(self, program: Program, telegram: Emulator) -> None:
        """Memory after some of the updates, and after many more."""
        for number in range(100_000):
            telegram.push_text(1_000_000 + number % 3_000, f"/start game-{number % 9 + 1}")
        answered = telegram.counts["sendMessage"]
        await telegram.until(lambda: telegram.counts["sendMessage"] > answered + 500, 60)
        memory = psutil.Process(program.pid).memory_info
        early, began = memory().rss, time.monotonic()
        await telegram.until(lambda: telegram.counts["sendMessage"] > answered + 3_500, 110)
        late = memory().rss
        print(f"{3_000 / (time.monotonic() - began):.0f} a second, {early >> 20} MB, then {late >> 20} MB")
        assert late - early < GROWS_MOST
        assert telegram.pending > 50_000
