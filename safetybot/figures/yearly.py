"""Reads what was counted of some years: sums alone. Nothing is opened, and no key is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, and_, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.storage.tables import cases, counters, figures

ANSWERS = ("answer", "chosen")
"""Counters of an answer given: found for own words, or chosen by a button."""
CARDS = ("danger", "card-after-check", "card-asked")
"""Counters of the emergency card."""
STARTED = "start"
"""Counter of Telegram's Start button, or the same typed."""
THUMBS = ("up", "down")
COUNTERS = (*ANSWERS, *CARDS, STARTED, *THUMBS)
"""Those that are read."""


@dataclass(slots=True)
class YearCounts:
    """One year, as it was counted: exact numbers, which :mod:`safetybot.figures.sheet` makes fit to be shown."""

    year: int
    reports: Counter[int] = field(default_factory=Counter)
    """Month → reports received in it, those that are deleted since included."""
    urgency: Counter[str] = field(default_factory=Counter)
    standing: Counter[str] = field(default_factory=Counter)
    """The outcome, or the status of what has none → reports."""
    told: dict[str, Counter[str]] = field(default_factory=dict)
    """Dimension (:mod:`safetybot.reports.counting`) → value → reports."""
    done: dict[tuple[str, str], Counter[int]] = field(default_factory=dict)
    """What the bot did and about which topic (none: empty) → month → how often."""

    def of(self, dimension: str) -> Counter[str]:
        """What was counted in one dimension."""
        return self.told.get(dimension, Counter())

    def by_month(self, *names: str, without: Container[str] = ()) -> Counter[int]:
        """Month → how often the bot did any of this; ``without`` some topics."""
        found: Counter[int] = Counter()
        for (name, topic), months in self.done.items():
            if name in names and topic not in without:
                found.update(months)
        return found

    def by_topic(self, *names: str, without: Container[str] = ()) -> Counter[str]:
        """Topic → how often the bot did any of this."""
        found: Counter[str] = Counter()
        for (name, topic), months in self.done.items():
            if name in names and topic not in without:
                found[topic] += months.total()
        return found


async def read_years(connection: AsyncConnection, years: Iterable[int]) -> Mapping[int, YearCounts]:
    """What was counted of each of these years."""
    return {year: await _read(connection, year) for year in years}


async def first_year(connection: AsyncConnection) -> int | None:
    """The first year of which anything was counted."""
    days = [
        (await connection.execute(select(func.min(column)))).scalar_one()
        for column in (cases.c.day, counters.c.day, figures.c.year)
    ]
    years = [int(day[:4]) for day in days if day and day[:4].isdecimal()]
    return min(years, default=None)


async def _read(connection: AsyncConnection, year: int) -> YearCounts:
    found = YearCounts(year)
    first, last = f"{year:04}-01-01", f"{year:04}-12-31"
    month = func.substr(cases.c.day, 6, 2)
    facts = (month, cases.c.urgency, cases.c.status, cases.c.outcome)
    query = select(*facts, func.count()).where(cases.c.day.between(first, last)).group_by(*facts)
    for number, urgency, status, outcome, count in await connection.execute(query):
        found.reports[int(number)] += count
        found.urgency[urgency] += count
        found.standing[outcome or status] += count
    counted = select(figures.c.dimension, figures.c.value, figures.c.count).where(figures.c.year == f"{year:04}")
    for dimension, value, count in await connection.execute(counted):
        found.told.setdefault(dimension, Counter())[value] += count
    # Month by month, as that spares the database the sorting of a whole year.
    done = union_all(*(_done(f"{year:04}-{number:02}", number) for number in range(1, 13)))
    rows: Iterable[Any] = await connection.execute(done)
    for number, name, topic, count in rows:
        found.done.setdefault((name, topic), Counter())[int(number)] += int(count)
    return found


def _done(days: str, month: int) -> Select[tuple[int, str, str, int]]:
    """What the bot did on days that begin so: the month, what, about which topic, how often."""
    what = (counters.c.name, counters.c.topic)
    of_month = and_(counters.c.day.between(f"{days}-01", f"{days}-31"), counters.c.name.in_(COUNTERS))
    return select(literal(month), *what, func.sum(counters.c.count)).where(of_month).group_by(*what)
