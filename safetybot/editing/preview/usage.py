"""How often each topic was given, and what young people thought of it: counters only, read from the bot's database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetybot.storage.database import DatabaseLocation, reader_of
from safetybot.storage.opening import DatabaseError, named_errors
from safetybot.storage.store import Store

GIVEN = ("answer", "chosen")
"""Counters of a topic's answer: found by the bot, or chosen from a list."""
DOWN_SHOWN = 10
"""Topics with thumbs down that are listed."""


@dataclass(frozen=True, slots=True)
class Use:
    """One topic, one month."""

    given: int = 0
    up: int = 0
    down: int = 0
    unanswered: int = 0
    """Messages without an answer to which it was the nearest."""


@dataclass(frozen=True)
class Months:
    """This month so far, and the last one whole; by topic id."""

    now: Mapping[str, Use]
    last: Mapping[str, Use]

    def disliked(self) -> list[str]:
        """Topics with thumbs down, those with most first."""
        downs = {id_: self.of(id_)[0].down + self.of(id_)[1].down for id_ in {*self.now, *self.last}}
        return sorted((id_ for id_, down in downs.items() if down), key=lambda id_: (-downs[id_], id_))[:DOWN_SHOWN]

    def of(self, topic: str) -> tuple[Use, Use]:
        """A topic's, this month and last."""
        return self.now.get(topic, Use()), self.last.get(topic, Use())


async def months(database: DatabaseLocation, today: dt.date) -> Months | None:
    """The counters of two months; None where no bot has run yet, or its database cannot be read."""
    if isinstance(database, Path) and not database.exists():
        return None
    first = today.replace(day=1)
    before = first - dt.timedelta(days=1)
    engine = reader_of(database)
    try:
        with named_errors():
            store = Store(engine)
            now = await store.counted(first.isoformat(), today.isoformat())
            last = await store.counted(before.replace(day=1).isoformat(), before.isoformat())
    except DatabaseError:
        return None
    finally:
        await engine.dispose()
    return Months(_by_topic(now), _by_topic(last))


def _by_topic(counted: Mapping[tuple[str, str], int]) -> dict[str, Use]:
    topics = {topic for name, topic in counted if topic or name == "unanswered"}
    return {
        topic: Use(
            sum(counted.get((name, topic), 0) for name in GIVEN),
            counted.get(("up", topic), 0),
            counted.get(("down", topic), 0),
            counted.get(("unanswered", topic), 0),
        )
        for topic in topics
    }
