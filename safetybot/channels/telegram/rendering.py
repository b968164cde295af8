"""Our light Markdown as Telegram HTML, in parts that Telegram accepts.

Splitting works on the parsed structure, never on HTML, so that no part ends inside a tag.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from safetybot.channels.telegram.bot import Keyboard
from safetybot.dialogue.messages import Button, Outgoing, is_advice
from safetybot.formats.markdown import Block, Line, Listing, Paragraph, Span, parse

TEXT_MAX = 4096
"""UTF-16 units in one message, as Telegram counts them after the tags are gone."""

PRESS_MAX = 64
"""Bytes of callback data."""

BULLET = "• "
INDENT = "   "


class PressDoesNotFit(ValueError):  # noqa: N818 - reads as what went wrong
    """A button carries nothing, or more than Telegram takes back: a fault of the program, never of a reader."""


@dataclass(frozen=True, slots=True)
class TelegramMessage:
    """One Telegram message."""

    html: str
    text: str
    """The same without tags, addresses written out, for the case that Telegram cannot parse the HTML."""
    keyboard: Keyboard | None = None


def render(message: Outgoing, limit: int = TEXT_MAX) -> list[TelegramMessage]:
    """The Telegram messages that show ``message``; its buttons are under the last.

    A message without a visible word gives no part, unless it has buttons, which need something to hang under.
    """
    return list(_advice(message, limit) if is_advice(message) else _render(message, limit))


@lru_cache(maxsize=1_000)
def _advice(message: Outgoing, limit: int) -> list[TelegramMessage]:
    """Of advice, which is the same for everybody, it is kept."""
    return _render(message, limit)


def _render(message: Outgoing, limit: int) -> list[TelegramMessage]:
    keyboard = _keyboard(message.buttons)
    parts = [TelegramMessage(_html(lines), _bare(lines)) for lines in split(_flat(parse(message.text)), limit)]
    if keyboard is None:
        return parts
    last = parts.pop() if parts else TelegramMessage("…", "…")
    return [*parts, TelegramMessage(last.html, last.text, keyboard)]


def _keyboard(rows: Sequence[Sequence[Button]]) -> Keyboard | None:
    for row in rows:
        for button in row:
            if not 1 <= len(button.press.encode()) <= PRESS_MAX:
                raise PressDoesNotFit(f"callback data of {len(button.press.encode())} bytes; 1 to {PRESS_MAX} fit")
    buttons = [[InlineKeyboardButton(b.text, callback_data=b.press) for b in row] for row in rows if row]
    return InlineKeyboardMarkup(buttons).to_dict() if buttons else None


# --- from blocks to lines


def _flat(blocks: Sequence[Block], indent: str = "") -> list[list[Line]]:
    """Each block as its lines, bullets and numbers written out, Telegram having no lists."""
    flat: list[list[Line]] = []
    for block in blocks:
        if isinstance(block, Paragraph):
            lines = [_indented(indent, tuple(_linked(span) for span in line)) for line in block.lines]
        else:
            lines = _listed(block, indent)
        if any(_text([line]).strip() for line in lines):
            flat.append(lines)
    return flat


def _listed(listing: Listing, indent: str) -> list[Line]:
    lines: list[Line] = []
    for number, item in enumerate(listing.items, start=listing.start or 0):
        mark = BULLET if listing.start is None else f"{number}. "
        inner = [line for block in _flat(item.blocks) for line in block]
        for index, line in enumerate(inner):
            lines.append(_indented(indent + (mark if index == 0 else INDENT), line))
    return lines


def _indented(indent: str, line: Line) -> Line:
    return (Span(indent), *line) if indent else line


def _linked(span: Span) -> Span:
    """Telegram makes links of web addresses only; of a number to call or text, the words remain.

    Where the words do not say the number, it is added: "Call Childline" alone would lose what helps.
    """
    if span.link is None or span.link.lower().startswith(("https:", "http:")):
        return span
    number = re.split(r"[?;&]", span.link.partition(":")[2])[0]
    said = re.sub(r"\D", "", number) in re.sub(r"\D", "", span.text)
    return Span(span.text if said else f"{span.text} ({number})", span.bold, span.italic)


# --- from lines to parts


def split(blocks: Sequence[Sequence[Line]], limit: int = TEXT_MAX) -> list[list[Line]]:
    """Lines in parts of at most ``limit`` UTF-16 units: cut between blocks, else between lines, else between words."""
    parts: list[list[Line]] = []
    size = 0  # of the last part
    for block in blocks:
        pieces = [list(block)]
        if units(_text(block)) > limit:
            pieces = [[piece] for line in block for piece in _broken(line, limit)]
        for index, piece in enumerate(pieces):
            joint: list[Line] = [()] if index == 0 else []
            more = units(_text([*joint, *piece]))
            if parts and size + 1 + more <= limit:
                parts[-1] += [*joint, *piece]
                size += 1 + more
            else:
                parts.append(piece)
                size = units(_text(piece))
    return [part for part in parts if _text(part).strip()]


def _broken(line: Line, limit: int) -> Iterator[Line]:
    """A line in pieces that fit, cut at white space where there is any."""
    text = _text([line])
    start = 0
    while units(text[start:]) > limit:
        end = _fitting(text, start, limit)
        space = max((match.start() for match in re.finditer(r"\s", text[start : end + 1])), default=0)
        cut = start + space if space and text[start : start + space].strip() else _between_characters(text, start, end)
        yield _sliced(line, start, cut)
        start = cut
        while start < len(text) and text[start].isspace():
            start += 1
    if start < len(text) or not text:
        yield _sliced(line, start, len(text))


def _fitting(text: str, start: int, limit: int) -> int:
    """The furthest end for which ``text[start:end]`` fits."""
    size = 0
    for end in range(start, len(text)):
        size += 2 if ord(text[end]) > 0xFFFF else 1
        if size > limit:
            return max(end, start + 1)
    return len(text)


def _between_characters(text: str, start: int, end: int) -> int:
    """Step back a little where the cut would part an accent or an emoji's pieces from each other."""
    for cut in range(end, max(start, end - 16), -1):
        if cut == len(text):
            return cut
        joined = unicodedata.combining(text[cut]) or text[cut] in "\u200d\ufe0f" or text[cut - 1] == "\u200d"
        if not joined:
            return cut
    return end


def _sliced(line: Line, start: int, end: int) -> Line:
    piece: list[Span] = []
    at = 0
    for span in line:
        words = span.text[max(0, start - at) : max(0, end - at)]
        if words:
            piece.append(Span(words, span.bold, span.italic, span.link))
        at += len(span.text)
    return tuple(piece)


# --- from lines to text


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text) + sum(character > "\uffff" for character in text)


def _text(lines: Sequence[Line]) -> str:
    return "\n".join("".join(span.text for span in line) for line in lines)


def _bare(lines: Sequence[Line]) -> str:
    return "\n".join(
        "".join(s.text if s.link is None or s.link in s.text else f"{s.text} ({s.link})" for s in line)
        for line in lines
    )


def _html(lines: Sequence[Line]) -> str:
    return "\n".join("".join(_tagged(span) for span in line) for line in lines)


def _tagged(span: Span) -> str:
    html = escape(span.text, quote=False)
    if span.link is not None:
        html = f'<a href="{escape(span.link)}">{html}</a>'
    if span.italic:
        html = f"<i>{html}</i>"
    if span.bold:
        html = f"<b>{html}</b>"
    return html
