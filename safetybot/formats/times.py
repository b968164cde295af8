"""Days and moments as they are written down: UTC, ISO 8601, to the second; and as staff read them: UK time."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

UK = ZoneInfo("Europe/London")


def day_of(at: dt.datetime) -> str:
    """``2026-11-24``. Raises ValueError for a time without zone."""
    return _utc(at).date().isoformat()


def moment_of(at: dt.datetime) -> str:
    """``2026-11-24T10:30:00Z``. Raises ValueError for a time without zone."""
    return _utc(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def uk_time(moment: str) -> str:
    """``Tue 24 November 2026, 10:30`` for a moment, UK time; ``Tue 24 November 2026`` for a day. Else as it is."""
    try:
        at = dt.datetime.fromisoformat(moment)
    except ValueError:
        return moment
    if len(moment) <= len("2026-11-24"):
        return f"{at:%a} {at.day} {at:%B %Y}"
    if at.tzinfo is None:
        at = at.replace(tzinfo=dt.UTC)
    at = at.astimezone(UK)
    return f"{at:%a} {at.day} {at:%B %Y, %H:%M}"


def _utc(at: dt.datetime) -> dt.datetime:
    if at.tzinfo is None:
        raise ValueError("a time needs its zone")
    return at.astimezone(dt.UTC)
