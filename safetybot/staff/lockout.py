"""Slows down whoever guesses: after some failures an account is locked out, longer each time. It survives a restart.

Tries are counted for an account and a factor, apart for devices that have not shown a token
(:mod:`safetybot.staff.known_devices`) and for each that has. Names that nobody has are treated alike, each with
counters of its own, so nothing is told by it. Such a name is kept as a hash under the desk's key, made slowly: a
passphrase typed in the wrong field is not found quickly either. Once there are :data:`MOST` counters the least used
goes for a new one.

Every try is counted before it is made, so that no crash makes one free, and many at once are no more than one after
another. A failure is audited in a transaction of its own: also where it is the log-in's own transaction that failed.
From the first lock-out on only lock-outs are audited, so that no flood of failures fills the log.
"""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import nacl.pwhash
from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.formats.times import moment_of
from safetybot.staff.errors import NotLocked, UnknownMember
from safetybot.staff.known_devices import Owner, device_of
from safetybot.staff.members import By, Member, find_member, the_operator
from safetybot.staff.passphrases import plain
from safetybot.storage import installation_metadata
from safetybot.storage.store import upserts
from safetybot.storage.tables import login_tries
from safetybot.vault.audit import DESK, Act, append, transaction
from safetybot.vault.errors import StaffError

FREE = 5
"""Failures until the first lock-out."""
FIRST_SECONDS = 30
"""Of the first lock-out; each after it is twice as long as the one before."""
LONGEST_SECONDS = 3600
FORGOTTEN_HOURS = 24
"""After the last try."""
MOST = 10_000
"""Counters that are kept. To push out one that locks, five tries under each of as many names are needed."""
_KEY_BYTES = 32
_SLOWLY = 8 * 1024 * 1024
"""Bytes of memory that hashing a name takes: some milliseconds."""
_TOGETHER = "nobody"
"""What is audited of names that nobody has, all together."""

_log = logging.getLogger(__name__)


class LockedOut(StaffError):
    """Too many failures: wait. The message says for how long."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"too many tries went wrong: wait {_words(seconds)}, then try again")


class Factor(StrEnum):
    """What is tried. A wrong one is counted for itself: strangers without the passphrase lock no second factor."""

    PASSPHRASE = "passphrase"  # noqa: S105 - no secret
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class LoginAccount:
    """An account that is tried, from a device."""

    member: str | None
    """Id; None where nobody has the name."""
    device: str = ""
    """The name of a device that is known, or of another way in; empty for any other."""
    name: bytes = field(repr=False, default=b"")
    """The hash of a name that nobody has."""

    def counter(self, factor: str) -> bytes:
        """The key of a row."""
        whose = b"-" + self.name if self.member is None else self.member.encode()
        said = b"\0".join((factor.encode(), self.device.encode(), whose))
        return hashlib.blake2b(said, digest_size=32, person=b"login-counter").digest()


async def login_key(engine: AsyncEngine) -> bytes:
    """The key of this module and of :mod:`safetybot.staff.known_devices`; made at the first call.

    It is in the database, as the desk has no other place: whoever reads it there can try names, slowly.
    """
    async with engine.connect() as connection:
        there = (await installation_metadata.get(connection)).get(installation_metadata.LOGIN_KEY)
    made = there or await installation_metadata.put_first(
        engine, installation_metadata.LOGIN_KEY, secrets.token_hex(_KEY_BYTES)
    )
    return bytes.fromhex(made)


async def account_of(engine: AsyncEngine, name: str, held: str | None, at: dt.datetime) -> LoginAccount:
    """The account of a name that was typed. ``held``: the tokens of the browser's device."""
    key = await login_key(engine)
    # Of a name that somebody has too, so that the time tells nothing.
    hashed = await asyncio.to_thread(_hash, key, name)
    async with engine.connect() as connection:
        try:
            member = await find_member(connection, name)
        except UnknownMember:
            return LoginAccount(None, name=hashed)
    return known_account(key, member, held, at)


def known_account(key: bytes, member: Owner, held: str | None, at: dt.datetime) -> LoginAccount:
    """The account of a member."""
    return LoginAccount(member.id, device_of(key, held, member, at) or "")


@dataclass(slots=True)
class Try:
    """One try that was counted."""

    counter: bytes = field(repr=False)
    failed: int
    """How many have failed, this one counted as if it had."""
    until: int
    """Second until which the account is locked if it has; 0 for not at all."""
    forgiven: bool = False
    """Whether it was right, but does not end the counting: another factor follows."""


@dataclass(slots=True)
class SessionTries:
    """Tries of somebody who is logged in to show again who they are: counted for the login alone, in memory."""

    failed: int = 0
    until: int = 0

    def begin(self, at: dt.datetime) -> None:
        """Count one as if it had failed. Raises LockedOut."""
        second = int(at.timestamp())
        if second < self.until <= second + LONGEST_SECONDS:
            raise LockedOut(self.until - second)
        self.failed += 1
        self.until = second + delay(self.failed) if self.failed >= FREE else 0

    def succeed(self) -> None:
        """Forget them."""
        self.failed = self.until = 0


@asynccontextmanager
async def counted(
    engine: AsyncEngine, account: LoginAccount, factor: Factor, at: dt.datetime, failure: Act
) -> AsyncIterator[Try]:
    """Count the block as a try; what it raises is a failure, and is audited as ``failure``.

    Where it raises nothing the account's failures from this device are forgotten, of both factors, or, where the block
    sets ``forgiven``, this one alone. Raises LockedOut, without a row, before the block.
    """
    attempt = await _count(engine, account, factor, at)
    try:
        yield attempt
    except Exception:
        await _audit(engine, account, attempt, at, failure)
        raise
    async with engine.begin() as connection:
        if attempt.forgiven:
            await _uncount(connection, attempt)
        else:
            both = [account.counter(each) for each in Factor]
            await connection.execute(delete(login_tries).where(login_tries.c.counter.in_(both)))


