"""PTB's bot, with updates as they come over the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegram import Bot
from telegram.error import TelegramError

from safetybot.channels.telegram.updates import ALLOWED, CHAT_MOST, is_number

RawUpdate = dict[str, Any]
Keyboard = Mapping[str, Any]
"""An InlineKeyboardMarkup, as it goes over the wire."""
_NO_PREVIEW = {"is_disabled": True}


class PollingBot(Bot):
    """A bot whose updates can be had unparsed, and whose messages go out as they are.

    ``Bot.get_updates`` would parse what is in hand again with every poll; and one update that it cannot parse would
    hide the 99 others, and be logged whole. See :mod:`safetybot.channels.telegram.updates` for what reads them.
    """

    __slots__ = ()

    async def raw_updates(self, *, offset: int | None, limit: int, hold: int, read_timeout: float) -> list[RawUpdate]:
        """The next updates, oldest first; an empty answer is held back by Telegram for ``hold`` seconds."""
        wanted = {"offset": offset, "limit": limit, "timeout": hold, "allowed_updates": ALLOWED}
        fetched = await self._post("getUpdates", wanted, read_timeout=read_timeout)
        return [raw for raw in fetched if isinstance(raw, dict)]

    async def say(self, chat: int, text: str, *, parse_mode: str | None, keyboard: Keyboard | None) -> int:
        """Send a message; its number. Raises as ``Bot.send_message`` does.

        That makes objects of the keyboard and of all that Telegram answers, which takes as long as sending.
        """
        message = {
            "chat_id": chat,
            "text": text,
            "parse_mode": parse_mode,
            "reply_markup": keyboard,
            "link_preview_options": _NO_PREVIEW,
        }
        sent: Any = await self._post("sendMessage", message)
        number = sent.get("message_id") if isinstance(sent, dict) else None
        if not is_number(number, 0, CHAT_MOST):
            raise TelegramError("Telegram's answer cannot be read")
        return number
