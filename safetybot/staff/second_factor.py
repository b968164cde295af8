"""The second factor: codes of an app on the member's phone (TOTP, RFC 6238), and recovery codes for when it is lost.

A member with passkeys (:mod:`safetybot.staff.passkeys`) may have no app; recovery codes everybody has.

The secret and the unused recovery codes are sealed under a key made from the member's private key, so that they can be
read, and made, only once the passphrase was right. A code is taken once, and none older than one that was taken.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyotp
from nacl.utils import random
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.formats.times import day_of, moment_of
from safetybot.staff.errors import SecondFactorMissing, SecondFactorSet, WrongSecondFactor
from safetybot.staff.login import UnlockedMember, acting
from safetybot.storage.tables import second_factors
from safetybot.vault.audit import Act, append, transaction
from safetybot.vault.sealing import Context, SealingError, encode, open_with, seal_with

ISSUER = "Safetybot desk"
CODES = 10
"""Recovery codes."""
STEP_SECONDS = 30
_DIGITS = 6
_AROUND = 1
"""Steps before and after now whose codes are taken: clocks differ."""
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
"""Of recovery codes: none that looks like another. Ten of them are 49 bits."""
_CODE_LETTERS = 10
_NONCE = 24


@dataclass(frozen=True, slots=True)
class Passed:
    """How somebody showed their second factor."""

    recovery_code: bool
    left: int
    """Recovery codes that are not used."""


@dataclass(frozen=True, slots=True)
class _Factor:
    secret: str | None = field(repr=False)
    """Of the app; None where there is none."""
    codes: tuple[str, ...] = field(repr=False)
    last_step: int


def new_secret() -> str:
    """160 random bits, in base 32."""
    return pyotp.random_base32()


def address_of(secret: str, name: str) -> str:
    """What an app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


async def with_second_factor(connection: AsyncConnection) -> frozenset[str]:
    """Ids of the members who have one."""
    return frozenset((await connection.execute(select(second_factors.c.member))).scalars())


async def codes_left(connection: AsyncConnection, member: UnlockedMember) -> int:
    """How many recovery codes a member has not used. Raises SecondFactorMissing, MemberLocked."""
    return len((await _load(connection, member)).codes)


async def has_app(connection: AsyncConnection, member: UnlockedMember) -> bool:
    """Whether an app on a phone is set up. Raises SecondFactorMissing, MemberLocked."""
    return (await _load(connection, member)).secret is not None


async def is_usable(connection: AsyncConnection, member: UnlockedMember) -> bool:
    """Whether a member has a second factor. Raises SecondFactorMissing where there is one that is damaged."""
    if member.id not in await with_second_factor(connection):
        return False
    await _load(connection, member)
    return True


async def enrol(
    engine: AsyncEngine, member: UnlockedMember, secret: str, code: str, at: dt.datetime, *, again: bool = False
) -> Sequence[str]:
    """Sets a member's second factor, once they have shown a code of it; their recovery codes.

    ``again``: in place of the one they have. Raises WrongSecondFactor; SecondFactorSet where there is one and it is
    not ``again``; MemberDisabled, MemberLocked, MustChangePassphrase.
    """
    step = _step(secret, _digits(code), at, after=-1)
    if step is None:
        raise WrongSecondFactor("this code is wrong: is the clock of your phone right?")
    codes = _new_codes()
    sealed = _seal(member, secret, codes)
    async with transaction(engine) as connection:
        await acting(connection, member)
        theirs = second_factors.c.member == member.id
        if again:
            await connection.execute(delete(second_factors).where(theirs))
        elif (await connection.execute(select(second_factors.c.member).where(theirs))).one_or_none():
            raise SecondFactorSet("there is a second factor already")
        await connection.execute(
            insert(second_factors).values(member=member.id, sealed=sealed, last_step=step, created=day_of(at))
        )
        await append(connection, member.id, Act.SECOND_SET, moment_of(at), member=member.id)
        if not again:  # it was shown, too
            await append(connection, member.id, Act.STAFF_UNLOCKED, moment_of(at))
    return [_shown(each) for each in codes]


async def add_codes_alone(connection: AsyncConnection, member: UnlockedMember, at: dt.datetime) -> Sequence[str]:
    """Makes recovery codes for a member who has no second factor and sets up a passkey; in the caller's transaction.

    Raises SecondFactorSet.
    """
    theirs = second_factors.c.member == member.id
    if (await connection.execute(select(second_factors.c.member).where(theirs))).one_or_none():
        raise SecondFactorSet("there is a second factor already")
    codes = _new_codes()
    sealed = _seal(member, None, codes)
    await connection.execute(
        insert(second_factors).values(member=member.id, sealed=sealed, last_step=-1, created=day_of(at))
    )
    return [_shown(each) for each in codes]


