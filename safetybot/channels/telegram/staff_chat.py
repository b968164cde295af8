"""The chat of the safeguarding staff: told that there is something to read, never what; and never listened to."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from telegram.constants import ChatAction
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from safetybot.channels.telegram.bot import PollingBot
from safetybot.channels.telegram.log_redaction import place
from safetybot.channels.telegram.sending import Deadline, MessageSender
from safetybot.channels.telegram.timeouts import Timing, pause_for, unless_stopped

_LOG = logging.getLogger(__name__)

Send = Callable[[str], Awaitable[bool]]
Tell = Callable[[Send, float], Awaitable[float | None]]
"""Given how to send a note (it answers whether it arrived) and the seconds between two notes: sends what there is to
tell, and returns the seconds until something that waits may be told; None where nothing waits."""


@dataclass(frozen=True, slots=True)
class StaffChat:
    """Where staff are told, and what."""

    chat: int = field(repr=False)
    """Telegram's number of it: a group, a channel or a person."""
    tell: Tell
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by whoever knows that there is something new; else it is seen within ``Timing.staff_poll`` seconds."""


class StaffNotes:
    """Tells the staff chat, for as long as it runs. The chat's number goes nowhere but to Telegram."""

    def __init__(self, bot: PollingBot, staff: StaffChat, timing: Timing, counts: Counter[str]) -> None:
        self._bot = bot
        self._staff = staff
        self._timing = timing
        self._counts = counts
        self._sender = MessageSender(bot, timing, counts)
        self._numbers = {staff.chat}
        self._chat = staff.chat
        self._logged: dict[str, float] = {}

    def lives_in(self, chat: int) -> bool:
        """Whether this is the staff chat, under any number it has had since the start."""
        return chat in self._numbers

    def moved(self, chat: int) -> None:
        """Telegram has given the chat a new number, as it does when a group grows features."""
        if chat in self._numbers:
            return
        self._numbers.add(chat)
        self._chat = chat
        _LOG.warning("Telegram: the staff chat has a new number, which is used from now on; set SAFETYBOT_STAFF_CHAT")

    async def look(self, stop: asyncio.Event) -> None:
        """See whether the chat can be written to, so that an operator hears of it before a report is made.

        Never raises.
        """
        patience = self._sender.deadline(self._timing.acknowledge_limit)
        try:
            async with asyncio.timeout_at(patience.until):
                await unless_stopped(self._attempt(self._show_typing, patience), stop)
        except Exception as error:
            self._log("Telegram: the staff chat could not be tried: %s", place(error))

    async def run(self, stop: asyncio.Event) -> None:
        """Tell what there is to tell, until ``stop``; what is being sent then gets a moment more. Never raises."""
        while not stop.is_set():
            self._staff.wake.clear()
            wait = None
            try:
                wait = await self._staff.tell(lambda text: self._send(text, stop), self._timing.staff_gap)
            except Exception as error:
                self._log("Telegram: what staff are to be told is not known: %s", place(error))
            await pause_for(min(self._timing.staff_poll, wait or self._timing.staff_poll), stop, self._staff.wake)

    async def _send(self, text: str, stop: asyncio.Event) -> bool:
        patience = self._sender.deadline(self._timing.staff_gap)
        sent = self._attempt(lambda: self._bot.send_message(self._chat, text), patience)
        # Called off at once, it might have arrived without our knowing; then it would come again after the next start.
        arrived = bool(await unless_stopped(sent, stop, grace=self._timing.confirm_limit))
        self._counts["staff-notes"] += arrived
        return arrived

    async def _attempt(self, call: Callable[[], Awaitable[object]], patience: Deadline) -> bool:
        """Do something in the chat, under its new number where it has one; whether it was done."""
        try:
            try:
                await self._sender.persist(call, patience)
            except ChatMigrated as error:
                self.moved(error.new_chat_id)
                await self._sender.persist(call, patience)
        except (Forbidden, BadRequest, ChatMigrated) as error:
            self._log(
                "Telegram: the staff chat cannot be written to (%s); see that SAFETYBOT_STAFF_CHAT is right, and that "
                "the bot is a member there and may write",
                type(error).__name__,
            )
        except TelegramError as error:
            self._log("Telegram: the staff chat could not be reached (%s); it is tried again", type(error).__name__)
        else:
            return True
        return False

    async def _show_typing(self) -> None:
        await self._bot.send_chat_action(self._chat, ChatAction.TYPING)

    def _log(self, message: str, detail: str) -> None:
        """An error, each kind of it once an hour. Never the error's text: it might quote."""
        now = asyncio.get_running_loop().time()
        if now - self._logged.get(message, -self._timing.staff_log) >= self._timing.staff_log:
            self._logged[message] = now
            _LOG.error(message, detail)
