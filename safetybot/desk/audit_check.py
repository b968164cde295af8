"""Checks the chain of the audit log, in one look at the database, while pages go on."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.desk.jobs import Jobs
from safetybot.storage.database import for_reading
from safetybot.vault.audit import AuditDamaged, BrokenRow, Head, head, verify
from safetybot.vault.audit_seal import seal_fault

SHORT = 5_000
"""Rows of a log that is checked whenever it has grown and somebody looks."""
OLD = dt.timedelta(minutes=10)
"""After which a longer one is."""
WAIT_SECONDS = 0.5
"""For which a page waits, so that a short log is shown as checked at once."""


@dataclass(slots=True)
class Check:
    """One look through the whole log."""

    begun: dt.datetime
    anchor: Head | None
    """What somebody had noted, if this check was made for it."""
    total: int = 0
    done: int = 0
    """Rows that hold so far."""
    head: Head | None = None
    """The newest row's; None while it is not known that all holds."""
    broken: BrokenRow | None = None
    failed: bool = False
    """It could not be read to its end."""

    @property
    def running(self) -> bool:
        """Whether it goes on still."""
        return self.head is None and self.broken is None and not self.failed


class Checker:
    """The newest check; one at a time."""

    def __init__(self, engine: AsyncEngine, jobs: Jobs, clock: Callable[[], dt.datetime]) -> None:
        self._engine = for_reading(engine)
        self._jobs = jobs
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self.check: Check | None = None

    def _stale(self, check: Check, newest: int) -> bool:
        """Whether so much is new, or so much time is gone by, that a page has it checked anew."""
        if check.head is None or newest == check.head.number:
            return check.failed
        return newest <= SHORT or self._clock() - check.begun > OLD

    async def look(self, *, newest: int = 0, anchor: Head | None = None, again: bool = False) -> Check:
        """The newest check, after a short wait; a new one where there is none, for an anchor, and ``again``.

        ``newest``: the number of the newest row, where a check that is out of date is to be made anew.
        While one runs no other begins, whatever is asked: it is what is returned.
        """
        check = self.check
        if check is None or (not check.running and (again or (newest and self._stale(check, newest)))):
            check = self.check = Check(self._clock(), anchor)
            self._task = self._jobs.start(self._run(check), "audit check")
        if check.running and self._task is not None:
            await asyncio.wait([self._task], timeout=WAIT_SECONDS)
        return check

    async def _run(self, check: Check) -> None:
        def told(number: int) -> None:
            check.done = number

        try:
            async with self._engine.connect() as connection:
                try:
                    newest = await head(connection)
                except AuditDamaged:
                    newest = Head(0, bytes(32))
                check.total = newest.number
                broken = await verify(connection, check.anchor, told)
                if broken is None and (wrong := await seal_fault(connection)):
                    broken = BrokenRow(newest.number, wrong)
                if broken is None:
                    check.head = newest
                else:
                    check.broken = broken
        finally:
            check.failed = check.running
