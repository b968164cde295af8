"""The commands for backups and for the move to PostgreSQL: parse, call one function, print."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import io
import sys
from collections.abc import Mapping
from pathlib import Path

from safetybot.administration.operator_tasks import OperatingError, read_secret_file
from safetybot.backup import create, move_to_postgresql
from safetybot.backup import restore as restoring
from safetybot.backup.create import BackupMade
from safetybot.backup.move_to_postgresql import Moved
from safetybot.backup.restore import Restored
from safetybot.cli.command import EXIT_FAULTS, Run
from safetybot.cli.operator_commands import typed_key
from safetybot.cli.progress import ProgressBars
from safetybot.reports.integrity import Integrity
from safetybot.settings import Settings
from safetybot.vault.audit import read_head, spell_head


class ShownOnTerminal(OperatingError):  # noqa: N818 - named for what went wrong
    """A backup would be written to a screen."""


def _backup(settings: Settings, parsed: argparse.Namespace) -> int:
    if parsed.file == "-" and (sys.stdout is None or sys.stdout.isatty()):
        raise ShownOnTerminal("standard output is a terminal: name a file, or add  > FILE")
    # Unbuffered, so that nothing is left to be written where it could not be.
    to = io.FileIO(sys.stdout.fileno(), "wb", closefd=False) if parsed.file == "-" else Path(parsed.file)
    with ProgressBars() as stages:
        made = asyncio.run(
            create.make_backup(
                settings.database,
                settings.files,
                to,
                _now(),
                replace=parsed.force,
                chats=parsed.with_chats,
                even_damaged=parsed.even_damaged,
                told=stages.update,
            )
        )
    print(made_text(made), file=sys.stderr if parsed.file == "-" else sys.stdout)
    return 0 if made.integrity.whole else EXIT_FAULTS


def _restore(settings: Settings, parsed: argparse.Namespace) -> int:
    noted = read_head(parsed.audit_head) if parsed.audit_head is not None else None
    key = typed_key() if parsed.key_file == "-" else read_secret_file(Path(parsed.key_file))
    with ProgressBars() as stages:
        if parsed.check:
            done = restoring.try_backup(parsed.file, key, noted=noted, told=stages.update)
        else:
            done = restoring.restore(
                parsed.file,
                key,
                settings.database,
                settings.files,
                _now(),
                noted=noted,
                even_damaged=parsed.even_damaged,
                told=stages.update,
            )
        restored = asyncio.run(done)
    print(tried_text(restored) if parsed.check else restored_text(restored))
    return EXIT_FAULTS if restored.broken or not restored.integrity.whole else 0


def _migrate(settings: Settings, parsed: argparse.Namespace) -> int:
    source = parsed.source or settings.sqlite_file
    with ProgressBars() as stages:
        moved = asyncio.run(
            move_to_postgresql.move(source, settings.database, _now(), files=settings.files, told=stages.update)
        )
    print(moved_text(moved))
    return EXIT_FAULTS if moved.broken else 0


def made_text(made: BackupMade) -> str:
    """What an operator is told of a backup."""
    chats = (
        " Open chats and unsent reports are in it: delete the file today, once it is restored."
        if made.contents.chats
        else ""
    )
    damaged = "" if made.integrity.whole else f"\n{_damaged(made.integrity)} Keep the backups from before, too."
    noted = "" if made.noted else "\nThat it was made could not be noted in the database."
    return (
        f"Backed up: {_holds(made.rows)}, and the server's secret; {made.size:,} bytes.{chats}\n"
        f"Audit head: {spell_head(made.head)}\n"
        "Only the recovery key opens it. Try it now and then:  safetybot restore FILE --check --key-file FILE"
        f"{noted}{damaged}"
    )


def tried_text(restored: Restored) -> str:
    """What an operator is told of a backup that was tried."""
    holds = f"{_holds(restored.rows)}, as of {restored.contents.made}."
    if restored.integrity.whole:
        opened = f"The recovery key opens all {restored.integrity.envelopes} envelopes of its cases."
        return f"This backup can be restored: {holds}\n{opened}\n{_audit(restored)}"
    hint = "Try an earlier one;  restore --even-damaged  restores what there is of this one."
    return f"This backup CANNOT BE RESTORED WHOLE: {holds}\n{_damaged(restored.integrity)}\n{hint}\n{_audit(restored)}"


def restored_text(restored: Restored) -> str:
    """What an operator is told of one that was put back."""
    lines = [f"Restored: {_holds(restored.rows)}, and the server's secret, as of {restored.contents.made}."]
    if restored.upgraded:
        lines.append("Its tables were of an earlier version, and were upgraded.")
    if restored.integrity.whole:
        lines.append(f"The recovery key opens all {restored.integrity.envelopes} envelopes of its cases.")
    else:
        lines.append(_damaged(restored.integrity))
        lines.append("What is damaged was restored as it is; what belongs to nothing was left out.")
    lines.append(_audit(restored))
    if restored.purged is not None:
        gone, soon = len(restored.purged.shredded), len(restored.purged.announced)
        lines.append(f"Deleted because their time was over: {gone} cases. To be deleted in three days: {soon}.")
    lines.append(
        "What happened after the backup was made is lost: reports sent, replies, and deletions.\n"
        "A report that was taken back or deleted since is there again; nobody can know which. Tell the team."
    )
    return "\n".join(lines)


def moved_text(moved: Moved) -> str:
    """What an operator is told of a move."""
    how = "Everything had been copied before, and is the same on both sides" if moved.again else "Moved"
    head = f"Audit head: {spell_head(moved.head)}" if moved.head else _broken(moved.broken)
    return (
        f"{how}: {_holds(moved.rows)}; {sum(moved.rows.values()):,} rows in all, compared with the file.\n{head}\n"
        f"The SQLite file is kept as {moved.kept}.\n"
        "Delete it once there is a backup: what is deleted from now on stays in it."
    )


def _holds(rows: dict[str, int]) -> str:
    return (
        f"{rows.get('cases', 0)} cases, {rows.get('staff', 0)} members of staff, {rows.get('audit_log', 0)} audit rows"
    )


def _damaged(integrity: Integrity) -> str:
    opened = "" if integrity.opened is None else f" The recovery key opens {integrity.opened} envelopes."
    return f"REPORTS ARE DAMAGED: {integrity.says()}.{opened}"


def _audit(restored: Restored) -> str:
    if restored.head is None:
        return _broken(restored.broken)
    return f"The audit log holds. Its head in the backup: {spell_head(restored.head)}"


def _broken(broken: object) -> str:
    number, why = getattr(broken, "number", 0), getattr(broken, "why", "")
    hint = "It was so before: find out who could write to the database."
    return f"THE AUDIT LOG DOES NOT HOLD at row {number}: {why}. {hint}"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


COMMANDS: Mapping[str, Run] = {"backup": _backup, "restore": _restore, "migrate": _migrate}
