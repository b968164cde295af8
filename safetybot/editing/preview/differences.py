"""Two versions of a file, line by line."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

AROUND = 2
"""Lines that have not changed, shown around those that have."""


@dataclass(frozen=True)
class DiffLine:
    """One line of a comparison."""

    kind: str
    """``same``, ``theirs`` (only on the disk), ``mine`` (only in the form), or ``gap``."""
    text: str


def differences(theirs: bytes, mine: bytes) -> list[DiffLine]:
    """What would change on the disk by saving mine, with a little around it; empty where nothing would."""
    before, after = (each.decode("utf-8", "replace").splitlines() for each in (theirs, mine))
    lines = []
    for group in difflib.SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(AROUND):
        lines.append(DiffLine("gap", f"Line {group[0][1] + 1}"))
        for kind, a, b, c, d in group:
            if kind == "equal":
                lines += [DiffLine("same", line) for line in before[a:b]]
            else:
                lines += [DiffLine("theirs", line) for line in before[a:b]]
                lines += [DiffLine("mine", line) for line in after[c:d]]
    return lines
