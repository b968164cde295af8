"""Every command: parse, call one function, print."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import uvloop
from rich.console import Console

from safetybot.backup_cli import add_backup_commands
from safetybot.channels.telegram import TelegramStopped
from safetybot.channels.terminal import run_terminal
from safetybot.demo.in_use import has_staff
from safetybot.demo.parts import PartEnded
from safetybot.demo.running import run_demo
from safetybot.desk.options import DeskNotPrivate
from safetybot.editing.check import check
from safetybot.editing.formats import as_github, summary
from safetybot.editing.formats import as_json as faults_as_json
from safetybot.editing.formats import as_text as faults_as_text
from safetybot.editing.preview.options import PreviewNotLocal
from safetybot.editing.schemas import out_of_date, write_schemas
from safetybot.editors_cli import add_editors_commands
from safetybot.editors_key import read_key
from safetybot.guidance.faults import ContentError, errors
from safetybot.guidance.reader import read_content
from safetybot.hardening import keep_to_ourselves, wiping
from safetybot.logs import set_up_logging
from safetybot.matching.evaluation import LabelledFileError, as_json, as_text, evaluate, read_labelled
from safetybot.matching.interpreter import Interpretation, Interpreter
from safetybot.matching.matcher import CHOICES_SHOWN, Decision
from safetybot.modes import OpenToOthersError
from safetybot.operating import OperatingError
from safetybot.operator_cli import EXIT_FAULTS, add_operator_commands
from safetybot.reports.audit import AuditDamaged, HeadMistyped
from safetybot.reports.staff_errors import StaffError
from safetybot.running import make_fitter, run_bot, run_desk, run_preview, started_service
from safetybot.secret import SecretFileError
from safetybot.serving.listening import AddressTaken
from safetybot.settings import ENV_FILE, SettingError, Settings, read_settings
from safetybot.stages import Stages
from safetybot.storage.opening import DatabaseError
from safetybot.understanding import Understanding, understand

_log = logging.getLogger("safetybot.cli")  # also where Python runs it as __main__

EXIT_USAGE = 2
_TOLD = (
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
"""Errors whose message is all that an operator needs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    parsed = _parser().parse_args(arguments)
    if arguments is None and parsed.run in _WITH_WORDS and (environment := wiping(os.environ)):
        # As it was called, and as the same process; `arguments` are given where somebody else's process calls.
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 - ourselves
    keep_to_ourselves()
    try:
        settings = read_settings(os.environ, parsed.env_file or ENV_FILE, required=parsed.env_file is not None)
        set_up_logging(settings.log_format, logging.WARNING if parsed.quiet else logging.INFO)
        for said in settings.unknown if not parsed.quiet else ():
            _log.warning("settings: %s", said)
        status: int = parsed.run(settings, parsed)
    except ContentError as error:
        print(faults_as_text(error.faults))
        return EXIT_FAULTS
    except _TOLD as error:
        print(f"safetybot: {error}", file=sys.stderr)
        return EXIT_USAGE
    except OSError as error:
        print(f"safetybot: {error.strerror or type(error).__name__}: {error.filename or ''}", file=sys.stderr)
        return EXIT_USAGE
    except PartEnded as error:
        print(f"safetybot: {error}. So the demo is over, and its data is deleted", file=sys.stderr)
        return EXIT_FAULTS
    except TelegramStopped as error:
        print(f"safetybot: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="safetybot", description="Online-safety advice for young people.")
    parser.add_argument("--version", action="version", version=f"safetybot {version('safetybot')}")
    file = "settings, a line each, in place of .env; what is in the environment wins"
    parser.add_argument("--env-file", type=Path, metavar="FILE", help=file)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, text: str, run: Callable[[Settings, argparse.Namespace], int], quiet: bool = True
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run, quiet=quiet)
        return sub

    bot = command("run", "The bot: Telegram where a token is set, and the web chat.", _run, quiet=False)
    bot.add_argument("--new-secret", action="store_true", help="where the server's secret is lost: earlier codes end")
    other = "where the database is lost: goes on with the one there is, or a new one"
    bot.add_argument("--new-database", action="store_true", help=other)
    command("desk", "The staff's page: who reads and answers reports logs in there.", _desk, quiet=False)
    preview = command("preview", "The editors' page: read, try and change the content.", _preview, quiet=False)
    preview.add_argument("--key", type=Path, metavar="FILE", help="the editors' key, to read what had no answer")
    demo = command("demo", "Chat, desk and editors' page on invented data, which is gone at the end.", _demo)
    demo.add_argument("--or-run", action="store_true", help="the bot itself, where this installation is in use")
    command("chat", "The same conversation in this terminal.", _chat)
    look = command("check", "Every fault in the content; exit status 1 where there is an error.", _check)
    look.add_argument("path", nargs="?", type=Path, help="the content folder")
    look.add_argument("--no-tests", action="store_true", help="leave out the tests: entries, which need the matcher")
    look.add_argument("--format", choices=[*_FORMATS], default="text", help="for people, for GitHub, or as one object")
    schema = command("schema", "Writes the JSON Schemas that editors' programs complete and check with.", _schema)
    schema.add_argument("path", nargs="?", type=Path, help="the content folder")
    schema.add_argument("--check", action="store_true", help="write nothing; exit status 1 where one is out of date")
    attempt = command("try", "What a message would get, and why.", _try)
    attempt.add_argument("text", nargs="?", help="the message; without it, one message a line from standard input")
    attempt.add_argument("--json", action="store_true", help="one JSON object a line")
    attempt.add_argument("--language", default=None, help="the language's code (default: the first)")
    measure = command("evaluate", "Accuracy and danger figures against labelled messages.", _evaluate)
    measure.add_argument("file", type=Path, help="labelled messages, JSON lines")
    measure.add_argument("--json", action="store_true", help="one JSON object")
    add_operator_commands(command)
    add_editors_commands(command)
    add_backup_commands(command)
    return parser


