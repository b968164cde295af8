"""How many reports are taken a second, and how long a young person waits for the code.

    python bench/reports.py [--reports N] [--content FOLDER]

Every report is told through the service, question by question, on a real SQLite file in a new folder: each answer is
sealed and committed before it is answered. "Send" is timed apart, with and without Argon2id, beside what the disk and
the key stretching take by themselves; all in one run.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from safetybot.dialogue.messages import Incoming, Reply
from safetybot.guidance.reader import read_content
from safetybot.matching.fitter import Fitter, load_encoder
from safetybot.service.report_service import ReportService
from safetybot.service.service import Service
from safetybot.staff import members
from safetybot.staff.passphrases import one_time_passphrase
from safetybot.storage.database import migrate, sqlite_engine
from safetybot.storage.store import Store
from safetybot.understanding.understanding import Understanding, understand
from safetybot.vault.code_reading import parse
from safetybot.vault.codes import Code, derive, new_code, pepper_from
from safetybot.vault.key_derivation import KeyStretcher, Parameters
from safetybot.vault.roster import Vouching, with_vouching
from safetybot.vault.vouching import VouchingKey

ROOT = Path(__file__).parents[1]
SECRET = bytes(range(32))
NO_STRETCHING = Parameters(passes=1, memory=8192, cheap_for_tests=True)
STORY = "somebody i met in a game keeps asking me for pictures and says he will tell everyone if i do not send more"
PRESSES = ("report", "rep:set:danger:no", "rep:done:who-reads", "rep:set:about:me")
SKIPPED = ("where", "who", "when", "going-on", "meet", "kind", "age", "told", "safe-here", "contact")


@dataclass(frozen=True)
class Taken:
    """What was measured of one way."""

    a_second: float
    """Whole reports, from "Report it" to the code."""
    sends: Sequence[float]
    """Seconds from "send" to the code, of each report."""
    answers: Sequence[float]
    """Seconds to each other reply."""


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description="Reports a second, and the wait for the code.")
    parser.add_argument("--reports", type=int, default=40, help="reports of each way (default 40)")
    parser.add_argument("--content", type=Path, default=ROOT / "content", help="the content folder")
    parser.add_argument("--cache", type=Path, default=ROOT / "data" / "cache", help="the matcher's cache")
    arguments = parser.parse_args()
    understood = understand(read_content(arguments.content).require(), Fitter(arguments.cache, load_encoder()))
    if not isinstance(understood, Understanding):
        parser.error("the content's own tests fail: run  safetybot check")
    asyncio.run(_measure(understood, arguments.reports))


async def _measure(understanding: Understanding, reports: int) -> None:
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    with_argon = await _taken(understanding, reports, Parameters(), "with Argon2id", at_once=1)
    without = await _taken(understanding, reports, NO_STRETCHING, "without", at_once=1)
    together = await _taken(understanding, reports, Parameters(), "ten chats at once", at_once=10)
    commits, stretches = await _commits(100), _stretches(5)
    table = Table(title=f"{reports} whole reports each way, {len(PRESSES) + len(SKIPPED) + 3} messages a report")
    for column in ("", "reports a second", "send → code, median", "slowest", "other replies, median"):
        table.add_column(column, justify="right" if column else "left")
    for name, taken in (
        ("one after another, Argon2id included", with_argon),
        ("one after another, Argon2id apart", without),
        ("ten chats at once, Argon2id included", together),
    ):
        table.add_row(
            name,
            f"{taken.a_second:.2f}",
            f"{statistics.median(taken.sends) * 1000:.0f} ms",
            f"{max(taken.sends) * 1000:.0f} ms",
            f"{statistics.median(taken.answers) * 1000:.1f} ms",
        )
    table.add_section()
    table.add_row("compare: one commit of this disk", f"{1 / commits:.1f}", f"{commits * 1000:.1f} ms", "", "")
    table.add_row("compare: Argon2id of one code", f"{1 / stretches:.2f}", f"{stretches * 1000:.0f} ms", "", "")
    console = Console(width=110)
    console.print(table)
    if busy > 0.3:
        console.print(f"The machine was {busy:.0%} busy with other work before this began: the times are too long.")


async def _taken(
    understanding: Understanding, reports: int, parameters: Parameters, name: str, *, at_once: int
) -> Taken:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engine = with_vouching(sqlite_engine(folder / "bench.sqlite3"), Vouching(VouchingKey.of(SECRET)))
        stack.push_async_callback(engine.dispose)
        await migrate(engine)
        stretcher = KeyStretcher()
        stack.callback(stretcher.close)
        now = dt.datetime.now(dt.UTC)
        for member in ("Ada", "Grace", "Mary"):
            await members.add(engine, member, one_time_passphrase(), now, stretcher, NO_STRETCHING)
        service = ReportService(engine, SECRET, time.time, stretcher=stretcher, parameters=parameters)
        entrance = await stack.enter_async_context(Service(lambda: understanding, Store(engine), service, SECRET))
        sends: list[float] = []
        answers: list[float] = []
        left = iter(track(range(reports), description=name, console=Console(stderr=True), transient=True))

        async def writer(chat: int) -> None:
            for number in left:
                await _tell(entrance, f"{chat}-{number}", sends, answers)

        start = time.perf_counter()
        await asyncio.gather(*(writer(chat) for chat in range(at_once)))
        return Taken(reports / (time.perf_counter() - start), sends, answers)


async def _tell(service: Service, chat: str, sends: list[float], answers: list[float]) -> None:
    """One whole report; says so where it did not end with a code."""
    said = [Incoming("bench", chat, press=press) for press in PRESSES]
    said.append(Incoming("bench", chat, text=STORY))
    said += [Incoming("bench", chat, press=f"rep:done:{question}") for question in ("what-happened", *SKIPPED)]
    answers += [await _timed(_reply(service, incoming)) for incoming in said]
    start = time.perf_counter()
    reply = await _reply(service, Incoming("bench", chat, press="rep:send"))
    sends.append(time.perf_counter() - start)
    if reply is None or not any(isinstance(parse(message.text), Code) for message in reply.messages):
        raise SystemExit("a report was not taken: has the form other questions than this benchmark knows?")


async def _reply(service: Service, incoming: Incoming) -> Reply | None:
    async with service.turn(incoming.channel, incoming.chat) as turn:
        return await turn.reply(incoming)


async def _timed(work: Awaitable[object]) -> float:
    start = time.perf_counter()
    await work
    return time.perf_counter() - start


async def _commits(times: int) -> float:
    """Seconds of one small commit that survives a power cut."""
    with tempfile.TemporaryDirectory() as folder:
        engine = sqlite_engine(Path(folder) / "bench.sqlite3")
        async with engine.begin() as connection:
            await connection.exec_driver_sql("CREATE TABLE t (x BLOB)")
        start = time.perf_counter()
        for _ in range(times):
            async with engine.begin() as connection:
                await connection.exec_driver_sql("INSERT INTO t VALUES (randomblob(1024))")
        took = (time.perf_counter() - start) / times
        await engine.dispose()
    return took


def _stretches(times: int) -> float:
    return statistics.median(_seconds(lambda: derive(new_code(), pepper_from(SECRET))) for _ in range(times))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
