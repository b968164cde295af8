"""What the page's script is answered: the same turns, as what to add to the page."""

from __future__ import annotations

from typing import Any

from safetybot.channels.web import WebChat, WebOptions
from tests.channels.web.browsing import PUBLIC, SCHOOL, Browser, Element, read_page, web_chat
from tests.talking import Bot, Phrasebook

JSON = {"accept": "application/json"}


class Script:
    """It keeps what it was told, as the page does."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.action, self.fields = browser.form("say")
        self.seen = max(int(entry.get("data-number")) for entry in browser.entries)
        self.answer: dict[str, Any] = {}

    async def send(self, path: str | None = None, **fields: str) -> list[Element]:
        """The entries that are added."""
        sent = {**self.fields, "seen": str(self.seen), **fields}
        response = await self.browser.post(path or self.action, sent, **JSON)
        assert response.status_code == 200, response.text
        self.answer = response.json()
        if "token" in self.answer:
            self.fields |= {name: self.answer[name] for name in ("token", "chat") if name in self.answer}
            self.seen = self.answer["count"]
        added = read_page(self.answer.get("html", ""))
        return [each for each in added.find("li") if each.get("data-number")]


async def test_only_what_is_new_is_added(browser: Browser, phrasebook: Phrasebook) -> None:
    script = Script(browser)
    own, *answers = await script.send(text=phrasebook.asks["sextortion"])
    assert "own" in own.classes
    assert answers
    again = await script.send(press="topics")
    assert len(again) == 2
    assert {each.get("id") for each in again}.isdisjoint({each.get("id") for each in (own, *answers)})
    await browser.open()
    assert len(browser.entries) == 1 + 1 + len(answers) + 2


async def test_a_token_is_new_each_time_so_the_same_words_can_be_said_again(browser: Browser) -> None:
    script = Script(browser)
    assert await script.send(text="hello")
    assert await script.send(text="hello")


async def test_an_answer_that_was_lost_comes_again_and_nothing_happens_twice(browser: Browser) -> None:
    script = Script(browser)
    fields, seen = dict(script.fields), script.seen
    first = [each.text for each in await script.send(text="hello")]
    script.fields, script.seen = fields, seen
    assert [each.text for each in await script.send(text="hello")] == first


async def test_another_tabs_messages_come_along(web: WebChat, browser: Browser) -> None:
    await browser.say("hello")
    one, two = Script(browser), Script(browser)
    await one.send(text="how are you")
    new = await two.send(press="topics")
    assert sum("own" in each.classes for each in new) == 2


async def test_hiding_clears(browser: Browser) -> None:
    script = Script(browser)
    await script.send(text="zebedee")
    new = await script.send("/hide")
    assert script.answer["cleared"] is True
    assert len(new) == 1
    assert await script.send(text="hello")
    assert script.answer["cleared"] is False


async def test_a_chat_that_was_closed(bot: Bot, browser: Browser) -> None:
    script = Script(browser)
    await script.send(text="zebedee")
    bot.clock.forward(hours=1)
    await script.send(press="topics")
    assert script.answer == {"closed": True}
    new = await script.send(text="hello again")
    assert script.answer["cleared"] is True
    assert [each.get("data-number") for each in new][:2] == ["1", "2"]
    assert "zebedee" not in script.answer["html"]


async def test_nothing_said_is_nothing_new(browser: Browser) -> None:
    script = Script(browser)
    assert await script.send(text=" ") == []
    assert await script.send(text="hello")


async def test_a_page_that_was_kept_by_the_browser_is_told_what_is_new(browser: Browser) -> None:
    script = Script(browser)
    await script.send(text="hello")
    response = await browser.client.get(f"/?seen={script.seen - 1}", headers=JSON)
    assert response.json()["html"].count("<li") == 1
    response = await browser.client.get("/?seen=999", headers=JSON)
    assert response.json()["cleared"] is True
    assert response.json()["html"].count("<li") == script.seen


async def test_in_a_frame_the_page_holds_the_name(bot: Bot) -> None:
    browser = Browser(
        web_chat(bot, WebOptions(url=PUBLIC, embed=(SCHOOL,))), PUBLIC, **{"sec-fetch-site": "same-origin"}
    )
    await browser.open("/embed")
    script = Script(browser)
    await script.send(text="hello")
    assert script.answer["chat"].startswith("b")
    assert await script.send(press="topics")
    bot.clock.forward(hours=1)
    await script.send(press="topics")
    assert script.answer == {"closed": True}
    await browser.client.aclose()
