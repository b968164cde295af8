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
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from safetybot.administration import operator_tasks
from safetybot.administration.operator_tasks import CannotShow, LastMember, OperatingError, Secrets
from safetybot.cli import operator_output
from safetybot.cli.command import EXIT_FAULTS, Run
from safetybot.cli.progress import ProgressBars
from safetybot.doctor import examine
from safetybot.settings import Settings
from safetybot.storage.location import shown
from safetybot.vault.audit import read_head


class NotNew(OperatingError):  # noqa: N818 - named for what went wrong
    """A database would be made, or used, that was not meant."""


def _staff_add(settings: Settings, parsed: argparse.Namespace) -> int:
    where = shown(settings.database)
    if asyncio.run(operator_tasks.is_there(settings.database, files=settings.files)):
        if parsed.new:
            raise NotNew(f"there is a database already, {where}: leave out --new to add somebody to it")
    elif not (parsed.new or _sure(operator_output.new_database_text(where))):
        raise NotNew(
            f"there is no database yet at {where}, and none was made. Where this installation is new, add  --new . "
            "Where the bot is in use already, run this with the settings it has (safetybot --env-file FILE …)"
        )
    added = asyncio.run(
        operator_tasks.add(settings.database, parsed.name, _passphrase(parsed), _now(), _show, files=settings.files)
    )
    _print(f"{operator_output.added_text(added)} Database: {where}")
    return 0


def _staff_list(settings: Settings, parsed: argparse.Namespace) -> int:
    roster = asyncio.run(operator_tasks.roster(settings.database, files=settings.files))
    _print(json.dumps(operator_output.roster_json(roster)) if parsed.json else operator_output.roster_text(roster))
    return 0


def _staff_disable(settings: Settings, parsed: argparse.Namespace) -> int:
    disable = partial(operator_tasks.disable, settings.database, parsed.name, files=settings.files)
    try:
        disabled = asyncio.run(disable(_now(), last=parsed.last))
    except LastMember:
        if not _sure(operator_output.LAST_MEMBER):
            raise
        disabled = asyncio.run(disable(_now(), last=True))
    _print(operator_output.disabled_text(disabled))
    if not disabled.left:
        print(operator_output.NOBODY_LEFT, file=sys.stderr)
    return 0


def _staff_enable(settings: Settings, parsed: argparse.Namespace) -> int:
    _print(
        operator_output.enabled_text(
            asyncio.run(operator_tasks.enable(settings.database, parsed.name, _now(), files=settings.files))
        )
    )
    return 0


def _staff_reset(settings: Settings, parsed: argparse.Namespace) -> int:
    name = asyncio.run(operator_tasks.reset_second_factor(settings.database, parsed.name, _now(), files=settings.files))
    _print(operator_output.reset_text(name))
    return 0


def _staff_vouch(settings: Settings, parsed: argparse.Namespace) -> int:
    vouched = asyncio.run(operator_tasks.vouch(settings.database, parsed.name, _now(), files=settings.files))
    _print(operator_output.vouched_text(vouched))
    return 0


def _desk_key(settings: Settings, _: argparse.Namespace) -> int:
    _print(operator_tasks.desk_key(settings.secret))
    return 0


def _staff_unlock(settings: Settings, parsed: argparse.Namespace) -> int:
    name = asyncio.run(operator_tasks.unlock_member(settings.database, parsed.name, _now(), files=settings.files))
    _print(operator_output.unlocked_text(name))
    return 0


def _staff_grant(settings: Settings, parsed: argparse.Namespace) -> int:
    passphrase = _passphrase(parsed)
    if passphrase is None:
        passphrase = getpass.getpass(f"Passphrase of {parsed.by}: ")
    code = getpass.getpass(f"Code from the phone of {parsed.by}: ")
    with ProgressBars() as stages:
        granted = asyncio.run(
            operator_tasks.grant(
                settings.database,
                parsed.name,
                parsed.by,
                passphrase,
                code,
                _now(),
                lambda done, total: stages.update("envelopes", done / max(total, 1)),
                files=settings.files,
            )
        )
    _print(operator_output.granted_text(granted))
    return EXIT_FAULTS if granted.damaged else 0


