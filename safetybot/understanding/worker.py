"""The process that understands texts: ``python -m safetybot.understanding.worker FD``, started by the bot alone.

It reads from the bot alone, writes to nobody else, and ends when the bot does, however that ends. It learns what to
answer with; then, each time the bot sends a socket, it forks a process that answers there until that is closed.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from safetybot.matching.fit_messages import Failure, FitMessage
from safetybot.matching.fitter import Fitter, load_encoder
from safetybot.process.garbage_collection import freeze_gc
from safetybot.process.hardening import disable_core_dumps, lock_memory
from safetybot.understanding.batch_responder import BatchResponder, first_together
from safetybot.understanding.framing import (
    CONTENT_BYTES,
    QUESTION_BYTES,
    Frames,
    WireError,
    WorkerRequest,
    WorkerStart,
    decode,
    encode,
    receive,
    send,
)

_READ_AT_ONCE = 1 << 16
"""Bytes."""
_HUNG_UP = getattr(select, "POLLRDHUP", select.POLLHUP)  # the first is Linux's, and sooner
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Learns, and forks what answers, until the other end of the socket, whose number is the argument, is closed."""
    disable_core_dumps()
    # Told to all processes of a service at once; the bot finishes what it has in hand, and needs this one for it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    with suppress(EOFError, OSError, WireError), socket.socket(fileno=int(sys.argv[1])) as control:  # the bot is gone
        with _ending_with_the_bot(control):
            waiting = _prepared(control)
        if waiting is not None:
            Nursery(control, waiting).run()


@contextmanager
def _ending_with_the_bot(connection: socket.socket) -> Iterator[None]:
    """Ends this process where the bot is gone: while a matcher is fitted, nobody else would see it."""
    over, tell = os.pipe()
    hung_up = select.poll()
    hung_up.register(connection, _HUNG_UP)
    hung_up.register(over, select.POLLIN)

    def watch() -> None:
        if any(number != over for number, _ in hung_up.poll()):
            os._exit(0)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:  # no thread may be left: a process with threads cannot be forked
        os.write(tell, b".")
        watching.join()
        os.close(over)
        os.close(tell)


def _prepared(connection: socket.socket) -> BatchResponder | None:
    """What answers, once it is ready; None where it cannot be made ready. Tells the bot how far it is."""
    try:
        beginning = receive(connection, WorkerStart, CONTENT_BYTES)
        fitter = Fitter(Path(beginning.cache), load_encoder())
        interpreters = {
            code: fitter.interpreter(corpus, lambda stage, done: send(connection, FitMessage(stage, done)))
            for code, corpus in beginning.corpora.items()
        }
    except Exception as error:
        send(connection, FitMessage(failure=Failure.of(error)))
        return None
    waiting = BatchResponder(interpreters)
    del beginning, fitter, interpreters
    freeze_gc()
    send(connection, FitMessage(ready=True))
    return waiting


@dataclass(frozen=True, slots=True)
class _Copy:
    """A process that answers."""

    number: int
    connection: socket.socket
    """The socket at which it answers: when the bot has closed its end, the process is ended, whatever it does."""
    life: int
    """A pipe whose other end the process alone holds: it closes when the process has ended."""


class Nursery:
    """Forks the processes that answer, and ends them."""

    def __init__(self, control: socket.socket, waiting: BatchResponder) -> None:
        """``control``: where the bot asks for another; ``waiting``: what answers."""
        self._control = control
        self._waiting = waiting
        self._copies: dict[int, _Copy] = {}
        """By the file numbers that are watched: two for each."""
        self._watched = select.poll()
        self._watched.register(control, select.POLLIN)

    def run(self) -> None:
        """Returns when the bot is gone; then those that answer are gone too."""
        try:
            while True:
                for number, _ in self._watched.poll():
                    if number == self._control.fileno():
                        _, received, _, _ = socket.recv_fds(self._control, 1, 1)
                        if not received:
                            return
                        self._fork(socket.socket(fileno=received[0]))
                    elif copy := self._copies.get(number):
                        self._end(copy)
        finally:
            for copy in {*self._copies.values()}:
                self._end(copy)

    def _fork(self, connection: socket.socket) -> None:
        life, held = os.pipe()
        parent = os.getpid()
        try:
            with warnings.catch_warnings():
                # The only other threads are those of OpenBLAS, which ends its own before a fork.
                warnings.simplefilter("ignore", DeprecationWarning)
                number = os.fork()
        except OSError:  # the bot sees that its socket is closed
            os.close(life)
            os.close(held)
            connection.close()
            return
        if number == 0:
            self._live(connection, life, parent)
        os.close(held)
        copy = _Copy(number, connection, life)
        self._copies |= {connection.fileno(): copy, life: copy}
        self._watched.register(connection, _HUNG_UP)
        self._watched.register(life, 0)

    def _live(self, connection: socket.socket, life: int, parent: int) -> None:
        """The whole life of a process that answers. Nothing of an error is printed: it may quote what was written."""
        try:
            lock_memory()
            _end_with_parent(parent)
            os.close(life)
            self._control.close()
            for copy in {*self._copies.values()}:
                copy.connection.close()
                os.close(copy.life)
            answer(connection, self._waiting)
        finally:
            os._exit(0)

    def _end(self, copy: _Copy) -> None:
        os.kill(copy.number, signal.SIGKILL)
        os.waitpid(copy.number, 0)
        for number in (copy.connection.fileno(), copy.life):
            self._watched.unregister(number)
            del self._copies[number]
        copy.connection.close()
        os.close(copy.life)


def _end_with_parent(parent: int) -> None:
    """Linux: this process is killed when its parent ends. Elsewhere it ends when the bot has closed its socket."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def answer(connection: socket.socket, waiting: BatchResponder) -> None:
    """Answers, in their order, what comes, until nothing will come any more."""
    frames = Frames(QUESTION_BYTES)
    asked: list[WorkerRequest] = []
    while data := connection.recv(_READ_AT_ONCE):
        asked += [decode(WorkerRequest, whole) for whole in frames.feed(data)]
        while asked:
            count = first_together(asked)
            now, asked = asked[:count], asked[count:]
            connection.sendall(b"".join(map(encode, waiting.answer(now))))


if __name__ == "__main__":
    main()
