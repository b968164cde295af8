"""The web chat's pages: anything that a browser, or something that is none, may send."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from safetybot.channels.web import WebChat, WebOptions
from tests.channels.web.browsing import HERE, SCHOOL, web_chat
from tests.fuzz.asking import FORM, ask, checked, in_parts, some_headers
from tests.fuzz.drawing import Draws
from tests.fuzz.house import House, house
from tests.fuzz.target import Once, Target
from tests.fuzz.telegram import PRESSES, TEXTS

PATHS = (
    "/",
    "/say",
    "/hide",
    "/again",
    "/here",
    "/leave",
    "/embed.js",
    "/static/chat.css",
    "/favicon.ico",
    "/health",
    "/nowhere",
)
FIELDS = ("text", "press", "how", "seen", "token", "chat", "x")
_TOKEN = re.compile(rb'name="token" value="([0-9a-f]+)"')
_HELD = re.compile(rb'name="chat" value="([^"]+)"')
_PRESS = re.compile(rb'name="press" value="([^"]+)"')


_WAYS = ((0, 0, 0, 3), (0, 0, 1, 5), (0, 4, 0, 0), (0, 5, 1, 3), (2, 0, 0, 1), (2, 3, 1, 7))


class _Visit:
    """One browser's, with what the last page held."""

    token, held, cookie = b"", b"", ""
    presses: tuple[str, ...] = PRESSES


class _Web:
    def __init__(self, house: House) -> None:
        self._house = house
        self._web: WebChat | None = None

    async def asked(self, draws: Draws) -> None:
        """Up to eight requests of one browser, in our own page or in another site's frame."""
        bot, fresh = await self._house.one()
        if fresh or self._web is None:
            if self._web is not None:
                await self._web.drain()
            self._web = web_chat(bot, WebOptions(url=HERE, embed=(SCHOOL,)))
        visit, prefix = _Visit(), "/embed" if draws.chance(3) else ""
        await self._look(visit, prefix)
        for _ in range(1 + draws.number(7)):
            bot.clock.forward(draws.one((10, 10, 60, 1000, 100_000)))
            await self._one(draws, visit, prefix)

    async def _look(self, visit: _Visit, prefix: str) -> None:
        headers = [(b"host", b"127.0.0.1"), (b"cookie", f"chat={visit.cookie}".encode())]
        assert self._web is not None
        answer = checked(await ask(self._web.app, "GET", prefix or "/", headers))
        self._noted(visit, answer.body, answer.cookies)

    def _noted(self, visit: _Visit, body: bytes, cookies: dict[str, str]) -> None:
        visit.cookie = cookies.get("chat", visit.cookie)
        if found := _TOKEN.search(body):
            visit.token = found[1]
        if found := _HELD.search(body):
            visit.held = found[1]
        if presses := _PRESS.findall(body):
            visit.presses = tuple(press.decode() for press in presses)

    async def _one(self, draws: Draws, visit: _Visit, prefix: str) -> None:
        path = prefix + draws.one(("/say", "/say", "/say", *PATHS)) if not draws.chance(16) else "/" + draws.text(40)
        usual = {
            b"host": b"127.0.0.1:8080", b"accept": draws.one((b"text/html", b"application/json")),
            b"origin": HERE.encode(),
            b"sec-fetch-site": b"same-origin", b"content-type": FORM, b"cookie": f"chat={visit.cookie}".encode(),
        }  # fmt: skip
        fields = [(draws.one(FIELDS), draws.text(60)) for _ in range(draws.number(2))]
        match draws.number(3):
            case 0:
                fields.append(("press", draws.one(visit.presses)))
            case 1:
                fields.append(("text", draws.one(TEXTS)))
            case 2:
                fields.append(("text", draws.text(120)))
        if not draws.chance(16):
            fields += [("token", visit.token.decode()), ("chat", visit.held.decode())]
        body = draws.bytes(200) if draws.chance(16) else urlencode(fields, errors="replace").encode()
        method = draws.one(("POST", "POST", "POST", "GET", "HEAD"))
        if method != "POST":
            path, body = f"{path}?{body.decode('latin-1')}", b""
        assert self._web is not None
        answer = checked(await ask(self._web.app, method, path, some_headers(draws, usual), in_parts(draws, body)))
        if b"<html" in answer.body and answer.status != 421:
            assert b"tel:999" in answer.body
        self._noted(visit, answer.body, answer.cookies)

    async def closed(self) -> None:
        if self._web is not None:
            await self._web.drain()


@contextmanager
def _opened() -> Iterator[Once]:
    with house(60) as (made, runner):
        web = _Web(made)
        try:
            yield lambda data: runner.run(web.asked(Draws(data)))
        finally:
            runner.run(web.closed())


WEB = Target(
    "web",
    "the web chat's pages: paths, forms, tokens, cookies, Accept-Language and other headers; framed and not",
    _opened,
    seeds=[
        bytes([0, 0]),
        *(
            bytes([framed, 5, *([0, 0, path, 0, 0, kind, choice, 0, 0, 0, 0, 0] * 6)])
            for framed, path, kind, choice in _WAYS
        ),
        bytes([0, 1, 0, 0, 0, 0, 0, 2, 20]) + b'a"><zz onload=x> /now' + bytes(8),
        bytes([0, 1, 0, 0, 0, 0, 0, 1, 5, 0, 0, 0, 1, 1, 30]) + b"cy;q=0.1, en-GB-oed, *;q=\xff" + bytes(8),
    ],
    words=["<zz>",
           '"><zz', "cy", "en-GB", "application/json", "cross-site", "none", "null", "/embed", "rep:", "/hide", "\r\n",
           "\x00", "99999999999999999999", "%ff", "+", "&", ";", "text=", "press="],
    seconds=3.0,
    short=15,
    longest=1024,
)  # fmt: skip
