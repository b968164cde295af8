"""One bot alone on a SQLite file: what one gathers, and the order of a chat's messages, another would not know of.

The operator's commands, the desk, and the chat in a terminal are no bots. A PostgreSQL database has room for many.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetybot.storage.location import DatabaseLocation
from safetybot.storage.opening import DatabaseError

LOCK = "bot.lock"
"""The file beside the database that the running bot holds; the system lets it go when the process ends."""


class AnotherBot(DatabaseError):  # noqa: N818 - named for what went wrong
    """One runs on this file already."""


@contextmanager
def one_bot(where: DatabaseLocation) -> Iterator[None]:
    """While this process is a bot on a database. Raises AnotherBot, and OSError where the lock cannot be made."""
    if not isinstance(where, Path):
        yield
        return
    where.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(where.with_name(LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AnotherBot(
                f"another bot runs on {where}: stop it first, or have both use PostgreSQL (SAFETYBOT_DATABASE_URL)"
            ) from None
        yield
    finally:
        os.close(file)
