"""Parses the command line, runs one command, and says what went wrong.

Each module of commands is imported when one of its commands is called, so that the others cost nothing.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Mapping, Sequence

from safetybot.cli.command import EXIT_FAULTS, EXIT_USAGE, Run
from safetybot.cli.parser import build_parser

_log = logging.getLogger("safetybot.cli")  # also where Python runs it as __main__


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    parsed = build_parser().parse_args(arguments)
    module, name = parsed.handler
    _protect(again=arguments is None and module == "bot")
    try:
        return _run(parsed, _commands(module)[name])
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        status = _explain(error)
        if status is None:
            raise
        return status


def _protect(*, again: bool) -> None:
    """Keep this process's memory from others; ``again``: start it once more, so that freed memory is overwritten."""
    from safetybot.process.hardening import disable_core_dumps, wiping

    if again and (environment := wiping(os.environ)):
        # As it was called, and as the same process; `arguments` are given where somebody else's process calls.
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 - ourselves
    disable_core_dumps()


def _run(parsed: argparse.Namespace, run: Run) -> int:
    from safetybot.logs import set_up_logging
    from safetybot.settings import ENV_FILE, read_settings

    settings = read_settings(os.environ, parsed.env_file or ENV_FILE, required=parsed.env_file is not None)
    set_up_logging(settings.log_format, logging.WARNING if parsed.quiet else logging.INFO)
    for said in settings.unknown if not parsed.quiet else ():
        _log.warning("settings: %s", said)
    return run(settings, parsed)


def _commands(module: str) -> Mapping[str, Run]:
    match module:
        case "bot":
            from safetybot.cli.bot_commands import COMMANDS
        case "content":
            from safetybot.cli.content_commands import COMMANDS
        case "matching":
            from safetybot.cli.matching_commands import COMMANDS
        case "operator":
            from safetybot.cli.operator_commands import COMMANDS
        case "editor":
            from safetybot.cli.editor_commands import COMMANDS
        case _:
            from safetybot.cli.backup_commands import COMMANDS
    return COMMANDS


def _explain(error: Exception) -> int | None:
    """Print what an operator needs to know of an error; the exit status, or None for an error of the program's own."""
    from safetybot.channels.telegram import TelegramStopped
    from safetybot.demo.processes import PartEnded
    from safetybot.editing.formats import as_text
    from safetybot.guidance.faults import ContentError

    if isinstance(error, ContentError):
        print(as_text(error.faults))
        return EXIT_FAULTS
    if isinstance(error, PartEnded):
        print(f"safetybot: {error}. So the demo is over, and its data is deleted", file=sys.stderr)
        return EXIT_FAULTS
    if isinstance(error, TelegramStopped):
        print(f"safetybot: {error}", file=sys.stderr)
        return error.exit_code
    if isinstance(error, _operator_errors()):
        print(f"safetybot: {error}", file=sys.stderr)
        return EXIT_USAGE
    if isinstance(error, OSError):
        print(f"safetybot: {error.strerror or type(error).__name__}: {error.filename or ''}", file=sys.stderr)
        return EXIT_USAGE
    return None


def _operator_errors() -> tuple[type[Exception], ...]:
    """Errors whose message is all that an operator needs."""
    from safetybot.administration.operator_tasks import OperatingError
    from safetybot.desk.options import DeskNotPrivate
    from safetybot.editing.preview.options import PreviewNotLocal
    from safetybot.http.server import AddressTaken
    from safetybot.matching.evaluation import LabelledFileError
    from safetybot.process.file_modes import OpenToOthersError
    from safetybot.settings import SettingError
    from safetybot.storage.opening import DatabaseError
    from safetybot.vault.audit import AuditDamaged, HeadMistyped
    from safetybot.vault.errors import StaffError
    from safetybot.vault.server_secret import SecretFileError

    return (
        SettingError,
        SecretFileError,
        OpenToOthersError,
        LabelledFileError,
        OperatingError,
        StaffError,
        DatabaseError,
        AuditDamaged,
        HeadMistyped,
        AddressTaken,
        DeskNotPrivate,
        PreviewNotLocal,
    )
