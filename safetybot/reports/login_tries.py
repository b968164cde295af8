"""Slows down whoever guesses: after some failures a name is locked out, longer each time. It survives a restart.

Names that nobody has are treated alike, so nothing is told by it. A name is kept as 16 bits of its hash: enough to tell
a few members apart, and nothing that a passphrase typed in the wrong field could be found by. So two names may share
their tries, and the table stays small whatever is typed.

Every try is counted before it is made, so that no crash makes one free, and many at once are no more than one after
another. A failure is audited in a transaction of its own: also where it is the log-in's own transaction that failed.
From the first lock-out on only lock-outs are audited, so that no flood of failures fills the log.
"""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy import and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.reports.audit import DESK, Act, append, transaction
from safetybot.reports.passphrases import plain
from safetybot.reports.staff import find_member
from safetybot.reports.staff_errors import StaffError, UnknownMember
from safetybot.reports.times import moment_of
from safetybot.storage.store import upserts
from safetybot.storage.tables import login_tries

FREE = 5
"""Failures until the first lock-out."""
FIRST_SECONDS = 30
"""Of the first lock-out; each after it is twice as long as the one before."""
LONGEST_SECONDS = 3600
FORGOTTEN_HOURS = 24
"""After the last try."""
_NOBODY = b"nobody"
"""Instead of a name: what is audited of names that nobody has, all together."""

_log = logging.getLogger(__name__)


class LockedOut(StaffError):
    """Too many failures under this name: wait. The message says for how long."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"too many tries went wrong: wait {_words(seconds)}, then try again")


@dataclass(slots=True)
class Try:
    """One try that was counted."""

    key: bytes = field(repr=False)
    failed: int
    """How many have failed, this one counted as if it had."""
    until: int
    """Second until which the name is locked if it has; 0 for not at all."""
    forgiven: bool = False
    """Whether it was right, but does not end the counting: another factor follows."""


@asynccontextmanager
async def counted(engine: AsyncEngine, name: str, at: dt.datetime, failure: Act) -> AsyncIterator[Try]:
    """Counts what the block does as a try under ``name``; what it raises is a failure, and is audited as ``failure``.

    Where it raises nothing the name's failures are forgotten, or, where the block sets ``forgiven``, this one alone.
    Raises LockedOut, without a row, before the block.
    """
    attempt = await _count(engine, _key(name), at)
    try:
        yield attempt
    except Exception:
        await _audit(engine, name, attempt, at, failure)
        raise
    async with engine.begin() as connection:
        if attempt.forgiven:
            await _uncount(connection, attempt)
        else:
            await connection.execute(delete(login_tries).where(login_tries.c.name_key == attempt.key))


async def _count(engine: AsyncEngine, key: bytes, at: dt.datetime) -> Try:
    """Counts one. Raises LockedOut."""
    second = int(at.timestamp())
    async with transaction(engine) as connection:  # one after another
        await connection.execute(delete(login_tries).where(login_tries.c.expires < second // 3600))
        row = (await connection.execute(select(login_tries).where(login_tries.c.name_key == key))).one_or_none()
        # Longer than the longest means that the clock was set back: nobody is locked out until it has caught up.
        if row is not None and second < row.until <= second + LONGEST_SECONDS:
            raise LockedOut(row.until - second)
        failed = 1 + (row.failed if row else 0)
        attempt = Try(key, failed, second + _delay(failed) if failed >= FREE else 0)
        expires = second // 3600 + FORGOTTEN_HOURS
        # The row is changed, not replaced: who forgets it at this moment waits, and then finds it.
        insert = upserts(connection.dialect.name)(login_tries)
        changed = {name: insert.excluded[name] for name in ("failed", "until", "expires")}
        await connection.execute(
            insert.on_conflict_do_update(index_elements=[login_tries.c.name_key], set_=changed),
            {"name_key": key, "failed": failed, "until": attempt.until, "expires": expires},
        )
    return attempt


async def _uncount(connection: AsyncConnection, attempt: Try) -> None:
    """Takes one back, and the lock-out it would have been."""
    theirs = login_tries.c.name_key == attempt.key
    await connection.execute(
        update(login_tries).where(and_(theirs, login_tries.c.until == attempt.until)).values(until=0)
    )
    await connection.execute(update(login_tries).where(theirs).values(failed=login_tries.c.failed - 1))


async def _audit(engine: AsyncEngine, name: str, attempt: Try, at: dt.datetime, failure: Act) -> None:
    """Writes a failure down, if it still is to be; whose, if they are known; never what was typed."""
    try:
        async with engine.connect() as connection:
            try:
                member = (await find_member(connection, name)).id
            except UnknownMember:
                member = None
        if member is None:
            # Anybody can make up names: these are counted together, and only what is written of them depends on it.
            attempt = await _count_nobody(engine, at, attempt)
        if attempt.failed > FREE and not attempt.until:
            return
        async with transaction(engine) as connection:
            if attempt.failed <= FREE:
                await append(connection, DESK, failure, moment_of(at), member=member)
            if attempt.until:
                seconds = attempt.until - int(at.timestamp())
                await append(connection, DESK, Act.LOCKED_OUT, moment_of(at), member=member, seconds=seconds)
    except Exception as error:
        _log.error("a log-in that failed could not be written into the audit log: %s", type(error).__name__)


async def _count_nobody(engine: AsyncEngine, at: dt.datetime, attempt: Try) -> Try:
    """What is to be written of a failure under a name that nobody has."""
    try:
        together = await _count(engine, _NOBODY, at)
    except LockedOut:
        return Try(attempt.key, FREE + 1, 0)
    return together


def _delay(failed: int) -> int:
    return int(min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(failed - FREE, 20)))


def _key(name: str) -> bytes:
    folded = plain(name).casefold().encode(errors="surrogatepass")
    return hashlib.blake2b(folded, digest_size=2, person=b"login-name").digest()


def _words(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} second" + ("" if seconds == 1 else "s")
    minutes = -(-seconds // 60)
    return f"{minutes} minute" + ("" if minutes == 1 else "s")
