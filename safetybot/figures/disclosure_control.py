"""Holds small numbers back, so that nobody can be recognised in a figure, and none can be worked out from the others.

**The rule**, for a table of counts that add up to a total which may be known from elsewhere:

1. 0 is shown. 1 to 4 is shown as "fewer than 5".
2. A total of 1 to 4 is "fewer than 5"; while it is 10 or less, nothing is shown of how it is made up.
3. Where there is a small number, the smallest of the larger ones is held back as well.
4. Where a number could still be worked out (the hidden ones are together the least or the most they can be, or the one
   of rule 3 can only be 5), the whole table is held back, and the total alone is shown.
5. A sum of some rows is shown only where it follows from what is shown, so that it tells nothing new.

Somebody who knows this rule, the total and all that is shown still finds two values or more possible for each count
that is hidden: a test tries every small table. That a table is held back by rule 4 gives nothing away either, for
(1, 5, and all the rest), in any order, is always among those that are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum

SMALL = 5
"""The least count that is shown as it is, beside 0."""
_LEAST_TOTAL = 11
"""The least total that is shown in parts: 1 + 5 + 5."""


class Mark(Enum):
    """Why a count is not shown."""

    FEW = "fewer than 5"
    HELD = "held back"
    """So that a number fewer than 5 cannot be worked out."""


Shown = int | Mark
"""A count as anybody may see it."""


@dataclass(frozen=True, slots=True)
class Published:
    """A table's counts as they are shown."""

    cells: tuple[Shown, ...]
    total: Shown

    def part(self, which: Collection[int]) -> Shown:
        """The sum of some cells, by their places, where it can be had from what is shown."""
        whole = _sum([self.cells[place] for place in which])
        rest = _sum([cell for place, cell in enumerate(self.cells) if place not in which])
        if whole is not None:
            return whole
        if rest is not None and isinstance(self.total, int):
            return self.total - rest
        return self.total if len(which) == len(self.cells) else Mark.HELD


def single_count(count: int) -> Shown:
    """A count that is no part of a total."""
    return Mark.FEW if 0 < count < SMALL else count


def publish(counts: Sequence[int]) -> Published:
    """The counts of one table, by the rule of this module."""
    total = sum(counts)
    if len(counts) == 1 or not total:
        return Published(tuple(map(single_count, counts)), single_count(total))
    if total < _LEAST_TOTAL:
        return Published((Mark.HELD,) * len(counts), single_count(total))
    few = {place for place, count in enumerate(counts) if 0 < count < SMALL}
    if not few:
        return Published(tuple(counts), total)
    by_size = sorted((count, place) for place, count in enumerate(counts) if count >= SMALL)
    if not _hides(counts, few, by_size):
        return Published((Mark.HELD,) * len(counts), total)
    held = {place for _, place in by_size[:1]}
    marks = {**dict.fromkeys(few, Mark.FEW), **dict.fromkeys(held, Mark.HELD)}
    return Published(tuple(marks.get(place, count) for place, count in enumerate(counts)), total)


def _hides(counts: Sequence[int], few: set[int], by_size: Sequence[tuple[int, int]]) -> bool:
    """Whether each hidden count could be another one, as far as somebody can tell who sees all but the hidden ones."""
    hidden = sum(counts[place] for place in few)
    least, most = len(few), (SMALL - 1) * len(few)
    if by_size:
        (size, held), *others = by_size
        hidden += size
        # It is known to be the smallest, and of several alike the first.
        highest = others[0][0] - (held > others[0][1]) if others else hidden
        if highest == SMALL:
            return False
        least, most = least + SMALL, most + highest
    return least < hidden < most


def _sum(cells: Sequence[Shown]) -> int | None:
    """None where one of them is hidden."""
    counts = [cell for cell in cells if isinstance(cell, int)]
    return sum(counts) if len(counts) == len(cells) else None
