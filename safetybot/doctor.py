"""Looks an installation over, and changes nothing: makes no folder, upgrades no table."""

from __future__ import annotations

import asyncio
import datetime as dt
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from safetybot.guidance.reader import read_content
from safetybot.matching.encoder import EncoderFileDamagedError
from safetybot.matching.fitter import load_encoder
from safetybot.reports import audit, staff
from safetybot.reports.audit import Head, spell_head
from safetybot.reports.queue import waiting
from safetybot.reports.second_factor import with_second_factor
from safetybot.secret import SecretFileError, read_secret
from safetybot.settings import Settings
from safetybot.storage import unanswered
from safetybot.storage.database import OpenConnection
from safetybot.storage.health import integrity_faults, wrong_switches
from safetybot.storage.opening import DatabaseError, Schema, reading, schema

_OTHERS = 0o077
_OTHERS_WRITE = 0o022


class State(StrEnum):
    """How it is with one thing."""

    GOOD = "good"
    WARNING = "warning"
    """It works, or will; somebody should look."""
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: State
    says: str


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything that was looked at, in order."""

    findings: tuple[Finding, ...]
    audit_head: str | None
    """``number:hash`` of the audit log's newest row; None where the log does not hold."""

    @property
    def sound(self) -> bool:
        """Nothing is a fault."""
        return all(finding.state is not State.FAULT for finding in self.findings)


async def examine(settings: Settings, today: dt.date, noted: Head | None = None) -> Examination:
    """Looks at everything. ``noted``: the audit log's head as it was noted earlier."""
    findings = await asyncio.to_thread(lambda: list(_outside(settings)))
    newest: Head | None = None
    try:
        async with reading(settings.database) as connection:
            findings.append(await _integrity(connection))
            findings.append(await _switches(connection))
            tables = await schema(connection)
            findings.append(_tables(tables))
            if tables is Schema.NEWEST:
                findings += await _staff(connection)
                findings.append(await _waiting(connection, today))
                findings.append(await _editors(connection, today))
                finding, newest = await _audit(connection, noted)
                findings.append(finding)
    except DatabaseError as error:
        findings.append(Finding("database", State.FAULT, str(error)))
    return Examination(tuple(findings), spell_head(newest) if newest else None)


def _outside(settings: Settings) -> Iterator[Finding]:
    """What stands outside the database."""
    yield _content(settings.content)
    yield _encoder()
    if settings.telegram_token is None:
        yield Finding("Telegram", State.WARNING, "no SAFETYBOT_TELEGRAM_TOKEN: the bot talks in a terminal only")
    else:
        yield Finding("Telegram", State.GOOD, "a token is set")
    yield _folder(settings.data)
    yield _secret(settings.secret, settings.database)
    files = [path for path in settings.database.parent.glob(f"{settings.database.name}*") if _mode(path) & _OTHERS]
    if files:
        names = " ".join(str(path) for path in sorted(files))
        yield Finding("database files", State.FAULT, f"can be read by others: run  chmod 600 {names}")


def _content(folder: Path) -> Finding:
    library = read_content(folder)
    bad, warnings = len(library.errors), len(library.faults) - len(library.errors)
    if bad:
        return Finding("content", State.FAULT, f"{bad} errors: run  safetybot check")
    also = f"; {warnings} warnings: safetybot check  shows them" if warnings else ""
    return Finding("content", State.GOOD, f"valid in {', '.join(library.languages)}{also}")


def _encoder() -> Finding:
    try:
        encoder = load_encoder()
    except EncoderFileDamagedError as error:
        return Finding("encoder", State.FAULT, f"{error}: install safetybot again")
    if encoder is None:
        return Finding("encoder", State.WARNING, "missing: answers are found by words alone, and less well")
    return Finding("encoder", State.GOOD, "there, and its files are those that were built")


def _folder(path: Path) -> Finding:
    if not path.is_dir():
        return Finding("data folder", State.FAULT, f"there is no folder {path}: safetybot run  makes it")
    mode = _mode(path)
    if mode & _OTHERS_WRITE:
        return Finding("data folder", State.FAULT, f"others can change what is in it: run  chmod 700 {path}")
    if mode & _OTHERS:
        return Finding("data folder", State.WARNING, f"others can see what is in it: run  chmod 700 {path}")
    return Finding("data folder", State.GOOD, "for its owner alone")


