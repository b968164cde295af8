"""Over TLS, as a real site is reached: the cookie belongs to this host alone, and nothing reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.site import Site
from tests.browser.tls import self_signed
from tests.browser.window import Window
from tests.talking import Bot, Phrasebook


@pytest_asyncio.fixture(loop_scope="session")
async def site(bot: Bot, tmp_path: Path) -> AsyncIterator[Site]:
    async with Site(bot, self_signed(tmp_path)) as site:
        yield site


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
async def test_a_conversation(chromium: Browser, site: Site, phrasebook: Phrasebook, script: bool) -> None:
    window = await Window.open(chromium, site, script=script, ignore_https_errors=True)
    assert site.address.startswith("https://localhost:")
    assert await window.says(phrasebook.asks["sextortion"])
    assert await window.presses("All topics")
    (cookie,) = await window.context.cookies()
    assert cookie["name"] == "__Host-chat"
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
    # This is what the name promises: this host alone, and all of it.
    assert (cookie["domain"], cookie["path"], cookie["expires"]) == ("localhost", "/", -1)
    if script:
        assert await window.page.evaluate("document.cookie") == ""
    entries = await window.count()
    await window.page.reload()
    assert await window.count() == entries
    answer = await window.context.request.get(site.address)
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    await window.page.get_by_role("button", name="Leave now").click()
    await window.left()
    if not script:
        assert await window.context.cookies() == []
    await window.goes()
    assert await window.count() == 1, "it is a new chat"
    await window.close()
