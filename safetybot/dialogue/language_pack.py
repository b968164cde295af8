"""The languages the bot speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from safetybot.dialogue.masking import vocabulary
from safetybot.dialogue.passages import PassageIndex
from safetybot.guidance.model import Guidance
from safetybot.matching.interpreter import Interpretation

Interpret = Callable[[str], Interpretation]


@dataclass(frozen=True)
class LanguagePack:
    """One language the bot speaks: what it says, and how it understands."""

    guidance: Guidance
    interpret: Interpret

    @cached_property
    def passages(self) -> PassageIndex:
        """Its passages by their exact wording."""
        return PassageIndex.of(self.guidance)

    @cached_property
    def ordinary_words(self) -> frozenset[str]:
        """Words that tell nothing of anybody. The first time takes about a third of a second for a full content."""
        return vocabulary(self.guidance)


@dataclass(frozen=True)
class LanguagePacks:
    """All of them, by code (BCP 47, lower case)."""

    every: Mapping[str, LanguagePack]
    first: str
    """The one that is spoken where no other fits."""

    def code(self, *wanted: str | None) -> str:
        """The first of the wanted languages (BCP 47) that is spoken here, by its full code or its first part."""
        for code in wanted:
            for candidate in (code, code.split("-")[0]) if code else ():
                if candidate.lower() in self.every:
                    return candidate.lower()
        return self.first

    @property
    def names(self) -> Mapping[str, str]:
        """Language code → the language's own name."""
        return {code: tongue.guidance.wording.language for code, tongue in self.every.items()}
