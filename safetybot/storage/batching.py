"""Many askings in one go: those that come while one is carried out share the next.

The database takes as long for a hundred chats as for one: what it costs is to go there and back, and, to write, to wait
for the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from safetybot.storage.data_errors import is_bad_value

A = TypeVar("A")
R = TypeVar("R")

MOST = 100
"""Askings in one go: a statement takes a limited number of values."""


class Batcher(Generic[A, R]):
    """Has things done for many at once, in the order of asking."""

    def __init__(self, do: Callable[[Sequence[A]], Awaitable[Sequence[R]]]) -> None:
        """``do`` gets up to :data:`MOST` askings and gives as many results; what it raises, all of them get.

        Where it fails for a bad value and has done nothing, it gets them one by one: only whoever asked with it fails.
        """
        self._do = do
        self._waiting: list[tuple[A, asyncio.Future[R]]] = []
        self._running: asyncio.Task[None] | None = None

    async def submit(self, asked: A) -> R:
        """The result for ``asked``, which was begun after this was called. Raises what doing it raised."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._running is None:
            # A task of its own: others wait for it, and go on where one of them is called off.
            self._running = asyncio.create_task(self._run(), name="together")
        return await future

    async def _run(self) -> None:
        try:
            while self._waiting:
                now, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                try:
                    results = await self._do([asked for asked, _ in now])
                except Exception as error:
                    if len(now) > 1 and is_bad_value(error):
                        await self._one_by_one(now)
                        continue
                    for _, future in now:
                        if not future.done():
                            future.set_exception(error)
                else:
                    for (_, future), result in zip(now, results, strict=True):
                        if not future.done():
                            future.set_result(result)
        finally:
            self._running = None

    async def _one_by_one(self, waiting: Sequence[tuple[A, asyncio.Future[R]]]) -> None:
        for asked, future in waiting:
            try:
                (result,) = await self._do([asked])
            except Exception as error:
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(result)
