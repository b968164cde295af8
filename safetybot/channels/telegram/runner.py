"""Starting and stopping the Telegram channel."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from telegram.error import BadRequest, InvalidToken, TelegramError

from safetybot.channels.telegram.bot import PollingBot, RawUpdate
from safetybot.channels.telegram.channel import TelegramChannel
from safetybot.channels.telegram.errors import TelegramTokenRefused, Throttled
from safetybot.channels.telegram.load_shedding import LoadShedder
from safetybot.channels.telegram.log_redaction import place, withhold_library_logs
from safetybot.channels.telegram.polling import Poller
from safetybot.channels.telegram.protocols import TelegramConversation
from safetybot.channels.telegram.rate_limiter import RateLimiter, Reserve
from safetybot.channels.telegram.registration import register
from safetybot.channels.telegram.request import AiohttpRequest
from safetybot.channels.telegram.staff_chat import StaffChat, StaffNotes
from safetybot.channels.telegram.timeouts import Timing, pause, unless_stopped
from safetybot.channels.telegram.updates import CHANNEL
from safetybot.channels.telegram.webhook import Webhook
from safetybot.channels.telegram.webhook_monitor import WebhookMonitor, explain_refusal, register_webhook
from safetybot.metrics.counters import Metrics
from safetybot.service.rate_limits import Counts, MemoryCounts

_LOG = logging.getLogger(__name__)

TELEGRAM = "https://api.telegram.org"
_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class TelegramLimits:
    """How fast messages go out, and how much is taken from one chat."""

    rate: float = 30.0
    """Messages a second, of all processes together."""
    counts: Counts | None = None
    """What is asked for; None: of this process alone."""
    reserve: Reserve | None = None
    """Shares the rate with other processes."""


async def run_telegram(
    token: str,
    api: str | None,
    conversation: TelegramConversation,
    *,
    staff: StaffChat | None = None,
    stop: asyncio.Event | None = None,
    timing: Timing | None = None,
    webhook: Webhook | None = None,
    limits: TelegramLimits | None = None,
    observed: Metrics | None = None,
) -> None:
    """Answer on Telegram until ``stop`` is set; without one, until SIGTERM or SIGINT.

    Then what is in hand is finished and confirmed, within about 25 seconds. ``api`` is another Bot API server
    (``http://127.0.0.1:9000``), None for Telegram's own. ``staff``: the chat that is told of new reports. ``webhook``:
    served by somebody, it has Telegram post its updates; without it they are asked for. ``limits``: None for no limits.
    ``observed``: told what happens.

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
            await _Run(bot, conversation, staff, timing or Timing(), webhook, limits, observed).until(stopping)
    finally:
        await bot.shutdown()


class _Run:
    """One run of the channel, and its parts."""

    def __init__(
        self,
        bot: PollingBot,
        conversation: TelegramConversation,
        staff: StaffChat | None,
        timing: Timing,
        webhook: Webhook | None,
        limits: TelegramLimits | None,
        observed: Metrics | None,
    ) -> None:
        observed = observed or Metrics()
        self._observed, counts = observed, observed.telegram
        self._bot = bot
        self._conversation = conversation
        self._timing = timing
        self._webhook = webhook
        self._counts = counts
        self._notes = StaffNotes(bot, staff, timing, counts) if staff is not None else None
        self._floods: LoadShedder | None = None
        pace = None
        if limits is not None:
            pace = RateLimiter(limits.rate, limits.reserve)
            observed.to_send = pace.__len__
            self._floods = LoadShedder(conversation.in_danger, limits.counts or MemoryCounts(), limits.rate, counts)
        self._intake: Poller | WebhookMonitor = (
            Poller(bot, self._receive, timing, counts, observed.telegram_is, conversation.committed)
            if webhook is None
            else WebhookMonitor(bot, webhook, self._receive, timing, counts, observed.telegram_is)
        )
        self._channel = TelegramChannel(
            bot,
            conversation,
            timing,
            counts,
            handled=self._intake.handled,
            staff=self._notes,
            pace=pace,
            floods=self._floods,
        )
        observed.waiting[CHANNEL] = lambda: self._channel.waiting

    def _receive(self, raw: RawUpdate) -> None:
        self._channel.receive(raw)

    async def until(self, stop: asyncio.Event) -> None:
        """Answer until ``stop``; then finish what is in hand."""
        bot, timing, notes = self._bot, self._timing, self._notes
        if not await _reach(bot, timing, stop, self._webhook):
            return
        self._observed.telegram_is(True)
        if notes is not None:
            await notes.look(stop)  # first, lest the bot leaves a staff chat that has a new number
        registering = asyncio.create_task(_registered(bot, self._conversation))
        leaving = asyncio.Event()
        telling = asyncio.create_task(notes.run(leaving)) if notes is not None else None
        watching = None
        if self._floods is not None:
            watching = asyncio.create_task(self._floods.watch(bot, lambda: self._intake.behind, timing, leaving))
        _LOG.info("Telegram: answering")
        try:
            await self._intake.run(stop)
        finally:
            leaving.set()
            asked = [task for task in (registering, watching) if task is not None]
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            if not await self._channel.drain(timing.finish_limit if self._webhook is None else timing.webhook_finish):
                _LOG.warning("Telegram: not everything in hand was finished in time; the rest comes again")
            if telling is not None:
                await telling  # not cancelled, for that could break off a look at the database
            await self._intake.confirm()
            counted = ", ".join(f"{name} {count}" for name, count in sorted(self._counts.items()))
            _LOG.info("Telegram: stopped; %s", counted)


async def _registered(bot: PollingBot, conversation: TelegramConversation) -> None:
    try:
        await register(bot, conversation.languages)
    except Exception as error:
        _LOG.error("Telegram: the profile could not be set: %s", place(error))


async def _hello(bot: PollingBot, webhook: Webhook | None) -> bool:
    await bot.initialize()
    if webhook is not None:
        await register_webhook(bot, webhook)
        return True
    # A webhook left by an earlier program would forbid polling; waiting updates stay.
    return await bot.delete_webhook(drop_pending_updates=False)


async def _reach(bot: PollingBot, timing: Timing, stop: asyncio.Event, webhook: Webhook | None) -> bool:
    """Say hello to Telegram, for as long as it takes; False where we are stopped before that."""
    attempt = 0
    while not stop.is_set():
        refused = False
        wait = timing.backoff(attempt)
        try:
            return await unless_stopped(_hello(bot, webhook), stop) is not None
        except InvalidToken:
            refused = True
        except Throttled as error:
            wait = error.seconds
        except TelegramError as error:
            if webhook is not None and isinstance(error, BadRequest):
                explain_refusal(error)
            else:
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
