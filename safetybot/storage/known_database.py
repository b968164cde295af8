"""Which database a data folder was used with.

A file that was lost, a disk that is not mounted, a wrong address: each leaves an empty database, or another one, in the
place of the one with the reports. Begun anew, it would take reports that nobody finds, and look well. So the database's
number is noted in the data folder, and no other is used until an operator says so.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from pathlib import Path

from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safetybot.storage import installation_metadata
from safetybot.storage.location import DatabaseLocation, InstallationFiles, shown
from safetybot.storage.opening import DatabaseError, NoDatabase, open_readonly
from safetybot.storage.tables import marks as marks_table

_BYTES = 16
_MEND = (
    "mount its disk, put its file back, set SAFETYBOT_DATABASE_URL right, or restore a backup. "
    "Only where all that was in it is to be given up:  safetybot run --new-database  uses this one from now on"
)

_log = logging.getLogger(__name__)


class OtherDatabase(DatabaseError):  # noqa: N818 - named for what went wrong
    """The database is not the one that the data folder was used with."""


async def must_be_known(where: DatabaseLocation, files: InstallationFiles) -> None:
    """Raises OtherDatabase where the data folder knows another one; DatabaseError as ``reading`` does."""
    known = await asyncio.to_thread(_read, files.known_database)
    if known is None:
        return
    try:
        async with open_readonly(where) as connection:
            found = await id_of(connection)
    except NoDatabase:
        raise OtherDatabase(gone(where, files)) from None
    if found != known:
        raise OtherDatabase(other(where, files))


async def get_to_know(engine: AsyncEngine, files: InstallationFiles, *, anew: bool = False) -> None:
    """Notes in the data folder which database it is used with. ``anew``: in place of one that was noted before."""
    number = await installation_metadata.put_first(engine, installation_metadata.DATABASE_ID, secrets.token_hex(_BYTES))
    if anew or await asyncio.to_thread(_read, files.known_database) is None:
        await asyncio.to_thread(_write, files.known_database, number)


def forget(files: InstallationFiles) -> None:
    """Has the folder know no database, nor which list of members was its newest. Raises OSError."""
    files.known_database.unlink(missing_ok=True)
    files.pin.unlink(missing_ok=True)


def is_noted(files: InstallationFiles) -> bool:
    """Whether the data folder knows a database."""
    return _read(files.known_database) is not None


def is_known(number: str | None, files: InstallationFiles) -> bool:
    """Whether it is the one of this number, or none. ``number``: as :func:`id_of` has it."""
    return _read(files.known_database) in (None, number)


async def id_of(connection: AsyncConnection) -> str | None:
    """The database's number; None in one of an earlier version, or without tables."""
    if not await connection.run_sync(lambda sync: inspect(sync).has_table(marks_table.name)):
        return None
    wanted = select(marks_table.c.value).where(marks_table.c.name == installation_metadata.DATABASE_ID)
    return (await connection.execute(wanted)).scalar_one_or_none()


def gone(where: DatabaseLocation, files: InstallationFiles) -> str:
    """What an operator is told where there is no database, or an empty one."""
    what = "is not there any more" if isinstance(where, Path) else "is empty"
    return f"the database {shown(where)}, with which {files.data} was used, {what}: {_MEND}"


def other(where: DatabaseLocation, files: InstallationFiles) -> str:
    """Likewise where there is another one."""
    return f"the database {shown(where)} is not the one with which {files.data} was used: {_MEND}"


def _read(file: Path) -> str | None:
    try:
        text = file.read_text("ascii").strip()
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return None
    return text or None


def _write(file: Path, number: str) -> None:
    """Whole or not at all; a folder that cannot be written is told, and is no hindrance."""
    new = file.with_name(f"{file.name}.{secrets.token_hex(4)}.tmp")
    try:
        new.touch(0o600)
        new.write_text(f"{number}\n", "ascii")
        new.replace(file)
    except OSError as error:
        new.unlink(missing_ok=True)
        _log.warning("which database is used could not be noted in the data folder (%s)", os.strerror(error.errno or 0))
