"""What is remembered of one chat, and its sealed form.

A session is sealed with XChaCha20-Poly1305 under a key that is derived from the server's secret and the chat, and
stored under a hash of the chat keyed with that secret. The database alone opens nothing and confirms no chat.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

import nacl.bindings as sodium
from nacl.exceptions import CryptoError
from nacl.utils import random

from safetybot.dialogue.report_state import ReportState, ReportStateError
from safetybot.dialogue.transcript import Transcript, TranscriptError
from safetybot.vault.server_secret import SECRET_BYTES

VERSION = b"\x01"
_BLOCK = 256
"""Envelopes are padded to multiples of this, so that their size tells little."""
_NONCE = sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES

PASSES, MEMORY = 1, 8 * 1024 * 1024
"""Argon2id's cost for a chat's keys: some milliseconds, and 8 MiB, so that a graphics card tries few at a time."""

HIDE_HOURS = 48
"""A channel deletes messages up to this age (Telegram)."""
SENT_MAX = 1_000
"""Message numbers remembered for /hide."""


class AgeBand(StrEnum):
    """How old somebody says they are."""

    UNDER_11 = "under-11"
    FROM_11 = "11-13"
    FROM_14 = "14-17"
    ADULT = "adult"


@dataclass(frozen=True, slots=True)
class Session:
    """What the conversation needs to know from one message to the next. No words of the young person's."""

    language: str | None = None
    age: AgeBand | None = None
    age_asked: bool = False
    misses: int = 0
    """How many messages in a row found no answer."""
    sent: tuple[tuple[int, int], ...] = ()
    """Numbers of both sides' messages, for /hide, each with the hour (since 1970) it was sent."""
    overflowed: int | None = None
    """The hour of the newest number that there was no room for."""
    alarmed: int | None = None
    """The minute (since 1970) of the last sign of danger."""
    words_asked: bool = False
    """They were asked whether editors may see their words."""

    def with_sent(self, numbers: Iterable[int], hour: int) -> Session:
        """This session with more message numbers, each once; those too old to delete are forgotten."""
        kept = {number: sent for number, sent in self.sent if sent >= hour - HIDE_HOURS}
        for number in numbers:
            kept.setdefault(number, hour)
        sent = tuple(kept.items())
        overflowed = self.overflowed
        if len(sent) > SENT_MAX:
            overflowed = sent[-SENT_MAX - 1][1]
        elif overflowed is not None and overflowed < hour - HIDE_HOURS:
            overflowed = None
        return replace(self, sent=sent[-SENT_MAX:], overflowed=overflowed)

    def without_sent(self, numbers: Iterable[int]) -> Session:
        """This session without the numbers of messages that are deleted."""
        gone = set(numbers)
        return replace(self, sent=tuple(item for item in self.sent if item[0] not in gone))


_SESSION = tuple(each.name for each in fields(Session))


@dataclass(frozen=True, slots=True)
class Asking:
    """Words that editors may see if somebody says yes. They wait for that for ten minutes."""

    id: str
    """Random."""
    text: str = field(repr=False)
    """Masked; empty once they are kept."""
    topic: str
    """Id of the nearest; empty where there was none."""
    language: str


@dataclass(frozen=True, slots=True)
class Fragment:
    """What is left of one turn for the next alone: of a text that found no answer, it; of one that did, its topic."""

    text: str = field(default="", repr=False)
    """It, for two minutes, in case its rest is coming."""
    topic: str = ""
    """Id of the nearest; empty where there was none."""
    asking: Asking | None = None
    """In place of it, once they were asked whether editors may see the words."""
    answered: str = ""
    """Id of the topic that was just answered, which what comes next may be about; then no words are kept."""


class SealedDataError(Exception):
    """A sealed session or fragment cannot be opened: damaged, or sealed with another key."""


