"""The processes of the demo: each is started, tells what it has to say through a pipe, and ends with the demo.

Each has a session of its own, so that Ctrl-C comes to the demo alone, which then ends them all; and each watches the
demo's process, so that none is left when that is killed.
"""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType

import msgspec

from safetybot.demo.seed_data import Prepared
from safetybot.guidance.faults import ContentError, Fault
from safetybot.http.server import AddressTaken
from safetybot.logs import set_up_logging
from safetybot.settings import Settings
from safetybot.storage.opening import DatabaseError
from safetybot.vault.errors import StaffError
from safetybot.vault.server_secret import SecretFileError

END_SECONDS = 5
"""For what a part has in hand when it is told to end. Whoever waits has pressed Ctrl-C, and nothing of it is kept."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends the demo."""
_TOLD = (AddressTaken, DatabaseError, SecretFileError, StaffError)
"""Errors whose message tells all that is needed."""

_log = logging.getLogger(__name__)

Said = tuple[str, float] | str | Prepared
"""A stage and how much of it is done; the address of a page; what there is to know."""
Tell = Callable[[Said], None]
"""Tells the demo something."""
Work = Callable[[Settings, Tell], None]
"""What a part does, until it is told to stop by SIGTERM. A function of a module."""


class PartEnded(Exception):
    """A part of the demo ended by itself."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why a part ended."""

    reason: str
    faults: tuple[Fault, ...] = ()
    """Of the content, where it is that."""


@dataclass(frozen=True, slots=True)
class _Message:
    """One of the two, as it is sent: MessagePack, decoded into these dataclasses alone."""

    said: Said | None = None
    failed: _Failed | None = None


@dataclass(frozen=True, slots=True)
class DemoProcess:
    """A process."""

    name: str
    process: SpawnProcess
    told: Connection


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Message)


class DemoProcesses:
    """All of them. Use as ``async with Parts() as parts``; all have ended when the block ends."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._parts: list[DemoProcess] = []
        self._news: asyncio.Queue[tuple[DemoProcess, Said | _Failed | EOFError]] = asyncio.Queue()

    async def __aenter__(self) -> DemoProcesses:
        resource_tracker.ensure_running()  # now: it would let signals in again while a part is being started
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in self._parts:
            self._deaf(part)
            part.process.terminate()
        await asyncio.gather(*(asyncio.to_thread(_end, part.process) for part in self._parts))

    def start(self, name: str, work: Work, settings: Settings) -> None:
        """Starts one; what it tells comes from :meth:`news`."""
        told, telling = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_work, args=(work, settings, telling), name=name)
        with telling, _held_signals():  # from its start on, the process alone holds this end
            process.start()
        part = DemoProcess(name, process, told)
        self._parts.append(part)
        asyncio.get_running_loop().add_reader(told.fileno(), self._heard, part)

    async def news(self) -> tuple[str, Said]:
        """The name of a part, and what it tells next. Raises PartEnded, ContentError."""
        part, said = await self._news.get()
        if isinstance(said, _Failed):
            if said.faults:
                raise ContentError(said.faults)
            raise PartEnded(f"{part.name} failed: {said.reason}")
        if isinstance(said, EOFError):
            await asyncio.to_thread(part.process.join, END_SECONDS)
            how = part.process.exitcode
            if how != 0:
                why = f"was killed (signal {-how})" if how is not None and how < 0 else f"ended with status {how}"
                raise PartEnded(f"{part.name} {why}")
            raise PartEnded(f"{part.name} ended")
        return part.name, said

    async def finished(self, name: str) -> None:
        """Waits for the end of one that has told all it had to."""
        (part,) = (part for part in self._parts if part.name == name)
        self._deaf(part)
        await asyncio.to_thread(part.process.join, END_SECONDS)

    def _heard(self, part: DemoProcess) -> None:
        said: Said | _Failed | EOFError
        try:
            message = _DECODER.decode(part.told.recv_bytes())
            said = message.failed or message.said or EOFError()
        except (EOFError, OSError, ValueError):
            said = EOFError()
            self._deaf(part)
        self._news.put_nowait((part, said))

    def _deaf(self, part: DemoProcess) -> None:
        if not part.told.closed:
            asyncio.get_running_loop().remove_reader(part.told.fileno())
            part.told.close()


def _end(process: SpawnProcess) -> None:
    """Waits for the end of one that was told to end; not for ever."""
    process.join(END_SECONDS)
    process.kill()
    process.join()
    process.close()


@contextmanager
def _held_signals() -> Iterator[None]:
    """Signals wait: a process started meanwhile is not ended half begun, with a traceback."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(work: Work, settings: Settings, telling: Connection) -> None:
    """A part's process, from its beginning to its end."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    threading.Thread(target=_end_with_demo, args=(settings,), daemon=True).start()
    set_up_logging(settings.log_format, logging.WARNING)
    try:
        work(settings, lambda said: _send(telling, _Message(said)))
    except ContentError as error:
        _send(telling, _Message(failed=_Failed("", tuple(error.faults))))
    except _TOLD as error:
        _send(telling, _Message(failed=_Failed(str(error))))
    except Exception as error:
        _log.exception("a part of the demo failed")
        _send(telling, _Message(failed=_Failed(type(error).__name__)))


def _send(telling: Connection, message: _Message) -> None:
    telling.send_bytes(_ENCODER.encode(message))


def _end_with_demo(settings: Settings) -> None:
    """A demo that is killed ends nobody and deletes nothing; so that is done here."""
    if demo := multiprocessing.parent_process():
        demo.join()
        shutil.rmtree(settings.data, ignore_errors=True)
        os._exit(1)
