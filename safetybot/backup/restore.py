"""Puts a backup back, into an empty place alone; or tries it, and writes nothing.

Everything is checked before anything of it can be seen: each chunk is genuine, each table has its rows and is read back
as it was, earlier tables become those of this version, and every report is opened with the recovery key, in one
transaction. A SQLite file gets its name after that.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from safetybot.backup.contents import Contents, read_contents, read_rows
from safetybot.backup.errors import AuditLogOther, DatabaseThere, NotWhole, OtherSecret
from safetybot.backup.sealed_file import SealedReader, read_header
from safetybot.formats.times import moment_of
from safetybot.reports.integrity import Integrity, Told, look_over
from safetybot.reports.retention import Purged, purge
from safetybot.staff.recovery import read_spelt
from safetybot.storage import unanswered
from safetybot.storage.copying import (
    be_patient,
    connected,
    drop_empty,
    make_tables,
    must_hold,
    nameless_engine,
    newest_revision,
    upgrade,
    write_rows,
)
from safetybot.storage.database import Engine, OpenConnection, for_writing
from safetybot.storage.foreign_keys import without_orphans
from safetybot.storage.known_database import get_to_know
from safetybot.storage.location import DatabaseLocation, InstallationFiles, shown
from safetybot.storage.opening import named_errors
from safetybot.storage.rows import Fingerprint, encode_row
from safetybot.storage.scrubbing import scrub
from safetybot.storage.store import Store
from safetybot.vault import audit
from safetybot.vault.audit import OPERATOR, Act, BrokenRow, Head
from safetybot.vault.installation import Adoption, vouching_by
from safetybot.vault.roster import Vouching, load, option
from safetybot.vault.sealing import KeyPair
from safetybot.vault.server_secret import keep_secret, read_secret
from safetybot.vault.vouching import MemberList, NotVouched, VouchingKey


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that was put back, or tried."""

    contents: Contents
    rows: dict[str, int]
    """In each table of the backup."""
    integrity: Integrity
    """What came of opening every report with the recovery key."""
    upgraded: bool
    """Its tables were of an earlier version."""
    head: Head | None
    """The audit log's, as it was in the backup; None where the log does not hold."""
    broken: BrokenRow | None
    """Where the audit log does not hold."""
    purged: Purged | None
    """What was due; None where it was only tried, or the audit log does not hold."""


@dataclass(frozen=True, slots=True)
class _Opened:
    contents: Contents
    source: SealedReader
    pair: KeyPair
    """The recovery key."""


def _open(file: BinaryIO, typed_key: str) -> _Opened:
    """Raises RecoveryKeyMistyped, WrongRecoveryKey, BackupError."""
    pair = read_spelt(typed_key)
    header = read_header(file)
    source = SealedReader(file, header, header.open(pair))
    return _Opened(read_contents(source), source, pair)


async def try_backup(
    file: Path, typed_key: str, *, noted: Head | None = None, told: Told = lambda stage, done: None
) -> Restored:
    """Does all that :func:`restore` does, into a database that nobody else sees and that is gone at once.

    ``noted``: a head of the audit log that was noted at some time before the backup.
    Raises RecoveryKeyMistyped, WrongRecoveryKey, BackupError, AuditLogOther, DatabaseError, OSError.
    """
    with file.open("rb") as stream:
        backup = _open(stream, typed_key)
        engine = nameless_engine()
        try:
            with named_errors():
                async with engine.begin() as connection:
                    return await _load(connection, backup, noted, told)
        finally:
            await engine.dispose()


