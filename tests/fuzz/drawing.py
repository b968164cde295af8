"""Choices made from bytes: the same bytes make the same choices, so a finding can be run again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """Takes choices from the front of some bytes; where they are used up, every choice is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes that are not used."""
        return len(self._data) - self._at

    def bytes(self, count: int) -> bytes:
        """So many bytes, or what is left."""
        taken = self._data[self._at : self._at + count]
        self._at += len(taken)
        return taken

    def rest(self) -> bytes:
        """All that is left."""
        return self.bytes(self.left)

    def number(self, most: int) -> int:
        """0 to ``most``."""
        width = max(1, (most.bit_length() + 7) // 8)
        return int.from_bytes(self.bytes(width), "big") % (most + 1)

    def one(self, of: Sequence[T]) -> T:
        """One of several."""
        return of[self.number(len(of) - 1)]

    def chance(self, one_in: int = 2) -> bool:
        """Yes, once in so many times."""
        return self.number(255) % one_in == one_in - 1

    def text(self, most: int = 60) -> str:
        """Characters, half ones among them."""
        return as_text(self.bytes(self.number(most)))

    def long_text(self, most: int) -> str:
        """The rest as text, or a short piece of it over and over: what makes a pattern slow."""
        repeated = self.chance()
        if not repeated:
            return as_text(self.rest())[:most]
        head, piece = self.text(8), self.text(12) or "a"
        return (head + piece * (most // len(piece)) + as_text(self.rest()))[:most]


def as_text(data: bytes) -> str:
    """Any bytes as text."""
    return data.decode("utf-8", "surrogateescape")
