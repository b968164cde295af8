"""A row of a table as bytes, the same on every database: for backups, and to compare two databases.

A row is a line of JSON, an array in the order of the table's columns, in which a value of bytes stands as its length;
then come those bytes themselves, one value after the other. What a column holds is one of four kinds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Value: TypeAlias = bytes | int | bool | str | None
Row: TypeAlias = tuple[Value, ...]

LINE_MAX = 1 << 20
"""Bytes of a line; ours have a few hundred."""
BYTES_MAX = 1 << 26
"""Of one value."""
_INTEGERS = range(-(1 << 63), 1 << 63)


class NoRow(ValueError):  # noqa: N818 - named for what went wrong
    """What should be a row of a table is none."""


class ColumnKind(StrEnum):
    """What a column holds."""

    BYTES = "bytes"
    INTEGER = "integer"
    FLAG = "flag"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Shape:
    """A table, as far as its rows need it."""

    name: str
    columns: tuple[tuple[str, ColumnKind], ...]


def encode_row(row: Sequence[Value]) -> bytes:
    """The row as bytes."""
    binary = [value for value in row if isinstance(value, bytes)]
    line = json.dumps([len(value) if isinstance(value, bytes) else value for value in row], separators=(",", ":"))
    return b"".join((line.encode(), b"\n", *binary))


def decode_row(line: bytes, take: Callable[[int], bytes], shape: Shape) -> Row:
    """The row of a line; ``take``: the next bytes after it, as many as are asked for. Raises NoRow."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        raise NoRow("a row is no JSON") from None
    if not isinstance(values, list) or len(values) != len(shape.columns):
        raise NoRow("a row has not its table's columns")
    return tuple(_value(value, kind, take) for value, (_, kind) in zip(values, shape.columns, strict=True))


def _value(value: object, kind: ColumnKind, take: Callable[[int], bytes]) -> Value:
    if value is None:
        return None
    if kind is ColumnKind.FLAG and isinstance(value, bool):
        return value
    if kind is ColumnKind.TEXT and isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        if kind is ColumnKind.INTEGER and value in _INTEGERS:
            return value
        if kind is ColumnKind.BYTES and 0 <= value <= BYTES_MAX:
            return take(value)
    raise NoRow("a row holds a value of another kind than its column")


class Fingerprint:
    """How many rows a table has, and a digest of them all, in whatever order they come: no table holds a row twice."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, encoded: Iterable[bytes]) -> None:
        """More rows, as :func:`encode_row` gives them."""
        for row in encoded:
            self.rows += 1
            self._sum += int.from_bytes(hashlib.blake2b(row, digest_size=32).digest(), "big")

    def without(self, other: Fingerprint) -> Fingerprint:
        """Return the fingerprint of these rows without those of another, which are among them."""
        rest = Fingerprint()
        rest.rows, rest._sum = self.rows - other.rows, self._sum - other._sum
        return rest

    @property
    def digest(self) -> str:
        """64 hexadecimal digits."""
        return f"{self._sum % (1 << 256):064x}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fingerprint):
            return NotImplemented
        return (self.rows, self.digest) == (other.rows, other.digest)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"Fingerprint({self.rows} rows, {self.digest[:8]})"
