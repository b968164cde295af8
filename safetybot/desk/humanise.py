"""Ages, days and sizes in plain words: as much as may be known of a case before it is opened."""

from __future__ import annotations

import datetime as dt

_SIZES = ((2048, "a few lines"), (6144, "about a page"), (20480, "several pages"))
"""Bytes of padded messages up to which it is said."""


def age(day: str, today: dt.date) -> str:
    """``today``, ``yesterday``, ``5 days ago``, ``3 weeks ago``, ``4 months ago``, ``over a year ago``."""
    days = (today - dt.date.fromisoformat(day)).days
    if days <= 0:
        return "today"
    if days == 1:
        return "yesterday"
    if days < 14:
        return f"{days} days ago"
    if days < 61:
        return f"{days // 7} weeks ago"
    return f"{days // 30} months ago" if days < 365 else "over a year ago"


def date(day: str, today: dt.date) -> str:
    """``24 Nov``; with the year where it is another one."""
    when = dt.date.fromisoformat(day)
    return f"{when.day} {when:%b}" + (f" {when.year}" if when.year != today.year else "")


def size(padded: int) -> str:
    """How much there is to read."""
    return next((words for most, words in _SIZES if padded <= most), "very long")
