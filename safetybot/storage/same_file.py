"""Connections to a SQLite file are used only while that file is where it was opened.

Where somebody deletes or moves it away, the system goes on writing to the bytes it had, which nobody finds again after
the next start: what was said to be kept would be lost. And SQLite would make an empty database in its place. So no
connection is handed out until there is a file again; where that is another one, such as a copy that was put back, the
connections to the old one are given up.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

_FILE = "safetybot file"
"""Where a connection notes which file it was opened on."""

_log = logging.getLogger(__name__)


class DatabaseGone(sqlite3.OperationalError):
    """There is no file any more where the database was."""

    sqlite_errorname = "SQLITE_GONE"


def watch_file(engine: Engine, path: Path) -> None:
    """Has connections of ``engine`` raise DatabaseGone while there is no file at ``path``, which was there once."""
    told = False

    def here() -> tuple[int, int]:
        nonlocal told
        try:
            status = os.stat(path)  # noqa: PTH116 - before every transaction
        except FileNotFoundError:
            if not told:
                told = True
                _log.error("the database file is gone: nothing is kept until it is put back, or a backup is restored")
            raise DatabaseGone("the database file is gone") from None
        if told:
            told = False
            _log.warning("the database file is back, and used again")
        return status.st_dev, status.st_ino

    @event.listens_for(engine, "do_connect")
    def _connecting(*_: Any) -> None:
        here()

    @event.listens_for(engine, "connect")
    def _connected(_: Any, record: Any) -> None:
        record.info[_FILE] = here()

    @event.listens_for(engine, "checkout")
    def _handed_out(_: Any, record: Any, __: Any) -> None:
        if record.info.get(_FILE) != here():
            raise DisconnectionError  # the pool opens another one