async def locked_until(connection: AsyncConnection, at: dt.datetime) -> Mapping[str, int]:
    """Member's id → second until which somewhere they are locked out."""
    second = int(at.timestamp())
    query = select(login_tries.c.member, func.max(login_tries.c.until)).where(
        and_(
            login_tries.c.member.is_not(None),
            login_tries.c.until > second,
            login_tries.c.until <= second + LONGEST_SECONDS,
        )
    )
    return {row[0]: row[1] for row in await connection.execute(query.group_by(login_tries.c.member))}


async def lift_lock(engine: AsyncEngine, name: str, at: dt.datetime, by: By = the_operator) -> Member:
    """Forget the failures of a member's account, from wherever. Raises UnknownMember, NotLocked."""
    async with transaction(engine) as connection:
        actor = await by(connection)
        member = await find_member(connection, name)
        gone = await connection.execute(delete(login_tries).where(login_tries.c.member == member.id))
        if not gone.rowcount:
            raise NotLocked("no wrong try is counted against this member, so nothing locks them out")
        await append(connection, actor, Act.LOCK_LIFTED, moment_of(at), member=member.id)
        return member


async def _count(engine: AsyncEngine, account: LoginAccount, factor: str, at: dt.datetime) -> Try:
    """Count one. Raises LockedOut."""
    second, key = int(at.timestamp()), account.counter(factor)
    async with transaction(engine) as connection:  # one after another
        await connection.execute(delete(login_tries).where(login_tries.c.expires < second // 3600))
        row = (await connection.execute(select(login_tries).where(login_tries.c.counter == key))).one_or_none()
        # Longer than the longest means that the clock was set back: nobody is locked out until it has caught up.
        if row is not None and second < row.until <= second + LONGEST_SECONDS:
            raise LockedOut(row.until - second)
        if row is None:
            await _make_room(connection)
        failed = 1 + (row.failed if row else 0)
        attempt = Try(key, failed, second + delay(failed) if failed >= FREE else 0)
        expires = second // 3600 + FORGOTTEN_HOURS
        # The row is changed, not replaced: who forgets it at this moment waits, and then finds it.
        insert = upserts(connection.dialect.name)(login_tries)
        changed = {name: insert.excluded[name] for name in ("failed", "until", "expires")}
        await connection.execute(
            insert.on_conflict_do_update(index_elements=[login_tries.c.counter], set_=changed),
            {"counter": key, "member": account.member, "failed": failed, "until": attempt.until, "expires": expires},
        )
    return attempt


async def _make_room(connection: AsyncConnection) -> None:
    """Drop the counters with the fewest failures, the oldest first, where there are too many.

    Members' are dropped as others are: whether one is gone must not tell whose it was.
    """
    there = (await connection.execute(select(func.count()).select_from(login_tries))).scalar_one()
    if there < MOST:
        return
    least = select(login_tries.c.counter).order_by(login_tries.c.failed, login_tries.c.expires, login_tries.c.counter)
    gone = least.limit(there - MOST + 1).scalar_subquery()
    await connection.execute(delete(login_tries).where(login_tries.c.counter.in_(gone)))


async def _uncount(connection: AsyncConnection, attempt: Try) -> None:
    """Take one back, and the lock-out it would have been."""
    theirs = login_tries.c.counter == attempt.counter
    await connection.execute(
        update(login_tries).where(and_(theirs, login_tries.c.until == attempt.until)).values(until=0)
    )
    await connection.execute(update(login_tries).where(theirs).values(failed=login_tries.c.failed - 1))
    await connection.execute(delete(login_tries).where(and_(theirs, login_tries.c.failed <= 0)))


async def _audit(engine: AsyncEngine, account: LoginAccount, attempt: Try, at: dt.datetime, failure: Act) -> None:
    """Write a failure down, if it still is to be; whose, if they are known; never what was typed."""
    try:
        if account.member is None:
            # Anybody can make up names: these are counted together, and only what is written of them depends on it.
            attempt = await _count_nobody(engine, at, attempt)
        if attempt.failed > FREE and not attempt.until:
            return
        async with transaction(engine) as connection:
            if attempt.failed <= FREE:
                await append(connection, DESK, failure, moment_of(at), member=account.member)
            if attempt.until:
                seconds = attempt.until - int(at.timestamp())
                await append(connection, DESK, Act.LOCKED_OUT, moment_of(at), member=account.member, seconds=seconds)
    except Exception as error:
        _log.error("a log-in that failed could not be written into the audit log: %s", type(error).__name__)


async def _count_nobody(engine: AsyncEngine, at: dt.datetime, attempt: Try) -> Try:
    """Return what is to be written of a failure under a name that nobody has."""
    try:
        return await _count(engine, LoginAccount(None), _TOGETHER, at)
    except LockedOut:
        return Try(attempt.counter, FREE + 1, 0)


def delay(failed: int) -> int:
    """Seconds to wait after so many failures, from the first lock-out on."""
    return int(min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(failed - FREE, 20)))


def _hash(key: bytes, name: str) -> bytes:
    folded = plain(name).casefold().encode(errors="surrogatepass")
    salt = hashlib.blake2b(digest_size=nacl.pwhash.argon2id.SALTBYTES, key=key, person=b"login-name").digest()
    return nacl.pwhash.argon2id.kdf(32, folded, salt, opslimit=1, memlimit=_SLOWLY)


def _words(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} second" + ("" if seconds == 1 else "s")
    minutes = -(-seconds // 60)
    return f"{minutes} minute" + ("" if minutes == 1 else "s")
