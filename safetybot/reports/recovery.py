"""The recovery key, kept on paper; and how a member gets access to what was sealed before their key was made."""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.reports.audit import OPERATOR, Act, append, transaction
from safetybot.reports.cases import RECOVERY
from safetybot.reports.login import UnlockedMember, acting
from safetybot.reports.passphrases import lock_member
from safetybot.reports.sealing import KEY_BYTES, CannotOpen, KeyPair, rewrap_key
from safetybot.reports.staff import Member, find_member, list_members
from safetybot.reports.staff_errors import MemberDisabled, StaffError, UnknownMember
from safetybot.reports.stretching import KeyStretcher, Parameters
from safetybot.reports.times import moment_of
from safetybot.storage.tables import envelope_keys, recovery_key, staff

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


async def grant(engine: AsyncEngine, by: UnlockedMember, to: str, at: dt.datetime) -> Rewrapped:
    """Gives the member with id ``to`` every earlier envelope that ``by`` can open.

    Raises UnknownMember, MemberDisabled, MemberLocked, MustChangePassphrase.
    """
    async with transaction(engine) as connection:
        await acting(connection, by)
        member = next((one for one in await list_members(connection) if one.id == to), None)
        if member is None:
            raise UnknownMember("no member of staff has this id")
        _must_be_active(member)
        result = await _rewrap(connection, by.id, by.pair(), member.id, member.public_key)
        await append(connection, by.id, Act.STAFF_GRANTED, moment_of(at), member=to, envelopes=result.opened)
    return result


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
    Raises UnknownMember, MemberDisabled, WrongRecoveryKey, WeakPassphrase.
    """
    async with engine.connect() as connection:
        stored = (await connection.execute(select(recovery_key.c.public_key))).scalar_one_or_none()
        if stored != recovery.public:
            raise WrongRecoveryKey("this recovery key belongs to another installation")
        member = await find_member(connection, name)
    pair = KeyPair.new()
    locked = await lock_member(member.id, pair, passphrase, stretcher, parameters)
    async with transaction(engine) as connection:
        _must_be_active(await find_member(connection, name))
        await connection.execute(delete(envelope_keys).where(envelope_keys.c.reader == member.id))
        change = update(staff).where(staff.c.id == member.id)
        await connection.execute(change.values(public_key=pair.public, must_change=True, **locked))
        result = await _rewrap(connection, RECOVERY, recovery, member.id, pair.public, progress)
        moment = moment_of(at)
        await append(connection, OPERATOR, Act.STAFF_RECOVERED, moment, member=member.id, envelopes=result.opened)
        show()
    return result


def _must_be_active(member: Member) -> None:
    if not member.active:
        raise MemberDisabled("this account is not active")


async def _rewrap(
    connection: AsyncConnection,
    giver: str,
    pair: KeyPair,
    to: str,
    public: bytes,
    progress: Progress = lambda done, total: None,
) -> Rewrapped:
    """Seals every envelope's key that ``giver`` has and ``to`` has not, to ``to``."""
    theirs = envelope_keys.alias()
    has = exists().where(
        and_(
            theirs.c.case_id == envelope_keys.c.case_id,
            theirs.c.number == envelope_keys.c.number,
            theirs.c.reader == to,
        )
    )
    query = select(envelope_keys).where(and_(envelope_keys.c.reader == giver, ~has))
    found = [(row.case_id, row.number, row.wrapped) for row in await connection.execute(query)]
    opened = 0
    for start in range(0, len(found), _BATCH):
        batch = found[start : start + _BATCH]
        wrapped = await asyncio.to_thread(_rewrap_all, [key for _, _, key in batch], pair, public)
        rows = [
            {"case_id": case_id, "number": number, "reader": to, "wrapped": key}
            for (case_id, number, _), key in zip(batch, wrapped, strict=True)
            if key is not None
        ]
        if rows:
            await connection.execute(insert(envelope_keys), rows)
        opened += len(rows)
        progress(start + len(batch), len(found))
    return Rewrapped(opened, len(found) - opened)


def _rewrap_all(keys: Sequence[bytes], pair: KeyPair, public: bytes) -> list[bytes | None]:
    results: list[bytes | None] = []
    for key in keys:
        try:
            results.append(rewrap_key(key, pair, public))
        except CannotOpen:
            results.append(None)
    return results
