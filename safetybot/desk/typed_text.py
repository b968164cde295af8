"""Somebody's own words on a page: plain text, exactly as typed, and nothing in them does anything.

A report may be hostile: HTML, marks that turn the direction of writing, letters that are not to be seen, a wall of
text. All of it is shown; none of it moves anything else on the page (``case.css`` isolates it).
"""

from __future__ import annotations

import re
import unicodedata

from markupsafe import Markup, escape

CUT = 1_500
"""Letters of one answer that are shown at once; the rest is folded away, one click off."""

_MARKS = {
    "\u200e": "LRM",
    "\u200f": "RLM",
    "\u061c": "ALM",
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
    "\u200b": "ZWSP",
    "\ufeff": "BOM",
    "\u2060": "WJ",
    "\u00ad": "SHY",
}
"""Signs that are not seen, by the names under which Unicode knows them. Joiners stay: emoji and scripts need them."""
_UNSEEN = re.compile(
    "[" + "".join(map(re.escape, _MARKS)) + "\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\U000e0000-\U000e007f]"
)


def words(text: object) -> Markup:
    """A text as HTML. What cannot be seen in it is shown by its name, and does nothing."""
    plain = str(text).replace("\r\n", "\n").replace("\r", "\n")
    pieces = []
    at = 0
    for match in _UNSEEN.finditer(plain):
        pieces.append(escape(plain[at : match.start()]))
        pieces.append(Markup('<span class="mark">{}</span>').format(_named(match[0])))
        at = match.end()
    pieces.append(escape(plain[at:]))
    return Markup().join(pieces)


def parts(text: str, limit: int = CUT) -> tuple[str, str]:
    """What of a text is shown at once, and what is folded away. Cut at a space near the limit where there is one."""
    if len(text) <= limit + limit // 4:
        return text, ""
    near = max(text.rfind(" ", limit - 100, limit), text.rfind("\n", limit - 100, limit))
    cut = near + 1 if near > 0 else limit
    while cut < len(text) and unicodedata.combining(text[cut]):
        cut += 1  # a letter keeps its accents
    return text[:cut], text[cut:]


def _named(letter: str) -> str:
    if name := _MARKS.get(letter):
        return f"[{name}]"
    code = ord(letter)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\N{SYMBOL FOR DELETE}" if code == 0x7F else f"[U+{code:04X}]"
