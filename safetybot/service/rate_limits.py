"""How much one chat, one address and all together may ask for.

Who asked is known by a hash whose key is made anew every hour, and for no longer than that: no address and no chat is
stored.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from safetybot.storage.rate_limits import LimitStore

KEY_SECONDS = 3600.0
ANSWER_SECONDS = 1.0
"""For the database to answer."""
AWAY_SECONDS = 10.0
"""For which it is not asked again, where it did not."""
_KNOWN_MAX = 20_000

_log = logging.getLogger(__name__)

T = TypeVar("T")


class CountsAway(Exception):  # noqa: N818 - reads as what went wrong
    """What all processes have counted together cannot be asked for."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What may be asked for: so much at once, and so much a second after that."""

    most: int
    a_second: float


class Counts(Protocol):
    """Counts what is asked for."""

    async def take(self, names: Mapping[str, Limit]) -> str | None:
        """Counts one more for each name; the first name that has none left, else None. Never raises."""


class MemoryCounts:
    """For one process alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock``: seconds."""
        self._clock = clock
        self._until: OrderedDict[bytes, float] = OrderedDict()
        """Hash → moment up to which it is used up."""
        self._new_key()

    async def take(self, names: Mapping[str, Limit]) -> str | None:
        """See :class:`Counts`."""
        if self._clock() - self._made > KEY_SECONDS:
            self._new_key()
        return next((name for name, limit in names.items() if not self._take(name, limit)), None)

    def _take(self, name: str, limit: Limit) -> bool:
        hashed, now, step = _hashed(name, self._key), self._clock(), 1 / limit.a_second
        until = max(self._until.pop(hashed, now), now)
        # A little more than exact, for what is added up in fractions to a large number.
        allowed = until + step <= now + (limit.most + 0.01) * step
        self._until[hashed] = until + step if allowed else until
        if len(self._until) > _KNOWN_MAX:
            self._until.popitem(last=False)
        return allowed

    def _new_key(self) -> None:
        self._key = secrets.token_bytes(32)
        self._made = self._clock()
        self._until.clear()


class SharedCounts:
    """For all processes on one PostgreSQL database; where that cannot be asked, for this one alone."""

    def __init__(self, store: LimitStore, key: bytes, clock: Callable[[], float] = time.time) -> None:
        """``key``: 32 bytes, the same in every process; ``clock``: seconds since 1970."""
        self._store = store
        self._key = key
        self._clock = clock
        self._alone = MemoryCounts()
        self._away_until = 0.0
        self._failed = False

    async def take(self, names: Mapping[str, Limit]) -> str | None:
        """See :class:`Counts`."""
        try:
            return await self._asked(self._take(names))
        except CountsAway:
            return await self._alone.take(names)

    async def reserve(self, number: int, a_second: float, burst: float) -> float:
        """The next moments at which all processes together may do something; see :meth:`LimitStore.reserve`.

        Raises CountsAway.
        """
        hour = int(self._clock() // KEY_SECONDS)
        name = _hashed("telegram", self._key)
        return await self._asked(self._store.reserve(name, number, a_second, burst, hour + 1))

    async def _take(self, names: Mapping[str, Limit]) -> str | None:
        hour = int(self._clock() // KEY_SECONDS)
        key = hashlib.blake2b(str(hour).encode(), digest_size=32, key=self._key, person=b"limits-hour").digest()
        for name, limit in names.items():
            if not await self._store.take(_hashed(name, key), limit.most, limit.a_second, hour):
                return name
        return None

    async def _asked(self, asking: Coroutine[Any, Any, T]) -> T:
        """What the database says. Raises CountsAway, soon, and for a while without asking again: people wait."""
        if time.monotonic() < self._away_until:
            asking.close()
            raise CountsAway
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await asking
        except Exception as error:
            self._away_until = time.monotonic() + AWAY_SECONDS
            if not self._failed:
                # The type alone: a database error may carry what was to be written.
                _log.warning("limits are not shared with other processes for now: %s", type(error).__name__)
            self._failed = True
            raise CountsAway from None
        self._failed = False
        return answer


def limits_key(secret: bytes) -> bytes:
    """The key of :class:`SharedCounts`, derived from the server's secret."""
    return hashlib.blake2b(digest_size=32, key=secret, person=b"limits").digest()


def _hashed(name: str, key: bytes) -> bytes:
    return hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=16, key=key).digest()
