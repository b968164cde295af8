"""Messages a second through the web chat, beside a bare Starlette JSON echo on the same server and machine.

    python bench/web.py [--seconds 5] [--chats 32]

Each server runs in a process of its own (uvicorn, one worker); this process asks it, over one connection a chat, and
sends the next message as soon as the last is answered. "Pages alone" is the web chat with nothing behind it: a
conversation that answers at once, and pages kept in memory; it is what the web layer itself costs. The whole program
is measured with buttons and with own words, and all that belongs to them: the sealed session and page on the disk, and
the matcher. Own words cannot come faster than the matcher understands them, so it is measured alone as well: one
thread, nothing around it.

The echo and the pages alone are asked in turns of a second: the machine may be slower in one second than in the next.

CPU is what the server's processes took, all their threads: it is steadier than the rates where other work runs beside.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import aiohttp
import psutil
import uvloop
from rich.console import Console
from rich.table import Table
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from safetybot.channels.web import WebChat, WebOptions
from safetybot.dialogue.messages import Button, Incoming, Outgoing, Reply
from safetybot.dialogue.transcript import Transcript
from safetybot.guidance.model import Guidance, Helpline, WordingFile
from safetybot.guidance.reader import read_content
from safetybot.http.server import listen, serve
from safetybot.matching.fitter import make_fitter
from safetybot.process.garbage_collection import freeze_gc
from safetybot.settings import Settings, read_settings
from safetybot.understanding.understanding import Understanding, understand

ROOT = Path(__file__).parents[1]
WARM_UP = 0.5
"""Seconds before the clock counts."""
_PAGES = 200
"""That are kept in memory, where nothing is behind them."""

Ask = Callable[[aiohttp.ClientSession, str], Awaitable[None]]


def main() -> None:
    """Measures both and prints the table, or serves the echo where the parent process asks for it."""
    parser = argparse.ArgumentParser(description="The web chat's throughput beside a bare echo.")
    parser.add_argument("--seconds", type=float, default=5.0, help="seconds that each is measured (5)")
    parser.add_argument("--chats", type=int, default=32, help="chats at once")
    parser.add_argument("--data", type=Path, help="a data folder whose cache holds the matcher")
    parser.add_argument("--serve", choices=("echo", "pages"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        _serve(_echo() if arguments.serve == "echo" else _pages())
        return
    console = Console(width=None if sys.stdout.isatty() else 110)
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    table = Table(title=f"{arguments.chats} chats at once, {arguments.seconds:g} s each")
    for column in ("", "messages a second", "median ms", "p99 ms", "CPU ms a message", "of the echo"):
        table.add_column(column, justify="right" if column else "left")
    base = 0.0
    for name, result in asyncio.run(_measure(arguments)):
        base = base or result.rate
        milliseconds = (f"{1000 * each:.2f}" for each in (result.median, result.late, result.cpu))
        table.add_row(name, f"{result.rate:.0f}", *milliseconds, f"{result.rate / base:.0%}")
    if busy > 0.3:
        table.caption = f"The machine was busy when this began (load {busy:.1f} a core): the rates are too low."
    console.print(table)


@dataclass(frozen=True, slots=True)
class Turn:
    """One server, asked for a while."""

    taken: list[float]
    """The seconds of each message."""
    seconds: float
    cpu: float
    """Seconds, of all messages."""


@dataclass(frozen=True, slots=True)
class Result:
    """Messages a second; and of one message, in seconds: what half and nearly all take at most, and its CPU."""

    rate: float
    median: float
    late: float
    cpu: float

    @classmethod
    def of(cls, turns: Sequence[Turn]) -> Result:
        """Of some turns together."""
        taken = sorted(itertools.chain.from_iterable(turn.taken for turn in turns))
        count, seconds, cpu = len(taken), sum(turn.seconds for turn in turns), sum(turn.cpu for turn in turns)
        return cls(count / seconds, taken[count // 2], taken[int(count * 0.99)], cpu / count)


async def _measure(arguments: argparse.Namespace) -> list[tuple[str, Result]]:
    results = []
    with (
        _started([sys.executable, __file__, "--serve", "echo"], {}) as echo,
        _started([sys.executable, __file__, "--serve", "pages"], {}) as pages,
    ):
        _asks()
        freeze_gc()  # so that Python does not look through them while others are waited for
        echoed, paged = [], []
        for _ in range(max(1, round(arguments.seconds))):
            echoed.append(await _rate(echo, _say_to_echo, arguments.chats, 1.0))
            paged.append(await _rate(pages, _saying(_words()), arguments.chats, 1.0))
        results += [("bare echo", Result.of(echoed)), ("web chat, pages alone", Result.of(paged))]
    with tempfile.TemporaryDirectory() as folder:
        data = arguments.data or Path(folder)
        settings = {"SAFETYBOT_DATA": str(data), "SAFETYBOT_CONTENT": str(ROOT / "content"), "SAFETYBOT_WEB_PORT": "0"}
        with _started([sys.executable, "-m", "safetybot.cli", "run"], settings) as server:
            for name, fields in (("web chat, a button", _buttons()), ("web chat, own words", _words())):
                rate = await _rate(server, _saying(fields), arguments.chats, arguments.seconds)
                results.append((name, Result.of([rate])))
        alone = _matcher(read_settings(settings, None), arguments.seconds)
        results.append(("the matcher alone", Result.of([alone])))
    return results


def _matcher(settings: Settings, seconds: float) -> Turn:
    """Own words understood one after the other, in this process."""
    library = read_content(settings.content).require()
    understanding = understand(library, make_fitter(settings.cache))
    assert isinstance(understanding, Understanding)
    interpret, taken = understanding.interpreters["en"].interpret, []
    words = [next(fields)["text"] for fields in [_words()] for _ in range(500)]
    for text in words[:20]:
        interpret(text)
    start, cpu = time.perf_counter(), time.process_time()
    for text in itertools.cycle(words):
        began = time.perf_counter()
        if began - start > seconds:
            break
        interpret(text)
        taken.append(time.perf_counter() - began)
    return Turn(taken, seconds, time.process_time() - cpu)


async def _rate(server: Server, ask: Ask, chats: int, seconds: float) -> Turn:
    taken: list[float] = []
    start = time.perf_counter() + WARM_UP
    end = start + seconds

    async def one() -> None:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            while (began := time.perf_counter()) < end:
                await ask(session, server.address)
                if start <= began and time.perf_counter() < end:
                    taken.append(time.perf_counter() - began)

    async def cpu() -> float:
        await asyncio.sleep(start - time.perf_counter())
        before = server.cpu()
        await asyncio.sleep(end - time.perf_counter())
        return server.cpu() - before

    used, *_ = await asyncio.gather(cpu(), *(one() for _ in range(chats)))
    return Turn(taken, seconds, used)


async def _say_to_echo(session: aiohttp.ClientSession, address: str) -> None:
    async with session.post(f"{address}/", json={"text": "someone is being mean to me online"}) as response:
        assert response.status == 200
        await response.json()


def _saying(fields: Iterator[dict[str, str]]) -> Ask:
    pages: dict[int, tuple[str, int, int]] = {}
    """Session → the page's token, its last entry, and how many messages its chat still has."""

    async def say(session: aiohttp.ClientSession, address: str) -> None:
        token, seen, left = pages.get(id(session), ("", 0, 0))
        if not left:
            # A new chat before the limit of one is reached; what that costs counts too.
            session.cookie_jar.clear()
            async with session.get(f"{address}/") as response:
                (token, *_) = re.findall(r'name="token" value="(\w+)"', await response.text())
            seen, left = 1, 25
        form = {"token": token, "seen": str(seen), **next(fields)}
        async with session.post(f"{address}/say", data=form, headers={"Accept": "application/json"}) as response:
            assert response.status == 200, await response.text()
            answer = await response.json()
        assert "<li" in answer["html"]
        pages[id(session)] = answer["token"], answer["count"], left - 1

    return say


