"""Whether a process is ready to be sent work, and what is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from enum import StrEnum

from safetybot.metrics.counters import Metrics
from safetybot.monitoring.cached_probe import CachedProbe
from safetybot.storage.database import Engine
from safetybot.storage.probing import Probe, probe

KEEP, PATIENCE = 5.0, 2.0
"""Seconds for which the database is not asked again, and for which its answer is waited for."""


class Missing(StrEnum):
    """Why it is not ready. The names stay, for alarms are built on them."""

    STARTING = "starting"
    STOPPING = "stopping"
    CONTENT = "content-not-live"
    DATABASE = "database-unreachable"
    WRITING = "database-not-writable"
    COMMITS = "commits-failing"
    TABLES = "migrations-not-newest"
    TELEGRAM = "telegram-not-reached"


MEANS = {
    Missing.STARTING: "the program is starting: it reads its content and fits the matcher",
    Missing.STOPPING: "the program was told to stop, and finishes what it has in hand",
    Missing.CONTENT: "no valid content is live: run  safetybot check",
    Missing.DATABASE: "the database does not answer: run  safetybot doctor",
    Missing.WRITING: "the database cannot be written (disk full, read-only, or a standby): run  safetybot doctor",
    Missing.COMMITS: "what chats change cannot be committed, and is tried again: see the log, run  safetybot doctor",
    Missing.TABLES: "the database has the tables of another version: run the version that it was last used with",
    Missing.TELEGRAM: "Telegram has not been reached since the start: run  safetybot doctor",
}

_PROBED = {
    Probe.GOOD: (),
    Probe.AWAY: (Missing.DATABASE,),
    Probe.READ_ONLY: (Missing.WRITING,),
    Probe.OTHER_TABLES: (Missing.TABLES,),
}


class Readiness:
    """What :func:`missing` needs to know; told by whoever starts and stops the program."""

    def __init__(self, observed: Metrics, *, telegram: bool = False) -> None:
        """``telegram``: whether this process is to answer there."""
        self._observed = observed
        self._telegram = telegram
        self._content: Callable[[], bool] | None = None
        self._probe: CachedProbe[Probe] | None = None
        self._reached = False
        self._stopping = False

    def started(self, engine: Engine, content: Callable[[], bool]) -> None:
        """The database is open, and the content was read. ``content``: whether any that is valid is live."""
        self._content = content
        self._probe = CachedProbe(lambda: probe(engine, _now()), Probe.AWAY, keep=KEEP, patience=PATIENCE)

    async def closing(self) -> None:
        """From now on the database is left alone, for its engine is about to be disposed of."""
        self._stopping = True
        if self._probe is not None:
            await self._probe.close()

    def stopping(self) -> None:
        """It was told to stop."""
        self._stopping = True

    async def missing(self) -> tuple[Missing, ...]:
        """What is missing; nothing, where it is ready."""
        if self._stopping:
            return (Missing.STOPPING,)
        if self._probe is None or self._content is None:
            return (Missing.STARTING,)
        found = [] if self._content() else [Missing.CONTENT]
        found += _PROBED[await self._probe()]
        if self._observed.commits_fail():
            found.append(Missing.COMMITS)
        # Once is enough: where Telegram fails later, to take us out of a load balancer would silence the web chat too.
        self._reached = self._reached or bool(self._observed.telegram_up)
        if self._telegram and not self._reached:
            found.append(Missing.TELEGRAM)
        return tuple(found)


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
