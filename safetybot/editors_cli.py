"""The editors' commands: parse, call one function, print."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

from safetybot import editors_key
from safetybot.editing.unanswered import Unanswered, read_unanswered
from safetybot.settings import Settings

Run = Callable[[Settings, argparse.Namespace], int]
Command = Callable[[str, str, Run], argparse.ArgumentParser]
"""Adds a command: its name, what it does, and the function that does it."""


def add_editors_commands(command: Command) -> None:
    """Adds ``editors``."""
    parser = command("editors", "What young people asked that had no answer, and let the editors see.", _list)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def sub(name: str, text: str, run: Run) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    new = sub("new-key", "A new key; from then on the bot asks whether editors may see what had no answer.", _new_key)
    new.add_argument("file", type=Path, metavar="FILE", help="a new file for the private key; keep it off this machine")
    new.add_argument(
        "--replace", action="store_true", help="in place of the key there is, whose file still opens its own"
    )
    listing = sub("list", "What was asked, by nearest topic.", _list)
    listing.add_argument("--key", required=True, type=Path, metavar="FILE", help="the file with the private key")
    listing.add_argument("--json", action="store_true", help="one JSON object")
    sub("delete-all", "Deletes all of it for good.", _delete_all)


def _new_key(settings: Settings, parsed: argparse.Namespace) -> int:
    asyncio.run(editors_key.new_key(settings.database, parsed.file, dt.datetime.now(dt.UTC), replace=parsed.replace))
    print(
        f"The editors' private key is in {parsed.file}. Take it to the editors' own machine, and delete it here.\n"
        "It is kept nowhere else and cannot be made again; whoever has it and the database can read what was asked.\n"
        "The bot now asks whether editors may see what had no answer, within ten seconds where it runs."
    )
    return 0


def _list(settings: Settings, parsed: argparse.Namespace) -> int:
    pair = asyncio.run(editors_key.read_key(settings.database, parsed.key))
    found = asyncio.run(read_unanswered(settings.database, pair))
    print(json.dumps(_as_json(found), ensure_ascii=False) if parsed.json else _as_text(found))
    return 0


def _delete_all(settings: Settings, _: argparse.Namespace) -> int:
    gone = asyncio.run(editors_key.delete_all(settings.database))
    print(f"Deleted for good: {gone}")
    return 0


def _as_text(found: Unanswered) -> str:
    lines = []
    for group in found.groups:
        lines += [f"{group.topic or 'no topic near'} ({len(group.asked)})"]
        lines += [f"  {asked.day}  {asked.text}" for asked in group.asked]
    if not lines:
        lines.append("Nothing waits.")
    if found.closed:
        lines.append(f"{found.closed} more are sealed to another key, or damaged.")
    return "\n".join(lines)


def _as_json(found: Unanswered) -> dict[str, object]:
    groups = [
        {
            "topic": group.topic or None,
            "asked": [
                {"id": asked.id, "day": asked.day, "text": asked.text, "language": asked.language}
                for asked in group.asked
            ],
        }
        for group in found.groups
    ]
    return {"groups": groups, "closed": found.closed}
