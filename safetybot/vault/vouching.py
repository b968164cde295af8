"""The list of members, format 1: whose keys may be sealed to, and who let each of them in.

Who can write to the database can write a row into ``staff``. So no key is taken from there: it is taken from the list,
a document in the one row of ``roster`` that carries a MAC of the vouching key. ``docs/security.md`` ("Who vouches for a
key") describes every field.

The vouching key is ``BLAKE2b-256(key=server's secret, person="vouching-key")``. The desk needs that one alone: with it,
no chat can be known again and no session opened.

A statement says who let a member in. It is the bytes::

    "safetybot member 1" | id | name | X25519 public key | Ed25519 verify key | day | voucher

each field as two bytes of length, big-endian, and that many bytes (text in UTF-8; a verify key that is not known yet
has none). A member signs it with their Ed25519 key; the server's word for it is a MAC of the vouching key. So a
statement cannot be taken from one member, or from one key, to another.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import nacl.bindings as sodium
from nacl.exceptions import CryptoError

from safetybot.vault.errors import NoReader
from safetybot.vault.sealing import KEY_BYTES, KeyPair

OPERATOR = "operator"
"""The voucher of a member whom an operator added or vouched for on the command line, with the server's secret."""
UPGRADE = "upgrade"
"""The voucher of a member who was there when the list was first made."""
BY_SERVER = (OPERATOR, UPGRADE)
"""Vouchers whose word is a MAC."""
_DOMAIN = b"safetybot member 1"
_FINGERPRINT_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class NotVouched(NoReader):
    """The list of members does not hold, so nothing is sealed to anybody. The message says what an operator does."""


@dataclass(frozen=True, slots=True)
class MemberEntry:
    """One member as they were let in, and whether they read now."""

    id: str
    name: str
    public: bytes
    verify: bytes
    """Ed25519; empty where the member has not logged in since the list was first made."""
    former: tuple[bytes, ...]
    """Verify keys they had before a recovery: whom they let in then stays in."""
    active: bool
    day: str
    voucher: str
    word: bytes = field(repr=False)
    """The voucher's signature (64 bytes), or the server's MAC (32)."""

    def statement(self) -> bytes:
        """The bytes that the voucher vouches for."""
        fields = (self.id.encode(), self.name.encode(), self.public, self.verify, self.day.encode())
        whole = (_DOMAIN, *fields, self.voucher.encode())
        return b"".join(len(each).to_bytes(2, "big") + each for each in whole)

    @property
    def fingerprint(self) -> str:
        """Five groups of four for people to compare: 100 bits of the keys' hash."""
        return fingerprint(self.public, self.verify)


