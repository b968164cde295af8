"""A Telegram that only counts: hands updates out, by getUpdates or by post, and notes when each chat is answered.

As little work as can be for each request, for it runs on the cores of the bot that is measured: HTTP is read by
httptools alone, and written as bytes.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httptools

TOKEN = "1000:BENCH-token_of-a-bot-that-is-measured"
_CHAT = re.compile(rb'"?chat_id"?[:=]\s*"?(-?\d+)')
_POSTED_AT_ONCE = 100
"""Telegram's own greatest number of connections."""
_ME = {"id": 1000, "is_bot": True, "first_name": "Bench", "username": "BenchBot"}

Update = dict[str, Any]


def typed(chat: int, text: str) -> Update:
    """Somebody writes (without its number)."""
    return {"message": {"message_id": 1, "date": 0, "chat": _place(chat), "from": _person(chat), "text": text}}


def pressed(chat: int, data: str) -> Update:
    """Somebody presses a button (without its number)."""
    under = {"message_id": 1, "date": 0, "chat": _place(chat), "text": "…"}
    query = {"id": str(chat), "from": _person(chat), "chat_instance": "1", "data": data, "message": under}
    return {"callback_query": query}


def _place(chat: int) -> dict[str, Any]:
    return {"id": chat, "type": "private", "first_name": "A"}


def _person(chat: int) -> dict[str, Any]:
    return {"id": chat, "is_bot": False, "first_name": "A", "language_code": "en"}


