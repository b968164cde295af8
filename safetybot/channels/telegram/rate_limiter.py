"""How fast messages go to Telegram: so many a second in all, one a second in a chat, and emergency cards first.

Times are kept as "the next message may go then" (the generic cell rate algorithm): one number says all there is to
know, so that processes can share it as a number in the database.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable

from safetybot.channels.telegram.log_redaction import place

Reserve = Callable[[int, float, float], Awaitable[float]]
"""Asked for so many messages at so many a second, with so many of them at once after a pause: seconds until the first
may go, negative where it might have gone before; the others follow it at the rate."""

CHAT_AT_ONCE = 6
"""Messages that one chat gets without a pause: two answers and a card."""
CHAT_RATE = 1.0
URGENT_AT_ONCE = 3
_TOGETHER = 5
"""Messages that are reserved at once: each reservation may be a way to the database."""
_BURST_SECONDS = 1 / 3
_GLOBAL_AFTER = 5
"""So many chats refused one after the other, with no message sent between them: it is not about one chat."""
_KNOWN_MOST = 10_000

_LOG = logging.getLogger(__name__)


class RateLimiter:
    """Who may send a message when. Waits are fair, but for emergency cards, which go before all others."""

    def __init__(self, rate: float | None, reserve: Reserve | None = None) -> None:
        """``rate``: messages a second, None for no limit; ``reserve``: shares it with other processes."""
        self._rate = rate
        self._reserve = reserve
        self._alone = _Alone()
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._leading: asyncio.Task[None] | None = None
        self._next: list[float] = []
        """Reserved moments, the last one first."""
        self._chats: dict[tuple[int, bool], float] = {}
        self._refused: set[int] = set()
        self._held = 0.0
        self._failed = False

    def __len__(self) -> int:
        """How many messages wait for their moment."""
        return len(self._waiting)

    async def acquire(self, chat: int, *, urgent: bool = False) -> None:
        """Wait until a message to ``chat`` may be sent."""
        now = asyncio.get_running_loop().time()
        if self._rate is None:
            if self._held > now:
                await asyncio.sleep(self._held - now)
            return
        wait = self._chat_wait(chat, urgent, now)
        if wait > 0:
            await asyncio.sleep(wait)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (not urgent, next(self._numbers), future))
        if self._leading is None:
            self._leading = asyncio.create_task(self._lead(self._rate), name="pace")
        await future

    def sent(self) -> None:
        """A message went through."""
        self._refused.clear()

    def refused(self, chat: int, seconds: float) -> None:
        """Telegram asked to wait. Where it asks this of chat after chat, all wait; one chat alone sees to itself."""
        self._refused.add(chat)
        if len(self._refused) >= _GLOBAL_AFTER:
            self._held = max(self._held, asyncio.get_running_loop().time() + seconds)

    def _chat_wait(self, chat: int, urgent: bool, now: float) -> float:
        """Reserve a message of a chat; seconds until it may go. Cards have an allowance of their own."""
        if len(self._chats) > _KNOWN_MOST:
            self._chats = {known: then for known, then in self._chats.items() if then > now}
        at_once = URGENT_AT_ONCE if urgent else CHAT_AT_ONCE
        then = max(self._chats.get((chat, urgent), 0.0), now) + 1 / CHAT_RATE
        self._chats[chat, urgent] = then
        return then - now - at_once / CHAT_RATE

    async def _lead(self, rate: float) -> None:
        """Let those who wait go, one after the other."""
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                if not self._next:
                    self._next = await self._moments(rate)
                moment = max(self._next[-1], self._held)
                if moment > loop.time():
                    await asyncio.sleep(moment - loop.time())
                    continue  # it may have been put off meanwhile
                self._next.pop()
                while self._waiting:
                    _, _, future = heapq.heappop(self._waiting)
                    if not future.done():
                        future.set_result(None)
                        break
        finally:
            # A reserved moment is not kept for later: it would be a message too many then.
            self._next = []
            self._leading = None

    async def _moments(self, rate: float) -> list[float]:
        """The next moments at which messages may go, the last one first."""
        number, burst = min(len(self._waiting), _TOGETHER), rate * _BURST_SECONDS
        loop = asyncio.get_running_loop()
        wait = None
        if self._reserve is not None:
            try:
                async with asyncio.timeout(2.0):
                    wait = await self._reserve(number, rate, burst)
                self._failed = False
            except Exception as error:
                # Too fast is put right by Telegram's 429; too slow, by nobody.
                if not self._failed:
                    _LOG.warning("Telegram: the pace cannot be shared with other processes: %s", place(error))
                self._failed = True
        if wait is None:
            wait = self._alone.reserve(number, rate, burst)
        first = loop.time() + wait
        return [first + at / rate for at in reversed(range(number))]


class _Alone:
    """What :data:`Reserve` does, for one process."""

    def __init__(self) -> None:
        self._next = 0.0

    def reserve(self, number: int, rate: float, burst: float) -> float:
        """See :data:`Reserve`."""
        now = asyncio.get_running_loop().time()
        first = max(self._next, now - burst / rate)
        self._next = first + number / rate
        return first - now
