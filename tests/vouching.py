"""Engines that vouch for members, for tests that open a database themselves."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.storage.database import DatabaseLocation, engine_of
from safetybot.vault.installation import files_beside
from safetybot.vault.roster import Vouching, with_vouching
from safetybot.vault.server_secret import read_secret
from safetybot.vault.vouching import VouchingKey


def vouched(engine: AsyncEngine, secret: bytes = bytes(range(32))) -> AsyncEngine:
    """The engine, vouching with the secret that offices use where nothing else is said."""
    return with_vouching(engine, Vouching(VouchingKey.of(secret)))


def vouching_engine(where: DatabaseLocation, secret: Path | None = None) -> AsyncEngine:
    """An engine that vouches with the secret in the file, or that of the data folder, where there is one."""
    if secret is None and isinstance(where, Path):
        secret = files_beside(where).secret
    if secret is None or not secret.exists():
        return engine_of(where)
    return vouched(engine_of(where), read_secret(secret))
