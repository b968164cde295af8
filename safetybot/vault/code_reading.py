"""Reads a code as people type it: any case, commas, hyphens, numbers, words around it, and one slip.

Nothing here knows which codes exist: what it suggests comes from the public list of words alone.

No two words of the list are within one edit of each other, so one slip never makes another code of a code. The only
slip that could is one that cuts a word in two and leaves a word of the list at the code's end ("rain hat" for
"rainhat"); that is asked about, too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rapidfuzz import process
from rapidfuzz.distance import OSA

from safetybot.vault.code_words import CODE_WORDS, WORD_LONGEST, WORD_SHORTEST, code_words, known_words
from safetybot.vault.codes import Code

TEXT_MAX = 1000
"""Characters looked at; a code with numbers and words around has about 100."""
SUGGESTIONS_MAX = 3
_LONG_WORD = 5
"""Letters from which two edits are forgiven in place of one."""
_LONGEST_JOINED = 12
_APOSTROPHES = dict.fromkeys(map(ord, "'’‘`´"))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A word of the list that may have been meant, and the code with it."""

    word: str = field(repr=False)
    code: Code


@dataclass(frozen=True, slots=True)
class Slip:
    """Five words of a code, and one that is none: ask which was meant. Never take a suggestion unasked."""

    typed: str = field(repr=False)
    suggestions: tuple[Suggestion, ...]
    """Nearest first; one to three."""

    @property
    def suggestion(self) -> str:
        """The nearest word."""
        return self.suggestions[0].word


def parse(text: str) -> Code | Slip | None:
    """The code in ``text``; or what to ask; or None where there is no code, or more than one."""
    tokens = _tokens(text[:TEXT_MAX])
    exact = _codes(tokens)
    if len(exact) > 1:
        return None
    if exact:
        (start,) = exact
        return _doubt(tokens, start, exact[start]) or exact[start]
    respaced = {code for respaced in _respaced(tokens) for code in _codes(respaced).values()}
    if len(respaced) == 1:
        return respaced.pop()
    return _nearest_slip(tokens) if not respaced else None


def begins_like_a_code(letters: str) -> bool:
    """Whether letters without anything between them begin with a word of the list."""
    known = known_words()
    return any(letters[:length] in known for length in range(WORD_SHORTEST, WORD_LONGEST + 1))


def _tokens(text: str) -> list[str]:
    """Words of letters a to z, lower case, without accents, invisible characters or apostrophes."""
    plain = "".join(
        character
        for character in unicodedata.normalize("NFKD", text.translate(_APOSTROPHES)).casefold()
        if unicodedata.category(character) not in ("Mn", "Cf")
    )
    return re.findall("[a-z]+", plain)


def _codes(tokens: Sequence[str]) -> dict[int, Code]:
    """Every six words of the list in a row: place of the first → code. A code said twice counts once."""
    known = known_words()
    found: dict[Code, int] = {}
    for start in range(len(tokens) - CODE_WORDS + 1):
        window = tuple(tokens[start : start + CODE_WORDS])
        if known.issuperset(window):
            found.setdefault(Code(window), start)
    return {start: code for code, start in found.items()}


def _doubt(tokens: Sequence[str], start: int, code: Code) -> Slip | None:
    """Asks, where the code's first or last word with the word beside it may be one word of the list cut in two."""
    end = start + CODE_WORDS - 1
    for place, left in ((0, start - 1), (CODE_WORDS - 1, end)):
        if not 0 <= left < len(tokens) - 1:
            continue
        pair = tokens[left : left + 2]
        near = _near("".join(pair))
        meant = [word for word, distance in near if distance <= 1 and word != code.words[place]]
        if meant:
            words = [code.words[place], *meant][:SUGGESTIONS_MAX]
            return Slip(" ".join(pair), tuple(_mended(code.words, place, words)))
    return None


def _respaced(tokens: Sequence[str]) -> Iterator[list[str]]:
    """The tokens with a space taken out of a word that was cut, or put between words that were joined."""
    known = known_words()
    for place in range(len(tokens) - 1):
        joined = tokens[place] + tokens[place + 1]
        if joined in known:
            yield [*tokens[:place], joined, *tokens[place + 2 :]]
    cuts: list[list[str]] = [[]]
    for token in tokens:
        ways = ([] if token in known else _cut(token)) or [[token]]
        if len(cuts) * len(ways) > 8:
            return  # so many ways that none is sure
        cuts = [[*before, *way] for before in cuts for way in ways]
    yield from cuts


def _cut(token: str) -> list[list[str]]:
    """Every way to cut a token into words of the list, at most six."""
    known = known_words()
    ways: list[list[list[str]]] = [[[]], *([] for _ in token)]
    if len(token) > WORD_LONGEST * CODE_WORDS:
        return []
    for end in range(1, len(token) + 1):
        for start in range(max(0, end - WORD_LONGEST), end):
            if token[start:end] in known:
                ways[end] += [[*way, token[start:end]] for way in ways[start]]
    return ways[-1]


def _nearest_slip(tokens: Sequence[str]) -> Slip | None:
    best: tuple[tuple[int, bool], Slip] | None = None
    for words, place, typed in _one_unknown(tokens):
        near = _near(words[place])
        if not near:
            continue
        merit = near[0][1], " " not in typed  # of two as near, the one that leaves no piece of a word over
        if best is None or merit < best[0]:
            best = merit, Slip(typed, tuple(_mended(words, place, [word for word, _ in near])))
    return best[1] if best else None


def _one_unknown(tokens: Sequence[str]) -> Iterator[tuple[tuple[str, ...], int, str]]:
    """Every six tokens in a row of which five are words of the list; also with two tokens taken for one."""
    known = known_words()
    rows = [(list(tokens), -1, "")]
    for place in range(len(tokens) - 1):
        pair = tokens[place : place + 2]
        if len(joined := "".join(pair)) <= _LONGEST_JOINED:
            rows.append(([*tokens[:place], joined, *tokens[place + 2 :]], place, " ".join(pair)))
    for row, joined_at, pair_text in rows:
        # Only where the joined word is among the six: looking everywhere would take a fifth of a second.
        first, last = (0, len(row)) if joined_at < 0 else (max(0, joined_at - CODE_WORDS + 1), joined_at + 1)
        for start in range(first, min(last, len(row) - CODE_WORDS + 1)):
            window = tuple(row[start : start + CODE_WORDS])
            unknown = [place for place, word in enumerate(window) if word not in known]
            if len(unknown) == 1 and (joined_at < 0 or start + unknown[0] == joined_at):
                yield window, unknown[0], pair_text or window[unknown[0]]


def _near(typed: str) -> list[tuple[str, int]]:
    """The nearest words of the list and their distance, where they are near enough: none, or one to three."""
    cutoff = 2 if len(typed) >= _LONG_WORD else 1
    found = process.extract(typed, code_words(), scorer=OSA.distance, score_cutoff=cutoff, limit=SUGGESTIONS_MAX)
    return [(word, int(distance)) for word, distance, _ in found if distance == found[0][1]]


def _mended(words: Sequence[str], place: int, meant: Sequence[str]) -> Iterator[Suggestion]:
    for word in meant:
        yield Suggestion(word, Code((*words[:place], word, *words[place + 1 :])))
