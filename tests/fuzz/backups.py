"""Backup files: any bytes, and any content in one that is sealed as it should be."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

from safetybot.backup.contents import LAST_LINE, Contents, end_line, first_line, read_contents, read_rows, table_line
from safetybot.backup.errors import BackupError
from safetybot.backup.sealed_file import SealedReader, SealedWriter, read_header
from safetybot.staff.recovery import WrongRecoveryKey
from safetybot.storage.copying import shapes_at
from safetybot.storage.rows import Fingerprint
from safetybot.vault.sealing import KeyPair
from tests.fuzz.drawing import Draws
from tests.fuzz.target import Once, Target

PAIR = KeyPair.from_private(bytes(range(32)))
KEY = bytes(range(1, 33))


def _sealed(plain: bytes) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file.write, PAIR.public, KEY)
    writer.write(plain)
    writer.close()
    return file.getvalue()


@contextmanager
def _opened() -> Iterator[Once]:
    good = _sealed(_PLAIN)

    def once(data: bytes) -> None:
        draws = Draws(data)
        match draws.number(2):
            case 0:
                _refused(_sealed(draws.rest()))
            case 1:
                damaged = bytearray(good)
                for _ in range(1 + draws.number(3)):
                    at = draws.number(len(good))
                    damaged[at : at + draws.number(40)] = draws.bytes(draws.number(40))
                assert _refused(bytes(damaged)) or damaged == good, "what was changed was taken"
            case _:
                _refused(good[: draws.number(140)] + draws.rest())

    yield once


def _refused(file: bytes) -> bool:
    """Whether a file is none that can be put back."""
    stream = io.BytesIO(file)
    try:
        header = read_header(stream)
        source = SealedReader(stream, header, header.open(PAIR))
        contents = read_contents(source)
        for _ in read_rows(source, contents, {}):
            pass
    except (BackupError, WrongRecoveryKey):
        return True
    return False


_REVISION = "0007"
_SHAPES = tuple(shapes_at(_REVISION))
_PLAIN = b"".join(
    [
        first_line(Contents("2026-11-24T10:30:00Z", _REVISION, bytes(32), _SHAPES, 0)),
        *(table_line(shape) + end_line(shape, Fingerprint()) for shape in _SHAPES),
        LAST_LINE,
    ]
)
BACKUP = Target(
    "backup",
    "backup files: header, chunks, and any content in one that is sealed as it should be",
    _opened,
    seeds=[b"\x00" + _PLAIN, b"\x00{}\n", b"\x01\x00\x00\x10\x04\x04abcd", b"\x02\x20", b"\x02\x8c" + bytes(60)],
    words=['{"table":', '"columns":', '{"end":', '"rows":', '"digest":', '{"whole":true}\n', "null", "-1", "[" * 80,
           "\n"],
    longest=8192,
    short=60,
)  # fmt: skip
