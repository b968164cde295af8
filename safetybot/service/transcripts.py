"""Keeps what a page shows of its conversation, sealed under the chat's own key, for a few idle minutes."""

from __future__ import annotations

import logging
from collections.abc import Callable

from safetybot.dialogue.session import ChatKeys, SealedDataError
from safetybot.dialogue.transcript import Transcript
from safetybot.storage.store import Sealed
from safetybot.storage.transcripts import TranscriptStore

IDLE_SECONDS = 15 * 60
"""Seconds after which a page that nobody uses is forgotten."""

_log = logging.getLogger(__name__)


class Transcripts:
    """The transcripts of one channel."""

    def __init__(self, store: TranscriptStore, secret: bytes, channel: str, clock: Callable[[], float]) -> None:
        """``secret``: 32 bytes; ``clock``: seconds since 1970."""
        self._store = store
        self._secret = secret
        self._channel = channel
        self._clock = clock

    async def load(self, chat: str) -> Transcript | None:
        """The transcript of a chat; None where there is none, or its time is over."""
        keys = self._keys(chat)
        sealed = await self._store.load(keys.lookup)
        if sealed is None or sealed.expires <= self._clock():
            return None
        try:
            return keys.open_transcript(sealed.envelope)
        except SealedDataError as error:
            _log.error("a transcript was given up: %s", error)
            return None

    async def save(self, chat: str, transcript: Transcript) -> None:
        """Keeps it from now on for :data:`IDLE_SECONDS`; once this returns, it is on the disk."""
        keys = self._keys(chat)
        sealed = Sealed(keys.seal_transcript(transcript), int(self._clock()) + IDLE_SECONDS)
        await self._store.save(keys.lookup, sealed)

    async def delete(self, chat: str) -> None:
        """Deletes it."""
        await self._store.save(self._keys(chat).lookup, None)

    def _keys(self, chat: str) -> ChatKeys:
        return ChatKeys.derive(self._secret, self._channel, chat)
