"""A message as typed → the text that is matched: normalised, slang spelt out, spelling mended.

Danger is judged on the text before and after mending (see :mod:`safetybot.matching.danger`), so a wrong mend can
never hide a cry for help.
"""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from importlib import resources

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[$£€]|[\u2600-\u27BF\U0001F300-\U0001FAFF]")
_REPEATED_LETTER = re.compile(r"([^\W\d_])\1{2,}")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"'})
_VOWELS = re.compile("[aeiou]")

PHRASE_WORDS_MAX = 4
"""Words in the longest slang phrase that is looked for."""

_BRITISH = (
    ("our", "or"),
    ("ise", "ize"),
    ("isa", "iza"),
    ("isi", "izi"),
    ("yse", "yze"),
    ("ysi", "yzi"),
    ("lled", "led"),
    ("lling", "ling"),
    ("ller", "ler"),
    ("tre", "ter"),
    ("ence", "ense"),
    ("ogue", "og"),
)

MEND_CUTOFF = 0.70
"""Least OSA similarity of a mended word (``research/matching.md``: chosen on BANKING77 and CLINC150)."""

FOREIGN_WORDS_MIN = 4
FOREIGN_SHARE = 0.5
"""A text of at least so many words, with more than this share unknown, is in a language we do not know."""

_MEND_LENGTH_MAX = 24
MENDED_MAX = 120
"""Unknown words of one message that are mended. Each takes a millisecond, and a message of 800 words of nonsense must
not keep those waiting who need help. (Danger is also judged on what stands there as typed.)"""


def normalise(text: str) -> str:
    """Lower case, compatibility forms folded, straight quotes, invisible characters gone, "sooooo" → "soo"."""
    # Quotes first: NFKC would take "´" apart into a space and an accent.
    folded = unicodedata.normalize("NFKC", text.translate(_QUOTES)).lower()
    visible = folded if folded.isprintable() else "".join(map(_visible, folded))
    return " ".join(_REPEATED_LETTER.sub(r"\1\1", visible).split())


@lru_cache(4_096)
def _visible(char: str) -> str:
    """A line break or other control is a space; what has no shape (a soft hyphen in a copied word) is nothing.

    The joiner that holds emoji together stays.
    """
    category = unicodedata.category(char)
    if category == "Cc":
        return " "
    return "" if category == "Cf" and char != "\u200d" else char


def words(text: str) -> list[str]:
    """The words of a normalised text, currency signs and emoji, one by one; punctuation is left out."""
    return WORD.findall(text)


@dataclass(frozen=True, slots=True)
class WordList:
    """A large set of words, kept as 64-bit hashes: 1.3 MB for 160,000 words, where a set of texts takes 25."""

    hashes: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    """Sorted; the same in every process, so that they can be kept in a file."""

    @classmethod
    def of(cls, listed: Iterable[str]) -> WordList:
        return cls(np.sort(np.fromiter(map(_hash_of, listed), np.uint64)))

    def __contains__(self, word: str) -> bool:
        wanted = np.uint64(_hash_of(word))
        place = int(np.searchsorted(self.hashes, wanted))
        return place < len(self.hashes) and bool(self.hashes[place] == wanted)


def _hash_of(word: str) -> int:
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def english_words() -> WordList:
    """About 160,000 English words, from pyspellchecker's list. Takes about half a second.

    With a small list half of all slang is "mended" into nonsense ("shank" → "thank").
    """
    packed = resources.files("spellchecker").joinpath("resources/en.json.gz").read_bytes()
    return WordList.of(json.loads(gzip.decompress(packed)))


def _american(word: str) -> str:
    """The American spelling of a British word ("colour" → "color"), as the word list has only those."""
    for british, american in _BRITISH:
        word = word.replace(british, american)
    return word


