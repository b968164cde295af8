"""The web chat in real Chromium: one browser a session, a fresh chat and fresh windows for every test.

Where there is no Chromium these tests skip themselves and say so. Playwright never fetches a browser of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from safetybot.understanding.understanding import Understanding
from tests.browser.site import Site
from tests.browser.window import Window
from tests.talking import Bot

HERE = Path(__file__).parent
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

Open = Callable[..., Awaitable[Window]]
"""Opens a window; see :meth:`Window.open`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all of them, as they share the browser that was started in it."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("there is no Chromium on this machine; on Debian: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def bot(understanding: Understanding, empty_database: Path, tmp_path: Path) -> AsyncIterator[Bot]:
    """As for other tests, in the loop of these."""
    bot = Bot(understanding, empty_database, tmp_path / "data")
    await bot.start()
    yield bot
    await bot.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def site(bot: Bot) -> AsyncIterator[Site]:
    """The chat, served as ``safetybot run`` does, at an address of its own."""
    async with Site(bot) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def opened(chromium: Browser, site: Site) -> AsyncIterator[Open]:
    """Opens windows. At the end each must have behaved; see :meth:`Window.behaved`."""
    windows: list[Window] = []

    async def open_window(**options: Any) -> Window:
        windows.append(await Window.open(chromium, site, **options))
        return windows[-1]

    yield open_window
    for window in windows:
        await window.close()


@pytest_asyncio.fixture(loop_scope="session", params=[True, False], ids=["script", "plain"])
async def window(request: pytest.FixtureRequest, opened: Open) -> Window:
    """A phone with the chat open, with JavaScript and without."""
    return await opened(script=request.param)


@pytest_asyncio.fixture(loop_scope="session")
async def scripted(opened: Open) -> Window:
    """A phone with the chat open, with JavaScript."""
    return await opened()
