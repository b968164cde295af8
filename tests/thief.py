"""What a thief would search stolen files for, in the many forms in which it might stand there."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from safetybot.logs import DiscreetFormatter

HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s", "sha3_256", "sha3_512")
PERSONS = (b"chat-lookup", b"chat-seal", b"code-pepper", b"code-lookup")
"""What our own keyed hashes are personalised with; a thief has read the source."""
_START, _TABLE = 4, 1 << 22
JOINTS = (" ", "-", "_", ",", ", ", "", '","', '", "')
"""What may stand between two words of a code."""


def forms(planted: str) -> Iterator[bytes]:
    """A text: as it is, in other encodings, and encoded in a longer text."""
    raw = planted.encode()
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le"):
        yield planted.encode(encoding)
    yield json.dumps(planted)[1:-1].encode()
    yield quote(planted).encode()
    yield raw.hex().encode()
    for before in range(3):  # base64 of a text depends on what stands before it
        encoded = base64.b64encode(bytes(before) + raw).rstrip(b"=")
        yield encoded[(0, 2, 3)[before] : -1]
    if planted.lstrip("-").isdecimal():
        yield from _number_forms(int(planted))


def chat_forms(chat: str, channel: str = "telegram") -> Iterator[bytes]:
    """A chat's id: the same, and every hash of it that needs no key."""
    yield from forms(chat)
    for name in (chat, f"{channel}:{chat}", f"{channel}{chat}", json.dumps([channel, chat]), f'["{channel}","{chat}"]'):
        yield from _hashes(name.encode())


def code_forms(code: str) -> Iterator[bytes]:
    """A code of six words: every two that follow each other, in every way to write them, and hashes of the whole."""
    words = code.split()
    for first, second in pairwise(words):
        for joint in JOINTS:
            pair = f"{first}{joint}{second}"
            yield from (pair.encode(), pair.encode("utf-16-le"), pair.encode().hex().encode())
    for joint in JOINTS:
        whole = joint.join(words).encode()
        yield from _hashes(whole)
        yield base64.b64encode(whole).rstrip(b"=")[:-1]


def byte_forms(secret: bytes) -> Iterator[bytes]:
    """A key: raw, in hexadecimal and in base64."""
    yield secret
    yield secret.hex().encode()
    yield base64.b64encode(secret).rstrip(b"=")[:-1]


class Search:
    """Looks for thousands of things at once, each in many forms, in whatever case of letters."""

    def __init__(self, wanted: Mapping[str, Iterable[bytes]]) -> None:
        """``wanted``: name → its forms, of four bytes at least."""
        self._by_start: dict[bytes, list[tuple[bytes, str]]] = {}
        for name, each in wanted.items():
            for form in map(bytes.lower, each):
                assert len(form) >= _START, f"a form of {name} would be found anywhere"
                self._by_start.setdefault(form[:_START], []).append((form, name))
        self._table = np.zeros(_TABLE, np.bool_)
        for start in self._by_start:
            self._table[_places(np.frombuffer(start, np.uint8))] = True

    def found(self, haystack: bytes) -> list[str]:
        """The names of all that stand there."""
        lower = haystack.lower()
        there: dict[str, None] = {}
        if len(lower) >= _START:
            for place in np.flatnonzero(self._table[_places(np.frombuffer(lower, np.uint8))]).tolist():
                for form, name in self._by_start.get(lower[place : place + _START], ()):
                    if lower.startswith(form, place):
                        there[name] = None
        return list(there)


def _places(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """Where in the table each four bytes in a row are marked."""
    numbers = np.zeros(len(data) - _START + 1, np.uint32)
    for shift in range(_START):
        numbers |= data[shift : len(data) - _START + 1 + shift].astype(np.uint32) << np.uint32(8 * shift)
    return (numbers * np.uint32(2_654_435_761)) >> np.uint32(10)


def files(folder: Path) -> dict[str, bytes]:
    """Every file in a folder, by its name."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def backup(database: Path, to: Path) -> bytes:
    """A backup as SQLite itself makes it, while others go on writing."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
    return to.read_bytes()


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """Everything that anything logs from DEBUG on, as the program would write it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(DiscreetFormatter("text"))
    root, ours = logging.getLogger(), logging.getLogger("safetybot")
    before = root.level, ours.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    ours.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        ours.setLevel(before[1])


def _number_forms(number: int) -> Iterator[bytes]:
    """As SQLite and others store it, without the bytes in front that say nothing."""
    big = number.to_bytes(8, "big", signed=True).lstrip(b"\0\xff")
    yield from (big, big[::-1])


def _hashes(raw: bytes) -> Iterator[bytes]:
    digests = [hashlib.new(name, raw).digest() for name in HASHES]
    for key in (b"", bytes(32)):
        digests.append(hashlib.blake2b(raw, digest_size=32, key=key).digest())
        digests += [hashlib.blake2b(raw, digest_size=32, key=key, person=person).digest() for person in PERSONS]
    for digest in digests:
        yield digest[:16]  # so that one that was cut is found as well
        yield digest[:16].hex().encode()
