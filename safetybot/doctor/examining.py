"""Looks at everything, in order."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping

from safetybot.doctor.clock import clock
from safetybot.doctor.contradictions import contradictions
from safetybot.doctor.databases import belongs, database, tables
from safetybot.doctor.findings import Examination, Finding, fault
from safetybot.doctor.inside import audit_log, backup, editors, people, unread
from safetybot.doctor.outside import outside
from safetybot.doctor.telegram import telegram
from safetybot.reports.audit import Head, spell_head
from safetybot.reports.soundness import newest_time
from safetybot.settings import Settings
from safetybot.storage import marks
from safetybot.storage.opening import DatabaseError, Schema, reading, schema


async def examine(
    settings: Settings, now: dt.datetime, noted: Head | None = None, *, alone: bool = False
) -> Examination:
    """Looks at everything, and changes nothing. ``now``: with its zone.

    ``noted``: the audit log's head as it was noted earlier; ``alone``: the bot is not running.
    """
    telegram_asked = asyncio.create_task(telegram(settings, alone=alone), name="ask Telegram")
    findings = await asyncio.to_thread(lambda: list(outside(settings)))
    findings += contradictions(settings)
    told, seen = await telegram_asked
    findings += told
    others = {"Telegram": seen.ahead if seen else None}
    newest: Head | None = None
    latest: str | None = None
    known: Mapping[str, str] = {}
    try:
        async with reading(settings.database) as connection:
            found, others["the database"] = await database(connection)
            findings += found
            there = await schema(connection)
            findings.append(tables(there))
            if there is Schema.NEWEST:
                known, latest = await marks.get(connection), await newest_time(connection)
                today = now.astimezone(dt.UTC).date()
                findings += belongs(settings, known)
                findings += await people(connection)
                findings.append(await unread(connection, today))
                findings.append(await editors(connection, today))
                finding, newest = await audit_log(connection, noted)
                findings.append(finding)
                findings.append(backup(known, now))
    except DatabaseError as error:
        findings.append(fault("database", str(error)))
    findings.append(clock(now, others, latest, known))
    return Examination(_in_place(findings), spell_head(newest) if newest else None)


def _in_place(findings: list[Finding]) -> tuple[Finding, ...]:
    """Each thing once: where the database failed half way, that is what is told of it."""
    return tuple({finding.what: finding for finding in findings}.values())
