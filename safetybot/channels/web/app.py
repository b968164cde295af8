"""The web chat's routes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from safetybot.channels.web.accept_language import first_language
from safetybot.channels.web.chats import CHANNEL, ChatClosed, Chats, Did, ShownPage
from safetybot.channels.web.client_hashes import ClientHashes
from safetybot.channels.web.error_pages import Problems, wants_json
from safetybot.channels.web.forms import read_form
from safetybot.channels.web.options import WebOptions
from safetybot.channels.web.pages import FRAMED, OWN, ChatPages, Place
from safetybot.channels.web.protocols import TranscriptKeeper, WebConversation
from safetybot.channels.web.rate_limits import Limits
from safetybot.channels.web.security_headers import is_framed, web_headers
from safetybot.channels.web.static_files import file_routes
from safetybot.channels.web.tokens import ChatNames, Forms, Visitor
from safetybot.dialogue.transcript import Transcript
from safetybot.http.client_address import customer_of
from safetybot.http.forms import NotAForm, TooLarge
from safetybot.http.guard import Guard, is_from_here
from safetybot.http.json_response import JsonAnswer
from safetybot.metrics.counters import Metrics
from safetybot.service.rate_limits import Counts, MemoryCounts

_THIS_MACHINE = customer_of("::1")
_PRESS_MAX = 64
"""Bytes in a button's press, in every channel."""


