"""``safetybot demo`` as people start it: three pages on invented data, and nothing left at the end."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import signal
import socket
import stat
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from safetybot.demo.cases import invented
from tests.channels.web.browsing import Element, read_page
from tests.e2e.desk import hire
from tests.e2e.program import MODULE, Place
from tests.e2e.speech import SHIPPED

pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]

START_SECONDS = 400
"""The shipped content may have to be learnt first."""
END_SECONDS = 15
PAGE = {"sec-fetch-site": "same-origin", "accept": "text/html"}


class Demo:
    """The program, while it runs, in a terminal's place of its own."""

    def __init__(self, place: Place, *arguments: str, **settings: str) -> None:
        self.place = place
        self.printed = ""
        self.temporary = place.folder / "tmp"
        self.temporary.mkdir(exist_ok=True)
        ports = {"WEB_PORT": "0", "DESK_PORT": "0", "PREVIEW_PORT": "0"}
        self._environment = place.environment(**{**ports, **settings}) | {"TMPDIR": str(self.temporary)}
        self._arguments = arguments
        self._process: asyncio.subprocess.Process

    async def start(self) -> None:
        """Returns once it has said all, or has ended."""
        self._process = await asyncio.create_subprocess_exec(
            *MODULE,
            "demo",
            *self._arguments,
            cwd=self.place.folder,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._process.stdout
        async with asyncio.timeout(START_SECONDS):
            while line := await self._process.stdout.readline():
                self.printed += line.decode()
                if re.search(r"and stays\.$|The chat is at", self.printed, re.MULTILINE):
                    return
        raise AssertionError(self.printed)

    async def ended(self) -> int:
        assert self._process.stdout
        async with asyncio.timeout(END_SECONDS):
            self.printed += (await self._process.stdout.read()).decode()
            return await self._process.wait()

    async def interrupted(self) -> int:
        """Ctrl-C, as a terminal sends it: to all that belong to what it runs."""
        os.killpg(self._process.pid, signal.SIGINT)
        return await self.ended()

    def sends(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()

    def after(self, words: str) -> list[str]:
        """What is printed behind ``words``, word by word."""
        found = re.search(rf"^ *{re.escape(words)} +(.+)$", self.printed, re.MULTILINE)
        assert found, self.printed
        return found[1].split()

    @property
    def chat(self) -> str:
        return self.after("The chat, as young people see it")[0]

    @property
    def desk(self) -> str:
        return self.after("The desk, where staff read reports")[0]

    @property
    def preview(self) -> str:
        return self.after("The editors' page")[0]

    @property
    def processes(self) -> dict[int, str]:
        """All that it has started, and their own: process → what it is called by."""
        parents: dict[int, int] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                except OSError:
                    continue  # it has just ended
        found, new = set[int](), {self._process.pid}
        while new:
            new = {child for child, parent in parents.items() if parent in new} - found
            found |= new
        return {child: Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ") for child in found}

    @property
    def folders(self) -> list[Path]:
        """Those of its data."""
        return [*self.temporary.glob("safetybot-demo-*")]


@pytest.fixture
def shipped_place(tmp_path: Path, shipped_data: Path) -> Place:
    """With the content that we ship, and no data."""
    (shipped_data / "cache").mkdir(exist_ok=True)
    return Place.make(tmp_path / "place", SHIPPED, shipped_data / "cache")


@pytest.fixture
def taken() -> Iterator[list[int]]:
    """Three ports where somebody else listens."""
    with ExitStack() as stack:
        yield [stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(3)]


@pytest.fixture
async def demo(place: Place) -> AsyncIterator[Demo]:
    demo = Demo(place)
    yield demo
    demo.kill()


async def gone(processes: dict[int, str]) -> None:
    """Waits until none of them runs."""
    async with asyncio.timeout(END_SECONDS):
        while any(Path(f"/proc/{process}/cmdline").exists() and _runs(process) for process in processes):
            await asyncio.sleep(0.02)


def _runs(process: int) -> bool:
    """Whether it is more than an entry that nobody has asked after."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def contents(folder: Path) -> dict[str, str]:
    """Every file but the matcher's cache, with its hash."""
    files = (path for path in folder.rglob("*") if path.is_file() and "cache" not in path.parts)
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


async def logged_in(desk: httpx.AsyncClient, demo: Demo, code: str) -> Element:
    """The page after passphrase and code."""
    name, passphrase = demo.after("Log in at the desk as")[0], " ".join(demo.after("passphrase"))
    page = read_page((await desk.post("/login", data={"name": name, "passphrase": passphrase})).text)
    token = page.find("input", name="csrf")[0].get("value")
    return read_page((await desk.post("/login/second", data={"csrf": token, "code": code})).text)


async def test_all_that_it_shows_from_the_first_look_to_the_end(shipped_place: Place, taken: list[int]) -> None:
    place = shipped_place
    hire(place)  # a real installation beside it
    before = contents(place.data)
    ports = dict(zip(("WEB_PORT", "DESK_PORT", "PREVIEW_PORT"), map(str, taken), strict=True))
    demo = Demo(place, **ports, TELEGRAM_TOKEN="1:never-used", TELEGRAM_API="http://127.0.0.1:9")
    try:
        await demo.start()
        (folder,) = demo.folders
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        await _look_round(demo, taken)
        processes = demo.processes
        assert await demo.interrupted() == 0
        await gone(processes)
    finally:
        demo.kill()
    assert demo.folders == []
    assert contents(place.data) == before
    assert "Traceback" not in demo.printed


async def _look_round(demo: Demo, taken: list[int]) -> None:
    addresses = [demo.chat, demo.desk, demo.preview]
    assert len(set(addresses)) == 3
    assert not {httpx.URL(address).port for address in addresses} & {*taken}
    assert all(address.startswith("http://127.0.0.1:") for address in addresses)
    async with (
        httpx.AsyncClient(base_url=demo.chat, headers=PAGE, follow_redirects=True, timeout=30) as chat,
        httpx.AsyncClient(base_url=demo.desk, headers=PAGE, follow_redirects=True, timeout=30) as desk,
        httpx.AsyncClient(base_url=demo.preview, headers=PAGE, follow_redirects=True, timeout=30) as preview,
    ):
        queue = await logged_in(desk, demo, demo.after("then one of these")[0])
        assert "Queue" in queue.text, queue.text
        cases = {link.get("href") for link in queue.find("a") if re.fullmatch(r"/cases/\w+", link.get("href"))}
        assert len(cases) == len(invented())
        told = ""
        for address in cases:
            shut = read_page((await desk.get(address)).text)
            token = shut.find("input", name="csrf")[0].get("value")
            told += read_page((await desk.post(f"{address}/open", data={"csrf": token})).text).text
        for case in invented():
            assert case.story[0].strip()[:60] in told
        for number, case in enumerate(invented(), 1):
            page = read_page((await chat.get("/")).text)
            token = page.find("input", name="token")[0].get("value")
            code = " ".join(demo.after(case.name))
            page = read_page((await chat.post("/say", data={"token": token, "text": f"/mycode {code}"})).text)
            assert page.text.count("What would you like to do?") == number, page.text
        assert "There is one reply from the team" in page.text
        assert (await preview.get("/")).status_code == 200
        assert "sextortion" in (await preview.get("/")).text


async def test_when_one_part_is_killed_all_ends(demo: Demo) -> None:
    await demo.start()
    processes = demo.processes
    parts = [process for process, line in processes.items() if "spawn_main" in line]
    assert len(parts) == 3
    os.kill(parts[1], signal.SIGKILL)
    assert await demo.ended() == 1
    assert re.search(r"^safetybot: .* was killed \(signal 9\)\. So the demo is over", demo.printed, re.MULTILINE)
    await gone(processes)
    assert demo.folders == []


async def test_when_it_is_killed_itself_nothing_is_left(demo: Demo) -> None:
    await demo.start()
    processes = demo.processes
    demo.sends(signal.SIGKILL)
    await demo.ended()
    await gone(processes)
    assert demo.folders == []


async def test_it_can_be_stopped_before_it_is_ready(demo: Demo) -> None:
    starting = asyncio.create_task(demo.start())
    async with asyncio.timeout(60):
        while not demo.temporary.exists() or not demo.folders or len(demo.processes) < 2:
            await asyncio.sleep(0.02)
    processes = demo.processes
    demo.sends(signal.SIGTERM)
    with pytest.raises(AssertionError):
        await starting
    assert await demo.ended() == 0
    await gone(processes)
    assert demo.folders == []
    assert "Traceback" not in demo.printed


async def test_an_installation_that_is_in_use_is_run_instead(place: Place) -> None:
    """What ``make run`` does: nobody's words may go into a demo because there is no token."""
    hire(place)
    demo = Demo(place, "--or-run")
    try:
        await demo.start()
        assert "The chat is at http://127.0.0.1:" in demo.printed
        assert "demo" not in demo.printed
        demo.sends(signal.SIGTERM)
        assert await demo.ended() == 0
    finally:
        demo.kill()
    assert demo.folders == []


def test_without_content_it_says_so(place: Place) -> None:
    ended = subprocess.run(
        [*MODULE, "demo"],
        cwd=place.folder,
        env=place.environment(CONTENT="nowhere"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (2, "safetybot: there is no folder nowhere\n")
