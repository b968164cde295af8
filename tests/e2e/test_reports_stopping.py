"""A report while the program stops, dies and starts again; and where there is nobody to read one."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import sys
from collections.abc import AsyncIterator

import pytest

from safetybot.dialogue.draft import BREAK_MINUTES
from safetybot.service.report_service import OFFERED_SECONDS
from tests.e2e.desk import Desk, hire, told
from tests.e2e.phone import Phone, buttons
from tests.e2e.program import Place, Program
from tests.e2e.speech import Content
from tests.emulator import Emulator

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]

STORY = "everyone laughs at me in the chat"


def later(minutes: int) -> tuple[str, ...]:
    """The program with its clock ahead by so many minutes."""
    ahead = f"import sys, time; now = time.time; time.time = lambda: now() + {minutes * 60}; "
    return sys.executable, "-W", "error", "-c", f"{ahead}from safetybot.cli.main import main; sys.exit(main())"


def rows(place: Place, table: str) -> int:
    with sqlite3.connect(place.database) as database:
        number = int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    database.close()
    return number


@pytest.fixture
async def desk(place: Place) -> AsyncIterator[Desk]:
    """The only member of staff."""
    async with Desk(place, "Ada", hire(place)) as desk:
        yield desk


async def fills_in(phone: Phone) -> None:
    """As far as the last question."""
    await phone.says("/report")
    for press in ("No", "Go on", "Me"):
        await phone.presses(press)
    await phone.says(STORY)
    for press in ("That's all", "Skip", "Being mean", "Done"):
        await phone.presses(press)


async def ends(program: Program, *, by_force: bool) -> None:
    if by_force:
        await program.kill()
    else:
        assert await program.stop() == 0, program.printed


@pytest.mark.parametrize("by_force", [False, True], ids=["SIGTERM", "SIGKILL"])
async def test_a_start_in_between_is_not_noticed(
    program: Program, desk: Desk, telegram: Emulator, phone: Phone, small_content: Content, by_force: bool
) -> None:
    """Whatever was answered before, at whatever question, is in the report that is sent in the end."""
    await program.start()
    await phone.says("/report")
    await phone.presses("No")
    await ends(program, by_force=by_force)
    await program.start()
    (question,) = await phone.presses("Go on")
    assert question.text == small_content.asks("about")
    await phone.presses("A friend")
    await phone.says(STORY)
    await ends(program, by_force=by_force)
    await program.start()
    (more,) = await phone.says("they post nasty things about me")  # no question whether to go on
    assert more.text == small_content.form_says("more")
    for press in ("That's all", "Skip", "Being mean", "Done"):
        await phone.presses(press)
    await ends(program, by_force=by_force)
    await program.start()
    (review,) = await phone.presses("Skip")
    assert STORY in review.text
    await phone.presses("Send it")
    await ends(program, by_force=by_force)
    await program.start()
    # The code can still be shown once more, and the case opens with it.
    await phone.presses("I've saved it")
    _, code = await phone.presses("Show it again")
    (menu,) = await phone.says(code.text)
    assert small_content.form_says("case-new") in menu.text
    (case,) = await desk.cases()
    assert told(await desk.opens(case)) == {
        "danger": "no",
        "about": "friend",
        "story": f"{STORY}\n\nthey post nasty things about me",
        "kind": "mean",
    }
    await telegram.wait_confirmed()
    assert await program.stop() == 0
    assert telegram.pending == 0


async def test_killed_between_filing_and_showing_the_code(
    program: Program, desk: Desk, telegram: Emulator, phone: Phone
) -> None:
    await program.start()
    await fills_in(phone)
    await phone.presses("Skip")
    refused = telegram.faults.add("502", "sendMessage")
    data = phone.button("Send it")
    telegram.push_press(phone.chat, data, "en")
    await telegram.until(lambda: refused.happened, 60)
    assert rows(program.place, "cases") == 1
    assert rows(program.place, "drafts") == 0
    await program.kill()
    telegram.faults.clear()
    before = len(telegram.sent(phone.chat))
    await program.start()
    await telegram.wait_confirmed(60)
    _, code = telegram.sent(phone.chat)[before:]
    assert re.fullmatch(r"[a-z]+( [a-z]+){5}", code.text)
    assert rows(program.place, "cases") == 1
    (menu,) = await phone.says(code.text)
    assert "Read replies" in buttons(menu)


async def test_after_a_break_it_asks_and_shows_nothing_that_was_written(
    place: Place, desk: Desk, telegram: Emulator, phone: Phone, small_content: Content
) -> None:
    say, press = small_content.form_says, small_content.form_press
    first = Program(place, telegram)
    await first.start()
    await fills_in(phone)
    assert await first.stop() == 0
    program = Program(place, telegram, command=later(BREAK_MINUTES + 1))
    try:
        await program.start()
        (asked,) = await phone.presses(press("skip"))
        assert asked.text == say("resume")
        assert buttons(asked) == [press("resume"), press("discard"), "Help now"]
        (question,) = await phone.presses(press("resume"))
        assert question.text == small_content.asks("contact")
        (review,) = await phone.presses(press("skip"))
        assert STORY in review.text
        assert await program.stop() == 0
    finally:
        await program.kill()
    # After a day nothing is left of it.
    program = Program(place, telegram, command=later(26 * 60))
    try:
        await program.start()
        (nothing,) = await phone.presses(press("send"))
        assert nothing.text == say("nothing-open")
        await telegram.until(lambda: rows(place, "drafts") == 0)
        assert await program.stop() == 0
    finally:
        await program.kill()
    assert rows(place, "cases") == 0


async def test_thrown_away_after_a_break(
    place: Place, desk: Desk, telegram: Emulator, phone: Phone, small_content: Content
) -> None:
    first = Program(place, telegram)
    await first.start()
    await fills_in(phone)
    assert await first.stop() == 0
    program = Program(place, telegram, command=later(BREAK_MINUTES + 1))
    try:
        await program.start()
        # A worry in between is answered first.
        *_, asked = await phone.says("how do I make a password stronger")
        assert asked.text == small_content.form_says("resume")
        (deleted,) = await phone.presses(small_content.form_press("discard"))
        assert deleted.text == small_content.form_says("deleted")
        assert rows(place, "drafts") == 0
        assert await program.stop() == 0
    finally:
        await program.kill()


async def test_without_anybody_to_read_it_the_official_routes_are_shown(
    program: Program, place: Place, telegram: Emulator, phone: Phone, small_content: Content
) -> None:
    await program.start()
    await program.ready()
    assert "staff add" in program.printed  # the operator is told
    await phone.says("someone is blackmailing me with my nudes")
    for step in small_content.topic("sextortion")["answer"]["steps"]:
        await phone.presses(step["button"])
    (routes,) = await phone.presses(small_content.press("report"))
    assert routes.text.startswith(small_content.say("report-routes"))
    assert "CEOP" in routes.text
    for text in ("/report", "/start report"):
        (routes,) = await phone.says(text)
        assert routes.text.startswith(small_content.say("report-routes"))
    assert rows(place, "drafts") == 0

    # From the moment there is somebody, reports are taken, without a new start.
    hire(place)
    await asyncio.sleep(OFFERED_SECONDS)
    *_, question = await phone.says("/report")
    assert question.text == small_content.asks("danger")
    assert await program.stop() == 0
    assert telegram.pending == 0
