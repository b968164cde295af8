"""A clock that is set forward an hour and back a day under a running bot: nobody's words go, and nobody is locked out.

The system's own clock stays as it is: what lies is the bot's ``time.time``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.desk import Desk, told
from tests.e2e.phone import Phone, words
from tests.e2e.program import Place, Program
from tests.e2e.speech import Content
from tests.emulator import Emulator
from tests.faults.talking import ADVICE, EMERGENCY, finishes, is_card, reaches_story

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

LIES = """
import sys, time
from pathlib import Path
true, steady, file = time.time, time.monotonic, Path(sys.argv.pop(1))
read = [float("-inf"), 0.0]
def told():
    if steady() - read[0] > 0.1:
        read[:] = steady(), float(file.read_text())
    return true() + read[1]
time.time = told
from safetybot.cli.main import main
sys.exit(main())
"""
"""The program, with a clock that is as far off as a file says."""
HOUR, DAY = 3600, 24 * 3600
WRONG = "acorn acorn acorn acorn acorn acorn"


class Clock:
    """What the bot is told of the time."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.set(0)

    def set(self, seconds: int) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.rename(self._file)
        time.sleep(0.2)

    def command(self) -> tuple[str, ...]:
        return (sys.executable, "-W", "error", "-c", LIES, str(self._file))


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


@pytest.fixture
async def told_lies(place: Place, hired: str, telegram: Emulator, clock: Clock) -> AsyncIterator[Program]:
    program = Program(place, telegram, command=clock.command())
    await program.start()
    await program.ready()
    yield program
    await program.kill()
    assert "Traceback" not in program.printed
    assert " ERROR " not in program.printed


async def uses_up_tries(phone: Phone, content: Content) -> None:
    for _ in range(6):
        if words(await phone.says(f"/mycode {WRONG}"))[-1].startswith(content.form_says("case-too-many")):
            return
    raise AssertionError("tries are not limited")


async def may_try(phone: Phone, content: Content) -> bool:
    return words(await phone.says(f"/mycode {WRONG}"))[-1].startswith(content.form_says("case-wrong"))


async def test_forward_an_hour_and_back_a_day(
    told_lies: Program, place: Place, hired: str, telegram: Emulator, clock: Clock, small_content: Content
) -> None:
    younger, writer, owner = (Phone(telegram, 4_000_000_001 + number) for number in range(3))
    await younger.says("/age")
    await younger.presses(small_content.press("age-under-11"))
    await reaches_story(writer)
    await writer.says("one")
    await reaches_story(owner)
    await owner.says("all of it")
    code = await finishes(owner)
    said = ["one"]
    jumps = ((HOUR, True), (-DAY, False), (HOUR - DAY, True), (-DAY, False))
    for number, (jump, resumed) in enumerate(jumps):
        # One for each jump: what a chat may look up in a short time is limited, whatever the clock says.
        guesser = Phone(telegram, 4_000_000_004 + number)
        await uses_up_tries(guesser, small_content)
        clock.set(jump)
        print(jump)
        assert is_card((await guesser.says(EMERGENCY))[0], small_content)
        answer = words(await younger.says(ADVICE))
        assert answer[0].startswith(small_content.younger("sextortion")), answer
        last = (await writer.says(str(jump)))[-1]
        if resumed:  # after half an hour they are asked first
            assert last.text.startswith(small_content.form_says("resume")), last.text
            await writer.presses(small_content.form_press("resume"))
            last = (await writer.says(str(jump)))[-1]
        assert last.text.startswith(small_content.form_says("more")), last.text
        said.append(str(jump))
        menu = (await owner.says(f"/mycode {code}"))[-1]
        assert small_content.form_says("case-new") in menu.text, menu.text
        assert await may_try(guesser, small_content), "locked out"
    await finishes(writer)
    assert await told_lies.stop() == 0
    async with Desk(place, "Ada", hired) as desk:
        stories = {told(await desk.opens(case))["story"] for case in await desk.cases()}
        assert await desk.log_is_whole()
    assert stories == {"all of it", "\n\n".join(said)}


async def test_a_start_with_a_clock_that_is_far_off(
    place: Place, hired: str, telegram: Emulator, clock: Clock, small_content: Content
) -> None:
    """As of a machine without a battery: reports are still there, then and once the clock is right."""
    program = Program(place, telegram, command=clock.command())
    owner = Phone(telegram, 4_000_000_001)
    try:
        await program.start()
        await program.ready()
        await reaches_story(owner)
        await owner.says("all of it")
        code = await finishes(owner)
        assert await program.stop() == 0
        for each in (-30 * DAY, 400 * DAY, 0):
            clock.set(each)
            await program.start()
            await program.ready()
            assert is_card((await owner.says(EMERGENCY))[0], small_content)
            menu = (await owner.says(f"/mycode {code}"))[-1]
            assert small_content.form_says("case-new") in menu.text, menu.text
            assert await program.stop() == 0
        assert "Traceback" not in program.printed
    finally:
        await program.kill()
