"""What goes wrong is said kindly, with help beside it, and nothing that was typed is lost."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from safetybot.channels.web.chats import Chats, ShownPage
from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.window import Window
from tests.talking import Phrasebook

WORDS = "zebedee quince"
HELP = ("tel:999", "tel:08001111")


@pytest.fixture
def window(window: Window) -> Window:
    """Chromium itself writes into its console that an answer was an error."""
    window.forgive()
    return window


@pytest.fixture
def scripted(scripted: Window) -> Window:
    scripted.forgive()
    return scripted


async def has_help(window: Window, within: str = "footer") -> None:
    for link in HELP:
        assert await window.page.locator(f"{within} a[href='{link}']").first.is_visible()


class TestPages:
    async def test_a_page_that_is_not_there(self, window: Window) -> None:
        await window.goes("/nothing")
        assert "There is nothing on this page" in await window.shown()
        await has_help(window)
        await window.page.get_by_role("link", name="Back to the chat").click()
        await window.box.wait_for()

    async def test_far_too_much_text(self, window: Window) -> None:
        await window.box.fill(WORDS * 6000)
        await window.page.click(".send")
        await window.page.get_by_text("a lot to carry").wait_for()
        await has_help(window, "#notice" if window.script else "footer")
        if window.script:
            assert await window.box.input_value() == WORDS * 6000

    async def test_far_too_fast(self, window: Window) -> None:
        await window.says("hello")
        token = await window.page.locator("#say input[name=token]").get_attribute("value")
        for number in range(32):
            form = {"token": str(token), "press": f"topic:none:{number}"}
            await window.context.request.post(f"{window.site.address}/say", form=form, max_redirects=0)
        await window.box.fill(WORDS)
        await window.page.click(".send")
        await window.page.get_by_text("very fast").wait_for()
        await has_help(window, "#notice" if window.script else "footer")
        if window.script:
            assert await window.box.input_value() == WORDS
            window.site.bot.clock.forward(60)
            await window.page.click(".send")
            await window.page.locator("#log > li.own", has_text=WORDS).wait_for()

    async def test_our_own_failure(self, window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
        async def fails(*_: object) -> ShownPage:
            raise RuntimeError("our own mistake")

        with monkeypatch.context() as mistake:
            mistake.setattr(Chats, "turn", fails)
            await window.box.fill(WORDS)
            await window.page.click(".send")
            await window.page.get_by_text("Something went wrong on my side").wait_for()
            await has_help(window, "#notice" if window.script else "footer")
        if window.script:
            assert await window.box.input_value() == WORDS
            await window.page.click(".send")
            await window.page.locator("#log > li.own", has_text=WORDS).wait_for()

    async def test_where_nothing_can_be_kept_the_card_comes_all_the_same(
        self, window: Window, site: Site, phrasebook: Phrasebook
    ) -> None:
        async with site.bot.engine.begin() as connection:
            await connection.execute(text("ALTER TABLE transcripts RENAME TO elsewhere"))
        await window.box.fill(phrasebook.emergencies[0])
        await window.page.click(".send")
        await window.page.locator("#log > li.urgent").wait_for()
        await has_help(window)

    async def test_a_lost_cookie(self, window: Window) -> None:
        """As where a browser keeps none: with script the page gets a new one by itself."""
        await window.context.clear_cookies()
        await window.box.fill(WORDS)
        await window.page.click(".send")
        if window.script:
            await window.page.locator("#log > li.own", has_text=WORDS).wait_for()
        else:
            await window.page.get_by_text("I couldn't take that.").wait_for()
            await has_help(window)


class TestOffline:
    async def test_what_was_typed_is_kept_and_help_is_shown(self, scripted: Window) -> None:
        await scripted.says("hello")
        await scripted.context.set_offline(True)
        await scripted.box.fill(WORDS)
        await scripted.page.click(".send")
        await scripted.page.get_by_text("What you wrote is still here.").wait_for()
        assert await scripted.page.locator("#notice").get_attribute("role") == "alert"
        await has_help(scripted, "#notice")
        assert await scripted.box.input_value() == WORDS
        await scripted.context.set_offline(False)
        await scripted.page.get_by_role("button", name="Try again").click()
        await scripted.page.locator("#log > li.own", has_text=WORDS).wait_for()
        await scripted.settled()
        assert await scripted.box.input_value() == ""
        assert await scripted.page.locator("#log > li.own", has_text=WORDS).count() == 1

    async def test_a_button_can_be_tried_again_too(self, scripted: Window) -> None:
        await scripted.context.set_offline(True)
        await scripted.button("All topics").click()
        await scripted.page.get_by_text("What you wrote is still here.").wait_for()
        await scripted.context.set_offline(False)
        await scripted.page.get_by_role("button", name="Try again").click()
        await scripted.page.locator("#log > li.own", has_text="All topics").wait_for()


class TestAfterFifteenMinutes:
    async def test_the_page_clears_itself(self, opened: Open, site: Site) -> None:
        window = await opened(path=None)
        await window.page.clock.install()
        await window.goes()
        await window.says(WORDS)
        site.bot.clock.forward(16 * 60)
        await window.page.clock.fast_forward(16 * 60 * 1000)
        await window.page.get_by_role("button", name="Start a new chat").wait_for()
        assert WORDS not in await window.page.content()
        await has_help(window)

    async def test_who_writes_on_keeps_it(self, opened: Open, site: Site) -> None:
        window = await opened(path=None)
        await window.page.clock.install()
        await window.goes()
        await window.says(WORDS)
        for _ in range(3):
            site.bot.clock.forward(10 * 60)
            await window.page.clock.fast_forward(10 * 60 * 1000)
            async with window.page.expect_response("**/here") as answer:
                await window.box.press_sequentially("a")
            assert (await answer.value).status == 204
        assert WORDS in await window.shown()
        await window.goes()
        assert WORDS in await window.shown()
