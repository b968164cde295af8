"""An editor's day: change an answer, break it, see the fault, mend it, teach the bot; and the bot answers with it."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from safetybot.guidance.live import LiveContent
from safetybot.matching.encoder import SentenceEncoder
from safetybot.matching.fitter import Fitter
from safetybot.service.unanswered import Words, seal_words
from safetybot.storage import unanswered
from safetybot.storage.database import sqlite_engine
from safetybot.storage.store import Batch, Count, Store
from safetybot.storage.unanswered import SealedWords
from safetybot.understanding.understanding import Understanding, understand
from tests.browser.preview.conftest import Sit
from tests.browser.preview.editorwindow import PreviewSite
from tests.guidance.conftest import PASSWORDS, SEXTORTION
from tests.talking import Bot

WORDS_LIVE, EXAMPLES_LIVE = 2.0, 5.0
"""Seconds after a save in which the running bot must answer with it."""


class Follower:
    """A running bot, and how soon it has what was saved."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.news = asyncio.Event()
        self._chats = 0

    async def says(self, text: str) -> str:
        """What somebody new is answered."""
        self._chats += 1
        return "\n".join(message.text for message in await self.bot.chat(str(self._chats)).say(text))

    def first(self, topic: str) -> str:
        """A topic's first message, as it answers now."""
        return self.bot.understanding.conversation.tongue("en").guidance.topics[topic].answer.first

    async def within(self, seconds: float, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(seconds):
            while not wanted():
                await self.news.wait()
                self.news.clear()


@pytest_asyncio.fixture(loop_scope="session")
async def follower(preview: PreviewSite, learnt: Path, empty_database: Path, tmp_path: Path) -> AsyncIterator[Follower]:
    """A bot on the same folder, with what ``safetybot run`` follows it with."""
    shutil.copytree(learnt, tmp_path / "bots-cache")
    fitter = Fitter(tmp_path / "bots-cache", SentenceEncoder())
    live: LiveContent[Understanding] = LiveContent(
        preview.content.folder, lambda library: understand(library, fitter), told=lambda _: changed()
    )
    follower: Follower | None = None

    def changed() -> None:
        if follower is not None:
            follower.bot.understanding = live.current
            follower.news.set()

    async with live:
        bot = Bot(live.current, empty_database, tmp_path / "data")
        follower = Follower(bot)
        await bot.start()
        yield follower
        await bot.stop()


async def test_an_editors_day(sit: Sit, preview: PreviewSite, follower: Follower) -> None:
    await preview.learnt()
    window = await sit()
    page = window.page
    await window.shows("All is right.")

    # Change an answer.
    await page.get_by_role("link", name="I want a safe password").click()
    await page.get_by_role("link", name="Change this topic").click()
    first = page.get_by_label("First message", exact=True)
    await first.fill("Four random words make a strong password.")
    await page.get_by_role("button", name="Save").first.click()
    begun = time.monotonic()
    await follower.within(WORDS_LIVE, lambda: "Four random" in follower.first("passwords"))
    assert time.monotonic() - begun < WORDS_LIVE
    assert "Four random words" in await follower.says("how do I make a strong password")
    await window.shows("Saved.")
    await window.shows("Four random words make a strong password.")

    # Break it: refused, with the fault at the field, and nothing lost. Mend it there.
    await page.get_by_role("link", name="Change this topic").click()
    long = "Words. " * 60
    await first.fill(long)
    await page.locator(".count.over").wait_for()
    await page.get_by_role("button", name="Save").first.click()
    window.forgive()
    await window.shows("419 characters; limit 300. Move some to a step.")
    assert await first.get_attribute("aria-invalid") == "true"
    assert await first.input_value() == long.strip()
    await window.check("edit-refused")
    await first.fill("Five random words make a very strong password.")
    await page.get_by_role("button", name="Save").first.click()
    await window.shows("Saved.")

    # Break another in a program of its own: the open overview follows, and the bot goes on.
    await page.get_by_role("link", name="Overview").click()
    preview.content.change(SEXTORTION, "urgency: high", "urgency: hihg")
    begun = time.monotonic()
    await window.shows("1 fault.")
    assert time.monotonic() - begun < 2
    await page.get_by_role("link", name="Show the faults").click()
    await window.shows("Use normal, high or emergency.")
    assert await page.locator("mark").first.inner_text() == "hihg"
    assert "This is blackmail" in await follower.says("someone is blackmailing me with my nudes")
    await window.check("faults")
    preview.content.change(SEXTORTION, "urgency: hihg", "urgency: high")
    await page.locator(".fault.error").first.wait_for(state="detached")
    await preview.learnt()

    # Try a message, and add it as an example.
    await page.get_by_role("link", name="Try a message").click()
    message = "where can i keep all the secret words for my apps"
    await page.get_by_label("What a young person might write").fill(message)
    await page.get_by_role("button", name="Try it").click()
    await window.shows("The nearest topics")
    await window.check("tried")
    await page.get_by_label("Topic").select_option(label="I want a safe password")
    await page.get_by_role("button", name="Add this as an example").click()
    begun = time.monotonic()
    await window.shows("Added as an example of “I want a safe password”.")
    assert message not in page.url
    await follower.within(EXAMPLES_LIVE, lambda: message in follower.bot.understanding.interpreters["en"].corpus.texts)
    assert time.monotonic() - begun < EXAMPLES_LIVE
    assert "Five random words" in await follower.says(message)
    assert preview.content.text(PASSWORDS).endswith(f"  - {message}\n")
    await window.shows("Added")
    await window.check("added")
    assert not any(message.split()[0] in re.sub(r".*\?", "", url) for url in window.asked)


@pytest.mark.slow
async def test_every_page(sit: Sit, preview: PreviewSite, empty_database: Path) -> None:
    shutil.copy(empty_database, preview.database)
    engine = sqlite_engine(preview.database)
    counts = {Count("2026-11-02", name, "sextortion"): 4 for name in ("answer", "up", "down", "unanswered")}
    await Store(engine).write(Batch(counts=Counter(counts)))
    async with engine.begin() as connection:
        for number, topic in enumerate(("passwords", "")):
            sealed = seal_words(Words("how do i lock my diary app", topic, "en"), preview.pair.public)
            await unanswered.add(connection, SealedWords(f"{number:032}", "2026-11-20", sealed))
    await engine.dispose()
    preview.content.change(PASSWORDS, "due: 2027-03-01", "due: 2026-03-01")
    await preview.learnt()
    window = await sit()
    for path, name in (
        ("/", "overview"),
        ("/topics/en/sextortion", "topic"),
        ("/topics/en/sextortion?age=under-11", "topic-younger"),
        ("/topics/en/sextortion/edit", "edit"),
        ("/press?language=en&press=now", "card"),
        ("/try", "try"),
        ("/unanswered", "unanswered"),
    ):
        await window.goes(path)
        await window.check(name)
    window.forgive()
    await window.goes("/nope")
    await window.check("problem")


async def test_a_click_is_not_lost_when_news_arrive_while_it_is_made(sit: Sit, preview: PreviewSite) -> None:
    await preview.learnt()
    window = await sit()
    page = window.page
    await window.shows("All is right.")
    await page.get_by_role("link", name="I want a safe password").hover()
    await page.mouse.down()
    async with page.expect_response(page.url):
        preview.content.change(PASSWORDS, "due: 2027-03-01", "due: 2027-04-01")
    await page.evaluate("new Promise((done) => setTimeout(done, 100))")  # the answer is put into the page
    await page.mouse.up()
    await page.wait_for_url("**/topics/en/passwords")


async def test_a_change_elsewhere_is_told_in_the_open_form_and_shown_on_saving(sit: Sit, preview: PreviewSite) -> None:
    await preview.learnt()
    window = await sit(path="/topics/en/sextortion/edit")
    page = window.page
    await page.get_by_label("Title").fill("Mine")
    preview.content.change(SEXTORTION, "Keep proof.", "Keep all the proof.")
    await window.shows("The file was changed on the disk just now.")
    assert await page.get_by_label("Title").input_value() == "Mine"
    window.forgive()
    await page.get_by_role("button", name="Save").first.click()
    await window.shows("Somebody else changed this file meanwhile")
    await window.check("conflict")
    assert await page.locator(".diff .mine").inner_text() == "+title: Mine"
    await page.get_by_role("button", name="Save").first.click()
    await window.shows("Saved.")
    text = preview.content.text(SEXTORTION)
    assert "title: Mine\n" in text
    assert "Keep all the proof." in text


async def test_without_a_script(sit: Sit, preview: PreviewSite) -> None:
    await preview.learnt()
    window = await sit(script=False, size=(320, 640))
    page = window.page
    preview.content.change(PASSWORDS, "group: accounts", "group: acounts")
    await preview.watcher.catch_up()
    await page.get_by_role("link", name="Refresh").click()
    await window.shows("1 fault.")
    preview.content.change(PASSWORDS, "group: acounts", "group: accounts")
    await preview.watcher.catch_up()
    await preview.learnt()
    await window.goes("/topics/en/passwords/edit")
    await page.get_by_role("button", name="Add a step", exact=True).click()
    await page.get_by_label("Button").nth(1).fill("And then?")
    await page.get_by_label("Message").nth(2).fill("Write them down.")
    await page.get_by_role("button", name="Move step 2 up").click()
    assert await page.get_by_label("Button").nth(0).input_value() == "And then?"
    await page.get_by_role("button", name="Save").first.click()
    await window.shows("Saved.")
    assert preview.content.text(PASSWORDS).index("And then?") < preview.content.text(PASSWORDS).index(
        "What else helps?"
    )
    await window.goes("/try")
    await page.get_by_label("What a young person might write").fill("my password is too easy")
    await page.get_by_role("button", name="Try it").click()
    await window.shows("The nearest topics")
    assert await window.sideways() <= 0
