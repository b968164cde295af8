"""What one member of staff does with another's account, at the desk; each with its row in the log, in their own name.

Every function raises UnknownMember, and MemberDisabled, MemberLocked and MustChangePassphrase for the one who acts.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.staff import lockout, members
from safetybot.staff.errors import OwnAccount, UnknownMember
from safetybot.staff.login import UnlockedMember, acting
from safetybot.staff.members import By, Member, list_members
from safetybot.staff.passphrases import one_time_passphrase
from safetybot.vault.key_derivation import KeyStretcher, Parameters


async def add(
    engine: AsyncEngine,
    by: UnlockedMember,
    name: str,
    at: dt.datetime,
    stretcher: KeyStretcher,
    parameters: Parameters | None = None,
) -> tuple[Member, str]:
    """A new member, and the one-time passphrase they log in with first. Raises BadName, NameTaken, NotVouched."""
    passphrase = one_time_passphrase()
    member, _ = await members.add(engine, name, passphrase, at, stretcher, parameters, by=_by(by), signer=by.pair())
    return member, passphrase


async def disable(engine: AsyncEngine, by: UnlockedMember, member: str, at: dt.datetime) -> int:
    """Lets the member with this id in no more; how many active ones are left. Raises OwnAccount."""
    if member == by.id:
        raise OwnAccount("you cannot disable your own account: a colleague can")
    return await members.disable(engine, await _name(engine, member), at, _by(by))


async def enable(engine: AsyncEngine, by: UnlockedMember, member: str, at: dt.datetime) -> Member:
    """Lets the member with this id in again. Raises NotActive where they are active."""
    return await members.enable(engine, await _name(engine, member), at, _by(by))


async def reset_second_factor(engine: AsyncEngine, by: UnlockedMember, member: str, at: dt.datetime) -> Member:
    """Has the member with this id set up a new second factor. Raises OwnAccount, SecondFactorMissing."""
    if member == by.id:
        raise OwnAccount("your own second factor is changed on the page  My account")
    return await members.reset_second_factor(engine, await _name(engine, member), at, _by(by))


async def lift_lock(engine: AsyncEngine, by: UnlockedMember, member: str, at: dt.datetime) -> Member:
    """Forget the wrong tries that lock the member with this id out. Raises NotLocked."""
    return await lockout.lift_lock(engine, await _name(engine, member), at, _by(by))


def _by(member: UnlockedMember) -> By:
    async def may(connection: AsyncConnection) -> str:
        await acting(connection, member)
        return member.id

    return may


async def _name(engine: AsyncEngine, member: str) -> str:
    """The name of an id: names are what accounts are found by, and none has two."""
    async with engine.connect() as connection:
        for one in await list_members(connection):
            if one.id == member:
                return one.name
    raise UnknownMember("no member of staff has this id")
