""" "typing": for an answer that takes its time, and for no other."""

from __future__ import annotations

import dataclasses
import time

import pytest

from tests.channels.telegram.conftest import FAST, Running
from tests.emulator import Emulator
from tests.emulator.scripted import BROKEN, Scripted

SOON = dataclasses.replace(FAST, typing_after=0.1, typing_again=0.15)


def typing(telegram: Emulator, chat: int) -> int:
    """How often the bot said there that it is typing."""
    calls = [call.fields for call in telegram.called("sendChatAction")]
    assert {fields["action"] for fields in calls} <= {"typing"}
    return sum(fields["chat_id"] == chat for fields in calls)


async def test_a_slow_answer_is_announced_in_its_chat_alone(telegram: Emulator, running: Running) -> None:
    async with running():
        began = time.monotonic()
        telegram.push_text(5, "slow 0.8")
        telegram.push_text(6, "quick")
        (sent,) = await telegram.wait_for(5, 1)
    assert typing(telegram, 5) == 1
    assert typing(telegram, 6) == 0
    (call,) = telegram.called("sendChatAction")
    assert began + 0.4 <= call.at < sent.at


async def test_it_is_renewed_until_the_answer_is_there_and_then_no_more(telegram: Emulator, running: Running) -> None:
    async with running(SOON):
        telegram.push_text(5, "slow 1.1")
        (sent,) = await telegram.wait_for(5, 1)
        assert 3 <= typing(telegram, 5) <= 7  # every 0.15 seconds from 0.1 on, and the time that each takes
        assert max(call.at for call in telegram.called("sendChatAction")) < sent.at
        before = typing(telegram, 5)
        for number in range(2, 5):
            telegram.push_text(5, "quick")
            await telegram.wait_for(5, number)
        telegram.push_text(6, "slow 0.5")
        await telegram.wait_for(6, 1)
        assert typing(telegram, 5) == before


async def test_presses_are_announced_too(telegram: Emulator, running: Running, scripted: Scripted) -> None:
    async with running(SOON):
        telegram.push_text(5, "wait")
        await telegram.until(lambda: typing(telegram, 5) >= 2)
        scripted.gate.set()
        await telegram.wait_for(5, 1)


@pytest.mark.parametrize("kind", ["400", "blocked", "500", "reset", "garbage"])
async def test_its_failures_neither_stop_it_nor_touch_the_answer(
    telegram: Emulator, running: Running, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.faults.add(kind, "sendChatAction", times=1)
    async with running(SOON):
        telegram.push_text(5, "slow 0.5")
        await telegram.wait_for(5, 1)
        await telegram.wait_confirmed()
    assert telegram.texts(5) == ["slow 0.5"]
    assert typing(telegram, 5) >= 2
    assert not [record for record in caplog.records if record.name.startswith("safetybot") and record.levelno > 20]


async def test_where_telegram_asks_for_patience_it_is_given_up(telegram: Emulator, running: Running) -> None:
    telegram.faults.add("429", "sendChatAction", seconds=0)
    async with running(SOON):
        telegram.push_text(5, "slow 0.6")
        await telegram.wait_for(5, 1)
    assert typing(telegram, 5) == 1


async def test_one_that_hangs_does_not_hold_up_the_answer(telegram: Emulator, running: Running) -> None:
    telegram.faults.add("silent", "sendChatAction", seconds=2)
    async with running(SOON):
        began = time.monotonic()
        telegram.push_text(5, "slow 0.3")
        await telegram.wait_for(5, 1)
        assert time.monotonic() - began < 1


@pytest.mark.parametrize("order", ["raise", "hang"])
async def test_it_ends_where_the_answer_fails(telegram: Emulator, running: Running, order: str) -> None:
    async with running(dataclasses.replace(SOON, handle_limit=0.3)):
        telegram.push_text(5, order)
        await telegram.wait_for(5, 1)
        before = typing(telegram, 5)
        telegram.push_text(6, "slow 0.25")
        await telegram.wait_for(6, 1)
        assert typing(telegram, 5) == before
        assert (before > 0) == (order == "hang")
    assert telegram.texts(5) == [f"{BROKEN} (en)"]
