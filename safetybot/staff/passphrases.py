"""Passphrases of members of staff, and private keys locked under them."""

from __future__ import annotations

import secrets
import unicodedata
from typing import Any

from safetybot.staff.errors import WeakPassphrase
from safetybot.vault.codes import new_code
from safetybot.vault.key_derivation import SALT_BYTES, KeyStretcher, Parameters, stretch
from safetybot.vault.sealing import KEY_BYTES, KeyPair, lock_private

PASSPHRASE_MIN = 12
"""Characters."""


def one_time_passphrase() -> str:
    """Six code words: 62 bits, easily read out."""
    return new_code().text


async def lock_member(
    member_id: str, pair: KeyPair, passphrase: str, stretcher: KeyStretcher, parameters: Parameters | None
) -> dict[str, Any]:
    """The columns that hold a private key under a passphrase. Raises WeakPassphrase."""
    secret = passphrase_bytes(passphrase)
    if len(plain(passphrase)) < PASSPHRASE_MIN:
        raise WeakPassphrase(f"a passphrase has {PASSPHRASE_MIN} characters at least")
    used = parameters or Parameters()
    salt = secrets.token_bytes(SALT_BYTES)
    key = await stretcher.run(stretch, secret, salt, KEY_BYTES, used)
    locked = lock_private(pair.private, key, member_id)
    return {"locked_private": locked, "salt": salt, "passes": used.passes, "memory": used.memory}


def passphrase_bytes(passphrase: str) -> bytes:
    """What is stretched."""
    return plain(passphrase).encode(errors="surrogatepass")


def plain(text: str) -> str:
    """A name or passphrase as it is compared: one form of each character, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).split())
