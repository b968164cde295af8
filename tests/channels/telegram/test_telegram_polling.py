"""Confirming, ordering, duplicates and the long poll."""

from __future__ import annotations

import asyncio
import time

import pytest

from safetybot.channels.telegram import TelegramConflict, TelegramTokenRefused, Timing, run_telegram
from tests.channels.telegram.conftest import FAST, Running
from tests.emulator import Emulator, updates
from tests.emulator.scripted import Scripted


async def test_one_slow_chat_does_not_hold_up_the_others_and_is_not_confirmed_before_its_time(
    telegram: Emulator, running: Running, scripted: Scripted
) -> None:
    async with running():
        slow = telegram.push_text(1, "wait")
        telegram.push_text(1, "second")
        for chat in range(2, 50):
            telegram.push_text(chat, "hello")
            await telegram.wait_for(chat, 1, timeout=2)
        assert telegram.texts(1) == []
        assert telegram.confirmed_offset == slow
        scripted.gate.set()
        await telegram.wait_for(1, 2)
        await telegram.wait_confirmed()
    assert telegram.texts(1) == ["wait", "second"]


async def test_what_is_not_on_the_disk_is_not_confirmed(
    telegram: Emulator, running: Running, scripted: Scripted
) -> None:
    """Telegram forgets what is confirmed; others are answered meanwhile."""
    scripted.disk.clear()
    async with running():
        first = telegram.push_text(1, "a")
        await telegram.wait_for(1, 1)
        telegram.push_text(2, "b")
        await telegram.wait_for(2, 1)
        assert telegram.confirmed_offset == first
        scripted.disk.set()
        await telegram.wait_confirmed()
        scripted.unwritable = True  # which is told by whoever writes
        telegram.push_text(1, "c")
        await telegram.wait_confirmed()
    assert telegram.texts(1) == ["a", "c"]


async def test_order_within_each_chat(telegram: Emulator, running: Running) -> None:
    async with running():
        for number in range(20):
            for chat in range(1, 21):
                telegram.push_text(chat, f"slow {number % 3 / 1000}" if number % 5 == 0 else str(number))
        await telegram.wait_confirmed(20)
    for chat in range(1, 21):
        assert telegram.texts(chat) == [f"slow {n % 3 / 1000}" if n % 5 == 0 else str(n) for n in range(20)]


async def test_at_most_a_hundred_are_in_hand(telegram: Emulator, running: Running, scripted: Scripted) -> None:
    async with running():
        for chat in range(1, 251):
            telegram.push_text(chat, "wait")
        await telegram.until(lambda: len(scripted.begun) == 100)
        polls = telegram.counts["getUpdates"]
        await asyncio.sleep(0.5)
        assert len(scripted.begun) == 100
        assert telegram.counts["getUpdates"] == polls  # with a full window there is nothing to ask for
        scripted.gate.set()
        await telegram.wait_confirmed()
    assert scripted.most_active == 100
    assert len(scripted.finished) == 250


async def test_waiting_for_a_slow_chat_does_not_spin(telegram: Emulator, running: Running, scripted: Scripted) -> None:
    async with running():
        telegram.push_text(1, "wait")
        await telegram.until(lambda: scripted.begun)
        before = telegram.counts["getUpdates"]
        await asyncio.sleep(2)
        assert telegram.counts["getUpdates"] - before <= 12
        scripted.gate.set()


async def test_an_idle_bot_asks_once_per_long_poll(telegram: Emulator, running: Running) -> None:
    async with running():
        await asyncio.sleep(1)
        assert telegram.counts["getUpdates"] == 1
        assert telegram.called("getUpdates")[0].fields["timeout"] == FAST.long_poll


async def test_allowed_updates_are_named(telegram: Emulator, running: Running) -> None:
    async with running():
        await telegram.until(lambda: telegram.called("getUpdates"))
    kinds = telegram.called("getUpdates")[0].fields["allowed_updates"]
    assert kinds == ["message", "edited_message", "callback_query", "my_chat_member", "channel_post"]


async def test_an_update_delivered_twice_is_handled_once(
    telegram: Emulator, running: Running, scripted: Scripted
) -> None:
    telegram.faults.add("again", "getUpdates", rate=0.5)
    async with running():
        for number in range(50):
            telegram.push_text(5, str(number))
            await telegram.wait_for(5, number + 1)
    assert telegram.texts(5) == [str(number) for number in range(50)]
    assert len(scripted.begun) == 50


