"""The keys of chats, derived slowly where a chat's name can be guessed, and kept in memory while the chat is active.

Telegram's numbers have some 34 bits. Under a fast hash, whoever has the database and the server's secret could try all
of them in minutes, and so name everybody who wrote lately. Argon2id makes each try cost :data:`MEMORY` bytes and some
milliseconds; the first message of a chat pays for it once, in a thread. The names of web chats are 256 random bits,
which nobody tries.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from safetybot.dialogue.session import ChatKeys
from safetybot.service.rate_limits import Counts, Limit, MemoryCounts

RANDOM = frozenset({"web"})
"""Channels whose chats have names that the server made of enough random bits."""
IDLE_SECONDS = 30 * 60.0
"""For which a chat's keys are kept after its last message."""
KEPT_MOST = 20_000
THREADS = 2
WAIT_SECONDS = 10.0
"""To wait for a chat's keys before an answer without memory: somebody may be in danger."""

_log = logging.getLogger(__name__)


def derive_keys(secret: bytes, channel: str, chat: str) -> ChatKeys:
    """The keys of a chat. Takes some milliseconds, unless the chat's name is random: call it through a ChatKeyring."""
    return (ChatKeys.derive if channel in RANDOM else ChatKeys.derive_slowly)(secret, channel, chat)


class ChatKeyring:
    """Derives keys off the event loop, each once while its chat is active.

    It remembers no chat's name: keys are found by a hash under a key that this process made for itself.
    """

    def __init__(self, secret: bytes, clock: Callable[[], float] = time.monotonic) -> None:
        """``secret``: the server's, 32 bytes; ``clock``: seconds."""
        self._secret = secret
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._kept: OrderedDict[bytes, tuple[float, ChatKeys]] = OrderedDict()
        """Hash → the moment of the last use, and the keys; those used last at the end."""
        self._deriving: dict[bytes, asyncio.Future[ChatKeys]] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="chat keys")

    def __len__(self) -> int:
        return len(self._kept)

    async def keys(self, channel: str, chat: str) -> ChatKeys:
        """The keys of a chat. Raises TimeoutError where that takes too long, and what deriving raises."""
        if channel in RANDOM:
            return ChatKeys.derive(self._secret, channel, chat)
        name = hashlib.blake2b(json.dumps([channel, chat]).encode(), digest_size=16, key=self._key).digest()
        if (kept := self._kept.pop(name, None)) is not None:
            self._kept[name] = self._clock(), kept[1]
            return kept[1]
        deriving = self._deriving.get(name)
        if deriving is None:
            loop = asyncio.get_running_loop()
            deriving = loop.run_in_executor(self._threads, derive_keys, self._secret, channel, chat)
            self._deriving[name] = deriving
            deriving.add_done_callback(lambda done: self._derived(name, done))
        async with asyncio.timeout(WAIT_SECONDS):
            return await asyncio.shield(deriving)  # for others of the chat may wait for the same

    def forget_idle(self) -> None:
        """Forgets the keys of chats that nobody has used for a while."""
        over = self._clock() - IDLE_SECONDS
        while self._kept and next(iter(self._kept.values()))[0] < over:
            self._kept.popitem(last=False)

    def close(self) -> None:
        """Ends the threads, and forgets all keys."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._kept.clear()

    def _derived(self, name: bytes, done: asyncio.Future[ChatKeys]) -> None:
        del self._deriving[name]
        if not done.cancelled() and done.exception() is None:
            self._kept[name] = self._clock(), done.result()
            if len(self._kept) > KEPT_MOST:
                self._kept.popitem(last=False)


class AliasedCounts:
    """Counts under names that are derived slowly: shared counts stand in the database for an hour or two."""

    def __init__(self, counts: Counts, keyring: ChatKeyring, channel: str) -> None:
        """Each name is a word or two and, after the last space, a chat of ``channel``."""
        self._counts = counts
        self._keyring = keyring
        self._channel = channel
        self._alone = MemoryCounts()

    async def take(self, names: Mapping[str, Limit]) -> str | None:
        """See :class:`~safetybot.service.rate_limits.Counts`."""
        hidden: dict[str, str] = {}
        try:
            for name in names:
                what, _, chat = name.rpartition(" ")
                keys = await self._keyring.keys(self._channel, chat)
                hidden[f"{what} {keys.lookup.hex()}"] = name
        except Exception as error:
            _log.warning("a limit is not shared with other processes for now: %s", type(error).__name__)
            return await self._alone.take(names)
        over = await self._counts.take({alias: names[name] for alias, name in hidden.items()})
        return None if over is None else hidden[over]
