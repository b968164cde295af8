"""The bot's side of the processes that understand texts: starts them, asks them, ends them.

One process learns what to answer with, and never sees a text. Copies of it (forked, so that they begin at once and
share its memory) answer, and each is replaced by another :data:`FRESH_SECONDS` after it was first asked: what people
wrote goes with it. There is one for each lane, so that what is quick never waits for what takes long.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from enum import IntEnum
from pathlib import Path

from safetybot.matching.corpus import Corpus
from safetybot.matching.fit_messages import NEWS_BYTES, FitMessage
from safetybot.matching.fitter import Progress
from safetybot.process.hardening import without_wiping
from safetybot.understanding.framing import (
    ANSWER_BYTES,
    Answered,
    Frames,
    WireError,
    WorkerRequest,
    WorkerStart,
    decode,
    encode,
    receive,
    send,
)

SILENT_SECONDS = 30.0
"""Without a single answer, after which it is taken to hang: a text takes milliseconds, the longest some tenths."""
FRESH_SECONDS = 20.0
"""For which one process answers, from its first text on."""
ANOTHER = b"+"
"""Asks for another process that answers, on the socket that comes with it."""

_log = logging.getLogger(__name__)


class ProcessEnded(Exception):  # noqa: N818 - reads as what happened
    """The process that understands texts is no more."""


class WorkerQueue(IntEnum):
    """The two ways of texts, each with a process that answers."""

    SHORT = 0
    LONG = 1


class WorkerProcess:
    """The process that learns what to answer with, and those that answer."""

    def __init__(self) -> None:
        """Starts it."""
        self._control, theirs = socket.socketpair()
        self._topics: Mapping[str, Collection[str]] = {}
        self._lanes = {lane: _LaneEnd(self) for lane in WorkerQueue}
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-P", "-m", "safetybot.understanding.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=_environment(),
                # Ctrl-C is for the bot alone, which then finishes what it has in hand.
                start_new_session=True,
            )

    def prepare(self, corpora: Mapping[str, Corpus], cache: Path, progress: Progress) -> None:
        """Has it learn the examples of each language. Blocks, for a minute where all is new.

        Raises ChildProcessError where it ended, and OSError and PreparingFailed where preparing failed.
        """
        self._topics = {code: frozenset(corpus.urgency) for code, corpus in corpora.items()}
        try:
            send(self._control, WorkerStart({**corpora}, str(cache)))
            while not (news := receive(self._control, FitMessage, NEWS_BYTES)).ready and news.failure is None:
                progress(news.stage, news.done)
        except (EOFError, OSError, WireError):
            self.end()
            raise _ended() from None
        if news.failure is not None:
            self.end()
            raise news.failure.error()

    def read(self, asked: WorkerRequest) -> Answered:
        """What texts of nobody mean, such as those of the content's tests. Blocks. Raises ChildProcessError."""
        try:
            with self.another() as connection:
                connection.settimeout(SILENT_SECONDS)
                send(connection, asked)
                return self.checked(asked, receive(connection, Answered, ANSWER_BYTES))
        except (EOFError, OSError, WireError, ProcessEnded):
            self.end()
            raise _ended() from None

    async def ask(self, asked: WorkerRequest, lane: WorkerQueue = WorkerQueue.SHORT) -> Answered:
        """What texts mean. Raises ProcessEnded."""
        return await self._lanes[lane].ask(asked)

    def end(self) -> None:
        """Ends it, whatever it does. Whoever waits for an answer is told that it ended."""
        # Those that answer end with it.
        self._process.kill()
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._control.close()
        for lane in self._lanes.values():
            lane.over()
        # Killed, it is gone at once; waited for, so that the system can forget it.
        self._process.wait()

    def another(self) -> socket.socket:
        """Our end of a socket at whose other a new process answers. Raises ProcessEnded."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [ANOTHER], [theirs.fileno()])
            except OSError:
                ours.close()
                raise ProcessEnded from None
        return ours

    def checked(self, asked: WorkerRequest, answered: Answered) -> Answered:
        """An answer, where it can be one to the question. Raises WireError."""
        if answered.failed is not None:
            if not (answered.failed.isascii() and answered.failed.isidentifier() and len(answered.failed) < 100):
                raise WireError("the kind of an error is none")
            return answered
        if len(answered.meanings) != len(asked.texts):
            raise WireError("there are not as many answers as texts")
        for meaning in answered.meanings:
            meaning.checked(self._topics[asked.language])
        return answered


class _LaneEnd:
    """Our end of one way, whoever answers there."""

    def __init__(self, child: WorkerProcess) -> None:
        self._child = child
        self._answers: _Answers | None = None
        self._connecting: asyncio.Task[_Answers] | None = None

    async def ask(self, asked: WorkerRequest) -> Answered:
        answers = self._answers
        if answers is None or answers.closing:
            if self._connecting is None:
                self._connecting = asyncio.create_task(self._connect(), name="connect")
            answers = await asyncio.shield(self._connecting)
        return await answers.to(asked)

    def over(self) -> None:
        if self._answers is not None:
            self._answers.over()

    async def _connect(self) -> _Answers:
        """Another process that answers, in place of the one before, which still gives the answers that it owes."""
        try:
            connection = self._child.another()
            connection.setblocking(False)
            _, answers = await asyncio.get_running_loop().create_unix_connection(
                lambda: _Answers(self._child, self._replace), sock=connection
            )
        except OSError:
            raise ProcessEnded from None
        finally:
            self._connecting = None
        before, self._answers = self._answers, answers
        if before is not None and before.closing:
            _log.error("the process that understands texts ended, and is started anew")
        elif before is not None:
            before.retire()
        return answers

    def _replace(self) -> None:
        """Has another process answer from now on; until it is there, this one does."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect(), name="connect")
            self._connecting.add_done_callback(self._replaced)

    def _replaced(self, connecting: asyncio.Task[_Answers]) -> None:
        # With the process that learnt, those that answer are gone as well.
        if not connecting.cancelled() and connecting.exception() is not None:
            self.over()


