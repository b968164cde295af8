"""Who may have a code looked up now: each takes half a second and 256 MiB, so no source may have all places."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from safetybot.service.rate_limits import Counts, Limit, MemoryCounts

PLACES = 20
"""Codes that are looked up or wait for it, in this process."""
PLACES_OF_ONE = 3
"""Of those, how many may be of one source."""
OF_ONE = Limit(20, 0.1)
"""Codes of one source, right or wrong: so many at once, for a whole school may be behind one address, and so many a
second after that."""


class NoPlace(Exception):  # noqa: N818 - reads as what happened
    """A code cannot be looked up just now."""


class CodeAttempts:
    """The places in the line. A source is an address or a chat, as a hash."""

    def __init__(self, counts: Counts | None = None) -> None:
        """``counts``: what was asked for; without it, what was asked of this process."""
        self._counts = counts or MemoryCounts()
        self._held = Counter[bytes]()

    @asynccontextmanager
    async def place(self, source: bytes) -> AsyncIterator[None]:
        """A place while the block runs. Entering it raises NoPlace, before anything slow is done."""
        if self._held.total() >= PLACES or self._held[source] >= PLACES_OF_ONE:
            raise NoPlace
        self._held[source] += 1
        try:
            if await self._counts.take({f"codes {source.hex()}": OF_ONE}) is not None:
                raise NoPlace
            yield
        finally:
            self._held[source] -= 1
            if not self._held[source]:
                del self._held[source]
