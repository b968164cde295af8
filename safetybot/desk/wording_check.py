"""Looks a reply over before it is sent: blame, promises, questions that must not be asked, and hard sentences.

It warns; the person who writes decides. The words to be warned of are the editors' (``desk.yaml``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from safetybot.guidance.desk import Checking

WORDS_BETWEEN = 3
"""Words that … may stand for."""
_SHOWN = 5
"""Words of one group that are shown."""
_BEFORE = 6
"""Words before, among which one may stand with which it is right."""
_WORD = re.compile(r"[\w'-]+")
_SENTENCE = re.compile(r"[^.!?…\n]+")


@dataclass(frozen=True, slots=True)
class Warned:
    """Something to look at again."""

    found: str
    """The words, as they stand in the reply."""
    why: str
    better: str


def look_over(text: str, checking: Checking) -> tuple[Warned, ...]:
    """What may be wrong with a reply, each group of words once, in the order of the editors' file."""
    plain = _plain(text)
    found = [
        Warned("”, “".join(matches), group.why, group.better)
        for group in checking.avoid
        if (matches := _matches(plain, group.phrases, group.unless))
    ]
    return (*found, *_hard_words(plain, checking), *_long(plain, checking))


def _plain(text: str) -> str:
    """With one kind of apostrophe. As long as before, so that what is found can be shown as it stands there."""
    return text.translate(dict.fromkeys(map(ord, "’‘ʼ`´"), "'"))


def _matches(text: str, phrases: Sequence[str], unless: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}
    for match in _pattern(tuple(phrases)).finditer(text):
        if not _right(text[: match.start()], tuple(unless)):
            found[" ".join(match[0].split())] = None
    return list(found)[:_SHOWN]


def _right(before: str, unless: tuple[str, ...]) -> bool:
    """Whether what stands before, in the same sentence, makes it right: "please don't" before "send pictures"."""
    if not unless:
        return False
    sentence = re.split(r"[.!?…\n]", before)[-1]
    near = " ".join(_WORD.findall(sentence)[-_BEFORE:])
    return _pattern(unless).search(near) is not None


@lru_cache(maxsize=64)
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?<![\w'-])(?:{_words(phrase)})(?![\w-])" for phrase in phrases), re.IGNORECASE)


def _words(phrase: str) -> str:
    """A phrase as a pattern: any space between its words, apostrophes or none."""
    parts = []
    for part in re.split(r"\s*(?:…|\.\.\.)\s*", _plain(phrase)):
        words = (re.escape(word).replace("'", "'?") for word in part.split())
        parts.append(r"[\s,]+".join(words))
    return rf"(?:[\s,]+[\w'-]+){{0,{WORDS_BETWEEN}}}[\s,]+".join(parts)


def _hard_words(text: str, checking: Checking) -> Iterator[Warned]:
    easier = {word.casefold(): better for word, better in checking.hard.items()}
    seen = set()
    for word in _WORD.findall(text):
        better = easier.get(word.casefold())
        if better is not None and word.casefold() not in seen:
            seen.add(word.casefold())
            yield Warned(word, "It is a hard word for a child.", f"Try: {better}.")


def _long(text: str, checking: Checking) -> Iterator[Warned]:
    for sentence in _SENTENCE.findall(text):
        words = _WORD.findall(sentence)
        if len(words) > checking.sentence:
            start = " ".join(words[:6])
            yield Warned(f"{start} …", f"This sentence has {len(words)} words.", "Make two or three short ones of it.")
    count = len(_WORD.findall(text))
    if count > checking.reply:
        why = f"The reply has {count} words. That is a lot for a frightened reader on a small screen."
        yield Warned("The whole reply", why, "Say the one or two things that matter most now.")
