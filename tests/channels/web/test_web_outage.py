"""The database goes away and comes back under a running chat: whoever is in danger is answered, and nothing is lost.

A PostgreSQL server is stopped and started; a SQLite file is moved away and back, or can be read by nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from safetybot.channels.telegram import run_telegram
from safetybot.channels.web import WebChat, WebOptions
from safetybot.dialogue.messages import Outgoing
from safetybot.guidance.model import Guidance
from safetybot.storage.location import DatabaseLocation
from safetybot.understanding.understanding import Understanding
from tests import postgres
from tests.channels.web.browsing import PUBLIC, SCHOOL, Browser, web_chat
from tests.emulator import Emulator
from tests.talking import Bot, Phrasebook

DATABASES = ("sqlite",)
"""The server is one of this module's own, which may be stopped."""
SECRET = "zebedee told me to keep quiet"
BROKEN = "Something went wrong"


@dataclass
class Outage:
    """A bot whose database can be taken away."""

    bot: Bot
    _take: Callable[[], None]
    _give: Callable[[], None]
    _lasts: bool = False

    def begin(self) -> None:
        self._take()
        self._lasts = True

    def end(self) -> None:
        """Once is enough."""
        if self._lasts:
            self._give()
        self._lasts = False


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """One that may be stopped."""
    with postgres.running(lasting=True) as server:
        yield server


@pytest.fixture(params=["moved away", "unreadable", "postgresql"])
async def outage(
    request: pytest.FixtureRequest, understanding: Understanding, empty_database: Path, tmp_path: Path
) -> AsyncIterator[Outage]:
    where: DatabaseLocation = empty_database
    server: postgres.Server | None = None
    if request.param == "postgresql":
        server = request.getfixturevalue("server")
        where = server.new()
    bot = Bot(understanding, where, tmp_path / "data")
    await bot.start()
    file, away = bot.settings.data / "safetybot.sqlite3", tmp_path / "away"

    def take() -> None:
        file.rename(away)
        if request.param == "unreadable":  # for root too
            file.mkdir()

    def give() -> None:
        if request.param == "unreadable":
            file.rmdir()
        away.rename(file)

    outage = Outage(bot, server.stop, server.start) if server else Outage(bot, take, give)
    yield outage
    outage.end()
    await bot.stop()


@pytest.fixture
async def chat(outage: Outage) -> AsyncIterator[WebChat]:
    web = web_chat(outage.bot)
    yield web
    await web.drain()


@pytest.fixture
async def talked(chat: WebChat) -> AsyncIterator[Browser]:
    """Somebody who has said something before."""
    browser = Browser(chat)
    await browser.open()
    await browser.say(SECRET)
    yield browser
    await browser.client.aclose()


@pytest.fixture
async def somebody(chat: WebChat) -> AsyncIterator[Browser]:
    """Somebody who comes while it lasts."""
    browser = Browser(chat)
    yield browser
    await browser.client.aclose()


async def is_back(browser: Browser, words: str) -> None:
    """What is said is kept again, at the latest after a moment."""
    async with asyncio.timeout(30):
        while True:
            await browser.say(words)
            await browser.open()
            if words in browser.text:
                return
            await asyncio.sleep(0.2)


class TestSomebodyNew:
    async def test_is_greeted_answered_and_kept_once_it_is_back(
        self, outage: Outage, somebody: Browser, phrasebook: Phrasebook, english: Guidance
    ) -> None:
        outage.begin()
        await somebody.open()
        assert somebody.response.status_code == 200
        assert somebody.page.find("textarea", id="text")
        greeting = english.wording.say["welcome"].split("\n")[0].replace("*", "")
        assert greeting[:30] in somebody.text
        assert BROKEN not in somebody.text

        await somebody.say(phrasebook.emergencies[0])
        assert somebody.response.status_code == 200
        (_, card, *_) = somebody.entries
        assert "urgent" in card.classes
        assert card.find("a", href="tel:999")
        await somebody.say(phrasebook.asks["sextortion"])
        first = english.topics["sextortion"].answer.first.split("\n")[0].replace("*", "")
        assert first[:30] in somebody.text
        assert BROKEN in somebody.text  # nobody thinks that it is kept
        for press in ("topics", "now"):
            action, fields = somebody.form("press")
            await somebody._came(await somebody.post(action, {**fields, "press": press}))
            assert somebody.response.status_code == 200
            assert len(somebody.entries) >= 2

        outage.end()
        await is_back(somebody, SECRET)
        assert phrasebook.emergencies[0] not in somebody.text

    async def test_a_script_is_answered_too(self, outage: Outage, somebody: Browser, phrasebook: Phrasebook) -> None:
        outage.begin()
        await somebody.open()
        action, fields = somebody.form("say")
        for _ in range(2):
            said = {**fields, "text": phrasebook.emergencies[0], "seen": "1"}
            response = await somebody.post(action, said, accept="application/json")
            assert response.status_code == 200
            assert 'class="bot urgent"' in response.json()["html"]
            fields["token"] = response.json()["token"]
        response = await somebody.client.get("/", headers={"accept": "application/json"})
        assert response.status_code == 200
        assert response.json()["token"]
        outage.end()

    async def test_in_a_frame(self, outage: Outage, phrasebook: Phrasebook) -> None:
        web = web_chat(outage.bot, WebOptions(url=PUBLIC, embed=(SCHOOL,)))
        framed = Browser(web, PUBLIC, **{"sec-fetch-site": "same-origin"})
        outage.begin()
        await framed.open("/embed")
        assert framed.response.status_code == 200
        await framed.say(phrasebook.emergencies[0])
        assert any("urgent" in entry.classes for entry in framed.entries)
        outage.end()
        async with asyncio.timeout(30):
            while SECRET not in framed.text or BROKEN in framed.text:
                await framed.say(SECRET)
                await asyncio.sleep(0.2)
        await framed.say("hello")
        assert SECRET in framed.text
        await web.drain()
        await framed.client.aclose()

    async def test_a_report_is_refused_kindly_and_the_official_routes_are_shown(
        self, outage: Outage, somebody: Browser, english: Guidance
    ) -> None:
        await outage.bot.hire()
        outage.begin()
        await somebody.open()
        for fields in ({"text": "/report"}, {"press": "report"}, {"press": "report:sextortion"}):
            action, hidden = somebody.form("say")
            await somebody._came(await somebody.post(action, {**hidden, **fields}))
            assert somebody.response.status_code == 200
            assert BROKEN in somebody.text
            assert english.wording.say["report-routes"].split("\n")[0].replace("*", "")[:20] in somebody.text
        outage.end()