async def test_a_server_that_repeats_itself_is_not_asked_in_a_tight_loop(telegram: Emulator, running: Running) -> None:
    async with running():
        telegram.push_text(5, "a")
        await telegram.wait_for(5, 1)
        await telegram.wait_confirmed()
        telegram.faults.add("again", "getUpdates")
        telegram.push_raw(1, {"nothing": {}})
        before = telegram.counts["getUpdates"]
        telegram._queue.get = _empty  # type: ignore[assignment]
        await asyncio.sleep(1.5)
        assert telegram.counts["getUpdates"] - before < 20


async def _empty(*_: object) -> list[bytes]:
    return []


async def test_a_duplicate_that_the_service_recognises_shows_nothing(
    telegram: Emulator, running: Running, scripted: Scripted
) -> None:
    content = {"message": updates.message(5, 1, text="a")}
    telegram.chat(5)
    telegram.push_raw(7, content)
    async with running():
        await telegram.wait_for(5, 1)
    telegram.push_raw(7, content)
    async with running():  # a new process knows nothing of the old one's window
        await telegram.wait_confirmed()
    assert len(scripted.begun) == 2
    assert telegram.texts(5) == ["a"]
    assert len(scripted.deliveries) == 1


async def test_numbers_that_start_again_lower(telegram: Emulator, running: Running) -> None:
    async with running():
        telegram.push_text(5, "before")
        await telegram.wait_for(5, 1)
        await telegram.wait_confirmed()
        telegram.push_raw(12, {"message": updates.message(5, 50, text="after")})
        telegram.push_raw(13, {"message": updates.message(5, 51, text="and")})
        await telegram.wait_for(5, 3)
        await telegram.wait_confirmed()
    assert telegram.confirmed_offset == 14


class TestStopping:
    async def test_what_is_in_hand_is_finished_and_confirmed(
        self, telegram: Emulator, running: Running, scripted: Scripted
    ) -> None:
        async with running():
            telegram.push_text(5, "slow 0.3")
            telegram.push_text(5, "behind it")
            await telegram.until(lambda: scripted.begun)
        assert telegram.texts(5) == ["slow 0.3", "behind it"]
        assert telegram.pending == 0

    async def test_what_cannot_be_finished_in_time_stays_unconfirmed(
        self, telegram: Emulator, running: Running, scripted: Scripted, caplog: pytest.LogCaptureFixture
    ) -> None:
        timing = Timing(long_poll=2, finish_limit=0.2, confirm_limit=1)
        async with running(timing):
            telegram.push_text(4, "done")
            stuck = telegram.push_text(5, "wait")
            telegram.push_text(6, "done")
            await telegram.until(lambda: len(scripted.begun) == 3)
            await telegram.wait_for(6, 1)
        assert telegram.confirmed_offset == stuck
        assert telegram.pending == 2
        assert "not everything in hand" in caplog.text

    async def test_a_killed_process_leaves_its_updates_for_the_next(
        self, telegram: Emulator, running: Running, scripted: Scripted
    ) -> None:
        async with running(Timing(finish_limit=0)):
            for chat in (5, 6, 7):
                telegram.push_text(chat, "wait")
            await telegram.until(lambda: len(scripted.begun) == 3)
        assert telegram.pending == 3
        successor = Scripted()
        successor.gate.set()
        async with running(conversation=successor):
            for chat in (5, 6, 7):
                await telegram.wait_for(chat, 1)
            await telegram.wait_confirmed()

    async def test_no_needless_last_confirmation(self, telegram: Emulator, running: Running) -> None:
        async with running():
            telegram.push_text(5, "a")
            await telegram.wait_for(5, 1)
            await telegram.wait_confirmed()
            await asyncio.sleep(1.2)
            before = telegram.counts["getUpdates"]
        assert telegram.counts["getUpdates"] == before

    async def test_at_once_while_telegram_cannot_be_reached(self) -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(run_telegram("1:a", "http://127.0.0.1:1", Scripted(), stop=stop))
        await asyncio.sleep(0.2)
        stop.set()
        async with asyncio.timeout(1):
            await task