async def show(engine: AsyncEngine, member: UnlockedMember, typed: str, at: dt.datetime) -> Passed:
    """Lets a member in who types a code of their app, or a recovery code; a code is good for once.

    Raises WrongSecondFactor, SecondFactorMissing, MemberDisabled, MemberLocked, MustChangePassphrase.
    """
    async with transaction(engine) as connection:
        await acting(connection, member)
        factor = await _load(connection, member)
        digits, letters = _digits(typed), _letters(typed)
        step = None if factor.secret is None else _step(factor.secret, digits, at, after=factor.last_step)
        theirs = second_factors.c.member == member.id
        moment = moment_of(at)
        if step is not None:
            await connection.execute(update(second_factors).where(theirs).values(last_step=step))
            passed = Passed(False, len(factor.codes))
        else:
            used = [each for each in factor.codes if hmac.compare_digest(each.encode(), letters.encode())]
            if not used:
                raise WrongSecondFactor("this code is wrong, too old, or was used before")
            left = tuple(each for each in factor.codes if each not in used)
            sealed = _seal(member, factor.secret, left)
            await connection.execute(update(second_factors).where(theirs).values(sealed=sealed))
            await append(connection, member.id, Act.CODE_USED, moment, member=member.id, left=len(left))
            passed = Passed(True, len(left))
        await append(connection, member.id, Act.STAFF_UNLOCKED, moment)
    return passed


async def renew_codes(engine: AsyncEngine, member: UnlockedMember, at: dt.datetime) -> Sequence[str]:
    """New recovery codes in place of those there are. Raises as :func:`show` does, but WrongSecondFactor."""
    codes = _new_codes()
    async with transaction(engine) as connection:
        await acting(connection, member)
        factor = await _load(connection, member)
        sealed = _seal(member, factor.secret, codes)
        await connection.execute(
            update(second_factors).where(second_factors.c.member == member.id).values(sealed=sealed)
        )
        await append(connection, member.id, Act.CODES_RENEWED, moment_of(at), member=member.id)
    return [_shown(each) for each in codes]


async def _load(connection: AsyncConnection, member: UnlockedMember) -> _Factor:
    query = select(second_factors).where(second_factors.c.member == member.id)
    row: Any = (await connection.execute(query)).one_or_none()
    if row is None:
        raise SecondFactorMissing("there is no second factor: log in again to set one up")
    try:
        content = open_with(row.sealed, _context(member), _key(member))
        secret = content["secret"]
        return _Factor(None if secret is None else str(secret), tuple(map(str, content["codes"])), row.last_step)
    except (SealingError, KeyError, TypeError):
        raise SecondFactorMissing("the second factor is damaged: a colleague must reset it") from None


def _seal(member: UnlockedMember, secret: str | None, codes: Sequence[str]) -> bytes:
    return seal_with(encode({"secret": secret, "codes": [*codes]}), _context(member), _key(member), random(_NONCE))


def _context(member: UnlockedMember) -> Context:
    return Context(member.id, "second factor", 1)


def _key(member: UnlockedMember) -> bytes:
    return hashlib.blake2b(digest_size=32, key=member.pair().private, person=b"second-factor").digest()


def _step(secret: str, digits: str, at: dt.datetime, *, after: int) -> int | None:
    """The step whose code this is, if it is later than ``after`` and near to now."""
    totp = pyotp.TOTP(secret, digits=_DIGITS, interval=STEP_SECONDS)
    now = int(at.timestamp()) // STEP_SECONDS
    found = None
    for step in range(now - _AROUND, now + _AROUND + 1):
        if hmac.compare_digest(totp.generate_otp(step), digits) and step > after:
            found = step
    return found


def _digits(typed: str) -> str:
    """A code as its app shows it, without what stands between; empty where it is none."""
    found = "".join(typed.split()).replace("-", "")
    return found if found.isascii() and found.isdecimal() and len(found) == _DIGITS else ""


def _letters(typed: str) -> str:
    kept = "".join(typed.split()).replace("-", "").lower()
    return kept if kept.isascii() and len(kept) == _CODE_LETTERS else ""


def _new_codes() -> tuple[str, ...]:
    return tuple("".join(secrets.choice(_LETTERS) for _ in range(_CODE_LETTERS)) for _ in range(CODES))


def _shown(code: str) -> str:
    return f"{code[: _CODE_LETTERS // 2]}-{code[_CODE_LETTERS // 2 :]}"
