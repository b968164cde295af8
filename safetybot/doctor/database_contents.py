"""What the database holds: staff and their keys, what waits for them, the audit log, and when it was last backed up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path

from safetybot.doctor.findings import DoctorFinding, fault, good, warning
from safetybot.doctor.surroundings import moved_files
from safetybot.reports.integrity import Told, look_over
from safetybot.reports.queue import waiting
from safetybot.settings import Settings
from safetybot.staff import members as staff
from safetybot.staff.key_checks import damaged_members, readable_by_nobody, recovery_key_is_damaged
from safetybot.staff.second_factor import with_second_factor
from safetybot.storage import installation_metadata, unanswered
from safetybot.storage.database import OpenConnection
from safetybot.vault import audit
from safetybot.vault.audit import Head, spell_head
from safetybot.vault.audit_seal import seal_fault
from safetybot.vault.roster import Vouching

NEW_DAYS = 1
"""For which an installation may be without anybody."""
BACKUP_DAYS = 2
"""After which a backup is too old: what was filed since would be lost with the disk."""


async def people(connection: OpenConnection) -> list[DoctorFinding]:
    """Staff, their second factors and their keys, and the recovery key."""
    members = await staff.list_members(connection)
    active = sum(member.active for member in members)
    first = sum(member.active and member.must_change for member in members)
    damaged = await damaged_members(connection)
    if damaged:
        who = fault("staff", f"the keys of {len(damaged)} of {active} active are damaged: restore a backup")
    elif active:
        also = f"; {first} with a passphrase still to be changed" if first else ""
        who = good("staff", f"{active} active{also}")
    else:
        who = warning("staff", "nobody is active, so reports are not offered: safetybot staff add")
    without = len({member.id for member in members if member.active} - await with_second_factor(connection))
    if without:
        says = f"{without} active without one: they set it up when they first log in at the desk"
        second = warning("second factors", says)
    else:
        second = good("second factors", "everybody active has one" if active else "none is needed yet")
    if not await staff.has_recovery_key(connection):
        lost = "lost from the database: no report is taken; restore a backup"
        none = "none yet: it is made, and printed once, with the first member"
        key = fault("recovery key", lost) if members else warning("recovery key", none)
    elif await recovery_key_is_damaged(connection):
        key = fault("recovery key", "damaged in the database: no report can be sealed; restore a backup")
    else:
        key = good("recovery key", "made; it is on the paper that was written then")
    return [who, second, key]


async def reports(connection: OpenConnection, told: Told) -> list[DoctorFinding]:
    """Whether all that was reported is there as it was written, as far as can be seen without a key."""
    found = await look_over(connection, told=told)
    hint = (
        "keep every backup; restore the newest that  safetybot restore FILE --check  finds whole, "
        "and find out who or what could change the database"
    )
    broken, damaged = found.references(), found.reports()
    return [
        fault("foreign keys", f"{broken}: {hint}") if broken else good("foreign keys", "whatever a row names is there"),
        fault("sealed reports", f"{damaged}: {hint}")
        if damaged
        else good("sealed reports", f"{found.envelopes} envelopes as they were written, each with a key for recovery"),
    ]


def emptiness(settings: Settings, latest: str | None, now: dt.datetime) -> Iterator[DoctorFinding]:
    """Whether an empty database stands in place of another. ``latest``: the latest time in the audit log.

    Nobody was ever added, and nothing reported, that left no row there.
    """
    if latest is not None:
        return
    hint = "put the right one back, or restore a backup, before anything is added here"
    if isinstance(settings.database, Path) and (moved := moved_files(settings)):
        why = f"{moved[0].name} is what a move to PostgreSQL left, and SAFETYBOT_DATABASE_URL is not set"
        yield fault("empty database", f"nothing was ever kept in it, and {why}: set it, and delete the empty one")
        return
    try:
        made = dt.datetime.fromtimestamp(settings.secret.stat().st_mtime, dt.UTC)
    except OSError:
        return  # told where the file is looked at
    if (now - made).days >= NEW_DAYS:
        why = f"the server's secret is of {made.date()}; if there were members or reports, this is not their database"
        yield warning("empty database", f"nothing was ever kept in it, and {why}: {hint}")


async def unread(connection: OpenConnection, today: dt.date) -> DoctorFinding:
    """What waits to be read, and whether anybody can."""
    found = await waiting(connection)
    if found.since is None:
        return good("unread cases", "none")
    says = f"{found.cases}, the oldest {_for((today - dt.date.fromisoformat(found.since)).days)}"
    sealed = await readable_by_nobody(connection)
    if sealed:
        hint = "safetybot staff enable, staff grant or staff recover  gives somebody access"
        return fault("unread cases", f"{says}; {sealed} can be opened by nobody who is active: {hint}")
    return warning("unread cases", says)


async def editors(connection: OpenConnection, today: dt.date) -> DoctorFinding:
    """What editors were let see."""
    has_key = await unanswered.load_key(connection) is not None
    number, since = await unanswered.waiting(connection)
    key = "a key is set" if has_key else "no key, so nobody is asked whether editors may see their words"
    days = (today - dt.date.fromisoformat(since)).days if since else 0
    waits = f"{number} messages wait, the oldest {_for(days)}" if number else "no message waits"
    return good("editors' messages", f"{key}; {waits}")


async def audit_log(
    connection: OpenConnection, noted: Head | None, vouching: Vouching | None
) -> tuple[DoctorFinding, Head | None]:
    """Whether the log holds, and its newest row where it does. ``noted``: its head as it was noted earlier."""
    broken = await audit.verify(connection, noted)
    if broken:
        return fault("audit log", f"does not hold at row {broken.number}: {broken.why}"), None
    if wrong := await seal_fault(connection, vouching):
        hint = (
            "find out who could write to the database; once it is known, safetybot staff vouch --all  goes on with it"
        )
        return fault("audit log", f"its rows hold together, but {wrong}: {hint}"), None
    newest = await audit.head(connection)
    also = f", row {noted.number} as it was noted" if noted else ""
    return good("audit log", f"{newest.number} rows hold, sealed{also}; head {spell_head(newest)}"), newest


def backup(noted: Mapping[str, str], now: dt.datetime) -> DoctorFinding:
    """How old the last backup is that anybody told the database of. ``noted``: its marks."""
    written = noted.get(installation_metadata.LAST_BACKUP)
    try:
        days = (now - dt.datetime.fromisoformat(written)).days if written else None
    except (ValueError, TypeError):
        days = None
    if days is None:
        return warning("backup", "none is known of: safetybot backup FILE  makes one; keep it on another machine")
    if days > BACKUP_DAYS:
        return warning("backup", f"the last is {days} days old: run  safetybot backup FILE  every day")
    return good("backup", f"the last was made {written}")


def _for(days: int) -> str:
    return "since today" if days < 1 else f"for {days} day{'s' if days > 1 else ''}"
