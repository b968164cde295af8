"""Makes a backup while the bot goes on: one moment of the database, sealed to the recovery key as it is read."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from safetybot.backup import contents
from safetybot.backup.contents import Contents, encoded
from safetybot.backup.errors import BackupDamaged, CannotWrite, NoRecoveryKey
from safetybot.backup.sealed_file import SealedReader, SealedWriter, read_header
from safetybot.backup.whole_file import whole_file
from safetybot.reports import audit, staff
from safetybot.reports.audit import OPERATOR, Act, AuditDamaged, Head
from safetybot.reports.times import moment_of
from safetybot.secret import WrongSecret, check_of, read_secret
from safetybot.storage import marks
from safetybot.storage.copying import PASSING, be_patient, count, read_table, revision_of, shapes_at
from safetybot.storage.database import OpenConnection
from safetybot.storage.opening import DatabaseError, opened, reading
from safetybot.storage.rows import Fingerprint
from safetybot.storage.where import Where

Told = Callable[[str, float], None]
"""Hears what is being done, and how much of it is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup."""

    contents: Contents
    rows: dict[str, int]
    """In each table."""
    size: int
    """Bytes."""
    head: Head
    """The audit log's, at the moment of the backup."""
    noted: bool
    """Whether it is written down in the audit log that it was made."""


async def make_backup(
    where: Where,
    secret: Path,
    to: Path | io.RawIOBase,
    at: dt.datetime,
    *,
    replace: bool = False,
    chats: bool = False,
    told: Told = lambda stage, done: None,
) -> Made:
    """Writes a backup to a new file, or to a stream. ``secret``: the file of the server's.

    Nothing of it is ever on a disk unsealed. A file is read back before it gets its name; a stream cannot be.
    ``chats``: also what is soon deleted, for an installation that moves.
    Raises BackupError, SecretFileError, DatabaseError, OSError.
    """
    key = read_secret(secret)
    if isinstance(to, Path):
        sealed: SealedWriter | None = None

        def whole(file: io.BufferedReader) -> None:
            assert sealed is not None
            _read_back(file, sealed, said, told)

        async with reading(where) as connection:
            said, public, head = await _look(connection, key, at, chats)
            with whole_file(to, replace=replace, whole=whole) as file:
                sealed = SealedWriter(file.write, public)
                rows = await _write(connection, said, sealed, told)
    else:
        async with reading(where) as connection:
            said, public, head = await _look(connection, key, at, chats)
            try:
                sealed = SealedWriter(lambda data: _write_all(to, data), public)
                rows = await _write(connection, said, sealed, told)
            except OSError as error:
                raise CannotWrite(f"the backup could not be written ({error.strerror}): use nothing of it") from None
    return Made(said, rows, sealed.size, head, await _note(where, at, rows))


def _write_all(stream: io.RawIOBase, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[stream.write(left) or 0 :]


async def _look(
    connection: OpenConnection, secret: bytes, at: dt.datetime, chats: bool
) -> tuple[Contents, bytes, Head]:
    """What is to be written, the key to seal it to, and the audit log's head. Raises NoRecoveryKey, WrongSecret."""
    await be_patient(connection)
    revision = await revision_of(connection)
    tables = tuple(shape for shape in shapes_at(revision) if chats or shape.name not in PASSING)
    names = {shape.name for shape in tables}
    if "marks" in names and (await marks.get(connection)).get(marks.SECRET_CHECK, check_of(secret)) != check_of(secret):
        raise WrongSecret("the server's secret here is not the one this database is used with: run this where it is")
    public = await staff.recovery_public_key(connection) if "recovery_key" in names else None
    if public is None:
        raise NoRecoveryKey(
            "there is no recovery key yet, to which a backup could be sealed: "
            "it is made with the first member of staff (safetybot staff add NAME)"
        )
    total = sum([await count(connection, shape) for shape in tables])
    return Contents(moment_of(at), revision, secret, tables, total), public, await audit.head(connection)


async def _write(connection: OpenConnection, said: Contents, sealed: SealedWriter, told: Told) -> dict[str, int]:
    """Writes all of it; how many rows each table had."""
    told("backup", 0)
    sealed.write(contents.first_line(said))
    counts: dict[str, int] = {}
    done = 0
    for shape in said.tables:
        sealed.write(contents.table_line(shape))
        found = Fingerprint()
        async for rows in read_table(connection, shape):
            encoded(rows, found, sealed.write)
            done += len(rows)
            told("backup", done / max(said.rows, 1))
        sealed.write(contents.end_line(shape, found))
        counts[shape.name] = found.rows
    sealed.write(contents.LAST_LINE)
    sealed.close()
    return counts


def _read_back(file: io.BufferedReader, sealed: SealedWriter, said: Contents, told: Told) -> None:
    """Opens what now stands in the file, with the key it was sealed with. Raises CannotWrite."""
    done = 0
    try:
        source = SealedReader(file, read_header(file), sealed.key)
        for _, rows in contents.read_rows(source, contents.read_contents(source), {}):
            done += len(rows)
            told("reading it back", done / max(said.rows, 1))
    except BackupDamaged:
        raise CannotWrite(
            "what is read back is not what was written, so no backup was made: look at the disk"
        ) from None


async def _note(where: Where, at: dt.datetime, rows: dict[str, int]) -> bool:
    """Writes down that a backup was made; where it cannot be, the backup is as good."""
    try:
        async with opened(where) as engine:
            async with audit.transaction(engine) as connection:
                await audit.append(connection, OPERATOR, Act.BACKED_UP, moment_of(at), cases=rows["cases"])
            await marks.put(engine, marks.LAST_BACKUP, moment_of(at))
    except (DatabaseError, AuditDamaged):
        return False
    return True
