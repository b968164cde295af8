"""Every command: parse, call one function, print."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import uvloop
from rich.console import Console

from safetybot.channels.telegram import TelegramStopped
from safetybot.channels.terminal import run_terminal
from safetybot.channels.web import WebAddressTaken
from safetybot.guidance.faults import ContentError, Fault
from safetybot.guidance.reader import read_content
from safetybot.logs import set_up_logging
from safetybot.matching.evaluation import LabelledFileError, as_json, as_text, evaluate, read_labelled
from safetybot.matching.interpreter import Interpretation, Interpreter
from safetybot.matching.matcher import CHOICES_SHOWN, Decision
from safetybot.operating import OperatingError
from safetybot.operator_cli import EXIT_FAULTS, add_operator_commands
from safetybot.reports.audit import AuditDamaged
from safetybot.reports.staff_errors import StaffError
from safetybot.running import make_fitter, run_bot, started_service
from safetybot.secret import SecretFileError
from safetybot.settings import SettingError, Settings, read_settings
from safetybot.stages import Stages
from safetybot.storage.opening import DatabaseError
from safetybot.understanding import Understanding, understand

EXIT_USAGE = 2
_TOLD = (
    SettingError,
    SecretFileError,
    LabelledFileError,
    OperatingError,
    StaffError,
    DatabaseError,
    AuditDamaged,
    WebAddressTaken,
)
"""Errors whose message is all that an operator needs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    parsed = _parser().parse_args(arguments)
    try:
        settings = read_settings(os.environ)
        set_up_logging(settings.log_format, logging.WARNING if parsed.quiet else logging.INFO)
        status: int = parsed.run(settings, parsed)
    except ContentError as error:
        _print_faults(error.faults)
        return EXIT_FAULTS
    except _TOLD as error:
        print(f"safetybot: {error}", file=sys.stderr)
        return EXIT_USAGE
    except OSError as error:
        print(f"safetybot: {error.strerror or type(error).__name__}: {error.filename or ''}", file=sys.stderr)
        return EXIT_USAGE
    except TelegramStopped as error:
        print(f"safetybot: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="safetybot", description="Online-safety advice for young people.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, text: str, run: Callable[[Settings, argparse.Namespace], int], quiet: bool = True
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run, quiet=quiet)
        return sub

    command("run", "The bot: Telegram where a token is set, and the web chat.", _run, quiet=False)
    command("chat", "The same conversation in this terminal.", _chat)
    check = command("check", "Every fault in the content; exit status 1 where there is an error.", _check)
    check.add_argument("path", nargs="?", type=Path, help="the content folder")
    check.add_argument("--no-tests", action="store_true", help="leave out the tests: entries, which need the matcher")
    attempt = command("try", "What a message would get, and why.", _try)
    attempt.add_argument("text", nargs="?", help="the message; without it, one message a line from standard input")
    attempt.add_argument("--json", action="store_true", help="one JSON object a line")
    attempt.add_argument("--language", default=None, help="the language's code (default: the first)")
    measure = command("evaluate", "Accuracy and danger figures against labelled messages.", _evaluate)
    measure.add_argument("file", type=Path, help="labelled messages, JSON lines")
    measure.add_argument("--json", action="store_true", help="one JSON object")
    add_operator_commands(command)
    return parser


def _run(settings: Settings, _: argparse.Namespace) -> int:
    if settings.telegram_token is None and settings.web_port is None:
        raise SettingError("there is nothing to run: no SAFETYBOT_TELEGRAM_TOKEN, and SAFETYBOT_WEB_PORT is off")
    with Stages() as stages:

        def ready(address: str) -> None:
            stages.close()
            if settings.telegram_token is None:
                print(f"The chat is at {address} (Ctrl-C ends it)", flush=True)

        uvloop.run(run_bot(settings, stages.tell, ready))
    return 0


def _chat(settings: Settings, _: argparse.Namespace) -> int:
    async def talk() -> None:
        with Stages() as stages:
            async with started_service(settings, stages.tell) as started:
                stages.close()
                await run_terminal(started.service, Console())

    asyncio.run(talk())
    return 0


def _check(settings: Settings, parsed: argparse.Namespace) -> int:
    library = read_content(parsed.path or settings.content)
    faults: list[Fault] = list(library.faults)
    if not library.errors and not parsed.no_tests:
        with Stages() as stages:
            understood = understand(library, make_fitter(settings), stages.tell)
        faults += understood if isinstance(understood, list) else []
    _print_faults(faults)
    bad = sum(fault.severity == "error" for fault in faults)
    print(f"errors: {bad}, warnings: {len(faults) - bad}", file=sys.stderr)
    return EXIT_FAULTS if bad else 0


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


def _print_faults(faults: Iterable[Fault]) -> None:
    for fault in faults:
        print(fault)


if __name__ == "__main__":
    sys.exit(main())
