"""The grammar of the command line. It imports nothing of ours, so that ``--help`` is quick."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

Handler = tuple[str, str]
"""A module of commands (``operator``: :mod:`safetybot.cli.operator_commands`), and a name in its ``COMMANDS``.

Processes of the commands of ``bot`` come to hold words or keys of people."""
Add = Callable[..., argparse.ArgumentParser]
"""Adds a command: its name, what it does, its handler; ``quiet=False`` where it logs what it does."""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands; what it parses has ``handler`` and ``quiet``."""
    parser = argparse.ArgumentParser(prog="safetybot", description="Online-safety advice for young people.")
    parser.add_argument("--version", action="version", version=f"safetybot {version('safetybot')}")
    file = "settings, a line each, in place of .env; what is in the environment wins"
    parser.add_argument("--env-file", type=Path, metavar="FILE", help=file)
    command = _adder(parser)
    _add_bot_and_content_commands(command)
    _add_operator_commands(command)
    _add_editor_commands(command)
    _add_backup_commands(command)
    return parser


def _adder(parser: argparse.ArgumentParser) -> Add:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, text: str, handler: Handler, *, quiet: bool = True) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(handler=handler, quiet=quiet)
        return added

    return add


def _add_bot_and_content_commands(command: Add) -> None:
    bot = command("run", "The bot: Telegram where a token is set, and the web chat.", ("bot", "run"), quiet=False)
    bot.add_argument("--new-secret", action="store_true", help="where the server's secret is lost: earlier codes end")
    other = "where the database is lost: goes on with the one there is, or a new one"
    bot.add_argument("--new-database", action="store_true", help=other)
    command("desk", "The staff's page: who reads and answers reports logs in there.", ("bot", "desk"), quiet=False)
    preview = command(
        "preview", "The editors' page: read, try and change the content.", ("bot", "preview"), quiet=False
    )
    preview.add_argument("--key", type=Path, metavar="FILE", help="the editors' key, to read what had no answer")
    demo = command("demo", "Chat, desk and editors' page on invented data, which is gone at the end.", ("bot", "demo"))
    demo.add_argument("--or-run", action="store_true", help="the bot itself, where this installation is in use")
    command("chat", "The same conversation in this terminal.", ("bot", "chat"))
    look = command("check", "Every fault in the content; exit status 1 where there is an error.", ("content", "check"))
    look.add_argument("path", nargs="?", type=Path, help="the content folder")
    look.add_argument("--no-tests", action="store_true", help="leave out the tests: entries, which need the matcher")
    look.add_argument(
        "--format", choices=["text", "github", "json"], default="text", help="for people, for GitHub, or as one object"
    )
    schema = command(
        "schema", "Writes the JSON Schemas that editors' programs complete and check with.", ("content", "schema")
    )
    schema.add_argument("path", nargs="?", type=Path, help="the content folder")
    schema.add_argument("--check", action="store_true", help="write nothing; exit status 1 where one is out of date")
    attempt = command("try", "What a message would get, and why.", ("matching", "try"))
    attempt.add_argument("text", nargs="?", help="the message; without it, one message a line from standard input")
    attempt.add_argument("--json", action="store_true", help="one JSON object a line")
    attempt.add_argument(
        "--talk", action="store_true", help="a conversation: texts typed one after the other, a JSON list a line"
    )
    attempt.add_argument("--language", default=None, help="the language's code (default: the first)")
    measure = command(
        "evaluate", "Accuracy and danger figures against labelled messages or conversations.", ("matching", "evaluate")
    )
    measure.add_argument("file", type=Path, help="labelled messages, or conversations; JSON lines")
    measure.add_argument("--json", action="store_true", help="one JSON object")


def _add_operator_commands(command: Add) -> None:
    _add_staff_commands(command("staff", "Who can read reports.", ("operator", "staff_list")))
    counts = command("figures", "The figures of a year: counts, without people in them.", ("operator", "figures"))
    counts.add_argument("--year", type=int, metavar="Y", help="which (default: this one)")
    form = counts.add_mutually_exclusive_group()
    form.add_argument("--csv", metavar="FILE", help="writes them for a spreadsheet; - to standard output")
    form.add_argument("--json", action="store_true", help="one JSON object")
    command(
        "purge",
        "Deletes what has been kept long enough, and announces what soon will be deleted.",
        ("operator", "purge"),
    )
    command(
        "desk-key",
        "The key of a desk on a machine without the server's secret: keep it as that secret.",
        ("operator", "desk_key"),
    )
    doctor = command(
        "doctor", "Looks the installation over; exit status 1 where there is a fault.", ("operator", "doctor")
    )
    doctor.add_argument("--audit-head", metavar="N:HASH", help="the audit log's head as it was noted earlier")
    alone = "the bot is stopped now: sees whether another program reads its messages on Telegram"
    doctor.add_argument("--alone", action="store_true", help=alone)
    doctor.add_argument("--json", action="store_true", help="one JSON object")


