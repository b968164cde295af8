"""How long the desk's queue takes with thousands of cases.

    python bench/desk.py [--cases N] [--requests N]

A new database gets N cases of the last year, with sealed envelopes, their keys and their audit log. A member is logged
in, and asks a real server for the queue as a browser does: the first page, the last, with filters, and the part that
is fetched when something changes. Beside it: a bare Starlette page of the same size, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
from cases import fill
from rich.console import Console
from rich.progress import track
from rich.table import Table
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from safetybot.desk.app import desk_app
from safetybot.desk.context import DeskContext
from safetybot.desk.cookies import cookie_name
from safetybot.desk.live_guidance import DeskGuidance
from safetybot.desk.logins import LoginStage
from safetybot.desk.options import DeskOptions
from safetybot.desk.server import parts_of
from safetybot.guidance.reader import read_content
from safetybot.http.server import listen, serve
from safetybot.reports.queue import ACTIVE, count_cases
from safetybot.staff import members
from safetybot.staff.login import UnlockedMember
from safetybot.storage.database import migrate, sqlite_engine
from safetybot.storage.tables import staff as staff_table
from safetybot.vault.key_derivation import KeyStretcher, Parameters
from safetybot.vault.roster import Vouching, with_vouching
from safetybot.vault.sealing import KeyPair
from safetybot.vault.vouching import VouchingKey

ROOT = Path(__file__).parents[1]
MOST_MS = 300
"""What a page may take at most."""
NO_STRETCHING = Parameters(passes=1, memory=8192, cheap_for_tests=True)
WARM_UP = 3


def main() -> None:
    """Measures and prints the table; exit 1 where a page took too long."""
    parser = argparse.ArgumentParser(description="The desk's queue with thousands of cases.")
    parser.add_argument("--cases", type=int, default=10_000, help="cases in the database (default 10000)")
    parser.add_argument("--requests", type=int, default=40, help="requests for each page (default 40)")
    arguments = parser.parse_args()
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    console = Console(width=None if sys.stdout.isatty() else 110)
    taken, bytes_ = asyncio.run(_measure(arguments.cases, arguments.requests))
    table = Table(title=f"The queue with {arguments.cases} cases, {arguments.requests} requests for each page")
    for column in ("", "KiB", "median ms", "worst ms"):
        table.add_column(column, justify="right" if column else "left")
    for name, seconds in taken.items():
        size, median, worst = bytes_[name] / 1024, statistics.median(seconds) * 1000, max(seconds) * 1000
        table.add_row(name, f"{size:.0f}", f"{median:.1f}", f"{worst:.1f}")
    if busy > 0.3:
        table.caption = f"The machine was busy when this began (load {busy:.1f} a core): the times are too long."
    console.print(table)
    raise SystemExit(max(map(max, taken.values())) * 1000 > MOST_MS)


async def _measure(cases: int, requests: int) -> tuple[dict[str, list[float]], dict[str, int]]:
    async with AsyncExitStack() as stack:
        parts, member = await stack.enter_async_context(_office(cases))
        held, _ = parts.logins.begin(member, LoginStage.IN, parts.clock())
        desk = await stack.enter_async_context(_served(desk_app(parts), parts))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(headers={"Cookie": f"{cookie_name(parts.options)}={held}"})
        )
        async with parts.engine.connect() as connection:
            last = -(-await count_cases(connection, status=ACTIVE) // 100)
        pages = {
            "first page": "/",
            "last page": f"/?page={last}",
            "all": "/?status=all",
            "unread": "/?status=all&unread=1",
            "new": "/?status=new",
            "closed": "/?status=closed",
            "emergencies": "/?urgency=emergency",
            "assigned to me": "/?assignee=me",
            "assigned to nobody": "/?assignee=nobody",
            "today": "/?age=today",
            "older than 2 weeks": "/?age=over-2-weeks",
            "withdrawn": "/?status=all&withdrawn=1",
            "deletion announced": "/?status=all&warned=1",
            "deleted": "/?status=deleted",
            "the part that changes": "/queue/list?seen=1",
        }
        taken: dict[str, list[float]] = {}
        sizes: dict[str, int] = {}
        bodies: dict[str, bytes] = {}
        for name, path in track(pages.items(), "pages", console=Console(stderr=True), transient=True):
            taken[name], bodies[name] = await _ask(session, desk + path, requests)
            sizes[name] = len(bodies[name])
        assert bodies["first page"].count(b'id="case-') == min(100, cases)
        name = "compare: a bare Starlette page of the first page's size"
        bare = await stack.enter_async_context(_served(_bare(bodies["first page"]), parts))
        taken[name], body = await _ask(session, bare, requests)
        sizes[name] = len(body)
    return taken, sizes


async def _ask(session: aiohttp.ClientSession, address: str, requests: int) -> tuple[list[float], bytes]:
    """Seconds from asking to the last byte."""
    taken = []
    body = b""
    for _ in range(WARM_UP + requests):
        began = time.perf_counter()
        async with session.get(address, allow_redirects=False) as response:
            body = await response.read()
        taken.append(time.perf_counter() - began)
        assert response.status == 200, response.status
    return taken[WARM_UP:], body


@asynccontextmanager
async def _office(cases: int) -> AsyncIterator[tuple[DeskContext, UnlockedMember]]:
    """A desk on a new database with cases, and one of its members."""
    with tempfile.TemporaryDirectory() as folder:
        engine = with_vouching(sqlite_engine(Path(folder) / "bench.sqlite3"), Vouching(VouchingKey.of(bytes(32))))
        await migrate(engine)
        stretcher = KeyStretcher()
        now = dt.datetime.now(dt.UTC)
        for name in ("Ada", "Grace", "Mary"):
            await members.add(engine, name, "a passphrase for a moment", now, stretcher, NO_STRETCHING)
        async with engine.begin() as connection:
            await connection.execute(staff_table.update().values(must_change=False))
            ada = (await members.list_members(connection))[0]
        await fill(engine, cases, now.date())
        member = UnlockedMember(ada, KeyPair(ada.public_key, bytes(range(32))))
        guidance = DeskGuidance.of(read_content(ROOT / "content").require())
        parts = parts_of(engine, stretcher, DeskOptions(port=0), lambda: guidance)
        try:
            yield parts, member
        finally:
            stretcher.close()
            await engine.dispose()


@asynccontextmanager
async def _served(app: ASGIApp, parts: DeskContext) -> AsyncIterator[str]:
    stop = asyncio.Event()
    with listen(parts.options) as listening:
        serving = asyncio.create_task(serve(app, parts.options, listening, stop))
        async with aiohttp.ClientSession() as session:
            while True:  # it listens before it answers
                try:
                    async with session.get(f"{listening.address}/health"):
                        break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.05)
        yield listening.address
        stop.set()
        await serving


def _bare(page: bytes) -> ASGIApp:
    async def answer(_: Request) -> Response:
        return HTMLResponse(page)

    async def health(_: Request) -> Response:
        return Response()

    return Starlette(routes=[Route("/", answer), Route("/health", health)])


if __name__ == "__main__":
    main()
