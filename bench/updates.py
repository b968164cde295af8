"""Updates a second on Telegram, end to end over HTTP, beside a bare echo by python-telegram-bot on the same machine.

    python bench/updates.py                       # throughput: polling and webhook, ours and the echoes
    python bench/updates.py --only latency        # 100 messages a second, as of 40 classes of 30
    python bench/updates.py --only hour --minutes 60

The bot runs in a process of its own; this process is Telegram (``bot_api.py``), and takes its share of the same
cores. *Throughput*: all updates of a turn wait from its beginning; the time is that until each is answered. Ours and
the echoes run side by side, and are asked in turn. Half are typed messages (examples of the content, in turn over all
topics), half pressed buttons; each alone is shown too. The echo sends one message for each, ours one to four. *The
hour*: 1.7 million conversations of 8 messages a year are 1,550 messages in an average hour; a hundred times that are
43 a second, from conversations that begin at random moments.

CPU is what the bot's processes took for one update: it is steadier than the rates where other work runs beside.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
import uvloop
from bot_api import TOKEN, Telegram, Update, pressed, typed
from rich.console import Console
from rich.table import Table

from safetybot.guidance.reader import read_content

ROOT = Path(__file__).parents[1]
CHATS = 1_000
"""So many that no chat is asked to slow down; and each has written in the first turn, so that its keys are derived."""
TURNS = 4
CLASS = 40 * 30
PRESSES = ("topics", "talk", "now", "group:images", "topic:sextortion:1")
SESSION_MESSAGES, SESSIONS_A_YEAR, TIMES = 8, 1_700_000, 100
START = 3
"""Seconds in which a bot that has just started does everything for the first time; they count, and are told apart."""
PAUSE_SECONDS = 20.0
"""Between two messages of one conversation."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A bot that is measured."""

    name: str
    way: str
    """``polling`` or ``webhook``."""
    client: str | None
    """Of the echo; None for ours."""


KINDS = tuple(
    Kind(name, way, client)
    for way in ("polling", "webhook")
    for name, client in (("echo, default client", "default"), ("echo, aiohttp", "aiohttp"), ("safetybot", None))
)


def main() -> None:
    """Measures and prints the tables."""
    parser = argparse.ArgumentParser(description="Updates a second on Telegram, beside a bare echo.")
    parser.add_argument("--updates", type=int, default=4_000, help="of each measurement of throughput (4000)")
    parser.add_argument("--seconds", type=float, default=30, help="of the measurement of latency (30)")
    parser.add_argument("--rate", type=float, default=100, help="messages a second of it (100)")
    parser.add_argument("--minutes", type=float, default=5, help="of the replayed hour (5)")
    choices = ("throughput", "latency", "hour")
    parser.add_argument("--only", action="append", choices=choices, help="may be given several times")
    arguments = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)
    chosen = arguments.only or choices
    if "throughput" in chosen:
        console.print(_throughput_table(uvloop.run(_throughput(arguments.updates))))
    if "latency" in chosen:
        title = f"{arguments.rate:.0f} messages a second from {CLASS} chats for {arguments.seconds:.0f} s"
        console.print(_latency_table(title, uvloop.run(_latency(arguments.rate, arguments.seconds))))
    if "hour" in chosen:
        rate = SESSIONS_A_YEAR * SESSION_MESSAGES * TIMES / (365 * 24 * 3600)
        title = f"{rate:.0f} messages a second in conversations of {SESSION_MESSAGES}, {arguments.minutes:g} minutes"
        console.print(_latency_table(title, uvloop.run(_hour(rate, arguments.minutes * 60))))


# --- What is asked


def _texts() -> Iterator[str]:
    topics = read_content(ROOT / "content").require().languages["en"].topics.values()
    asks = [ask for asks in zip(*(topic.asks[:12] for topic in topics), strict=False) for ask in asks]
    return itertools.cycle(asks)


def _mix(typed_share: float) -> Iterator[tuple[int, Update]]:
    """(chat, update), for ever. ``typed_share``: 0, 0.5 or 1."""
    texts, presses = _texts(), itertools.cycle(PRESSES)
    for number in itertools.count():
        chat = 1 + number % CHATS
        is_typed = typed_share == 1 or (typed_share == 0.5 and number % 2 == 0)
        yield chat, typed(chat, next(texts)) if is_typed else pressed(chat, next(presses))


# --- The bots


@dataclass(frozen=True, slots=True)
class Bot:
    """One that runs."""

    process: psutil.Process
    folder: Path

    def cpu(self) -> float:
        """Seconds that it and its children have computed."""
        return sum(sum(each.cpu_times()[:2]) for each in [self.process, *self.process.children(recursive=True)])

    def memory(self) -> float:
        """MB, of it and its children."""
        every = [self.process, *self.process.children(recursive=True)]
        return sum(float(each.memory_info().rss) for each in every) / 2**20


