"""Has Telegram post its updates to us, and sees that it goes on doing so."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import re
from collections import Counter
from collections.abc import Callable

from telegram import WebhookInfo
from telegram.error import BadRequest, InvalidToken, TelegramError

from safetybot.channels.telegram.bot import PollingBot, RawUpdate
from safetybot.channels.telegram.errors import TelegramTokenRefused
from safetybot.channels.telegram.in_flight import InFlightUpdates
from safetybot.channels.telegram.timeouts import Timing, pause, unless_stopped
from safetybot.channels.telegram.updates import ALLOWED
from safetybot.channels.telegram.webhook import Webhook

_LOG = logging.getLogger(__name__)

_KINDS = (
    ("certificate", re.compile(r"ssl|certificate|tls", re.IGNORECASE)),
    ("time out", re.compile(r"time", re.IGNORECASE)),
    ("name not found", re.compile(r"resolve|host", re.IGNORECASE)),
    ("no connection", re.compile(r"connect|refused|reset|closed", re.IGNORECASE)),
)
_STATUS = re.compile(r"\b[2-5][0-9]{2}\b")


async def register_webhook(bot: PollingBot, webhook: Webhook) -> None:
    """Tell Telegram where to post to. What waits there stays. Raises TelegramError."""
    await bot.set_webhook(
        webhook.address.url,
        secret_token=webhook.address.token,
        allowed_updates=ALLOWED,
        max_connections=InFlightUpdates.MOST,
        drop_pending_updates=False,
    )


class WebhookMonitor:
    """The webhook's part in place of :class:`~safetybot.channels.telegram.polling.Poller`."""

    def __init__(
        self,
        bot: PollingBot,
        webhook: Webhook,
        receive: Callable[[RawUpdate], None],
        timing: Timing,
        counts: Counter[str],
        up: Callable[[bool], None] = lambda up: None,
    ) -> None:
        """``up`` is told, after each look at how posting goes, whether Telegram answered."""
        self._up = up
        self._bot = bot
        self._webhook = webhook
        self._receive = receive
        self._timing = timing
        self._counts = counts
        self._refusals = 0
        self._last_error: dt.datetime | None = None

    def handled(self, update_id: int) -> None:
        """Say that an update is dealt with and may be confirmed."""
        self._webhook.in_hand.handled(update_id)

    @property
    def behind(self) -> bool:
        """Whether there may be more to do than is in hand."""
        return len(self._webhook.in_hand) > InFlightUpdates.MOST // 2

    async def run(self, stop: asyncio.Event) -> None:
        """Take what is posted until ``stop``. Raises :class:`TelegramTokenRefused`."""
        self._webhook.in_hand.begin(self._take)
        try:
            while not await pause(self._timing.webhook_check, stop):
                try:
                    await unless_stopped(self._check(), stop)
                    self._up(True)
                except TelegramError as error:
                    self._up(False)
                    self._counts["webhook-unchecked"] += 1
                    _LOG.warning("Telegram: the webhook could not be checked (%s)", type(error).__name__)
        finally:
            self._webhook.in_hand.finish()

    async def confirm(self) -> None:
        """Nothing more will be handled: what is in hand comes again. The webhook stays, so that Telegram keeps it."""
        self._webhook.in_hand.give_up()

    def _take(self, raw: RawUpdate) -> None:
        self._counts["updates"] += 1
        self._receive(raw)

    async def _check(self) -> None:
        """See whether Telegram still posts to us, and how it went."""
        refused = False
        try:
            info = await self._bot.get_webhook_info()
            self._refusals = 0
        except InvalidToken:
            # A proxy or a server in trouble may say so once; ending the bot for that would be worse.
            self._refusals += 1
            refused = True
        if refused:
            if self._refusals > 1:
                raise TelegramTokenRefused
            return
        if info.url != self._webhook.address.url or set(info.allowed_updates or ()) != set(ALLOWED):
            self._counts["webhook-lost"] += 1
            _LOG.warning("Telegram: another program has changed the bot's webhook, which is set again")
            await register_webhook(self._bot, self._webhook)
        self._report(info)

    def _report(self, info: WebhookInfo) -> None:
        """Log how posting last failed, where that is news: what kind of failure, never its text."""
        if info.last_error_date is None or info.last_error_date == self._last_error:
            return
        self._last_error = info.last_error_date
        self._counts["posts-failed"] += 1
        _LOG.warning(
            "Telegram: an update could not be posted to us lately (%s); %d wait there",
            kind_of(info.last_error_message or ""),
            info.pending_update_count,
        )


def kind_of(message: str) -> str:
    """What kind of failure Telegram tells of, in words of ours: its own hold addresses."""
    status = _STATUS.search(message)
    if status:
        return f"HTTP {status[0]}"
    return next((kind for kind, pattern in _KINDS if pattern.search(message)), "another reason")


def explain_refusal(error: BadRequest) -> None:
    """Log why the webhook could not be set, for an operator to do something about it."""
    _LOG.error(
        "Telegram refused the webhook's address (%s); see that SAFETYBOT_WEBHOOK_URL is right, and leads here from the "
        "internet over https. It is tried again",
        kind_of(error.message),
    )
