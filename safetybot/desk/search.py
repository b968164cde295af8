"""Finds words in the cases that a member has opened in this login.

Their text is held in memory, beside the member's keys, and goes when these go. Nothing is written down: neither the
text, nor what was looked for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz

from safetybot.desk.logins import LoggedIn
from safetybot.reports.cases import CaseRef
from safetybot.reports.casework import OpenedCase
from safetybot.vault.envelopes import EnvelopeKind
from safetybot.vault.sealing import Json

LONGEST = 100
"""Letters of what is looked for; the rest is left out."""
NEARLY = 80.0
"""How alike (of 100) words must be where none are the same."""
FEWEST = 4
"""Letters that are looked for with slips."""
MOST = 50
"""Cases that are found."""
_AROUND = 60
"""Letters before and after what was found, that are shown."""
_SHORT_REF = re.compile(r"#?([0-9a-f]{3})[- ]?([0-9a-f]{0,3})", re.IGNORECASE)

WHERE: Mapping[EnvelopeKind, str] = {
    EnvelopeKind.REPORT: "in the report",
    EnvelopeKind.ADDITION: "in what was added",
    EnvelopeKind.REPLY: "in a reply",
    EnvelopeKind.NOTE: "in a note",
    EnvelopeKind.REFERRAL: "in a referral",
    EnvelopeKind.LABELS: "in its labels",
}
"""What is searched, as it is called. Contact details are not: whoever sees them asks for it, and it is written down."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One text of a case."""

    where: str
    """For people: ``in the report``."""
    text: str = field(repr=False)
    """In one line, without invisible letters."""
    folded: str = field(repr=False)
    """As it is compared; letter for letter beside :attr:`text`."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is held of an opened case."""

    ref: CaseRef
    pieces: tuple[Piece, ...] = field(repr=False)


class Snippet(NamedTuple):
    """Where something was found: plain text, to be escaped."""

    where: str
    before: str
    found: str
    after: str


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A case in which it was found."""

    ref: CaseRef
    snippet: Snippet = field(repr=False)
    exactly: bool
    score: float


def remember(login: LoggedIn, case: OpenedCase) -> None:
    """Holds the text of a case, instead of what was held of it before."""
    pieces = tuple(
        _piece(WHERE[message.kind], text)
        for message in case.messages
        if message.kind in WHERE
        for text in _texts(message.body)
        if text.strip()
    )
    login.opened[case.row.ref.id] = Remembered(case.row.ref, pieces)


def forget(login: LoggedIn, case_id: str) -> None:
    """Holds nothing more of a case."""
    login.opened.pop(case_id, None)


def find(login: LoggedIn, words: str) -> Sequence[SearchHit]:
    """Cases that have all the words, else those that have something nearly like them; the best first."""
    wanted = fold(one_line(words))[:LONGEST].strip()
    if not wanted:
        return ()
    cases = [case for case in login.opened.values() if isinstance(case, Remembered)]
    found = [one for case in cases if (one := _exactly(case, wanted))]
    if not found and len(wanted) >= FEWEST:
        found = [one for case in cases if (one := _nearly(case, wanted))]
    return sorted(found, key=lambda one: (-one.score, one.ref.id))[:MOST]


def short_ref(words: str) -> str | None:
    """The digits with which a case's id begins, where ``words`` are a short reference or its first half."""
    match = _SHORT_REF.fullmatch(words.strip())
    return (match[1] + match[2]).lower() if match else None


def one_line(text: str) -> str:
    """A text in one line, without what cannot be seen and what turns the direction of writing."""
    seen = "".join(letter for letter in text if letter.isspace() or unicodedata.category(letter) not in ("Cf", "Cc"))
    return " ".join(seen.split())


def fold(text: str) -> str:
    """A text as it is compared: small letters without accents; as many letters as before."""
    return "".join(map(_fold, text))


@lru_cache(maxsize=4096)
def _fold(letter: str) -> str:
    plain = unicodedata.normalize("NFKD", letter)[0].casefold()
    return plain if len(plain) == 1 and not plain.isspace() else letter


def _piece(where: str, text: str) -> Piece:
    line = one_line(text)
    return Piece(where, line, fold(line))


def _texts(body: Json) -> Iterator[str]:
    """Every text in a message's body, whatever form it has."""
    if isinstance(body, str):
        yield body
    elif isinstance(body, Mapping):
        for value in body.values():
            yield from _texts(value)
    elif isinstance(body, Sequence):
        for value in body:
            yield from _texts(value)


def _exactly(case: Remembered, wanted: str) -> SearchHit | None:
    """All of it in one piece as it was typed, or every word of it somewhere in the case."""
    for piece in case.pieces:
        at = piece.folded.find(wanted)
        if at >= 0:
            return SearchHit(case.ref, _snippet(piece, at, at + len(wanted)), True, 100.0)
    places: list[tuple[Piece, int, str]] = []
    for word in wanted.split():
        place = next(((piece, at) for piece in case.pieces if (at := piece.folded.find(word)) >= 0), None)
        if place is None:
            return None
        places.append((*place, word))
    if not places:
        return None
    piece, at, word = max(places, key=lambda place: len(place[2]))
    return SearchHit(case.ref, _snippet(piece, at, at + len(word)), True, 90.0)


def _nearly(case: Remembered, wanted: str) -> SearchHit | None:
    """All of it in one piece with slips, or every word of it somewhere; the worst word counts."""
    whole = _nearest(case, wanted)
    words = wanted.split()
    if whole is not None or len(words) == 1:
        return whole
    each = [_nearest(case, word) if len(word) >= FEWEST else _exactly(case, word) for word in words]
    found = [one for one in each if one is not None]
    return min(found, key=lambda one: one.score) if len(found) == len(words) else None


def _nearest(case: Remembered, wanted: str) -> SearchHit | None:
    best: SearchHit | None = None
    for piece in case.pieces:
        # Of a piece shorter than what is wanted, rapidfuzz would look for the piece in the words.
        if len(piece.folded) < len(wanted) - 1:
            continue
        near = fuzz.partial_ratio_alignment(wanted, piece.folded, score_cutoff=NEARLY)
        if near is not None and (best is None or near.score > best.score):
            best = SearchHit(
                case.ref, _snippet(piece, *_whole(piece, near.dest_start, near.dest_end)), False, near.score
            )
    return best


def _whole(piece: Piece, start: int, end: int) -> tuple[int, int]:
    """A place, with the whole of the words that it cuts."""
    while start and (piece.text[start - 1 : start + 1]).isalnum():
        start -= 1
    while end < len(piece.text) and piece.text[end - 1 : end + 1].isalnum():
        end += 1
    return start, end


def _snippet(piece: Piece, start: int, end: int) -> Snippet:
    first, last = max(0, start - _AROUND), end + _AROUND
    before = piece.text[first:start]
    after = piece.text[end:last]
    return Snippet(
        piece.where,
        "… " + before.lstrip() if first else before,
        piece.text[start:end],
        after.rstrip() + " …" if last < len(piece.text) else after,
    )