def _staff_recover(settings: Settings, parsed: argparse.Namespace) -> int:
    typed = typed_key() if parsed.key_file == "-" else operator_tasks.read_secret_file(Path(parsed.key_file))
    passphrase = _passphrase(parsed)
    with ProgressBars() as stages:

        def show(secrets: Secrets) -> None:
            stages.close()
            _show(secrets)

        recovered = asyncio.run(
            operator_tasks.recover(
                settings.database,
                parsed.name,
                typed,
                passphrase,
                _now(),
                show,
                lambda done, total: stages.update("envelopes", done / total),
                files=settings.files,
            )
        )
    _print(operator_output.recovered_text(recovered))
    return EXIT_FAULTS if recovered.damaged else 0


def _figures(settings: Settings, parsed: argparse.Namespace) -> int:
    sheet = asyncio.run(operator_tasks.figures(settings.database, settings.content, parsed.year, _now()))
    if parsed.csv is None:
        _print(json.dumps(operator_output.sheet_json(sheet)) if parsed.json else operator_output.sheet_text(sheet))
    elif parsed.csv == "-":
        _print(operator_output.sheet_csv(sheet), end="")
    else:
        Path(parsed.csv).write_text(operator_output.sheet_csv(sheet), "utf-8", newline="")
    return 0


def _purge(settings: Settings, _: argparse.Namespace) -> int:
    cleared = asyncio.run(operator_tasks.purge(settings.database, _now(), files=settings.files))
    _print(operator_output.cleared_text(cleared))
    return 0 if cleared.scrubbed else EXIT_FAULTS


def _doctor(settings: Settings, parsed: argparse.Namespace) -> int:
    noted = read_head(parsed.audit_head) if parsed.audit_head is not None else None
    with ProgressBars() as stages:
        found = asyncio.run(examine(settings, _now(), noted, alone=parsed.alone, told=stages.update))
    as_json = operator_output.examination_json
    _print(json.dumps(as_json(found)) if parsed.json else operator_output.examination_text(found))
    return 0 if found.sound else EXIT_FAULTS


def _sure(question: str) -> bool:
    """Whether somebody at a terminal says yes; where nobody is, nobody does."""
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _passphrase(parsed: argparse.Namespace) -> str | None:
    return operator_tasks.read_passphrase(parsed.passphrase_file) if parsed.passphrase_file else None


def typed_key() -> str:
    """The recovery key from standard input: a line where somebody types it, else all of it."""
    if sys.stdin is None:
        return ""
    read = sys.stdin.buffer.read
    if sys.stdin.isatty():
        print("Type the recovery key, in groups, and press Enter:", file=sys.stderr)
        read = sys.stdin.buffer.readline
    return read(operator_tasks.SECRET_FILE_MAX).decode(errors="replace")


def _show(secrets: Secrets) -> None:
    """Prints what is shown this once. Raises CannotShow, so that nothing comes of it."""
    if sys.stdout is None:
        raise CannotShow("there is nowhere to print what you must see, so nothing was changed")
    try:
        _print(operator_output.secrets_text(secrets))
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


COMMANDS: Mapping[str, Run] = {
    "staff_add": _staff_add,
    "staff_list": _staff_list,
    "staff_disable": _staff_disable,
    "staff_enable": _staff_enable,
    "staff_reset": _staff_reset,
    "staff_vouch": _staff_vouch,
    "desk_key": _desk_key,
    "staff_unlock": _staff_unlock,
    "staff_grant": _staff_grant,
    "staff_recover": _staff_recover,
    "figures": _figures,
    "purge": _purge,
    "doctor": _doctor,
}
