"""Shows "typing" while somebody waits. A courtesy: it never delays an answer, and its failures are nobody's concern."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

from safetybot.channels.telegram.errors import Throttled
from safetybot.channels.telegram.timeouts import Timing


class TypingIndicator:
    """Says that the bot is typing, in chats whose answer takes longer than a moment."""

    def __init__(self, bot: Bot, timing: Timing) -> None:
        self._bot = bot
        self._timing = timing
        self._showing: set[asyncio.Task[None]] = set()

    @contextmanager
    def typing(self, chat: int) -> Iterator[None]:
        """Inside, a chat sees "typing" once ``typing_after`` seconds are over."""
        shown: list[asyncio.Task[None]] = []
        # A timer instead of a task, because nearly every answer is there before it goes off.
        timer = asyncio.get_running_loop().call_later(
            self._timing.typing_after, lambda: shown.append(self._begin(chat))
        )
        try:
            yield
        finally:
            timer.cancel()
            for task in shown:
                task.cancel()

    def _begin(self, chat: int) -> asyncio.Task[None]:
        task = asyncio.create_task(self._show(chat))
        self._showing.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._showing.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio reports nothing

    async def _show(self, chat: int) -> None:
        while True:
            try:
                await self._bot.send_chat_action(chat, ChatAction.TYPING)
            except Throttled:
                return  # the answer itself needs what may still be sent
            except TelegramError:
                pass
            await asyncio.sleep(self._timing.typing_again)
