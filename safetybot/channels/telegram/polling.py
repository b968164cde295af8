"""Our own loop over getUpdates: an update is confirmed only once it is handled.

PTB's loop confirms an update as soon as it is queued, so a crash would lose a message that somebody sent in need.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from telegram.error import Conflict, InvalidToken, TelegramError, TimedOut

from safetybot.channels.telegram.bot import PollingBot, RawUpdate
from safetybot.channels.telegram.errors import TelegramConflict, TelegramTokenRefused, Throttled
from safetybot.channels.telegram.offset_tracker import OffsetTracker
from safetybot.channels.telegram.timeouts import Timing, pause, unless_stopped
from safetybot.channels.telegram.updates import UPDATE_MOST

_LOG = logging.getLogger(__name__)

_GATHER = 0.005
"""After progress, wait this much for more of it: under load one request then confirms many updates."""
_GATHER_COMMITS = 0.015
"""After an update is handled, wait this much for more before it is made sure that they are on the disk."""
_PAUSE_FIRST = 0.01
_PAUSE_MOST = 0.5


class Poller:
    """Fetches updates, hands each new one over once, and confirms those that are handled."""

    def __init__(
        self,
        bot: PollingBot,
        receive: Callable[[RawUpdate], None],
        timing: Timing,
        counts: Counter[str],
        up: Callable[[bool], None] = lambda up: None,
        committed: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """``up`` is told, after each request, whether Telegram answered; ``committed`` returns once all that was
        handled is on the disk, and raises where that cannot be."""
        self._up = up
        self._committed = committed
        self._bot = bot
        self._receive = receive
        self._timing = timing
        self._counts = counts
        self._window = OffsetTracker()
        self._offset: int | None = None
        """What Telegram may be told: what comes before is handled, and that stands on the disk."""
        self._noting: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._pause = _PAUSE_FIRST
        self._asked: tuple[int | None, float] = (None, 0.0)
        self._failures = 0
        self._refusals = 0
        self._conflicts: deque[float] = deque()

    def handled(self, update_id: int) -> None:
        """Say that an update is dealt with and may be confirmed."""
        if self._window.handled(update_id) and self._noting is None:
            self._noting = asyncio.create_task(self._note(), name="note updates")

    async def _note(self) -> None:
        """Lets Telegram be told what is handled, once it is on the disk: what it has forgotten must not be lost."""
        try:
            while self._offset != self._window.offset:
                if self._committed is not None:
                    await asyncio.sleep(_GATHER_COMMITS)
                handled = self._window.offset
                if self._committed is not None:
                    # Whoever writes has told it. Others must not wait for a disk: they may be in danger.
                    with suppress(Exception):
                        async with asyncio.timeout(self._timing.commit_limit):
                            await self._committed()
                self._offset = handled
                self._wake.set()
        finally:
            self._noting = None

    @property
    def _in_hand(self) -> bool:
        return bool(self._window) or self._noting is not None

    @property
    def behind(self) -> bool:
        """Whether there may be more to do than is in hand."""
        return self._window.full or len(self._window) > OffsetTracker.SIZE // 2

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until ``stop``. Raises :class:`TelegramTokenRefused` or :class:`TelegramConflict`."""
        stopped = asyncio.create_task(stop.wait())
        stopped.add_done_callback(lambda _: self._wake.set())
        try:
            while not stop.is_set():
                self._wake.clear()  # what was handled until here, this request confirms
                began = asyncio.get_running_loop().time()
                try:
                    fetched = await unless_stopped(self._fetch(), stop)
                except TelegramError as error:
                    self._up(False)
                    await pause(self._wait_after(error), stop)
                    continue
                if fetched is not None:
                    self._up(True)
                    fruitless = self._take(fetched) == 0 and asyncio.get_running_loop().time() - began < 1.0
                    fetched = None  # what was written is not kept until somebody writes again
                    await self._breathe(fruitless=fruitless)
        finally:
            stopped.cancel()

    def _take(self, fetched: list[RawUpdate]) -> int:
        fresh = 0
        for raw in fetched:
            number = raw.get("update_id")
            if not isinstance(number, int) or isinstance(number, bool) or number < 0:
                self._leave_out()  # and not confirmed: to Telegram, a negative offset means to forget all before
            elif self._window.admit(number):
                fresh += 1
                if number <= UPDATE_MOST:
                    self._receive(raw)
                else:
                    self._leave_out()
                    self.handled(number)
        self._counts["updates"] += fresh
        return fresh

    def _leave_out(self) -> None:
        self._counts["unreadable"] += 1
        count = self._counts["unreadable"]
        if count & (count - 1) == 0:  # at 1, 2, 4, 8…: seen, and no flood of lines
            _LOG.error("Telegram: an update has no number that can be used, and is left out (%d)", count)

    async def _breathe(self, *, fruitless: bool) -> None:
        """Wait before the next getUpdates where that would only return what is in hand.

        With nothing in hand the long poll itself waits. Otherwise Telegram answers at once, with the same updates
        again; so we wait until the oldest is handled, looking in between, ever more seldom, for new ones of other
        chats. When the window is full there can be no new ones.

        ``fruitless`` polls, at once and with nothing new, slow down even with nothing in hand: a server that does
        not hold them back, or repeats what was confirmed, must not be asked a thousand times a second.
        """
        self._pause = min(self._pause * 2, _PAUSE_MOST) if fruitless else _PAUSE_FIRST
        if not self._in_hand and not fruitless:
            return
        try:
            async with asyncio.timeout(None if self._window.full else self._pause):
                await self._wake.wait()
        except TimeoutError:
            return
        if self._in_hand and self._committed is None:  # else it was waited for before
            await asyncio.sleep(_GATHER)

    async def _fetch(self) -> list[RawUpdate]:
        timeout = 0 if self._in_hand else self._timing.long_poll
        offset = self._offset
        self._asked = (offset, asyncio.get_running_loop().time())
        fetched = await self._get_updates(offset, OffsetTracker.SIZE, timeout, timeout + self._timing.poll_grace)
        if self._failures:
            _LOG.info("Telegram: polling works again")
        self._failures = self._refusals = 0
        return fetched

    async def _get_updates(self, offset: int | None, limit: int, hold: int, patience: float) -> list[RawUpdate]:
        try:
            # The watchdog for silent stalls: whatever the connection believes, this ends in time.
            async with asyncio.timeout(patience):
                return await self._bot.raw_updates(offset=offset, limit=limit, hold=hold, read_timeout=patience + 5)
        except TimeoutError:
            self._counts["polls-stalled"] += 1
            raise TimedOut("getUpdates stalled") from None

    def _wait_after(self, error: TelegramError) -> float:
        """How long to wait after a failed getUpdates; raises where waiting cannot help."""
        if isinstance(error, Throttled):
            return error.seconds
        if isinstance(error, InvalidToken):
            # A proxy or a server in trouble may say so once; ending the bot for that would be worse.
            self._refusals += 1
            if self._refusals > 1:
                raise TelegramTokenRefused
            return self._timing.backoff(1)
        if isinstance(error, Conflict):
            return self._wait_after_conflict()
        self._counts["polls-failed"] += 1
        self._failures += 1
        if self._failures & (self._failures - 1) == 0:  # at 1, 2, 4, 8…: seen, and no flood of lines
            _LOG.warning("Telegram: getUpdates failed %d times (%s)", self._failures, type(error).__name__)
        return self._timing.backoff(self._failures - 1)

    def _wait_after_conflict(self) -> float:
        now = asyncio.get_running_loop().time()
        self._conflicts.append(now)
        while now - self._conflicts[0] > self._timing.conflict_window:
            self._conflicts.popleft()
        if len(self._conflicts) >= self._timing.conflict_most:
            raise TelegramConflict
        _LOG.warning("Telegram: another program reads this bot's messages (409)")
        return self._timing.backoff(len(self._conflicts))

    async def confirm(self) -> None:
        """Tell Telegram what was handled since the last getUpdates; for the end, when no other will follow."""
        if (noting := self._noting) is not None:
            await asyncio.wait({noting}, timeout=self._timing.confirm_limit)
            noting.cancel()
        asked, since = self._asked
        if self._offset is None:
            return
        # The long poll that was called off has said so already, if it got there. To ask again would cost seconds:
        # Telegram holds back whoever asks the same twice.
        if asked == self._offset and asyncio.get_running_loop().time() - since > 1.0:
            return
        try:
            await self._get_updates(self._offset, 1, 0, self._timing.confirm_limit)
        except TelegramError as error:
            # They come again after the next start, and are recognised by their number.
            _LOG.warning("Telegram: the last confirmation failed (%s)", type(error).__name__)
