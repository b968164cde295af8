"""The real program in a process of its own, with its files in a folder of the test's."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.emulator import TOKEN, Emulator

SCRIPT = Path(sys.executable).parent / "safetybot"
"""The console script, as people call it."""

MODULE = (sys.executable, "-W", "error", "-m", "safetybot.cli")
"""The same, with every warning an error."""


def environment(settings: Mapping[str, str | Path]) -> dict[str, str]:
    """Ours, without any setting of the bot but these."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SAFETYBOT_")}
    return ours | {f"SAFETYBOT_{name}": str(value) for name, value in settings.items()}


@dataclass(frozen=True)
class Place:
    """An installation: where its content and its data are."""

    folder: Path
    content: Path

    @classmethod
    def make(cls, folder: Path, content: Path, cache: Path) -> Place:
        """In an empty folder, with a matcher's cache that is shared with other installations."""
        (folder / "data").mkdir(parents=True)
        (folder / "data" / "cache").symlink_to(cache, target_is_directory=True)
        return cls(folder, content)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def database(self) -> Path:
        return self.data / "safetybot.sqlite3"

    def environment(self, **more: str) -> dict[str, str]:
        usual = {"DATA": self.data, "CONTENT": self.content, "WEB_PORT": "0", "TELEGRAM_RATE": "off"}
        return environment({**usual, **more})

    def command(self, *arguments: str | Path, said: str | None = None, seconds: float = 60) -> Ended:
        """Run one command to its end; ``said`` is its standard input, which is empty otherwise."""
        done = subprocess.run(
            [*MODULE, *arguments],
            cwd=self.folder,
            env=self.environment(),
            input=said or "",
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=seconds,
        )
        return Ended(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    errors: str


class Program:
    """``safetybot run`` against the emulator: started, told to stop or killed, and started again."""

    def __init__(
        self,
        place: Place,
        telegram: Emulator,
        *,
        token: str | None = TOKEN,
        command: Sequence[str | Path] = MODULE,
        **more: str,
    ) -> None:
        """``token``: None where the program finds it by itself; ``more``: settings."""
        self.place = place
        self._command = command
        known = {} if token is None else {"TELEGRAM_TOKEN": token}
        self._environment = place.environment(TELEGRAM_API=telegram.url, **known, **more)
        self._output = place.folder / "output.txt"
        self._telegram = telegram
        self._process: asyncio.subprocess.Process | None = None

    @property
    def printed(self) -> str:
        """All that any run of it has printed so far, on either stream."""
        return self._output.read_text("utf-8") if self._output.exists() else ""

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Returns at once; what is queued is answered as soon as the program is ready."""
        assert not self.running
        with self._output.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                "run",
                cwd=self.place.folder,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    async def ready(self) -> None:
        """Wait until it asks for updates."""
        asked = self._telegram.counts["getUpdates"]
        await self._telegram.until(lambda: self._telegram.counts["getUpdates"] > asked or not self.running, 60)
        assert self.running, self.printed

    async def prints(self, text: str, seconds: float = 30) -> None:
        """Wait until it has printed a text."""
        async with asyncio.timeout(seconds):
            while text not in self.printed:
                assert self.running, self.printed
                await asyncio.sleep(0.05)

    async def ended(self, seconds: float = 40) -> int:
        """Wait for its end; the exit code."""
        assert self._process is not None
        async with asyncio.timeout(seconds):
            return await self._process.wait()

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop, as an operator does; the exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return await self.ended()

    async def kill(self) -> None:
        """As ``kill -9``: nothing is finished or saved."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def restart(self) -> None:
        assert await self.stop() == 0, self.printed
        await self.start()
        await self.ready()


class Typist:
    """``safetybot chat`` with somebody at the keyboard, through pipes. Use as ``with Typist(place) as typist``."""

    def __init__(self, place: Place, *, command: Sequence[str | Path] = MODULE) -> None:
        self._place = place
        self._command = command
        self.shown = ""
        """All that it has printed, as it stands on the screen."""
        self.last = ""
        """What answered the last line."""

    def __enter__(self) -> Typist:
        self._process = subprocess.Popen(
            [*self._command, "chat"],
            cwd=self._place.folder,
            env=self._place.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._read()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def types(self, line: str) -> str:
        """One line, and Enter; what answers it, in one line, without frames."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()
        return self._read()

    def presses(self, words: str) -> str:
        """The number of the last button with these words that is shown."""
        return self.types(self.numbers[words])

    @property
    def numbers(self) -> dict[str, str]:
        """The words on each button that is shown → its number."""
        found = re.findall(r"\[(\d+)\] (.+?)(?=  \[\d+\] |\n|$)", self.last)
        return {words.strip(): number for number, words in found}

    def ends(self) -> str:
        """Ctrl-D; what it printed as errors."""
        _, errors = self._process.communicate(timeout=60)
        assert self._process.returncode == 0
        return errors.decode()

    def _read(self) -> str:
        """Until it waits for a line."""
        assert self._process.stdout is not None
        read = b""
        while not re.search(rb"(\A|\n)> \Z", read):
            more = os.read(self._process.stdout.fileno(), 65536)
            if not more:
                raise AssertionError(f"it ended: {self.shown}{read.decode()}{self._process.communicate()[1].decode()}")
            read += more
        self.last = read.decode().removesuffix("> ")
        self.shown += self.last
        return flat(self.last)


def flat(screen: str) -> str:
    """A screen's words in one line, without frames."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", screen).split())