@dataclass(frozen=True, slots=True)
class MemberList:
    """Everybody who was ever let in, and the recovery key."""

    epoch: str
    """Random; another one wherever the whole list is made anew."""
    serial: int
    """Grows with each change."""
    recovery: bytes | None
    entries: Mapping[str, MemberEntry]
    """Member's id → theirs."""

    def with_entry(self, entry: MemberEntry) -> MemberList:
        """The next list, with this entry in place of the one of its id."""
        return replace(self, serial=self.serial + 1, entries={**self.entries, entry.id: entry})

    def encode(self) -> bytes:
        """The document, as JSON."""
        return json.dumps(
            {
                "format": 1,
                "epoch": self.epoch,
                "serial": self.serial,
                "recovery": None if self.recovery is None else self.recovery.hex(),
                "members": [_entry_json(entry) for _, entry in sorted(self.entries.items())],
            },
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()


def decode(document: bytes) -> MemberList:
    """The list of a document whose MAC was right. Raises NotVouched."""
    try:
        said = json.loads(document)
        if said["format"] != 1:
            raise NotVouched("the list of members was written by a later version of safetybot: install that one")
        entries = [_entry(each) for each in said["members"]]
        recovery = None if said["recovery"] is None else bytes.fromhex(said["recovery"])
        return MemberList(said["epoch"], int(said["serial"]), recovery, {entry.id: entry for entry in entries})
    except (KeyError, TypeError, ValueError):
        raise NotVouched("the list of members cannot be read: restore a backup") from None


def _entry_json(entry: MemberEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": entry.name,
        "public": entry.public.hex(),
        "verify": entry.verify.hex(),
        "former": [each.hex() for each in entry.former],
        "active": entry.active,
        "day": entry.day,
        "voucher": entry.voucher,
        "word": entry.word.hex(),
    }


def _entry(said: Mapping[str, Any]) -> MemberEntry:
    return MemberEntry(
        str(said["id"]),
        str(said["name"]),
        bytes.fromhex(said["public"]),
        bytes.fromhex(said["verify"]),
        tuple(bytes.fromhex(each) for each in said["former"]),
        said["active"] is True,
        str(said["day"]),
        str(said["voucher"]),
        bytes.fromhex(said["word"]),
    )


@dataclass(frozen=True, slots=True)
class VouchingKey:
    """The key that the bot and the desk vouch with."""

    key: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> VouchingKey:
        """The one that belongs to a server's secret."""
        return cls(hashlib.blake2b(digest_size=KEY_BYTES, key=secret, person=b"vouching-key").digest())

    def check(self) -> str:
        """What may be kept in clear to know the key again."""
        return hashlib.blake2b(digest_size=16, key=self.key, person=b"vouching-check").hexdigest()

    def mac_of_list(self, document: bytes) -> bytes:
        """The MAC of the whole list."""
        return self._mac(b"member-list-1", document)

    def mac_of_head(self, number: int, digest: bytes) -> bytes:
        """The MAC of the audit log's newest row."""
        return self._mac(b"audit-head-1", number.to_bytes(8, "big") + digest)

    def vouched(self, entry: MemberEntry) -> MemberEntry:
        """The entry with the server's word for it."""
        return replace(entry, word=self._mac(b"member-1", entry.statement()))

    def has_vouched(self, entry: MemberEntry) -> bool:
        """Whether the server gave its word."""
        return hmac.compare_digest(entry.word, self._mac(b"member-1", entry.statement()))

    def sealed(self, number: int, digest: bytes, sealed: int | None, seal: bytes | None) -> bool:
        """Whether a row of the audit log is the one that was sealed last, and its seal is right."""
        return number == sealed and seal is not None and hmac.compare_digest(seal, self.mac_of_head(number, digest))

    def _mac(self, person: bytes, data: bytes) -> bytes:
        return hashlib.blake2b(data, digest_size=KEY_BYTES, key=self.key, person=person).digest()


def let_in(members: MemberList, entry: MemberEntry, key: VouchingKey) -> bool:
    """Whether the chain of those who let each other in holds from this entry back to the server's word."""
    seen: set[str] = set()
    while entry.voucher not in BY_SERVER:
        voucher = members.entries.get(entry.voucher)
        if voucher is None or entry.id in seen or not _signed(entry, (voucher.verify, *voucher.former)):
            return False
        seen.add(entry.id)
        entry = voucher
    return key.has_vouched(entry)


def _signed(entry: MemberEntry, keys: Sequence[bytes]) -> bool:
    for key in keys:
        try:
            sodium.crypto_sign_open(entry.word + entry.statement(), key)
        except (CryptoError, ValueError, TypeError):
            continue
        return True
    return False


def _signing_pair(pair: KeyPair) -> tuple[bytes, bytes]:
    seed = hashlib.blake2b(digest_size=KEY_BYTES, key=pair.private, person=b"staff-signing").digest()
    public, secret = sodium.crypto_sign_seed_keypair(seed)
    return public, secret


def verify_key(pair: KeyPair) -> bytes:
    """The public half of a member's signing pair, which is made from the private key that their passphrase locks."""
    return _signing_pair(pair)[0]


def signed(entry: MemberEntry, voucher: KeyPair) -> MemberEntry:
    """The entry with the signature of a member who lets them in."""
    _, secret = _signing_pair(voucher)
    statement = entry.statement()
    return replace(entry, word=sodium.crypto_sign(statement, secret)[: sodium.crypto_sign_BYTES])


def fingerprint(public: bytes, verify: bytes = b"") -> str:
    """Five groups of four letters and digits: two people who read the same have the same keys before them."""
    digest = hashlib.blake2b(public + verify, digest_size=13, person=b"fingerprint").digest()
    number = int.from_bytes(digest, "big") >> 4
    letters = "".join(_FINGERPRINT_ALPHABET[number >> (5 * place) & 31] for place in reversed(range(20)))
    return " ".join(letters[start : start + 4] for start in range(0, 20, 4))
