"""Saving one content file: whole or not at all, and never over what somebody else has saved meanwhile."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from safetybot.guidance.symlinks import inside


class ChangedOnDiskError(Exception):
    """The file is no longer what it was when it was read; nothing was written, and both versions are here."""

    def __init__(self, path: Path, mine: bytes, theirs: bytes | None) -> None:
        super().__init__(f"{path.name} was changed by somebody else meanwhile")
        self.path = path
        self.mine = mine
        """What was to be written."""
        self.theirs = theirs
        """What the file holds now; None if it is gone."""


def save(path: Path, before: bytes, after: bytes, root: Path | None = None) -> None:
    """Replaces the file's bytes, keeping its mode, if it still holds ``before``; without a change, it does nothing.

    Raises ChangedOnDiskError, or OSError. A link is followed, and stays one; but none that leads out of ``root``, for
    which it raises LeadsOut. (Whoever saves in the very moment between
    the last look and the replacement is not seen: no file system that editors use can promise more.)
    """
    real = path.resolve() if root is None else inside(path, root)
    if before == after:
        return
    handle, temporary = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after)
            file.flush()
            _same_mode(real, file.fileno())
            os.fsync(file.fileno())
        now = _read(real)
        if now != before:
            raise ChangedOnDiskError(path, after, now)
        Path(temporary).replace(real)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(real.parent)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _same_mode(path: Path, handle: int) -> None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return  # found missing again below, and told there
    os.fchmod(handle, mode)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
