"""A conversation in real Chromium, with JavaScript and without."""

from __future__ import annotations

import pytest

from safetybot.guidance.model import Guidance
from safetybot.service.transcripts import IDLE_SECONDS
from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.window import Window
from tests.talking import Phrasebook


@pytest.fixture
def blackmail(phrasebook: Phrasebook) -> str:
    return phrasebook.asks["sextortion"]


@pytest.fixture
def advice(english: Guidance) -> str:
    return english.topics["sextortion"].answer.first.split("\n")[0][:30]


class TestAConversation:
    async def test_is_shown_as_it_goes(self, window: Window, blackmail: str, advice: str) -> None:
        assert "Hi" in await window.last.inner_text()
        own, answer, *_ = await window.says(blackmail)
        assert blackmail in own
        assert advice in answer
        assert await window.box.input_value() == ""
        own, *_ = await window.presses("All topics")
        assert "All topics" in own
        assert await window.entries.count() >= 5
        await window.page.reload()
        assert advice in await window.shown()
        assert await window.says("hello")

    async def test_what_is_new_is_in_sight(self, window: Window, blackmail: str) -> None:
        for _ in range(3):
            await window.says(blackmail)
            before = await window.count()
        await window.says(blackmail)
        answer = await window.page.locator(f'[data-number="{before + 2}"]').bounding_box()
        header = await window.page.locator("header").bounding_box()
        assert answer is not None
        assert header is not None
        assert -1 <= answer["y"] - header["height"] < 200

    @pytest.mark.parametrize("how", ["Enter", "click", "Tab"])
    async def test_script_keeps_the_focus_and_the_page(self, opened: Open, blackmail: str, how: str) -> None:
        window = await opened(mouse=True)
        await window.page.evaluate("window.same = true")
        await window.box.fill(blackmail)
        if how == "click":
            await window.page.click(".send")
        elif how == "Tab":
            await window.box.press("Tab")
            await window.page.keyboard.press("Enter")
        else:
            await window.box.press("Enter")
        await window.page.locator('[data-number="3"]').wait_for()
        await window.settled()
        assert await window.page.evaluate("document.activeElement.id") == "text"
        assert await window.page.evaluate("window.same") is True

    async def test_on_a_phone_enter_is_a_new_line_and_the_keyboard_stays_down(self, scripted: Window) -> None:
        await scripted.box.fill("hello")
        await scripted.box.press("Enter")
        assert await scripted.box.input_value() == "hello\n"
        await scripted.says("hello there")
        assert await scripted.page.evaluate("document.activeElement.id") != "text"

    async def test_html_is_only_words(self, window: Window) -> None:
        own, *_ = await window.says('<img src=x onerror="alert(1)"><b>bold</b>')
        assert '<img src=x onerror="alert(1)"><b>bold</b>' in own


class TestAnEmergency:
    async def test_is_the_most_visible_of_all(self, window: Window, phrasebook: Phrasebook) -> None:
        await window.says(phrasebook.emergencies[0])
        card = window.page.locator(".urgent").last
        call = card.locator("a.call")
        assert await call.get_attribute("href") == "tel:999"
        box, view = await call.bounding_box(), window.page.viewport_size
        assert box is not None
        assert view is not None
        assert 0 < box["y"] < view["height"] / 2
        assert box["height"] >= 48
        assert box["width"] > view["width"] * 0.7
        links = {await each.get_attribute("href") for each in await card.locator("a").all()}
        assert "tel:08001111" in links

    async def test_a_text_line_opens_a_text(self, window: Window) -> None:
        await window.presses("Help now")
        links = [await each.get_attribute("href") or "" for each in await window.page.locator(".urgent a").all()]
        assert any(link.startswith("sms:85258") for link in links)


class TestABreak:
    async def test_after_it_a_reload_says_so(self, window: Window, site: Site, blackmail: str, advice: str) -> None:
        await window.says(blackmail)
        site.bot.clock.forward(IDLE_SECONDS + 60)
        await window.goes()
        assert advice not in await window.shown()
        assert await window.page.locator("footer a[href='tel:08001111']").count() == 1
        await window.page.get_by_role("button", name="Start a new chat").click()
        await window.box.wait_for()
        assert await window.says(blackmail)

    async def test_an_old_button_leads_to_the_kind_page(self, window: Window, site: Site, blackmail: str) -> None:
        await window.says(blackmail)
        site.bot.clock.forward(IDLE_SECONDS + 60)
        await window.button("All topics").click()
        await window.page.get_by_role("button", name="Go on with my report").wait_for()
        assert blackmail not in await window.shown()

    async def test_words_are_answered(self, window: Window, site: Site, blackmail: str, advice: str) -> None:
        await window.says("hello there")
        site.bot.clock.forward(IDLE_SECONDS + 60)
        await window.box.fill(blackmail)
        await window.page.click(".send")
        await window.page.get_by_text(advice).wait_for()
        assert "hello there" not in await window.shown()


class TestBackAndTwice:
    async def test_the_back_button_shows_what_is_true_now(self, window: Window, blackmail: str, advice: str) -> None:
        await window.says("hello")
        await window.says(blackmail)
        await window.page.goto("about:blank")
        await window.page.go_back()
        await window.box.wait_for()
        assert advice in await window.shown()
        assert await window.says("hello again")

    async def test_back_after_each_page(self, opened: Open, blackmail: str) -> None:
        window = await opened(script=False)
        await window.says("hello")
        await window.says(blackmail)
        await window.page.go_back()
        assert blackmail in await window.shown()
        own, *_ = await window.presses("All topics")
        assert "All topics" in own

    async def test_two_clicks_say_it_once(self, window: Window, blackmail: str) -> None:
        await window.box.fill(blackmail)
        await window.page.locator(".send").dblclick(no_wait_after=True)
        await window.page.locator('#log > li[data-number="3"]').wait_for()
        await window.settled()
        await window.goes()
        assert await window.page.locator("#log > li.own").count() == 1

    async def test_two_tabs_are_one_chat(self, window: Window, blackmail: str, advice: str) -> None:
        tab = await window.tab()
        await window.says("hello")
        await tab.box.fill(blackmail)
        await tab.page.click(".send")
        await tab.page.get_by_text(advice).wait_for()
        assert await tab.page.locator("#log > li.own").count() == 2
        await window.presses("All topics")
        await window.goes()
        assert await window.page.locator("#log > li.own").count() == 3

    async def test_hidden_in_one_tab_is_hidden_in_the_other(self, window: Window, blackmail: str) -> None:
        await window.says(blackmail)
        tab = await window.tab()
        await tab.page.get_by_role("button", name="Hide this chat").click()
        await tab.page.get_by_text("I've cleared our messages").wait_for()
        assert blackmail not in await tab.shown()
        await window.box.fill("hello")
        await window.page.click(".send")
        await window.page.get_by_text("I've cleared our messages").wait_for()
        assert blackmail not in await window.shown()
