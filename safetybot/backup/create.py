"""Makes a backup while the bot goes on: one moment of the database, sealed to the recovery key as it is read."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from safetybot.backup import contents
from safetybot.backup.atomic_file import whole_file
from safetybot.backup.contents import Contents, encoded
from safetybot.backup.errors import BackupDamaged, CannotWrite, NoRecoveryKey, NotWhole
from safetybot.backup.sealed_file import SealedReader, SealedWriter, read_header
from safetybot.formats.times import moment_of
from safetybot.reports.integrity import Integrity, Told, look_over
from safetybot.staff import members
from safetybot.storage import installation_metadata
from safetybot.storage.copying import PASSING, be_patient, count, read_table, revision_of, shapes_at
from safetybot.storage.database import OpenConnection
from safetybot.storage.known_database import must_be_known
from safetybot.storage.location import DatabaseLocation, InstallationFiles
from safetybot.storage.opening import DatabaseError, open_readonly
from safetybot.storage.rows import Fingerprint
from safetybot.vault import audit, roster
from safetybot.vault.audit import OPERATOR, Act, AuditDamaged, Head
from safetybot.vault.errors import NoReader
from safetybot.vault.installation import opened_vouching, vouching_by
from safetybot.vault.roster import Vouching
from safetybot.vault.server_secret import WrongSecret, check_of, read_secret
from safetybot.vault.vouching import NotVouched


@dataclass(frozen=True, slots=True)
class BackupMade:
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
    integrity: Integrity
    """What a look over the reports found; it is whole unless a damaged database was to be backed up."""


async def make_backup(
    where: DatabaseLocation,
    files: InstallationFiles,
    to: Path | io.RawIOBase,
    at: dt.datetime,
    *,
    replace: bool = False,
    chats: bool = False,
    even_damaged: bool = False,
    told: Told = lambda stage, done: None,
) -> BackupMade:
    """Writes a backup to a new file, or to a stream.

    Nothing of it is ever on a disk unsealed. A file is read back before it gets its name; a stream cannot be.
    ``chats``: also what is soon deleted, for an installation that moves. ``even_damaged``: also where reports are
    damaged. Raises BackupError, SecretFileError, DatabaseError, NotVouched, OSError.
    """
    await must_be_known(where, files)
    key = read_secret(files.secret)
    if isinstance(to, Path):
        sealed: SealedWriter | None = None

        def whole(file: io.BufferedReader) -> None:
            assert sealed is not None
            _read_back(file, sealed, said, told)

        async with open_readonly(where) as connection:
            said, public, head = await _look(connection, key, files, at, chats)
            integrity = await _look_over(connection, even_damaged, told)
            with whole_file(to, replace=replace, whole=whole) as file:
                sealed = SealedWriter(file.write, public)
                rows = await _write(connection, said, sealed, told)
    else:
        async with open_readonly(where) as connection:
            said, public, head = await _look(connection, key, files, at, chats)
            integrity = await _look_over(connection, even_damaged, told)
            try:
                sealed = SealedWriter(lambda data: _write_all(to, data), public)
                rows = await _write(connection, said, sealed, told)
            except OSError as error:
                raise CannotWrite(f"the backup could not be written ({error.strerror}): use nothing of it") from None
    return BackupMade(said, rows, sealed.size, head, await _note(where, files, at, rows), integrity)


def _write_all(stream: io.RawIOBase, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[stream.write(left) or 0 :]


async def _look(
    connection: OpenConnection, secret: bytes, files: InstallationFiles, at: dt.datetime, chats: bool
) -> tuple[Contents, bytes, Head]:
    """What is to be written, the key to seal it to, and the audit log's head. Raises NoRecoveryKey, WrongSecret."""
    await be_patient(connection)
    revision = await revision_of(connection)
    tables = tuple(shape for shape in shapes_at(revision) if chats or shape.name not in PASSING)
    names = {shape.name for shape in tables}
    if "marks" in names and (await installation_metadata.get(connection)).get(
        installation_metadata.SECRET_CHECK, check_of(secret)
    ) != check_of(secret):
        raise WrongSecret("the server's secret here is not the one this database is used with: run this where it is")
    public = await _recovery_key(connection, vouching_by(secret, files, looks=True), names)
    if public is None:
        raise NoRecoveryKey(
            "there is no recovery key yet, to which a backup could be sealed: "
            "it is made with the first member of staff (safetybot staff add NAME)"
        )
    total = sum([await count(connection, shape) for shape in tables])
    return Contents(moment_of(at), revision, secret, tables, total), public, await audit.head(connection)


async def _recovery_key(connection: OpenConnection, vouching: Vouching, names: Collection[str]) -> bytes | None:
    """The key that is vouched for; what the table says in tables of before that was done. Raises NotVouched."""
    if "roster" not in names and vouching.floor is None:
        return await members.recovery_public_key(connection) if "recovery_key" in names else None
    if "roster" not in names:
        raise NotVouched(
            "the tables are of a version before members were vouched for, and here they were: somebody put them back. "
            f"Where that was you, delete {vouching.where()}"
        )
    try:
        return (await roster.check(connection, vouching)).members.recovery
    except NotVouched:
        raise
    except NoReader:
        return None


async def _look_over(connection: OpenConnection, even_damaged: bool, told: Told) -> Integrity:
    """Look over all reports, as far as that can be done without a key. Raises NotWhole.

    A backup of damage would take the place of one from before it.
    """
    found = await look_over(connection, told=told)
    if not found.whole and not even_damaged:
        raise NotWhole(
            f"the database is damaged, so no backup was made: {found.says()}. Keep the backups from before, stop what "
            "deletes old ones, and restore the newest that  safetybot restore FILE --check  finds whole. "
            "safetybot backup FILE --even-damaged  backs up what there is"
        )
    return found


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


async def _note(where: DatabaseLocation, files: InstallationFiles, at: dt.datetime, rows: dict[str, int]) -> bool:
    """Writes down that a backup was made; where it cannot be, the backup is as good."""
    try:
        async with opened_vouching(where, files) as engine:
            async with audit.transaction(engine) as connection:
                await audit.append(connection, OPERATOR, Act.BACKED_UP, moment_of(at), cases=rows["cases"])
            await installation_metadata.put(engine, installation_metadata.LAST_BACKUP, moment_of(at))
    except (DatabaseError, AuditDamaged):
        return False
    return True
