"""The sealed file: what was written comes back, and nothing that was changed, cut off or moved does."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from safetybot.backup.errors import BackupDamaged, LaterBackup, NotABackup
from safetybot.backup.sealed_file import CHUNK, MAGIC, SealedReader, SealedWriter, read_header
from safetybot.staff.recovery import WrongRecoveryKey
from safetybot.vault.sealing import KeyPair

PAIR = KeyPair.new()
HEADER = len(MAGIC) + 32 + 80 + 24
SEALED = CHUNK + 17


def sealed(parts: Iterable[bytes]) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file.write, PAIR.public)
    for part in parts:
        writer.write(part)
    writer.close()
    assert writer.size == len(file.getvalue())
    return file.getvalue()


def opened(data: bytes, sizes: Iterable[int], pair: KeyPair = PAIR) -> list[bytes]:
    """The parts of these sizes; and that nothing follows."""
    file = io.BytesIO(data)
    header = read_header(file)
    reader = SealedReader(file, header, header.open(pair))
    parts = [reader.take(size) for size in sizes]
    reader.end()
    return parts


LONG = bytes(range(256)) * (CHUNK // 256)
FILE = sealed([LONG, LONG, b"the end"])
SIZES = (CHUNK, CHUNK, 7)
assert len(FILE) == HEADER + 2 * SEALED + 7 + 17


@settings(max_examples=40)
@given(st.lists(st.sampled_from([0, 1, 7, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK]), max_size=4))
def test_any_parts_come_back(sizes: list[int]) -> None:
    parts = [bytes([number]) * size for number, size in enumerate(sizes)]
    assert opened(sealed(parts), sizes) == parts


def test_lines_come_back() -> None:
    file = io.BytesIO(sealed([b"a" * (CHUNK - 1), b"\n\n", b"b" * 9 + b"\nrest"]))
    header = read_header(file)
    reader = SealedReader(file, header, header.open(PAIR))
    assert [reader.line(CHUNK), reader.line(9), reader.peek(), reader.line(9)] == [
        b"a" * (CHUNK - 1),
        b"",
        b"b",
        b"b" * 9,
    ]
    with pytest.raises(BackupDamaged):
        reader.line(9)


@settings(max_examples=150)
@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
def test_any_changed_byte_is_noticed(place: int, change: int) -> None:
    changed = bytearray(FILE)
    changed[place] ^= change
    with pytest.raises((BackupDamaged, NotABackup, LaterBackup, WrongRecoveryKey)):
        opened(bytes(changed), SIZES)


@settings(max_examples=60)
@example(17)  # all that every version begins with, and not yet which one it is
@example(18)
@given(st.integers(0, len(FILE) - 1) | st.sampled_from([HEADER, HEADER + SEALED, HEADER + 2 * SEALED]))
def test_any_cut_is_noticed(length: int) -> None:
    with pytest.raises((BackupDamaged, NotABackup)):
        opened(FILE[:length], SIZES)
    with pytest.raises((BackupDamaged, NotABackup)):  # what comes before the cut does not pass for all, either
        opened(FILE[:length], [max(0, length - HEADER) // SEALED * CHUNK])


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 0, 1, 2), (0, 2), (1, 2), (2,), (0, 1, 2, 2), (2, 0, 1), (0, 1)])
def test_chunks_in_another_order_are_noticed(order: tuple[int, ...]) -> None:
    chunks = [FILE[HEADER : HEADER + SEALED], FILE[HEADER + SEALED : HEADER + 2 * SEALED], FILE[HEADER + 2 * SEALED :]]
    with pytest.raises(BackupDamaged):
        opened(FILE[:HEADER] + b"".join(chunks[each] for each in order), SIZES)


def test_chunks_of_another_backup_are_noticed() -> None:
    other = sealed([LONG, LONG, b"the end"])
    with pytest.raises(BackupDamaged):
        opened(FILE[:HEADER] + other[HEADER:], SIZES)
    with pytest.raises(BackupDamaged):
        opened(FILE[: HEADER + SEALED] + other[HEADER + SEALED :], SIZES)


def test_only_the_recovery_key_opens_it() -> None:
    with pytest.raises(WrongRecoveryKey, match="sealed to another"):
        opened(FILE, SIZES, KeyPair.new())


def test_a_later_format_and_another_file_are_told_apart() -> None:
    with pytest.raises(LaterBackup, match="install that one"):
        opened(FILE.replace(b"backup 1", b"backup 2", 1), SIZES)
    for other in (b"", b"SQLite format 3\0" + bytes(100), b"safetybot"):
        with pytest.raises(NotABackup):
            opened(other, SIZES)
