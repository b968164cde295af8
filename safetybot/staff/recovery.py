"""The recovery key, kept on paper; and how a member gets access to what was sealed before their key was made."""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, exists, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.formats.times import day_of, moment_of
from safetybot.staff.errors import MemberDisabled, UnknownMember
from safetybot.staff.login import UnlockedMember, acting
from safetybot.staff.members import Member, find_member, list_members
from safetybot.staff.passphrases import lock_member
from safetybot.storage.tables import envelope_keys, envelopes, passkeys, recovery_key, second_factors, staff
from safetybot.vault import roster, roster_changes
from safetybot.vault.audit import OPERATOR, Act, append, transaction
from safetybot.vault.envelopes import key_row
from safetybot.vault.errors import StaffError
from safetybot.vault.key_derivation import KeyStretcher, Parameters
from safetybot.vault.sealing import KEY_BYTES, RECOVERY, CannotOpen, KeyPair, rewrap_key, unwrap_key
from safetybot.vault.vouching import NotVouched

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so nothing read out or written down is taken for something else."""
_ALIKE = str.maketrans("OIL", "011")
_CHECK_BYTES = 3
_GROUP = 4
_BATCH = 500

Progress = Callable[[int, int], None]
"""Is told how many envelopes are done, and how many there are."""


class RecoveryKeyMistyped(StaffError):
    """The recovery key has a slip in it; the message says what was seen."""


class WrongRecoveryKey(StaffError):
    """The recovery key is whole, and belongs to another installation."""


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """How many envelopes somebody can open now; and how many not, because their keys are damaged."""

    opened: int
    damaged: int


def spell(recovery: KeyPair) -> str:
    """The private key as 14 groups of 4 letters and digits, with a checksum of 24 bits."""
    data = recovery.private + _check(recovery.private)
    number = int.from_bytes(data, "big")
    length = len(data) * 8 // 5
    text = "".join(_ALPHABET[number >> (5 * place) & 31] for place in reversed(range(length)))
    return "-".join(text[start : start + _GROUP] for start in range(0, length, _GROUP))


def read_spelt(text: str) -> KeyPair:
    """The recovery key as somebody typed it, in any case and with any spaces. Raises RecoveryKeyMistyped."""
    letters = re.sub(r"[\s\-–—.,;:]", "", text).upper().translate(_ALIKE)
    length = (KEY_BYTES + _CHECK_BYTES) * 8 // 5
    if unknown := next((letter for letter in letters if letter not in _ALPHABET), None):
        raise RecoveryKeyMistyped(f"there is no {unknown!r} in a recovery key")
    if len(letters) != length:
        raise RecoveryKeyMistyped(f"a recovery key has {length} letters and digits, this has {len(letters)}")
    number = 0
    for letter in letters:
        number = number << 5 | _ALPHABET.index(letter)
    data = number.to_bytes(KEY_BYTES + _CHECK_BYTES, "big")
    private, check = data[:KEY_BYTES], data[KEY_BYTES:]
    if check != _check(private):
        raise RecoveryKeyMistyped("a letter or digit of it is wrong: compare it with the paper")
    return KeyPair.from_private(private)


def _check(private: bytes) -> bytes:
    return hashlib.blake2b(private, digest_size=_CHECK_BYTES, person=b"recovery-check").digest()


async def grant(
    engine: AsyncEngine, by: UnlockedMember, to: str, at: dt.datetime, *, progress: Progress = lambda done, total: None
) -> Rewrapped:
    """Gives the member with id ``to`` every earlier envelope that ``by`` can open.

    It is done some hundreds at a time, each with its row in the log, so that others can write in between; where it is
    broken off, what was given stays, and the next time goes on there.
    Raises UnknownMember, MemberDisabled, MemberLocked, MustChangePassphrase, NotVouched.
    """
    opened = damaged = total = 0
    after = ("", 0)
    while True:
        async with transaction(engine) as connection:
            await acting(connection, by)
            member = next((one for one in await list_members(connection) if one.id == to), None)
            if member is None:
                raise UnknownMember("no member of staff has this id")
            _must_be_active(member)
            member = await _as_let_in(connection, member)
            if not after[0]:
                total = await _missing(connection, by.id, to)
            found = await _to_give(connection, by.id, to, after, _BATCH)
            given = await _give(connection, found, by.pair(), member)
            if given or not after[0]:
                await append(connection, by.id, Act.STAFF_GRANTED, moment_of(at), member=to, envelopes=given)
        opened, damaged = opened + given, damaged + len(found) - given
        progress(opened + damaged, max(total, opened + damaged))
        if len(found) < _BATCH:
            return Rewrapped(opened, damaged)
        after = (found[-1].case_id, found[-1].number)


@dataclass(frozen=True, slots=True)
class Drill:
    """What came of trying the recovery key."""

    right: bool
    """Whether it is this installation's."""
    opens: bool | None
    """Whether it opens the newest envelope; None where there is no envelope yet."""


