"""Looks at everything, in order."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping

from safetybot.doctor.clock import clock
from safetybot.doctor.database_contents import audit_log, backup, editors, emptiness, people, reports, unread
from safetybot.doctor.databases import belongs, database, known, tables
from safetybot.doctor.findings import DoctorFinding, Examination, fault
from safetybot.doctor.members import vouched
from safetybot.doctor.settings_conflicts import contradictions
from safetybot.doctor.surroundings import not_set_up, outside
from safetybot.doctor.telegram import telegram
from safetybot.reports.integrity import Told
from safetybot.settings import Settings
from safetybot.staff.key_checks import newest_time
from safetybot.storage import installation_metadata
from safetybot.storage.copying import be_patient
from safetybot.storage.known_database import gone, id_of, is_noted
from safetybot.storage.location import shown
from safetybot.storage.opening import DatabaseError, NoDatabase, Schema, open_readonly, schema
from safetybot.vault.audit import Head, spell_head
from safetybot.vault.installation import vouching_at
from safetybot.vault.roster import Vouching
from safetybot.vault.server_secret import SecretFileError


async def examine(
    settings: Settings,
    now: dt.datetime,
    noted: Head | None = None,
    *,
    alone: bool = False,
    told: Told = lambda stage, done: None,
) -> Examination:
    """Looks at everything, and changes nothing. ``now``: with its zone.

    ``noted``: the audit log's head as it was noted earlier; ``alone``: the bot is not running;
    ``told`` hears how far a long look is.
    """
    telegram_asked = asyncio.create_task(telegram(settings, alone=alone), name="ask Telegram")
    findings = await asyncio.to_thread(lambda: list(outside(settings)))
    findings += contradictions(settings)
    of_telegram, seen = await telegram_asked
    findings += of_telegram
    others = {"Telegram": seen.ahead if seen else None}
    newest: Head | None = None
    latest: str | None = None
    noted_in: Mapping[str, str] = {}
    try:
        async with open_readonly(settings.database) as connection:
            await be_patient(connection)
            found, others["the database"] = await database(connection)
            findings += found
            findings += known(settings, await id_of(connection))
            there = await schema(connection)
            findings.append(tables(there))
            if there is Schema.NEWEST:
                noted_in, latest = await installation_metadata.get(connection), await newest_time(connection)
                today = now.astimezone(dt.UTC).date()
                findings += belongs(settings, noted_in)
                vouching = await asyncio.to_thread(_vouching, settings)
                findings += await people(connection)
                findings.append(await vouched(connection, vouching))
                findings += emptiness(settings, latest, now)
                findings += await reports(connection, told)
                findings.append(await unread(connection, today))
                findings.append(await editors(connection, today))
                finding, newest = await audit_log(connection, noted, vouching)
                findings.append(finding)
                findings.append(backup(noted_in, now))
    except NoDatabase as error:
        said = gone(settings.database, settings.files) if is_noted(settings.files) else str(error)
        findings = [*not_set_up(settings, findings)] or [*findings, fault("database", said)]
    except DatabaseError as error:
        findings.append(fault("database", str(error)))
    except PermissionError:
        findings.append(fault("database", f"{shown(settings.database)} is in a folder that you may not look into"))
    findings.append(clock(now, others, latest, noted_in))
    return Examination(_in_place(findings), spell_head(newest) if newest else None)


def _vouching(settings: Settings) -> Vouching | None:
    """None where the secret cannot be read, which is told where the file is looked at."""
    try:
        return vouching_at(settings.files, looks=True)
    except (SecretFileError, OSError):
        return None


def _in_place(findings: list[DoctorFinding]) -> tuple[DoctorFinding, ...]:
    """Each thing once: where the database failed half way, that is what is told of it."""
    return tuple({finding.what: finding for finding in findings}.values())