@asynccontextmanager
async def _running(telegram: Telegram, kind: Kind, data: Path) -> AsyncIterator[Bot]:
    """The bot, answering. ``data``: the folder that ours keeps its cache in from one start to the next."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SAFETYBOT_")}
    if kind.client is not None:
        command = [sys.executable, str(ROOT / "bench" / "echo_bot.py"), telegram.url, kind.way, kind.client]
    else:
        command = [sys.executable, "-m", "safetybot.cli", "run"]
        environment |= {
            "SAFETYBOT_TELEGRAM_TOKEN": TOKEN,
            "SAFETYBOT_TELEGRAM_API": telegram.url,
            "SAFETYBOT_TELEGRAM_RATE": "off",
            "SAFETYBOT_WEB_PORT": "0",
            "SAFETYBOT_DATA": str(data),
            "SAFETYBOT_CONTENT": str(ROOT / "content"),
        }
        if kind.way == "webhook":
            environment["SAFETYBOT_WEBHOOK_URL"] = "https://bot.example.org"
    with tempfile.TemporaryFile("w+") as output:
        process = _launched(command, environment, output, data)
        try:
            while True:
                output.seek(0)
                said = output.read()
                if port := re.search(r"http://127\.0\.0\.1:(\d+)", said):
                    telegram.port = int(port[1]) if kind.client is None else None
                known = kind.client is not None or telegram.port is not None
                if "answering" in said and (kind.way == "polling" or (telegram.hook and known)):
                    break
                if process.poll() is not None:
                    raise SystemExit(said)
                await asyncio.sleep(0.1)
            await asyncio.sleep(1.0)
            yield Bot(psutil.Process(process.pid), data)
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait)  # this process is the Telegram that it says goodbye to


def _launched(command: list[str], environment: dict[str, str], output: IO[str], data: Path) -> subprocess.Popen[bytes]:
    for file in data.glob("safetybot.sqlite3*"):
        file.unlink()
    return subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=ROOT)


# --- Throughput


@dataclass(frozen=True, slots=True)
class Rate:
    """What one bot managed."""

    kind: Kind
    typed_share: float
    a_second: float
    cpu_milliseconds: float


async def _throughput(updates: int) -> list[Rate]:
    rates = []
    with tempfile.TemporaryDirectory() as folder:
        for way in dict.fromkeys(kind.way for kind in KINDS):
            for share in (0.5, 1.0, 0.0):
                found = await _in_turn([kind for kind in KINDS if kind.way == way], share, updates, Path(folder))
                rates += found
                for one in found:
                    print(f"{way}, {one.kind.name}, {share:.0%} typed: {one.a_second:.0f}/s", file=sys.stderr)
    return rates


async def _in_turn(kinds: Sequence[Kind], share: float, updates: int, data: Path) -> list[Rate]:
    """All bots run, and are asked one after the other, :data:`TURNS` times: no machine is always as fast."""
    async with AsyncExitStack() as stack:
        bots, mixes = [], []
        for kind in kinds:
            telegram = await stack.enter_async_context(Telegram())
            bot = await stack.enter_async_context(_running(telegram, kind, data))
            bots.append((kind, telegram, bot))
            mixes.append(_mix(share))
        seconds, cpu = [0.0] * len(bots), [0.0] * len(bots)
        for turn in range(TURNS + 1):
            for number, (kind, telegram, bot) in enumerate(bots):
                waiting = [update for _, update in itertools.islice(mixes[number], updates // TURNS)]
                before, start = bot.cpu(), time.perf_counter()
                await _answered(telegram, kind, waiting)
                if turn:  # in the first, much is done for the first time
                    seconds[number] += time.perf_counter() - start
                    cpu[number] += bot.cpu() - before
        asked = updates // TURNS * TURNS
        return [
            Rate(kind, share, asked / taken, computed / asked * 1e3)
            for (kind, _, _), taken, computed in zip(bots, seconds, cpu, strict=True)
        ]


async def _answered(telegram: Telegram, kind: Kind, updates: Sequence[Update]) -> None:
    # The echo confirms what it has not answered yet, and sends one message for each; ours confirms what is answered.
    sends, done = telegram.sends + len(updates), telegram.done + len(updates)
    for update in updates:
        telegram.push(update)
    await telegram.until(sends=sends) if kind.client else await telegram.until(done=done)


def _throughput_table(rates: Sequence[Rate]) -> Table:
    table = Table(title="Updates a second, end to end")
    for heading in ("", "half typed", "CPU ms", "typed alone", "CPU ms", "pressed alone", "CPU ms"):
        table.add_column(heading, justify="right" if heading else "left")
    shares: dict[tuple[str, str | None], float] = {}
    for kind in KINDS:
        row = [one for one in rates if one.kind == kind]
        cells = [cell for one in row for cell in (f"{one.a_second:.0f}", f"{one.cpu_milliseconds:.2f}")]
        shares[kind.way, kind.client] = row[0].a_second
        table.add_row(f"{kind.way}: {kind.name}", *cells, end_section=kind.client is None)
    for way in ("polling", "webhook"):
        ours = shares[way, None]
        first, second = ours / shares[way, "default"], ours / shares[way, "aiohttp"]
        table.add_row(f"{way}: ours / default client (asked 1.5)", f"{first:.2f}")
        table.add_row(f"{way}: ours / aiohttp (asked 0.33)", f"{second:.2f}")
    return table


# --- Latency


@dataclass(frozen=True, slots=True)
class Latency:
    """How long people waited."""

    way: str
    asked: int
    seconds: tuple[float, ...]
    """Of each message, in the order in which they were answered …"""
    later: tuple[float, ...]
    """… and without the first, as many as were asked in START seconds."""
    cpu_share: float
    """Of one core."""
    memory: tuple[float, float]
    """MB before and after."""


async def _latency(rate: float, seconds: float) -> list[Latency]:
    def due() -> Iterator[tuple[float, int, Update]]:
        texts, presses = _texts(), itertools.cycle(PRESSES)
        for number in range(int(rate * seconds)):
            chat = 1 + number % CLASS
            update = typed(chat, next(texts)) if number % 2 == number // CLASS % 2 else pressed(chat, next(presses))
            yield number / rate, chat, update

    return [await _waits(way, due()) for way in ("polling", "webhook")]


async def _hour(rate: float, seconds: float) -> list[Latency]:
    def due() -> Iterator[tuple[float, int, Update]]:
        chance, texts, presses = random.Random(0), _texts(), itertools.cycle(PRESSES)
        moments = []
        begin, chat = -PAUSE_SECONDS * SESSION_MESSAGES, 0
        while begin < seconds:
            begin += chance.expovariate(rate / SESSION_MESSAGES)
            chat, at = chat + 1, begin
            for number in range(SESSION_MESSAGES):
                if 0 <= at < seconds:
                    moments.append((at, chat, number))
                at += chance.uniform(0.5, 1.5) * PAUSE_SECONDS
        for at, chat, number in sorted(moments):
            yield at, chat, typed(chat, next(texts)) if number % 2 == 0 else pressed(chat, next(presses))

    return [await _waits("polling", due())]


async def _waits(way: str, due: Iterator[tuple[float, int, Update]]) -> Latency:
    with tempfile.TemporaryDirectory() as folder:
        kind = Kind("safetybot", way, None)
        async with Telegram() as telegram, _running(telegram, kind, Path(folder)) as bot:
            first_due = next(due)  # before the clock starts: the texts are read for it, which takes a while
            cpu, memory, start = bot.cpu(), bot.memory(), time.perf_counter()
            asked = first = 0
            for at, chat, update in itertools.chain((first_due,), due):
                wait = start + at - time.perf_counter()
                if wait > 0:
                    await asyncio.sleep(wait)
                telegram.ask(chat, update)
                asked += 1
                if asked % 1_000 == 0:
                    print(f"{way}: {asked} messages", file=sys.stderr)
                if at < START:
                    first = asked
            await telegram.until(done=asked)
            share = (bot.cpu() - cpu) / (time.perf_counter() - start)
            taken = tuple(telegram.taken)
            return Latency(way, asked, taken, taken[first:], share, (memory, bot.memory()))


def _latency_table(title: str, found: Sequence[Latency]) -> Table:
    table = Table(title=title)
    headings = (
        "",
        "messages",
        "median ms",
        "p95 ms",
        "p99 ms (asked 150)",
        "worst ms",
        f"p99 ms after {START} s",
        "worst ms",
        "of a core",
        "MB before, after",
    )
    for heading in headings:
        table.add_column(heading, justify="right" if heading else "left")
    for one in found:
        cut, last = statistics.quantiles(one.seconds, n=100), statistics.quantiles(one.later, n=100)[98]
        found_times = (cut[49], cut[94], cut[98], max(one.seconds), last, max(one.later))
        times = [f"{value * 1e3:.0f}" for value in found_times]
        memory = f"{one.memory[0]:.0f}, {one.memory[1]:.0f}"
        table.add_row(one.way, f"{one.asked:,}", *times, f"{one.cpu_share:.0%}", memory)
    return table


if __name__ == "__main__":
    main()
