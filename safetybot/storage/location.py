"""Where the database is, a SQLite file's path or an address on a PostgreSQL server, and the files beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

DatabaseLocation = Path | URL
"""A SQLite file's path, or a PostgreSQL database's address, which may hold a password: show it with :func:`shown`."""

DRIVER = "postgresql+asyncpg"
_LEADS = (DRIVER, "postgresql", "postgres")
TLS = frozenset({"sslrootcert", "sslcert", "sslkey", "sslcrl", "sslpassword", "ssl_min_protocol_version"})
"""Files and rules for ``ssl``, under libpq's names."""
_QUERY = sorted({"ssl", "host", "port", "target_session_attrs", "prepared_statement_cache_size"} | TLS)
"""What may stand behind the ``?`` of an address."""
MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


@dataclass(frozen=True, slots=True)
class InstallationFiles:
    """What an installation keeps outside its database."""

    data: Path
    """The data folder."""
    secret: Path
    """The server's secret, which may lie apart from it."""

    @classmethod
    def beside(cls, database: Path) -> InstallationFiles:
        """All in the folder of a SQLite file."""
        return cls(database.parent, database.parent / "secrets" / "server.key")

    @property
    def desk_key(self) -> Path:
        """The vouching key, beside which no server's secret need be: for a desk on a machine of its own."""
        return self.secret.with_name("desk.key")

    @property
    def pin(self) -> Path:
        """The file that remembers the newest list of members."""
        return self.data / "roster.pin"

    @property
    def known_database(self) -> Path:
        """The file that remembers which database the folder is used with."""
        return self.data / "database.id"


class AddressError(ValueError):
    """An address of a database that cannot be used; the message says why, without showing it."""


def address(text: str, password: str | None = None) -> URL:
    """The address in ``postgresql+asyncpg://user@host/name``, with ``password`` where it has none.

    Raises AddressError.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise AddressError("must look like postgresql+asyncpg://user@host:5432/name") from None
    if url.drivername not in _LEADS:
        raise AddressError(f"must begin with {DRIVER}:// (a SQLite file needs no address)")
    query = dict(url.query)
    if "sslmode" in query:  # as libpq has it
        query.setdefault("ssl", query.pop("sslmode"))
    if query.keys() - {*_QUERY}:
        # Which is not told: it may be part of a password with a ? in it.
        raise AddressError(f"has more behind its ? than may stand there: {', '.join(_QUERY)} (a ? elsewhere is %3F)")
    if query.get("ssl", "require") not in MODES:
        raise AddressError(f"has an ssl that is none of {', '.join(MODES)}")
    if not url.database:
        raise AddressError("names no database: end it with /safetybot")
    if password is not None:
        if url.password is not None:
            raise AddressError("holds a password, and SAFETYBOT_DATABASE_PASSWORD_FILE names one too: keep one")
        url = url.set(password=password)
    return url.set(drivername=DRIVER, query=query)


def shown(where: DatabaseLocation) -> str:
    """The path, or ``name on host:5432``: without a user, a password or anything else."""
    if isinstance(where, Path):
        return str(where)
    host = where.host or where.query.get("host") or "this machine"
    hosts = host if isinstance(host, str) else ", ".join(host)
    return f"{where.database} on {hosts}" + (f":{where.port}" if where.port else "")
