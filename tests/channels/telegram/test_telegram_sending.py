"""Sending when things go wrong."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from tests.channels.telegram.conftest import FAST, Running
from tests.emulator import Emulator
from tests.emulator.scripted import Scripted


@pytest.mark.parametrize("kind", ["500", "502", "reset", "garbage", "silent"])
async def test_what_passes_is_tried_again(telegram: Emulator, running: Running, kind: str) -> None:
    telegram.faults.add(kind, times=2, seconds=0.1)
    async with running():
        telegram.push_text(5, "a")
        await telegram.wait_for(5, 1)
        await telegram.wait_confirmed()
    assert telegram.counts["sendMessage"] == 3


@pytest.mark.parametrize("kind", ["lost", "cut"])
async def test_an_answer_that_was_lost_may_double_a_message_and_never_drops_one(
    telegram: Emulator, running: Running, kind: str
) -> None:
    telegram.faults.add(kind, times=1)
    async with running():
        telegram.push_text(5, "many 3")
        await telegram.wait_for(5, 4)
    assert telegram.texts(5) == ["message 0", "message 0", "message 1", "message 2"]


async def test_429_slows_that_chat_only(telegram: Emulator, running: Running) -> None:
    telegram.faults.add("429", chat=5, times=1, seconds=2)
    async with running():
        began = time.monotonic()
        telegram.push_text(5, "slowed")
        for chat in range(6, 40):
            telegram.push_text(chat, "free")
        for chat in range(6, 40):
            await telegram.wait_for(chat, 1)
        assert telegram.texts(5) == []
        await telegram.wait_for(5, 1)
        assert time.monotonic() - began >= 2


async def test_a_refusal_is_not_tried_again_and_later_messages_come(
    telegram: Emulator, running: Running, scripted: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.faults.add("400", times=1)
    async with running():
        telegram.push_text(5, "many 3")
        await telegram.wait_for(5, 2)
        await telegram.wait_confirmed()
    assert telegram.texts(5) == ["message 1", "message 2"]
    assert telegram.counts["sendMessage"] == 3
    assert len(scripted.deliveries[0][1]) == 2
    assert "message 0" not in caplog.text


async def test_markup_that_telegram_cannot_parse_is_sent_as_plain_text(
    telegram: Emulator, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.faults.add("parse", times=1)
    async with running():
        telegram.push_text(5, "a < b")
        (sent,) = await telegram.wait_for(5, 1)
    assert sent.text == "a < b"
    assert "parse_mode" not in sent.fields
    assert sent.keyboard
    assert "TelegramMarkupRefused" in caplog.text
    assert "a < b" not in caplog.text


async def test_a_person_who_blocked_the_bot_is_no_error(
    telegram: Emulator, running: Running, scripted: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.blocked.add(5)
    async with running():
        telegram.push_text(5, "many 3")
        telegram.push_media(5, "photo")
        telegram.push_text(6, "a")
        await telegram.wait_for(6, 1)
        await telegram.wait_confirmed()
    assert len([call for call in telegram.called("sendMessage") if call.fields["chat_id"] == 5]) == 1
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    assert [ids for incoming, ids in scripted.deliveries if incoming.chat == "5"] == [[], []]


async def test_trying_ends_where_others_get_through(
    telegram: Emulator, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.faults.add("500", chat=5)
    async with running(replace(FAST, send_limit=0.5)):
        began = time.monotonic()
        telegram.push_text(5, "many 2")
        number = 0
        while "one message unsent (NetworkError)" not in caplog.text:
            telegram.push_text(6, "hello")
            number += 1
            await telegram.wait_for(6, number)
            assert time.monotonic() - began < 10
        assert time.monotonic() - began > 0.25  # the next wait would have been too long


async def test_while_nothing_gets_through_to_telegram_nothing_is_given_up(
    telegram: Emulator, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    fault, now = telegram.faults.add("500"), asyncio.get_running_loop().time
    # Once one of the two gets through, the other has this much: it must be enough on a busy machine.
    async with running(replace(FAST, send_limit=1.5)):
        for chat in (5, 6):
            telegram.push_text(chat, "many 2")
        end = now() + 2.0
        await telegram.until(lambda: fault.happened > 10 and now() > end)
        assert telegram.pending == 2
        telegram.faults.clear()
        for chat in (5, 6):
            await telegram.wait_for(chat, 2)
        await telegram.wait_confirmed()
    assert [telegram.texts(chat) for chat in (5, 6)] == [["message 0", "message 1"]] * 2
    assert "unsent" not in caplog.text


async def test_a_wait_longer_than_our_patience_is_counted_at_once(telegram: Emulator, running: Running) -> None:
    telegram.faults.add("429", chat=5, seconds=3600)
    async with running():
        telegram.push_text(5, "a")
        await telegram.wait_confirmed(2)


async def test_deleting_is_tried_again_too(telegram: Emulator, running: Running) -> None:
    telegram.faults.add("500", "deleteMessages", times=2)
    async with running():
        telegram.push_media(5, "photo")
        await telegram.wait_for(5, 1)
    assert telegram.deleted == [(5, 1)]


async def test_presses_are_acknowledged_through_faults(telegram: Emulator, running: Running) -> None:
    telegram.faults.add("500", "answerCallbackQuery", times=2)
    async with running():
        telegram.push_press(5, "a")
        await telegram.until(lambda: telegram.answered)


async def test_a_storm(telegram: Emulator, running: Running, scripted: Scripted) -> None:
    """Faults of every kind on a tenth of all calls: everybody is answered, in order."""
    for kind in ("429", "500", "reset"):
        telegram.faults.add(kind, "*", rate=0.05, seconds=0.05)
    async with running():
        for number in range(20):
            for chat in range(1, 31):
                telegram.push_text(chat, str(number))
        await telegram.wait_confirmed(60)
    for chat in range(1, 31):
        assert telegram.texts(chat) == [str(number) for number in range(20)]
    assert len(scripted.begun) == 600
