"""A web chat with a real service behind it, and somebody with a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from safetybot.channels.web import WebChat
from tests.channels.web.browsing import Browser, web_chat
from tests.talking import Bot


@pytest.fixture
async def web(bot: Bot) -> AsyncIterator[WebChat]:
    web = web_chat(bot)
    yield web
    await web.drain()


@pytest.fixture
async def browser(web: WebChat) -> AsyncIterator[Browser]:
    """With the chat's page open."""
    browser = Browser(web)
    await browser.open()
    yield browser
    await browser.client.aclose()
