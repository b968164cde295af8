"""Whether a PostgreSQL server keeps what is committed, and lets us do what we must."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.storage.tables import metadata

OLDEST = 13
"""The oldest version that our statements are tested with."""

_SERVER = text(
    """
    SELECT current_setting('server_version_num')::int / 10000 AS version,
           current_setting('server_encoding') AS encoding,
           current_setting('fsync') AS fsync,
           current_setting('full_page_writes') AS full_page_writes,
           current_setting('synchronous_commit') AS synchronous_commit,
           current_setting('data_checksums') AS data_checksums,
           current_setting('max_connections')::int
             - current_setting('superuser_reserved_connections')::int
             - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS free,
           pg_is_in_recovery() AS standby,
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
           has_schema_privilege(current_schema(), 'CREATE') AS may_create,
           inet_server_addr() IS NULL OR inet_server_addr() <<= '127.0.0.0/8' OR inet_server_addr() = '::1' AS here,
           coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted
    """
)
_RIGHTS = text(
    """
    SELECT count(*) FROM unnest(cast(:names AS text[])) AS name
    WHERE to_regclass(name) IS NOT NULL
      AND NOT (has_table_privilege(name, 'SELECT') AND has_table_privilege(name, 'INSERT')
               AND has_table_privilege(name, 'UPDATE') AND has_table_privilege(name, 'DELETE'))
    """
)


@dataclass(frozen=True, slots=True)
class Server:
    """How it is set up, as this connection sees it."""

    version: int
    encoding: str
    unsafe: tuple[str, ...]
    """Settings that are off, and without which a power cut may lose what was committed."""
    checksums: bool
    """A page that the disk has damaged is noticed when it is read."""
    free: int
    """Connections that are left for people who are no superusers."""
    standby: bool
    """It follows another server, and takes no changes."""
    superuser: bool
    may_create: bool
    """It lets us make tables, as an upgrade may."""
    closed: int
    """Tables that we may not read and write."""
    in_clear: bool
    """What we say to it crosses a network without TLS."""
    ahead: float
    """Seconds by which our clock is ahead of its at least; 0 where it may be right."""


async def server_of(connection: AsyncConnection) -> Server:
    """Looks at it; changes nothing."""
    before = time.time()
    there = float((await connection.execute(text("SELECT extract(epoch FROM clock_timestamp())"))).scalar_one())
    ahead = max(before - there, 0.0) + min(time.time() - there, 0.0)  # the answer may have been slow to come
    row = (await connection.execute(_SERVER)).one()
    names = [table.name for table in metadata.sorted_tables]
    closed = (await connection.execute(_RIGHTS, {"names": names})).scalar_one()
    switches = {name: getattr(row, name) for name in ("fsync", "full_page_writes", "synchronous_commit")}
    return Server(
        version=row.version,
        encoding=row.encoding,
        unsafe=tuple(name for name, value in switches.items() if value == "off"),
        checksums=row.data_checksums == "on",
        free=int(row.free),
        standby=row.standby,
        superuser=bool(row.superuser),
        may_create=bool(row.may_create),
        closed=int(closed),
        in_clear=not (row.here or row.encrypted),
        ahead=ahead,
    )
