"""Asks what may take long, and tells what is known: nobody who watches us can wear us out, or wait for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class CachedProbe(Generic[T]):
    """The newest answer to a question; it is asked by one at a time, and not again for some seconds."""

    def __init__(self, ask: Callable[[], Awaitable[T]], late: T, *, keep: float = 5.0, patience: float = 2.0) -> None:
        """``ask`` must not raise; ``late``: what is told where no answer comes within ``patience`` seconds."""
        self._ask = ask
        self._late = late
        self._keep = keep
        self._patience = patience
        self._asking: asyncio.Task[None] | None = None
        self._answer: T = late
        self._answered = float("-inf")

    async def __call__(self) -> T:
        """The answer, no older than ``keep`` seconds; or ``late``."""
        if time.monotonic() - self._answered < self._keep:
            return self._answer
        if self._asking is None:
            self._asking = asyncio.create_task(self._run(), name="watch")
        # Not cancelled where it is late: that would break off a look at the database, and leave its thread behind.
        done, _ = await asyncio.wait({self._asking}, timeout=self._patience)
        return self._answer if done else self._late

    async def close(self) -> None:
        """Waits for what was asked."""
        if self._asking is not None:
            await asyncio.wait({self._asking})

    async def _run(self) -> None:
        try:
            self._answer = await self._ask()
            self._answered = time.monotonic()
        finally:
            self._asking = None
