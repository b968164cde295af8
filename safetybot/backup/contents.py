"""What is in a backup, format 1, once it is opened: the tables' rows, and what outside the database they need.

It is lines of JSON, an object each, and between them the rows of the tables as :mod:`safetybot.storage.rows` has them::

    {"made": …, "revision": …, "secret": …, "tables": […], "rows": …}
    {"table": name, "columns": [[name, kind], …]}        for each table, those first that others refer to
    its rows
    {"end": name, "rows": how many, "digest": …}
    {"whole": true}

``secret`` is the server's, in base64: without it no code finds its case. ``revision`` is that of the migrations.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from safetybot.backup.errors import BackupDamaged, LaterBackup
from safetybot.backup.sealed_file import SealedReader
from safetybot.storage.copying import BATCH, PASSING, is_known, shapes_at
from safetybot.storage.rows import LINE_MAX, Fingerprint, NoRow, Row, Shape, decode_row, encode_row

_WRONG = "the backup is sealed as it should be, but holds something else than a backup: use another"


@dataclass(frozen=True, slots=True)
class Contents:
    """What the first line says."""

    made: str
    """UTC, ``2026-11-24T10:30:00Z``."""
    revision: str
    secret: bytes = field(repr=False)
    tables: tuple[Shape, ...]
    rows: int
    """In all tables."""

    @property
    def chats(self) -> bool:
        """Whether what chats left that is soon deleted is there too."""
        return any(shape.name in PASSING for shape in self.tables)


def line(**what: Any) -> bytes:
    """An object."""
    return json.dumps(what, separators=(",", ":")).encode() + b"\n"


def first_line(contents: Contents) -> bytes:
    """The first."""
    secret = base64.b64encode(contents.secret).decode()
    names = [shape.name for shape in contents.tables]
    return line(made=contents.made, revision=contents.revision, secret=secret, tables=names, rows=contents.rows)


def table_line(shape: Shape) -> bytes:
    """What stands before a table's rows."""
    return line(table=shape.name, columns=[[name, kind.value] for name, kind in shape.columns])


def end_line(shape: Shape, found: Fingerprint) -> bytes:
    """What stands behind them."""
    return line(end=shape.name, rows=found.rows, digest=found.digest)


LAST_LINE = line(whole=True)


def read_contents(source: SealedReader) -> Contents:
    """What is there. Raises BackupDamaged; LaterBackup where this program does not know its tables."""
    said = _object(source)
    try:
        made, revision, names, rows = said["made"], said["revision"], said["tables"], said["rows"]
        secret = base64.b64decode(said["secret"], validate=True)
        kinds = (
            isinstance(made, str) and isinstance(revision, str) and isinstance(rows, int) and isinstance(names, list)
        )
        if not kinds or not all(isinstance(name, str) for name in names):
            raise BackupDamaged(_WRONG)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise BackupDamaged(_WRONG) from None
    if not is_known(revision):
        raise LaterBackup("the backup is of a later version of safetybot: install that one")
    shapes = shapes_at(revision)
    tables = tuple(shape for shape in shapes if shape.name in names)
    if [shape.name for shape in tables] != names or {shape.name for shape in shapes} - set(names) - PASSING:
        raise BackupDamaged(_WRONG)
    return Contents(made, revision, secret, tables, rows)


def read_rows(
    source: SealedReader, contents: Contents, found: dict[str, Fingerprint]
) -> Iterator[tuple[Shape, list[Row]]]:
    """Every row, some hundreds at a time; ``found`` is filled as they come. Raises BackupDamaged.

    Only when it has come to its end is the backup known to be whole.
    """
    for shape in contents.tables:
        if _object(source) != json.loads(table_line(shape)):
            raise BackupDamaged(_WRONG)
        so_far = found[shape.name] = Fingerprint()
        for rows in _batches(source, shape):
            so_far.add(map(encode_row, rows))
            yield shape, rows
        if _object(source) != json.loads(end_line(shape, so_far)):
            raise BackupDamaged(_WRONG)
    if _object(source) != json.loads(LAST_LINE):
        raise BackupDamaged(_WRONG)
    source.end()


def _batches(source: SealedReader, shape: Shape) -> Iterator[list[Row]]:
    rows: list[Row] = []
    while source.peek() == b"[":
        try:
            rows.append(decode_row(source.line(LINE_MAX), source.take, shape))
        except NoRow:
            raise BackupDamaged(_WRONG) from None
        if len(rows) == BATCH:
            yield rows
            rows = []
    if rows:
        yield rows


def _object(source: SealedReader) -> dict[str, Any]:
    try:
        said = json.loads(source.line(LINE_MAX))
    except (ValueError, RecursionError):
        raise BackupDamaged(_WRONG) from None
    if not isinstance(said, dict):
        raise BackupDamaged(_WRONG)
    return said


def encoded(rows: Sequence[Row], found: Fingerprint, write: Callable[[bytes], object]) -> None:
    """Writes rows, and counts them in."""
    each = [encode_row(row) for row in rows]
    found.add(each)
    write(b"".join(each))
