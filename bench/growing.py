"""What more chats and more stored cases cost: time, memory and room on the disk. (More topics: ``answers.py``.)

    python bench/growing.py [--chats 1000 10000 100000] [--cases 100 1000 10000] [--chart FILE.svg]

*Chats*: so many sealed sessions lie in a SQLite database, each written in the last day; then the service answers
buttons in chats drawn from them. *Cases*: so many cases of a year, with their envelopes and audit log; then a report is
filed, a case is found by its code, the queue is shown, and the whole audit log is verified. Argon2id, which takes the
same time whatever there is, is left out. The chart shows each time beside that of the smallest number.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import math
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from cases import fill
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.app import started_service
from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.session import ChatKeys, Session
from safetybot.reports import filing
from safetybot.reports.cases import CaseUrgency
from safetybot.reports.queue import ACTIVE, list_cases
from safetybot.service.service import Service
from safetybot.settings import Settings
from safetybot.staff import members
from safetybot.storage.database import migrate, sqlite_engine
from safetybot.storage.tables import sessions
from safetybot.vault import audit
from safetybot.vault.codes import derive, new_code, pepper_from
from safetybot.vault.key_derivation import KeyStretcher, Parameters
from safetybot.vault.roster import Vouching, with_vouching
from safetybot.vault.server_secret import read_or_make_secret
from safetybot.vault.vouching import VouchingKey

ROOT = Path(__file__).parents[1]
TURNS, WARM_UP = 400, 50
PRESSES = ("topics", "talk", "group:images", "topic:sextortion:1")
NO_STRETCHING = Parameters(passes=1, memory=8192, cheap_for_tests=True)
CASE_TRIES = 20
BATCH = 2_000
CHANNEL = "web"
"""The names of its chats need no slow derivation: that of 100,000 would take half an hour."""


@dataclass(frozen=True, slots=True)
class Grown:
    """What one number of chats or cases costs."""

    number: int
    milliseconds: dict[str, float]
    """What is done → its median."""
    disk: float
    """MB of the database."""
    memory: float
    """MB of this process."""


def main() -> None:
    """Measures, prints the tables, and draws the chart where it is asked for."""
    parser = argparse.ArgumentParser(description="What more chats and cases cost.")
    parser.add_argument("--chats", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--cases", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--chart", type=Path, help="a file to draw the chart in (SVG)")
    arguments = parser.parse_args()
    console, busy = Console(), os.getloadavg()[0] / (os.cpu_count() or 1)
    chats = asyncio.run(_chats(arguments.chats))
    console.print(_table("Stored chats", chats))
    cases = [asyncio.run(_cases(number)) for number in arguments.cases]
    console.print(_table("Stored cases", cases))
    if busy > 0.3:
        console.print(f"The machine was busy when this began (load {busy:.1f} a core): the times are too long.")
    if arguments.chart:
        arguments.chart.write_text(_chart({"chats": chats, "cases": cases}), "utf-8")


async def _chats(numbers: Sequence[int]) -> list[Grown]:
    grown = []
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), content=ROOT / "content")
        secret = await asyncio.to_thread(read_or_make_secret, settings.secret)
        async with started_service(settings) as started:
            filled = 0
            for number in sorted(numbers):
                print(f"{number} chats", file=sys.stderr)
                await _fill(started.engine, secret, range(filled, number))
                filled = number
                press = await _median(TURNS, lambda at, n=number: _press(started.service, at, n))
                grown.append(Grown(number, {"answer a button": press}, _megabytes(Path(folder)), _memory()))
    return grown


async def _fill(engine: AsyncEngine, secret: bytes, chats: range) -> None:
    """Sessions as they are after a few messages."""
    hour = int(time.time() // 3600)
    session = Session(language="en", age_asked=True).with_sent(range(1, 13), hour)
    for start in range(chats.start, chats.stop, BATCH):
        rows = []
        for chat in range(start, min(start + BATCH, chats.stop)):
            keys = ChatKeys.derive(secret, CHANNEL, str(chat))
            rows.append({"chat_key": keys.lookup, "sealed": keys.seal_session(session), "expires": hour + 24})
        async with engine.begin() as connection:
            await connection.execute(insert(sessions), rows)


async def _press(service: Service, at: int, chats: int) -> None:
    chat = str(random.Random(at).randrange(chats))
    async with service.turn(CHANNEL, chat) as turn:
        await turn.reply(Incoming(CHANNEL, chat, press=PRESSES[at % len(PRESSES)]))
        turn.delivered([100 + at])


async def _cases(number: int) -> Grown:
    print(f"{number} cases", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        engine, stretcher = (
            with_vouching(sqlite_engine(Path(folder) / "bench.sqlite3"), Vouching(VouchingKey.of(bytes(32)))),
            KeyStretcher(),
        )
        try:
            await migrate(engine)
            now = dt.datetime.now(dt.UTC)
            for name in ("Ada", "Grace", "Mary"):
                await members.add(engine, name, "a passphrase for a moment", now, stretcher, NO_STRETCHING)
            await fill(engine, number, now.date())
            codes = [derive(new_code(), pepper_from(bytes(32)), NO_STRETCHING) for _ in range(CASE_TRIES + 5)]

            async def file(at: int) -> None:
                report = filing.Report({"answers": [["What happened?", "word " * 100]]}, None)
                async with audit.transaction(engine) as connection:
                    await filing.file_report(connection, report, codes[at], now, CaseUrgency.NORMAL)

            async def find(at: int) -> None:
                async with engine.connect() as connection:
                    assert await filing.find_case(connection, codes[at].lookup_tag) is not None

            async def show(_: int) -> None:
                async with engine.connect() as connection:
                    await list_cases(connection, limit=100, status=ACTIVE)

            async def verify(_: int) -> None:
                async with engine.connect() as connection:
                    assert await audit.verify(connection) is None

            milliseconds = {
                "file a report": await _median(CASE_TRIES, file, 5),
                "find a case by its code": await _median(CASE_TRIES, find, 5),
                "the queue's first hundred": await _median(CASE_TRIES, show, 2),
                "verify the audit log": await _median(3, verify, 0),
            }
            return Grown(number, milliseconds, _megabytes(Path(folder)), _memory())
        finally:
            stretcher.close()
            await engine.dispose()


async def _median(times: int, do: Callable[[int], Awaitable[None]], warm_up: int = WARM_UP) -> float:
    """Milliseconds, after some that do not count; ``do`` is told its number."""
    taken = []
    for at in range(warm_up + times):
        start = time.perf_counter()
        await do(at)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken[warm_up:]) * 1e3


def _megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.glob("*.sqlite3*")) / 2**20


def _memory() -> float:
    """MB, of this process and the one that understands texts, where there is one."""
    every = [psutil.Process(), *psutil.Process().children()]
    return sum(float(each.memory_info().rss) for each in every) / 2**20


def _table(title: str, grown: Sequence[Grown]) -> Table:
    table = Table(title=title)
    for heading in ("", *(f"{name}, ms" for name in grown[0].milliseconds), "MB on disk", "MB in memory"):
        table.add_column(heading, justify="right" if heading else "left")
    for one in grown:
        times = [f"{value:.2f}" for value in one.milliseconds.values()]
        table.add_row(f"{one.number:,}", *times, f"{one.disk:.1f}", f"{one.memory:.0f}")
    return table


# --- The chart

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 720, 400, 60, 230, 50, 20
COLOURS = ("#0b6e99", "#b3541e", "#3d7a3a", "#7a3d74", "#555555")


def _chart(groups: dict[str, list[Grown]]) -> str:
    """Lines of time against number, both on logarithmic scales, each beside that of its smallest number."""
    lines = {
        f"{name} ({group})": [(one.number, one.milliseconds[name] / grown[0].milliseconds[name]) for one in grown]
        for group, grown in groups.items()
        for name in grown[0].milliseconds
    }
    points = [point for line in lines.values() for point in line]
    lowest, highest = (math.log10(edge(number for number, _ in points)) for edge in (min, max))
    bottom = min(0.0, *(math.log10(factor) for _, factor in points))
    top = max(1.0, *(math.log10(factor) for _, factor in points))

    def place(number: float, factor: float) -> tuple[float, float]:
        x = LEFT + (math.log10(number) - lowest) / max(highest - lowest, 1e-9) * (WIDTH - LEFT - RIGHT)
        y = HEIGHT - BOTTOM - (math.log10(factor) - bottom) / (top - bottom) * (HEIGHT - BOTTOM - TOP)
        return x, y

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12"><title>Time against what is stored</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    ]
    for power in range(math.ceil(lowest), math.floor(highest) + 1):
        x, y = place(10**power, 10**bottom)
        parts.append(f'<text x="{x:.0f}" y="{y + 20:.0f}" text-anchor="middle">{10**power:,}</text>')
    for power in range(math.ceil(bottom), math.floor(top) + 1):
        x, y = place(10**lowest, 10**power)
        end = WIDTH - RIGHT
        parts.append(f'<path d="M{x:.0f} {y:.0f}H{end}" stroke="#ddd"/>')
        parts.append(f'<text x="{x - 8:.0f}" y="{y + 4:.0f}" text-anchor="end">{10.0**power:g}×</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle">chats or cases stored</text>')
    for at, (name, line) in enumerate(lines.items()):
        colour, y = COLOURS[at % len(COLOURS)], TOP + 20 + 22 * at
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in (place(*point) for point in line))
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<path d="M{WIDTH - RIGHT + 15} {y}h20" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 40}" y="{y + 4}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    main()
