"""The staff chat: notes arrive, and whatever is typed there, the bot stays and says nothing."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import logging
import re
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from safetybot.channels.telegram import StaffChat, run_telegram
from safetybot.reports import notes
from safetybot.reports.cases import CaseUrgency
from safetybot.storage.database import sqlite_engine
from safetybot.vault.key_derivation import KeyStretcher
from tests.channels.telegram.conftest import FAST
from tests.emulator import Emulator, updates
from tests.emulator.scripted import GROUP, Scripted
from tests.reports.office import Office

CHAT = -1001234567890
OLD_GROUP = -4567
TIMING = dataclasses.replace(FAST, staff_gap=1.5, staff_poll=0.1)

Send = Callable[[str], Awaitable[bool]]


class Told:
    """Something to tell, in place of the database: each entry is told once, and again where it did not arrive."""

    def __init__(self, *entries: str) -> None:
        self.entries = list(entries)
        self.gaps: list[float] = []
        self.looks = 0

    async def tell(self, send: Send, gap: float) -> float | None:
        self.looks += 1
        self.gaps.append(gap)
        if self.entries and await send(self.entries[0]):
            del self.entries[0]
        return None


class Staffed:
    """The channel with a staff chat."""

    def __init__(self, telegram: Emulator, scripted: Scripted) -> None:
        self.telegram = telegram
        self.scripted = scripted

    @asynccontextmanager
    async def running(
        self, tell: Callable[[Send, float], Awaitable[float | None]], chat: int = CHAT, **timing: float
    ) -> AsyncIterator[asyncio.Event]:
        """Gives what wakes it."""
        stop, staff = asyncio.Event(), StaffChat(chat, tell)
        running = run_telegram(
            self.telegram.token,
            self.telegram.url,
            self.scripted,
            staff=staff,
            stop=stop,
            timing=dataclasses.replace(TIMING, **timing),  # type: ignore[arg-type]
        )
        task = asyncio.create_task(running)
        try:
            yield staff.wake
        finally:
            stop.set()
            await task


@pytest.fixture
def staffed(telegram: Emulator, scripted: Scripted) -> Staffed:
    telegram.chat(CHAT)
    return Staffed(telegram, scripted)


@pytest.fixture
async def office(empty_database: Path, tmp_path: Path) -> AsyncIterator[Office]:
    """A database with one member of staff."""
    path = Path(shutil.copyfile(empty_database, tmp_path / "test.sqlite3"))
    engine, stretcher = sqlite_engine(path), KeyStretcher()
    office = Office(engine, stretcher, path)
    await office.hire("Anna")
    yield office
    stretcher.close()
    await engine.dispose()


class TestNotes:
    async def test_two_reports_within_the_gap_come_as_one_later_note(
        self, telegram: Emulator, staffed: Staffed, office: Office
    ) -> None:
        async def tell(send: Send, gap: float) -> float | None:
            return await notes.tell(office.engine, send, gap)

        first, _ = await office.file("planted-words", urgency=CaseUrgency.HIGH)
        async with staffed.running(tell):
            (one,) = await telegram.wait_for(CHAT, 1)
            assert one.text == f"New: {first.short} (high)"
            assert "parse_mode" not in one.fields
            assert one.keyboard == []
            normal, _ = await office.file("planted-words")
            urgent, _ = await office.file("planted-words", urgency=CaseUrgency.EMERGENCY)
            _, two = await telegram.wait_for(CHAT, 2)
            assert two.text == f"New: {urgent.short} (emergency)\nNew: {normal.short} (normal)"
            assert TIMING.staff_gap - 0.01 <= two.at - one.at < TIMING.staff_gap + 1
            await asyncio.sleep(TIMING.staff_gap + 0.3)
        assert len(telegram.texts(CHAT)) == 2

    async def test_it_is_woken(self, telegram: Emulator, staffed: Staffed) -> None:
        told = Told()
        async with staffed.running(told.tell, staff_poll=60.0) as wake:
            await telegram.until(lambda: told.looks == 1)
            told.entries.append("New: 3FA-9C2 (high)")
            await asyncio.sleep(0.3)
            assert telegram.texts(CHAT) == []
            wake.set()
            await telegram.wait_for(CHAT, 1, timeout=2)
        assert set(told.gaps) == {TIMING.staff_gap}

    async def test_it_looks_by_itself_and_sooner_where_something_waits(
        self, telegram: Emulator, staffed: Staffed
    ) -> None:
        looks: list[float] = []

        async def tell(send: Send, gap: float) -> float | None:
            looks.append(time.monotonic())
            return 0.05 if len(looks) < 3 else 60.0

        async with staffed.running(tell, staff_poll=0.4):
            await telegram.until(lambda: len(looks) == 5)
        waits = [after - before for before, after in itertools.pairwise(looks)]
        assert max(waits[:2]) < 0.3
        assert min(waits[2:]) >= 0.4

    async def test_what_passes_is_tried_again(self, telegram: Emulator, staffed: Staffed) -> None:
        for kind in ("500", "reset", "429"):
            telegram.faults.add(kind, chat=CHAT, times=1, seconds=0)
        async with staffed.running(Told("New: 3FA-9C2 (high)").tell):
            await telegram.wait_for(CHAT, 1)
            await asyncio.sleep(0.3)
        assert telegram.texts(CHAT) == ["New: 3FA-9C2 (high)"]

    async def test_what_cannot_be_read_stops_nothing(
        self, telegram: Emulator, staffed: Staffed, caplog: pytest.LogCaptureFixture
    ) -> None:
        looks = 0

        async def tell(send: Send, gap: float) -> float | None:
            nonlocal looks
            looks += 1
            if looks < 5:
                raise RuntimeError("secret words")
            await send("New: 3FA-9C2 (high)")
            return 60.0

        async with staffed.running(tell):
            telegram.push_text(5, "hello")
            await telegram.wait_for(5, 1)
            await telegram.wait_for(CHAT, 1)
        errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
        assert len(errors) == 1
        assert "RuntimeError in tell" in errors[0]
        assert "secret words" not in caplog.text


class TestAChatThatCannotBeWrittenTo:
    @pytest.mark.parametrize("kind", ["400", "blocked", "unknown"])
    async def test_it_is_said_at_the_start_and_once_an_hour_without_the_number(
        self, telegram: Emulator, staffed: Staffed, caplog: pytest.LogCaptureFixture, kind: str
    ) -> None:
        chat = -1009876543210 if kind == "unknown" else CHAT
        if kind != "unknown":
            telegram.faults.add(kind, "*", chat=CHAT)
        told = Told("New: 3FA-9C2 (high)")
        with caplog.at_level(logging.DEBUG):
            async with staffed.running(told.tell, chat=chat):
                await telegram.until(lambda: told.looks >= 1)
                telegram.push_text(5, "hello")
                await telegram.wait_for(5, 1)
                await telegram.until(lambda: told.looks >= 5)
        errors = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert len(errors) == 1
        assert "SAFETYBOT_STAFF_CHAT" in errors[0].getMessage()
        assert told.entries, "it is kept, to be told later"
        for secret in (str(chat), str(chat)[4:], "3FA-9C2"):
            assert secret not in caplog.text

    async def test_it_is_said_again_an_hour_later(
        self, telegram: Emulator, staffed: Staffed, caplog: pytest.LogCaptureFixture
    ) -> None:
        telegram.blocked.add(CHAT)
        told = Told("New: 3FA-9C2 (high)")
        async with staffed.running(told.tell, staff_log=0.5):
            await asyncio.sleep(1.2)
        errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert 2 <= len(errors) <= 3

    async def test_once_it_can_the_note_comes(self, telegram: Emulator, staffed: Staffed) -> None:
        telegram.blocked.add(CHAT)
        told = Told("New: 3FA-9C2 (high)")
        async with staffed.running(told.tell):
            await telegram.until(lambda: told.looks >= 3)
            telegram.blocked.discard(CHAT)
            await telegram.wait_for(CHAT, 1)
            await telegram.until(lambda: not told.entries)

    async def test_one_that_does_not_answer_holds_up_neither_start_nor_stop_for_long(
        self, telegram: Emulator, staffed: Staffed
    ) -> None:
        telegram.faults.add("silent", "*", chat=CHAT, seconds=20)
        began = time.monotonic()
        async with staffed.running(Told("New: 3FA-9C2 (high)").tell):
            telegram.push_text(5, "hello")
            await telegram.wait_for(5, 1)
            await telegram.until(lambda: telegram.counts["fault silent"] == 2)
        assert time.monotonic() - began < TIMING.acknowledge_limit + TIMING.confirm_limit + 2


class TestStopping:
    async def test_a_note_under_way_is_finished(self, telegram: Emulator, staffed: Staffed) -> None:
        told = Told("New: 3FA-9C2 (high)")
        telegram.faults.add("slow", chat=CHAT, seconds=0.5)
        async with staffed.running(told.tell):
            await telegram.until(lambda: telegram.counts["fault slow"])
        assert telegram.texts(CHAT) == ["New: 3FA-9C2 (high)"]
        assert not told.entries

    async def test_before_telegram_was_reached(self, telegram: Emulator, staffed: Staffed) -> None:
        telegram.faults.add("502", "*")
        async with staffed.running(Told("a").tell):
            await telegram.until(lambda: telegram.called("getMe"))


class TestTypedThere:
    async def test_nothing_is_answered_and_the_bot_stays(
        self, telegram: Emulator, staffed: Staffed, scripted: Scripted
    ) -> None:
        async with staffed.running(Told().tell):
            telegram.push_membership(CHAT)
            for text in ("/start", "/report@SafetyTestBot", "hello bot", "he wants pics"):
                telegram.push_text(CHAT, text)
            telegram.push_edited(CHAT, "changed")
            telegram.push_media(CHAT, "photo")
            telegram.push_press(CHAT, "topics")
            telegram.push("channel_post", updates.message(CHAT, 99, text="a post"))
            telegram.push_text(5, "hello")
            await telegram.wait_for(5, 1)
            await telegram.wait_confirmed()
        assert telegram.texts(CHAT) == []
        assert telegram.left == []
        assert telegram.deleted == []
        assert [incoming.chat for incoming in scripted.begun] == ["5"]

    async def test_other_groups_are_left_all_the_same(self, telegram: Emulator, staffed: Staffed) -> None:
        async with staffed.running(Told().tell):
            telegram.push_membership(-50)
            await telegram.until(lambda: telegram.left == [-50])
        assert telegram.texts(-50) == [f"{GROUP} (en)"]

    async def test_a_member_who_is_told_alone_can_still_talk_to_the_bot(
        self, telegram: Emulator, staffed: Staffed
    ) -> None:
        telegram.chat(7)
        async with staffed.running(Told("New: 3FA-9C2 (high)").tell, chat=7):
            await telegram.wait_for(7, 1)
            telegram.push_text(7, "hello")
            await telegram.wait_for(7, 2)
        assert telegram.texts(7) == ["New: 3FA-9C2 (high)", "hello"]


class TestAnUpgradedGroup:
    """A group that grows features gets a new number from Telegram, at any time."""

    @pytest.fixture(autouse=True)
    def upgraded(self, telegram: Emulator) -> None:
        telegram.upgraded[OLD_GROUP] = CHAT

    async def test_notes_follow_it_and_it_is_not_left(
        self, telegram: Emulator, staffed: Staffed, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with staffed.running(Told("New: 3FA-9C2 (high)").tell, chat=OLD_GROUP):
            await telegram.wait_for(CHAT, 1)
            telegram.push_text(CHAT, "hello")
            await telegram.wait_confirmed()
        assert telegram.texts(CHAT) == ["New: 3FA-9C2 (high)"]
        assert telegram.left == []
        (warning,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
        assert "has a new number" in warning
        assert not re.search(r"\d{4}", warning)

    async def test_what_was_typed_there_before_the_start_does_not_make_the_bot_leave(
        self, telegram: Emulator, staffed: Staffed
    ) -> None:
        telegram.push_text(CHAT, "hello")
        async with staffed.running(Told().tell, chat=OLD_GROUP):
            await telegram.wait_confirmed()
        assert telegram.left == []
        assert telegram.texts(CHAT) == []

    async def test_the_news_of_it_is_understood(self, telegram: Emulator, staffed: Staffed) -> None:
        del telegram.upgraded[OLD_GROUP]
        telegram.chat(OLD_GROUP)
        told = Told()
        async with staffed.running(told.tell, chat=OLD_GROUP):
            await telegram.until(lambda: told.looks)
            telegram.push("message", updates.message(OLD_GROUP, 9, migrate_to_chat_id=CHAT))
            telegram.push("message", updates.message(CHAT, 1, migrate_from_chat_id=OLD_GROUP))
            telegram.push_text(CHAT, "hello")
            await telegram.wait_confirmed()
            told.entries.append("New: 3FA-9C2 (high)")
            await telegram.wait_for(CHAT, 1)
        assert telegram.left == []
        assert telegram.texts(OLD_GROUP) == []
