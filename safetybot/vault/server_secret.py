"""The server's secret: 32 random bytes in a file only the server's user may read.

Whoever has this file and the database can open sessions; whoever has the database alone cannot. It is made at the
first start and never changes: with another secret, sessions and what chats are known by are lost.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from safetybot.process.file_modes import OTHERS, is_foreign, others_may_replace

SECRET_BYTES = 32


class SecretFileError(Exception):
    """The secret's file is there and cannot be used; the message says why, and shows nothing of it."""


class WrongSecret(SecretFileError):  # noqa: N818 - reads as what went wrong
    """The secret is whole, and not the one that the database is used with."""


def check_of(secret: bytes) -> str:
    """What the database keeps to know the secret again: whoever has it learns nothing of the secret."""
    return hashlib.blake2b(digest_size=16, key=secret, person=b"secret-check").hexdigest()


def read_or_make_secret(path: Path) -> bytes:
    """The secret in ``path``; made there, with mode 0600, if there is no such file.

    Raises SecretFileError.
    """
    if not path.exists():
        keep_secret(path, secrets.token_bytes(SECRET_BYTES))
    return read_secret(path)


def keep_secret(path: Path, secret: bytes) -> None:
    """Writes a secret to ``path``, for its owner alone; where there is one, that stays. Raises SecretFileError."""
    if len(secret) != SECRET_BYTES:
        raise SecretFileError(f"a secret has {SECRET_BYTES} bytes, and this one has not")
    try:
        for folder in (path.parent.parent, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")  # with mode 0600
    except OSError as error:
        hint = f"make it as root, and give it to this user:  openssl rand {SECRET_BYTES} > {path}"
        raise SecretFileError(f"{path} cannot be written ({error.strerror}): {hint}") from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # where another process was first, its secret is the one
            os.link(temporary, path)
    finally:
        temporary.unlink()


def must_be_private(path: Path) -> None:
    """Raises SecretFileError where others may read the secret, or put another one in its place."""
    if not path.exists():
        raise SecretFileError(f"{path} is missing")
    status, folder = path.stat(), path.parent.stat()
    if status.st_mode & OTHERS:
        raise SecretFileError(f"{path} can be read by others: run  chmod 600 {path}")
    if is_foreign(status):
        raise SecretFileError(f"{path} belongs to another user: run  chown {os.geteuid()} {path}")
    if is_foreign(folder):
        raise SecretFileError(f"{path.parent} belongs to another user: run  chown {os.geteuid()} {path.parent}")
    if others_may_replace(folder):
        raise SecretFileError(f"others can change what is in {path.parent}: run  chmod 700 {path.parent}")


def read_secret(path: Path) -> bytes:
    """The secret in ``path``. Raises SecretFileError."""
    must_be_private(path)
    secret = path.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise SecretFileError(f"{path} is damaged: it must hold {SECRET_BYTES} bytes. Restore it from a backup.")
    return secret
