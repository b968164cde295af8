"""The clock: by it drafts end, cases are deleted, and second factors are right or wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from safetybot.doctor.findings import DoctorFinding, fault, good, warning
from safetybot.storage import installation_metadata

AHEAD_WARNING, AHEAD_FAULT = 5.0, 60.0
"""Seconds by which it may differ from another's. A second factor lasts 30."""
BACK = 300.0
"""Seconds by which what was written down may lie in the future, as other machines' clocks differ."""

_HINT = "let  chrony  or  systemd-timesyncd  set it"


def clock(
    now: dt.datetime, others: Mapping[str, float | None], newest: str | None, noted: Mapping[str, str]
) -> DoctorFinding:
    """``others``: whose → seconds by which ours is ahead of it, where that is known.

    ``newest``: the latest time in the audit log; ``noted``: the database's marks.
    """
    known = {whose: ahead for whose, ahead in others.items() if ahead is not None}
    for whose, ahead in known.items():
        if abs(ahead) >= AHEAD_FAULT:
            return fault("clock", f"{_differs(whose, ahead)}: {_HINT}")
    for written in (
        newest,
        noted.get(installation_metadata.WRITTEN),
        noted.get(installation_metadata.LAST_PURGE),
        noted.get(installation_metadata.LAST_BACKUP),
    ):
        if (back := _seconds_to(now, written)) > BACK:
            why = "it was set back, or was wrong before; until it has caught up, what is due is late"
            return fault("clock", f"something was written down {_long(back)} from now: {why}. {_HINT}")
    for whose, ahead in known.items():
        if abs(ahead) >= AHEAD_WARNING:
            return warning("clock", f"{_differs(whose, ahead)}: {_HINT}")
    compared = f"as {' and '.join(known)} has it" if known else "no other was at hand to compare it with"
    return good("clock", f"not before anything that was written down; {compared}")


def _differs(whose: str, ahead: float) -> str:
    return f"{_long(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} {whose}'s"


def _seconds_to(now: dt.datetime, written: str | None) -> float:
    """How far in the future it lies; a day, which is all that is noted of a writer's act, begins at midnight UTC."""
    try:
        at = dt.datetime.fromisoformat(written or "")
    except ValueError:
        return 0.0
    return ((at if at.tzinfo else at.replace(tzinfo=dt.UTC)) - now).total_seconds()


def _long(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