def _buttons() -> Iterator[dict[str, str]]:
    presses = ("topics", "talk", "now", "group:images", "topic:sextortion:1")
    return ({"press": press} for press in itertools.cycle(presses))


def _words() -> Iterator[dict[str, str]]:
    return ({"text": text} for text in itertools.cycle(_asks()))


@cache
def _asks() -> list[str]:
    topics = read_content(ROOT / "content").require().languages["en"].topics.values()
    return [ask for asks in zip(*(topic.asks[:12] for topic in topics), strict=False) for ask in asks]


@dataclass(frozen=True, slots=True)
class Server:
    """One in a process of its own."""

    address: str
    process: int

    def cpu(self) -> float:
        """Seconds that it and its children have computed."""
        own = psutil.Process(self.process)
        return sum(sum(each.cpu_times()[:2]) for each in [own, *own.children(recursive=True)])


@contextmanager
def _started(command: list[str], settings: dict[str, str]) -> Iterator[Server]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SAFETYBOT_")}
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, env=ours | settings, stdout=output, stderr=output, cwd=ROOT)
        try:
            while True:
                output.seek(0)
                if found := re.search(r"answering at (http://\S+)", output.read()):
                    break
                if process.poll() is not None:
                    output.seek(0)
                    raise SystemExit(output.read())
                time.sleep(0.1)
            time.sleep(0.5)
            yield Server(found[1], process.pid)
        finally:
            process.terminate()
            process.wait()


