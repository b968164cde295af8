"""The editors' key pair: the private key in a file that they keep, the public one in the database.

What young people let the editors see is sealed to it (:mod:`safetybot.service.unanswered`). Without a key nobody is
asked.
"""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

import asyncio
import datetime as dt
import os
from pathlib import Path

from safetybot.administration.operator_tasks import OperatingError, read_secret_file
from safetybot.staff.recovery import RecoveryKeyMistyped, read_spelt, spell
from safetybot.storage import unanswered
from safetybot.storage.database import DatabaseLocation, for_writing
from safetybot.storage.opening import must_be_newest, open_database, open_readonly
from safetybot.storage.scrubbing import scrub
from safetybot.vault.sealing import KeyPair


class KeyFileExists(OperatingError):
    """There is a file already, and it may be a key."""


class KeyThere(OperatingError):
    """The database has an editors' key already."""


class KeyUnreadable(OperatingError):
    """A file holds no editors' key, or one with a slip in it."""


class WrongKey(OperatingError):
    """A key that is not the one in the database."""


async def new_key(database: DatabaseLocation, path: Path, at: dt.datetime, *, replace: bool = False) -> None:
    """Makes a key pair: writes the private key to a new file of its owner's alone, and keeps the public one.

    The file comes first: nothing is ever sealed to a key that nobody has. With ``replace`` a new key takes the place of
    the one there is, whose messages stay and open with the old file.
    Raises KeyFileExists, KeyThere, OSError, DatabaseError.
    """
    pair = KeyPair.new()
    async with open_database(database, make=True) as engine, for_writing(engine).connect() as connection:
        if not replace and await unanswered.load_key(connection) is not None:
            raise KeyThere("there is an editors' key already; --replace puts a new one in its place")
        _write(path, spell(pair))
        try:
            await unanswered.save_key(connection, pair.public, at.astimezone(dt.UTC).date().isoformat())
            await connection.commit()
        except BaseException:
            await asyncio.to_thread(path.unlink)
            raise


def _write(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileExists(f"there is a file {path} already, and it is left as it is: name another") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())


async def read_key(database: DatabaseLocation, path: Path) -> KeyPair:
    """The editors' key from its file. Raises KeyUnreadable, WrongKey, ReadByOthers, NotText, OSError, DatabaseError."""
    try:
        pair = read_spelt(read_secret_file(path))
    except RecoveryKeyMistyped:
        raise KeyUnreadable(f"{path} holds no editors' key, or one with a slip in it") from None
    async with open_readonly(database) as connection:
        await must_be_newest(connection)
        public = await unanswered.load_key(connection)
        waiting, _ = await unanswered.waiting(connection)
    if public != pair.public and not waiting:
        raise WrongKey(f"the key in {path} is not the one messages are sealed to")
    return pair


async def delete_all(database: DatabaseLocation) -> int:
    """Deletes every message that waits for the editors, without a trace; how many there were. Raises DatabaseError."""
    async with open_database(database) as engine:
        async with engine.begin() as connection:
            gone = await unanswered.delete_all(connection)
        await scrub(engine)
    return gone
