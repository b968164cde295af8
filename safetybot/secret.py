"""The server's secret: 32 random bytes in a file only the server's user may read.

Whoever has this file and the database can open sessions; whoever has the database alone cannot. It is made at the
first start and never changes: with another secret, sessions and what chats are known by are lost.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from safetybot.dialogue.session import SECRET_BYTES


class SecretFileError(Exception):
    """The secret's file is there and cannot be used; the message says why, and shows nothing of it."""


def read_or_make_secret(path: Path) -> bytes:
    """The secret in ``path``; made there, with mode 0600, if there is no such file.

    Raises SecretFileError.
    """
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")  # with mode 0600
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # fails where another process was first; then its secret is the one
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return read_secret(path)


def read_secret(path: Path) -> bytes:
    """The secret in ``path``. Raises SecretFileError."""
    if not path.exists():
        raise SecretFileError(f"{path} is missing")
    if path.stat().st_mode & 0o077:
        raise SecretFileError(f"{path} can be read by others: run  chmod 600 {path}")
    secret = path.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise SecretFileError(f"{path} is damaged: it must hold {SECRET_BYTES} bytes. Restore it from a backup.")
    return secret
