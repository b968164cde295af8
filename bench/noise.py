"""Typing noise for messages, the same at every run: each message's noise follows from its text, the kind and a seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

EDITS, VOWELS, SMS = "edits", "dropped vowels", "SMS"
KINDS = (EDITS, VOWELS, SMS)

SHARE = 0.3
"""Share of the words of LONG letters or more that slips and dropped vowels befall; at least one of them."""
LONG = 4

_WORD = re.compile(r"[A-Za-z']+")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = {letter: row[max(0, i - 1) : i] + row[i + 1 : i + 2] for row in _ROWS for i, letter in enumerate(row)}

_SPELT = {
    "about": "abt",
    "and": "n",
    "anyone": "any1",
    "are": "r",
    "be": "b",
    "because": "cuz",
    "before": "b4",
    "can": "cn",
    "do": "du",
    "everyone": "every1",
    "for": "4",
    "friend": "frnd",
    "from": "frm",
    "great": "gr8",
    "have": "hav",
    "i'm": "im",
    "know": "kno",
    "later": "l8r",
    "message": "msg",
    "my": "ma",
    "need": "nd",
    "number": "no",
    "one": "1",
    "people": "ppl",
    "please": "pls",
    "see": "c",
    "should": "shud",
    "someone": "some1",
    "thanks": "thx",
    "that": "dat",
    "the": "da",
    "this": "dis",
    "to": "2",
    "today": "2day",
    "tomorrow": "2moro",
    "too": "2",
    "very": "v",
    "want": "wnt",
    "was": "woz",
    "were": "wer",
    "what": "wot",
    "when": "wen",
    "why": "y",
    "with": "wiv",
    "would": "wud",
    "you": "u",
    "your": "ur",
}


def noisy(text: str, kind: str, seed: int) -> str:
    """``text`` as somebody in a hurry types it.

    ``edits``: a letter dropped, doubled, swapped with the next or hit beside, in SHARE of the longer words;
    ``dropped vowels``: no vowels after the first letter, in SHARE of them; ``SMS``: every word that the table above has
    in its short form, no apostrophes, ``-ing`` as ``-in``.
    """
    chance = random.Random(f"{seed} {kind} {text}")
    if kind == SMS:
        return _WORD.sub(lambda word: _short(word[0]), text)
    change: Callable[[str], str] = _without_vowels if kind == VOWELS else lambda word: _slip(word, chance)
    longer = [match for match in _WORD.finditer(text) if len(match[0]) >= LONG]
    struck = [match for match in longer if chance.random() < SHARE] or chance.sample(longer, min(1, len(longer)))
    for match in reversed(struck):
        text = text[: match.start()] + change(match[0]) + text[match.end() :]
    return text


def _short(word: str) -> str:
    low = word.lower()
    if low in _SPELT:
        return _SPELT[low]
    if len(low) > LONG and low.endswith("ing"):
        word = word[:-1]
    return word.replace("'", "")


def _without_vowels(word: str) -> str:
    return word[0] + re.sub("[aeiouAEIOU]", "", word[1:])


def _slip(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word) - 1)
    letter, after = word[place], word[place + 1]
    slips = (
        "",
        letter + letter,
        chance.choice(_BESIDE.get(letter.lower()) or letter),
    )
    which = chance.randrange(len(slips) + 1)
    if which == len(slips):
        return word[:place] + after + letter + word[place + 2 :]
    return word[:place] + slips[which] + word[place + 1 :]
