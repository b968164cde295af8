"""Passkeys (WebAuthn) as a second factor: made for the desk's name, so that no other site can ask for them.

A credential is sealed under a key made from the member's private key, as the secret of an app is: it can be read, and
put in, only once the passphrase was right. The authenticator must have verified its owner (PIN, finger, face), and no
attestation is asked for. The library is imported when it is first needed, off the event loop: it takes a moment.
"""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nacl.utils import random
from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.formats.times import day_of, moment_of
from safetybot.staff import second_factor
from safetybot.staff.errors import LastSecondFactor, NoSuchPasskey, PasskeyCopied, PasskeyRefused
from safetybot.staff.login import UnlockedMember, acting
from safetybot.storage.tables import passkeys
from safetybot.vault.audit import Act, append, transaction
from safetybot.vault.sealing import Context, Json, SealingError, encode, open_with, seal_with

NAME_MAX = 40
MOST = 10
"""Passkeys of one member."""
ANSWER_MAX = 16 * 1024
"""Letters of what a browser answers."""
_CREDENTIAL_MAX = 1023
"""Bytes of a credential's id (WebAuthn, 5.8.3)."""
_REFUSED = "this passkey was not accepted"
_ISSUER = "Safetybot desk"
_MILLISECONDS = 5 * 60_000
"""For whoever holds the authenticator."""
_NONCE = 24

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Site:
    """What passkeys are made for."""

    id: str
    """The name of the desk's host."""
    origin: str
    """Its address as a browser says it."""


@dataclass(frozen=True, slots=True)
class PasskeyChallenge:
    """A challenge that is to be answered once."""

    site: Site
    new: bool
    """Whether a passkey is to be made, rather than shown."""
    challenge: bytes = field(repr=False)
    options: str = field(repr=False)
    """JSON for the browser."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """A credential of a member."""

    id: str
    """A hash of the credential's id: it names the row."""
    name: str
    day: str
    site: str
    credential: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int


async def passkeys_of(connection: AsyncConnection, member: UnlockedMember) -> Sequence[Passkey]:
    """A member's passkeys, by name; those that are damaged are left out. Raises MemberLocked."""
    query = select(passkeys).where(passkeys.c.member == member.id)
    found = [_open(member, row) for row in await connection.execute(query)]
    return sorted((each for each in found if each is not None), key=lambda each: (each.name.casefold(), each.id))


async def ask_new(member: UnlockedMember, site: Site, there: Sequence[Passkey]) -> PasskeyChallenge:
    """Ask for a new passkey, from an authenticator that has none of ``there``."""
    challenge = secrets.token_bytes(32)
    ids = [each.credential for each in there]
    options = await asyncio.to_thread(_creation_options, member.id, member.name, site, challenge, ids)
    return PasskeyChallenge(site, True, challenge, options)


async def ask_for(site: Site, there: Sequence[Passkey]) -> PasskeyChallenge:
    """Ask for one of ``there``."""
    challenge = secrets.token_bytes(32)
    ids = [each.credential for each in there if each.site == site.id]
    return PasskeyChallenge(site, False, challenge, await asyncio.to_thread(_request_options, site, challenge, ids))


