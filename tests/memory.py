"""Somebody who reads the memory of a process that runs (as root may)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

_PIECE = 1 << 24
_OVERLAP = 1 << 12
"""Bytes: more than the longest of what is looked for."""


def every_process(number: int) -> list[int]:
    """A process, and all that it has started."""
    return [number, *(child.pid for child in psutil.Process(number).children(recursive=True))]


def found_in(numbers: Iterable[int], marks: Mapping[str, str]) -> dict[str, set[int]]:
    """Name of a mark → the processes in which it stands. ``marks``: name → a text of plain letters and digits.

    Whatever a text's encoding, one, two or four bytes a letter: without its zeros it is always the same.
    """
    wanted = {form.encode("ascii"): name for name, mark in marks.items() for form in (mark, mark.upper())}
    found: dict[str, set[int]] = {}
    for number in numbers:
        for piece in _pieces(number):
            for form, name in wanted.items():
                if form in piece:
                    found.setdefault(name, set()).add(number)
    return found


def around(number: int, mark: str) -> Iterator[str]:
    """What stands around each place of a mark: for whoever looks for what holds it."""
    for piece in _pieces(number):
        for match in re.finditer(re.escape(mark.encode("ascii")), piece):
            yield repr(piece[max(0, match.start() - 80) : match.end() + 80])


def _pieces(number: int) -> Iterator[bytes]:
    """All that a process can have written into its memory, without zeros, in pieces that overlap."""
    with suppress(FileNotFoundError, ProcessLookupError), Path(f"/proc/{number}/mem").open("rb", 0) as memory:
        for line in Path(f"/proc/{number}/maps").read_text("utf-8").splitlines():
            span = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if span is None:
                continue
            start, end = (int(place, 16) for place in span.groups())
            for at in range(start, end, _PIECE):
                try:
                    memory.seek(at)
                    piece = memory.read(min(_PIECE + _OVERLAP, end - at))
                except OSError:  # mapped no more
                    break
                yield piece.translate(None, b"\0")
