"""Puts counts of some years into a database, as the bot and the desk would over time."""

from __future__ import annotations

import datetime as dt
import random
import secrets
from collections import Counter
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.storage.tables import cases, counters, figures

OUTCOMES = ("referred", "advised", "no action", "too little", "duplicate", "misuse", "withdrawn")
TOLD = {
    "kind": ("threats", "pictures", "bullying", "own words", "not said"),
    "age": ("under-11", "from-11", "from-14", "adult", "not said"),
    "platform": ("snapchat", "instagram", "tiktok", "discord", "roblox", "not said"),
    "opened within": ("1 h", "4 h", "24 h", "2 days", "7 days", "longer"),
    "replied within": ("1 h", "4 h", "24 h", "2 days", "7 days", "longer"),
}
COUNTERS = ("answer", "chosen", "step", "up", "down")


async def fill(
    engine: AsyncEngine, last: dt.date, *, years: int, reports: int, topics: tuple[str, ...], seed: int = 1
) -> None:
    """``reports`` in all, and counters of every topic on every day, from ``years`` ago to ``last``."""
    dice = random.Random(seed)
    days = [last - dt.timedelta(back) for back in range(365 * years)]
    filed: list[dict[str, Any]] = []
    told: Counter[tuple[str, str, str]] = Counter()
    for _ in range(reports):
        day = dice.choice(days).isoformat()
        outcome = dice.choice((None, *OUTCOMES))
        status = dice.choice(("new", "open", "waiting")) if outcome is None else "closed"
        urgency = dice.choice(("normal", "normal", "high", "emergency"))
        facts = {"day": day, "urgency": urgency, "status": status, "outcome": outcome, "envelopes": 1}
        filed.append({"id": secrets.token_hex(16), **facts, "counted": status != "new"})
        if status != "new":
            told.update((day[:4], dimension, dice.choice(values)) for dimension, values in TOLD.items())
    done = [
        {"day": day.isoformat(), "name": name, "topic": topic, "count": dice.randint(1, 9)}
        for day in days
        for name, topic in (*((name, topic) for name in COUNTERS for topic in topics), ("start", ""), ("danger", ""))
    ]
    async with engine.begin() as connection:
        if filed:
            await connection.execute(insert(cases), filed)
        await connection.execute(insert(counters), done)
        if told:
            rows = [{"year": y, "dimension": d, "value": v, "count": count} for (y, d, v), count in told.items()]
            await connection.execute(insert(figures), rows)