class _Answers(asyncio.Protocol):
    """Its end of the socket: questions go out in their order, and answers come back in the same."""

    def __init__(self, child: WorkerProcess, stale: Callable[[], None]) -> None:
        """``stale`` is called when it has answered for long enough."""
        self._child = child
        self._stale = stale
        self._waiting: deque[tuple[asyncio.Future[Answered], WorkerRequest]] = deque()
        self._frames = Frames(ANSWER_BYTES)
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._heard = 0.0
        """When the last answer came, or the first question after all had been answered; a time of the loop's."""
        self._watch: asyncio.TimerHandle | None = None
        self._age: asyncio.TimerHandle | None = None
        self._retired = False

    @property
    def closing(self) -> bool:
        """Whether it can be asked no more."""
        return self._transport is None or self._transport.is_closing()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    async def to(self, asked: WorkerRequest) -> Answered:
        if self._transport is None or self._transport.is_closing():
            raise ProcessEnded
        if not self._waiting:
            self._heard = self._loop.time()
        if self._watch is None:
            self._watch = self._loop.call_later(SILENT_SECONDS, self._look)
        if self._age is None:
            self._age = self._loop.call_later(FRESH_SECONDS, self._stale)
        answer: asyncio.Future[Answered] = self._loop.create_future()
        self._waiting.append((answer, asked))
        self._transport.write(encode(asked))
        return await answer

    def retire(self) -> None:
        """Ends it once it has given the answers that it owes."""
        self._retired = True
        if not self._waiting:
            self.over()

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
        try:
            for whole in self._frames.feed(data):
                if not self._waiting:
                    raise WireError("nobody asked")
                answer, asked = self._waiting[0]
                answered = self._child.checked(asked, decode(Answered, whole))
                self._waiting.popleft()
                if not answer.done():  # somebody who does not wait any more
                    answer.set_result(answered)
        except WireError as error:
            _log.error("the process that understands texts sent what is no answer: %s", error)
            self.over()
        if self._retired and not self._waiting:
            self.over()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._watch, self._age):
            if timer is not None:
                timer.cancel()
        while self._waiting:
            answer, _ = self._waiting.popleft()
            if not answer.done():
                answer.set_exception(ProcessEnded())


def _ended() -> ChildProcessError:
    return ChildProcessError(errno.ECHILD, "the process that understands texts was ended; is memory short?")


def _environment() -> dict[str, str]:
    """Ours without our settings, which hold secrets that it has no use for; what we import, it can.

    It need not wipe what it frees: no process that saw a text lasts.
    """
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SAFETYBOT_")}
    return without_wiping(ours) | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
