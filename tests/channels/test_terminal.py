"""The conversation in a terminal: what is typed, what is shown, and buttons as numbers."""

from __future__ import annotations

import io
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import text

from safetybot.channels.terminal import run_terminal
from safetybot.guidance.model import Guidance
from tests.talking import Bot, Phrasebook

Converse = Callable[..., Awaitable[str]]


@pytest.fixture
def converse(bot: Bot, tmp_path: Path) -> Iterator[Converse]:
    """Type lines, then end the input; everything that was shown."""
    keyboard = os.dup(0)

    async def type_lines(*lines: str | bytes, language: str | None = None, terminal: bool = False) -> str:
        typed = tmp_path / "typed"
        typed.write_bytes(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines))
        with typed.open("rb") as file:
            os.dup2(file.fileno(), 0)
        screen = io.StringIO()
        await run_terminal(bot.service, Console(file=screen, width=200, force_terminal=terminal), language)
        return screen.getvalue()

    yield type_lines
    os.dup2(keyboard, 0)
    os.close(keyboard)


def words(screen: str) -> str:
    """What was shown, without frames, prompts and line ends."""
    return " ".join(screen.replace("│", " ").replace("> ", " ").split())


async def test_it_greets_and_says_how_to_use_it(converse: Converse, english: Guidance) -> None:
    shown = words(await converse())
    assert "A number chooses a button" in shown
    assert english.wording.say["welcome"] in shown
    assert "[1] All topics" in shown


async def test_a_text_gets_its_answer_with_numbered_buttons(converse: Converse, phrasebook: Phrasebook) -> None:
    shown = words(await converse(phrasebook.asks["passwords"]))
    assert "Three random words make a strong password." in shown
    assert "[1] What else helps? [2] Talk to a person [3] Help now" in shown


async def test_a_number_presses_a_button_of_the_last_answer(converse: Converse, phrasebook: Phrasebook) -> None:
    shown = words(await converse(phrasebook.asks["passwords"], "1", "1"))
    assert "Turn on two-step sign-in." in shown
    assert "This is blackmail" in shown  # the first button there is a related topic


async def test_the_buttons_of_all_messages_of_an_answer_are_numbered_through(
    converse: Converse, phrasebook: Phrasebook
) -> None:
    shown = words(await converse(phrasebook.asks["cyberbullying"], "4"))
    assert "[1] How do I keep proof? [2] Who can help [3] Help now" in shown
    assert "[4] Under 11 [5] 11 to 13" in shown
    assert "Show a grown-up what they wrote." in shown


@pytest.mark.parametrize("typed", ["0", "99", "-1", "1.", "²", "1 2", "٣", "0001", "9" * 5_000])
async def test_what_is_no_button_is_a_text(converse: Converse, typed: str) -> None:
    shown = words(await converse(typed))
    assert "What is it about?" not in shown  # the first button was not pressed


async def test_an_emergency_is_plain_to_see(converse: Converse, phrasebook: Phrasebook) -> None:
    shown = await converse(phrasebook.emergencies[0], terminal=True)
    assert "call \x1b[1m999\x1b[0m" in shown
    assert "\x1b[1;31m╭" in shown  # a bold red frame


async def test_lists_and_links_are_readable(converse: Converse) -> None:
    shown = await converse("/start sextortion")
    assert "• Childline: call 0800 1111" in shown
    assert "https://www.childline.org.uk/" in shown
    assert "**" not in shown


async def test_blank_lines_say_nothing(converse: Converse) -> None:
    assert words(await converse("", "   ")) == words(await converse())


async def test_hide_clears_the_screen(converse: Converse, english: Guidance) -> None:
    shown = await converse("hello", "/hide", terminal=True)
    before, _, after = shown.rpartition("\x1b[2J")
    assert "tell me what worries you" in words(before)
    assert english.wording.say["hide-done"] in after


async def test_the_language_can_be_given(converse: Converse) -> None:
    assert "Helo." in await converse(language="cy")


async def test_it_remembers_from_one_time_to_the_next(converse: Converse, bot: Bot) -> None:
    await converse("/age", "1")
    await bot.restart()
    assert "Someone is being unkind" in await converse("/start sextortion")


@pytest.mark.parametrize("typed", [b"caf\xe9", b"\xff\xfe", "\x1b[31m", "a\x00b", "<b>", "[bold]x[/bold]", "[/]"])
async def test_anything_may_be_typed(converse: Converse, typed: str | bytes) -> None:
    shown = await converse(typed, "/help")
    assert "Write what happened, in your own words." in words(shown)


async def test_when_something_breaks_it_says_where_help_is_and_goes_on(
    converse: Converse, bot: Bot, english: Guidance, caplog: pytest.LogCaptureFixture
) -> None:
    async with bot.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE sessions RENAME TO away"))
    shown = words(await converse("zebedee"))
    assert shown.count(english.wording.say["broken"].replace("**", "")) == 2
    assert "is answered without" in caplog.text
    assert "zebedee" not in caplog.text
    async with bot.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE away RENAME TO sessions"))
    assert "Write what happened" in words(await converse("/help"))
