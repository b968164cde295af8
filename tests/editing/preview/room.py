"""An editor at the page, without a browser: pages are fetched, their forms read, filled in and sent as browsers do."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import httpx

from safetybot.editing.preview.app import preview_app
from safetybot.editing.preview.options import PreviewOptions
from safetybot.editing.preview.server import parts_of
from safetybot.editing.preview.watcher import Watcher
from safetybot.matching.encoder import SentenceEncoder
from safetybot.matching.fitter import Fitter
from tests.guidance.conftest import Content

TODAY = dt.date(2026, 11, 24)
SECONDS = 60.0
"""That anything may take: the machine may be busy."""


@dataclass
class Form:
    """A form as a browser would send it."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def values(self) -> dict[str, str]:
        return dict(self.fields)


class _Forms(HTMLParser):
    """Finds forms, and what stands in them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.form: Form | None = None
        self.area: list[str] | None = None
        self.select: tuple[str, list[tuple[str, bool]]] | None = None
        self.option: tuple[str | None, bool, list[str]] | None = None
        self.name = ""
        self.words: list[str] = []
        self.scripts = 0
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.handlers += [name for name in given if name.startswith("on") or name == "style"]
        self.scripts += tag == "script" and "src" not in given
        if tag == "form":
            self.form = Form(given.get("action") or "")
            self.forms.append(self.form)
        elif self.form is not None and tag == "input":
            if given.get("type") != "checkbox" or "checked" in given:
                self.form.fields.append((given["name"] or "", given.get("value") or ""))
        elif self.form is not None and tag == "button" and given.get("name"):
            self.form.buttons.append((given["name"] or "", given.get("value") or ""))
        elif tag == "textarea":
            self.name, self.area = given["name"] or "", []
        elif tag == "select":
            self.select = (given["name"] or "", [])
        elif tag == "option":
            self.option = (given.get("value"), "selected" in given, [])

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.form is not None and self.area is not None:
            self.form.fields.append((self.name, "".join(self.area).removeprefix("\n")))
            self.area = None
        elif tag == "option" and self.option and self.select:
            value, chosen, words = self.option
            self.select[1].append(("".join(words) if value is None else value, chosen))
            self.option = None
        elif tag == "select" and self.select and self.form is not None:
            name, options = self.select
            self.form.fields.append((name, next((value for value, chosen in options if chosen), options[0][0])))
            self.select = None
        elif tag == "form":
            self.form = None

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.area.append(data)
        if self.option is not None:
            self.option[2].append(data)
        self.words.append(data)


@dataclass(frozen=True)
class Shown:
    """An answer."""

    response: httpx.Response
    read: _Forms

    @classmethod
    def of(cls, response: httpx.Response) -> Shown:
        parser = _Forms()
        parser.feed(response.text)
        assert parser.scripts == 0, "a script stands in the page"
        assert parser.handlers == [], "a handler or style stands in the page"
        return cls(response, parser)

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def html(self) -> str:
        return self.response.text

    @property
    def words(self) -> str:
        """All that can be read, in one line."""
        return " ".join("".join(self.read.words).split())

    def form(self, action: str) -> Form:
        (found,) = (form for form in self.read.forms if form.action == action)
        return found


class Room:
    """Use as ``async with Room(…) as room``."""

    def __init__(
        self,
        content: Content,
        folder: Path,
        encoder: SentenceEncoder | None,
        fitter: Callable[[], Fitter] | None = None,
        interval: float = 0.05,
    ) -> None:
        self.content = content
        self.database = folder / "safetybot.sqlite3"
        cache = folder / "cache"
        self.watcher = Watcher(
            content.folder, cache, fitter or (lambda: Fitter(cache, encoder)), today=lambda: TODAY, interval=interval
        )

    async def __aenter__(self) -> Room:
        await self.watcher.__aenter__()
        self.parts = parts_of(self.watcher, PreviewOptions(), self.database)
        transport = httpx.ASGITransport(preview_app(self.parts))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8082")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()
        await self.watcher.__aexit__()

    # --- Waiting -----------------------------------------------------------------------------------------------

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Waits until it is so; what the page follows tells when to look."""
        async with asyncio.timeout(SECONDS):
            while not wanted():
                await self.watcher.changed(self.watcher.key, SECONDS)

    async def learnt(self) -> None:
        """Everything there is to say of what stands in the folder now is known."""
        watcher = self.watcher
        await self.until(lambda: watcher.seen.checked or bool(watcher.seen.library.errors))
        await self.until(lambda: watcher.learning is None)

    async def faulty(self, *, bad: bool = True) -> None:
        await self.until(lambda: bool(self.watcher.seen.library.errors) is bad)

    # --- The page ----------------------------------------------------------------------------------------------

    async def get(self, path: str) -> Shown:
        return Shown.of(await self.client.get(path))

    async def post(self, path: str, fields: dict[str, str], **headers: str) -> Shown:
        return Shown.of(await self.client.post(path, data=fields, headers=headers))

    async def edit(self, stem: str, /, do: str = "save", **changes: str) -> Shown:
        """Opens the form of a topic, changes fields of it, and sends it; a name's ``__`` stands for ``-``."""
        path = f"/topics/en/{stem}/edit"
        values = (await self.get(path)).form(path).values
        return await self.post(path, values | named(changes) | {"do": do})

    async def attempt(self, text: str) -> Shown:
        """Tries a message."""
        values = (await self.get("/try")).form("/try").values
        return await self.post("/try", values | {"text": text})

    async def add(self, text: str, kind: str = "example", **changes: str) -> Shown:
        """Tries a message, and adds it."""
        values = (await self.attempt(text)).form("/try/add").values
        return await self.post("/try/add", values | {"kind": kind} | changes)


def named(changes: dict[str, str]) -> dict[str, str]:
    return {name.replace("__", "-"): value for name, value in changes.items()}