class SlangTable:
    """Spells out the editors' slang: whole words and phrases of up to four words."""

    def __init__(self, table: Mapping[str, str]) -> None:
        """``table``: slang → plain words."""
        signs = {normalise(slang): normalise(plain) for slang, plain in table.items()}
        self._table = {tuple(words(slang)): plain for slang, plain in signs.items()}
        self._lengths: dict[str, list[int]] = {}
        """First word of a phrase → lengths of the phrases that begin so, longest first."""
        for key in sorted(self._table, key=len, reverse=True):
            if 0 < len(key) <= PHRASE_WORDS_MAX:
                lengths = self._lengths.setdefault(key[0], [])
                if len(key) not in lengths:
                    lengths.append(len(key))
        self._symbols = {s: p for s, p in signs.items() if not WORD.fullmatch(s) and len(words(s)) <= 1}
        # "s/h" and the like hold signs that WORD leaves out, so they are looked for in the text itself.
        self._symbol_pattern = (
            re.compile("|".join(rf"(?<!\w){re.escape(s)}(?!\w)" for s in sorted(self._symbols, key=len, reverse=True)))
            if self._symbols
            else None
        )

    def expand(self, text: str) -> str:
        """``text`` (normalised) with every slang phrase in plain words; the longest phrase wins."""
        if self._symbol_pattern:
            text = self._symbol_pattern.sub(lambda match: self._symbols[match.group()], text)
        spelt = WORD.findall(text)
        if self._lengths.keys().isdisjoint(spelt):
            return text
        found = list(WORD.finditer(text))
        out: list[str] = []
        position = free = 0
        for index, word in enumerate(spelt):
            # Most words begin no phrase.
            if index >= free and word in self._lengths and (length := self._longest_at(spelt, index)):
                free = index + length
                out += [text[position : found[index].start()], self._table[tuple(spelt[index:free])]]
                position = found[free - 1].end()
        return "".join(out) + text[position:]

    def _longest_at(self, spelt: list[str], index: int) -> int:
        for length in self._lengths[spelt[index]]:
            key = tuple(spelt[index : index + length])
            if len(key) == length and key in self._table:
                return length
        return 0


def word_counts(texts: Iterable[str]) -> Mapping[str, int]:
    """Word → how often it stands in ``texts``, normalised examples with their slang spelt out."""
    return dict(Counter(word for text in texts for word in words(text) if word.isalpha()))


class SpellingCorrector:
    """Turns a misspelt word into the nearest word that the examples use.

    A word found in the examples or in the word list stays. Others of four letters or more go to the nearest word
    by optimal string alignment; words without vowels ("scrd") to the most frequent one with the same consonants.
    """

    def __init__(self, counts: Mapping[str, int], known: WordList) -> None:
        """``counts``: :func:`word_counts` of the examples; ``known``: words that are never changed."""
        self._counts = counts
        self._known = known
        self._candidates = sorted(word for word in self._counts if len(word) >= 4)
        self._by_skeleton: dict[str, list[str]] = defaultdict(list)
        for word in self._candidates:
            self._by_skeleton[_skeleton(word)].append(word)

    def mend(self, text: str) -> str:
        """``text`` (normalised) with unknown words mended where a near one is known: the first :data:`MENDED_MAX`."""
        unknown = [word for word in dict.fromkeys(WORD.findall(text)) if self._may_mend(word)]
        mended = {word: self._nearest(word) for word in unknown[:MENDED_MAX]}
        return WORD.sub(lambda match: mended.get(match.group(), match.group()), text) if mended else text

    def knows(self, word: str) -> bool:
        """Whether a word stands in the examples or the word list."""
        return word in self._counts or word in self._known or _american(word) in self._known

    def mend_word(self, word: str) -> str:
        """The word itself, or the nearest word of the examples."""
        return self._nearest(word) if self._may_mend(word) else word

    def _may_mend(self, word: str) -> bool:
        right_length = 3 <= len(word) <= _MEND_LENGTH_MAX
        return right_length and word.isascii() and word.isalpha() and not self.knows(word)

    def _nearest(self, word: str) -> str:
        """The nearest word of the examples. Found anew each time: what was typed is not remembered."""
        if len(word) >= 4:
            best = process.extractOne(
                word, self._candidates, scorer=OSA.normalized_similarity, score_cutoff=MEND_CUTOFF
            )
            if best:
                return best[0]
        if _skeleton(word) == word:
            same = self._by_skeleton.get(word)
            if same:
                return max(same, key=lambda candidate: (self._counts[candidate], candidate))
        return word


def _skeleton(word: str) -> str:
    return word[0] + _VOWELS.sub("", word[1:])


@dataclass(frozen=True, slots=True)
class PreparedText:
    """One message in the forms that are judged."""

    raw: str
    """Normalised, as typed."""
    plain: str
    """``raw`` with slang spelt out."""
    mended: str
    """``plain`` with its spelling mended: what is matched."""


class TextPreparer:
    """Applies all of this module to one message."""

    def __init__(self, slang: SlangTable, mender: SpellingCorrector) -> None:
        self._slang = slang
        self._mender = mender

    def prepare(self, text: str) -> PreparedText:
        raw = normalise(text)
        plain = self._slang.expand(raw)
        return PreparedText(raw, plain, self._mender.mend(plain))

    def mend(self, plain: str) -> str:
        """The mended form of a text whose plain form is known."""
        return self._mender.mend(plain)

    def is_foreign(self, prepared: PreparedText) -> bool:
        """Whether a text of some length has mostly words that no example and no word list has."""
        found = [word for word in words(prepared.plain) if word.isalpha() and len(word) > 1]
        unknown = sum(not self._mender.knows(word) for word in found)
        return len(found) >= FOREIGN_WORDS_MIN and unknown > FOREIGN_SHARE * len(found)
