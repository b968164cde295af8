"""Invented counters of this year and the last, so that figures and the use of topics have something to show."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterable, Iterator

from safetybot.figures.yearly import ANSWERS, CARDS, THUMBS
from safetybot.storage.store import Count

_SEED = 20
"""The same numbers in every demo."""


def invent(topics: Iterable[str], today: dt.date) -> Counter[Count]:
    """Counts of each month from the January of last year on, all on its first day."""
    chance = random.Random(_SEED)  # noqa: S311 - no secret
    liked = {topic: chance.uniform(0.3, 3) for topic in sorted(topics)}
    counts: Counter[Count] = Counter()
    for number, month in enumerate(_months(today)):
        day, growth = month.isoformat(), 1 + number / 12
        for topic, weight in liked.items():
            given = round(chance.uniform(4, 12) * weight * growth)
            chosen = given // 4
            found, by_button = ANSWERS
            up, down = THUMBS
            counts[Count(day, found, topic)] = given - chosen
            counts[Count(day, by_button, topic)] = chosen
            counts[Count(day, up, topic)] = round(given * chance.uniform(0.1, 0.3))
            counts[Count(day, down, topic)] = round(given * chance.uniform(0, 0.1))
        for card in CARDS:
            counts[Count(day, card, "")] = round(chance.uniform(6, 14) * growth)
    return +counts


def _months(today: dt.date) -> Iterator[dt.date]:
    for year in (today.year - 1, today.year):
        for number in range(1, 13):
            if (month := dt.date(year, number, 1)) <= today:
                yield month
