"""Cuts what is too long for one envelope into pieces that fit, and joins them again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from safetybot.vault.sealing import MESSAGE_MAX, CannotOpen, Json, TooLong, encode

PARTS_MAX = 16
"""Envelopes that one message may take: 256 KiB, a hundred times the longest answer the form allows."""
_OVERHEAD = 256
"""Bytes kept free in each envelope for what stands around a piece."""


def split(body: Json, room: int = MESSAGE_MAX - _OVERHEAD) -> tuple[Json, ...]:
    """``{"body": …}``, or where that is too long, ``{"part": 1, "of": n, "text": piece of the body's JSON}``, …

    Each fits ``room`` bytes and the overhead. Raises TooLong above PARTS_MAX pieces, NotJson.
    """
    text = encode(body).decode()
    if len(text.encode()) <= room:
        return ({"body": body},)
    pieces: list[str] = []
    start = 0
    while start < len(text):
        if len(pieces) == PARTS_MAX:
            raise TooLong(f"a message may take {PARTS_MAX} envelopes")
        end = _end(text, start, room)
        pieces.append(text[start:end])
        start = end
    return tuple({"part": number, "of": len(pieces), "text": piece} for number, piece in enumerate(pieces, 1))


def _end(text: str, start: int, room: int) -> int:
    """The furthest end such that the piece, as a JSON string, takes at most ``room`` bytes."""
    low, high = start + 1, min(len(text), start + room)
    while low < high:
        middle = (low + high + 1) // 2
        if len(encode(text[start:middle])) <= room:
            low = middle
        else:
            high = middle - 1
    return low


def join(pieces: Sequence[Json]) -> Json:
    """The body that :func:`split` cut. Raises CannotOpen where a piece is missing or out of place."""
    try:
        if len(pieces) == 1 and "body" in pieces[0]:
            return pieces[0]["body"]
        if [(piece["part"], piece["of"]) for piece in pieces] != [(n + 1, len(pieces)) for n in range(len(pieces))]:
            raise CannotOpen("a message is not complete")
        return json.loads("".join(piece["text"] for piece in pieces))
    except (KeyError, TypeError, ValueError, RecursionError):
        raise CannotOpen("a message has an unknown form") from None
