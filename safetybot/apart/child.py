"""The bot's side of one such process: starts it, asks it, ends it."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import subprocess
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path

from safetybot.apart.wire import Beginning, Frames, receive, send
from safetybot.guidance.faults import Fault
from safetybot.guidance.reader import Library
from safetybot.matching.fitter import Progress

SILENT_SECONDS = 30.0
"""Without a single answer, after which it is taken to hang: a text takes milliseconds, the longest some tenths."""


class ProcessEnded(Exception):  # noqa: N818 - reads as what happened
    """The process that understands texts is no more."""


class Child:
    """One process that understands texts."""

    def __init__(self) -> None:
        """Starts it."""
        self._connection, theirs = socket.socketpair()
        self._answers: _Answers | None = None
        self._connecting: asyncio.Task[_Answers] | None = None
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-P", "-m", "safetybot.apart.process", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=_environment(),
                # Ctrl-C is for the bot alone, which then finishes what it has in hand.
                start_new_session=True,
            )

    def prepare(self, library: Library, cache: Path, progress: Progress) -> list[Fault]:
        """Has it learn what to answer with; the faults of the tests that fail. Blocks, for a minute where all is new.

        Raises ChildProcessError where it ended, and what preparing raises.
        """
        try:
            send(self._connection, Beginning(library, cache))
            while isinstance(news := receive(self._connection), tuple):
                progress(*news)
        except (EOFError, OSError):
            self.end()
            raise ChildProcessError(
                errno.ECHILD, "the process that understands texts was ended; is memory short?"
            ) from None
        if news:
            self.end()
        if isinstance(news, Exception):
            raise news
        faults: list[Fault] = news
        return faults

    async def ask(self, question: bytes) -> bytes:
        """What it answers, both as :func:`~safetybot.apart.wire.packed`, the answer without its length.

        Raises ProcessEnded.
        """
        answers = self._answers
        if answers is None:
            self._connecting = self._connecting or asyncio.create_task(self._connect(), name="connect")
            answers = await asyncio.shield(self._connecting)
        return await answers.to(question)

    def end(self) -> None:
        """Ends it, whatever it does. Whoever waits for an answer is told that it ended."""
        self._process.kill()
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
        if self._answers is not None:
            self._answers.over()
        # Killed, it is gone at once; waited for, so that the system can forget it.
        self._process.wait()

    async def _connect(self) -> _Answers:
        try:
            self._connection.setblocking(False)
            _, self._answers = await asyncio.get_running_loop().create_unix_connection(
                _Answers, sock=self._connection.dup()
            )
        except OSError:
            raise ProcessEnded from None
        return self._answers


class _Answers(asyncio.Protocol):
    """Its end of the socket: questions go out in their order, and answers come back in the same."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[bytes]] = deque()
        self._frames = Frames()
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._heard = 0.0
        """When the last answer came, or the first question after all had been answered; a time of the loop's."""
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    async def to(self, question: bytes) -> bytes:
        if self._transport is None or self._transport.is_closing():
            raise ProcessEnded
        if not self._waiting:
            self._heard = self._loop.time()
        if self._watch is None:
            self._watch = self._loop.call_later(SILENT_SECONDS, self._look)
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._waiting.append(answer)
        self._transport.write(question)
        return await answer

    def _look(self) -> None:
        """Gives up what hangs."""
        self._watch = None
        left = self._heard + SILENT_SECONDS - self._loop.time()
        if self._waiting and left > 0:
            self._watch = self._loop.call_later(left, self._look)
        elif self._waiting:
            self.over()

    def over(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        for whole in self._frames.feed(data):
            answer = self._waiting.popleft()
            if not answer.done():  # somebody who does not wait any more
                answer.set_result(whole)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        while self._waiting:
            answer = self._waiting.popleft()
            if not answer.done():
                answer.set_exception(ProcessEnded())


def _environment() -> dict[str, str]:
    """Ours without our settings, which hold secrets that it has no use for; what we import, it can."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SAFETYBOT_")}
    return ours | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
