"""The invented member of staff: an account as any other, with passphrase and second factor set up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyotp

from safetybot.staff import members
from safetybot.staff.login import UnlockedMember, change_passphrase, unlock
from safetybot.staff.passphrases import one_time_passphrase
from safetybot.staff.second_factor import enrol, new_secret
from safetybot.storage.database import Engine
from safetybot.vault.key_derivation import KeyStretcher, Parameters

NAME = "Demo"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """What logs in."""

    name: str
    passphrase: str = field(repr=False)
    totp: str = field(repr=False)
    """The key of an authenticator app."""
    codes: Sequence[str] = field(repr=False)
    """Recovery codes; each works once."""


async def hire(
    engine: Engine, at: dt.datetime, stretcher: KeyStretcher, parameters: Parameters | None = None
) -> tuple[DemoAccount, UnlockedMember]:
    """Adds the member, who has changed the first passphrase and set up the second factor.

    They are logged in: whoever calls this has to wipe them.
    """
    first, passphrase, totp = one_time_passphrase(), one_time_passphrase(), new_secret()
    await members.add(engine, NAME, first, at, stretcher, parameters)
    member = await unlock(engine, NAME, first, at, stretcher, parameters)
    await change_passphrase(engine, member, passphrase, at, stretcher, parameters)
    codes = await enrol(engine, member, totp, pyotp.TOTP(totp).at(at), at)
    return DemoAccount(NAME, passphrase, totp, codes), member
