"""Saying things to Telegram: again after what passes, never after a refusal, and always for a bounded time."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden, NetworkError, TelegramError

from safetybot.channels.telegram.bot import PollingBot
from safetybot.channels.telegram.errors import Throttled
from safetybot.channels.telegram.rate_limiter import RateLimiter
from safetybot.channels.telegram.rendering import TelegramMessage
from safetybot.channels.telegram.timeouts import Timing

_LOG = logging.getLogger(__name__)
_DELETE_MOST = 100

T = TypeVar("T")


class ChatGone(Exception):  # noqa: N818 - no error: people may block a bot
    """The person blocked the bot or left Telegram: nothing more can be said to them."""


@dataclass(slots=True)
class Deadline:
    """Until when something is tried."""

    until: float
    outlasts: bool = True
    """While nothing at all gets through to Telegram, its time stands still."""


class MessageSender:
    """Sends and deletes. Counts what could not be done, and logs no word of it."""

    def __init__(self, bot: PollingBot, timing: Timing, counts: Counter[str], pace: RateLimiter | None = None) -> None:
        """``pace``: when a message may go; without it, at once."""
        self._bot = bot
        self._timing = timing
        self._counts = counts
        self._rate_limiter = RateLimiter(None) if pace is None else pace
        self._through = 0.0
        """When something last got through."""

    def deadline(self, seconds: float | None = None) -> Deadline:
        """How long the answer begun now is tried; with ``seconds`` it is for so long, whatever happens."""
        now = asyncio.get_running_loop().time()
        if seconds is not None:
            return Deadline(now + seconds, outlasts=False)
        return Deadline(now + self._timing.send_limit)

    async def persist(self, call: Callable[[], Awaitable[T]], patience: Deadline) -> T:
        """Call until it succeeds, is refused, or the next wait would be too long; the last error is raised.

        A wait that Telegram asks for holds up this chat alone: each chat's messages are sent by its own task.
        """
        loop = asyncio.get_running_loop()
        attempt, since = 0, loop.time()
        while True:
            try:
                done = await call()
                if patience.outlasts:
                    self._through = loop.time()
                return done
            except BadRequest:
                raise
            except Throttled as error:
                wait = error.seconds + self._timing.backoff(0) * 0.2
                self._counts["throttled"] += 1
                failure: TelegramError = error
            except NetworkError as error:
                wait = self._timing.backoff(attempt)
                self._counts["retried"] += 1
                failure = error
                now = loop.time()
                if patience.outlasts and self._through <= since:
                    # Nobody got through since the last failure: it is not about this message, and may last.
                    patience.until = max(patience.until + now - since, now + wait)
            if loop.time() + wait > patience.until:
                raise failure
            since = loop.time()
            await asyncio.sleep(wait)
            attempt += 1

    async def send(self, chat: int, part: TelegramMessage, patience: Deadline, *, urgent: bool = False) -> int | None:
        """Send one message; its number, or None where it could not be sent, which is counted and logged.

        ``urgent`` goes before all that waits. Raises :class:`ChatGone` where nobody is there to read.
        """

        def message(text: str, parse_mode: str | None) -> Callable[[], Awaitable[int]]:
            return lambda: self._message(chat, text, part, parse_mode, urgent)

        try:
            return await self.persist(message(part.html, ParseMode.HTML), patience)
        except Forbidden:
            self._counts["blocked"] += 1
            raise ChatGone from None
        except BadRequest as error:
            if "can't parse" not in error.message.lower():
                self._failed("refused", error)
                return None
        except TelegramError as error:
            self._failed("unsent", error)
            return None
        # The markup is our fault; the person still gets the words.
        self._counts["markup-refused"] += 1
        _LOG.error("TelegramMarkupRefused: Telegram could not parse a message's HTML; it is sent as plain text")
        try:
            return await self.persist(message(part.text, None), patience)
        except TelegramError as error:
            self._failed("unsent", error)
            return None

    async def _message(self, chat: int, text: str, part: TelegramMessage, parse_mode: str | None, urgent: bool) -> int:
        await self._rate_limiter.acquire(chat, urgent=urgent)
        try:
            number = await self._bot.say(chat, text, parse_mode=parse_mode, keyboard=part.keyboard)
        except Throttled as error:
            self._rate_limiter.refused(chat, error.seconds)
            raise
        self._rate_limiter.sent()
        self._counts["sent"] += 1
        return number

    async def delete(self, chat: int, message_ids: Sequence[int], patience: Deadline) -> bool:
        """Delete messages for both sides; whether all went. One that cannot go does not keep the others."""
        chunks = [message_ids[at : at + _DELETE_MOST] for at in range(0, len(message_ids), _DELETE_MOST)]
        done = [await self._delete_chunk(chat, chunk, patience) for chunk in chunks]
        return all(done)

    async def _delete_chunk(self, chat: int, chunk: Sequence[int], patience: Deadline) -> bool:
        try:
            done = await self.persist(lambda: self._bot.delete_messages(chat, chunk), patience)
        except Forbidden:
            self._counts["blocked"] += 1
            raise ChatGone from None
        except BadRequest:
            done = False
        except TelegramError as error:
            self._failed("undeleted", error)
            return False
        if done or len(chunk) == 1:
            return done
        # Telegram refused the lot, perhaps for one that is too old: find it by halving.
        middle = len(chunk) // 2
        first = await self._delete_chunk(chat, chunk[:middle], patience)
        return await self._delete_chunk(chat, chunk[middle:], patience) and first

    def _failed(self, what: str, error: TelegramError) -> None:
        self._counts[what] += 1
        # Never the error's text: Telegram quotes the message in some of them.
        _LOG.error("Telegram: one message %s (%s)", what, type(error).__name__)
