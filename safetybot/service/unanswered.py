"""What young people asked, and let the people who write the answers see: masked, sealed, and kept for 60 days.

Each is JSON in UTF-8, padded (``sodium_pad``) to 256 bytes, 1 or 4 KiB, and sealed (``crypto_box_seal``) to the
editors' public key. The running bot has no key that opens it. Without a public key in the database, nobody is asked.
"""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import nacl.bindings as sodium
from nacl.exceptions import CryptoError

from safetybot.dialogue.effects import KeepWords
from safetybot.storage import unanswered
from safetybot.storage.batching import Batcher
from safetybot.storage.database import Engine
from safetybot.storage.unanswered import SealedWords
from safetybot.vault.sealing import CannotOpen, KeyPair

VERSION = b"\x01"
BUCKETS = (256, 1024, 4096)
"""Sizes of padded messages, bytes. Padding takes at least one of them."""
KEY_SECONDS = 10
"""Seconds for which it is taken as known whether there is a key."""


class WordsTooLong(Exception):
    """The words do not fit; they are too long to be asked about."""


class NobodyToShow(Exception):
    """There is no editors' key any more."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is sealed."""

    text: str = field(repr=False)
    """Masked."""
    topic: str
    """Id of the nearest; empty where there was none."""
    language: str
    """Code."""


def seal_words(words: Words, public: bytes) -> bytes:
    """Words as only the editors can open them. Raises TooLong."""
    data = json.dumps([words.text, words.topic, words.language], ensure_ascii=False, separators=(",", ":")).encode()
    bucket = next((size for size in BUCKETS if len(data) < size), None)
    if bucket is None:
        raise WordsTooLong("words do not fit")
    return VERSION + sodium.crypto_box_seal(sodium.sodium_pad(data, bucket), public)


def open_words(sealed: bytes, pair: KeyPair) -> Words:
    """Words that were sealed. Raises CannotOpen."""
    if sealed[:1] != VERSION:
        raise CannotOpen("sealed words have an unknown version")
    try:
        padded = sodium.crypto_box_seal_open(sealed[1:], pair.public, pair.private)
        text, topic, language = map(str, json.loads(sodium.sodium_unpad(padded, len(padded))))
    except (CryptoError, ValueError, TypeError, RecursionError):
        raise CannotOpen("sealed words cannot be opened") from None  # the cause might quote them
    return Words(text, topic, language)


class UnansweredService:
    """Keeps words in one database, for the running bot."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        """``clock``: seconds since 1970."""
        self._engine = engine
        self._clock = clock
        self._has_key = False
        self._asked = float("-inf")
        self._looks = Batcher(self._look)

    async def asks(self) -> bool:
        """Whether there is anybody who could read the words."""
        if not 0 <= self._clock() - self._asked < KEY_SECONDS:
            await self._looks.submit(None)
        return self._has_key

    async def _look(self, asked: Sequence[None]) -> list[None]:
        """Looks whether there is a key; once, for all who ask meanwhile."""
        async with self._engine.connect() as connection:
            self._has_key = await unanswered.load_key(connection) is not None
        self._asked = self._clock()
        return [None] * len(asked)

    async def keep(self, effect: KeepWords) -> None:
        """Keeps words for the editors, once, however often. Raises NobodyToShow, TooLong, what the database raises."""
        day = dt.datetime.fromtimestamp(self._clock(), dt.UTC).date().isoformat()
        words = Words(effect.text, effect.topic, effect.language)
        async with self._engine.begin() as connection:
            public = await unanswered.load_key(connection)
            if public is None:
                raise NobodyToShow("there is no editors' key")
            await unanswered.add(connection, SealedWords(effect.id, day, seal_words(words, public)))
