"""Envelopes, format 1: who may read a message of a case, and nobody else.

An envelope is the bytes::

    version (1 byte, 0x01) | nonce (24) | XChaCha20-Poly1305 (IETF) of the padded message, with its 16-byte tag

The message is JSON in UTF-8, padded (``sodium_pad``, ISO/IEC 7816-4) to 1, 2, 4, 8 or 16 KiB. It is encrypted under a
random 256-bit key of its own. The associated data are ``version | "safetybot" | case | kind | number``: version one
byte, case and kind each as one byte of length and that many bytes of UTF-8, number 4 bytes, big-endian. So an envelope
opens only as what it was sealed as. The key is then sealed (``crypto_box_seal``: X25519, XSalsa20-Poly1305) to each
reader's public key; each result is 80 bytes, and goes beside the envelope.

Sealed boxes name no sender: who can write to the database can also put a new envelope there. What they cannot do is
read one, change one, or pass it off as another. ``tests/vault/vectors.json`` holds envelopes that every later version
must still open.
"""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import nacl.bindings as sodium
from nacl.exceptions import CryptoError
from nacl.utils import random

RECOVERY = "recovery"
"""The offline recovery key as a reader."""

CASE = "case"
"""The case's own key pair as a reader of its envelopes: whoever has the code."""

VERSION = 1
BUCKETS = (1024, 2048, 4096, 8192, 16384)
"""Sizes of padded messages, bytes. Padding takes at least one of them."""
MESSAGE_MAX = BUCKETS[-1] - 1
"""Bytes of JSON that fit one envelope."""
KEY_BYTES = 32
WRAPPED_BYTES = KEY_BYTES + sodium.crypto_box_SEALBYTES
_NONCE = sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_TAG = sodium.crypto_aead_xchacha20poly1305_ietf_ABYTES
_DOMAIN = b"safetybot"

Json: TypeAlias = Any
"""None, bool, int, float, str, and lists and string-keyed dicts of them."""


class SealingError(Exception):
    """Something sealed cannot be made or opened. The message holds nothing of it."""


class TooLong(SealingError):
    """The message is too long for one envelope: split it (:mod:`safetybot.vault.chunks`)."""


class NotJson(SealingError):
    """The message is no JSON: a NaN, half a surrogate pair, or a type that JSON does not have."""


class CannotOpen(SealingError):
    """Damaged, sealed to somebody else, or sealed as something else."""


class UnknownVersion(SealingError):
    """Sealed by a newer program."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """X25519: 32 bytes each."""

    public: bytes
    private: bytes = field(repr=False)

    @classmethod
    def new(cls) -> KeyPair:
        """A random pair."""
        public, private = sodium.crypto_box_keypair()
        return cls(public, private)

    @classmethod
    def from_private(cls, private: bytes) -> KeyPair:
        """The pair that a private key belongs to. Raises CannotOpen if it is none."""
        if len(private) != KEY_BYTES:
            raise CannotOpen("a private key has the wrong length")
        return cls(sodium.crypto_scalarmult_base(private), private)


@dataclass(frozen=True, slots=True)
class Context:
    """What an envelope is sealed as."""

    case: str
    kind: str
    number: int
    """Which of the case's envelopes it is, from 1."""

    def associated(self) -> bytes:
        """The associated data, as the module's description has them."""
        names = [name.encode() for name in (self.case, self.kind)]
        lengths = [len(name).to_bytes(1, "big") for name in names]
        return b"".join(
            (bytes([VERSION]), _DOMAIN, lengths[0], names[0], lengths[1], names[1], self.number.to_bytes(4, "big"))
        )


@dataclass(frozen=True, slots=True)
class SealedEnvelope:
    """An envelope, and its key sealed to each reader."""

    ciphertext: bytes
    wrapped: Mapping[str, bytes]
    """Reader's id → 80 bytes."""

    @property
    def bucket(self) -> int:
        """The padded size, bytes; one of BUCKETS."""
        return bucket_of(self.ciphertext)

    def __repr__(self) -> str:
        return f"SealedEnvelope({self.bucket} bytes to {len(self.wrapped)} readers)"


