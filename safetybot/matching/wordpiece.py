"""BERT's WordPiece tokeniser (Devlin et al. 2018; Wu et al. 2016 for the greedy longest match).

Our own, though a library exists: the `tokenizers` package brings a client for a model hub and its download machinery
into a process that must never make such a call. The tests compare this module with that package on all kinds of text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_WORD_MAX = 100

# What _split does to plain ASCII, as most messages are, in a tenth of the time.
_ASCII_WORD = re.compile(r"[a-z0-9]+|[^a-z0-9\s]")
_ASCII_UNSEEN = dict.fromkeys([*range(9), *range(11, 13), *range(14, 32), 127])


class WordPiece:
    """Text → token numbers of an uncased BERT vocabulary."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        """``vocabulary``: tokens in the order of their numbers, ``##`` before those that continue a word."""
        self._number = {token: number for number, token in enumerate(vocabulary)}
        self._start, self._end, self._unknown = (self._number[token] for token in ("[CLS]", "[SEP]", "[UNK]"))

    def encode(self, text: str, length_max: int = 128) -> list[int]:
        """Token numbers with start and end marks; at most ``length_max``, the rest is cut."""
        numbers = [self._start]
        for word in _split(text):
            numbers += self._pieces(word)
            if len(numbers) >= length_max:
                break
        return [*numbers[: length_max - 1], self._end]

    def _pieces(self, word: str) -> list[int]:
        """The longest pieces of a word, from its beginning on. What was typed is not remembered."""
        whole = self._number.get(word)
        if whole is not None and len(word) <= _WORD_MAX:
            return [whole]
        if len(word) > _WORD_MAX:
            return [self._unknown]
        pieces: list[int] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            for end in range(len(word), start, -1):
                number = self._number.get(mark + word[start:end])
                if number is not None:
                    pieces.append(number)
                    start = end
                    break
            else:
                return [self._unknown]
        return pieces


def _split(text: str) -> list[str]:
    """Words and single punctuation marks, lower case, accents stripped, as BERT's basic tokeniser does."""
    if text.isascii():
        return _ASCII_WORD.findall(text.translate(_ASCII_UNSEEN).lower())
    found: list[str] = []
    current: list[str] = []

    def finish() -> None:
        if current:
            found.append("".join(current))
            current.clear()

    for char in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(char)
        if category == "Mn":
            continue
        if char in " \t\n\r" or category.startswith("Z"):
            finish()
        elif category.startswith("C") or char == "\ufffd":
            continue
        elif _stands_alone(char, category):
            finish()
            found.append(char)
        else:
            current.append(char)
    finish()
    return found


def _stands_alone(char: str, category: str) -> bool:
    code = ord(char)
    ascii_mark = 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126
    return ascii_mark or category.startswith("P") or _is_chinese(code)


def _is_chinese(code: int) -> bool:
    """The CJK blocks that BERT splits into single characters."""
    return (
        0x4E00 <= code <= 0x9FFF
        or 0x3400 <= code <= 0x4DBF
        or 0xF900 <= code <= 0xFAFF
        or 0x20000 <= code <= 0x2CEAF
        or 0x2F800 <= code <= 0x2FA1F
    )
