"""Members of staff: their keys, their passphrases, and who reads a new envelope.

A member's private key is stored locked under their passphrase (Argon2id, salt and parameters of their own) and is
opened only in the desk's memory. The bot needs public keys alone.

What needs a passphrase takes the engine and opens its own transactions, so that none is open while Argon2id runs.
"""

from __future__ import annotations

import datetime as dt
import secrets
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.formats.times import day_of, moment_of
from safetybot.staff.errors import (
    BadName,
    NameTaken,
    NotActive,
    SecondFactorMissing,
    UnknownMember,
)
from safetybot.staff.passphrases import lock_member, plain
from safetybot.storage.tables import passkeys, recovery_key, second_factors, staff
from safetybot.vault import roster_changes
from safetybot.vault.audit import OPERATOR, Act, append, transaction
from safetybot.vault.key_derivation import KeyStretcher, Parameters
from safetybot.vault.roster import readers as readers
from safetybot.vault.sealing import KeyPair

NAME_MAX = 80

By = Callable[[AsyncConnection], Awaitable[str]]
"""Sees that somebody may do it, in the transaction in which it is done; the actor's id. Raises what it refuses with."""


async def the_operator(_: AsyncConnection) -> str:
    """Whoever has the command line may do everything there."""
    return OPERATOR


@dataclass(frozen=True, slots=True)
class Member:
    """What may be shown of a member."""

    id: str
    name: str
    active: bool
    must_change: bool
    created: str
    public_key: bytes


async def list_members(connection: AsyncConnection) -> Sequence[Member]:
    """Every member, by name."""
    # Sorted here: databases sort letters each in their own way.
    found = [member_of(row) for row in await connection.execute(select(staff))]
    return sorted(found, key=lambda member: member.name)


async def find_member(connection: AsyncConnection, name: str) -> Member:
    """The member of a name, in any case of letters. Raises UnknownMember."""
    folded = plain(name).casefold()
    for member in await list_members(connection):
        if member.name.casefold() == folded:
            return member
    raise UnknownMember("no member of staff has this name")


async def add(
    engine: AsyncEngine,
    name: str,
    passphrase: str,
    at: dt.datetime,
    stretcher: KeyStretcher,
    parameters: Parameters | None = None,
    *,
    by: By = the_operator,
    signer: KeyPair | None = None,
    show: Callable[[Member, KeyPair | None], None] = lambda member, recovery: None,
) -> tuple[Member, KeyPair | None]:
    """Adds a member who must change ``passphrase`` at first; with the first of all, the recovery key is made.

    The recovery key pair is in no other place: print it (:func:`safetybot.staff.recovery.spell`) and forget it.
    ``signer``: the keys of the member who lets them in; an operator vouches by the server's secret.
    ``show`` is called with what is returned, just before it is committed: where it raises, nothing is added.
    Raises BadName, NameTaken, WeakPassphrase, NotVouched.
    """
    name = plain(name)
    if not name or len(name) > NAME_MAX or any(unicodedata.category(letter).startswith("C") for letter in name):
        raise BadName(f"a name has 1 to {NAME_MAX} characters")
    pair = KeyPair.new()
    member = Member(secrets.token_hex(8), name, True, True, day_of(at), pair.public)
    locked = await lock_member(member.id, pair, passphrase, stretcher, parameters)
    async with transaction(engine) as connection:
        actor = await by(connection)
        if name.casefold() in [other.name.casefold() for other in await list_members(connection)]:
            raise NameTaken("another member of staff has this name")
        recovery = await _first_recovery_key(connection, at)
        await connection.execute(insert(staff).values(**asdict(member), **locked))
        await append(connection, actor, Act.STAFF_ADDED, moment_of(at), member=member.id)
        await roster_changes.add(
            connection,
            member.id,
            name,
            pair,
            member.created,
            voucher=actor,
            signer=signer,
            recovery=recovery.public if recovery else None,
        )
        show(member, recovery)
    return member, recovery


async def recovery_public_key(connection: AsyncConnection) -> bytes | None:
    """The recovery key's public half, if there is one."""
    return (await connection.execute(select(recovery_key.c.public_key))).scalar_one_or_none()


async def has_recovery_key(connection: AsyncConnection) -> bool:
    """Whether there is one: it is made with the first member."""
    return (await connection.execute(select(recovery_key.c.id))).one_or_none() is not None


async def _first_recovery_key(connection: AsyncConnection, at: dt.datetime) -> KeyPair | None:
    """The recovery key, made now; None where there is one."""
    if await has_recovery_key(connection):
        return None
    pair = KeyPair.new()
    await connection.execute(insert(recovery_key).values(id=1, public_key=pair.public, created=day_of(at)))
    return pair


async def disable(engine: AsyncEngine, name: str, at: dt.datetime, by: By = the_operator) -> int:
    """Seals nothing more to a member, and lets them in no more; how many active ones are left.

    Raises UnknownMember.
    """
    async with transaction(engine) as connection:
        actor = await by(connection)
        member = await find_member(connection, name)
        await connection.execute(update(staff).where(staff.c.id == member.id).values(active=False))
        await roster_changes.set_active(connection, member.id, active=False)
        await append(connection, actor, Act.STAFF_DISABLED, moment_of(at), member=member.id)
        return sum(other.active for other in await list_members(connection))


async def enable(engine: AsyncEngine, name: str, at: dt.datetime, by: By = the_operator) -> Member:
    """Lets a member in again, with the keys and the passphrase they had; what is new is sealed to them from now on.

    What came meanwhile a colleague grants. Raises UnknownMember; NotActive where they are active already; NotVouched.
    """
    async with transaction(engine) as connection:
        actor = await by(connection)
        member = await find_member(connection, name)
        if member.active:
            raise NotActive("this account is active already")
        await connection.execute(update(staff).where(staff.c.id == member.id).values(active=True))
        await roster_changes.set_active(connection, member.id, active=True)
        await append(connection, actor, Act.STAFF_ENABLED, moment_of(at), member=member.id)
        return await find_member(connection, name)


async def reset_second_factor(engine: AsyncEngine, name: str, at: dt.datetime, by: By = the_operator) -> Member:
    """Has a member set up a new second factor when they next log in: app, recovery codes and passkeys are forgotten.

    Raises UnknownMember, SecondFactorMissing.
    """
    async with transaction(engine) as connection:
        actor = await by(connection)
        member = await find_member(connection, name)
        gone = await connection.execute(delete(second_factors).where(second_factors.c.member == member.id))
        keys = await connection.execute(delete(passkeys).where(passkeys.c.member == member.id))
        if not gone.rowcount and not keys.rowcount:
            raise SecondFactorMissing("this member has no second factor yet: they set one up when they next log in")
        await append(connection, actor, Act.SECOND_RESET, moment_of(at), member=member.id)
        return member


def member_of(row: Any) -> Member:
    """A row of the table as a Member."""
    return Member(row.id, row.name, row.active, row.must_change, row.created, row.public_key)