async def restore(
    file: Path,
    typed_key: str,
    where: DatabaseLocation,
    files: InstallationFiles,
    at: dt.datetime,
    *,
    noted: Head | None = None,
    even_damaged: bool = False,
    told: Told = lambda stage, done: None,
) -> Restored:
    """Puts a backup back where there is no database yet, or an empty one on a server; and the server's secret.

    What was due to be deleted is deleted before anybody sees it. ``noted`` as for :func:`try_backup`. ``even_damaged``:
    also where not every report can be opened; rows that belong to nothing are then left out.
    Raises as that does; and NotWhole, DatabaseThere, NotEmpty, OtherSecret, SecretFileError.
    """
    with file.open("rb") as stream:
        backup = _open(stream, typed_key)
        _must_fit(files.secret, backup.contents.secret)
        async with _target(where) as engine:
            vouching = vouching_by(backup.contents.secret, files)
            async with for_writing(engine).begin() as connection:
                await be_patient(connection)
                await drop_empty(connection)
                restored = await _load(connection, backup, noted, told)
                if not restored.integrity.whole and not even_damaged:
                    raise NotWhole(
                        f"the backup is damaged, so nothing was restored: {restored.integrity.says()}. "
                        "Try an earlier one;  --even-damaged  restores what there is of this one"
                    )
                if restored.broken is None:
                    restored = await _bring_up_to_date(connection, restored, at)
                # Before the rows can be seen: without it no code would find its case.
                keep_secret(files.secret, backup.contents.secret)
                members = await _members(connection)
            if members is not None:
                vouching.saw(members, anew=True)
            await get_to_know(engine, files, anew=True)
            second = int(at.timestamp())
            await Store(engine).purge(second // 3600, second)
        return restored


async def _load(connection: OpenConnection, backup: _Opened, noted: Head | None, told: Told) -> Restored:
    """Writes everything to a database without tables, in the transaction that is open, and looks at it."""
    said, found, orphans = backup.contents, dict[str, Fingerprint](), dict[str, Fingerprint]()
    await make_tables(connection, said.revision)
    done = 0
    for shape, rows in read_rows(backup.source, said, found):
        kept = await without_orphans(connection, shape, rows)
        if len(kept) < len(rows):  # the database would refuse them, and with them all the others
            left_out = {*rows} - {*kept}
            orphans.setdefault(shape.name, Fingerprint()).add(map(encode_row, left_out))
        await write_rows(connection, shape, kept)
        done += len(rows)
        told("rows", done / max(said.rows, 1))
    wanted = {name: each.without(orphans.get(name, Fingerprint())) for name, each in found.items()}
    await must_hold(connection, said.tables, wanted)
    # Without what this machine has seen: an earlier list is what is wanted.
    await connection.execution_options(**option(Vouching(VouchingKey.of(said.secret))))
    await upgrade(connection, adopt=Adoption(Vouching(VouchingKey.of(said.secret)), said.secret))
    broken = await audit.verify(connection, noted)
    if broken is not None and noted is not None:
        raise AuditLogOther(
            f"the backup's audit log is not the one of which a head was noted (row {broken.number}: {broken.why}): "
            "the head is of a later day than the backup, or the backup is not genuine"
        )
    integrity = await look_over(connection, backup.pair, told=told)
    integrity.orphans = {name: each.rows for name, each in orphans.items()}
    return Restored(
        said,
        {name: each.rows for name, each in found.items()},
        integrity,
        said.revision != newest_revision(),
        None if broken else await audit.head(connection),
        broken,
        None,
    )


async def _members(connection: OpenConnection) -> MemberList | None:
    """The list that was restored; None where it does not hold, which is told when it is used."""
    try:
        return await load(connection)
    except NotVouched:
        return None


async def _bring_up_to_date(connection: OpenConnection, restored: Restored, at: dt.datetime) -> Restored:
    """Writes down that it was restored, and deletes what was due."""
    today = at.astimezone(dt.UTC).date()
    await audit.append(connection, OPERATOR, Act.RESTORED, moment_of(at), made=restored.contents.made)
    purged = await purge(connection, today, OPERATOR)
    await unanswered.purge(connection, today)
    return replace(restored, purged=purged)


def _must_fit(path: Path, secret: bytes) -> None:
    """Raises OtherSecret, SecretFileError."""
    if path.exists() and read_secret(path) != secret:
        raise OtherSecret(
            f"there is another server's secret in {path}, and it is left as it is: "
            "where it belongs to nothing that you need, move it away"
        )


@asynccontextmanager
async def _target(where: DatabaseLocation) -> AsyncIterator[Engine]:
    """A database to write to. Where the block fails, nothing of it is left; a SQLite file is there only afterwards."""
    if not isinstance(where, Path):
        async with connected(where) as engine:
            yield engine
        return
    _must_be_free(where)
    new = where.with_name(f"{where.name}.restoring")
    _remove(new)
    try:
        async with connected(new) as engine:
            yield engine
            await scrub(engine)
        await asyncio.to_thread(_name, new, where)
    finally:
        _remove(new)


def _must_be_free(path: Path) -> None:
    there = [each for each in _files(path) if each.exists()]
    if there:
        raise DatabaseThere(
            f"there is a database already, and it is left as it is: {' '.join(map(str, there))}. "
            "Where it is damaged, stop the bot and the desk, move all of these away together, and try again"
        )


def _name(new: Path, path: Path) -> None:
    """Gives the finished file its name, unless it was taken meanwhile. Raises DatabaseThere."""
    for each in (new, path.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    _must_be_free(path)
    try:
        path.hardlink_to(new)  # a renaming would take the place of another
    except FileExistsError:
        raise DatabaseThere(f"{shown(path)} was made meanwhile: stop the bot and the desk, and look at it") from None


def _files(path: Path) -> list[Path]:
    """A SQLite file, and those that SQLite keeps beside it."""
    return [path, *(path.with_name(f"{path.name}-{ending}") for ending in ("wal", "shm", "journal"))]


def _remove(path: Path) -> None:
    for each in _files(path):
        each.unlink(missing_ok=True)