class WebChat:
    """The pages. :attr:`app` is what a server runs."""

    def __init__(
        self,
        conversation: WebConversation,
        transcripts: TranscriptKeeper,
        key: bytes,
        options: WebOptions,
        clock: Callable[[], float] = time.monotonic,
        counts: Counts | None = None,
        observed: Metrics | None = None,
    ) -> None:
        """``key``: 32 bytes, the same in every process of an installation; ``clock``: seconds.

        ``counts``: what is asked for; without it, what is asked of this process. ``observed`` is told what happens.
        """
        self._options = options
        self._forms = Forms(key)
        self._names = ChatNames(key)
        self._pages = ChatPages(conversation, self._forms, self._names, options.exit)
        self._chats = Chats(conversation, transcripts, self._names)
        addresses = bool(options.proxies) or options.url is None
        limited = partial((observed or Metrics()).limited, CHANNEL)
        self._limits = Limits(counts or MemoryCounts(clock), addresses=addresses, limited=limited)
        self._sources = ClientHashes(key, addresses=addresses)
        self._cookie = "__Host-chat" if options.secure else "chat"
        problems = Problems(self._pages, self._place)
        self.app = Starlette(
            routes=[
                *self._routes(OWN),
                *(self._routes(FRAMED) if options.embed else ()),
                *file_routes(self._pages.voice if options.embed else None),
            ],
            middleware=[Middleware(Guard, options=options, headers=web_headers(options), problem=problems.page)],
            exception_handlers=problems.handlers,
            lifespan=self._lifespan,
        )
        self.app.router.redirect_slashes = False

    def _routes(self, place: Place) -> list[Route]:
        return [
            Route(place.home, _Answered(self._look), methods=["GET"]),
            Route(f"{place.prefix}/say", _Answered(self._say), methods=["POST"]),
            Route(f"{place.prefix}/hide", _Answered(self._hide), methods=["POST"]),
            Route(f"{place.prefix}/again", _Answered(self._again), methods=["POST"]),
            Route(f"{place.prefix}/here", _Answered(self._here), methods=["POST"]),
            Route(f"{place.prefix}/leave", _Answered(self._leave), methods=["GET", "POST"]),
        ]

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        yield
        await self.drain()

    async def drain(self) -> None:
        """Waits until the chats that were left are deleted."""
        await self._chats.drain()

    # --- The chat ----------------------------------------------------------------------------------------------

    async def _look(self, request: Request) -> Response:
        place, language = self._place(request), first_language(request)
        visitor = None if place.framed else self._known(request)
        if visitor is None and not place.framed and request.headers.get("sec-fetch-site") == "cross-site":
            # Somebody followed a link on another site, so the browser keeps the cookie back, if there is one. A page
            # of ours that leads to the same address gets it: a chat in another tab must not be taken for a new one.
            return HTMLResponse(self._pages.doorway(place, language))
        visitor = visitor or self._names.new()
        try:
            transcript = await self._chats.page(visitor, language)
        except ChatClosed:
            if wants_json(request):
                return JsonAnswer({"closed": True, "token": self._forms.token(visitor.mark)})
            return HTMLResponse(self._pages.closed(place, visitor, language))
        response: Response
        if wants_json(request):
            response = self._news(place, visitor, transcript, _number(request.query_params.get("seen")), language)
        else:
            response = HTMLResponse(self._pages.chat(place, visitor, transcript, language))
        return self._with_cookie(request, response, place, visitor)

    async def _say(self, request: Request) -> Response:
        place, language = self._place(request), first_language(request)
        fields, visitor, number = await self._checked(request, place)
        press, text = fields.get("press"), fields.get("text", "")
        if press is not None and not 1 <= len(press.encode("utf-8", "replace")) <= _PRESS_MAX:
            raise NotAForm
        if press is None and not text.strip():
            return await self._look_again(request, place, visitor)
        update, source = self._forms.update(number, press or text), self._source(request, visitor)
        did = Did(update, None if press else text, press, language, source)
        in_danger = partial(self._chats.in_danger, visitor, did)
        async with self._limits.turn(visitor.mark, _address(request), in_danger):
            try:
                shown = await self._chats.turn(visitor, did)
            except ChatClosed:
                if wants_json(request):
                    return JsonAnswer({"closed": True})
                return HTMLResponse(self._pages.closed(place, visitor, language))
        return self._shown(request, place, shown, fields, language)

    async def _hide(self, request: Request) -> Response:
        place, language = self._place(request), first_language(request)
        fields, visitor, number = await self._checked(request, place)
        async with self._limits.turn(visitor.mark, _address(request)):
            shown = await self._chats.hide(
                visitor,
                Did(self._forms.update(number, "/hide"), language=language, source=self._source(request, visitor)),
            )
        return self._shown(request, place, shown, fields, language)

    async def _again(self, request: Request) -> Response:
        """From the page that says that the chat was closed."""
        place, language = self._place(request), first_language(request)
        fields, visitor, number = await self._checked(request, place)
        if fields.get("how") != "new":
            async with self._limits.turn(visitor.mark, _address(request)):
                shown = await self._chats.go_on(
                    visitor,
                    Did(self._forms.update(number, "/again"), language=language, source=self._source(request, visitor)),
                )
            return self._shown(request, place, shown, fields, language)
        await self._chats.forget(visitor)
        visitor = self._names.new()
        if place.framed:
            transcript = await self._chats.page(visitor, language)
            return HTMLResponse(self._pages.chat(place, visitor, transcript, language))
        return self._with_cookie(request, RedirectResponse(place.home, 303), place, visitor)

    async def _here(self, request: Request) -> Response:
        """Somebody is still writing."""
        _, visitor, _ = await self._checked(request, self._place(request))
        async with self._limits.turn(visitor.mark, _address(request)):
            await self._chats.touch(visitor)
        return Response(status_code=204)

    async def _leave(self, request: Request) -> Response:
        """Ends the chat, and leads away. Whatever is wrong with the request, it leads away."""
        place = self._place(request)
        quietly = "quietly" in request.query_params  # a script asks, which leads away by itself
        response = Response(status_code=204) if quietly else RedirectResponse(self._options.exit, 303)
        if request.method == "POST" and is_from_here(request, self._options, surely=False):
            visitor = self._known(request)
            if place.framed:
                try:
                    visitor = self._names.read((await read_form(request)).get("chat"))
                except (NotAForm, TooLarge):
                    visitor = None
            else:
                self._hold(response, "", seconds=0)
            if visitor:
                self._chats.end(visitor)
        return response

    # --- What every form needs ---------------------------------------------------------------------------------

    async def _checked(self, request: Request, place: Place) -> tuple[dict[str, str], Visitor, str]:
        """The fields of a form of ours, who sent it, and its number."""
        if not is_from_here(request, self._options, surely=place.framed):
            raise HTTPException(403)
        fields = await read_form(request)
        visitor = self._names.read(fields.get("chat")) if place.framed else self._known(request)
        number = self._forms.number(visitor.mark, fields.get("token", "")) if visitor else None
        if visitor is None or number is None:
            raise HTTPException(403)
        return fields, visitor, number

    def _source(self, request: Request, visitor: Visitor) -> bytes:
        return self._sources.of(visitor.mark, _address(request))

    def _shown(
        self,
        request: Request,
        place: Place,
        shown: ShownPage,
        fields: Mapping[str, str],
        language: str | None,
    ) -> Response:
        visitor = shown.visitor
        assert visitor is not None, "the turn is over"
        if wants_json(request):
            seen = 0 if shown.cleared else _number(fields.get("seen"))
            news = self._news(place, visitor, shown.transcript, seen, language, cleared=shown.cleared)
            return self._with_cookie(request, news, place, visitor)
        # Where another language was chosen, words may already stand in the box.
        draft = fields.get("text", "") if "press" in fields else ""
        if place.framed or not shown.saved or draft.strip():
            page = self._pages.chat(place, visitor, shown.transcript, language, new_from=shown.before, draft=draft)
            return self._with_cookie(request, HTMLResponse(page), place, visitor)
        new = shown.transcript.after(shown.before)
        response = RedirectResponse(place.home + (f"#m{new[0].number}" if new else ""), 303)
        return self._with_cookie(request, response, place, visitor)

    def _news(
        self,
        place: Place,
        visitor: Visitor,
        transcript: Transcript,
        seen: int,
        language: str | None,
        *,
        cleared: bool = False,
    ) -> Response:
        """What a script adds to the page that it shows."""
        if seen > transcript.count:  # it shows what is gone
            seen, cleared = 0, True
        news = self._pages.news(visitor, transcript, seen, language)
        return JsonAnswer({**news, "cleared": cleared, **({"chat": self._names.held(visitor)} if place.framed else {})})

    async def _look_again(self, request: Request, place: Place, visitor: Visitor) -> Response:
        """Nothing was said: the page as it is."""
        language = first_language(request)
        if not place.framed and not wants_json(request):
            return RedirectResponse(place.home, 303)
        try:
            transcript = await self._chats.page(visitor, language)
        except ChatClosed:
            return HTMLResponse(self._pages.closed(place, visitor, language))
        if wants_json(request):
            return self._news(place, visitor, transcript, transcript.count, language)
        return HTMLResponse(self._pages.chat(place, visitor, transcript, language))

    def _place(self, request: Request) -> Place:
        return FRAMED if self._options.embed and is_framed(request.url.path) else OWN

    def _hold(self, response: Response, held: str, seconds: int | None = None) -> None:
        """Has the browser hold something until it is closed, or no longer."""
        response.set_cookie(
            self._cookie, held, max_age=seconds, secure=self._options.secure, httponly=True, samesite="strict"
        )

    def _known(self, request: Request) -> Visitor | None:
        return self._names.read(request.cookies.get(self._cookie))

    def _with_cookie(self, request: Request, response: Response, place: Place, visitor: Visitor) -> Response:
        """Has the browser hold a visitor's name, unless it does."""
        held = self._names.held(visitor)
        if not place.framed and request.cookies.get(self._cookie) != held:
            self._hold(response, held)
        return response


class _Answered:
    """A function that answers requests, as an app.

    Given the function itself, Starlette would look for errors around it, which it does around all routes as well.
    """

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive, send))
        await response(scope, receive, send)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _address(request: Request) -> str | None:
    """Where a request comes from; None where that is this machine: then it is a proxy, or the operator."""
    host = customer_of(request.client.host) if request.client else None
    return None if host is None or host == _THIS_MACHINE or host.startswith("127.") else host
