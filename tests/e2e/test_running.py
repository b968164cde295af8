"""Starting, stopping, starting again, and editing while it runs."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import time
from pathlib import Path

import pytest

from tests.e2e.phone import Phone, words
from tests.e2e.program import SCRIPT, Place, Program
from tests.e2e.speech import Content
from tests.emulator import TOKEN, Emulator


class TestStopping:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    async def test_what_is_in_hand_is_finished_first(
        self, program: Program, telegram: Emulator, number: signal.Signals
    ) -> None:
        await program.start()
        await program.ready()
        telegram.faults.add("slow", seconds=0.7)
        for chat in range(1, 9):
            telegram.push_text(chat, "hiya")
            telegram.push_text(chat, "hello")
        await telegram.until(lambda: len(telegram.called("sendMessage")) == 8)
        assert await program.stop(number) == 0
        assert [len(telegram.texts(chat)) for chat in range(1, 9)] == [2] * 8
        assert telegram.pending == 0

    async def test_while_telegram_cannot_be_reached(self, program: Program, telegram: Emulator) -> None:
        telegram.faults.add("502", "*")
        await program.start()
        await telegram.until(lambda: telegram.called("getMe"), 60)
        began = time.monotonic()
        assert await program.stop() == 0
        assert time.monotonic() - began < 10

    async def test_what_it_was_told_is_known_after_a_start_and_only_its_user_can_read_it(
        self, program: Program, telegram: Emulator, phone: Phone, small_content: Content
    ) -> None:
        await program.start()
        await phone.says("/age")
        files = [program.place.data / "secrets" / "server.key", *program.place.data.glob("safetybot.sqlite3*")]
        assert len(files) > 1
        assert [path for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
        await phone.presses(small_content.press("age-under-11"))
        await program.restart()
        answer = (await phone.says("he wants money or hell post my nude"))[0]
        assert answer.text.startswith(small_content.younger("sextortion"))
        await program.restart()
        before = phone.ours | phone.theirs
        await phone.says("/hide")
        assert {number for chat, number in telegram.deleted if chat == phone.chat} >= before


@pytest.mark.slow
class TestOldButtons:
    async def test_after_a_start(self, program: Program, phone: Phone, small_content: Content) -> None:
        await program.start()
        await phone.says("he wants money or hell post my nude")
        await program.restart()
        (step,) = await phone.presses("Can I stop it being shared?")
        assert step.text.startswith(small_content.step("sextortion", 2))

    async def test_without_any_data_left(
        self, place: Place, program: Program, telegram: Emulator, phone: Phone, small_content: Content
    ) -> None:
        await program.start()
        await phone.says("he wants money or hell post my nude")
        assert await program.stop() == 0
        left = [*place.data.glob("safetybot.sqlite3*"), place.data / "database.id"]
        for path in [place.data / "secrets" / "server.key", *left]:
            path.unlink()
        await program.start()
        (step,) = await phone.presses("Can I stop it being shared?")
        assert step.text.startswith(small_content.step("sextortion", 2))

    async def test_of_a_topic_that_is_gone(
        self, place: Place, content: Content, telegram: Emulator, phone: Phone
    ) -> None:
        program = Program(Place(place.folder, content.folder), telegram)
        await program.start()
        try:
            (answer,) = await phone.presses_data("topic:of-last-year:2")
            assert answer.text.startswith(content.say("gone"))
        finally:
            await program.kill()


class TestTheToken:
    async def test_a_wrong_one_is_a_clear_error(self, place: Place, telegram: Emulator) -> None:
        program = Program(place, telegram, token="4321:wrong-and-secret")
        await program.start()
        assert await program.ended() not in (0, None)
        assert "SAFETYBOT_TELEGRAM_TOKEN" in program.printed
        assert "4321" not in program.printed
        assert "wrong-and-secret" not in program.printed
        assert "Traceback" not in program.printed
        assert len(telegram.calls) == 1  # and it is not tried again and again

    async def test_one_revoked_while_it_runs(self, program: Program, telegram: Emulator) -> None:
        await program.start()
        await program.ready()
        telegram.faults.add("401", "*")
        telegram.push_text(5, "hiya")  # ends the long poll
        assert await program.ended() not in (0, None)
        assert "SAFETYBOT_TELEGRAM_TOKEN" in program.printed
        assert TOKEN not in program.printed
        assert TOKEN.partition(":")[2] not in program.printed


async def test_the_console_script_with_its_settings_in_a_file(place: Place, telegram: Emulator, phone: Phone) -> None:
    """``.env`` in the folder it is started from."""
    (place.folder / ".env").write_text(f"SAFETYBOT_TELEGRAM_TOKEN={TOKEN}\nSAFETYBOT_LOG_FORMAT=json\n")
    program = Program(place, telegram, token=None, command=[SCRIPT])
    await program.start()
    try:
        assert await phone.says("hiya")
        assert await program.stop() == 0
    finally:
        await program.kill()
    assert program.printed
    assert all(line.startswith('{"time"') for line in program.printed.splitlines())


async def test_content_with_a_fault_is_told_and_nothing_is_started(
    place: Place, content: Content, telegram: Emulator
) -> None:
    path = content.topic_file("passwords")
    content.change(path, "urgency: normal", "urgency: norml")
    program = Program(Place(place.folder, content.folder), telegram)
    await program.start()
    assert await program.ended() == 1
    assert f"{path}:4:10: " in program.printed
    assert "Traceback" not in program.printed
    assert not telegram.calls


class TestEditing:
    """How soon a change is live (two seconds, on a machine that does nothing else) is not asserted here."""

    async def test_a_change_goes_live(self, place: Place, content: Content, telegram: Emulator, phone: Phone) -> None:
        program = Program(Place(place.folder, content.folder), telegram)
        await program.start()

        async def answers(beginning: str) -> bool:
            return words(await phone.says("/start passwords"))[0].startswith(beginning)

        async def comes_to_answer(beginning: str) -> None:
            async with asyncio.timeout(30):
                while not await answers(beginning):
                    await asyncio.sleep(0.1)

        try:
            assert await answers("Three random words")
            path = content.topic_file("passwords")

            content.change(path, "Three random words make", "Four random words make")
            await comes_to_answer("Four random words")

            content.change(path, "urgency: normal", "urgency: [normal")
            content.change(path, "Four random words make", "Five random words make")
            await program.prints("the last good content answers")
            assert f"{path}:" in program.printed
            assert await answers("Four random words")

            content.change(path, "urgency: [normal", "urgency: normal")
            await comes_to_answer("Five random words")
            assert await program.stop() == 0
        finally:
            await program.kill()

    async def test_a_failing_test_keeps_the_old_answer(
        self, place: Place, content: Content, telegram: Emulator, phone: Phone
    ) -> None:
        program = Program(Place(place.folder, content.folder), telegram)
        await program.start()
        try:
            await phone.says("/start passwords")
            path = content.topic_file("passwords")
            wrong = "tests:\n  - {say: someone is blackmailing me with my nudes, expect: passwords}\nasks:"
            content.change(path, "first: Three random", "first: Six random")
            content.change(path, "asks:", wrong)
            await program.prints("wanted passwords")
            assert words(await phone.says("/start passwords"))[0].startswith("Three random words")
        finally:
            await program.kill()

    @pytest.mark.slow
    async def test_new_examples_are_learnt_while_it_goes_on_answering(
        self, place: Place, content: Content, telegram: Emulator, phone: Phone, tmp_path: Path
    ) -> None:
        # A cache of its own, so that what is learnt here is learnt anew with each run.
        own = tmp_path / "cache"
        own.mkdir()
        for path in (place.data / "cache").iterdir():
            os.link(path, own / path.name)
        program = Program(Place.make(tmp_path / "other", content.folder, own), telegram)
        await program.start()
        try:
            assert not words(await phone.says("wibble wobble"))[0].startswith(content.first("passwords"))
            content.change(content.topic_file("passwords"), "\nasks:\n", "\nasks:\n  - wibble wobble\n")
            began = time.monotonic()
            while not words(await phone.says("wibble wobble"))[0].startswith(content.first("passwords")):
                assert time.monotonic() - began < 45, program.printed
                asked = time.monotonic()
                assert await phone.says("/start")
                assert time.monotonic() - asked < 5
                await asyncio.sleep(0.2)
            assert await program.stop() == 0
        finally:
            await program.kill()