def _run(settings: Settings, parsed: argparse.Namespace) -> int:
    if settings.telegram_token is None and settings.web_port is None:
        raise SettingError("there is nothing to run: no SAFETYBOT_TELEGRAM_TOKEN, and SAFETYBOT_WEB_PORT is off")
    with Stages() as stages:

        def ready(address: str) -> None:
            stages.close()
            if settings.telegram_token is None:
                print(f"The chat is at {address} (Ctrl-C ends it)", flush=True)

        anew = {name: getattr(parsed, name, False) for name in ("new_secret", "new_database")}
        uvloop.run(run_bot(settings, stages.tell, ready, **anew))
    return 0


def _desk(settings: Settings, _: argparse.Namespace) -> int:
    def ready(address: str, anybody: bool) -> None:
        print(f"The desk is at {address} (Ctrl-C ends it)", flush=True)
        if not anybody:
            print("Nobody can log in yet. Add the first member with:  safetybot staff add NAME", flush=True)

    uvloop.run(run_desk(settings, ready))
    return 0


def _preview(settings: Settings, parsed: argparse.Namespace) -> int:
    if not settings.content.is_dir():
        raise SettingError(f"there is no folder {settings.content}")

    def ready(address: str) -> None:
        print(f"The editors' page is at {address} (Ctrl-C ends it)", flush=True)

    pair = asyncio.run(read_key(settings.database, parsed.key)) if parsed.key else None
    uvloop.run(run_preview(settings, ready, pair))
    return 0


def _demo(settings: Settings, parsed: argparse.Namespace) -> int:
    if parsed.or_run and _is_in_use(settings):
        set_up_logging(settings.log_format)
        return _run(settings, parsed)
    if not settings.content.is_dir():
        raise SettingError(f"there is no folder {settings.content}")
    with Stages() as stages:

        def show(text: str) -> None:
            stages.close()
            print(text, flush=True)

        uvloop.run(run_demo(settings, stages.tell, show))
    return 0


def _is_in_use(settings: Settings) -> bool:
    """Whether real people may write to this installation: a demo in its place would throw away what they tell."""
    public = settings.telegram_token or settings.web_url or settings.database_url
    return bool(public) or asyncio.run(has_staff(settings.database))


