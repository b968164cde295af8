"""The content that the desk needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from safetybot.guidance.model import Guidance
from safetybot.guidance.reader import Library


@dataclass(frozen=True, slots=True)
class DeskGuidance:
    """What editors have written, as the desk shows it."""

    languages: Mapping[str, Guidance]
    first: str
    """The language of the desk itself."""

    @classmethod
    def of(cls, library: Library) -> DeskGuidance:
        """From content without errors."""
        return cls(dict(library.languages), library.first)

    @property
    def guidance(self) -> Guidance:
        """Of the first language."""
        return self.languages[self.first]
