"""One thing at a time for each key, many keys at once; nothing is kept of a key that nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(slots=True)
class _Lane:
    """One key's lock, and how many wait for it or hold it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Turns(Generic[K]):
    """Who has the turn of each key, in this process. ``key in turns`` while somebody has it or waits for it."""

    def __init__(self) -> None:
        self._lanes: dict[K, _Lane] = {}

    def __len__(self) -> int:
        return len(self._lanes)

    def __contains__(self, key: K) -> bool:
        return key in self._lanes

    async def take(self, key: K) -> None:
        """Waits for the turn of a key, in the order of asking. Whoever has it gives it back, in whatever task."""
        lane = self._lanes.setdefault(key, _Lane())
        lane.users += 1
        try:
            await lane.lock.acquire()
        except BaseException:
            self._leave(key, lane)
            raise

    def give_back(self, key: K) -> None:
        """Ends the turn of a key."""
        lane = self._lanes[key]
        lane.lock.release()
        self._leave(key, lane)

    def _leave(self, key: K, lane: _Lane) -> None:
        lane.users -= 1
        if not lane.users:
            del self._lanes[key]
