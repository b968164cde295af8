"""Days and moments as they are written down: UTC, ISO 8601, to the second."""

from __future__ import annotations

import datetime as dt


def day_of(at: dt.datetime) -> str:
    """``2026-11-24``. Raises ValueError for a time without zone."""
    return _utc(at).date().isoformat()


def moment_of(at: dt.datetime) -> str:
    """``2026-11-24T10:30:00Z``. Raises ValueError for a time without zone."""
    return _utc(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def _utc(at: dt.datetime) -> dt.datetime:
    if at.tzinfo is None:
        raise ValueError("a time needs its zone")
    return at.astimezone(dt.UTC)