async def drill(engine: AsyncEngine, member: UnlockedMember, typed: str, at: dt.datetime) -> Drill:
    """Tries the recovery key as somebody typed it, on one envelope's key. Nothing is kept of it but that it was tried.

    Raises RecoveryKeyMistyped, without a row; MemberDisabled, MemberLocked, MustChangePassphrase.
    """
    pair = read_spelt(typed)
    async with transaction(engine) as connection:
        await acting(connection, member)
        result = Drill(await _is_recovery_key(connection, pair), None)
        if result.right:
            both = and_(
                envelope_keys.c.case_id == envelopes.c.case_id,
                envelope_keys.c.number == envelopes.c.number,
                envelope_keys.c.reader == RECOVERY,
            )
            newest = (
                select(envelope_keys.c.wrapped)
                .select_from(envelopes.outerjoin(envelope_keys, both))
                .order_by(envelopes.c.day.desc(), envelopes.c.case_id, envelopes.c.number.desc())
                .limit(1)
            )
            row = (await connection.execute(newest)).one_or_none()
            if row is not None:
                result = Drill(True, row.wrapped is not None and _opens(row.wrapped, pair))
        said = "wrong key" if not result.right else "does not open" if result.opens is False else "good"
        await append(connection, member.id, Act.DRILL, moment_of(at), result=said)
    return result


def _opens(wrapped: bytes, pair: KeyPair) -> bool:
    try:
        unwrap_key(wrapped, pair)
    except CannotOpen:
        return False
    return True


async def recover(
    engine: AsyncEngine,
    name: str,
    recovery: KeyPair,
    passphrase: str,
    at: dt.datetime,
    stretcher: KeyStretcher,
    parameters: Parameters | None = None,
    *,
    progress: Progress = lambda done, total: None,
    show: Callable[[], None] = lambda: None,
) -> Rewrapped:
    """Gives a member new keys, a new passphrase to change, and every envelope there is, by the recovery key.

    ``show`` is called just before it is committed: where it raises, nothing is changed.
    Raises UnknownMember, MemberDisabled, WrongRecoveryKey, WeakPassphrase, NotVouched.
    """
    async with engine.connect() as connection:
        if not await _is_recovery_key(connection, recovery):
            raise WrongRecoveryKey("this recovery key belongs to another installation")
        member = await find_member(connection, name)
    pair = KeyPair.new()
    locked = await lock_member(member.id, pair, passphrase, stretcher, parameters)
    async with transaction(engine) as connection:
        member = await find_member(connection, name)
        _must_be_active(member)
        # Sealed under the old key, so of no more use: they set up a new one when they next log in.
        await connection.execute(delete(second_factors).where(second_factors.c.member == member.id))
        await connection.execute(delete(passkeys).where(passkeys.c.member == member.id))
        await connection.execute(delete(envelope_keys).where(envelope_keys.c.reader == member.id))
        change = update(staff).where(staff.c.id == member.id)
        await connection.execute(change.values(public_key=pair.public, must_change=True, **locked))
        await roster_changes.renew(connection, member.id, pair, day_of(at))
        renewed = replace(member, public_key=pair.public)
        result = await _rewrap_everything(connection, RECOVERY, recovery, renewed, progress)
        moment = moment_of(at)
        await append(connection, OPERATOR, Act.STAFF_RECOVERED, moment, member=member.id, envelopes=result.opened)
        show()
    return result


