"""Saying things to Telegram: again after what passes, never after a refusal, and always for a bounded time."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from telegram import Bot, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden, NetworkError, TelegramError

from safetybot.channels.telegram.errors import Throttled
from safetybot.channels.telegram.rendering import Part
from safetybot.channels.telegram.timing import Timing

_LOG = logging.getLogger(__name__)
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_DELETE_MOST = 100

T = TypeVar("T")


class ChatGone(Exception):  # noqa: N818 - no error: people may block a bot
    """The person blocked the bot or left Telegram: nothing more can be said to them."""


class Sender:
    """Sends and deletes. Counts what could not be done, and logs no word of it."""

    def __init__(self, bot: Bot, timing: Timing, counts: Counter[str]) -> None:
        self._bot = bot
        self._timing = timing
        self._counts = counts

    def deadline(self) -> float:
        """Until when the answer begun now is tried."""
        return asyncio.get_running_loop().time() + self._timing.send_limit

    async def persist(self, call: Callable[[], Awaitable[T]], deadline: float) -> T:
        """Call until it succeeds, is refused, or the next wait would pass the deadline; the last error is raised.

        A wait that Telegram asks for holds up this chat alone: each chat's messages are sent by its own task.
        """
        attempt = 0
        while True:
            try:
                return await call()
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
            if asyncio.get_running_loop().time() + wait > deadline:
                raise failure
            await asyncio.sleep(wait)
            attempt += 1

    async def send(self, chat: int, part: Part, deadline: float) -> int | None:
        """Send one message; its number, or None where it could not be sent, which is counted and logged.

        Raises :class:`ChatGone` where nobody is there to read.
        """
        try:
            return await self.persist(lambda: self._message(chat, part.html, part, ParseMode.HTML), deadline)
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
            return await self.persist(lambda: self._message(chat, part.text, part, None), deadline)
        except TelegramError as error:
            self._failed("unsent", error)
            return None

    async def _message(self, chat: int, text: str, part: Part, parse_mode: str | None) -> int:
        message = await self._bot.send_message(
            chat, text, parse_mode=parse_mode, reply_markup=part.keyboard, link_preview_options=_NO_PREVIEW
        )
        return message.message_id

    async def delete(self, chat: int, message_ids: Sequence[int], deadline: float) -> bool:
        """Delete messages for both sides; whether all went. One that cannot go does not keep the others."""
        chunks = [message_ids[at : at + _DELETE_MOST] for at in range(0, len(message_ids), _DELETE_MOST)]
        done = [await self._delete_chunk(chat, chunk, deadline) for chunk in chunks]
        return all(done)

    async def _delete_chunk(self, chat: int, chunk: Sequence[int], deadline: float) -> bool:
        try:
            done = await self.persist(lambda: self._bot.delete_messages(chat, chunk), deadline)
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
        first = await self._delete_chunk(chat, chunk[:middle], deadline)
        return await self._delete_chunk(chat, chunk[middle:], deadline) and first

    def _failed(self, what: str, error: TelegramError) -> None:
        self._counts[what] += 1
        # Never the error's text: Telegram quotes the message in some of them.
        _LOG.error("Telegram: one message %s (%s)", what, type(error).__name__)
