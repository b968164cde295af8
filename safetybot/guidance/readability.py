"""How hard a text is to read: its sentences, its words, and the age at which children read it easily.

The measure is the Flesch–Kincaid grade (Kincaid, Fishburne, Rogers and Chissom 1975, "Derivation of new readability
formulas", Research Branch Report 8-75, Naval Technical Training Command), plus five years: a child of grade 1, or
Year 2 in England, is six. It was chosen among the published ones because it needs no list of words, reaches down to
the age of five (Powers–Sumner–Kearl and FORCAST do not come below seven and nine), and is what editors know from
their word processors. It knows nothing of meaning: a low age is needed, and not enough.

Syllables are counted by rules; ``tests/guidance/test_readability.py`` holds them to words counted by hand.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

_SENTENCE_END = re.compile(r"(?<=[.!?…:])[\"”'’)*_]*(?:\s+|$)|\n+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+(?:[.,]\d+)*")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+", re.MULTILINE)
_VOWELS = re.compile(r"[aeiouy]+")

# Vowels that stand together and are said apart, and endings that are not said.
_APART = re.compile(r"i(?:a|o|us|ety)|u(?:al|ou|ing)|eo(?!p)|(?<=cr)eat|[aeiou]ying|(?<!q)uie|[ao]i(?:ng|st)$|yo(?=u)")
_TOGETHER = re.compile(r"(?:[cgstx]i(?:a|o)|[ct]iou|gui|qui|gue$|que$)")
_SILENT_E = re.compile(r"(?<=[^aeiouy])e(?:s|d|ly|less|ful|ness|ment)?$")
_SAID = re.compile(r"(?:[^aeiouy]le|(?:[cgsxz]|ch|sh)es|[td]ed)$")
_SILENT_INSIDE = re.compile(r"^(?:some|there|here|where|more|safe|home|name|take|make|ever)(?=[a-z]{2})")
_KNOWN = {
    "people": 2, "someone": 2, "something": 2, "sometimes": 2, "somebody": 3, "anyone": 3, "everyone": 3, "online": 2,
    "email": 2, "snapchat": 2, "childline": 2, "police": 2, "being": 2, "video": 3, "every": 2, "everything": 3,
    "everybody": 4, "idea": 3, "area": 3, "create": 2, "real": 1, "really": 2, "trusted": 2, "website": 2, "phone": 1,
    "one": 1, "once": 1, "whole": 1, "maybe": 2, "evening": 2, "different": 2, "family": 3, "camera": 3, "business": 2,
    "wednesday": 2, "science": 2, "quiet": 2, "quietly": 3, "diet": 2, "doing": 2, "going": 2, "seeing": 2, "saying": 2,
    "trying": 2, "worrying": 3, "playing": 2, "live": 1, "livestream": 2, "homework": 2, "lonely": 2, "apologise": 4,
    "recipe": 3, "selfie": 2, "selfies": 2, "movie": 2, "movies": 2, "friend": 1, "react": 2, "social": 2, "special": 2,
    "you": 1, "your": 1, "you're": 1, "yours": 1, "yourself": 2, "they're": 1, "we're": 1, "i'm": 1, "it's": 1,
    "isn't": 2, "doesn't": 2, "didn't": 2, "wasn't": 2, "haven't": 2, "couldn't": 2, "wouldn't": 2, "shouldn't": 2,
    "hasn't": 2, "hadn't": 2, "aren't": 1, "weren't": 1, "don't": 1, "can't": 1, "won't": 1, "they've": 1, "you've": 1,
    "you'll": 1, "they'll": 1, "violence": 3, "diary": 3, "ruin": 2, "fluent": 2, "poem": 2, "poet": 2, "lion": 2,
}  # fmt: skip
"""Words common in answers that the rules get wrong, or might."""

NUMBER_SYLLABLES = 1
"""A number counts as one short word: 999 and 0800 1111 are read as signs."""

NAME_WORD = "name"
"""Stands for a name that cannot be said in easier words."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of a text, and where it begins in it."""

    text: str
    start: int
    words: int


@dataclass(frozen=True)
class Reading:
    """The measures of a text."""

    sentences: int
    words: int
    syllables: int

    @property
    def age(self) -> float:
        """Years: the Flesch–Kincaid grade plus five; 0 for a text without words."""
        if not self.words:
            return 0.0
        grade = 0.39 * self.words / self.sentences + 11.8 * self.syllables / self.words - 15.59
        return grade + 5

    def __add__(self, other: Reading) -> Reading:
        return Reading(self.sentences + other.sentences, self.words + other.words, self.syllables + other.syllables)


@lru_cache(20_000)
def _counted(word: str) -> int:
    return syllables(word)


def syllables(word: str) -> int:
    """How many syllables a word has, by rules; a word has one at least."""
    word = word.lower().replace("’", "'")
    if word in _KNOWN:
        return _KNOWN[word]
    if word[0].isdigit():
        return NUMBER_SYLLABLES
    if "-" in word:
        return sum(syllables(part) for part in word.split("-") if part) or 1
    bare = word.removesuffix("'s").replace("'", "")
    if bare in _KNOWN:
        return _KNOWN[bare]
    if bare.endswith("s") and bare[:-1] in _KNOWN:
        return _KNOWN[bare[:-1]]
    bare = _SILENT_INSIDE.sub(lambda found: found[0].removesuffix("e") if found[0] != "ever" else "ever", bare)
    count = len(_VOWELS.findall(bare)) + len(_APART.findall(bare)) - len(_TOGETHER.findall(bare))
    if _SILENT_E.search(bare) and not _SAID.search(bare):
        count -= 1
    return max(1, count)


def words(text: str) -> list[str]:
    """The words and numbers of a text."""
    return _WORD.findall(text)


def plain(text: str) -> str:
    """The text as it is read out: of equal length, with marks, bullets and the targets of links made into spaces."""
    text = _LINK.sub(lambda found: f" {found[1]} " + " " * (len(found[0]) - len(found[1]) - 2), text)
    text = _BULLET.sub(lambda found: " " * len(found[0]), text)
    return re.sub(r"[*_`]", " ", text)


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of a text; a line end and a colon end one too, for so they are read in a chat."""
    shown, start = plain(text), 0
    for end in [*_SENTENCE_END.finditer(shown), None]:
        part = shown[start : end.start() if end else len(shown)]
        if found := words(part):
            lead = len(part) - len(part.lstrip())
            yield Sentence(part.strip(), start + lead, len(found))
        start = end.end() if end else len(shown)


def naming(names: Collection[str]) -> re.Pattern[str] | None:
    """A pattern of names (of services), for :func:`measure` and :func:`hardest`; None where there are none."""
    each = [re.escape(name) for name in sorted(names, key=len, reverse=True) if name]
    return re.compile(rf"(?<!\w)(?:{'|'.join(each)})(?!\w)") if each else None


def measure(text: str, names: re.Pattern[str] | None = None) -> Reading:
    """The measures of a text. ``names`` count as one short word each, for they cannot be said in easier ones."""
    if names:
        text = names.sub(NAME_WORD, text)
    found = list(sentences(text))
    every = [word for sentence in found for word in words(sentence.text)]
    return Reading(len(found), len(every), sum(map(_counted, every)))


def hardest(text: str, names: re.Pattern[str] | None = None, least: int = 3) -> list[str]:
    """The words of at least so many syllables, longest first, each once."""
    if names:
        text = names.sub(NAME_WORD, text)
    found = {word.lower(): syllables(word) for word in words(plain(text))}
    return sorted((word for word, count in found.items() if count >= least), key=lambda word: (-found[word], word))
