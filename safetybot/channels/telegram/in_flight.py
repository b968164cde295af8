"""Updates that Telegram has posted and waits for an answer to: a bounded number, and each handled once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from safetybot.channels.telegram.bot import RawUpdate


class UpdateNotTaken(Exception):  # noqa: N818 - reads as what happened
    """Not now: too much is in hand, or it begins or ends. Telegram keeps the update, and posts it again."""


class InFlightUpdates:
    """Takes each update once, and says when it may be confirmed.

    One that is posted again while it is in hand waits for the same outcome; one that was handled lately is not handled
    again. Older ones, and those that another process handled, are recognised by whoever answers.
    """

    MOST = 100
    """Updates in hand: as many as Telegram posts at the same time."""
    _WAITING_MOST = 400
    _REMEMBERED = 1000
    _WRITING_SECONDS = 15.0

    def __init__(self, committed: Callable[[], Awaitable[None]]) -> None:
        """``committed`` returns once all that was handled is on the disk; raises where that cannot be."""
        self._committed = committed
        self._receive: Callable[[RawUpdate], None] | None = None
        self._open: dict[int, asyncio.Future[None]] = {}
        self._handled: OrderedDict[int, bool] = OrderedDict()
        """Number → whether what came of it could not be written down, when that was tried."""
        self._waiting = 0

    def __len__(self) -> int:
        """How many updates are not handled yet."""
        return len(self._open)

    def begin(self, receive: Callable[[RawUpdate], None]) -> None:
        """From now on updates are taken, and handed to ``receive``."""
        self._receive = receive

    def finish(self) -> None:
        """From now on none is taken; what is in hand may still be handled."""
        self._receive = None

    def give_up(self) -> None:
        """What is in hand will not be handled any more."""
        self.finish()
        for future in self._open.values():
            if not future.done():
                future.set_exception(UpdateNotTaken())
                future.exception()  # looked at, for those who waited may have gone
        self._open.clear()

    def handled(self, update_id: int) -> None:
        """Say that an update is dealt with."""
        self._handled[update_id] = False
        while len(self._handled) > self._REMEMBERED:
            self._handled.popitem(last=False)
        future = self._open.pop(update_id, None)
        if future is not None and not future.done():
            future.set_result(None)

    async def take(self, raw: RawUpdate) -> None:
        """Have an update handled, and what came of it written down. Raises NotTaken, and what ``committed`` raises.

        It raises the second only once for an update. Telegram holds back what else comes from the same chat, and that
        may be a cry for help, which is answered whatever has become of the disk.
        """
        if self._waiting >= self._WAITING_MOST:
            raise UpdateNotTaken
        self._waiting += 1
        try:
            await self._until_handled(raw)
            await self._until_written(raw["update_id"])
        finally:
            self._waiting -= 1

    async def _until_written(self, update_id: int) -> None:
        try:
            async with asyncio.timeout(self._WRITING_SECONDS):
                await self._committed()
        except Exception:
            if self._handled.get(update_id, True):
                return
            self._handled[update_id] = True
            raise

    async def _until_handled(self, raw: RawUpdate) -> None:
        update_id = raw["update_id"]
        if update_id in self._handled:
            return
        future = self._open.get(update_id)
        if future is None:
            if self._receive is None or len(self._open) >= self.MOST:
                raise UpdateNotTaken
            future = self._open[update_id] = asyncio.get_running_loop().create_future()
            self._receive(raw)
        # Shielded: where Telegram hangs up, others may wait for the same.
        await asyncio.shield(future)
