"""What stands outside the database: content, encoder, folders, files and the room that is left."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from safetybot.doctor.findings import DoctorFinding, fault, good, warning
from safetybot.guidance.reader import read_content
from safetybot.matching.encoder import EncoderFileDamagedError
from safetybot.matching.fitter import load_encoder
from safetybot.process.file_modes import others_may_change, others_may_replace
from safetybot.process.hardening import has_swap
from safetybot.settings import Settings
from safetybot.storage.known_database import is_noted
from safetybot.vault.server_secret import SecretFileError, read_secret

_OTHERS = 0o077
_OTHERS_WRITE = 0o022
_MEGABYTE = 1_000_000
ROOM_FAULT = 200 * _MEGABYTE
"""Below it a busy hour may fill the disk, and then no report can be taken."""
ROOM_WARNING = 1_000 * _MEGABYTE


def outside(settings: Settings) -> Iterator[DoctorFinding]:
    """Everything of it. Reads files, and takes a second or two."""
    yield _content(settings.content)
    yield _encoder()
    if settings.data.is_dir() and not os.access(settings.data, os.R_OK | os.X_OK):
        owner = _user(_uid(settings.data))
        why = f"{settings.data} belongs to {owner}, and you are {_user(os.geteuid())}, who may not look into it"
        yield fault("data folder", f"{why}: run this as {owner}, with  sudo -u {owner}")
        return
    yield _swap()
    yield _folder(settings.data)
    yield _secret(settings.secret)
    yield from _files(settings)
    yield from _owners(settings)
    yield from _moved(settings)
    yield from _cache(settings.cache)
    yield from _room(settings)


def _content(folder: Path) -> DoctorFinding:
    library = read_content(folder)
    bad, warnings = len(library.errors), len(library.faults) - len(library.errors)
    if bad:
        return fault("content", f"{bad} errors: run  safetybot check")
    also = f"; {warnings} warnings: safetybot check  shows them" if warnings else ""
    return good("content", f"valid in {', '.join(library.languages)}{also}")


def _encoder() -> DoctorFinding:
    try:
        encoder = load_encoder()
    except EncoderFileDamagedError as error:
        return fault("encoder", f"{error}: install safetybot again")
    if encoder is None:
        return warning("encoder", "missing: answers are found by words alone, and less well")
    return good("encoder", "there, and its files are those that were built")


def _swap() -> DoctorFinding:
    """A service's own limits cannot be seen from a command."""
    if not has_swap():
        return good("swap", "none: what is in memory is never written to a disk")
    return good("swap", "there is some: started as in deploy/, bot and desk stay out of it; otherwise encrypt it")


def _folder(path: Path) -> DoctorFinding:
    if not path.is_dir():
        return fault("data folder", f"there is no folder {path}: safetybot run  makes it")
    mode = _mode(path)
    if mode & _OTHERS_WRITE:
        return fault("data folder", f"others can change what is in it: run  chmod 700 {path}")
    if mode & _OTHERS:
        return warning("data folder", f"others can see what is in it: run  chmod 700 {path}")
    return good("data folder", "for its owner alone")


def _secret(path: Path) -> DoctorFinding:
    try:
        read_secret(path)
    except SecretFileError as error:
        hint = ": put it back from a backup, or no code opens an earlier report; if the bot never ran, it makes it"
        return fault("server's secret", f"{error}{'' if path.exists() else hint}")
    except OSError as error:
        return fault("server's secret", f"{path}: {error.strerror}")
    return good("server's secret", "there, whole, for its owner alone")


def not_set_up(settings: Settings, found: Sequence[DoctorFinding]) -> Iterator[DoctorFinding]:
    """Where there is no database: the findings of an installation that was never started; none where it was.

    What is missing because nobody has made it yet is no fault.
    """
    if is_noted(settings.files) or moved_files(settings) or (settings.secret.exists() and not settings.secret_file):
        return
    made_later = {"server's secret"} | ({"data folder"} if not settings.data.exists() else set())
    yield warning(
        "set up",
        "nothing is set up yet: safetybot run  makes folder, secret and database, and safetybot staff add NAME  lets "
        f"somebody read reports. If this bot was ever used, {settings.data} is not its data folder (SAFETYBOT_DATA), "
        "or all of it is gone: restore a backup",
    )
    yield from (each for each in found if each.what not in made_later)


def moved_files(settings: Settings) -> Sequence[Path]:
    """What moves to PostgreSQL have left of SQLite files in the data folder."""
    file = settings.sqlite_file
    return sorted(path for path in file.parent.glob(f"{glob.escape(file.name)}-moved-*") if path.is_file())


def _moved(settings: Settings) -> Iterator[DoctorFinding]:
    if moved := moved_files(settings):
        why = "all that was reported before the move is in it, and what is deleted since stays in it"
        names = " ".join(map(str, moved))
        yield warning("moved database", f"{why}: once there is a backup, run  rm {names}")


def _owners(settings: Settings) -> Iterator[DoctorFinding]:
    """Whether all of the data belong to one user, who is the one that the bot runs as."""
    if not settings.data.is_dir():
        return
    owner = settings.data.stat().st_uid
    file = settings.database
    files = sorted(file.parent.glob(f"{glob.escape(file.name)}*")) if isinstance(file, Path) else []
    folders = (settings.secret.parent,) if settings.secret.is_relative_to(settings.data) else ()
    others = [path for path in (*files, *folders, settings.secret) if _uid(path) not in (None, owner)]
    if others:
        whose = ", ".join(sorted({_user(_uid(path)) for path in others}))
        names = " ".join(map(str, others))
        hint = f"run  chown {_user(owner)} {names}  where that is the user the bot runs as"
        yield fault("owner", f"{names} belong to {whose}, and the data folder to {_user(owner)}: {hint}")
    elif os.geteuid() not in (0, owner):
        hint = f"run this as {_user(owner)}, with  sudo -u {_user(owner)}"
        yield warning("owner", f"the data folder belongs to {_user(owner)}, and you are {_user(os.geteuid())}: {hint}")


def _uid(path: Path) -> int | None:
    try:
        return path.stat().st_uid
    except OSError:
        return None


def _user(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid).pw_name if uid is not None else "nobody"
    except KeyError:
        return f"user {uid}"


def _files(settings: Settings) -> Iterator[DoctorFinding]:
    """Who may read the database and the folder of the secrets."""
    file, secrets = settings.database, settings.secret.parent
    files = sorted(file.parent.glob(f"{file.name}*")) if isinstance(file, Path) else []
    if open_to_all := [str(path) for path in files if _mode(path) & _OTHERS]:
        yield fault("database files", f"can be read by others: run  chmod 600 {' '.join(open_to_all)}")
    if secrets.is_dir() and others_may_replace(secrets.stat()):
        yield fault("secrets folder", f"others can change what is in it: run  chmod 700 {secrets}")


def _cache(folder: Path) -> Iterator[DoctorFinding]:
    """Whoever can change the matcher's cache changes what the bot answers."""
    if not folder.is_dir():
        return
    paths = [folder, *folder.glob("*.npz"), *folder.glob("*.json")]
    if any(others_may_change(path.stat()) for path in paths):
        why = "others could have written it, so it is not used; the bot learns it anew when it starts"
        yield fault("matcher's cache", f"{why}. Or run  rm -r {folder}")
    else:
        yield good("matcher's cache", "nobody else could have written it")


def _room(settings: Settings) -> Iterator[DoctorFinding]:
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