async def add(
    engine: AsyncEngine,
    member: UnlockedMember,
    asked: PasskeyChallenge,
    answer: str,
    name: str,
    at: dt.datetime,
    *,
    first: bool,
) -> Sequence[str]:
    """Keep a new passkey.

    ``first``: of a member who has no second factor yet; their recovery codes are made and returned. Raises
    PasskeyRefused, SecondFactorSet, MemberDisabled, MemberLocked, MustChangePassphrase.
    """
    made = await _verified(_check_new, asked, answer, new=True)
    name = " ".join(name.split())[:NAME_MAX] or "Passkey"
    passkey = Passkey(_id_of(made[0]), name, day_of(at), asked.site.id, *made)
    async with transaction(engine) as connection:
        await acting(connection, member)
        theirs = select(func.count()).select_from(passkeys).where(passkeys.c.member == member.id)
        known = select(passkeys.c.id).where(passkeys.c.id == passkey.id)
        if (await connection.execute(known)).one_or_none():
            raise PasskeyRefused("this passkey is in use here already")
        if (await connection.execute(theirs)).scalar_one() >= MOST:
            raise PasskeyRefused(f"{MOST} passkeys are the most: remove one first")
        codes = await second_factor.add_codes_alone(connection, member, at) if first else ()
        row = {"id": passkey.id, "member": member.id, "sealed": _seal(member, passkey), "created": passkey.day}
        await connection.execute(insert(passkeys).values(**row))
        moment = moment_of(at)
        if first:
            await append(connection, member.id, Act.SECOND_SET, moment, member=member.id)
        await append(connection, member.id, Act.PASSKEY_ADDED, moment, member=member.id, passkey=passkey.id[:8])
        if first:  # it was shown, too
            await append(connection, member.id, Act.STAFF_UNLOCKED, moment)
    return codes


async def show(
    engine: AsyncEngine, member: UnlockedMember, asked: PasskeyChallenge, answer: str, at: dt.datetime, *, login: bool
) -> None:
    """See that a member's passkey answers what was asked. ``login``: they are let in by it.

    Raises PasskeyRefused, PasskeyCopied, MemberDisabled, MemberLocked, MustChangePassphrase.
    """
    async with engine.connect() as connection:
        there = {each.credential: each for each in await passkeys_of(connection, member) if each.site == asked.site.id}
    used, count = await _verified(_check_shown, asked, answer, member.id, there, new=False)
    async with transaction(engine) as connection:
        await acting(connection, member)
        row = (await connection.execute(select(passkeys).where(_row(member, used.id)))).one_or_none()
        now = None if row is None else _open(member, row)
        if now is None:
            raise PasskeyRefused(_REFUSED)  # it was removed meanwhile
        # The library would not tell this from a wrong signature, so it is not told the counter.
        copied = (count or now.sign_count) and count <= now.sign_count
        act = Act.PASSKEY_COPIED if copied else Act.PASSKEY_USED
        moment = moment_of(at)
        await append(connection, member.id, act, moment, member=member.id, passkey=used.id[:8])
        if not copied:
            sealed = _seal(member, Passkey(now.id, now.name, now.day, now.site, now.credential, now.public_key, count))
            await connection.execute(update(passkeys).where(_row(member, used.id)).values(sealed=sealed))
            if login:
                await append(connection, member.id, Act.STAFF_UNLOCKED, moment)
    if copied:
        raise PasskeyCopied("this passkey was refused, for there may be a copy of it: remove it, and tell colleagues")


async def remove(engine: AsyncEngine, member: UnlockedMember, passkey: str, at: dt.datetime) -> None:
    """Forget a passkey. Raises NoSuchPasskey, LastSecondFactor, SecondFactorMissing, MemberDisabled, MemberLocked."""
    async with transaction(engine) as connection:
        await acting(connection, member)
        there = await passkeys_of(connection, member)
        if passkey not in [each.id for each in there]:
            raise NoSuchPasskey("there is no such passkey any more")
        if len(there) == 1 and not await second_factor.has_app(connection, member):
            raise LastSecondFactor("this is your only second factor: set up an app or another passkey first")
        await connection.execute(delete(passkeys).where(_row(member, passkey)))
        await append(connection, member.id, Act.PASSKEY_REMOVED, moment_of(at), member=member.id, passkey=passkey[:8])


def _row(member: UnlockedMember, passkey: str) -> Any:
    return and_(passkeys.c.member == member.id, passkeys.c.id == passkey)


def _id_of(credential: bytes) -> str:
    return hashlib.blake2b(credential, digest_size=16, person=b"passkey-id").hexdigest()


