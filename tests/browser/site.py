"""The web chat behind a real server, and a school's page that may show it in a frame."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import AsyncExitStack

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from safetybot.channels.web import WebChat, WebOptions, forms_key
from safetybot.http.server import listen, serve
from tests.browser.tls import TlsProxy
from tests.channels.web.browsing import transcripts
from tests.talking import Bot

EXIT = "https://weather.example/today"
"""Where "Leave now" leads; no test asks anybody for it."""


class Site:
    """Use as ``async with Site(bot) as site``."""

    def __init__(self, bot: Bot, tls: ssl.SSLContext | None = None) -> None:
        """``tls``: the chat is behind a proxy that browsers reach over TLS with this."""
        self.bot = bot
        self._tls = tls
        self.address = ""
        """Of the chat, without a slash."""
        self.school = ""
        """Of a page of somebody else that may show the chat in a frame."""
        self.stranger = ""
        """Of one that may not."""
        self._stop = asyncio.Event()

    async def __aenter__(self) -> Site:
        async with AsyncExitStack() as stack:
            school = stack.enter_context(listen(WebOptions(port=0)))
            port = school.socket.getsockname()[1]
            # Two names of one machine are two sites to a browser.
            self.school, self.stranger = f"http://localhost:{port}", f"http://127.0.0.1:{port}"
            proxy = await stack.enter_async_context(TlsProxy(self._tls)) if self._tls else None
            url = proxy.address if proxy else None
            options = WebOptions(port=0, url=url, embed=(self.school,), exit=EXIT)
            listening = stack.enter_context(listen(options))
            self.address = listening.address
            if proxy:
                proxy.behind = listening.socket.getsockname()[1]
            key = forms_key(self.bot.secret_file.read_bytes())
            chat = WebChat(self.bot.service, transcripts(self.bot), key, options, self.bot.clock)
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            tasks.create_task(serve(chat.app, options, listening, self._stop))
            page = Starlette(routes=[Route("/", self._school)])
            tasks.create_task(serve(page, WebOptions(port=0), school, self._stop))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await self._stack.aclose()

    async def _school(self, _: Request) -> Response:
        return HTMLResponse(
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A school</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<link rel="icon" href="data:,"></head><body><main><h1>A school</h1>'
            f'<script src="{self.address}/embed.js"></script>'
            f'<noscript><a href="{self.address}/">Chat about online safety</a></noscript>'
            "<p>Term dates.</p></main></body></html>"
        )
