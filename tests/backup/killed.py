"""Runs one of the commands in a process of its own that is killed before its n-th change of a file, or step."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from safetybot.backup.create import make_backup
from safetybot.backup.move_to_postgresql import move
from safetybot.backup.restore import restore
from safetybot.storage.location import DatabaseLocation, InstallationFiles
from tests.reports.office import START

CHANGES = frozenset(("open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.chmod", "sqlite3.connect"))
"""What Python tells of before it is done; ``open`` also where it is only read."""


def _dies_at(step: int, folder: str) -> Callable[[str, float], None]:
    left = [step]

    def one() -> None:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        if event in CHANGES and arguments and str(arguments[0]).startswith((folder, f"file://{folder}")):
            one()

    reached: set[tuple[str, bool, bool]] = set()

    def told(stage: str, done: float) -> None:
        place = (stage, done >= 0.5, done >= 1)
        if place not in reached:
            reached.add(place)
            one()

    sys.addaudithook(heard)
    return told


def _run(command: str, step: int, file_size: int | None, folder: str, arguments: tuple[Any, ...]) -> None:
    sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    if file_size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    told = _dies_at(step, folder)
    do: dict[str, Callable[..., Awaitable[object]]] = {"backup": make_backup, "restore": restore, "move": move}
    keywords: dict[str, Any] = {"told": told}
    if command == "backup":
        keywords["replace"] = True
    asyncio.run(do[command](*arguments, START, **keywords))  # type: ignore[arg-type]


def run(
    command: str,
    folder: Path,
    *arguments: DatabaseLocation | InstallationFiles | str,
    step: int = 0,
    file_size: int | None = None,
) -> int:
    """The exit code: 0 where it came to its end, -9 where it was killed, 1 where it raised something."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.backup.killed"])
    process = context.Process(target=_run, args=(command, step, file_size, str(folder), arguments))
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def steps() -> Iterator[int]:
    """Every step, and no end: the one that is not reached ends it."""
    return count(1)
