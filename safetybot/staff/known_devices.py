"""Devices on which a member has logged in: strangers' wrong tries do not lock them out there.

After a login with both factors the browser holds a token of it (OWASP: "Slow Down Online Guessing Attacks with Device
Cookies"): the day, a random name, and a MAC over these, the member and their public key. A token lets nobody in. Tries
that show one are counted for it alone, so that whoever stole it has no more tries than a stranger.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from typing import Protocol

DAYS = 180
"""A token counts for; each login makes a new one."""
MOST = 4
"""Members of one browser."""
_TOKEN = re.compile(r"([0-9]{1,7})-([0-9a-f]{16})-([0-9a-f]{32})", re.ASCII)
_APART = "."


class Owner(Protocol):
    """A member, logged in or not."""

    @property
    def id(self) -> str: ...
    @property
    def public_key(self) -> bytes: ...


def device_of(key: bytes, held: str | None, member: Owner, at: dt.datetime) -> str | None:
    """The name of a member's device by what its browser holds; None where it is not known."""
    found = next((token for token in _tokens(held) if _is_of(key, token, member, at)), None)
    return None if found is None else found.split("-")[1]


def hold_device(key: bytes, held: str | None, member: Owner, at: dt.datetime) -> str:
    """What the browser is to hold from now on: a new token of this member, and those of others."""
    day, device = str(_day(at)), secrets.token_hex(8)
    token = f"{day}-{device}-{_mac(key, day, device, member)}"
    others = [each for each in _tokens(held) if not _is_of(key, each, member, at)]
    return _APART.join([token, *others][:MOST])


def _tokens(held: str | None) -> Sequence[str]:
    return [each for each in (held or "").split(_APART)[:MOST] if _TOKEN.fullmatch(each)]


def _is_of(key: bytes, token: str, member: Owner, at: dt.datetime) -> bool:
    day, device, mac = token.split("-")
    return hmac.compare_digest(mac, _mac(key, day, device, member)) and _day(at) <= int(day) + DAYS


def _day(at: dt.datetime) -> int:
    return int(at.timestamp()) // 86_400


def _mac(key: bytes, day: str, device: str, member: Owner) -> str:
    said = f"{day}-{device}-{member.id}-{member.public_key.hex()}".encode()
    return hashlib.blake2b(said, digest_size=16, key=key, person=b"known-device").hexdigest()