def encode(payload: Json) -> bytes:
    """The payload as JSON, UTF-8. Raises NotJson."""
    try:
        return json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError):
        raise NotJson("a message is no JSON") from None  # the cause would quote it


def seal(payload: Json, context: Context, recipients: Mapping[str, bytes]) -> SealedEnvelope:
    """Seals a payload to ``recipients`` (id → public key, 32 bytes). Raises TooLong, NotJson."""
    key = random(KEY_BYTES)
    ciphertext = seal_with(encode(payload), context, key, random(_NONCE))
    return SealedEnvelope(ciphertext, {name: wrap_key(key, public) for name, public in recipients.items()})


def seal_with(message: bytes, context: Context, key: bytes, nonce: bytes) -> bytes:
    """The envelope with a key and a nonce that are given: for :func:`seal` and for test vectors, never twice."""
    bucket = next((size for size in BUCKETS if len(message) < size), None)
    if bucket is None:
        raise TooLong(f"a message may have {MESSAGE_MAX} bytes")
    padded = sodium.sodium_pad(message, bucket)
    sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(padded, context.associated(), nonce, key)
    return bytes([VERSION]) + nonce + sealed


def open_envelope(ciphertext: bytes, context: Context, wrapped: bytes, reader: KeyPair) -> Json:
    """What was sealed. Raises CannotOpen, UnknownVersion."""
    return open_with(ciphertext, context, unwrap_key(wrapped, reader))


def open_with(ciphertext: bytes, context: Context, key: bytes) -> Json:
    """What was sealed, opened with the envelope's own key. Raises CannotOpen, UnknownVersion."""
    if ciphertext[:1] != bytes([VERSION]):
        raise UnknownVersion("an envelope has an unknown version")
    nonce, sealed = ciphertext[1 : 1 + _NONCE], ciphertext[1 + _NONCE :]
    try:
        if len(sealed) - _TAG not in BUCKETS:
            raise CannotOpen("an envelope has a size that none has")
        padded = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, context.associated(), nonce, key)
        return json.loads(sodium.sodium_unpad(padded, len(padded)))
    except (CryptoError, ValueError, TypeError, RecursionError):
        raise CannotOpen("an envelope cannot be opened") from None


def bucket_of(ciphertext: bytes) -> int:
    """The padded size of an envelope's message, bytes."""
    return len(ciphertext) - 1 - _NONCE - _TAG


def wrap_key(key: bytes, public: bytes) -> bytes:
    """A key, sealed so that only the owner of ``public`` opens it: 80 bytes for a 32-byte key."""
    return sodium.crypto_box_seal(key, public)


def unwrap_key(wrapped: bytes, reader: KeyPair) -> bytes:
    """The key that was sealed to ``reader``: 32 bytes. Raises CannotOpen."""
    try:
        key = sodium.crypto_box_seal_open(wrapped, reader.public, reader.private)
    except (CryptoError, ValueError, TypeError):
        raise CannotOpen("a key cannot be opened") from None
    if len(key) != KEY_BYTES:
        raise CannotOpen("a key has the wrong length")
    return key


def rewrap_key(wrapped: bytes, reader: KeyPair, public: bytes) -> bytes:
    """The same key sealed to one more reader, by one who has it. Raises CannotOpen."""
    return wrap_key(unwrap_key(wrapped, reader), public)


def lock_private(private: bytes, key: bytes, owner: str) -> bytes:
    """A private key under a symmetric one (32 bytes each), bound to whose it is: version | nonce | 48 bytes."""
    nonce = random(_NONCE)
    data = bytes([VERSION]) + b"private" + owner.encode()
    return bytes([VERSION]) + nonce + sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(private, data, nonce, key)


def unlock_private(locked: bytes, key: bytes, owner: str) -> KeyPair:
    """The pair of a private key that was locked. Raises CannotOpen, UnknownVersion."""
    if locked[:1] != bytes([VERSION]):
        raise UnknownVersion("a locked key has an unknown version")
    nonce, sealed = locked[1 : 1 + _NONCE], locked[1 + _NONCE :]
    data = bytes([VERSION]) + b"private" + owner.encode()
    try:
        return KeyPair.from_private(sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, data, nonce, key))
    except (CryptoError, ValueError, TypeError):
        raise CannotOpen("a locked key cannot be opened") from None
