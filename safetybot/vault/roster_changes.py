"""Changes of the list of members, each in the transaction of the act it belongs to."""

from __future__ import annotations

import secrets
from dataclasses import replace

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.storage.tables import recovery_key, roster, staff
from safetybot.vault.errors import StaffError
from safetybot.vault.roster import Vouching, load, there, vouching_of
from safetybot.vault.sealing import KEY_BYTES, KeyPair
from safetybot.vault.vouching import (
    BY_SERVER,
    OPERATOR,
    MemberEntry,
    MemberList,
    NotVouched,
    VouchingKey,
    signed,
    verify_key,
)

_NOBODY = "nobody let this account in: an operator can vouch for it, with  safetybot staff vouch NAME"


class NotAMember(StaffError):  # noqa: N818 - named for what went wrong
    """A row of the database has not the form that a member's row has."""


def _must_vouch(connection: AsyncConnection) -> Vouching:
    vouching = vouching_of(connection)
    if vouching is None:
        raise NotVouched("this process has not the server's secret, and can vouch for nobody")
    return vouching


async def _save(connection: AsyncConnection, members: MemberList) -> None:
    vouching, document = _must_vouch(connection), members.encode()
    vouching.changes(connection)
    await connection.execute(delete(roster))
    await connection.execute(insert(roster).values(id=1, document=document, mac=vouching.key.mac_of_list(document)))


def _word(members: MemberList, entry: MemberEntry, signer: KeyPair | None, key: VouchingKey) -> MemberEntry:
    """The entry with the word of whoever lets them in. Raises NotVouched where that member may not."""
    if entry.voucher in BY_SERVER:
        return key.vouched(entry)
    voucher = members.entries.get(entry.voucher)
    if signer is None or voucher is None or not voucher.active or voucher.public != signer.public:
        raise NotVouched("who is not on the list of members can let nobody in")
    return signed(entry, signer)


async def add(
    connection: AsyncConnection,
    id_: str,
    name: str,
    pair: KeyPair,
    day: str,
    *,
    voucher: str,
    signer: KeyPair | None,
    recovery: bytes | None,
) -> None:
    """Lets a member in. ``recovery``: the recovery key's public half, where it is made with them.

    Raises NotVouched.
    """
    vouching = _must_vouch(connection)
    members = MemberList(secrets.token_hex(16), 0, recovery, {}) if recovery else await load(connection)
    if recovery and (vouching.floor is not None or await there(connection)):
        raise NotVouched(
            "there was a list of members before, and its recovery key is gone: restore a backup. "
            f"To begin anew on an empty database, delete {vouching.where()}"
        )
    entry = MemberEntry(id_, name, pair.public, verify_key(pair), (), True, day, voucher, b"")
    await _save(connection, members.with_entry(_word(members, entry, signer, vouching.key)))


async def set_active(connection: AsyncConnection, id_: str, active: bool) -> None:
    """Notes that a member reads from now on, or no more. Raises NotVouched where it cannot be noted.

    Disabling never fails for the list's sake: where it does not hold, nothing is sealed to anybody in any case.
    """
    try:
        members = await load(connection)
        entry = members.entries.get(id_)
        if entry is None:
            raise NotVouched(_NOBODY)
    except NotVouched:
        if active:
            raise
        return
    await _save(connection, members.with_entry(replace(entry, active=active)))


async def renew(connection: AsyncConnection, id_: str, pair: KeyPair, day: str) -> None:
    """Gives a member on the list new keys, by the server's word. Raises NotVouched."""
    members = await load(connection)
    entry = members.entries.get(id_)
    if entry is None:
        raise NotVouched(_NOBODY)
    former = (*entry.former, entry.verify) if entry.verify else entry.former
    new = replace(entry, public=pair.public, verify=verify_key(pair), former=former, day=day, voucher=OPERATOR)
    await _save(connection, members.with_entry(_must_vouch(connection).key.vouched(new)))


async def learn_verify_key(connection: AsyncConnection, id_: str, pair: KeyPair) -> None:
    """Completes the entry of a member who was there before there were signatures, when they log in."""
    try:
        members = await load(connection)
    except NotVouched:
        return
    entry = members.entries.get(id_)
    if entry is None or entry.verify or entry.public != pair.public or entry.voucher not in BY_SERVER:
        return
    complete = replace(entry, verify=verify_key(pair))
    await _save(connection, members.with_entry(_must_vouch(connection).key.vouched(complete)))


async def adopt_all(connection: AsyncConnection, day: str, voucher: str) -> MemberList:
    """Makes the list anew from the tables as they are, by the server's word.

    Once it is committed, the caller has the process remember it (:meth:`Vouching.saw`).

    For the upgrade from a version without a list, and for an operator who knowingly takes what is there.
    """
    vouching = _must_vouch(connection)
    rows = (await connection.execute(select(staff.c.id, staff.c.name, staff.c.public_key, staff.c.active))).all()
    recovery = (await connection.execute(select(recovery_key.c.public_key))).scalar_one_or_none()
    entries = [
        vouching.key.vouched(
            MemberEntry(row.id, row.name, row.public_key, b"", (), bool(row.active), day, voucher, b"")
        )
        for row in rows
    ]
    made = MemberList(secrets.token_hex(16), 1, recovery, {entry.id: entry for entry in entries})
    await _save(connection, made)
    return made


async def adopt_one(connection: AsyncConnection, id_: str, day: str) -> None:
    """Takes one member as their row is now, by the server's word. Raises NotVouched, NotAMember."""
    members = await load(connection)
    columns = select(staff.c.id, staff.c.name, staff.c.public_key, staff.c.active)
    row = (await connection.execute(columns.where(staff.c.id == id_))).one()
    if not all(letter in "0123456789abcdef" for letter in row.id) or len(row.public_key) != KEY_BYTES:
        raise NotAMember("this row has not the form of a member's, so nobody can vouch for it")
    before = members.entries.get(id_)
    former = (*before.former, before.verify) if before and before.verify else ()
    entry = MemberEntry(row.id, row.name, row.public_key, b"", former, bool(row.active), day, OPERATOR, b"")
    await _save(connection, members.with_entry(_must_vouch(connection).key.vouched(entry)))
