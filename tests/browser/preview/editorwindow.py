"""The editors' page behind a real server, and an editor's window on it."""

from __future__ import annotations

import asyncio
import datetime as dt
from contextlib import AsyncExitStack
from pathlib import Path

from safetybot.editing.preview.options import PreviewOptions
from safetybot.editing.preview.server import parts_of, serve_preview
from safetybot.editing.preview.watcher import Watcher
from safetybot.http.server import listen
from safetybot.matching.encoder import SentenceEncoder
from safetybot.matching.fitter import Fitter
from safetybot.vault.sealing import KeyPair
from tests.browser.window import Window
from tests.guidance.conftest import Content

SMALL = (320, 640)
SHOTS = Path("/tmp/preview-shots")
"""Where pictures are put, if there is such a folder: to be looked at."""
TODAY = dt.date(2026, 11, 24)


class PreviewSite:
    """Use as ``async with PreviewSite(content, folder) as site``."""

    def __init__(self, content: Content, folder: Path) -> None:
        self.content = content
        self.database = folder / "safetybot.sqlite3"
        self.cache = folder / "cache"
        self.pair = KeyPair.new()
        """The editors' key."""
        self.address = ""
        self.school = self.stranger = ""
        self._stop = asyncio.Event()

    async def __aenter__(self) -> PreviewSite:
        async with AsyncExitStack() as stack:
            listening = stack.enter_context(listen(PreviewOptions(port=0)))
            self.address = listening.address
            fitter = Fitter(self.cache, SentenceEncoder())
            watcher = Watcher(self.content.folder, self.cache, lambda: fitter, today=lambda: TODAY)
            self.watcher = await stack.enter_async_context(watcher)
            parts = parts_of(self.watcher, PreviewOptions(), self.database, self.pair)
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            tasks.create_task(serve_preview(parts, listening, self._stop))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await self._stack.aclose()

    async def learnt(self) -> None:
        """All there is to say of what stands in the folder is known."""
        async with asyncio.timeout(60):
            while not self.watcher.seen.checked or self.watcher.learning:
                await self.watcher.changed(self.watcher.key, 60)


class EditorWindow(Window):
    """One window on the page. It has no cookie, and stores nothing."""

    async def shows(self, words: str) -> None:
        """Waits until these words are on the page."""
        await self.page.get_by_text(words).first.wait_for()

    async def check(self, name: str) -> None:
        """All that holds of any page: axe finds nothing, light, dark and in other colours; it fits a phone."""
        page = self.page
        await page.wait_for_load_state()
        found = await self.faults()
        assert found == [], (name, found)
        for look in ({"color_scheme": "dark"}, {"contrast": "more"}, {"forced_colors": "active"}):
            await page.emulate_media(**{"color_scheme": "light", "contrast": "null", "forced_colors": "none", **look})
            assert await self.faults(rules=["color-contrast", "link-in-text-block"]) == [], (name, look)
        await page.emulate_media(color_scheme="light", contrast="null", forced_colors="none")
        before = page.viewport_size
        await page.set_viewport_size({"width": SMALL[0], "height": SMALL[1]})
        assert await self.sideways() <= 0, (name, "320 px wide")
        await self.shot(f"{name}-small")
        await page.emulate_media(color_scheme="dark")
        await self.shot(f"{name}-small-dark")
        if before:
            await page.set_viewport_size(before)
        await self.shot(f"{name}-dark")
        await page.emulate_media(color_scheme="light")
        await self.shot(name)

    async def shot(self, name: str) -> None:
        """A picture of the whole page."""
        if SHOTS.is_dir():
            await self.page.screenshot(path=SHOTS / f"{name.replace(' ', '-')}.png", full_page=True)
