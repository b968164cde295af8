"""A file that is there wholly or not at all: written beside its place, made to last, looked at, and then renamed."""

from __future__ import annotations

import fcntl
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from safetybot.backup.errors import BackupBusy, BackupThere, CannotWrite

_BUFFER = 1 << 20


@contextmanager
def whole_file(path: Path, *, replace: bool, whole: Callable[[io.BufferedReader], None]) -> Iterator[io.BufferedWriter]:
    """A file to write to, for its owner alone. At the block's end ``whole`` reads it, and it gets its name.

    Where anything is raised, nothing is left of it, and what had the name before stays.
    Raises BackupThere, unless it is to be replaced; BackupBusy, CannotWrite, OSError, and what ``whole`` raises.
    """
    _must_be_free(path, replace)
    part = path.with_name(f"{path.name}.part")
    with _locked(part) as descriptor, _named(path):
        try:
            with os.fdopen(descriptor, "w+b", _BUFFER, closefd=False) as file:
                yield file  # type: ignore[misc]  # it is read, too
                file.flush()
                os.fsync(descriptor)
                file.seek(0)
                whole(file)  # type: ignore[arg-type]
            _must_be_free(path, replace)
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _must_be_free(path: Path, replace: bool) -> None:
    if path.is_dir():
        raise BackupThere(f"{path} is a folder: name a file in it")
    if path.exists() and not replace:
        raise BackupThere(f"there is a file {path} already, and it is left as it is: name another, or add  --force")


@contextmanager
def _locked(part: Path) -> Iterator[int]:
    """The new file's descriptor, for us alone; what another that was killed left of it is overwritten."""
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not part.exists() or os.fstat(descriptor).st_ino != part.stat().st_ino:
                raise BlockingIOError  # another has just finished, and it has its name
        except BlockingIOError:
            raise BackupBusy(f"another process is writing {part}: wait until it is done") from None
        os.fchmod(descriptor, 0o600)
        os.ftruncate(descriptor, 0)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Raises CannotWrite in place of an error that names no file."""
    try:
        yield
    except ConnectionError:
        raise  # the database's, not the file's
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise CannotWrite(f"{path} could not be written ({why}), and nothing is left of the attempt") from None
