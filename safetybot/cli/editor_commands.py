"""The editors' commands: parse, call one function, print."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
from collections.abc import Mapping

from safetybot.administration import editors_key
from safetybot.cli.command import Run
from safetybot.editing.unanswered import Unanswered, read_unanswered
from safetybot.settings import Settings


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


COMMANDS: Mapping[str, Run] = {"new_key": _new_key, "list": _list, "delete_all": _delete_all}