async def _as_let_in(connection: AsyncConnection, member: Member) -> Member:
    """The member with the key that was vouched for, which is what is sealed to. Raises NotVouched."""
    key = (await roster.check(connection)).readers.get(member.id)
    if key is None or key != member.public_key:
        raise NotVouched("this account, or its key, was not let in by anybody: nothing is granted to it")
    return replace(member, public_key=key)


async def _is_recovery_key(connection: AsyncConnection, pair: KeyPair) -> bool:
    """Whether it is the installation's, by the list of members; where that does not hold, by the table.

    A key that somebody else put there opens nothing of what was sealed before.
    """
    try:
        return (await roster.load(connection)).recovery == pair.public
    except NotVouched:
        stored = (await connection.execute(select(recovery_key.c.public_key))).scalar_one_or_none()
        return stored is not None and bytes(stored) == pair.public


def _must_be_active(member: Member) -> None:
    if not member.active:
        raise MemberDisabled("this account is not active")


async def missing_cases(connection: AsyncConnection, member: str) -> int:
    """How many cases hold something that a member cannot open for want of its key."""
    has = exists().where(
        and_(
            envelope_keys.c.case_id == envelopes.c.case_id,
            envelope_keys.c.number == envelopes.c.number,
            envelope_keys.c.reader == member,
        )
    )
    query = select(func.count(envelopes.c.case_id.distinct())).where(~has)
    return int((await connection.execute(query)).scalar_one())


def _lacked(giver: str, to: str) -> ColumnElement[bool]:
    """Keys that one has and another has not."""
    theirs = envelope_keys.alias()
    has = exists().where(
        and_(
            theirs.c.case_id == envelope_keys.c.case_id,
            theirs.c.number == envelope_keys.c.number,
            theirs.c.reader == to,
        )
    )
    return and_(envelope_keys.c.reader == giver, ~has)


async def _missing(connection: AsyncConnection, giver: str, to: str) -> int:
    query = select(func.count()).select_from(envelope_keys).where(_lacked(giver, to))
    return int((await connection.execute(query)).scalar_one())


async def _to_give(
    connection: AsyncConnection, giver: str, to: str, after: tuple[str, int], most: int
) -> Sequence[Row[Any]]:
    """The next keys that ``giver`` has and ``to`` has not, after a place."""
    place = tuple_(envelope_keys.c.case_id, envelope_keys.c.number)
    query = (
        select(envelope_keys)
        .where(and_(_lacked(giver, to), place > tuple_(*after)))
        .order_by(envelope_keys.c.case_id, envelope_keys.c.number)
        .limit(most)
    )
    return (await connection.execute(query)).all()


async def _give(connection: AsyncConnection, found: Sequence[Row[Any]], pair: KeyPair, to: Member) -> int:
    """Seals keys to one more; how many could be opened."""
    wrapped = await asyncio.to_thread(_rewrap_all, [row.wrapped for row in found], pair, to.public_key)
    rows = [
        key_row(row.case_id, row.number, to.id, key) for row, key in zip(found, wrapped, strict=True) if key is not None
    ]
    if rows:
        await connection.execute(insert(envelope_keys), rows)
    return len(rows)


async def _rewrap_everything(
    connection: AsyncConnection, giver: str, pair: KeyPair, to: Member, progress: Progress
) -> Rewrapped:
    total, done, opened, after = await _missing(connection, giver, to.id), 0, 0, ("", 0)
    while found := await _to_give(connection, giver, to.id, after, _BATCH):
        opened += await _give(connection, found, pair, to)
        done += len(found)
        after = (found[-1].case_id, found[-1].number)
        progress(done, total)
    return Rewrapped(opened, done - opened)


def _rewrap_all(keys: Sequence[bytes], pair: KeyPair, public: bytes) -> list[bytes | None]:
    results: list[bytes | None] = []
    for key in keys:
        try:
            results.append(rewrap_key(key, pair, public))
        except CannotOpen:
            results.append(None)
    return results
