"""Where a message comes from, for those who are served in turn: told apart, and not known."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from safetybot.service.rate_limits import KEY_SECONDS


class ClientHashes:
    """Hashes of addresses, and of chats where addresses are not the visitors'; under a key that changes every hour."""

    def __init__(self, key: bytes, *, addresses: bool, clock: Callable[[], float] = time.time) -> None:
        """``key``: 32 bytes, the same in every process; ``addresses``: whether those we see are the visitors'.

        ``clock``: seconds since 1970.
        """
        self._key = key
        self._addresses = addresses
        self._clock = clock

    def of(self, chat: str, address: str | None) -> bytes:
        """The source of a message."""
        hour = int(self._clock() // KEY_SECONDS)
        key = hashlib.blake2b(str(hour).encode(), digest_size=32, key=self._key, person=b"source-hour").digest()
        name = f"address {address}" if self._addresses and address else f"chat {chat}"
        return hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=16, key=key).digest()
