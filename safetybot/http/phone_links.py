"""Telephone numbers in a text: only 999 and those that stand in ``helplines.yaml`` become links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from safetybot.guidance.model import Helpline, WordingFile

EMERGENCY = "999"
"""Always a link, and the one at the top of the emergency card."""
_GAP = r"[ \u00a0\u2011-]?"


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A run of text, and the address behind it."""

    text: str
    link: str | None = None


class PhoneLinks:
    """The numbers of one language's helplines."""

    def __init__(self, helplines: Sequence[Helpline], wording: WordingFile) -> None:
        calls = {EMERGENCY, *(_digits(line.call) for line in helplines if line.call)}
        self._calls = calls
        self._texts: dict[str, str] = {}
        """Digits → the address to text to."""
        self._before: dict[str, tuple[str, ...]] = {}
        """Digits → what stands before a number that is to be texted."""
        for line in helplines:
            if line.text:
                digits, word = _digits(line.text.number), line.text.word
                # "?&" because older iPhones want "&" and everybody else "?".
                self._texts[digits] = f"sms:{digits}" + (f"?&body={quote(word)}" if word else "")
                templates = [wording.say[name] for name in ("line-text", "line-text-word") if name in wording.say]
                self._before[digits] = tuple(_before(template, word) for template in templates)
        every = sorted(calls | self._texts.keys(), key=lambda digits: (-len(digits), digits))
        found = "|".join(_GAP.join(digits) for digits in every if digits)
        # Not inside a longer number, a word, a price or an address.
        self._pattern = re.compile(rf"(?<![\w+£$€/@.-])(?:{found})(?![\w/@]|[-.,:]\d)")

    def pieces(self, text: str, before: str = "") -> Iterator[TextPiece]:
        """``text`` with the numbers in it linked. ``before``: what stands before it on its line."""
        at = 0
        for match in self._pattern.finditer(text):
            if match.start() > at:
                yield TextPiece(text[at : match.start()])
            yield TextPiece(match[0], self._link(_digits(match[0]), before + text[: match.start()]))
            at = match.end()
        if at < len(text):
            yield TextPiece(text[at:])

    def _link(self, digits: str, before: str) -> str:
        if digits in self._texts:
            said = before.casefold()
            if digits not in self._calls or any(said.endswith(words) for words in self._before[digits] if words):
                return self._texts[digits]
        return f"tel:{digits}"


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def _before(template: str, word: str | None) -> str:
    """What a template says before the number, as it is read."""
    plain = re.sub(r"[*_]", "", template.partition("{number}")[0])
    return plain.replace("{word}", word or "").casefold()
