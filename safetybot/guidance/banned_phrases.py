"""Words that must not reach a young person: blame, promises nobody can keep, numbers and addresses typed into a text.

Patterns, not understanding: each is written so that what good answers say ("it is not your fault", "nobody can promise
that") passes, and the tests hold both sides. What is left over, an editor accepts with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from safetybot.guidance.finding import Finding
from safetybot.guidance.readability import plain


@dataclass(frozen=True)
class BannedPhrase:
    """A stretch of a text that should not be there."""

    finding: Finding
    start: int
    end: int
    message: str


_APOSTROPHE = "['’]"
_NOT_BEFORE = re.compile(rf"\b(?:not|no|none|never|nothing|nobody|cannot|without|\w+n{_APOSTROPHE}t)\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[.!?;:\n]")


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns).replace("'", _APOSTROPHE), re.IGNORECASE)


_BLAME = _any(
    r"\byou(?:'d| would)? (?:really |just |probably )?(?:should|could|ought to)(?:n't| not| never)? have\b"
    r"(?! (?:an?|the|some)\b)",
    r"\bwhy (?:did|didn't|would|do) you\b(?! want to know)",
    r"\bnext time,? (?:you|be|don't|do not|think|try|just)\b",
    r"\byou let (?:them|him|her|it)\b",
    r"\bwhat were you thinking\b",
    r"\bif (?:only )?you(?:'d| had)(?:n't| not)? (?!to\b)\w+ed\b",
    r"\byou were (?:silly|stupid|careless|naive|foolish|reckless)\b",
)
_FAULT = _any(r"\byour (?:own )?fault\b")
_PROMISE = _any(
    r"\b(?:i|we|they|it)(?:'ll| will) (?:always )?(?:keep|stay|be kept) (?:it |this |that |everything )?"
    r"(?:a |completely |all )?(?:secret|between us)\b",
    r"\b(?:nobody|no one) (?:else )?(?:will|'ll) (?:ever )?(?:know|find out|see it|be told)\b",
    r"\b(?:i|we) (?:won't|will not|will never) tell\b",
    r"\byou (?:won't|will not|will never|are not going to|aren't going to) (?:get|be) (?:in|into) (?:any )?trouble\b",
    r"\b(?:i|we) promise\b",
    r"\b(?:will|'ll) (?:definitely |always )?(?:delete|remove|take down) (?:it|them|the picture|your)\b",
    r"\bit(?:'ll| will) (?:all )?be (?:ok|okay|fine|all right|alright)\b",
    r"\b(?:will|'ll) come (?:and|to) (?:help|save|get) you\b",
)
_LONG = 5
"""Digits from which a number is one that cannot be remembered."""
_DIGITS = re.compile(r"(?<![\w£])\+?\d(?:[\s-]?\d){4,14}(?!\w)")
_NUMBER = re.compile(r"(?:\+44|0)(?:[\s-]?\d){8,10}|116[\s-]?\d{3}")
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s)\]]+|\b[\w.+-]+@[\w-]+\.[\w.]+|\b[\w-]+\.(?:co\.uk|org\.uk|gov\.uk|org|com|net|uk)\b(?:/\S*)?",
    re.IGNORECASE,
)
_BAD_LINK = re.compile(r"http://[^\s)\]]+|(?<=\]\()(?!https://)[^)\s]+")


def phrases(text: str) -> Iterator[BannedPhrase]:
    """Everything in a text that should not be there."""
    shown = plain(text)
    for found in _BLAME.finditer(shown):
        if not _denied(shown, found.start()):
            yield _phrase(Finding.BLAME, found, "This can sound like blame", "Say what the other person did wrong.")
    for found in _FAULT.finditer(shown):
        if not _denied(shown, found.start()) and not _asked(shown, found.end()):
            yield _phrase(Finding.BLAME, found, "This can sound like blame", "Say that it is not their fault.")
    for found in _PROMISE.finditer(shown):
        if not _denied(shown, found.start()):
            yield _phrase(Finding.PROMISE, found, "Nobody can promise this", "Say what can be done, and by whom.")


def numbers(text: str, known: Collection[str] = ()) -> Iterator[BannedPhrase]:
    """Numbers and addresses typed into a text; ``known``: the digits of the helplines' numbers."""
    told = list(_BAD_LINK.finditer(text))
    for found in told:
        yield BannedPhrase(
            Finding.LINK, found.start(), found.end(), f"“{found[0]}” is not https. Use an https:// address."
        )
    mend = "Say the service's name, and put its id on the `helplines:` line: then the number stands beside it."
    for found in _DIGITS.finditer(text):
        if _NUMBER.fullmatch(found[0]) or _digits(found[0]) in known:
            message = f"The number {found[0]} is typed here. {mend}"
            yield BannedPhrase(Finding.NUMBER, found.start(), found.end(), message)
    for found in _ADDRESS.finditer(text):
        if not any(other.start() <= found.start() < other.end() for other in told):
            yield BannedPhrase(
                Finding.NUMBER, found.start(), found.end(), f"The address {found[0]} is typed here. {mend}"
            )


def helpline_numbers(calls: Iterable[str]) -> frozenset[str]:
    """The digits of the helplines' numbers; short ones (999, 101) may stand anywhere."""
    return frozenset(digits for call in calls if len(digits := _digits(call)) >= _LONG)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _phrase(finding: Finding, found: re.Match[str], what: str, mend: str) -> BannedPhrase:
    return BannedPhrase(finding, found.start(), found.end(), f"{what}: “{found[0]}”. {mend}")


def _denied(text: str, start: int) -> bool:
    """Whether the same clause says "not" before it."""
    clause = _CLAUSE.split(text[:start])[-1]
    return bool(_NOT_BEFORE.search(clause))


def _asked(text: str, end: int) -> bool:
    """Whether it stands in a question."""
    stop = _CLAUSE.search(text, end)
    return bool(stop and stop[0] == "?")
