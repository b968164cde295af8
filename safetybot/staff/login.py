"""A member of staff logs in: their private key is in memory until they log out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.formats.times import moment_of
from safetybot.staff.errors import (
    MemberDisabled,
    MemberLocked,
    MustChangePassphrase,
    UnknownMember,
    WeakPassphrase,
    WrongPassphrase,
)
from safetybot.staff.members import Member, find_member, member_of
from safetybot.staff.passphrases import lock_member, passphrase_bytes
from safetybot.storage.tables import staff
from safetybot.vault import roster, roster_changes
from safetybot.vault.audit import Act, append, hold, transaction
from safetybot.vault.key_derivation import SALT_BYTES, KeyStretcher, Parameters, stretch
from safetybot.vault.sealing import KEY_BYTES, CannotOpen, KeyPair, unlock_private


class UnlockedMember:
    """A member who is logged in: holds their private key until :meth:`wipe`.

    Wiping overwrites the one lasting copy. Python may have left others in memory it has freed.
    """

    __slots__ = ("_private", "id", "must_change", "name", "public_key")

    def __init__(self, member: Member, pair: KeyPair) -> None:
        self.id = member.id
        self.name = member.name
        self.must_change = member.must_change
        self.public_key = pair.public
        self._private = bytearray(pair.private)

    def pair(self) -> KeyPair:
        """Their keys. Raises MemberLocked."""
        if not any(self._private):
            raise MemberLocked("logged out: log in again")
        return KeyPair(self.public_key, bytes(self._private))

    def wipe(self) -> None:
        """Forgets the private key."""
        self._private[:] = bytes(len(self._private))

    def __repr__(self) -> str:
        return f"UnlockedMember({self.id})"


async def unlock(
    engine: AsyncEngine,
    name: str,
    passphrase: str,
    at: dt.datetime,
    stretcher: KeyStretcher,
    parameters: Parameters | None = None,
    *,
    act: Act = Act.STAFF_UNLOCKED,
) -> UnlockedMember:
    """Logs a member in. Raises WrongPassphrase: alike, and after the same time, whatever was wrong.

    ``parameters`` are those that accounts are usually made with. ``act`` is what is written down: where a second
    factor is asked for next, nobody is logged in yet.
    """
    async with engine.connect() as connection:
        row = await _account(connection, name)
    # Without an account it is stretched all the same, so that the time tells nothing.
    salt = row.salt if row else bytes(SALT_BYTES)
    used = Parameters.stored(row.passes, row.memory) if row else parameters or Parameters()
    key = await stretcher.run(stretch, passphrase_bytes(passphrase), salt, KEY_BYTES, used)
    try:
        if row is None:
            raise CannotOpen("nobody")
        member = UnlockedMember(member_of(row), unlock_private(row.locked_private, key, row.id))
        async with transaction(engine) as connection:
            await still_in(connection, member)
            await roster_changes.learn_verify_key(connection, member.id, member.pair())
            await append(connection, member.id, act, moment_of(at))
    except (CannotOpen, MemberDisabled):
        raise WrongPassphrase("the name or the passphrase is wrong") from None
    return member


async def confirm(engine: AsyncEngine, member: UnlockedMember, passphrase: str, stretcher: KeyStretcher) -> None:
    """Sees that a member who is logged in knows the passphrase. Raises WrongPassphrase."""
    async with engine.connect() as connection:
        row = (await connection.execute(select(staff).where(staff.c.id == member.id))).one()
    used = Parameters.stored(row.passes, row.memory)
    key = await stretcher.run(stretch, passphrase_bytes(passphrase), row.salt, KEY_BYTES, used)
    try:
        unlock_private(row.locked_private, key, row.id)
    except CannotOpen:
        raise WrongPassphrase("the passphrase is wrong") from None


async def change_passphrase(
    engine: AsyncEngine,
    member: UnlockedMember,
    new: str,
    at: dt.datetime,
    stretcher: KeyStretcher,
    parameters: Parameters | None = None,
) -> None:
    """Locks a member's key under a new passphrase. Raises WeakPassphrase, MemberDisabled, MemberLocked."""
    pair = member.pair()
    async with engine.connect() as connection:
        row = (await connection.execute(select(staff).where(staff.c.id == member.id))).one()
    used = Parameters.stored(row.passes, row.memory)
    key = await stretcher.run(stretch, passphrase_bytes(new), row.salt, KEY_BYTES, used)
    try:
        unlock_private(row.locked_private, key, row.id)
    except CannotOpen:
        pass  # a new one, as it should be
    else:
        raise WeakPassphrase("this is the passphrase you have")
    locked = await lock_member(member.id, pair, new, stretcher, parameters)
    async with transaction(engine) as connection:
        await still_in(connection, member)
        await connection.execute(update(staff).where(staff.c.id == member.id).values(must_change=False, **locked))
        await append(connection, member.id, Act.RENEWED, moment_of(at))
    member.must_change = False


async def _account(connection: AsyncConnection, name: str) -> Any | None:
    """The row of a member, or None."""
    try:
        found = await find_member(connection, name)
    except UnknownMember:
        return None
    return (await connection.execute(select(staff).where(staff.c.id == found.id))).one()


async def still_in(connection: AsyncConnection, member: UnlockedMember) -> None:
    """Raises MemberDisabled where a member was disabled, given another key since they logged in, or never let in."""
    query = select(staff.c.id).where(
        and_(staff.c.id == member.id, staff.c.active, staff.c.public_key == member.public_key)
    )
    there = (await connection.execute(query)).one_or_none() is not None
    if not there or await roster.is_shut_out(connection, member.id, member.public_key):
        raise MemberDisabled("this account is not active")


async def acting(connection: AsyncConnection, member: UnlockedMember) -> None:
    """Begins an act of a member: others wait, and the member must be allowed.

    Raises MemberDisabled, MemberLocked, MustChangePassphrase.
    """
    await hold(connection)
    member.pair()
    await still_in(connection, member)
    if member.must_change:
        raise MustChangePassphrase("change your passphrase first")
