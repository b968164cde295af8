"""A browser without JavaScript: it follows forms, buttons and redirects, and keeps one cookie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

import httpx

from safetybot.channels.web import WebChat, WebOptions, forms_key
from safetybot.service.transcripts import Transcripts
from safetybot.storage.transcripts import TranscriptStore
from tests.talking import Bot

HERE = "http://127.0.0.1:8080"
PUBLIC = "https://chat.example.org"
SCHOOL = "https://www.school.example"

_VOID = {"meta", "link", "input", "br", "img", "hr"}


@dataclass
class Element:
    """One element of a page."""

    tag: str
    attributes: Mapping[str, str]
    children: list[Element | str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Element]:
        """It and everything in it."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child

    @property
    def text(self) -> str:
        parts = (child if isinstance(child, str) else child.text for child in self.children)
        return " ".join("".join(parts).split()) if self.tag != "br" else "\n"

    @property
    def classes(self) -> set[str]:
        return set(self.get("class").split())

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")

    def find(self, tag: str, **attributes: str) -> list[Element]:
        return [
            each
            for each in self
            if each.tag == tag and all(each.get(name.rstrip("_")) == value for name, value in attributes.items())
        ]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def read_page(html: str) -> Element:
    """A page as a tree; every element must be closed where it ends."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader._open == [reader.root], f"<{reader._open[-1].tag}> is not closed"
    return reader.root


class Browser:
    """One person's browser, with one window."""

    def __init__(self, chat: WebChat, base: str = HERE, **headers: str) -> None:
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(chat.app), base_url=base, headers={"accept-language": "en-GB", **headers}
        )
        self.response: httpx.Response
        self.page: Element

    async def open(self, path: str = "/", **headers: str) -> Element:
        return await self._came(await self.client.get(path, headers=headers))

    async def say(self, text: str) -> list[Element]:
        """Types it and presses Send; the new entries."""
        return await self._new("say", {"text": text})

    async def press(self, words: str) -> list[Element]:
        """Presses the newest button with these words; the new entries."""
        button = [each for each in self.page.find("button") if each.text == words and each.get("form")][-1]
        return await self._new(button.get("form"), {button.get("name"): button.get("value")})

    async def _new(self, form: str, fields: Mapping[str, str]) -> list[Element]:
        before = {(entry.get("data-number"), entry.text) for entry in self.entries}
        await self.submit(form, fields)
        return [entry for entry in self.entries if (entry.get("data-number"), entry.text) not in before]

    async def submit(self, form: str, fields: Mapping[str, str] | None = None, **headers: str) -> Element:
        """Submits a form of the page as it is now."""
        action, hidden = self.form(form)
        return await self._came(await self.post(action, {**hidden, **(fields or {})}, **headers))

    async def post(self, path: str, fields: Mapping[str, str], **headers: str) -> httpx.Response:
        return await self.client.post(
            path.partition("#")[0],
            content=urlencode(fields, errors="replace"),
            headers={"content-type": "application/x-www-form-urlencoded", **headers},
        )

    def form(self, id_: str) -> tuple[str, dict[str, str]]:
        """Where a form goes, and what it carries."""
        (form,) = [each for each in self.page.find("form") if id_ in (each.get("id"), each.get("action"))]
        return form.get("action"), {each.get("name"): each.get("value") for each in form.find("input", type="hidden")}

    @property
    def entries(self) -> list[Element]:
        return [each for each in self.page.find("li") if each.get("data-number")]

    @property
    def text(self) -> str:
        return self.page.text

    @property
    def cookie(self) -> str | None:
        return next((value for name, value in self.client.cookies.items() if name.endswith("chat")), None)

    @property
    def buttons(self) -> list[str]:
        return [each.text for each in self.page.find("button") if each.get("form")]

    async def _came(self, response: httpx.Response) -> Element:
        self.response = response
        if response.is_redirect and response.headers["location"].startswith("/"):
            self.response = await self.client.get(response.headers["location"].partition("#")[0])
        self.page = read_page(self.response.text)
        return self.page


def transcripts(bot: Bot) -> Transcripts:
    return Transcripts(TranscriptStore(bot.engine), bot.secret_file.read_bytes(), "web", bot.clock)


def web_chat(bot: Bot, options: WebOptions | None = None) -> WebChat:
    """The web chat of a bot that runs; both have the same clock."""
    key = forms_key(bot.secret_file.read_bytes())
    return WebChat(bot.service, transcripts(bot), key, options or WebOptions(), bot.clock)