def _chat(settings: Settings, _: argparse.Namespace) -> int:
    async def talk() -> None:
        with Stages() as stages:
            async with started_service(settings, stages.tell) as started:
                stages.close()
                await run_terminal(started.service, Console())

    asyncio.run(talk())
    return 0


_FORMATS = {"text": faults_as_text, "github": as_github, "json": faults_as_json}


def _check(settings: Settings, parsed: argparse.Namespace) -> int:
    folder = parsed.path or settings.content
    if not folder.is_dir():
        raise SettingError(f"there is no folder {folder}")
    library = read_content(folder)
    with Stages() as stages:
        make = None if parsed.no_tests else lambda: make_fitter(settings)
        faults = check(library, make, settings.cache, stages.tell)
    if text := _FORMATS[parsed.format](faults):
        print(text)
    print(summary(faults), file=sys.stderr)
    return EXIT_FAULTS if errors(faults) else 0


def _schema(settings: Settings, parsed: argparse.Namespace) -> int:
    folder = parsed.path or settings.content
    if not folder.is_dir():
        raise SettingError(f"there is no folder {folder}")
    if parsed.check:
        old = out_of_date(folder)
        for path in old:
            print(f"{path}: out of date. Write it with: safetybot schema")
        return EXIT_FAULTS if old else 0
    for path in write_schemas(folder):
        print(path)
    return 0


def _try(settings: Settings, parsed: argparse.Namespace) -> int:
    interpreter = _interpreter(settings, parsed.language)
    lines: Iterable[str] = [parsed.text] if parsed.text is not None else (line.rstrip("\n") for line in sys.stdin)
    for text in lines:
        meant = interpreter.interpret(text)
        print(json.dumps(_tried(text, meant), ensure_ascii=False) if parsed.json else _explained(meant), flush=True)
    return 0


def _evaluate(settings: Settings, parsed: argparse.Namespace) -> int:
    rows = read_labelled(parsed.file)
    interpreter = _interpreter(settings, None)
    with Stages() as stages:
        result = evaluate(
            rows,
            interpreter.interpret,
            dict(interpreter.corpus.urgency),
            lambda done: stages.tell("messages", done / len(rows)),
        )
    print(json.dumps(as_json(result)) if parsed.json else as_text(result))
    return 0


def _interpreter(settings: Settings, language: str | None) -> Interpreter:
    """The interpreter of a language, with all content valid; failing tests are told and do not matter here."""
    library = read_content(settings.content).require()
    with Stages() as stages:
        understood = understand(library, make_fitter(settings), stages.tell)
    if not isinstance(understood, Understanding):
        raise ContentError(tuple(understood))
    code = language or understood.first
    if code not in understood.interpreters:
        raise SettingError(f"there is no language {code}; there are {', '.join(understood.interpreters)}")
    return understood.interpreters[code]


def _tried(text: str, meant: Interpretation) -> dict[str, object]:
    choices = [{"topic": choice.topic, "score": round(choice.score, 4)} for choice in meant.match.choices]
    answered = meant.match.decision == "answer"
    return {
        "text": text,
        "decision": meant.match.decision.value,
        "topic": choices[0]["topic"] if answered and choices else None,
        "choices": choices,
        "danger": meant.danger.sign.value,
        "because": meant.because,
    }


def _explained(meant: Interpretation) -> str:
    match = meant.match
    topics = [choice.topic for choice in match.choices[:CHOICES_SHOWN]]
    match match.decision:
        case Decision.ANSWER:
            shown = f"answers with {topics[0]}"
        case Decision.CHOOSE:
            shown = f"asks: is it {', '.join(topics)}?"
        case Decision.UNSURE:
            shown = "is not sure"
    danger = {"emergency": "shows the EMERGENCY CARD, and ", "check": "asks whether they are safe, and ", "none": ""}
    lines = [f"{danger[meant.danger.sign.value]}{shown}"]
    return "\n".join([*lines, *(f"  {reason}" for reason in meant.reasons())])


_WITH_WORDS = (_run, _desk, _preview, _demo, _chat)
"""Commands whose process comes to hold words or keys of people."""


if __name__ == "__main__":
    sys.exit(main())
