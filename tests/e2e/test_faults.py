"""A bad line to Telegram: everybody is answered in the end."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.e2e.program import Program
from tests.e2e.speech import Content
from tests.emulator import Emulator

pytestmark = pytest.mark.slow

CHATS = 24
TEXTS = tuple(f"/start game-{number}" for number in range(1, 10))
ANSWERS = [f"Take a break from level {number}, and try again tomorrow." for number in range(1, 10)]


async def test_what_fails_is_sent_again_until_it_arrives(program: Program, telegram: Emulator) -> None:
    """Calls that were refused, cut off or never answered before anything was done: each answer comes once, in order."""
    await program.start()
    await program.ready()
    for kind, rate in {"429": 0.03, "500": 0.02, "502": 0.03, "reset": 0.03, "silent": 0.01, "slow": 0.05}.items():
        telegram.faults.add(kind, rate=rate, seconds=1)
    for kind in ("429", "502", "reset", "garbage", "cut", "again"):
        telegram.faults.add(kind, "getUpdates", rate=0.05, seconds=1)
    for text in TEXTS:
        for chat in range(1, CHATS + 1):
            telegram.push_text(chat, text)
        await asyncio.sleep(0.1)
    await telegram.wait_confirmed(60)
    assert {chat: telegram.texts(chat) for chat in range(1, CHATS + 1)} == dict.fromkeys(range(1, CHATS + 1), ANSWERS)
    assert {fault.kind for fault in telegram.faults.active if fault.happened} >= {"429", "502", "reset", "slow"}
    assert await program.stop() == 0


async def test_an_answer_whose_receipt_is_lost_comes_at_most_once_more_each_time(
    program: Program, telegram: Emulator
) -> None:
    await program.start()
    await program.ready()
    lost = [telegram.faults.add(kind, rate=0.03) for kind in ("lost", "cut", "garbage")]
    for text in TEXTS:
        for chat in range(1, CHATS + 1):
            telegram.push_text(chat, text)
    await telegram.wait_confirmed(60)
    for chat in range(1, CHATS + 1):
        assert list(dict.fromkeys(telegram.texts(chat))) == ANSWERS
    more = sum(len(telegram.sent(chat)) for chat in range(1, CHATS + 1)) - CHATS * len(TEXTS)
    assert 0 < more == sum(fault.happened for fault in lost)
    assert await program.stop() == 0


async def test_one_chat_that_must_wait_does_not_hold_up_the_others(program: Program, telegram: Emulator) -> None:
    await program.start()
    await program.ready()
    telegram.faults.add("429", chat=1, times=1, seconds=4)
    began = time.monotonic()
    telegram.push_text(1, TEXTS[0])
    for text in TEXTS[1:3]:
        for chat in range(2, CHATS + 1):
            telegram.push_text(chat, text)
    for chat in range(2, CHATS + 1):
        await telegram.wait_for(chat, 2, 4)
    assert telegram.sent(1) == []
    await telegram.wait_for(1, 1, 10)
    assert 4 <= telegram.sent(1)[0].at - began < 8
    await telegram.wait_confirmed()
    assert await program.stop() == 0


async def test_who_has_blocked_the_bot_is_no_error(program: Program, telegram: Emulator) -> None:
    telegram.blocked.add(1)
    for chat in (1, 2, 1, 2):
        telegram.push_text(chat, "hiya")
    telegram.push_media(1, "photo")
    telegram.push_press(1, "now")
    await program.start()
    await telegram.wait_confirmed(60)
    assert len(telegram.sent(2)) == 2
    assert await program.stop() == 0
    assert "ERROR" not in program.printed


async def test_telegram_away_for_a_while(program: Program, telegram: Emulator, small_content: Content) -> None:
    await program.start()
    await program.ready()
    port = int(telegram.url.rpartition(":")[2])
    await telegram.stop()
    telegram.push_text(5, "hiya")
    await asyncio.sleep(1)
    await telegram.start(port)
    await telegram.wait_confirmed(30)
    assert telegram.texts(5) == [small_content.first("greeting")]
    assert await program.stop() == 0
