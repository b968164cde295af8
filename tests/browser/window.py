"""One person's browser window on the chat, which remembers what it asked for and what it complained of."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import axe_playwright_python
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Frame, Locator, Page, Route

from tests.browser.site import EXIT, Site

PHONE = (390, 844)
SECONDS = 20_000.0
"""Milliseconds that anything may take: the machine may be busy."""
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
REFUSALS = "Failed to load resource"
"""What Chromium writes of every answer that is an error, and of none at all."""


@functools.cache
def axe() -> str:
    """axe-core's script."""
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")


class Window:
    """Texts are read as they are shown."""

    def __init__(self, context: BrowserContext, page: Page, site: Site, script: bool) -> None:
        self.context = context
        self.page = page
        self.site = site
        self.script = script
        self.asked: list[str] = []
        """Addresses of all that it asked for."""
        self.complaints: list[str] = []
        """What stood in its console, and which errors the scripts had."""
        self.forgiven: list[str] = []
        """Beginnings of complaints that a test has caused."""

    @classmethod
    async def open(
        cls,
        browser: Browser,
        site: Site,
        *,
        script: bool = True,
        size: tuple[int, int] = PHONE,
        path: str | None = "/",
        mouse: bool = False,
        **more: Any,
    ) -> Window:
        """A window of a person that nobody knows yet. ``path``: None opens nothing; ``mouse``: not a touch screen."""
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=script,
            has_touch=not mouse,
            is_mobile=not mouse,
            locale="en-GB",
            **{"reduced_motion": "reduce", **more},
        )
        context.set_default_timeout(SECONDS)
        window = cls(context, await context.new_page(), site, script)
        context.on("request", lambda request: window.asked.append(request.url))
        context.on("console", window._heard)
        context.on("weberror", lambda error: window.complaints.append(str(error.error)))
        await context.route(f"{EXIT}**", _weather)
        if path is not None:
            await window.goes(path)
        return window

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    async def goes(self, path: str = "/") -> None:
        await self.page.goto(self.site.address + path)

    async def tab(self) -> Window:
        """A second tab of the same browser, with the chat open. What it asks for is remembered here."""
        tab = Window(self.context, await self.context.new_page(), self.site, self.script)
        await tab.goes()
        return tab

    # --- Talking -----------------------------------------------------------------------------------------------

    @property
    def box(self) -> Locator:
        return self.page.locator("#text")

    @property
    def entries(self) -> Locator:
        return self.page.locator("#log > li")

    @property
    def last(self) -> Locator:
        return self.entries.last

    async def says(self, text: str) -> list[str]:
        """Types it and presses Send; the entries that are new."""
        before = await self.count()
        await self.box.fill(text)
        await self.page.click(".send")
        return await self._new(before)

    async def presses(self, words: str) -> list[str]:
        """Presses the newest button of a message with these words; the entries that are new."""
        before = await self.count()
        await self.button(words).click()
        return await self._new(before)

    def button(self, words: str) -> Locator:
        return self.page.locator("#log button", has_text=re.compile(f"^{re.escape(words)}$")).last

    async def count(self) -> int:
        """The number of the last entry."""
        return int(await self.last.get_attribute("data-number") or 0)

    async def _new(self, before: int) -> list[str]:
        await self.page.locator(f'#log > li[data-number="{before + 2}"]').wait_for()
        await self.settled()
        return [await each.inner_text() for each in (await self.entries.all()) if await _number(each) > before]

    async def settled(self) -> None:
        """Nothing is being sent any more."""
        await self.page.wait_for_load_state()
        await self.page.locator("body:not(.busy)").wait_for()

    async def shown(self) -> str:
        """All that can be read on the page, in one line."""
        return " ".join((await self.page.inner_text("body")).split())

    # --- Looking -----------------------------------------------------------------------------------------------

    async def left(self) -> None:
        """Waits until it shows the page that "Leave now" leads to."""
        await self.page.wait_for_url(EXIT)

    async def faults(self, frame: Frame | None = None, *, rules: list[str] | None = None) -> list[str]:
        """What axe-core finds."""
        where = frame or self.page
        if await where.evaluate("typeof axe") == "undefined":
            await where.evaluate(axe())
        only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": WCAG}
        found = await where.evaluate(
            "only => axe.run(document, {runOnly: only, preload: false, resultTypes: ['violations']})", only
        )
        return [f"{each['id']}: {node['html'][:120]}" for each in found["violations"] for node in each["nodes"]]

    async def sideways(self) -> int:
        """How many pixels the page is wider than the window, once it has its style sheets."""
        await self.page.wait_for_load_state()
        return int(await self.page.evaluate("document.scrollingElement.scrollWidth - innerWidth"))

    # --- The end -----------------------------------------------------------------------------------------------

    def forgive(self, beginning: str = REFUSALS) -> None:
        self.forgiven.append(beginning)

    async def close(self) -> None:
        await self.behaved()
        await self.context.close()

    async def behaved(self) -> None:
        """No complaint, nobody else asked, one cookie at most that no script can read, nothing stored."""
        assert [each for each in self.complaints if not each.startswith(tuple(self.forgiven))] == []
        ours = {urlsplit(each).netloc for each in (self.site.address, self.site.school, self.site.stranger, EXIT)}
        assert {urlsplit(each).netloc for each in self.asked if not each.startswith("data:")} <= ours
        cookies = await self.context.cookies()
        secure = self.site.address.startswith("https:")
        assert [each["name"] for each in cookies] in ([], ["__Host-chat" if secure else "chat"])
        assert all(each["secure"] == secure for each in cookies)
        assert all(each["httpOnly"] and each["sameSite"] == "Strict" and each["expires"] == -1 for each in cookies)
        if self.script and self.page.url.startswith(self.site.address):
            stored = "(await indexedDB.databases()).length + localStorage.length + sessionStorage.length"
            assert await self.page.evaluate(f"async () => {stored}") == 0


async def _number(entry: Locator) -> int:
    return int(await entry.get_attribute("data-number") or 0)


async def _weather(route: Route) -> None:
    await route.fulfill(
        content_type="text/html",
        body='<!doctype html><html lang="en"><title>Weather</title><link rel="icon" href="data:,"><h1>Weather</h1>',
    )
