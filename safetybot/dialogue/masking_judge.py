"""Which words of a text are to be hidden, by what each is and by the words beside it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from safetybot.dialogue.masking_text import ADDRESS, HANDLE, NAME, NUMBER, SCHOOL, SIGNS, WORD
from safetybot.dialogue.masking_words import (
    ALSO_WORDS,
    ANY_SCHOOL,
    BEFORE_PERSON,
    BEFORE_TOWN,
    CAPITALS,
    COMES_FROM,
    DESCRIBES,
    DOES,
    FUNCTION,
    HANDLE_IS,
    KIN,
    LEADS_TO,
    LIVE_IN,
    NO_PLACE,
    NO_STREET,
    NOT_NAMED,
    PERSONS,
    SCHOOLS,
    STREETS,
    STREETS_AFTER_NUMBER,
    TITLES,
    TOWN_WORDS,
    names,
)

_CALLING = frozenset({("call", "me"), ("known", "as"), ("calls", "himself"), ("calls", "herself")})
_MEASURE = re.compile(r"\d{1,2}(?:st|nd|rd|th|am|pm|k|x|h|d|w|mins?|hrs?)")
_DRAWN_OUT = re.compile(r"(.)\1\1")

Known = Callable[[str], bool]
"""Whether a word, in lower case, is an ordinary one."""


@dataclass(slots=True)
class Token:
    """A word, a stretch of space, or one other character; and what it was found to be, if it is to be hidden."""

    text: str
    kind: str | None = None

    @property
    def is_word(self) -> bool:
        return self.text[0].isalnum()

    @property
    def lower(self) -> str:
        return self.text.lower()


class Judge:
    """Marks what is to be hidden among the words of one text."""

    def __init__(self, tokens: Sequence[Token], known: Known) -> None:
        self._known = known
        self._words: list[Token] = []
        self._begins: list[bool] = []
        """Of each word: a sentence begins with it."""
        begins = True
        for token in tokens:
            if token.is_word or token.text in SIGNS:
                self._words.append(token)
                self._begins.append(begins)
                begins = False
            elif token.text in ".!?…:\n" or "\n" in token.text or unicodedata.category(token.text[0]) == "So":
                begins = True
        middle = [token for token, first in zip(self._words, self._begins, strict=True) if not first]
        titled = sum(token.text.istitle() for token in middle)
        self._capitals_tell = titled <= max(3, len(middle) // 2)
        """Not where somebody Writes Like This, or only in capitals."""

    def judge(self) -> None:
        """Marks them."""
        for number, token in enumerate(self._words):
            if token.text in SIGNS or token.kind:
                continue
            self._judge_spelt(number)
            token.kind = token.kind or self._alone(number) or self._after_cue(number)
        for number in range(len(self._words)):
            self._judge_place(number)
        for number in range(len(self._words) - 1):
            # "Park Smith said": a capital before a name belongs to it.
            token, following = self._words[number], self._words[number + 1]
            both = following.kind == NAME and following.text.istitle() and token.text.istitle()
            if both and token.kind is None and token.lower not in FUNCTION:
                token.kind = NAME

    def _lower(self, number: int) -> str:
        return self._words[number].lower if 0 <= number < len(self._words) else ""

    def _alone(self, number: int) -> str | None:
        """What a word is by itself."""
        token, lower = self._words[number], self._words[number].lower
        if lower.isascii() and lower.isdecimal():
            return None if len(lower) < 3 else NUMBER
        bare = re.sub(r"(?:'s|s'|')$", "", lower)
        # "marks house" is Mark's; that his marks at school are hidden as well harms nobody.
        if bare in names() or (bare.endswith("s") and bare[:-1] in names()):
            return NAME
        if not self._ordinary(lower, bare):
            if any(char.isdigit() for char in lower):
                return HANDLE
            return NAME if token.text.istitle() and not self._begins[number] and self._capitals_tell else WORD
        if token.text.istitle() and len(lower) > 1 and self._capitals_tell and not self._begins[number]:
            return None if bare in CAPITALS or lower in CAPITALS or bare in FUNCTION else NAME
        return None

    def _ordinary(self, lower: str, bare: str) -> bool:
        if lower in FUNCTION or self._known(lower) or self._known(bare):
            return True
        if not lower.isalpha():
            return _MEASURE.fullmatch(lower) is not None
        if _DRAWN_OUT.search(lower):
            once, twice = re.sub(r"(.)\1+", r"\1", lower), re.sub(r"(.)\1{2,}", r"\1\1", lower)
            return once not in names() and (once in FUNCTION or self._known(once) or self._known(twice))
        return any(stem not in names() and self._known(stem) for stem in _stems(lower))

    def _after_cue(self, number: int) -> str | None:
        """What an ordinary word is because of those before it: "my friend summer", "a boy called tiger"."""
        lower, before, two, three = (self._lower(number - back) for back in range(4))
        if lower in FUNCTION:
            return NAME if lower in PERSONS and self._is_person(number) else None
        if before in TITLES:
            return NAME if before != "miss" or lower in ALSO_WORDS else None
        if lower not in KIN and (_names_next(two, before) or (self._named(number - 1) and _names_next(three, two))):
            return NAME
        if lower in TOWN_WORDS and before in BEFORE_TOWN:
            return ADDRESS
        if number and self._words[number - 1].kind == HANDLE:
            return HANDLE  # of several words: "his discord is blue fox"
        if lower in ALSO_WORDS:
            person = before in KIN or before in ("im", "i'm") or (before == "and" and self._named(number - 2))
            return NAME if person else None
        named = before in ("is", "called", "named") and two in HANDLE_IS and not _describes(lower)
        found = before in HANDLE_IS and two in ("on", "at") and three == "me"
        return HANDLE if named or found else None

    def _named(self, number: int) -> bool:
        return number >= 0 and self._words[number].kind == NAME

    def _is_person(self, number: int) -> bool:
        """Whether "will", "may" or "hope" is somebody."""
        return self._lower(number + 1) in DOES or self._lower(number - 1) in KIN | TITLES | BEFORE_PERSON

    def _judge_spelt(self, number: int) -> None:
        """A name spelt out, letter by letter."""
        end = number
        while end < len(self._words) and len(self._words[end].text) == 1 and self._words[end].text.isalpha():
            end += 1
        letters = [token.lower for token in self._words[number:end]]
        if len(letters) > 3 or (len(letters) == 3 and "u" not in letters):
            for token in self._words[number:end]:
                token.kind = WORD

    def _judge_place(self, number: int) -> None:
        """Schools, streets, and where somebody lives: what stands around the word that tells."""
        lower, before = self._lower(number), self._lower(number - 1)
        if lower in SCHOOLS or (lower == "high" and self._lower(number + 1) not in SCHOOLS):
            self._mark_school(number)
        elif lower in ("st", "saint") and self._lower(number + 1) and self._lower(number + 1) not in FUNCTION:
            self._mark(number, number + 2, SCHOOL)
        elif lower in STREETS or lower == "st":
            start = number
            while start > max(0, number - 2) and self._lower(start - 1) not in FUNCTION | NO_STREET:
                start -= 1
            if start < number:
                start -= self._lower(start - 1).isdecimal()
                self._mark(start, number + 1, ADDRESS)
        elif lower in STREETS_AFTER_NUMBER:
            for start in range(number - 1, max(-1, number - 4), -1):
                door = SIGNS.get(self._words[start].text) == ADDRESS
                if (door or re.fullmatch(r"\d{1,3}[a-z]?", self._lower(start))) and start < number - 1:
                    self._mark(start, number + 1, ADDRESS)
                if self._lower(start) in FUNCTION:
                    break
        moved = lower == "to" and before in ("move", "moved", "moving")
        lives = moved or (lower in ("in", "at", "near", "on", "by", "round") and before in LIVE_IN)
        comes = lower == "from" and before in COMES_FROM
        if lives or comes:
            end = number + 1
            while end < min(len(self._words), number + 4) and self._lower(end) not in FUNCTION | KIN | NO_PLACE:
                if end > number + 1 and self._words[end].kind is None and not self._words[end].text.istitle():
                    break
                end += 1
            self._mark(number + 1, end, ADDRESS)

    def _mark_school(self, number: int) -> None:
        start = number
        while start > max(0, number - 4) and self._lower(start - 1) not in FUNCTION - PERSONS | ANY_SCHOOL:
            start -= 1
        led = self._lower(start - 1) in LEADS_TO
        for token in self._words[start:number]:
            if led or token.kind or token.text.istitle():
                token.kind = SCHOOL

    def _mark(self, start: int, end: int, kind: str) -> None:
        for token in self._words[start:end]:
            if token.text not in SIGNS:
                token.kind = kind


def _names_next(before: str, word: str) -> bool:
    """Whether a name comes after two words: "name is", "boy called", "call me"."""
    if word in ("called", "named"):
        return before not in NOT_NAMED
    return (word in ("is", "names", "name's") and "name" in before + word) or (before, word) in _CALLING


def _describes(word: str) -> bool:
    """What is said of an account, and is no name of one: "my snap is hacked"."""
    return word.endswith(("ed", "ing", "en")) or word in DESCRIBES


def _stems(word: str) -> Iterator[str]:
    """Words that a longer one may be made of."""
    for ending in ("s", "es", "d", "ed", "ing", "er", "ers", "ly", "in", "y"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 4:
            yield stem
            if ending in ("ing", "ed", "er", "ers"):
                yield f"{stem}e"
                if stem[-1] == stem[-2]:
                    yield stem[:-1]
