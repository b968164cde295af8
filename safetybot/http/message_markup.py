"""What the bot says, as HTML: light Markdown, numbers that can be pressed, links that tell nobody where they stood."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape

from safetybot.formats.markdown import Block, Line, Listing, Paragraph, Span, parse
from safetybot.guidance.model import Helpline, WordingFile
from safetybot.http.phone_links import PhoneLinks

PRESS_FORM = "press"
"""The id of the form that the buttons of all messages belong to."""


@dataclass(frozen=True)
class MessageMarkup:
    """One language's messages. A str is HTML where it is returned, and words where it is taken."""

    wording: WordingFile
    helplines: Sequence[Helpline]

    def html(self, text: str, *, commands: bool) -> str:
        """A message's words. ``commands``: those in it can be pressed, as in Telegram."""
        return "".join(self._block(block, commands) for block in parse(text))

    def _block(self, block: Block, commands: bool) -> str:
        if isinstance(block, Paragraph):
            return f"<p>{'<br>'.join(self._line(line, commands) for line in block.lines)}</p>"
        return self._listing(block, commands)

    def _listing(self, listing: Listing, commands: bool) -> str:
        items = "".join(
            f"<li>{''.join(self._block(block, commands) for block in item.blocks)}</li>" for item in listing.items
        )
        return f"<ul>{items}</ul>" if listing.start is None else f'<ol start="{listing.start}">{items}</ol>'

    def _line(self, line: Line, commands: bool) -> str:
        html, before = [], ""
        for span in line:
            html.append(self._span(span, before, commands))
            before += span.text
        return "".join(html)

    def _span(self, span: Span, before: str, commands: bool) -> str:
        if span.link is not None:
            html = self._link(span.text, span.link)
        else:
            html = "".join(
                self._link(piece.text, piece.link) if piece.link else self._commands(piece.text, commands)
                for piece in self._numbers.pieces(span.text, before)
            )
        if span.italic:
            html = f"<em>{html}</em>"
        return f"<strong>{html}</strong>" if span.bold else html

    def _link(self, text: str, link: str) -> str:
        if link.lower().startswith(("tel:", "sms:")):
            return f'<a class="number" href="{escape(link)}">{escape(text)}</a>'
        aside = f'<span class="unseen"> ({escape(self.wording.say["web-new-tab"])})</span>'
        return f'<a href="{escape(link)}" target="_blank" rel="noopener noreferrer">{escape(text)}{aside}</a>'

    def _commands(self, text: str, commands: bool) -> str:
        if not commands or "/" not in text:
            return escape(text)
        return "".join(
            f'<button form="{PRESS_FORM}" name="text" value="{escape(part)}" class="command">{escape(part)}</button>'
            if place % 2
            else escape(part)
            for place, part in enumerate(self._command.split(text))
        )

    @cached_property
    def _numbers(self) -> PhoneLinks:
        return PhoneLinks(self.helplines, self.wording)

    @cached_property
    def _command(self) -> re.Pattern[str]:
        names = "|".join(re.escape(command.command) for command in self.wording.commands)
        return re.compile(rf"(?<![\w/])(/(?:{names}))(?![\w/])")
