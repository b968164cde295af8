"""Leave now, Shift three times, and Hide this chat."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.window import Window
from tests.talking import Phrasebook

SECRET = "zebedee quince"


async def remembered(site: Site, cookie: str) -> bool:
    """Whether the server shows what was said to one who comes with this cookie."""
    async with httpx.AsyncClient(base_url=site.address, cookies={"chat": cookie}) as client:
        return SECRET in (await client.get("/")).text


async def forgotten(site: Site, cookie: str) -> bool:
    """Soon it does not."""
    for _ in range(100):
        if not await remembered(site, cookie):
            return True
        await asyncio.sleep(0.05)
    return False


async def held(window: Window) -> str:
    (cookie,) = await window.context.cookies()
    return str(cookie["value"])


class TestLeave:
    async def test_it_leads_away_and_ends_the_chat(self, window: Window, site: Site) -> None:
        await window.says(SECRET)
        cookie = await held(window)
        assert await remembered(site, cookie)
        await window.page.get_by_role("button", name="Leave now").click()
        await window.left()
        assert await forgotten(site, cookie)
        assert await window.context.cookies() == []

    async def test_the_way_back_shows_nothing(self, window: Window) -> None:
        await window.says(SECRET)
        await window.page.get_by_role("button", name="Leave now").click()
        await window.left()
        await window.page.go_back()
        assert SECRET not in await window.page.content()

    async def test_script_leaves_no_page_of_ours_behind(self, scripted: Window) -> None:
        await scripted.says(SECRET)
        await scripted.page.get_by_role("button", name="Leave now").click()
        await scripted.left()
        await scripted.page.go_back()
        assert scripted.page.url == "about:blank"

    async def test_the_page_is_blank_at_once(self, scripted: Window) -> None:
        """Before anybody else has answered."""
        await scripted.says(SECRET)
        pressed = "document.querySelector('#leave button').click(); [document.title, document.body.innerText].join('')"
        assert await scripted.page.evaluate(pressed) == ""
        await scripted.left()

    @pytest.mark.parametrize("path", ["/", "/nothing"])
    async def test_it_is_on_every_page(self, opened: Open, path: str) -> None:
        window = await opened(path=path)
        window.forgive()
        await window.page.get_by_role("button", name="Leave now").click()
        await window.left()

    async def test_it_says_what_it_cannot_hide(self, window: Window) -> None:
        await window.page.get_by_text("What can't be hidden?").click()
        assert "Leave now closes this chat" in await window.shown()

    async def test_offline_the_page_is_blank_all_the_same(self, scripted: Window) -> None:
        await scripted.says(SECRET)
        await scripted.context.set_offline(True)
        scripted.forgive()
        await scripted.page.get_by_role("button", name="Leave now").click(no_wait_after=True)
        await scripted.page.wait_for_timeout(300)
        assert SECRET not in await scripted.page.content()
        await scripted.context.set_offline(False)


class TestShift:
    async def test_three_times_leaves(self, opened: Open) -> None:
        window = await opened(mouse=True)
        await window.box.focus()
        await window.page.keyboard.press("Shift")
        assert "2 more times" in await window.page.inner_text("#status")
        await window.page.keyboard.press("Shift")
        assert "1 more time" in await window.page.inner_text("#status")
        await window.page.keyboard.press("Shift", delay=10)
        await window.left()

    async def test_capitals_never_leave(self, opened: Open) -> None:
        window = await opened(mouse=True)
        await window.box.focus()
        for letter in "HELP ME":
            await window.page.keyboard.down("Shift")
            await window.page.keyboard.press(letter)
            await window.page.keyboard.up("Shift")
        # Shift pressed and let go in the middle of a sentence, again and again, with a letter in between.
        for letter in "abcd":
            await window.page.keyboard.press("Shift")
            await window.page.keyboard.press(letter)
        assert await window.box.input_value() == "HELP MEabcd"
        assert await window.page.inner_text("#status") == ""
        assert window.page.url.startswith(window.site.address)

    async def test_slowly_never_leaves(self, opened: Open) -> None:
        window = await opened(mouse=True, path=None)
        await window.page.clock.install()
        await window.goes()
        for _ in range(2):
            await window.page.keyboard.press("Shift")
        await window.page.clock.fast_forward(6000)
        assert "still here" in await window.page.inner_text("#status")
        await window.page.keyboard.press("Shift")
        assert "2 more times" in await window.page.inner_text("#status")

    async def test_with_a_click_it_selects(self, opened: Open) -> None:
        window = await opened(mouse=True)
        for _ in range(4):
            await window.page.keyboard.down("Shift")
            await window.page.mouse.click(200, 300)
            await window.page.keyboard.up("Shift")
        assert window.page.url.startswith(window.site.address)


class TestHide:
    async def test_it_clears_the_page(self, window: Window, phrasebook: Phrasebook) -> None:
        await window.says(SECRET)
        await window.page.get_by_role("button", name="Hide this chat").click()
        await window.page.get_by_text("I've cleared our messages").wait_for()
        await window.settled()
        assert SECRET not in await window.page.content()
        await window.page.reload()
        assert SECRET not in await window.page.content()
        assert await window.says(phrasebook.asks["sextortion"])
