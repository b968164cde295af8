"""One thing at a time for each key, many keys at once; nothing is kept of a key that nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(slots=True)
class _Lane:
    """One key's lock, and how many wait for it or hold it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Turns(Generic[K]):
    """Who has the turn of each key. ``key in turns`` while somebody has it or waits for it."""

    def __init__(self) -> None:
        self._lanes: dict[K, _Lane] = {}

    def __len__(self) -> int:
        return len(self._lanes)

    def __contains__(self, key: K) -> bool:
        return key in self._lanes

    @asynccontextmanager
    async def of(self, key: K) -> AsyncIterator[None]:
        """Waits for the turn of a key, in the order of asking, and has it while the block runs."""
        lane = self._lanes.setdefault(key, _Lane())
        lane.users += 1
        try:
            async with lane.lock:
                yield
        finally:
            lane.users -= 1
            if not lane.users:
                del self._lanes[key]
