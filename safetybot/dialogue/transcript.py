"""What a page shows of its conversation, for a channel whose messages nobody else keeps.

Entries stay packed until somebody looks at them: a turn adds to the end, and shows only what is new.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from safetybot.dialogue.messages import Button, Outgoing
from safetybot.formats.fast_json import dumps

VERSION = 2
ENTRIES_MAX = 60
"""Entries that are kept; older ones go."""
LETTERS_MAX = 60_000
"""Letters that are kept in all, the newest entry always."""


class TranscriptError(Exception):
    """What should be a transcript is none, or of another version."""


@dataclass(frozen=True, slots=True)
class TranscriptEntry:
    """One message as it stands on the page."""

    number: int
    """Counts up from 1 within its chat."""
    message: Outgoing = field(repr=False)
    own: bool = False
    """The young person wrote it, or pressed it; then it is shown as it is, without Markdown."""


@dataclass(frozen=True, slots=True)
class Packed:
    """An entry that is not opened."""

    number: int
    letters: int
    data: bytes = field(repr=False)
    _entry: TranscriptEntry | None = field(default=None, repr=False, compare=False)
    """It, where it was not unpacked but has just been packed."""

    @classmethod
    def of(cls, entry: TranscriptEntry) -> Packed:
        """An entry, packed."""
        message = entry.message
        buttons = [[[button.text, button.press] for button in row] for row in message.buttons]
        data = dumps([message.text, buttons, message.urgent, entry.own])
        return cls(entry.number, len(message.text), data, entry)

    def open(self) -> TranscriptEntry:
        """The entry. Raises TranscriptError."""
        if self._entry is not None:
            return self._entry
        try:
            text, rows, urgent, own = json.loads(self.data)
            buttons = tuple(tuple(Button(str(said), str(press)) for said, press in row) for row in rows)
            return TranscriptEntry(self.number, Outgoing(str(text), buttons, bool(urgent)), bool(own))
        except (LookupError, TypeError, ValueError, ArithmeticError, RecursionError):
            # Without its cause: the text of such an error may quote what was written.
            raise TranscriptError("an entry has an unknown form") from None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation as it stands on the page, the newest entry last."""

    packed: tuple[Packed, ...] = field(default=(), repr=False)
    count: int = 0
    """Entries there have been, those counted that are gone."""
    language: str | None = None
    """The language that was chosen here."""
    shortened: bool = False
    """Older entries are gone, for there was no room for them."""

    @property
    def entries(self) -> tuple[TranscriptEntry, ...]:
        """All of them."""
        return tuple(packed.open() for packed in self.packed)

    @property
    def first(self) -> int:
        """The number of the first entry; of the next one to come, where there is none."""
        return self.packed[0].number if self.packed else self.count + 1

    def said(self, text: str, answers: Iterable[Outgoing] = ()) -> Transcript:
        """This with something the young person wrote or pressed, and messages of the bot's that answer it."""
        own = TranscriptEntry(self.count + 1, Outgoing(text), own=True)
        return self._with(
            [own, *(TranscriptEntry(number, message) for number, message in enumerate(answers, self.count + 2))]
        )

    def answered(self, messages: Iterable[Outgoing]) -> Transcript:
        """This with messages of the bot's."""
        return self._with([TranscriptEntry(number, message) for number, message in enumerate(messages, self.count + 1)])

    def cleared(self) -> Transcript:
        """This without its entries; their numbers are not used again."""
        return replace(self, packed=(), shortened=False)

    def after(self, number: int) -> tuple[TranscriptEntry, ...]:
        """The entries that came after a number."""
        return tuple([packed.open() for packed in self.packed[max(0, number + 1 - self.first) :]])

    def button(self, press: str) -> Button | None:
        """The newest button that presses this."""
        quoted = dumps(press)
        for packed in reversed(self.packed):
            if quoted not in packed.data:
                continue
            for row in packed.open().message.buttons:
                for button in row:
                    if button.press == press:
                        return button
        return None

    def _with(self, entries: Sequence[TranscriptEntry]) -> Transcript:
        kept = [*self.packed, *map(Packed.of, entries)][-ENTRIES_MAX:]
        letters = sum([packed.letters for packed in kept])
        while len(kept) > len(entries) and letters > LETTERS_MAX:
            letters -= kept.pop(0).letters
        shortened = self.shortened or len(kept) < len(self.packed) + len(entries)
        return Transcript(tuple(kept), self.count + len(entries), self.language, shortened)

    def to_bytes(self) -> bytes:
        """A line of JSON about it, and one for each entry: none of them holds the end of a line."""
        entries = [(packed.number, packed.letters) for packed in self.packed]
        about = dumps([VERSION, self.count, self.language, self.shortened, entries])
        return b"\n".join([about, *[packed.data for packed in self.packed]])

    @classmethod
    def from_bytes(cls, data: bytes) -> Transcript:
        """From what :meth:`to_bytes` made. Raises TranscriptError; so does what opens an entry."""
        about, *lines = data.split(b"\n")
        try:
            version, count, language, shortened, entries = json.loads(about)
            if version != VERSION:
                raise TranscriptError("a transcript has an unknown version")
            packed = [
                Packed(int(number), int(letters), line) for (number, letters), line in zip(entries, lines, strict=True)
            ]
            chosen = None if language is None else str(language)
            return cls(tuple(packed), int(count), chosen, bool(shortened))
        except (LookupError, TypeError, ValueError, ArithmeticError, RecursionError):
            raise TranscriptError("a transcript has an unknown form") from None
