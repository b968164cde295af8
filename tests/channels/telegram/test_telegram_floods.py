"""More than can be answered: an honest word instead of silence, and whoever may be in danger is answered first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from safetybot.channels.telegram import TelegramLimits, run_telegram
from safetybot.channels.telegram.load_shedding import CHAT, LoadShedder
from safetybot.channels.telegram.rate_limiter import CHAT_AT_ONCE
from safetybot.service.rate_limits import MemoryCounts
from tests.channels.telegram.conftest import FAST
from tests.emulator import Emulator
from tests.emulator.scripted import BUSY, HELP_NOW_BUTTON, SLOW_DOWN, Scripted

SLOW, RUSH = f"{SLOW_DOWN} (en)", f"{BUSY} (en)"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def limited(telegram: Emulator, scripted: Scripted, rate: float = 1000.0) -> AsyncIterator[Clock]:
    clock, stop = Clock(), asyncio.Event()
    limits = TelegramLimits(rate, MemoryCounts(clock))
    timing = replace(FAST, load_check=0.02)
    task = asyncio.create_task(
        run_telegram(telegram.token, telegram.url, scripted, stop=stop, timing=timing, limits=limits)
    )
    try:
        yield clock
    finally:
        stop.set()
        await task


async def test_a_flood_in_one_chat_is_told_so_once_and_danger_in_it_is_answered(
    telegram: Emulator, scripted: Scripted
) -> None:
    scripted.gate.set()
    async with limited(telegram, scripted) as clock:
        # Pictures without an answer of their own: so that the pace of one message a second does not matter here.
        for number in range(CHAT.most):
            telegram.push_text(5, "many 0")
            await telegram.until(lambda number=number: len(scripted.finished) == number + 1)
        for number in range(30):
            telegram.push_text(5, "danger" if number == 25 else f"more {number}")
        telegram.push_text(6, "hello")
        await telegram.wait_confirmed()
        assert telegram.texts(5) == [SLOW, "danger"]
        assert telegram.sent(5)[0].keyboard == [[(HELP_NOW_BUTTON, "now")]]
        assert telegram.texts(6) == ["hello"]
        clock.now += 90
        telegram.push_text(5, "calm again")
        await telegram.wait_for(5, 3)
        assert telegram.texts(5)[2] == "calm again"


@pytest.mark.slow
async def test_danger_overtakes_what_waits_in_its_chat(telegram: Emulator, scripted: Scripted) -> None:
    async with limited(telegram, scripted):
        telegram.push_text(5, "wait")
        await telegram.until(lambda: scripted.begun)
        for number in range(LoadShedder.WAITING_MOST + 3):
            telegram.push_text(5, f"more {number}")
        telegram.push_text(5, "danger")
        await telegram.wait_for(5, 2)
        assert telegram.texts(5) == [SLOW, "danger"]
        scripted.gate.set()
        await telegram.wait_confirmed(30)
    answered = ["wait", *(f"more {number}" for number in range(LoadShedder.WAITING_MOST))]
    assert telegram.texts(5)[2:] == answered
    first, *_, last = (sent.at for sent in telegram.sent(5))
    assert last - first > len(answered) + 2 - CHAT_AT_ONCE - 0.5  # a message a second, after the first few


async def test_a_message_that_cannot_be_judged_is_answered(telegram: Emulator, scripted: Scripted) -> None:
    async with limited(telegram, scripted) as clock:
        clock.now -= 1_000_000  # nothing is given back
        for _ in range(CHAT.most + 1):
            telegram.push_text(5, "many 0")
        telegram.push_text(5, "judge-breaks")
        await telegram.until(lambda: "judge-breaks" in telegram.texts(5))


async def test_a_rush_of_people_is_told_so_once_each_until_it_is_over(
    telegram: Emulator, scripted: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    async with limited(telegram, scripted, rate=1000.0):
        telegram.webhook_failure = {"pending_update_count": 1_000_000}
        for chat in range(1, 101):
            telegram.push_text(chat, "wait")
        await telegram.until(lambda: "too many" in caplog.text)
        scripted.gate.set()
        for chat in (201, 202):
            for words in ("hello", "are you there", "danger"):
                telegram.push_text(chat, words)
        await telegram.wait_for(201, 2)
        await telegram.wait_for(202, 2)
        assert telegram.texts(201) == telegram.texts(202) == [RUSH, "danger"]
        telegram.webhook_failure = {"pending_update_count": 1_000}
        await telegram.until(lambda: "rush is over" in caplog.text)
        telegram.push_text(201, "hello")
        await telegram.wait_for(201, 3)
        assert telegram.texts(201)[2] == "hello"
        await telegram.wait_confirmed()
    assert [telegram.texts(chat) for chat in range(1, 101)] == [["wait"]] * 100
