"""The sealed file of a backup, format 1: only the recovery key opens it, and nothing in it can be changed unnoticed.

It is the bytes::

    "safetybot backup 1\\n" | recovery public key (32) | file key, sealed to it (80) | header (24) | chunks

The file key is 32 random bytes in a ``crypto_box_seal``. Header and chunks are libsodium's
``crypto_secretstream_xchacha20poly1305`` under that key: each chunk is 65,536 bytes and 17 more, the last one shorter
or as long, tagged FINAL, and nothing follows it. The associated data of the first chunk are all that stands before it.
So a chunk that is changed, missing, doubled or in another place is noticed, and so is an end that is cut off.

A sealed box names no sender: who can put a file where backups are kept can make one of their own. An audit head that
was noted elsewhere tells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import nacl.bindings as sodium
from nacl.exceptions import CryptoError
from nacl.utils import random

from safetybot.backup.errors import BackupDamaged, LaterBackup, NotABackup
from safetybot.staff.recovery import WrongRecoveryKey
from safetybot.vault.sealing import KEY_BYTES, WRAPPED_BYTES, CannotOpen, KeyPair, unwrap_key, wrap_key

MAGIC = b"safetybot backup 1\n"
CHUNK = 65_536
"""Bytes of a chunk before it is sealed."""
_LEAD = MAGIC[:17]
"""What every version begins with."""
_SEALED = CHUNK + sodium.crypto_secretstream_xchacha20poly1305_ABYTES
_START = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_HEADER = len(MAGIC) + KEY_BYTES + WRAPPED_BYTES + _START
_FINAL = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_MESSAGE = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_OUT = "the backup is cut off, damaged or altered: use another"


class Readable(Protocol):
    """What a backup is read from."""

    def read(self, size: int, /) -> bytes:
        """As many bytes, or those that are left."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the chunks."""

    raw: bytes
    public: bytes
    """The recovery key's public half."""
    wrapped: bytes
    start: bytes

    def open(self, pair: KeyPair) -> bytes:
        """The file key. Raises WrongRecoveryKey, BackupDamaged."""
        if pair.public != self.public:
            raise WrongRecoveryKey("this recovery key is whole, but the backup is sealed to another one")
        try:
            return unwrap_key(self.wrapped, pair)
        except CannotOpen:
            raise BackupDamaged(_OUT) from None


def read_header(file: Readable) -> Header:
    """Raises NotABackup, LaterBackup, BackupDamaged."""
    raw = file.read(_HEADER)
    if not raw.startswith(_LEAD):
        raise NotABackup("the file is no backup made by safetybot")
    if len(raw) < len(MAGIC):
        raise BackupDamaged(_OUT)
    if not raw.startswith(MAGIC):
        raise LaterBackup("the backup is of a later version of safetybot: install that one")
    if len(raw) < _HEADER:
        raise BackupDamaged(_OUT)
    public, wrapped = len(MAGIC) + KEY_BYTES, len(MAGIC) + KEY_BYTES + WRAPPED_BYTES
    return Header(raw, raw[len(MAGIC) : public], raw[public:wrapped], raw[wrapped:])


@dataclass(slots=True)
class SealedWriter:
    """Seals what is written to it; without :meth:`close` it is no whole backup."""

    _write: Callable[[bytes], object]
    public: bytes
    """The recovery key's public half."""
    key: bytes = field(default_factory=lambda: random(KEY_BYTES), repr=False)
    size: int = 0
    """Bytes written so far."""
    _buffer: bytearray = field(default_factory=bytearray, repr=False)
    _state: sodium.crypto_secretstream_xchacha20poly1305_state = field(
        default_factory=sodium.crypto_secretstream_xchacha20poly1305_state, repr=False
    )
    _associated: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        start = sodium.crypto_secretstream_xchacha20poly1305_init_push(self._state, self.key)
        self._associated = b"".join((MAGIC, self.public, wrap_key(self.key, self.public), start))
        self._put(self._associated)

    def write(self, data: bytes) -> None:
        """Raises what the file raises."""
        self._buffer += data
        place = 0
        while len(self._buffer) - place > CHUNK:  # the last chunk is kept back: it is tagged
            self._push(bytes(self._buffer[place : place + CHUNK]), _MESSAGE)
            place += CHUNK
        del self._buffer[:place]

    def close(self) -> None:
        """The end. Raises what the file raises."""
        self._push(bytes(self._buffer), _FINAL)
        self._buffer.clear()

    def _push(self, chunk: bytes, tag: int) -> None:
        self._put(sodium.crypto_secretstream_xchacha20poly1305_push(self._state, chunk, self._associated, tag))
        self._associated = None

    def _put(self, data: bytes) -> None:
        self._write(data)
        self.size += len(data)


class SealedReader:
    """Opens chunk by chunk what :class:`SealedWriter` wrote; nothing is given out that is not genuine."""

    def __init__(self, file: Readable, header: Header, key: bytes) -> None:
        """``file`` stands behind its header. Raises BackupDamaged."""
        self._file = file
        self._state = sodium.crypto_secretstream_xchacha20poly1305_state()
        self._associated: bytes | None = header.raw
        self._buffer = b""
        self._place = 0
        self._ended = False
        try:
            sodium.crypto_secretstream_xchacha20poly1305_init_pull(self._state, header.start, key)
        except (CryptoError, ValueError, TypeError):
            raise BackupDamaged(_OUT) from None

    def line(self, most: int) -> bytes:
        """The bytes up to the next line feed, without it. Raises BackupDamaged."""
        searched = self._place
        while (end := self._buffer.find(b"\n", searched)) < 0:
            if len(self._buffer) - self._place > most:
                raise BackupDamaged(_OUT)
            searched = len(self._buffer) - self._place
            self._more()
        line = self._buffer[self._place : end]
        self._place = end + 1
        return line

    def take(self, size: int) -> bytes:
        """As many bytes. Raises BackupDamaged."""
        while len(self._buffer) - self._place < size:
            self._more()
        self._place += size
        return self._buffer[self._place - size : self._place]

    def peek(self) -> bytes:
        """The next byte, which stays to be taken. Raises BackupDamaged."""
        while self._place == len(self._buffer):
            self._more()
        return self._buffer[self._place : self._place + 1]

    def end(self) -> None:
        """Raises BackupDamaged unless all was read, and nothing follows."""
        while not self._ended and self._place == len(self._buffer):
            self._more()
        if self._place != len(self._buffer):
            raise BackupDamaged(_OUT)

    def _more(self) -> None:
        """The next chunk, behind what was not taken yet."""
        sealed = b"" if self._ended else self._file.read(_SEALED)
        try:
            chunk, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(self._state, sealed, self._associated)
        except (CryptoError, ValueError, TypeError):
            raise BackupDamaged(_OUT) from None
        self._associated = None
        self._ended = tag == _FINAL
        behind = self._file.read(1) if self._ended else b""
        if behind or not (self._ended or len(sealed) == _SEALED):
            raise BackupDamaged(_OUT)
        self._buffer = self._buffer[self._place :] + chunk
        self._place = 0
