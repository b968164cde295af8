"""The list of code words, checked where it is loaded."""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from rapidfuzz.distance import OSA

WORDS_FILE = Path(__file__).with_name("code_words.txt")
WORDS_SHA256 = "e3a0b0fb2a441983771776bc4b7b477179162bc26de661addcac2825b983887b"
"""Of the file. A word changed or lost closes every case whose code has it, so the list only changes on purpose."""
WORDS_MIN = 1296
CODE_WORDS = 6
BITS_MIN = 62.0
WORD_SHORTEST, WORD_LONGEST = 3, 7
"""Letters of a word."""
_WORD = re.compile(rf"[a-z]{{{WORD_SHORTEST},{WORD_LONGEST}}}")


class CodeWordsUnfit(Exception):
    """The list of code words must not be used; the message says why, and how to mend it."""


@cache
def code_words() -> tuple[str, ...]:
    """The words, in order. Raises CodeWordsUnfit."""
    return load_words(WORDS_FILE, WORDS_SHA256)


@cache
def known_words() -> frozenset[str]:
    """The same, for looking one up. Raises CodeWordsUnfit."""
    return frozenset(code_words())


def code_bits() -> float:
    """Bits of chance in a code: 62.2 for six of 1,319 words."""
    return bits_of(len(code_words()))


def bits_of(number: int) -> float:
    """Bits of chance in a code from a list of ``number`` words."""
    return CODE_WORDS * math.log2(number)


def load_words(path: Path, sha256: str) -> tuple[str, ...]:
    """The words of a file, one a line. Raises CodeWordsUnfit."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CodeWordsUnfit(f"{path.name} cannot be read: install the program again") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise CodeWordsUnfit(f"{path.name} was changed or damaged: install the program again")
    words = tuple(data.decode().splitlines())
    check_words(words)
    return words


def check_words(words: Sequence[str]) -> None:
    """Raises CodeWordsUnfit unless a code made of ``words`` is long enough and forgives a slip."""
    for word in words:
        if not _WORD.fullmatch(word):
            raise CodeWordsUnfit(f"{word!r} is not 3 to 7 letters a to z")
    if len(words) < WORDS_MIN or bits_of(len(words)) < BITS_MIN:
        raise CodeWordsUnfit(f"{len(words)} words are too few: {WORDS_MIN} are needed")
    for word, following in itertools.pairwise(words):
        if word >= following:
            raise CodeWordsUnfit(f"{following!r} is there twice or out of order")
    for word, other in _within_one_edit(words):
        raise CodeWordsUnfit(f"{word!r} and {other!r} are one slip apart: take one of them out")
    known = set(words)
    for word in words:
        for cut in range(3, len(word) - 2):
            if word[:cut] in known and word[cut:] in known:
                raise CodeWordsUnfit(f"{word!r} is {word[:cut]!r} and {word[cut:]!r}: take one of them out")


def _within_one_edit(words: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs one edit apart (a letter more, less, other, or two swapped).

    Words one edit apart have themselves or a word with one letter left out in common, so that only words that share
    such a form are compared: 10 ms in place of half a second.
    """
    sharing: defaultdict[str, list[str]] = defaultdict(list)
    for word in words:
        for form in {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}:
            sharing[form].append(word)
    pairs = {pair for alike in sharing.values() for pair in itertools.combinations(alike, 2)}
    return sorted(pair for pair in pairs if OSA.distance(*pair, score_cutoff=1) <= 1)