class TestSomebodyWhoTalked:
    async def test_sees_that_something_is_broken_and_then_all_of_it_again(
        self, outage: Outage, talked: Browser, phrasebook: Phrasebook
    ) -> None:
        held = talked.cookie
        outage.begin()
        await talked.open()
        assert talked.response.status_code == 200
        assert BROKEN in talked.text
        assert SECRET not in talked.text
        assert talked.page.find("textarea", id="text")
        await talked.say(phrasebook.emergencies[0])
        assert any("urgent" in entry.classes for entry in talked.entries)
        assert talked.cookie == held
        outage.end()
        await is_back(talked, "and now")
        assert SECRET in talked.text

    async def test_every_form_of_the_page_has_a_page(self, outage: Outage, talked: Browser) -> None:
        _, fields = talked.form("say")
        outage.begin()
        for path, more, status in (
            ("/hide", {}, 200),
            ("/again", {"how": "go-on"}, 200),
            ("/here", {}, 204),
            ("/say", {"text": "/mycode"}, 200),
            ("/say", {"text": "/mycode marble copper ladder"}, 200),
            ("/say", {"press": "rep:go-on"}, 200),
            ("/say", {"press": "case:write"}, 200),
            ("/say", {"text": "/urgent"}, 200),
            ("/say", {"text": "/talk"}, 200),
        ):
            response = await talked.post(path, {**fields, **more})
            assert response.status_code == status, path
            if status == 200:
                assert "0800 1111" in response.text
                assert BROKEN in response.text
        outage.end()
        await is_back(talked, "and now")
        assert SECRET in talked.text

    async def test_leaving_leads_away_and_a_new_chat_is_a_new_one(self, outage: Outage, talked: Browser) -> None:
        _, fields = talked.form("say")
        outage.begin()
        response = await talked.post("/again", {**fields, "how": "new"})
        assert response.status_code == 303
        await talked.open()
        assert SECRET not in talked.text
        response = await talked.post("/leave", {})
        assert response.status_code == 303
        assert response.headers["location"].startswith("https://")
        outage.end()


async def test_telegram_answers_meanwhile(outage: Outage, phrasebook: Phrasebook, english: Guidance) -> None:
    stop, said = asyncio.Event(), dict[int, list[str]]()
    async with Emulator() as telegram:
        running = asyncio.create_task(run_telegram(telegram.token, telegram.url, outage.bot.service, stop=stop))
        telegram.push_text(5, "hello")
        await telegram.wait_for(5, 1, 30)
        await telegram.wait_confirmed(30)  # the turn is over
        outage.begin()
        danger = phrasebook.emergencies[0]
        for chat, text in ((5, danger), (6, danger), (7, phrasebook.asks["sextortion"]), (8, "/report")):
            before = len(telegram.texts(chat))
            telegram.push_text(chat, text)
            async with asyncio.timeout(30):
                while not any(each.startswith(BROKEN) for each in telegram.texts(chat)[before:]):
                    await asyncio.sleep(0.05)
            said[chat] = telegram.texts(chat)[before:]
        assert "999" in said[5][0]
        assert "999" in said[6][0]
        assert said[7][0][:20] in english.topics["sextortion"].answer.first.replace("*", "")
        outage.end()
        before = len(telegram.texts(5))
        async with asyncio.timeout(30):
            while not telegram.texts(5)[before:] or telegram.texts(5)[-1].startswith(BROKEN):
                count = len(telegram.texts(5))
                telegram.push_text(5, phrasebook.asks["sextortion"])
                await telegram.wait_for(5, count + 1, 30)
                await asyncio.sleep(0.5)
        stop.set()
        await running


async def test_the_terminals_turn_is_answered_meanwhile(outage: Outage, phrasebook: Phrasebook) -> None:
    someone = outage.bot.chat("0", channel="terminal")
    assert await someone.say("hello")
    outage.begin()

    async def said(text: str) -> tuple[Outgoing, ...]:
        return await someone.say(text)

    card, *_ = await said(phrasebook.emergencies[0])
    assert card.urgent
    assert (await said("/start"))[-1].text.startswith(BROKEN)
    outage.end()
    async with asyncio.timeout(30):
        while (await said("/topics"))[-1].text.startswith(BROKEN):
            await asyncio.sleep(0.2)
