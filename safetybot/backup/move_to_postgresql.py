"""Moves an installation from its SQLite file to PostgreSQL: every row of every table, or nothing.

The steps, each of which may be the last one before a power cut:

1. The file is taken for us alone (nobody else may have it open), and its tables are made those of this version.
2. All rows are copied in one transaction on the server, read back, and compared with the file by count and digest.
3. It is committed. Until then the server has nothing of it, and the file is as it was.
4. The file is renamed, so that no bot starts on it by accident. Where it was not, the move is begun again: it finds on
   the server exactly what is in the file, and only renames it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from safetybot.backup.errors import BackupError, NotWhole
from safetybot.reports.integrity import Told, look_over
from safetybot.storage.copying import (
    NotEmpty,
    be_patient,
    connected,
    count,
    drop_empty,
    fingerprint,
    make_tables,
    must_hold,
    newest_revision,
    read_table,
    revision_of,
    shapes_at,
    write_rows,
)
from safetybot.storage.database import OpenConnection, for_reading, for_writing
from safetybot.storage.exclusive import open_exclusive
from safetybot.storage.location import DatabaseLocation, InstallationFiles
from safetybot.storage.opening import NoDatabase, open_database
from safetybot.storage.rows import Fingerprint, encode_row
from safetybot.vault import audit
from safetybot.vault.audit import BrokenRow, Head
from safetybot.vault.installation import adopt_by_file, files_beside


class NothingToMoveTo(BackupError):  # noqa: N818 - named for what went wrong
    """No PostgreSQL database is set."""


class MovedBefore(BackupError):  # noqa: N818 - named for what went wrong
    """The database on the server holds something else than the file."""


@dataclass(frozen=True, slots=True)
class Moved:
    """An installation that is on PostgreSQL now."""

    rows: dict[str, int]
    """In each table."""
    kept: Path
    """The SQLite file, under its new name."""
    again: bool
    """Everything had been copied before, by a move that was broken off."""
    head: Head | None
    """The audit log's; None where it does not hold."""
    broken: BrokenRow | None
    """Where the audit log does not hold; it did not before, either."""


async def move(
    source: Path,
    where: DatabaseLocation,
    at: dt.datetime,
    *,
    files: InstallationFiles | None = None,
    told: Told = lambda stage, done: None,
) -> Moved:
    """Moves what is in a SQLite file to an empty PostgreSQL database, and renames the file. The bot is stopped.

    ``files``: those beside ``source`` where it is None.
    Raises NothingToMoveTo, MovedBefore, NotWhole, NoDatabase, InUse, NotEmpty, NotTheSame, DatabaseError, OSError.
    """
    if isinstance(where, Path):
        raise NothingToMoveTo("there is nothing to move to: set SAFETYBOT_DATABASE_URL to a PostgreSQL database")
    if not await asyncio.to_thread(source.exists):
        raise NoDatabase(f"there is no database at {source}, so there is nothing to move")
    async with open_exclusive(source):
        pass
    async with open_database(source, upgrade=True, adopt=partial(adopt_by_file, files or files_beside(source))):
        pass  # its tables are those of this version now
    async with open_exclusive(source) as ours, connected(where) as engine:
        integrity = await look_over(ours, told=told)
        if not integrity.whole:
            raise NotWhole(
                f"the SQLite file is damaged, so nothing was moved: {integrity.says()}. "
                "Restore a backup to PostgreSQL instead:  safetybot restore FILE"
            )
        try:
            async with for_writing(engine).begin() as theirs:
                await be_patient(theirs)
                await drop_empty(theirs)
                told("copied", 0)
                found = await _copy(ours, theirs, told)
                broken = await audit.verify(theirs)
                head = None if broken else await audit.head(theirs)
                told("to be committed", 1)
            again = False
        except NotEmpty:
            async with for_reading(engine).connect() as theirs:
                await be_patient(theirs)
                found = await _must_be_equal(ours, theirs, told)
                broken = await audit.verify(theirs)
                head = None if broken else await audit.head(theirs)
            again = True
        told("committed", 1)
        kept = await asyncio.to_thread(_put_aside, source, at.astimezone(dt.UTC).date())
    told("renamed", 1)
    return Moved({name: each.rows for name, each in found.items()}, kept, again, head, broken)


async def _copy(ours: OpenConnection, theirs: OpenConnection, told: Told) -> dict[str, Fingerprint]:
    """Copies every row, and reads it back. Raises NotTheSame."""
    shapes = shapes_at(newest_revision())
    await make_tables(theirs, newest_revision())
    total = sum([await count(ours, shape) for shape in shapes])
    found: dict[str, Fingerprint] = {}
    done = 0
    for shape in shapes:
        so_far = found[shape.name] = Fingerprint()
        async for rows in read_table(ours, shape):
            so_far.add(map(encode_row, rows))
            await write_rows(theirs, shape, rows)
            done += len(rows)
            told("copied", done / max(total, 1))
    told("compared", 0)
    await must_hold(theirs, shapes, found)
    return found


async def _must_be_equal(ours: OpenConnection, theirs: OpenConnection, told: Told) -> dict[str, Fingerprint]:
    """Whether all was copied before. Raises MovedBefore."""
    shapes = shapes_at(newest_revision())
    other = await revision_of(theirs) != newest_revision()
    found: dict[str, Fingerprint] = {}
    for number, shape in enumerate(shapes):
        told("compared", number / len(shapes))
        found[shape.name] = await fingerprint(ours, shape)
        other = other or found[shape.name] != await fingerprint(theirs, shape)
    if other:
        raise MovedBefore(
            "the database on the server holds something else than the SQLite file, and both are left as they are. "
            "Where it is in use already, rename the file; else empty the database (dropdb, createdb) and try again"
        )
    return found


def _put_aside(source: Path, today: dt.date) -> Path:
    """Gives the file a name under which nothing looks for it, for its owner alone."""
    source.chmod(0o600)
    names = (f"{source.name}-moved-{today}" + (f"-{number}" if number > 1 else "") for number in range(1, 1000))
    kept = next(path for name in names if not (path := source.with_name(name)).exists())
    source.rename(kept)
    folder = os.open(source.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return kept