class TestEndings:
    @pytest.mark.parametrize("kind", ["401", "404"])
    async def test_a_refused_token_at_the_start(self, telegram: Emulator, scripted: Scripted, kind: str) -> None:
        telegram.faults.add(kind, "getMe")
        with pytest.raises(TelegramTokenRefused) as caught:
            await run_telegram(telegram.token, telegram.url, scripted, timing=FAST)
        assert telegram.token not in f"{caught.value}{caught.value.__context__!r}{caught.value.__cause__!r}"

    async def test_a_token_revoked_later(self, telegram: Emulator, scripted: Scripted) -> None:
        telegram.faults.add("401", "getUpdates")
        with pytest.raises(TelegramTokenRefused):
            await run_telegram(telegram.token, telegram.url, scripted, timing=FAST)

    async def test_a_single_404_in_between_ends_nothing(self, telegram: Emulator, running: Running) -> None:
        telegram.faults.add("404", "getUpdates", times=1)
        async with running():
            telegram.push_text(5, "a")
            await telegram.wait_for(5, 1)

    @pytest.mark.parametrize("token", ["", "abc", "1:a b", "1:a\n", "bot1:abc"])
    async def test_what_is_no_token_is_never_sent_anywhere(self, scripted: Scripted, token: str) -> None:
        with pytest.raises(TelegramTokenRefused):
            await run_telegram(token, "http://127.0.0.1:1", scripted)

    async def test_another_program_that_keeps_polling(self, telegram: Emulator, scripted: Scripted) -> None:
        telegram.faults.add("409", "getUpdates")
        with pytest.raises(TelegramConflict):
            await run_telegram(telegram.token, telegram.url, scripted, timing=FAST)
        assert telegram.counts["getUpdates"] == FAST.conflict_most

    async def test_another_program_that_polled_once(self, telegram: Emulator, running: Running) -> None:
        async with running():
            await telegram.until(lambda: telegram.called("getUpdates"))
            telegram.terminate_polls()
            telegram.push_text(5, "a")
            await telegram.wait_for(5, 1)

    async def test_a_webhook_left_behind_is_taken_away(self, telegram: Emulator, running: Running) -> None:
        telegram.webhook = "https://old.example"
        async with running():
            telegram.push_text(5, "a")
            await telegram.wait_for(5, 1)
        assert telegram.called("deleteWebhook")[0].fields["drop_pending_updates"] is False


class TestStalls:
    async def test_a_silent_poll_is_begun_anew(
        self, telegram: Emulator, running: Running, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        telegram.faults.add("silent", "getUpdates", times=1, seconds=20)
        timing = Timing(long_poll=1, poll_grace=0.3, backoff_first=0.02)
        async with running(timing):
            began = time.monotonic()
            telegram.push_text(5, "a")
            await telegram.wait_for(5, 1)
            assert time.monotonic() - began < 3
        assert "polls-stalled 1" in caplog.text

    async def test_polling_survives_every_passing_fault(self, telegram: Emulator, running: Running) -> None:
        for kind in ("500", "502", "reset", "cut", "lost", "garbage", "429"):
            telegram.faults.add(kind, "getUpdates", times=2, seconds=0.05)
        async with running():
            for number in range(10):
                telegram.push_text(5, str(number))
            await telegram.wait_for(5, 10)
            await telegram.wait_confirmed()
        assert telegram.texts(5) == [str(number) for number in range(10)]

    async def test_telegram_away_and_back(self, telegram: Emulator, running: Running) -> None:
        async with running():
            telegram.push_text(5, "a")
            await telegram.wait_for(5, 1)
            await telegram.stop()
            telegram.push_text(5, "b")
            await asyncio.sleep(0.3)
            await telegram.start(int(telegram.url.rpartition(":")[2]))
            await telegram.wait_for(5, 2)


class TestNumbersOutOfBounds:
    @pytest.mark.parametrize("number", [2**70, 2**63, 10**200], ids=["2**70", "2**63", "10**200"])
    async def test_an_update_with_such_a_number_is_confirmed_and_left_out(
        self, telegram: Emulator, running: Running, scripted: Scripted, number: int
    ) -> None:
        async with running():
            content = {"message": updates.message(1, 3, text="a")}
            telegram.push_raw(number, content)
            await telegram.until(lambda: not telegram._queue.unconfirmed)
            telegram.push_text(2, "b")
            await telegram.wait_for(2, 1, timeout=2)
            await telegram.wait_confirmed()
        assert [incoming.chat for incoming in scripted.begun] == ["2"]

    @pytest.mark.parametrize(
        "number", ["-5", "true", "1e400", '"7"', "9" * 5000], ids=["-", "true", "1e400", "text", "long"]
    )
    async def test_one_without_a_usable_number_hides_no_other(
        self, telegram: Emulator, running: Running, scripted: Scripted, number: str
    ) -> None:
        async with running():
            telegram._queue._add(telegram._queue.next_id - 1, b'{"update_id": %s}' % number.encode())
            telegram.push_text(2, "b")
            await telegram.wait_for(2, 1, timeout=5)
            await telegram.wait_confirmed()
        assert [incoming.chat for incoming in scripted.begun] == ["2"]