def _secret(path: Path, database: Path) -> Finding:
    try:
        read_secret(path)
    except SecretFileError as error:
        text = str(error)
        if not path.exists() and database.exists():
            text += ": put it back from a backup, or no code opens an earlier report; if the bot never ran, it makes it"
        elif not path.exists():
            text += ": safetybot run  makes it"
        return Finding("server's secret", State.FAULT, text)
    except OSError as error:
        return Finding("server's secret", State.FAULT, f"{path}: {error.strerror}")
    return Finding("server's secret", State.GOOD, "there, whole, for its owner alone")


async def _integrity(connection: OpenConnection) -> Finding:
    faults = await integrity_faults(connection)
    if faults:
        return Finding("database", State.FAULT, f"SQLite finds it damaged in {faults} places: restore a backup")
    return Finding("database", State.GOOD, "whole")


async def _switches(connection: OpenConnection) -> Finding:
    wrong = await wrong_switches(connection)
    if wrong:
        hint = "start the bot once; if it stays so, put the data folder on a disk of this machine"
        return Finding("database switches", State.FAULT, f"{'; '.join(wrong)}: {hint}")
    return Finding("database switches", State.GOOD, "a commit lasts, and what is deleted leaves no trace")


def _tables(found: Schema) -> Finding:
    match found:
        case Schema.OLD:
            hint = "run  safetybot run  to upgrade; staff, cases and the audit log were not looked at"
            return Finding("tables", State.FAULT, f"of an earlier version: {hint}")
        case Schema.TOO_NEW:
            return Finding("tables", State.FAULT, "of a later version of safetybot: install that one")
        case Schema.NEWEST:
            return Finding("tables", State.GOOD, "of this version")


async def _staff(connection: OpenConnection) -> list[Finding]:
    members = await staff.list_members(connection)
    active = sum(member.active for member in members)
    first = sum(member.active and member.must_change for member in members)
    if active:
        also = f"; {first} with a passphrase still to be changed" if first else ""
        who = Finding("staff", State.GOOD, f"{active} active{also}")
    else:
        who = Finding("staff", State.WARNING, "nobody is active, so reports are not offered: safetybot staff add")
    without = len({member.id for member in members if member.active} - await with_second_factor(connection))
    if without:
        says = f"{without} active without one: they set it up when they first log in at the desk"
        second = Finding("second factors", State.WARNING, says)
    elif active:
        second = Finding("second factors", State.GOOD, "everybody active has one")
    else:
        second = Finding("second factors", State.GOOD, "none is needed yet")
    if await staff.has_recovery_key(connection):
        key = Finding("recovery key", State.GOOD, "made; it is on the paper that was written then")
    elif members:
        key = Finding("recovery key", State.FAULT, "lost from the database: no report is taken; restore a backup")
    else:
        key = Finding("recovery key", State.WARNING, "none yet: it is made, and printed once, with the first member")
    return [who, second, key]


async def _waiting(connection: OpenConnection, today: dt.date) -> Finding:
    found = await waiting(connection)
    if found.since is None:
        return Finding("unread cases", State.GOOD, "none")
    days = (today - dt.date.fromisoformat(found.since)).days
    return Finding("unread cases", State.WARNING, f"{found.cases}, the oldest {_for(days)}")


async def _editors(connection: OpenConnection, today: dt.date) -> Finding:
    has_key = await unanswered.load_key(connection) is not None
    number, since = await unanswered.waiting(connection)
    key = "a key is set" if has_key else "no key, so nobody is asked whether editors may see their words"
    days = (today - dt.date.fromisoformat(since)).days if since else 0
    waits = f"{number} messages wait, the oldest {_for(days)}" if number else "no message waits"
    return Finding("editors' messages", State.GOOD, f"{key}; {waits}")


async def _audit(connection: OpenConnection, noted: Head | None) -> tuple[Finding, Head | None]:
    broken = await audit.verify(connection, noted)
    if broken:
        return Finding("audit log", State.FAULT, f"does not hold at row {broken.number}: {broken.why}"), None
    newest = await audit.head(connection)
    also = f", and follows row {noted.number} as it was noted" if noted else ""
    return Finding("audit log", State.GOOD, f"{newest.number} rows hold{also}; head {spell_head(newest)}"), newest


def _for(days: int) -> str:
    return "since today" if days < 1 else f"for {days} day{'s' if days > 1 else ''}"


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
