"""Light Markdown, parsed once into a small structure that every channel renders in its own way.

Editors may write bold, italics, lists and links. Everything else of CommonMark is switched off or shown as plain
words: a young person's own text, quoted back to them, must never turn into formatting, code or HTML.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

LINK_SCHEMES = ("https:", "http:", "tel:", "sms:")
"""The only addresses that stay links; any other link is shown as its text."""


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style. It holds no line break."""

    text: str
    bold: bool = False
    italic: bool = False
    link: str | None = None


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that belong together. A line break in the source is a line break for the reader."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: with bullets where ``start`` is None, else numbered from there."""

    start: int | None
    items: tuple[Item, ...]


Block = Paragraph | Listing


def _parser() -> MarkdownIt:
    # Off: what a non-programmer triggers by accident (indented text as code, a dashed line making a heading) and
    # what would make words vanish (reference definitions, images).
    return MarkdownIt("commonmark", {"html": False}).disable(["code", "fence", "lheading", "reference", "image"])


_MARKDOWN = _parser()


def parse(text: str) -> tuple[Block, ...]:
    """Read light Markdown into blocks. Any text is valid; none raises."""
    # A lone surrogate cannot be written as UTF-8, so no channel could send it.
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return tuple(_blocks(iter(_MARKDOWN.parse(clean))))


def plain(blocks: Sequence[Block]) -> str:
    """All visible words, without styles: for logs of tests, for screen readers and for searching."""
    return "\n\n".join(_plain_block(block) for block in blocks)


def _plain_block(block: Block) -> str:
    if isinstance(block, Paragraph):
        return "\n".join("".join(span.text for span in line) for line in block.lines)
    return "\n".join(plain(item.blocks) for item in block.items)


def _blocks(tokens: Iterator[Token]) -> Iterator[Block]:
    """The blocks up to the end of the tokens, or of the container whose opening token was just taken."""
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            start = int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None
            yield Listing(start, tuple(_items(tokens)))
        elif token.type == "inline":
            lines = tuple(_lines(token.children or []))
            if lines:
                yield Paragraph(lines)
        elif token.type == "heading_open":
            yield from _heading(tokens)
        elif token.type == "blockquote_open":
            yield from _blocks(tokens)
        elif token.type in ("list_item_close", "blockquote_close"):
            return


def _items(tokens: Iterator[Token]) -> Iterator[Item]:
    for token in tokens:
        if token.type == "list_item_open":
            yield Item(tuple(_blocks(tokens)))
        else:
            return


def _heading(tokens: Iterator[Token]) -> Iterator[Block]:
    """A heading is a bold line: no channel of ours has headings inside a message."""
    inline = next(tokens)
    next(tokens)
    lines = tuple(
        tuple(Span(span.text, True, span.italic, span.link) for span in line) for line in _lines(inline.children or [])
    )
    if lines:
        yield Paragraph(lines)


def _lines(children: Sequence[Token]) -> Iterator[Line]:
    line: list[Span] = []
    bold = italic = 0
    link: str | None = None
    for token in children:
        match token.type:
            case "strong_open" | "strong_close":
                bold += token.nesting
            case "em_open" | "em_close":
                italic += token.nesting
            case "link_open":
                href = str(token.attrs.get("href", ""))
                link = href if href.lower().startswith(LINK_SCHEMES) else None
            case "link_close":
                link = None
            case "softbreak" | "hardbreak":
                yield tuple(line)
                line = []
            case _:
                # An address such as [x](a&#10;b) can carry a line break into a text token.
                words = " ".join(token.content.splitlines())
                if words:
                    _append(line, Span(words, bold > 0, italic > 0, link))
    if line:
        yield tuple(line)


def _append(line: list[Span], span: Span) -> None:
    """Add a span, joined to the one before where only the parser had parted them."""
    if line and (line[-1].bold, line[-1].italic, line[-1].link) == (span.bold, span.italic, span.link):
        line[-1] = Span(line[-1].text + span.text, span.bold, span.italic, span.link)
    else:
        line.append(span)