@dataclass(frozen=True, slots=True)
class ChatKeys:
    """What is derived from the server's secret for one chat."""

    lookup: bytes
    """32 bytes: the name of the chat in the database."""
    sealing: bytes
    """32 bytes: the key of what is remembered."""

    @classmethod
    def derive(cls, secret: bytes, channel: str, chat: str) -> ChatKeys:
        """BLAKE2b keyed with ``secret`` (32 bytes), with a different personalisation for each use (RFC 7693)."""
        return cls._of(secret, _name(channel, chat), b"chat-lookup", b"chat-seal")

    @classmethod
    def derive_slowly(cls, secret: bytes, channel: str, chat: str) -> ChatKeys:
        """Likewise, after Argon2id salted from ``secret``: for names that are few enough to be tried one by one."""
        salt = _keyed(secret, b"", b"chat-salt")[: sodium.crypto_pwhash_SALTBYTES]
        stretched = sodium.crypto_pwhash_alg(
            32, _name(channel, chat), salt, PASSES, MEMORY, sodium.crypto_pwhash_ALG_ARGON2ID13
        )
        return cls._of(secret, stretched, b"slow-lookup", b"slow-seal")

    @classmethod
    def _of(cls, secret: bytes, name: bytes, lookup: bytes, sealing: bytes) -> ChatKeys:
        return cls(_keyed(secret, name, lookup), _keyed(secret, name, sealing))

    @classmethod
    def random(cls) -> ChatKeys:
        """Keys that nothing was ever sealed with."""
        return cls(random(32), random(32))

    def __repr__(self) -> str:
        return "ChatKeys(…)"

    def reseal(self, kind: bytes, envelope: bytes, old: ChatKeys) -> bytes:
        """An envelope of this kind that ``old`` keys sealed, under these. Raises SealedDataError."""
        return self._seal_bytes(kind, old._open_bytes(kind, envelope))

    def seal_session(self, session: Session) -> bytes:
        """The session as an envelope."""
        # Not asdict: it copies each of a thousand numbers.
        return self._seal(b"session", {name: getattr(session, name) for name in _SESSION})

    def open_session(self, envelope: bytes) -> Session:
        """Raises SealedDataError."""
        data = self._open(b"session", envelope)
        try:
            return Session(
                language=data["language"],
                age=AgeBand(data["age"]) if data["age"] else None,
                age_asked=bool(data["age_asked"]),
                misses=int(data["misses"]),
                sent=tuple((int(number), int(hour)) for number, hour in data["sent"]),
                overflowed=None if data["overflowed"] is None else int(data["overflowed"]),
                alarmed=None if data.get("alarmed") is None else int(data["alarmed"]),
                words_asked=bool(data.get("words_asked")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SealedDataError("a session has an unknown form") from error

    def seal_fragment(self, fragment: Fragment) -> bytes:
        """The fragment as an envelope."""
        data = {name: value for name, value in asdict(fragment).items() if value or name == "text"}
        return self._seal(b"fragment", data)

    def open_fragment(self, envelope: bytes) -> Fragment:
        """Raises SealedDataError."""
        data = self._open(b"fragment", envelope)
        try:
            waiting = data.get("asking")
            asking = Asking(*(str(waiting[name]) for name in ("id", "text", "topic", "language"))) if waiting else None
            return Fragment(str(data["text"]), str(data.get("topic", "")), asking, str(data.get("answered", "")))
        except (KeyError, TypeError) as error:
            raise SealedDataError("a fragment has an unknown form") from error

    def seal_kept(self, kept: ReportState) -> tuple[bytes | None, bytes | None]:
        """What is kept of reports as two envelopes, drafts and visits; None for what there is nothing of."""
        drafts, visits = kept.drafts(), kept.visits()
        return (
            None if drafts is None else self._seal(b"drafts", drafts),
            None if visits is None else self._seal(b"visits", visits),
        )

    def open_kept(self, drafts: bytes | None, visits: bytes | None) -> ReportState:
        """Raises SealedDataError."""
        try:
            return ReportState.of(
                None if drafts is None else self._open(b"drafts", drafts),
                None if visits is None else self._open(b"visits", visits),
            )
        except ReportStateError as error:
            raise SealedDataError(str(error)) from None

    def seal_transcript(self, transcript: Transcript) -> bytes:
        """What a page shows, as an envelope."""
        return self._seal_bytes(b"transcript", transcript.to_bytes())

    def open_transcript(self, envelope: bytes) -> Transcript:
        """Raises SealedDataError."""
        try:
            return Transcript.from_bytes(self._open_bytes(b"transcript", envelope))
        except TranscriptError as error:
            raise SealedDataError(str(error)) from None

    def _seal(self, kind: bytes, data: Mapping[str, Any]) -> bytes:
        # ASCII, for what somebody typed may hold half a character, which UTF-8 has no form for.
        return self._seal_bytes(kind, json.dumps(data).encode("ascii"))

    def _seal_bytes(self, kind: bytes, data: bytes) -> bytes:
        nonce = random(_NONCE)
        sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
            sodium.sodium_pad(data, _BLOCK), VERSION + kind + self.lookup, nonce, self.sealing
        )
        return VERSION + nonce + sealed

    def _open(self, kind: bytes, envelope: bytes) -> dict[str, Any]:
        try:
            data = json.loads(self._open_bytes(kind, envelope))
        except (ValueError, RecursionError) as error:
            raise SealedDataError("an envelope cannot be opened") from error
        if not isinstance(data, dict):
            raise SealedDataError("an envelope has an unknown form")
        return data

    def _open_bytes(self, kind: bytes, envelope: bytes) -> bytes:
        version, nonce, sealed = envelope[:1], envelope[1 : 1 + _NONCE], envelope[1 + _NONCE :]
        if version != VERSION:
            raise SealedDataError("an envelope has an unknown version")
        try:
            plain = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
                sealed, VERSION + kind + self.lookup, nonce, self.sealing
            )
            return sodium.sodium_unpad(plain, _BLOCK)
        except (CryptoError, ValueError, TypeError) as error:
            raise SealedDataError("an envelope cannot be opened") from error


def _name(channel: str, chat: str) -> bytes:
    return json.dumps([channel, chat]).encode()


def _keyed(secret: bytes, data: bytes, use: bytes) -> bytes:
    if len(secret) != SECRET_BYTES:
        raise ValueError("the server's secret has the wrong length")
    return hashlib.blake2b(data, digest_size=32, key=secret, person=use).digest()
