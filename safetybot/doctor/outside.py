"""What stands outside the database: content, encoder, folders, files and the room that is left."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from safetybot.doctor.findings import Finding, fault, good, warning
from safetybot.guidance.reader import read_content
from safetybot.matching.encoder import EncoderFileDamagedError
from safetybot.matching.fitter import load_encoder
from safetybot.secret import SecretFileError, read_secret
from safetybot.settings import Settings
from safetybot.storage.database import Where

_OTHERS = 0o077
_OTHERS_WRITE = 0o022
_MEGABYTE = 1_000_000
ROOM_FAULT = 200 * _MEGABYTE
"""Below it a busy hour may fill the disk, and then no report can be taken."""
ROOM_WARNING = 1_000 * _MEGABYTE


def outside(settings: Settings) -> Iterator[Finding]:
    """Everything of it. Reads files, and takes a second or two."""
    yield _content(settings.content)
    yield _encoder()
    yield _folder(settings.data)
    yield _secret(settings.secret, settings.database)
    yield from _files(settings)
    yield from _room(settings)


def _content(folder: Path) -> Finding:
    library = read_content(folder)
    bad, warnings = len(library.errors), len(library.faults) - len(library.errors)
    if bad:
        return fault("content", f"{bad} errors: run  safetybot check")
    also = f"; {warnings} warnings: safetybot check  shows them" if warnings else ""
    return good("content", f"valid in {', '.join(library.languages)}{also}")


def _encoder() -> Finding:
    try:
        encoder = load_encoder()
    except EncoderFileDamagedError as error:
        return fault("encoder", f"{error}: install safetybot again")
    if encoder is None:
        return warning("encoder", "missing: answers are found by words alone, and less well")
    return good("encoder", "there, and its files are those that were built")


def _folder(path: Path) -> Finding:
    if not path.is_dir():
        return fault("data folder", f"there is no folder {path}: safetybot run  makes it")
    mode = _mode(path)
    if mode & _OTHERS_WRITE:
        return fault("data folder", f"others can change what is in it: run  chmod 700 {path}")
    if mode & _OTHERS:
        return warning("data folder", f"others can see what is in it: run  chmod 700 {path}")
    return good("data folder", "for its owner alone")


def _secret(path: Path, database: Where) -> Finding:
    try:
        read_secret(path)
    except SecretFileError as error:
        text = str(error)
        if not path.exists() and (not isinstance(database, Path) or database.exists()):
            text += ": put it back from a backup, or no code opens an earlier report; if the bot never ran, it makes it"
        elif not path.exists():
            text += ": safetybot run  makes it"
        return fault("server's secret", text)
    except OSError as error:
        return fault("server's secret", f"{path}: {error.strerror}")
    return good("server's secret", "there, whole, for its owner alone")


def _files(settings: Settings) -> Iterator[Finding]:
    """Who may read the database and the folder of the secrets."""
    file, secrets = settings.database, settings.secret.parent
    files = sorted(file.parent.glob(f"{file.name}*")) if isinstance(file, Path) else []
    if open_to_all := [str(path) for path in files if _mode(path) & _OTHERS]:
        yield fault("database files", f"can be read by others: run  chmod 600 {' '.join(open_to_all)}")
    if secrets.is_dir() and _mode(secrets) & _OTHERS_WRITE:
        yield fault("secrets folder", f"others can change what is in it: run  chmod 700 {secrets}")


def _room(settings: Settings) -> Iterator[Finding]:
    """Room on the disk of the data folder; where the database is a file there, it must be able to grow."""
    if not settings.data.is_dir():
        return
    left = shutil.disk_usage(settings.data).free
    file = settings.database
    local = isinstance(file, Path) and file.exists()
    size = file.stat().st_size if isinstance(file, Path) and local else 0
    told = f"{_amount(left)} left for {settings.data}"
    if left < max(ROOM_FAULT if local else ROOM_FAULT // 10, size // 10):
        why = "when it is full, no report can be taken" if local else "the matcher's cache and backups need some"
        yield fault("free disk", f"{told}: {why}. Make room, or give the folder a larger disk")
    elif local and left < max(ROOM_WARNING, 2 * size):
        why = f"less than {_amount(ROOM_WARNING)}, or than twice the database ({_amount(size)})"
        yield warning("free disk", f"{told}: {why}, which a backup and a busy week may need. Make room")
    else:
        yield good("free disk", told)


def _amount(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
