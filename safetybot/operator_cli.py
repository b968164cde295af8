"""The operator's commands: parse, call one function, print."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import getpass
import io
import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from safetybot import operating, operating_text
from safetybot.doctor import examine
from safetybot.operating import CannotShow, LastMember, OperatingError, Secrets
from safetybot.reports.audit import read_head
from safetybot.settings import Settings
from safetybot.stages import Stages
from safetybot.storage.where import shown

EXIT_FAULTS = 1

Run = Callable[[Settings, argparse.Namespace], int]
Command = Callable[[str, str, Run], argparse.ArgumentParser]
"""Adds a command: its name, what it does, and the function that does it."""


class NotNew(OperatingError):  # noqa: N818 - named for what went wrong
    """A database would be made, or used, that was not meant."""


def add_operator_commands(command: Command) -> None:
    """Adds ``staff``, ``figures``, ``purge``, ``desk-key`` and ``doctor``."""
    _add_staff_commands(command("staff", "Who can read reports.", _staff_list))
    counts = command("figures", "The figures of a year: counts, without people in them.", _figures)
    counts.add_argument("--year", type=int, metavar="Y", help="which (default: this one)")
    form = counts.add_mutually_exclusive_group()
    form.add_argument("--csv", metavar="FILE", help="writes them for a spreadsheet; - to standard output")
    form.add_argument("--json", action="store_true", help="one JSON object")
    command("purge", "Deletes what has been kept long enough, and announces what soon will be deleted.", _purge)
    command(
        "desk-key", "The key of a desk on a machine without the server's secret: keep it as that secret.", _desk_key
    )
    doctor = command("doctor", "Looks the installation over; exit status 1 where there is a fault.", _doctor)
    doctor.add_argument("--audit-head", metavar="N:HASH", help="the audit log's head as it was noted earlier")
    alone = "the bot is stopped now: sees whether another program reads its messages on Telegram"
    doctor.add_argument("--alone", action="store_true", help=alone)
    doctor.add_argument("--json", action="store_true", help="one JSON object")


def _add_staff_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, text: str, run: Run, of_member: bool = True) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        if of_member:
            sub.add_argument("name", metavar="NAME", help="the member's name")
        return sub

    file = "a file whose first line is the passphrase, readable by its owner alone; else one is made and printed"
    add = command("add", "A new member; with the first, the recovery key is printed, once.", _staff_add)
    add.add_argument("--passphrase-file", type=Path, metavar="FILE", help=file)
    add.add_argument("--new", action="store_true", help="make a new database, without being asked")
    listing = command("list", "Everybody who can read reports, or could.", _staff_list, of_member=False)
    listing.add_argument("--json", action="store_true", help="one JSON object")
    disable = command("disable", "Lets a member read nothing more.", _staff_disable)
    disable.add_argument("--last", action="store_true", help="also the last who can read reports, without being asked")
    command("enable", "Lets a member who was disabled in again, with the keys they had.", _staff_enable)
    text = "A member who lost their phone sets up a new second factor when they next log in."
    command("reset-second-factor", text, _staff_reset)
    text = "Forgets the wrong tries at the desk that lock a member out."
    command("unlock", text, _staff_unlock)
    grant = command("grant", "Lets a member open earlier reports, by a colleague who can.", _staff_grant)
    grant.add_argument("--by", required=True, metavar="COLLEAGUE", help="who grants it; they show both their factors")
    theirs = "a file whose first line is the colleague's passphrase, readable by its owner alone; else it is asked for"
    grant.add_argument("--passphrase-file", type=Path, metavar="FILE", help=theirs)
    text = "Takes an account, or everything, as it stands in the database, by the server's secret. Compare it first."
    vouch = command("vouch", text, _staff_vouch, of_member=False)
    whom = vouch.add_mutually_exclusive_group(required=True)
    whom.add_argument("name", nargs="?", metavar="NAME", help="the member's name")
    whom.add_argument("--all", action="store_true", help="every account, the recovery key and the audit log")
    recover = command("recover", "New keys and every report for a member, by the offline recovery key.", _staff_recover)
    recover.add_argument("--key-file", required=True, metavar="FILE", help="a file with the recovery key; - to type it")
    recover.add_argument("--passphrase-file", type=Path, metavar="FILE", help=file)


def _staff_add(settings: Settings, parsed: argparse.Namespace) -> int:
    where = shown(settings.database)
    if asyncio.run(operating.is_there(settings.database, files=settings.files)):
        if parsed.new:
            raise NotNew(f"there is a database already, {where}: leave out --new to add somebody to it")
    elif not (parsed.new or _sure(operating_text.new_database_text(where))):
        raise NotNew(
            f"there is no database yet at {where}, and none was made. Where this installation is new, add  --new . "
            "Where the bot is in use already, run this with the settings it has (safetybot --env-file FILE …)"
        )
    added = asyncio.run(
        operating.add(settings.database, parsed.name, _passphrase(parsed), _now(), _show, files=settings.files)
    )
    _print(f"{operating_text.added_text(added)} Database: {where}")
    return 0


def _staff_list(settings: Settings, parsed: argparse.Namespace) -> int:
    roster = asyncio.run(operating.roster(settings.database, files=settings.files))
    _print(json.dumps(operating_text.roster_json(roster)) if parsed.json else operating_text.roster_text(roster))
    return 0


def _staff_disable(settings: Settings, parsed: argparse.Namespace) -> int:
    disable = partial(operating.disable, settings.database, parsed.name, files=settings.files)
    try:
        disabled = asyncio.run(disable(_now(), last=parsed.last))
    except LastMember:
        if not _sure(operating_text.LAST_MEMBER):
            raise
        disabled = asyncio.run(disable(_now(), last=True))
    _print(operating_text.disabled_text(disabled))
    if not disabled.left:
        print(operating_text.NOBODY_LEFT, file=sys.stderr)
    return 0


def _staff_enable(settings: Settings, parsed: argparse.Namespace) -> int:
    _print(
        operating_text.enabled_text(
            asyncio.run(operating.enable(settings.database, parsed.name, _now(), files=settings.files))
        )
    )
    return 0


def _staff_reset(settings: Settings, parsed: argparse.Namespace) -> int:
    name = asyncio.run(operating.reset_second_factor(settings.database, parsed.name, _now(), files=settings.files))
    _print(operating_text.reset_text(name))
    return 0


def _staff_vouch(settings: Settings, parsed: argparse.Namespace) -> int:
    vouched = asyncio.run(operating.vouch(settings.database, parsed.name, _now(), files=settings.files))
    _print(operating_text.vouched_text(vouched))
    return 0


def _desk_key(settings: Settings, _: argparse.Namespace) -> int:
    _print(operating.desk_key(settings.secret))
    return 0


def _staff_unlock(settings: Settings, parsed: argparse.Namespace) -> int:
    name = asyncio.run(operating.unlock_member(settings.database, parsed.name, _now(), files=settings.files))
    _print(operating_text.unlocked_text(name))
    return 0


def _staff_grant(settings: Settings, parsed: argparse.Namespace) -> int:
    passphrase = _passphrase(parsed)
    if passphrase is None:
        passphrase = getpass.getpass(f"Passphrase of {parsed.by}: ")
    code = getpass.getpass(f"Code from the phone of {parsed.by}: ")
    with Stages() as stages:
        granted = asyncio.run(
            operating.grant(
                settings.database,
                parsed.name,
                parsed.by,
                passphrase,
                code,
                _now(),
                lambda done, total: stages.tell("envelopes", done / max(total, 1)),
                files=settings.files,
            )
        )
    _print(operating_text.granted_text(granted))
    return EXIT_FAULTS if granted.damaged else 0


def _staff_recover(settings: Settings, parsed: argparse.Namespace) -> int:
    typed = typed_key() if parsed.key_file == "-" else operating.read_secret_file(Path(parsed.key_file))
    passphrase = _passphrase(parsed)
    with Stages() as stages:

        def show(secrets: Secrets) -> None:
            stages.close()
            _show(secrets)

        recovered = asyncio.run(
            operating.recover(
                settings.database,
                parsed.name,
                typed,
                passphrase,
                _now(),
                show,
                lambda done, total: stages.tell("envelopes", done / total),
                files=settings.files,
            )
        )
    _print(operating_text.recovered_text(recovered))
    return EXIT_FAULTS if recovered.damaged else 0


def _figures(settings: Settings, parsed: argparse.Namespace) -> int:
    sheet = asyncio.run(operating.figures(settings.database, settings.content, parsed.year, _now()))
    if parsed.csv is None:
        _print(json.dumps(operating_text.sheet_json(sheet)) if parsed.json else operating_text.sheet_text(sheet))
    elif parsed.csv == "-":
        _print(operating_text.sheet_csv(sheet), end="")
    else:
        Path(parsed.csv).write_text(operating_text.sheet_csv(sheet), "utf-8", newline="")
    return 0


def _purge(settings: Settings, _: argparse.Namespace) -> int:
    cleared = asyncio.run(operating.purge(settings.database, _now(), files=settings.files))
    _print(operating_text.cleared_text(cleared))
    return 0 if cleared.scrubbed else EXIT_FAULTS


def _doctor(settings: Settings, parsed: argparse.Namespace) -> int:
    noted = read_head(parsed.audit_head) if parsed.audit_head is not None else None
    with Stages() as stages:
        found = asyncio.run(examine(settings, _now(), noted, alone=parsed.alone, told=stages.tell))
    as_json = operating_text.examination_json
    _print(json.dumps(as_json(found)) if parsed.json else operating_text.examination_text(found))
    return 0 if found.sound else EXIT_FAULTS


def _sure(question: str) -> bool:
    """Whether somebody at a terminal says yes; where nobody is, nobody does."""
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _passphrase(parsed: argparse.Namespace) -> str | None:
    return operating.read_passphrase(parsed.passphrase_file) if parsed.passphrase_file else None


def typed_key() -> str:
    """The recovery key from standard input: a line where somebody types it, else all of it."""
    if sys.stdin is None:
        return ""
    read = sys.stdin.buffer.read
    if sys.stdin.isatty():
        print("Type the recovery key, in groups, and press Enter:", file=sys.stderr)
        read = sys.stdin.buffer.readline
    return read(operating.SECRET_FILE_MAX).decode(errors="replace")


def _show(secrets: Secrets) -> None:
    """Prints what is shown this once. Raises CannotShow, so that nothing comes of it."""
    if sys.stdout is None:
        raise CannotShow("there is nowhere to print what you must see, so nothing was changed")
    try:
        _print(operating_text.secrets_text(secrets))
    except OSError as error:
        why = error.strerror
        raise CannotShow(f"what you must see could not be printed ({why}), so nothing was changed") from None


def _print(text: str, end: str = "\n") -> None:
    """To standard output, at once. Raises OSError."""
    if not text:
        return
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name or mark that this terminal does not have
    try:
        print(text, end=end, flush=True)
    except OSError:
        # What is left in the buffer goes nowhere, or Python tries once more at its end and complains.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        raise


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
