"""Locks by key: one holder a key, many keys at once; nothing is kept of a key that nobody holds or waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(slots=True)
class _Entry:
    """The lock of one key, and how many hold it or wait for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class KeyedLock(Generic[K]):
    """A lock for each key, within this process. ``key in lock`` while somebody holds it or waits for it."""

    def __init__(self) -> None:
        self._entries: dict[K, _Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: K) -> bool:
        return key in self._entries

    async def acquire(self, key: K) -> None:
        """Acquire the lock of a key; waiters get it in the order of their calls. Any task may release it."""
        entry = self._entries.setdefault(key, _Entry())
        entry.users += 1
        try:
            await entry.lock.acquire()
        except BaseException:
            self._leave(key, entry)
            raise

    def release(self, key: K) -> None:
        """Release the lock of a key."""
        entry = self._entries[key]
        entry.lock.release()
        self._leave(key, entry)

    def _leave(self, key: K, entry: _Entry) -> None:
        entry.users -= 1
        if not entry.users:
            del self._entries[key]
