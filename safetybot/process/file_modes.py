"""Who may change or read a file or folder, beside the user that the program runs as."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

OTHERS = 0o077
OTHERS_WRITE = 0o022

_log = logging.getLogger(__name__)


class OpenToOthersError(Exception):
    """Others may change what the program relies on; the message says how to end that."""


def is_foreign(status: os.stat_result) -> bool:
    """Whether it belongs to another user than this one and root. Root itself works on everybody's files."""
    return os.geteuid() != 0 and status.st_uid not in (os.geteuid(), 0)


def others_may_change(status: os.stat_result) -> bool:
    """Whether anybody but this user and root may change it."""
    return is_foreign(status) or bool(status.st_mode & OTHERS_WRITE)


def others_may_replace(status: os.stat_result) -> bool:
    """Whether others may put something in the place of what is in a folder; in one like ``/tmp`` they may not."""
    return bool(status.st_mode & OTHERS_WRITE) and not status.st_mode & stat.S_ISVTX


def must_be_closed(data: Path, database: Path | None) -> None:
    """Raises OpenToOthersError where others may change the data folder or the database's files.

    Where they may only read those files, it ends that. ``database``: the SQLite file, where there is one.
    """
    if data.is_dir() and others_may_replace(data.stat()):
        raise OpenToOthersError(f"others can change what is in {data}: run  chmod 700 {data}")
    for path in sorted(database.parent.glob(f"{database.name}*")) if database else ():
        try:
            mode = path.stat().st_mode
            if mode & OTHERS_WRITE:
                raise OpenToOthersError(f"others can change {path}: run  chmod 600 {path}  if you trust what is in it")
            if mode & OTHERS:
                path.chmod(0o600)
                _log.warning("a file of the database could be read by others, and is closed to them")
        except FileNotFoundError:  # SQLite deletes its logs
            continue
        except PermissionError:
            _log.warning("a file of the database can be read by others:  safetybot doctor  says which")
