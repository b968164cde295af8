"""More than can be answered: from one chat, or in all. Whoever may be in danger is answered all the same."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from telegram import Bot
from telegram.error import TelegramError

from safetybot.channels.telegram.log_redaction import place
from safetybot.channels.telegram.timeouts import Timing, pause
from safetybot.dialogue.messages import Incoming
from safetybot.service.rate_limits import Counts, Limit

CHAT = Limit(20, 0.5)
"""Messages of one chat; faster than anybody types for long."""
SLOW_DOWN = Limit(1, 1 / 60)
"""How often a chat is asked to write more slowly."""
BUSY = Limit(1, 1 / 600)
"""How often a chat is told that too many people write."""
LONG_SECONDS = 120.0
"""When more waits at Telegram than can be answered in so long, it is too much."""

_LOG = logging.getLogger(__name__)


class LoadShedder:
    """Decides what is said in place of an answer."""

    WAITING_MOST = 4
    """Messages of one chat that wait for their turn. Updates are confirmed in order where they are asked for: one that
    waits long, because its chat is paced, holds back those of others in the end."""

    def __init__(
        self, in_danger: Callable[[Incoming], Awaitable[bool]], counts: Counts, rate: float, seen: Counter[str]
    ) -> None:
        """``counts``: what was asked for; ``rate``: messages a second that may be sent; ``seen``: what is counted."""
        self._in_danger = in_danger
        self._counts = counts
        self._seen = seen
        self._most = rate * LONG_SECONDS
        self.busy = False
        """Far more people write than can be answered soon."""

    async def rejection(self, incoming: Incoming, *, too_many: bool = False) -> str | None:
        """What is to be said in place of an answer; "" where that was said lately; None where it is to be answered.

        ``too_many``: as much as may wait does wait in this chat.
        """
        chat = incoming.chat
        over = await self._counts.take({f"telegram {chat}": CHAT}) is not None or too_many
        if not (over or self.busy) or await self._judged(incoming):
            return None
        say, limit = ("slow-down", SLOW_DOWN) if over else ("busy", BUSY)
        self._seen[say] += 1
        return say if await self._counts.take({f"{say} {chat}": limit}) is None else ""

    async def watch(self, bot: Bot, behind: Callable[[], bool], timing: Timing, stop: asyncio.Event) -> None:
        """See how much waits at Telegram, now and then while ``behind``, until ``stop``."""
        while not await pause(timing.load_check, stop):
            if not (behind() or self.busy):
                continue
            try:
                waiting = (await bot.get_webhook_info()).pending_update_count
            except TelegramError:
                continue
            # Not over as soon as it is a little better, lest it goes to and fro.
            busy = waiting > (self._most / 4 if self.busy else self._most)
            if busy != self.busy:
                _LOG.warning("Telegram: %s", f"{waiting} updates wait: too many" if busy else "the rush is over")
            self.busy = busy

    async def _judged(self, incoming: Incoming) -> bool:
        try:
            return await self._in_danger(incoming)
        except Exception as error:  # where that is not known, it may be
            _LOG.error("Telegram: a message could not be judged: %s", place(error))
            return True
