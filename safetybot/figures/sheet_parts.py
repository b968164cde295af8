"""The kinds of tables a yearly sheet is made of. Each holds back what is small."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from safetybot.figures.disclosure_control import Mark, Published, Shown, publish, single_count
from safetybot.figures.sheet import Chart, Entry, SheetRow, Table, change, change_percent, share


@dataclass(frozen=True, slots=True)
class Period:
    """The year of a sheet, as far as it has come."""

    year: int
    until: dt.date | None
    """Today, where the year is not over."""

    @classmethod
    def of(cls, year: int, today: dt.date) -> Period:
        """A year as it looks on a day in it, or after it."""
        return cls(year, today if year == today.year else None)

    @property
    def begun(self) -> int:
        """How many months have begun."""
        return self.until.month if self.until else 12

    @property
    def finished(self) -> int:
        """How many months are over."""
        return self.until.month - 1 if self.until else 12

    @property
    def now(self) -> str:
        """The name of the year, for the head of a table."""
        return f"{self.year} so far" if self.until else str(self.year)

    @property
    def before(self) -> str:
        """The name of the year before: always the whole of it."""
        return str(self.year - 1)

    @property
    def months(self) -> str:
        """The months that are over: ``January to October``."""
        last = calendar.month_name[self.finished] if self.finished else ""
        return f"January to {last}" if self.finished > 1 else last


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One row of counts, before anything is held back."""

    label: str
    now: int
    before: int


@dataclass(frozen=True, slots=True)
class Both:
    """The same counts of two years, as they may be shown."""

    now: Published
    before: Published

    @classmethod
    def of(cls, lines: Sequence[SheetLine]) -> Both:
        """Counts that add up to a total."""
        return cls(publish([line.now for line in lines]), publish([line.before for line in lines]))


@dataclass(frozen=True, slots=True)
class Monthly:
    """Counts by month, as they may be shown."""

    period: Period
    now: Published
    """Of the months that have begun."""
    before: Published
    """Of all months."""

    @classmethod
    def of(cls, period: Period, now: Mapping[int, int], before: Mapping[int, int]) -> Monthly:
        """From counts by the number of the month."""
        begun = [now.get(month, 0) for month in range(1, period.begun + 1)]
        return cls(period, publish(begun), publish([before.get(month, 0) for month in range(1, 13)]))

    @property
    def compared(self) -> tuple[Entry, Entry]:
        """The months that are over, and the same months of the year before."""
        which = range(self.period.finished)
        return (self.now.part(which), self.before.part(which)) if which else (None, None)

    def table(self, id_: str, title: str, note: str = "") -> Table:
        """With the change of each month that is over, and of all of these together."""
        period, rows = self.period, []
        for place in range(12):
            month = calendar.month_name[place + 1]
            now: Entry = self.now.cells[place] if place < period.begun else None
            over = place < period.finished
            label = f"{month} (so far)" if place < period.begun and not over else month
            rows.append(_compared(label, now, self.before.cells[place], over))
        totals = [_compared(period.months, *self.compared, True)] if period.until and period.finished else []
        whole = "Whole year" if period.until is None else f"{period.year} so far, and all of {period.before}"
        totals.append(_compared(whole, self.now.total, self.before.total, period.until is None))
        head = (period.now, period.before, "Change", "Change in %")
        years = (period.now, period.before)
        return Table(id_, title, note, "Month", head, tuple(rows), tuple(totals), Chart.MONTHS, years)


def shares(period: Period, id_: str, title: str, what: str, lines: Sequence[SheetLine], note: str = "") -> Table:
    """Counts that add up to a total, with the share of each."""
    both = Both.of(lines)
    labels = [line.label for line in lines]
    return _table(period, (id_, title, note, what), labels, both.now.cells, both.before.cells, both, total=True)


def several(
    period: Period, id_: str, title: str, what: str, lines: Sequence[SheetLine], of: Both | Monthly, note: str
) -> Table:
    """Counts of which several may hold for one report: they add up to nothing. Shares are of the total of ``of``."""
    now, before = [single_count(line.now) for line in lines], [single_count(line.before) for line in lines]
    return _table(period, (id_, title, note, what), [line.label for line in lines], now, before, of, total=False)


def _table(
    period: Period,
    names: tuple[str, str, str, str],
    labels: Sequence[str],
    now: Sequence[Shown],
    before: Sequence[Shown],
    whole: Both | Monthly,
    *,
    total: bool,
) -> Table:
    over = period.until is None

    def row(label: str, this: Shown, last: Shown) -> SheetRow:
        told: list[Entry] = [this, share(this, whole.now.total), last, share(last, whole.before.total)]
        told += [change(this, last), change_percent(this, last)] if over else []
        return SheetRow(label, tuple(told), before=2)

    head = (period.now, "Share", period.before, "Share", *(("Change", "Change in %") if over else ()))
    # A row is left out by what is shown of it alone: that it is there must tell nothing.
    lines = [line for line in zip(labels, now, before, strict=True) if line[1:] != (0, 0)] or [("None", 0, 0)]
    totals = (row("All", whole.now.total, whole.before.total),) if total else ()
    id_, title, note, what = names
    years = (period.now, period.before)
    return Table(id_, title, note, what, head, tuple(row(*line) for line in lines), totals, Chart.BARS, years)


def _compared(label: str, now: Entry, before: Entry, over: bool) -> SheetRow:
    changed = (change(now, before), change_percent(now, before)) if over else (None, None)
    return SheetRow(label, (now, before, *changed), before=1)


def largest_first(shown: Shown) -> int:
    """Orders rows by what is shown of them alone, so that their order tells nothing."""
    return 0 if isinstance(shown, Mark) else -shown
