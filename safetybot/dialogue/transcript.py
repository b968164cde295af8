"""What a page shows of its conversation, for a channel whose messages nobody else keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from safetybot.dialogue.messages import Button, Outgoing

ENTRIES_MAX = 60
"""Entries that are kept; older ones go."""
LETTERS_MAX = 60_000
"""Letters that are kept in all, the newest entry always."""


class TranscriptError(Exception):
    """What should be a transcript is none, or of another version."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message as it stands on the page."""

    number: int
    """Counts up from 1 within its chat."""
    message: Outgoing = field(repr=False)
    own: bool = False
    """The young person wrote it, or pressed it; then it is shown as it is, without Markdown."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation as it stands on the page, the newest entry last."""

    entries: tuple[Entry, ...] = field(default=(), repr=False)
    count: int = 0
    """Entries there have been, those counted that are gone."""
    language: str | None = None
    """The language that was chosen here."""
    shortened: bool = False
    """Older entries are gone, for there was no room for them."""

    def said(self, text: str) -> Transcript:
        """This with something the young person wrote or pressed."""
        return self._with((Entry(self.count + 1, Outgoing(text), own=True),))

    def answered(self, messages: Iterable[Outgoing]) -> Transcript:
        """This with messages of the bot's."""
        return self._with(tuple(Entry(number, message) for number, message in enumerate(messages, self.count + 1)))

    def cleared(self) -> Transcript:
        """This without its entries; their numbers are not used again."""
        return replace(self, entries=(), shortened=False)

    def after(self, number: int) -> tuple[Entry, ...]:
        """The entries that came after a number."""
        return tuple(entry for entry in self.entries if entry.number > number)

    def button(self, press: str) -> Button | None:
        """The newest button that presses this."""
        for entry in reversed(self.entries):
            for row in entry.message.buttons:
                for button in row:
                    if button.press == press:
                        return button
        return None

    def _with(self, entries: tuple[Entry, ...]) -> Transcript:
        kept = [*self.entries, *entries][-ENTRIES_MAX:]
        letters = sum([len(entry.message.text) for entry in kept])
        while len(kept) > len(entries) and letters > LETTERS_MAX:
            letters -= len(kept.pop(0).message.text)
        shortened = self.shortened or len(kept) < len(self.entries) + len(entries)
        return replace(self, entries=tuple(kept), count=self.count + len(entries), shortened=shortened)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "count": self.count,
            "language": self.language,
            "shortened": self.shortened,
            "entries": [
                {
                    "number": entry.number,
                    "text": entry.message.text,
                    "buttons": [[[button.text, button.press] for button in row] for row in entry.message.buttons],
                    "urgent": entry.message.urgent,
                    "own": entry.own,
                }
                for entry in self.entries
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Transcript:
        """From what :meth:`to_json` made. Raises TranscriptError."""
        try:
            language = data["language"]
            return cls(
                entries=tuple(map(_entry, data["entries"])),
                count=int(data["count"]),
                language=None if language is None else str(language),
                shortened=bool(data["shortened"]),
            )
        except (LookupError, TypeError, ValueError, ArithmeticError):
            # Without its cause: the text of such an error may quote what was written.
            raise TranscriptError("a transcript has an unknown form") from None


def _entry(data: Mapping[str, Any]) -> Entry:
    rows = tuple(tuple(Button(str(text), str(press)) for text, press in row) for row in data["buttons"])
    return Entry(int(data["number"]), Outgoing(str(data["text"]), rows, bool(data["urgent"])), bool(data["own"]))
