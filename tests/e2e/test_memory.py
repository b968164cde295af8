"""Nothing that somebody wrote stays in the memory of the bot or its processes for more than a minute after it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.channels.web.browsing import Browser
from tests.e2e.desk import hire
from tests.e2e.phone import Phone
from tests.e2e.program import Place, Program
from tests.e2e.test_reports import CODE, code_in, fills_in
from tests.e2e.test_web import address_of
from tests.emulator import Emulator
from tests.memory import every_process, found_in

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SECONDS = 60
MARKS = ("{}", "{}é", "{}ł", "{}😢")
"""Texts of one, two and four bytes a letter."""


class Marks:
    """Words that stand nowhere else, each with a name."""

    def __init__(self) -> None:
        self.planted: dict[str, str] = {}

    def __call__(self, name: str, sentence: str = "he keeps sending me {} and i am scared") -> str:
        """A sentence with a new mark in it."""
        form = MARKS[len(self.planted) % len(MARKS)]
        mark = self.planted[name] = "zq" + secrets.token_hex(8)
        return sentence.format(form.format(mark))


class RealBrowser(Browser):
    """One on the other end of a connection."""

    def __init__(self, address: str) -> None:
        self.client = httpx.AsyncClient(base_url=address, headers={"accept-language": "en-GB"})


@pytest.fixture
async def running(place: Place, telegram: Emulator) -> AsyncIterator[Program]:
    hire(place)
    program = Program(place, telegram)
    await program.start()
    await program.ready()
    yield program
    assert await program.stop() == 0
    assert "Traceback" not in program.printed


async def test_a_minute_later_nothing_is_there(running: Program, telegram: Emulator) -> None:
    marks = Marks()
    await on_telegram(Phone(telegram, 7_300_000_001), marks)
    await on_the_web(await address_of(running), marks)
    await briefly(await address_of(running), marks)
    over = time.monotonic()
    assert len(marks.planted) > 15
    while left := await asyncio.to_thread(found_in, every_process(running.pid), marks.planted):
        assert time.monotonic() - over < SECONDS, left
        await asyncio.sleep(3)


async def on_telegram(phone: Phone, marks: Marks) -> None:
    for number in range(4):
        await phone.says(marks(f"telegram: worry {number}"))
    await phone.says(marks("telegram: nonsense", "so {} then"))
    await phone.says(marks("telegram: command", "/nonsense {}"))
    await phone.edits(marks("telegram: edited"))
    await fills_in(phone, marks("telegram: story"))
    await phone.presses("Change something")
    await phone.presses("Where")
    await phone.says(marks("telegram: where"))
    code = code_in(await phone.presses("Send it"))
    marks.planted["telegram: code"] = code
    await phone.presses("I've saved it")
    await phone.says(f"/mycode {code}")
    await phone.presses("Write more")
    await phone.says(marks("telegram: more"))
    await phone.presses("Send it")
    await phone.says("/mycode")
    await phone.says(" ".join(word.upper() for word in code.split()))
    await phone.says("/hide")


async def on_the_web(address: str, marks: Marks) -> None:
    browser = RealBrowser(address)
    async with browser.client:
        await browser.open()
        for number in range(4):
            await browser.say(marks(f"web: worry {number}"))
        await browser.say("/report")
        for press in ("No", "Go on", "Me"):
            await browser.press(press)
        await browser.say(marks("web: story"))
        await browser.press("That's all")
        for _ in ("where", "kind", "contact"):
            await browser.press("Skip")
        await browser.press("Send it")
        (code,) = [entry.text for entry in browser.entries if CODE.search(entry.text)][-1:]
        found = CODE.search(code)
        assert found is not None
        marks.planted["web: code"] = found[0]
        await browser.press("I've saved it")
        await browser.say(f"/mycode {found[0]}")
        await browser.say(marks("web: last"))
        await browser.submit("leave")


async def briefly(address: str, marks: Marks) -> None:
    """Types one long text, and is gone: no later request is as long."""
    browser = RealBrowser(address)
    async with browser.client:
        await browser.open()
        await browser.say("he will not stop " * 100 + marks("web: end of a long text"))
