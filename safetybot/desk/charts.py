"""Charts of figures, as SVG within the page: no script, no style of their own, and every number in the table beside.

What is not shown has no length: it is a mark of one size, whatever the count. Colours come by class from
``figures.css``; the year before is striped, so that the two are told apart without colours too.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

from safetybot.figures.disclosure_control import Mark
from safetybot.figures.sheet import Chart, Entry, SheetRow, Table, entry_text

LONGEST = 12
"""Bars that a chart has at most; the table has them all."""
_WIDE = 360
_LEGEND = 22
_ROW, _BAR = 46, 11
_TALL, _FOOT, _LEFT = 150, 18, 6
_STUB = 14
"""Of a count that is not shown."""


class _Bar(NamedTuple):
    kind: str
    entry: Entry
    of_year: str


def chart(table: Table) -> Markup:
    """A table as a picture; empty where it has none, or nothing to draw."""
    if table.chart is Chart.NONE:
        return Markup()
    rows = table.rows[:LONGEST]
    most = max((entry for row in rows for entry in _both(row) if isinstance(entry, int)), default=0)
    if not most and not any(isinstance(entry, Mark) for row in rows for entry in _both(row)):
        return Markup()
    draw = _months if table.chart is Chart.MONTHS else _bars
    body, height = draw(table, rows, max(most, 1))
    says = _months_say(table, rows) if table.chart is Chart.MONTHS else _bars_say(table, rows)
    return Markup(
        '<svg class="chart" viewBox="0 0 {wide} {height}" role="img" aria-labelledby="{id}-title {id}-says">'
        '<title id="{id}-title">{title}</title><desc id="{id}-says">{says}</desc>'
        '<defs><pattern id="{id}-stripes" width="5" height="5" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect class="ground" width="5" height="5"/>'
        '<rect class="stripe" width="2.5" height="5"/></pattern></defs>{legend}{body}</svg>'
    ).format(
        wide=_WIDE,
        height=height,
        id=table.id,
        title=f"Chart: {table.title}",
        says=says,
        legend=_legend(table),
        body=Markup().join(body),
    )


def _both(row: SheetRow) -> tuple[Entry, Entry]:
    return row.entries[0], row.entries[row.before] if row.before is not None else None


def _legend(table: Table) -> Markup:
    now, before = table.years
    at = 34 + 7 * len(now)
    return Markup(
        '<rect class="now" x="{left}" y="3" width="12" height="10"/><text x="{text}" y="12">{now}</text>'
        '<rect class="before" fill="url(#{id}-stripes)" x="{at}" y="3" width="12" height="10"/>'
        '<text x="{after}" y="12">{before}</text>'
    ).format(left=_LEFT, text=_LEFT + 17, now=now, id=table.id, at=at, after=at + 17, before=before)


# --- Months: columns, side by side -----------------------------------------------------------------------------


def _months(table: Table, rows: Sequence[SheetRow], most: int) -> tuple[list[Markup], int]:
    step = (_WIDE - 2 * _LEFT) / len(rows)
    bottom, wide = _LEGEND + _TALL, step * 0.4
    drawn = [
        Markup('<path class="rule" d="M{a} {y}H{b}"/><text class="scale" x="{b}" y="{t}">{most}</text>').format(
            a=_LEFT, b=_WIDE - _LEFT, y=_LEGEND + 12, t=_LEGEND + 9, most=f"{most:,}"
        ),
        Markup('<path class="axis" d="M{a} {y}H{b}"/>').format(a=_LEFT, b=_WIDE - _LEFT, y=bottom),
    ]
    for place, row in enumerate(rows):
        now, before = _both(row)
        left = _LEFT + place * step + step * 0.1
        for at, bar in enumerate((_Bar("before", before, table.years[1]), _Bar("now", now, table.years[0]))):
            if bar.entry is None or bar.entry == 0:
                continue
            tall = bar.entry * (_TALL - 12) / most if isinstance(bar.entry, int) else _STUB
            drawn.append(_rect(table, bar, left + at * wide, bottom - tall, wide, tall))
        letter = calendar.month_abbr[place + 1][:1]
        drawn.append(
            Markup('<text class="month" x="{x}" y="{y}">{letter}</text>').format(
                x=_short(left + wide), y=bottom + 13, letter=letter
            )
        )
    return drawn, bottom + _FOOT


# --- Bars, one below the other ---------------------------------------------------------------------------------


def _bars(table: Table, rows: Sequence[SheetRow], most: int) -> tuple[list[Markup], int]:
    room = _WIDE - 2 * _LEFT - 74
    drawn = []
    for place, row in enumerate(rows):
        top = _LEGEND + place * _ROW
        now, before = _both(row)
        drawn.append(Markup('<text x="{x}" y="{y}">{label}</text>').format(x=_LEFT, y=top + 12, label=row.label))
        for at, bar in enumerate((_Bar("now", now, table.years[0]), _Bar("before", before, table.years[1]))):
            if bar.entry is None:
                continue
            wide = bar.entry * room / most if isinstance(bar.entry, int) else _STUB
            y = top + 16 + at * (_BAR + 1)
            if wide:
                drawn.append(_rect(table, bar, _LEFT, y, max(wide, 1), _BAR))
            drawn.append(
                Markup('<text class="figure" x="{x}" y="{y}">{said}</text>').format(
                    x=_short(_LEFT + wide + 4), y=y + _BAR - 1, said=entry_text(bar.entry)
                )
            )
    return drawn, _LEGEND + len(rows) * _ROW


def _rect(table: Table, bar: _Bar, x: float, y: float, wide: float, tall: float) -> Markup:
    hidden = isinstance(bar.entry, Mark)
    fill = Markup(' fill="url(#{}-stripes)"').format(table.id) if bar.kind == "before" and not hidden else Markup()
    return Markup('<rect class="{kind}"{fill} x="{x}" y="{y}" width="{wide}" height="{tall}"/>').format(
        kind="hidden" if hidden else bar.kind, fill=fill, x=_short(x), y=_short(y), wide=_short(wide), tall=_short(tall)
    )


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


# --- In words --------------------------------------------------------------------------------------------------


def _months_say(table: Table, rows: Sequence[SheetRow]) -> str:
    now, before = table.years
    return f"Columns for each month, {now} beside {before}. {_highest(now, rows)}The table has every number."


def _bars_say(table: Table, rows: Sequence[SheetRow]) -> str:
    now, before = table.years
    only = f"The {LONGEST} rows that come first in the table. " if len(table.rows) > LONGEST else ""
    return f"Bars, {now} above {before}. {only}{_highest(now, rows)}The table has every number."


def _highest(year: str, rows: Sequence[SheetRow]) -> str:
    def counts() -> Iterator[tuple[int, str]]:
        for row in rows:
            entry = row.entries[0]
            if isinstance(entry, int) and entry:
                yield entry, row.label

    highest = max(counts(), default=None)
    return f"Most in {year}: {highest[1]}, {highest[0]:,}. " if highest else ""