def _open(member: UnlockedMember, row: Any) -> Passkey | None:
    try:
        content: Any = open_with(row.sealed, Context(member.id, "passkey", 1), _key(member))
        credential = base64.b64decode(content["credential"], validate=True)
        if _id_of(credential) != row.id:
            return None
        public_key = base64.b64decode(content["public_key"], validate=True)
        name, day, site = (str(content[each]) for each in ("name", "day", "site"))
        return Passkey(row.id, name, day, site, credential, public_key, int(content["sign_count"]))
    except (SealingError, KeyError, TypeError, ValueError):
        return None


def _seal(member: UnlockedMember, passkey: Passkey) -> bytes:
    content: Json = {
        "credential": base64.b64encode(passkey.credential).decode(),
        "public_key": base64.b64encode(passkey.public_key).decode(),
        "sign_count": passkey.sign_count,
        "name": passkey.name,
        "day": passkey.day,
        "site": passkey.site,
    }
    return seal_with(encode(content), Context(member.id, "passkey", 1), _key(member), random(_NONCE))


def _key(member: UnlockedMember) -> bytes:
    return hashlib.blake2b(digest_size=32, key=member.pair().private, person=b"passkey").digest()


# --- What the library does, in a thread of its own ----------------------------------------------------------------


async def _verified(check: Callable[..., T], asked: PasskeyChallenge, answer: str, *more: Any, new: bool) -> T:
    """Return what ``check`` does; whatever else it raises is a refusal. Raises PasskeyRefused."""
    if asked.new is not new or len(answer) > ANSWER_MAX:
        raise PasskeyRefused(_REFUSED)
    try:
        return await asyncio.to_thread(check, asked, answer, *more)
    except Exception:  # the answer comes from outside, and may be anything
        raise PasskeyRefused(_REFUSED) from None


def _creation_options(member: str, name: str, site: Site, challenge: bytes, there: Sequence[bytes]) -> str:
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_registration_options(
        rp_id=site.id,
        rp_name=_ISSUER,
        user_id=member.encode(),
        user_name=name,
        challenge=challenge,
        timeout=_MILLISECONDS,
        attestation=structs.AttestationConveyancePreference.NONE,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            # The member is known by then: what need not be kept on a small key takes none of its few places.
            resident_key=structs.ResidentKeyRequirement.DISCOURAGED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=each) for each in there],
    )
    return webauthn.options_to_json(options)


def _request_options(site: Site, challenge: bytes, there: Sequence[bytes]) -> str:
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_authentication_options(
        rp_id=site.id,
        challenge=challenge,
        timeout=_MILLISECONDS,
        allow_credentials=[structs.PublicKeyCredentialDescriptor(id=each) for each in there],
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def _check_new(asked: PasskeyChallenge, answer: str) -> tuple[bytes, bytes, int]:
    import webauthn

    made = webauthn.verify_registration_response(
        credential=answer,
        expected_challenge=asked.challenge,
        expected_rp_id=asked.site.id,
        expected_origin=asked.site.origin,
        require_user_verification=True,
    )
    if not 0 < len(made.credential_id) <= _CREDENTIAL_MAX:
        raise PasskeyRefused(_REFUSED)
    return made.credential_id, made.credential_public_key, made.sign_count


def _check_shown(asked: PasskeyChallenge, answer: str, member: str, there: dict[bytes, Passkey]) -> tuple[Passkey, int]:
    import webauthn
    from webauthn.helpers import parse_authentication_credential_json

    credential = parse_authentication_credential_json(answer)
    handle = credential.response.user_handle
    if handle is not None and handle != member.encode():
        raise PasskeyRefused(_REFUSED)
    used = there[credential.raw_id]
    shown = webauthn.verify_authentication_response(
        credential=credential,
        expected_challenge=asked.challenge,
        expected_rp_id=asked.site.id,
        expected_origin=asked.site.origin,
        credential_public_key=used.public_key,
        credential_current_sign_count=0,
        require_user_verification=True,
    )
    return used, shown.new_sign_count
