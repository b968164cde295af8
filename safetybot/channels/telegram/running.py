"""Starting and stopping the Telegram channel."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from telegram.error import InvalidToken, TelegramError

from safetybot.channels.telegram.bot import PollingBot, RawUpdate
from safetybot.channels.telegram.channel import TelegramChannel
from safetybot.channels.telegram.conversation import Conversation
from safetybot.channels.telegram.discretion import place, withhold_library_logs
from safetybot.channels.telegram.errors import TelegramTokenRefused, Throttled
from safetybot.channels.telegram.polling import Poller
from safetybot.channels.telegram.registration import register
from safetybot.channels.telegram.request import AiohttpRequest
from safetybot.channels.telegram.staff_chat import StaffChat, StaffNotes
from safetybot.channels.telegram.timing import Timing, pause, unless_stopped

_LOG = logging.getLogger(__name__)

TELEGRAM = "https://api.telegram.org"
_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def run_telegram(
    token: str,
    api: str | None,
    conversation: Conversation,
    *,
    staff: StaffChat | None = None,
    stop: asyncio.Event | None = None,
    timing: Timing | None = None,
) -> None:
    """Answer on Telegram until ``stop`` is set; without one, until SIGTERM or SIGINT.

    Then what is in hand is finished and confirmed, within about 25 seconds. ``api`` is another Bot API server
    (``http://127.0.0.1:9000``), None for Telegram's own. ``staff``: the chat that is told of new reports.

    Raises :class:`TelegramTokenRefused` or :class:`TelegramConflict`, each with the exit code to end with.
    """
    withhold_library_logs()
    if not _TOKEN.fullmatch(token):
        raise TelegramTokenRefused
    base = (api or TELEGRAM).rstrip("/")
    request = AiohttpRequest()
    bot = PollingBot(
        token,
        base_url=f"{base}/bot",
        base_file_url=f"{base}/file/bot",
        request=request,
        get_updates_request=request,
    )
    try:
        with _stopped_by_signals(stop) as stopping:
            await _run(bot, conversation, staff, timing or Timing(), stopping)
    finally:
        await bot.shutdown()


async def _run(
    bot: PollingBot, conversation: Conversation, staff: StaffChat | None, timing: Timing, stop: asyncio.Event
) -> None:
    if not await _reach(bot, timing, stop):
        return
    counts: Counter[str] = Counter()

    def receive(raw: RawUpdate) -> None:
        channel.receive(raw)

    poller = Poller(bot, receive, timing, counts)
    notes = StaffNotes(bot, staff, timing, counts) if staff is not None else None
    channel = TelegramChannel(bot, conversation, timing, counts, handled=poller.handled, staff=notes)
    if notes is not None:
        await notes.look(stop)  # first, lest the bot leaves a staff chat that has a new number
    registering = asyncio.create_task(_registered(bot, conversation))
    leaving = asyncio.Event()
    telling = asyncio.create_task(notes.run(leaving)) if notes is not None else None
    _LOG.info("Telegram: answering")
    try:
        await poller.run(stop)
    finally:
        leaving.set()
        registering.cancel()
        await asyncio.gather(registering, return_exceptions=True)
        if not await channel.drain(timing.finish_limit):
            _LOG.warning("Telegram: not everything in hand was finished in time; the rest comes again after a start")
        if telling is not None:
            await telling  # not cancelled, for that could break off a look at the database
        await poller.confirm()
        _LOG.info("Telegram: stopped; %s", ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))


async def _registered(bot: PollingBot, conversation: Conversation) -> None:
    try:
        await register(bot, conversation.languages)
    except Exception as error:
        _LOG.error("Telegram: the profile could not be set: %s", place(error))


async def _hello(bot: PollingBot) -> bool:
    await bot.initialize()
    # A webhook left by an earlier program would forbid polling; waiting updates stay.
    return await bot.delete_webhook(drop_pending_updates=False)


async def _reach(bot: PollingBot, timing: Timing, stop: asyncio.Event) -> bool:
    """Say hello to Telegram, for as long as it takes; False where we are stopped before that."""
    attempt = 0
    while not stop.is_set():
        refused = False
        wait = timing.backoff(attempt)
        try:
            return await unless_stopped(_hello(bot), stop) is not None
        except InvalidToken:
            refused = True
        except Throttled as error:
            wait = error.seconds
        except TelegramError as error:
            _LOG.warning("Telegram cannot be reached yet (%s)", type(error).__name__)
        if refused:
            raise TelegramTokenRefused  # out here, because PTB's error holds the token and would be its context
        attempt += 1
        await pause(wait, stop)
    return False


@contextmanager
def _stopped_by_signals(stop: asyncio.Event | None) -> Iterator[asyncio.Event]:
    """The event to stop at: the caller's, or one of ours that the signals set."""
    if stop is not None:
        yield stop
        return
    loop = asyncio.get_running_loop()
    ours = asyncio.Event()
    for number in _SIGNALS:
        loop.add_signal_handler(number, ours.set)
    try:
        yield ours
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