@dataclass(slots=True)
class Telegram:
    """One bot's account. ``async with Telegram() as telegram:``"""

    url: str = ""
    """What ``SAFETYBOT_TELEGRAM_API`` takes."""
    sends: int = 0
    """Messages that the bot sent."""
    done: int = 0
    """Updates that the bot confirmed, by its offset or by 200."""
    answered: dict[int, float] = field(default_factory=dict)
    """Chat → when the first message came after :meth:`ask`; ``time.perf_counter``."""
    asked: dict[int, float] = field(default_factory=dict)
    taken: list[float] = field(default_factory=list)
    """Seconds from each :meth:`ask` to the first message in its chat."""
    hook: str | None = None
    """The path that updates are posted to; None for polling."""
    port: int | None = None
    """The port of this machine that they are posted to, whatever the bot says its address is: its own, if None."""
    _next: int = 1_000
    _waiting: deque[tuple[int, bytes]] = field(default_factory=deque)
    _url: str = ""
    _secret: str = ""
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _posters: list[asyncio.Task[None]] = field(default_factory=list)
    _posts: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    _server: asyncio.Server | None = None
    _holding: set[asyncio.Task[None]] = field(default_factory=set)
    """Long polls."""
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(10))

    async def __aenter__(self) -> Telegram:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Asked(self._serve), "127.0.0.1", 0, backlog=512)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [*self._posters, *self._holding]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert self._server is not None
        self._server.close()

    def push(self, update: Update) -> None:
        """One update for the bot."""
        self._next += 1
        body = json.dumps({"update_id": self._next, **update}).encode()
        if self.hook is not None:
            self._posts.put_nowait(body)
        else:
            self._waiting.append((self._next, body))
            self._news.set()

    def ask(self, chat: int, update: Update) -> None:
        """The same, with the time until it is answered."""
        self.asked[chat] = time.perf_counter()
        self.push(update)

    async def until(self, sends: int = 0, done: int = 0, patience: float = 300.0) -> None:
        """Waits for so many messages and confirmations in all. Raises TimeoutError."""
        async with asyncio.timeout(patience):
            while self.sends < sends or self.done < done:  # noqa: ASYNC110 - set a thousand times a second
                await asyncio.sleep(0.002)

    def _serve(self, path: bytes, body: bytes, answer: Callable[[bytes], None]) -> None:
        method = path.rpartition(b"/")[2].decode()
        if method == "sendMessage":
            result = self._sent(body)
        elif method == "getUpdates":
            holding = asyncio.create_task(self._updates(_fields(body), answer))
            self._holding.add(holding)
            holding.add_done_callback(self._holding.discard)
            return
        elif method == "setWebhook":
            result = self._hooked(_fields(body))
        elif method == "getMe":
            result = json.dumps(_ME).encode()
        elif method == "getWebhookInfo":
            waiting = self._posts.qsize()
            info = {"url": self._url, "has_custom_certificate": False, "pending_update_count": waiting}
            result = json.dumps(info).encode()
        elif method == "getMyCommands":
            result = b"[]"
        elif method in ("getMyDescription", "getMyShortDescription"):
            result = json.dumps({"description": "", "short_description": ""}).encode()
        else:
            result = b"true"
        answer(result)

    def _sent(self, body: bytes) -> bytes:
        found = _CHAT.search(body)
        assert found is not None, "a message goes to a chat"
        chat = int(found[1])
        self.sends += 1
        asked = self.asked.pop(chat, None)
        if asked is not None:
            self.taken.append(time.perf_counter() - asked)
        return json.dumps({"message_id": next(self._numbers), "date": 0, "chat": _place(chat), "text": "…"}).encode()

    async def _updates(self, fields: dict[str, Any], answer: Callable[[bytes], None]) -> None:
        offset, hold = int(fields.get("offset") or 0), float(fields.get("timeout") or 0)
        limit = min(int(fields.get("limit") or 100), 100)
        while self._waiting and self._waiting[0][0] < offset:
            self._waiting.popleft()
            self.done += 1
        if not self._waiting and hold:
            self._news.clear()
            try:
                async with asyncio.timeout(hold):
                    await self._news.wait()
            except TimeoutError:
                pass
        answer(b"[" + b",".join(raw for _, raw in itertools.islice(self._waiting, limit)) + b"]")

    def _hooked(self, fields: dict[str, Any]) -> bytes:
        self._url = str(fields["url"])
        self.hook = urlsplit(self._url).path
        self._secret = str(fields.get("secret_token") or "")
        if not self._posters:
            self._posters = [asyncio.create_task(self._post()) for _ in range(_POSTED_AT_ONCE)]
        return b"true"

    async def _post(self) -> None:
        connection: _Posted | None = None
        while True:
            body = await self._posts.get()
            # Where to is looked up each time: the bot says where it is only after it has registered itself.
            while True:
                port, path = self.port or urlsplit(self._url).port or 80, str(self.hook)
                try:
                    if connection is None or connection.is_over:
                        connecting = asyncio.get_running_loop().create_connection(_Posted, "127.0.0.1", port)
                        _, connection = await connecting
                    if await connection.post(path, self._secret, body) == 200:
                        break
                except OSError:
                    connection = None
                await asyncio.sleep(0.05)  # as Telegram, only sooner
            self.done += 1


def _fields(body: bytes) -> dict[str, Any]:
    if body.startswith(b"{"):
        return dict(json.loads(body))
    return dict(parse_qsl(body.decode()))


class _Asked(asyncio.Protocol):
    """A connection of the bot to Telegram: one request after the other."""

    def __init__(self, serve: Callable[[bytes, bytes, Callable[[bytes], None]], None]) -> None:
        self._serve = serve
        self._parser = httptools.HttpRequestParser(self)
        self._path = self._body = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        path, body, self._path, self._body = self._path, self._body, b"", b""
        self._serve(path, body, self._answer)

    def _answer(self, result: bytes) -> None:
        assert self._transport is not None
        length = len(result) + len(b'{"ok":true,"result":}')
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()
        self._transport.write(b'%s{"ok":true,"result":%s}' % (head, result))


class _Posted(asyncio.Protocol):
    """A connection of Telegram to the bot: one post after the other."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._answered: asyncio.Future[int] | None = None
        self._transport: asyncio.Transport | None = None
        self.is_over = False

    async def post(self, path: str, secret: str, body: bytes) -> int:
        """The status. Raises ConnectionError."""
        assert self._transport is not None
        self._answered = asyncio.get_running_loop().create_future()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {secret}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._transport.write(head.encode() + body)
        return await self._answered

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        if not self._parser.should_keep_alive():
            self.is_over = True
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(self._parser.get_status_code())

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_over = True
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionResetError())
