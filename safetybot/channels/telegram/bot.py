"""PTB's bot, with updates as they come over the wire."""

from __future__ import annotations

from typing import Any

from telegram import Bot

from safetybot.channels.telegram.updates import ALLOWED

RawUpdate = dict[str, Any]


class PollingBot(Bot):
    """A bot whose updates can be had unparsed.

    ``Bot.get_updates`` would parse what is in hand again with every poll; and one update that it cannot parse would
    hide the 99 others, and be logged whole. See :mod:`safetybot.channels.telegram.updates` for what reads them.
    """

    __slots__ = ()

    async def raw_updates(self, *, offset: int | None, limit: int, hold: int, read_timeout: float) -> list[RawUpdate]:
        """The next updates, oldest first; an empty answer is held back by Telegram for ``hold`` seconds."""
        wanted = {"offset": offset, "limit": limit, "timeout": hold, "allowed_updates": ALLOWED}
        fetched = await self._post("getUpdates", wanted, read_timeout=read_timeout)
        return [raw for raw in fetched if isinstance(raw, dict) and isinstance(raw.get("update_id"), int)]
