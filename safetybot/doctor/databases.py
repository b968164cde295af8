"""The database itself: whole, set up so that a commit lasts, with the tables of this version, and with its secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from safetybot.doctor.findings import DoctorFinding, fault, good, warning
from safetybot.settings import Settings
from safetybot.storage import installation_metadata
from safetybot.storage.database import OpenConnection
from safetybot.storage.health import integrity_faults, wrong_switches
from safetybot.storage.known_database import is_known, other
from safetybot.storage.opening import Schema
from safetybot.storage.server_health import OLDEST, Server, server_of
from safetybot.vault.installation import REMEDY
from safetybot.vault.server_secret import SecretFileError, check_of, read_secret

FREE_CONNECTIONS = 20
"""As many as one process may take."""


async def database(connection: OpenConnection) -> tuple[tuple[DoctorFinding, ...], float | None]:
    """What is found, whatever tables there are; and the seconds by which our clock is ahead of its server's."""
    if connection.dialect.name != "sqlite":
        server = await server_of(connection)
        return tuple(_server(server)), server.ahead
    return (await _integrity(connection), await _switches(connection)), None


async def _integrity(connection: OpenConnection) -> DoctorFinding:
    faults = await integrity_faults(connection)
    if faults:
        return fault("database", f"SQLite finds it damaged in {faults} places: restore a backup")
    return good("database", "whole")


async def _switches(connection: OpenConnection) -> DoctorFinding:
    wrong = await wrong_switches(connection)
    if wrong:
        hint = "start the bot once; if it stays so, put the data folder on a disk of this machine"
        return fault("database switches", f"{'; '.join(wrong)}: {hint}")
    return good("database switches", "a commit lasts, and what is deleted leaves no trace")


def _server(server: Server) -> Iterator[DoctorFinding]:
    if server.version < OLDEST:
        yield fault("database", f"PostgreSQL {server.version} is too old: at least {OLDEST} is needed")
    elif server.encoding != "UTF8":
        hint = "make one with  CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        yield fault("database", f"its encoding is {server.encoding}, in which not every word can be kept: {hint}")
    else:
        yield good("database", f"PostgreSQL {server.version} answers, in UTF-8")
    if server.unsafe:
        names, hint = " and ".join(server.unsafe), "switch them on in postgresql.conf, and reload it"
        yield fault("database switches", f"{names} off: a power cut may lose a report that was confirmed; {hint}")
    else:
        yield good("database switches", "a commit lasts")
    if server.checksums:
        yield good("page checksums", "a page that the disk damages is noticed")
    else:
        hint = "stop PostgreSQL, run  pg_checksums --enable , and start it"
        yield warning("page checksums", f"off: a page that the disk damages is not noticed when it is read; {hint}")
    yield _rights(server)
    if server.in_clear:
        hint = "add  ?ssl=verify-full  to SAFETYBOT_DATABASE_URL"
        yield warning("database connection", f"what we say to the server crosses a network without TLS: {hint}")
    if server.free < FREE_CONNECTIONS:
        hint = "raise max_connections, or run fewer processes"
        yield warning("free connections", f"{server.free}, and one process may take {FREE_CONNECTIONS}: {hint}")
    else:
        yield good("free connections", f"{server.free}")


def _rights(server: Server) -> DoctorFinding:
    what = "database rights"
    if server.standby:
        return fault(what, "the server follows another one, and takes no changes: name that one in the address")
    if server.closed:
        return fault(what, f"{server.closed} tables cannot be read and written: GRANT ALL on them to the bot's user")
    if not server.may_create:
        return warning(what, "no table can be made, so an upgrade will fail: GRANT CREATE ON SCHEMA to the bot's user")
    if server.superuser:
        return warning(what, "the bot's user is a superuser, and may do more than it needs: give it a user of its own")
    return good(what, "enough, and not more")


def tables(found: Schema) -> DoctorFinding:
    """Which tables there are."""
    match found:
        case Schema.OLD:
            hint = "run  safetybot run  to upgrade; staff, cases and the audit log were not looked at"
            return fault("tables", f"of an earlier version: {hint}")
        case Schema.TOO_NEW:
            return fault("tables", "of a later version of safetybot: install that one")
        case Schema.NEWEST:
            return good("tables", "of this version")


def known(settings: Settings, number: str | None) -> Iterator[DoctorFinding]:
    """Whether it is the database that the data folder was used with. ``number``: the one it has."""
    if not is_known(number, settings.files):
        yield fault("known database", other(settings.database, settings.files))


def belongs(settings: Settings, noted: Mapping[str, str]) -> Iterator[DoctorFinding]:
    """Whether the server's secret is the one that the database was used with. ``noted``: its marks."""
    what = "secret and database"
    try:
        check = check_of(read_secret(settings.secret))
    except (SecretFileError, OSError):
        return  # told where the file is looked at
    if installation_metadata.SECRET_CHECK not in noted:
        yield good(what, "nobody has noted yet that they belong together: safetybot run  does")
    elif noted[installation_metadata.SECRET_CHECK] != check:
        yield fault(what, f"they do not belong together: no code opens its report. {REMEDY}")
    else:
        yield good(what, "belong together")
