"""A text made ready to be masked, and what patterns find in it: numbers, handles, links, postcodes, ages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

NAME, HANDLE, NUMBER, LINK, ADDRESS, SCHOOL, AGE, WORD = (
    "[name]",
    "[handle]",
    "[number]",
    "[link]",
    "[address]",
    "[school]",
    "[age]",
    "[word]",
)
"""What stands in place of what is masked."""
KINDS = (NAME, HANDLE, NUMBER, LINK, ADDRESS, SCHOOL, AGE, WORD)
_FIRST_SIGN = 0xE000
"""Private characters, none of which is left in a text, stand for the kinds while patterns are looked for."""

_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": "-"})
SIGNS = {chr(_FIRST_SIGN + number): kind for number, kind in enumerate(KINDS)}
"""Private character → kind."""
_SIGN_OF = {kind: sign for sign, kind in SIGNS.items()}


def plain_text(text: str) -> str:
    """Compatibility forms folded, straight quotes, nothing invisible, no private characters, no half ones."""
    if text.isascii() and text.isprintable():
        return text
    folded = unicodedata.normalize("NFKC", text.translate(_QUOTES))
    return "".join(char if unicodedata.category(char)[0] != "C" else _instead_of(char) for char in folded)


def _instead_of(char: str) -> str:
    return " " if unicodedata.category(char) == "Cc" else ""


def with_signs(text: str) -> str:
    """A plain text with a sign for everything that a pattern finds."""
    for pattern, kind in _PATTERNS:
        text = pattern.sub(_replacing(kind), text)
    return text


def _replacing(kind: str) -> Callable[[re.Match[str]], str]:
    """Puts a kind's sign for the whole of a match, or for its group ``that``."""
    sign = f" {_SIGN_OF[kind]} "

    def replaced(found: re.Match[str]) -> str:
        if "that" not in found.re.groupindex:
            return sign
        start, end = found.start("that") - found.start(), found.end("that") - found.start()
        return found[0][:start] + sign + found[0][end:]

    return replaced


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_DIGIT_WORD = r"(?:zero|oh|nought|one|two|three|four|five|six|seven|eight|nine|double|triple)"
_AGE_WORD = (
    r"(?:\d{1,2}|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|twenty(?:[ -]\w+)?)"
)
_ENDINGS = (
    r"(?:com|net|org|uk|gg|tv|io|app|xyz|ly|link|club|site|info|biz|eu|ie|fr|es|ru|cc|gov|edu|online|live|chat|dev)"
)
_APP = (
    r"(?:snap(?:chat)?|insta(?:gram)?|ig|tik\s?tok|discord|roblox|xbox|psn|kik|telegram|what'?s\s?app|twitter|yubo|wizz|"
    r"steam|fortnite|fb|facebook|youtube|yt|twitch|reddit|user\s?names?|user|gamer\s?tag|gt|handle|nickname|at|"
    r"page|profile|account|acc|channel|server)"
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*"
_NO_SIGN = r"[^\s\ue000-\uf8ff]"
_DOOR = r"(?:flat|apartment|apt|room|unit|house\s+number|door\s+number|no\.?|number)"
_BEFORE_AGE = (
    r"(?:(?:age|aged|turn|turned|turning|i'?m|i\s+am|only|just|nearly|almost)\s+(?:(?:only|just|nearly|like)\s+)?)"
)
_PATTERNS = [
    # Each begins only where no earlier beginning could have matched, and has one way to match: a thousand "@" or "a."
    # would otherwise take seconds, during which nobody is answered.
    (_pattern(r"(?<!\S)\S[^\s@]*@\S[^\s.]*\.\S+"), LINK),
    (_pattern(r"(?:\b[a-z][a-z0-9+.-]{0,20}://|\bwww\.)\S+"), LINK),
    (_pattern(rf"(?<![\w-])(?<![\w-]\.)[\w-]+(?:\.[\w-]+)*\.{_ENDINGS}\b(?:/\S*)?"), LINK),
    (_pattern(r"[@#]\s?[\w.-]+"), HANDLE),
    (_pattern(r"\b[a-z]{1,2}\d[a-z\d]?\s*\d[a-z]{2}\b"), ADDRESS),
    (_pattern(rf"\b{_APP}(?:\s+(?:name|user|username|tag|acc|account|id))?\s*[:=]\s*(?P<that>{_NO_SIGN}+)"), HANDLE),
    # Words with dots and no spaces between, but for "3.pm" and the like.
    (_pattern(r"\b(?!(?:\d{1,2}(?:st|nd|rd|th|am|pm)|[ap]\.m|e\.g|i\.e)\b)(?=\w*[^\W\d_])\w+(?:\.\w+)+"), HANDLE),
    (_pattern(r"\b\w*_\w*"), HANDLE),
    (_pattern(rf"\b{_BEFORE_AGE}(?P<that>{_AGE_WORD})\b(?!\s*(?:%|/|days?\b|weeks?\b|times?\b))"), AGE),
    (_pattern(rf"\b{_AGE_WORD}\s*-?\s*(?:yo|y/o|(?:yrs?|years?)\s*-?\s*olds?|th\s+birthday)\b"), AGE),
    (_pattern(r"\b(?:year|yr|y)\s?\d{1,2}s?\b(?!\s*old)"), AGE),
    (_pattern(rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\b(?:\s+\d{{2,4}}\b)?"), NUMBER),
    (_pattern(rf"\b{_MONTH}\s+(?:the\s+)?\d{{1,2}}(?:st|nd|rd|th)?\b(?:\s+\d{{2,4}}\b)?"), NUMBER),
    (_pattern(r"\b(?!24/7\b)[+(]*\d(?:[\s().,/:+-]*\d){2,}"), NUMBER),
    (_pattern(rf"\b{_DIGIT_WORD}(?:[\s,-]+{_DIGIT_WORD}){{2,}}\b"), NUMBER),
    (_pattern(rf"\b{_DOOR}\s+\d{{1,2}}[a-z]?\b"), ADDRESS),
]
