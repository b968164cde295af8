"""The desk behind a real server, and members' browser windows on it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser

from safetybot.desk.cookies import cookie_name
from safetybot.desk.options import DeskOptions
from safetybot.desk.server import serve_desk
from safetybot.http.server import listen
from tests.browser.window import Window
from tests.desk.station import Seat, Station

DESKTOP = (1280, 900)
SMALL = (320, 640)
SHOTS = Path("/tmp/desk-shots")
"""Where pictures are put, if there is such a folder: to be looked at."""


class DeskSite:
    """Use as ``async with DeskSite(station) as site``. What time it is there the station's office says."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.address = ""
        """Without a slash."""
        self.school = self.stranger = ""
        self._stop = asyncio.Event()

    async def __aenter__(self) -> DeskSite:
        async with AsyncExitStack() as stack:
            listening = stack.enter_context(listen(DeskOptions(port=0)))
            self.address = listening.address
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            tasks.create_task(serve_desk(self.station.parts, listening, self._stop))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await self._stack.aclose()


class DeskWindow(Window):
    """One window on the desk."""

    seat: Seat
    """Whose it is, for codes and passphrases."""

    @classmethod
    async def sit(
        cls, browser: Browser, site: DeskSite, name: str | None = "Ada", *, path: str = "/", **options: Any
    ) -> DeskWindow:
        """A window of a member who is in, hired first where they must be; None: of somebody who is not."""
        window = await cls.open(browser, site, path=None, **{"size": DESKTOP, "mouse": True, **options})  # type: ignore[arg-type]
        station = site.station
        window.seat = station.visitor() if name is None else await station.login(name)
        if name is not None:
            await window.holds(window.seat)
        await window.goes(path)
        return window

    async def holds(self, seat: Seat) -> None:
        """Has this browser hold the login of somebody who logged in elsewhere."""
        await self.context.add_cookies(
            [
                {
                    "name": cookie_name(seat.station.parts.options),
                    "value": seat.cookie or "",
                    "url": self.site.address,
                    "httpOnly": True,
                    "sameSite": "Strict",
                }
            ]
        )

    async def settled(self) -> None:
        await self.page.wait_for_load_state()

    async def behaved(self) -> None:
        """No complaint, nobody else asked, no cookie but two that no script can read, nothing stored."""
        assert [each for each in self.complaints if not each.startswith(tuple(self.forgiven))] == []
        assert {urlsplit(each).netloc for each in self.asked} <= {urlsplit(self.site.address).netloc}
        cookies = await self.context.cookies()
        lasting = {each["name"]: each["expires"] != -1 for each in cookies}
        assert lasting.items() <= {"desk": False, "desk-device": True}.items()
        assert all(each["httpOnly"] and each["sameSite"] == "Strict" for each in cookies)
        if self.script and self.page.url.startswith(self.site.address):
            stored = "(await indexedDB.databases()).length + localStorage.length + sessionStorage.length"
            assert await self.page.evaluate(f"async () => {stored}") == 0

    async def check(self, name: str) -> None:
        """All that holds of any page: axe finds nothing, light, dark and in other colours; it fits a phone."""
        await self.settled()
        page = self.page
        assert await self.faults() == [], name
        for look in ({"color_scheme": "dark"}, {"contrast": "more"}, {"forced_colors": "active"}):
            await page.emulate_media(**{"color_scheme": "light", "contrast": "null", "forced_colors": "none", **look})
            assert await self.faults(rules=["color-contrast", "link-in-text-block"]) == [], (name, look)
        await page.emulate_media(color_scheme="light", contrast="null", forced_colors="none")
        before = page.viewport_size
        await page.set_viewport_size({"width": SMALL[0], "height": SMALL[1]})
        assert await self.sideways() <= 0, (name, "320 px wide")
        await self.shot(f"{name}-small")
        if before:
            await page.set_viewport_size(before)
        await self.shot(name)
        await page.emulate_media(color_scheme="dark")
        await self.shot(f"{name}-dark")
        await page.emulate_media(color_scheme="light")

    async def shot(self, name: str) -> None:
        """A picture of the whole page."""
        if SHOTS.is_dir():
            await self.page.screenshot(path=SHOTS / f"{name.replace(' ', '-')}.png", full_page=True)