def _add_staff_commands(parser: argparse.ArgumentParser) -> None:
    subcommand = _adder(parser)

    def command(name: str, text: str, handler: Handler, of_member: bool = True) -> argparse.ArgumentParser:
        sub = subcommand(name, text, handler)
        if of_member:
            sub.add_argument("name", metavar="NAME", help="the member's name")
        return sub

    file = "a file whose first line is the passphrase, readable by its owner alone; else one is made and printed"
    add = command("add", "A new member; with the first, the recovery key is printed, once.", ("operator", "staff_add"))
    add.add_argument("--passphrase-file", type=Path, metavar="FILE", help=file)
    add.add_argument("--new", action="store_true", help="make a new database, without being asked")
    listing = command("list", "Everybody who can read reports, or could.", ("operator", "staff_list"), of_member=False)
    listing.add_argument("--json", action="store_true", help="one JSON object")
    disable = command("disable", "Lets a member read nothing more.", ("operator", "staff_disable"))
    disable.add_argument("--last", action="store_true", help="also the last who can read reports, without being asked")
    command("enable", "Lets a member who was disabled in again, with the keys they had.", ("operator", "staff_enable"))
    text = "A member who lost their phone sets up a new second factor when they next log in."
    command("reset-second-factor", text, ("operator", "staff_reset"))
    text = "Forgets the wrong tries at the desk that lock a member out."
    command("unlock", text, ("operator", "staff_unlock"))
    grant = command("grant", "Lets a member open earlier reports, by a colleague who can.", ("operator", "staff_grant"))
    grant.add_argument("--by", required=True, metavar="COLLEAGUE", help="who grants it; they show both their factors")
    theirs = "a file whose first line is the colleague's passphrase, readable by its owner alone; else it is asked for"
    grant.add_argument("--passphrase-file", type=Path, metavar="FILE", help=theirs)
    text = "Takes an account, or everything, as it stands in the database, by the server's secret. Compare it first."
    vouch = command("vouch", text, ("operator", "staff_vouch"), of_member=False)
    whom = vouch.add_mutually_exclusive_group(required=True)
    whom.add_argument("name", nargs="?", metavar="NAME", help="the member's name")
    whom.add_argument("--all", action="store_true", help="every account, the recovery key and the audit log")
    recover = command(
        "recover", "New keys and every report for a member, by the offline recovery key.", ("operator", "staff_recover")
    )
    recover.add_argument("--key-file", required=True, metavar="FILE", help="a file with the recovery key; - to type it")
    recover.add_argument("--passphrase-file", type=Path, metavar="FILE", help=file)


def _add_editor_commands(command: Add) -> None:
    parser = command(
        "editors", "What young people asked that had no answer, and let the editors see.", ("editor", "list")
    )
    sub = _adder(parser)
    new = sub(
        "new-key",
        "A new key; from then on the bot asks whether editors may see what had no answer.",
        ("editor", "new_key"),
    )
    new.add_argument("file", type=Path, metavar="FILE", help="a new file for the private key; keep it off this machine")
    new.add_argument(
        "--replace", action="store_true", help="in place of the key there is, whose file still opens its own"
    )
    listing = sub("list", "What was asked, by nearest topic.", ("editor", "list"))
    listing.add_argument("--key", required=True, type=Path, metavar="FILE", help="the file with the private key")
    listing.add_argument("--json", action="store_true", help="one JSON object")
    sub("delete-all", "Deletes all of it for good.", ("editor", "delete_all"))


def _add_backup_commands(command: Add) -> None:
    backup = command(
        "backup",
        "A sealed backup of the database and the server's secret, while the bot goes on.",
        ("backup", "backup"),
    )
    backup.add_argument("file", metavar="FILE", help="a new file; - for standard output")
    backup.add_argument("--force", action="store_true", help="take the place of a file of that name")
    also = "also what is deleted within days: open chats, unsent reports. To move house; delete the file the same day"
    backup.add_argument("--with-chats", action="store_true", help=also)
    damaged = "also where reports are damaged: exit status 1, and what is damaged is told"
    backup.add_argument("--even-damaged", action="store_true", help=damaged)
    restore = command(
        "restore", "Puts a backup back where there is no database yet, or an empty one.", ("backup", "restore")
    )
    restore.add_argument("file", type=Path, metavar="FILE", help="the backup")
    restore.add_argument("--key-file", required=True, metavar="FILE", help="a file with the recovery key; - to type it")
    restore.add_argument("--check", action="store_true", help="open every report in it, and write nothing")
    restore.add_argument("--even-damaged", action="store_true", help=damaged)
    restore.add_argument(
        "--audit-head", metavar="N:HASH", help="the audit log's head, noted before the backup was made"
    )
    migrate = command(
        "migrate", "Moves from the SQLite file to the PostgreSQL database that is set.", ("backup", "migrate")
    )
    migrate.add_argument(
        "--from", dest="source", type=Path, metavar="FILE", help="the SQLite file (default: in the data folder)"
    )