def _serve(app: ASGIApp) -> None:
    async def run() -> None:
        options = WebOptions(port=0)
        with listen(options) as listening:
            freeze_gc()  # as the whole program does
            print(f"answering at {listening.address}", flush=True)
            await serve(app, options, listening, asyncio.Event())

    uvloop.run(run())


def _echo() -> ASGIApp:
    async def echo(request: Request) -> Response:
        return JSONResponse(await request.json())

    return Starlette(routes=[Route("/", echo, methods=["POST"])])


def _pages() -> ASGIApp:
    english = read_content(ROOT / "content").require().languages["en"]
    return WebChat(_Nothing(english), _InMemory(), bytes(32), WebOptions()).app


class _Nothing:
    """A conversation that says the same at once, whatever is said to it."""

    def __init__(self, english: Guidance) -> None:
        self._english = english
        answer = english.topics["sextortion"].answer.first
        self._reply = Reply((Outgoing(answer, ((Button("All topics", "topics"),), (Button("Help now", "now"),))),))

    @property
    def languages(self) -> dict[str, WordingFile]:
        return {"en": self._english.wording}

    def language(self, *_: str | None) -> str:
        return "en"

    def wording(self, _: str | None) -> WordingFile:
        return self._english.wording

    def helplines(self, _: str | None) -> tuple[Helpline, ...]:
        return tuple(self._english.helplines.values())

    async def greeting(self, *_: str | None) -> tuple[Outgoing, ...]:
        return self._reply.messages

    async def in_danger(self, _: Incoming) -> bool:
        return False

    def turn(self, *_: str) -> AbstractAsyncContextManager[_Nothing]:
        return nullcontext(self)

    async def reply(self, _: Incoming) -> Reply | None:
        return self._reply

    def delivered(self, _: Sequence[int]) -> None:
        pass

    async def forget(self) -> None:
        pass


class _InMemory:
    """Pages that are lost with the process, or once there are many newer ones."""

    def __init__(self) -> None:
        self._kept: dict[str, Transcript] = {}  # the oldest chat first

    async def load(self, chat: str) -> Transcript | None:
        return self._kept.get(chat)

    async def save(self, chat: str, transcript: Transcript) -> None:
        self._kept[chat] = transcript
        if len(self._kept) > _PAGES:
            del self._kept[next(iter(self._kept))]

    async def delete(self, chat: str) -> None:
        self._kept.pop(chat, None)


if __name__ == "__main__":
    main()
