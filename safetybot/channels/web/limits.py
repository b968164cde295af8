"""How much one visitor, one address and all together may ask for. Nothing of it is stored.

An address is known by a hash whose key is made anew every hour and never leaves the memory.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

CHAT = (30, 1.0)
"""Messages of one chat: at once, and a second."""
ADDRESS = (150, 5.0)
"""Of one address, behind which a whole school may be."""
AT_ONCE = 256
"""Messages in hand at any time."""
KEY_SECONDS = 3600.0
_KNOWN_MAX = 20_000


class TooMany(Exception):  # noqa: N818 - reads as what went wrong
    """More was asked for than can be answered."""


class Limits:
    """Counts in memory."""

    def __init__(self, clock: Callable[[], float], *, addresses: bool) -> None:
        """``clock``: seconds; ``addresses``: whether the addresses we see are those of the visitors."""
        self._clock = clock
        self._addresses = addresses
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        """Hash → what is left, and when that was so."""
        self._in_hand = 0
        self._new_key()

    @contextmanager
    def turn(self, chat: str, address: str | None) -> Iterator[None]:
        """Around one message. Raises TooMany."""
        if self._clock() - self._made > KEY_SECONDS:
            self._new_key()
        if self._in_hand >= AT_ONCE:
            raise TooMany
        self._take(f"chat {chat}", *CHAT)
        if self._addresses and address:
            self._take(f"address {address}", *ADDRESS)
        self._in_hand += 1
        try:
            yield
        finally:
            self._in_hand -= 1

    def _take(self, who: str, most: int, a_second: float) -> None:
        name = hashlib.blake2b(who.encode("utf-8", "replace"), digest_size=16, key=self._key).digest()
        now = self._clock()
        left, then = self._buckets.pop(name, (float(most), now))
        left = min(most, left + (now - then) * a_second)
        self._buckets[name] = (max(left - 1, 0.0), now)
        if len(self._buckets) > _KNOWN_MAX:
            self._buckets.popitem(last=False)
        if left < 1:
            raise TooMany

    def _new_key(self) -> None:
        self._key = secrets.token_bytes(32)
        self._made = self._clock()
        self._buckets.clear()
