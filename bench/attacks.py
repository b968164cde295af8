"""What others notice while one address does its worst: wrong codes without end, or long nonsense over many connections.

    python bench/attacks.py codes [--seconds 120]     # right codes and a report, beside 4.2 wrong codes a second
    python bench/attacks.py texts [--seconds 60]      # short texts, beside eight connections with 4,000 letters each

The whole program runs in a process of its own, with what it says as it ships and keys stretched as slowly as they are
in earnest; everybody comes over HTTP. A trusted proxy is played by saying where each comes from in
``X-Forwarded-For``. The attacker has a new cookie for each chat, and no other limit than the bot's. Bots, attacker and
visitors share the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import shutil
import string
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from safetybot.vault.code_reading import parse
from safetybot.vault.codes import Code, new_code

ROOT = Path(__file__).parents[1]
ATTACKER = "198.51.100.7"
WRONG_A_SECOND = 4.2
"""A little less than one address may send for ever."""
OPENED_WITHIN = 10.0
"""Seconds in which a right code is to be answered."""
NONSENSE_LETTERS, NONSENSE_CONNECTIONS = 4_000, 8
STORY = "somebody i met in a game keeps asking me for pictures and says he will tell everyone if i do not send more"
PRESSES = ("report", "rep:set:danger:no", "rep:done:who-reads", "rep:set:about:me")
SKIPPED = ("where", "who", "when", "going-on", "meet", "kind", "age", "told", "safe-here", "contact")
SHORT = ("someone keeps sending me mean messages", "he wants pictures of me", "i am scared to go online", "help me")
_LEAST_CODES = 4
"""Right codes that are tried, however long that takes."""
_CHAT_MESSAGES = 25
"""Of one chat, before its own limit is reached."""


class Visitor:
    """Somebody with a browser, in one chat. Use as ``async with Visitor(server, address) as visitor``."""

    def __init__(self, server: str, address: str) -> None:
        """``address``: where they seem to come from."""
        self._server = server
        self._headers = {"X-Forwarded-For": address, "Accept": "application/json"}
        self._token, self._seen = "", 1

    async def __aenter__(self) -> Visitor:
        timeout = aiohttp.ClientTimeout(total=120)
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=timeout)
        page = {**self._headers, "Accept": "text/html"}
        try:
            async with self._session.get(f"{self._server}/", headers=page) as response:
                (self._token, *_) = re.findall(r'name="token" value="(\w+)"', await response.text())
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def does(self, **fields: str) -> str:
        """Type a ``text`` or choose a ``press``; what is shown then, as HTML; nothing where they were too fast."""
        form = {"token": self._token, "seen": str(self._seen), **fields}
        async with self._session.post(f"{self._server}/say", data=form, headers=self._headers) as response:
            if response.status == 429:
                return ""
            assert response.status == 200, response.status
            answer = await response.json()
        self._token, self._seen = answer["token"], answer["count"]
        return str(answer["html"])

    async def opens(self, code: Code) -> bool:
        """Whether a code is answered with its report."""
        return "case:leave" in await self.does(text=f"/mycode {code.text}")

    async def reports(self) -> tuple[Code, float]:
        """The code of a report, and the seconds from "Send" until it was shown."""
        for press in PRESSES:
            await self.does(press=press)
        await self.does(text=STORY)
        for question in ("what-happened", *SKIPPED):
            await self.does(press=f"rep:done:{question}")
        began = time.perf_counter()
        shown = await self.does(press="rep:send")
        took = time.perf_counter() - began
        for line in re.split(r"<[^>]+>", shown):
            if isinstance(found := parse(line), Code):
                return found, took
        raise AssertionError("no code was shown")


@dataclass(frozen=True, slots=True)
class Tried:
    """What visitors and the attacker got."""

    opened: Sequence[float]
    """Seconds, of each right code that was answered with its report."""
    not_opened: int
    report_alone: float
    """Seconds from "Send" to the code, before there was an attack …"""
    report_took: float
    """… and beside it."""
    attacks: Counter[str]

    @property
    def share(self) -> float:
        """Of right codes, those that opened in time."""
        return sum(took <= OPENED_WITHIN for took in self.opened) / (len(self.opened) + self.not_opened)


async def codes(server: str, seconds: float) -> Tried:
    """Right codes from elsewhere, while one address tries wrong ones."""
    async with Visitor(server, "203.0.113.1") as first:
        code, alone = await first.reports()
    attacks, opened, failed = Counter[str](), list[float](), list[float]()

    async def attack() -> None:
        with suppress(aiohttp.ClientError):
            async with Visitor(server, ATTACKER) as attacker:
                attacks["sent"] += 1
                await attacker.does(text=f"/mycode {new_code().text}")
                attacks["answered"] += 1

    async def right(number: int) -> None:
        async with Visitor(server, f"203.0.113.{number % 200 + 2}") as visitor:
            began = time.perf_counter()
            found = await visitor.opens(code)
            (opened if found else failed).append(time.perf_counter() - began)

    async def report() -> float:
        async with Visitor(server, "203.0.113.250") as visitor:
            return (await visitor.reports())[1]

    async with _without_end(attack, WRONG_A_SECOND):
        await asyncio.sleep(min(5.0, seconds / 4))  # until the line is full
        reporting = asyncio.create_task(report())
        end, number = time.monotonic() + seconds, 0
        while time.monotonic() < end or number < _LEAST_CODES:
            await right(number)
            await asyncio.sleep(1.0)
            number += 1
        await reporting
    return Tried(opened, len(failed), alone, reporting.result(), attacks)


@dataclass(frozen=True, slots=True)
class Waited:
    """How long short texts took, in seconds, sorted."""

    alone: Sequence[float]
    beside: Sequence[float]
    attacks: Counter[str]


async def texts(server: str, seconds: float, between: float = 0.15) -> Waited:
    """Short texts from elsewhere, alone and while one address sends long nonsense over many connections."""
    attacks, letters = Counter[str](), random.Random(1)

    async def attack() -> None:
        with suppress(aiohttp.ClientError):
            async with Visitor(server, ATTACKER) as attacker:
                for _ in range(_CHAT_MESSAGES):
                    attacks["sent"] += 1
                    attacks["answered"] += bool(await attacker.does(text=nonsense(letters)))

    alone = await _short_texts(server, min(seconds, 10.0), between)
    async with AsyncExitStack() as stack:
        for _ in range(NONSENSE_CONNECTIONS):
            await stack.enter_async_context(_without_end(attack, None))
        await asyncio.sleep(2.0)
        beside = await _short_texts(server, seconds, between)
    return Waited(alone, beside, attacks)


def nonsense(letters: random.Random) -> str:
    """Words that are none."""
    made = ""
    while len(made) < NONSENSE_LETTERS:
        made += "".join(letters.choices(string.ascii_lowercase, k=letters.randint(3, 9))) + " "
    return made[:NONSENSE_LETTERS]


async def _short_texts(server: str, seconds: float, between: float) -> list[float]:
    taken: list[float] = []
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        async with Visitor(server, f"203.0.113.{number % 200 + 2}") as visitor:
            for text in SHORT:
                began = time.perf_counter()
                assert await visitor.does(text=text)
                taken.append(time.perf_counter() - began)
                await asyncio.sleep(between)
        number += 1
    return sorted(taken)


class _without_end:  # noqa: N801 - reads as what it does
    """Something done again and again while the block runs: so many times a second, or each time the last is over."""

    def __init__(self, do: Callable[[], Awaitable[None]], a_second: float | None) -> None:
        self._do, self._a_second = do, a_second

    async def __aenter__(self) -> None:
        self._running = asyncio.create_task(self._run())

    async def __aexit__(self, *_: object) -> None:
        self._running.cancel()
        await asyncio.wait([self._running])
        if not self._running.cancelled():
            self._running.result()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                if self._a_second is None:
                    await self._do()
                else:
                    group.create_task(self._once())
                    await asyncio.sleep(1 / self._a_second)

    async def _once(self) -> None:
        await self._do()


def at(share: float, taken: Sequence[float]) -> float:
    """The value below which a share of them lies."""
    return taken[min(len(taken) - 1, int(share * len(taken)))]


@contextmanager
def bot(data: Path, cache: Path | None = None) -> Iterator[str]:
    """The address of the whole program, with one member of staff.

    ``data``: its folder, which is empty; ``cache``: one in which the matcher is fitted already.
    """
    content = ROOT / "content"
    if cache is not None:
        shutil.copytree(cache, data / "cache")
        (data / "cache").chmod(0o700)
    settings = {"DATA": str(data), "CONTENT": str(content), "WEB_PORT": "0", "WEB_PROXY": "127.0.0.1"}
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SAFETYBOT_")}
    ours |= {f"SAFETYBOT_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "safetybot.cli"]
    subprocess.run([*command, "staff", "add", "--new", "Ada"], env=ours, cwd=data, check=True, capture_output=True)
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([*command, "run"], env=ours, stdout=output, stderr=output, cwd=data)
        try:
            while True:
                output.seek(0)
                if found := re.search(r"answering at (http://\S+)", said := output.read()):
                    break
                if process.poll() is not None:
                    raise SystemExit(said)
                time.sleep(0.1)
            yield found[1]
        finally:
            process.terminate()
            process.wait()


def main() -> None:
    """Run one attack and print what others noticed."""
    parser = argparse.ArgumentParser(description="What others notice while one address does its worst.")
    parser.add_argument("attack", choices=("codes", "texts"))
    parser.add_argument("--seconds", type=float, default=60.0, help="seconds of it (60)")
    parser.add_argument("--cache", type=Path, help="a data folder's cache, which holds the matcher")
    arguments = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    with tempfile.TemporaryDirectory() as folder, bot(Path(folder), arguments.cache) as server:
        if arguments.attack == "codes":
            tried = asyncio.run(codes(server, arguments.seconds))
            table = Table(title=f"Right codes beside {WRONG_A_SECOND} wrong ones a second of one address")
            for column in (
                "right codes",
                f"opened within {OPENED_WITHIN:g} s",
                "median s",
                "slowest s",
                "a report's s",
                "before, s",
            ):
                table.add_column(column, justify="right")
            took = sorted(tried.opened) or [float("nan")]
            row = (
                f"{tried.share:.0%}",
                f"{at(0.5, took):.2f}",
                f"{took[-1]:.2f}",
                f"{tried.report_took:.2f}",
                f"{tried.report_alone:.2f}",
            )
            table.add_row(str(len(tried.opened) + tried.not_opened), *row)
            table.caption = f"{tried.attacks['sent']} wrong codes were sent."
        else:
            waited = asyncio.run(texts(server, arguments.seconds))
            table = Table(title=f"Short texts beside {NONSENSE_CONNECTIONS} connections with long nonsense")
            for column in ("", "texts", "median ms", "p99 ms", "slowest ms"):
                table.add_column(column, justify="right" if column else "left")
            for name, taken in (("alone", waited.alone), ("beside them", waited.beside)):
                values = (at(0.5, taken), at(0.99, taken), taken[-1])
                table.add_row(name, str(len(taken)), *(f"{1000 * value:.0f}" for value in values))
            table.caption = f"{waited.attacks['sent']} texts of {NONSENSE_LETTERS} letters were sent."
    console.print(table)


if __name__ == "__main__":
    main()
