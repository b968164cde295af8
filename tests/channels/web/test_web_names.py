"""Names of chats: made by the server alone, and renewed before anything is written that another might want to read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from safetybot.channels.web import WebChat, WebOptions
from safetybot.storage.store import Store
from safetybot.storage.tables import drafts, transcripts, visits
from safetybot.vault.code_reading import parse
from safetybot.vault.codes import Code
from tests.channels.web.browsing import PUBLIC, SCHOOL, Browser, web_chat
from tests.databases import BOTH
from tests.talking import Bot

DATABASES = BOTH

WORDS = "zebedee says he will post my pictures"
FORM = (
    "rep:set:danger:no",
    "rep:done:reads",
    "rep:set:about:me",
)
AFTER_STORY = ("rep:done:story", "rep:done:where", "rep:on:kind:threats", "rep:done:kind", "rep:done:contact")


@pytest.fixture
async def other(web: WebChat) -> AsyncIterator[Browser]:
    """Somebody else, on a device of their own."""
    other = Browser(web)
    yield other
    await other.client.aclose()


def hold(browser: Browser, cookie: str | None) -> None:
    """Plant a cookie, as who has the device in their hands for a moment can."""
    assert cookie is not None
    browser.client.cookies.clear()
    browser.client.cookies.set("chat", cookie, domain="127.0.0.1")


async def sees_nothing(other: Browser, held: str | None) -> None:
    hold(other, held)
    await other.open()
    assert WORDS not in other.text
    if "again" in str([form.get("action") for form in other.page.find("form")]):
        await other.submit("/again", {"how": "go-on"})
        assert WORDS not in other.text
        for press in ("rep:look", "rep:go-on", "case:replies"):
            await other.submit("press", {"press": press})
            assert WORDS not in other.text


async def presses(browser: Browser, *presses: str) -> None:
    for press in presses:
        await browser.submit("press", {"press": press})


async def reports(browser: Browser) -> Code:
    """Fill the form in, and send it; the code."""
    await browser.say("/report")
    await presses(browser, *FORM)
    await browser.say(WORDS)
    await presses(browser, *AFTER_STORY, "rep:send")
    (code,) = [code for entry in browser.entries if isinstance(code := parse(entry.text), Code)]
    return code


class TestPlanted:
    @pytest.mark.parametrize(
        "made_up", ["b" + "Z" * 43, "a" + "Z" * 43, "b" + "Z" * 65 + "0" * 32, "a" + "Z" * 65 + "f" * 32]
    )
    async def test_a_name_that_was_never_issued_is_nothing(
        self, browser: Browser, other: Browser, made_up: str
    ) -> None:
        hold(browser, made_up)
        await browser.open()
        assert browser.response.status_code == 200
        assert browser.cookie not in (None, made_up)
        await browser.say(WORDS)
        await sees_nothing(other, made_up)

    async def test_a_live_one_sees_nothing_of_the_first_words(self, browser: Browser, other: Browser) -> None:
        await other.open()
        planted = other.cookie
        hold(browser, planted)
        await browser.open()
        assert browser.cookie == planted, "it is a name of ours, in which nothing was said yet"
        await browser.say(WORDS)
        assert browser.cookie != planted
        await sees_nothing(other, planted)
        assert WORDS in (await browser.open()).text

    async def test_a_form_that_the_other_kept_leads_nowhere(self, browser: Browser, other: Browser) -> None:
        await other.open()
        planted = other.cookie
        hold(browser, planted)
        await browser.open()
        await browser.say(WORDS)
        await other.say("who is there?")
        assert WORDS not in other.text
        assert other.cookie != browser.cookie


class TestCopied:
    """Somebody has copied the name of a chat in which something was said already."""

    async def test_it_sees_nothing_of_a_report_that_is_begun(self, bot: Bot, browser: Browser, other: Browser) -> None:
        await bot.hire()
        await browser.say("hello there")
        copied = browser.cookie
        await browser.say("/report")
        assert browser.cookie != copied
        assert "hello there" in browser.text, "the page is the same"
        await presses(browser, *FORM)
        await browser.say(WORDS)
        await sees_nothing(other, copied)
        await browser.open()
        await presses(browser, "rep:look")
        assert WORDS in browser.text

    async def test_it_sees_nothing_after_a_code(self, bot: Bot, web: WebChat, browser: Browser, other: Browser) -> None:
        await bot.hire()
        code = await reports(browser)
        fresh = Browser(web)
        await fresh.open()
        await fresh.say("hello there")
        copied = fresh.cookie
        await fresh.say(f"/mycode {code.text}")
        assert fresh.cookie != copied
        await sees_nothing(other, copied)
        await presses(fresh, "case:write")
        assert await bot.rows(visits) >= 1
        await fresh.client.aclose()

    async def test_nothing_stays_under_the_old_name(self, bot: Bot, browser: Browser) -> None:
        await bot.hire()
        await browser.say("hello there")
        await browser.say("/report")
        await bot.service.committed()
        assert await bot.rows(transcripts) == 1
        assert await bot.rows(drafts) == 1


class TestSentAgain:
    async def test_an_answer_that_got_lost_loses_nothing(self, bot: Bot, browser: Browser) -> None:
        """The browser was never told the new name, and sends the same form once more."""
        await bot.hire()
        for text in ("hello there", "/report"):
            before = browser.cookie
            action, hidden = browser.form("say")
            lost = await browser.post(action, {**hidden, "text": text})
            assert lost.status_code == 303
            new = browser.cookie
            hold(browser, before)
            await browser._came(await browser.post(action, {**hidden, "text": text}))
            assert browser.cookie == new
            assert browser.text.count("hello there") == 1
        assert await bot.rows(drafts) == 1

    async def test_an_older_page_sends_what_is_written_there(self, browser: Browser, web: WebChat) -> None:
        await browser.say("hello there")
        tab = Browser(web)
        tab.client.cookies = browser.client.cookies
        await tab.open()
        await browser.say("/report")
        tab.client.cookies = browser.client.cookies
        await tab.say(WORDS)
        assert tab.response.status_code == 200
        assert "hello there" in tab.text
        await tab.client.aclose()


class TestFramed:
    """There the page itself holds the name."""

    async def test_the_page_gets_the_new_name(self, bot: Bot) -> None:
        await bot.hire()
        web = web_chat(bot, WebOptions(url=PUBLIC, embed=(SCHOOL,)))
        framed = Browser(web, PUBLIC, **{"sec-fetch-site": "same-origin", "origin": PUBLIC})
        await framed.open("/embed")
        held = [framed.form("say")[1]["chat"]]
        for text in ("hello there", "/report"):
            await framed.submit("say", {"text": text})
            held.append(framed.form("say")[1]["chat"])
        assert len(set(held)) == 3
        assert "hello there" in framed.text
        await web.drain()
        await framed.client.aclose()


async def test_where_it_cannot_be_renewed_the_chat_keeps_its_name(
    bot: Bot, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bot.hire()
    await browser.say("hello there")
    before = browser.cookie

    async def fails(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(Store, "rename", fails)
    await browser.say("/report")
    assert browser.cookie == before
    assert "hello there" in browser.text
    monkeypatch.undo()
    await presses(browser, *FORM)
    assert await bot.rows(drafts) == 1
