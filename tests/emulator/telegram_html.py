"""Telegram's HTML, read as strictly as Telegram reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass

TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "blockquote", "tg-spoiler"}
_ENTITY = re.compile(r"&(lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_TAG = re.compile(r"<(/?)([a-zA-Z-]+)((?:\s+[a-zA-Z-]+\s*=\s*\"[^\"<]*\")*)\s*>")
_HREF = re.compile(r"href\s*=\s*\"([^\"]*)\"")


class CannotParse(Exception):  # noqa: N818
    """What Telegram answers to HTML it does not accept."""


@dataclass(frozen=True)
class Entity:
    """A styled stretch of the text, in UTF-16 units as Telegram counts."""

    type: str
    offset: int
    length: int
    url: str | None = None


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def unescape(text: str) -> str:
    """Replace the few entities that Telegram knows; others stay as written."""

    def replaced(match: re.Match[str]) -> str:
        name = match[1]
        if name.startswith("#x"):
            return chr(int(name[2:], 16))
        return chr(int(name[1:])) if name.startswith("#") else _NAMED[name]

    return _ENTITY.sub(replaced, text)


def parse(html: str) -> tuple[str, list[Entity]]:
    """The visible text and its entities."""
    text, size = "", 0
    stack: list[tuple[str, int, str | None]] = []
    entities: list[Entity] = []
    at = 0
    while at < len(html):
        if html[at] != "<":
            end = html.find("<", at)
            end = len(html) if end < 0 else end
            words = unescape(html[at:end])
            text, size, at = text + words, size + units(words), end
            continue
        match = _TAG.match(html, at)
        if match is None:
            raise CannotParse("Bad Request: can't parse entities: Unsupported start tag")
        closing, name = match[1], match[2].lower()
        if name not in TAGS:
            raise CannotParse("Bad Request: can't parse entities: Unsupported start tag")
        if closing:
            if not stack or stack[-1][0] != name:
                raise CannotParse("Bad Request: can't parse entities: Unmatched end tag")
            opened, begun, url = stack.pop()
            if size > begun:
                entities.append(Entity(opened, begun, size - begun, url))
        else:
            href = _HREF.search(match[3]) if name == "a" else None
            stack.append((name, size, unescape(href[1]) if href else None))
        at = match.end()
    if stack:
        raise CannotParse("Bad Request: can't parse entities: Can't find end tag")
    return text, entities
