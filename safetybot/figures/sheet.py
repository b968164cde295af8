"""The yearly sheet: what was done for young people in a year, beside the year before.

Everything that shows figures shows this: the desk's page and its charts, the command's text, CSV and JSON. Small
numbers are held back here (:mod:`safetybot.figures.disclosure_control`), so nothing that comes after could show one.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum

from safetybot.figures.disclosure_control import Mark, Shown


@dataclass(frozen=True, slots=True)
class Change:
    """More, or less, than the year before."""

    by: int


@dataclass(frozen=True, slots=True)
class Percent:
    """A share, or a change in percent."""

    of: int
    change: bool = False


Entry = Shown | Change | Percent | None
"""What may stand in a table; None where there is nothing to say."""


class Chart(Enum):
    """How a table is drawn."""

    NONE = "none"
    MONTHS = "months"
    """The first two entries of each row, side by side."""
    BARS = "bars"
    """The first entry of each row, and the year before where there is one."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One line of a table."""

    label: str
    entries: tuple[Entry, ...]
    before: int | None = None
    """The place of the year before among the entries, for the chart."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table, and how it is drawn."""

    id: str
    title: str
    note: str
    """What must be known to read it; empty where nothing must."""
    what: str
    """Over the labels."""
    head: tuple[str, ...]
    """Over the entries."""
    rows: tuple[SheetRow, ...]
    totals: tuple[SheetRow, ...] = ()
    chart: Chart = Chart.NONE
    years: tuple[str, str] = ("", "")
    """The names of the two years in the chart."""

    @property
    def hides(self) -> bool:
        """Whether anything in it is not shown."""
        return any(isinstance(entry, Mark) for row in (*self.rows, *self.totals) for entry in row.entries)


@dataclass(frozen=True, slots=True)
class Section:
    """Tables that belong together."""

    id: str
    title: str
    intro: str
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """One figure that is told first."""

    figure: Entry
    what: str
    compared: str
    """With the year before; empty where it cannot be."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All of a year."""

    year: int
    until: dt.date | None
    """The day up to which it counts, where the year is not over."""
    title: str
    sentences: tuple[str, ...]
    headlines: tuple[Headline, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]
    """How to read it."""


def change(now: Entry, before: Entry) -> Change | None:
    """None where either is not shown: it would give it away."""
    return Change(now - before) if isinstance(now, int) and isinstance(before, int) else None


def change_percent(now: Entry, before: Entry) -> Percent | None:
    """None where either is not shown, or there was nothing before."""
    if not isinstance(now, int) or not isinstance(before, int) or not before:
        return None
    return Percent(_rounded(100 * (now - before), before), change=True)


def share(part: Entry, whole: Entry) -> Percent | None:
    """None where either is not shown, or there is nothing to share."""
    return Percent(_rounded(100 * part, whole)) if isinstance(part, int) and isinstance(whole, int) and whole else None


def entry_text(entry: Entry) -> str:
    """As people read it: ``1,204``, ``fewer than 5``, ``+12``, ``−5%``."""
    match entry:
        case None:
            return "–"
        case Mark():
            return entry.value
        case Change(by):
            return _signed(by)
        case Percent(of, change=True):
            return f"{_signed(of)}%"
        case Percent(of):
            return f"{of}%"
    return f"{entry:,}"


def _signed(number: int) -> str:
    return f"{'+' if number > 0 else '−' if number < 0 else ''}{abs(number):,}"


def _rounded(numerator: int, denominator: int) -> int:
    """To the nearest whole number, a half away from zero."""
    whole = (2 * abs(numerator) + denominator) // (2 * denominator)
    return whole if numerator >= 0 else -whole
