"""A young person's words without anything that may say who they are, or who somebody else is.

A word stays only where it is known to be an ordinary one: where the editors' own examples use it, several of them, and
it is no common name or town. All else is masked, so a rare name is hidden because nobody knows it, and not because
somebody thought of it. Numbers, handles, links, addresses and schools have patterns besides. An ordinary word that no
example has is lost by this, as ``[word]``: better that than a name.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from safetybot.dialogue.masking_judge import Judge, Known, Token
from safetybot.dialogue.masking_text import KINDS, SIGNS, plain_text, with_signs
from safetybot.dialogue.masking_words import names
from safetybot.guidance.model import Guidance

WORDS_MIN = 3
"""Fewer words that are left tell editors nothing."""
LEAST_MAX, TEXTS_FOR_MORE = 3, 5_000
_KEPT_SIGNS = frozenset(".,!?'\"-():;/&£€$%…")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_TOKEN = re.compile(rf"{_WORD.pattern}|\s+|.", re.DOTALL)
_REPEATED = re.compile(rf"({'|'.join(map(re.escape, KINDS))})(?:[\s,'&-]*\1)+")
_LOOSE = re.compile(r"\] (?=[.,!?;:])")


@dataclass(frozen=True, slots=True)
class Masked:
    """Words, masked."""

    text: str
    kept: int
    """Words that are left."""
    hidden: int
    """Places where something was taken out."""

    @property
    def tells(self) -> bool:
        """Enough is left for somebody to understand it."""
        return self.kept >= WORDS_MIN and self.kept > self.hidden


def vocabulary(guidance: Guidance) -> frozenset[str]:
    """The ordinary words of a language: those of its examples, signs and slang.

    In a large content a word must stand in three of them: what stands in one example of thousands may be a name.
    """
    slang = [text for pair in guidance.slang.items() for text in pair]
    return vocabulary_of(_examples(guidance)) | {word for text in slang for word in _words_of(text)} - names()


def vocabulary_of(examples: Iterable[str]) -> frozenset[str]:
    """The ordinary words of examples."""
    texts = list(examples)
    least = min(LEAST_MAX, 1 + len(texts) // TEXTS_FOR_MORE)
    counts = Counter(word for text in texts for word in set(_words_of(text)))
    return frozenset(word for word, count in counts.items() if count >= least) - names()


def _examples(guidance: Guidance) -> Iterator[str]:
    for topic in guidance.topics.values():
        yield from topic.asks
    yield from (*guidance.none.off_topic, *guidance.none.insults)
    yield from (*guidance.danger.emergency, *guidance.danger.check, *guidance.danger.none)


def _words_of(text: str) -> list[str]:
    return [word for word in _WORD.findall(plain_text(text).lower()) if not word.isdecimal()]


def mask(text: str, known: Known) -> Masked:
    """``text`` with all that may say who somebody is replaced by what kind of thing it was. Pure, and never fails."""
    plain = with_signs(plain_text(text))
    tokens = [Token(found[0]) for found in _TOKEN.finditer(plain)]
    Judge(tokens, known).judge()
    kept = sum(token.kind is None and token.is_word for token in tokens)
    spaced = _REPEATED.sub(r"\1", " ".join("".join(map(_shown, tokens)).split()))
    shown = _LOOSE.sub("]", spaced)
    return Masked(shown, kept, sum(shown.count(kind) for kind in KINDS))


def _shown(token: Token) -> str:
    if token.kind is not None:
        return f" {token.kind} "
    if token.is_word:
        return token.text
    if token.text in SIGNS:
        return f" {SIGNS[token.text]} "
    if token.text.isspace():
        return " "
    return token.text if token.text in _KEPT_SIGNS or unicodedata.category(token.text) == "So" else " "
