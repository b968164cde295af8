"""The process that understands texts: ``python -m safetybot.apart.process FD``, started by the bot alone.

It reads from the bot alone, writes to nobody else, and ends when the bot does, however that ends.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading
from contextlib import suppress

from safetybot.apart.waiting import Waiting, first_together
from safetybot.apart.wire import Asked, Beginning, Frames, opened, packed, receive, send
from safetybot.hardening import keep_to_ourselves
from safetybot.matching.fitter import Fitter, load_encoder
from safetybot.settling import settle
from safetybot.understanding import Understanding, understand

_READ_AT_ONCE = 1 << 16
"""Bytes."""


def main() -> None:
    """Answers texts until the other end of the socket, whose number is the argument, is closed."""
    keep_to_ourselves()
    # Told to all processes of a service at once; the bot finishes what it has in hand, and needs this one for it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        threading.Thread(target=_end_with_the_bot, args=(connection.fileno(),), daemon=True).start()
        with suppress(EOFError, OSError):  # the bot is gone
            if waiting := _prepared(connection):
                _answer(connection, waiting)


def _end_with_the_bot(connection: int) -> None:
    """Waits until the bot is gone: while a matcher is fitted, nobody else would see it."""
    hung_up = select.poll()
    hung_up.register(connection, getattr(select, "POLLRDHUP", select.POLLHUP))  # the first is Linux's, and sooner
    hung_up.poll()
    os._exit(0)


def _prepared(connection: socket.socket) -> Waiting | None:
    """What answers, once it is ready; None where the content's tests fail. Tells the bot how far it is."""
    try:
        beginning: Beginning = receive(connection)
        fitter = Fitter(beginning.cache, load_encoder())
        understood = understand(beginning.library, fitter, lambda stage, done: send(connection, (stage, done)))
    except Exception as error:
        send(connection, error)
        return None
    if not isinstance(understood, Understanding):
        send(connection, understood)
        return None
    waiting = Waiting(beginning.library, understood.interpreters)
    del beginning, fitter, understood
    settle()
    send(connection, [])
    return waiting


def _answer(connection: socket.socket, waiting: Waiting) -> None:
    """Answers, in their order, what comes, until nothing will come any more."""
    frames = Frames()
    asked: list[Asked] = []
    while data := connection.recv(_READ_AT_ONCE):
        asked += map(opened, frames.feed(data))
        while asked:
            count = first_together(asked)
            now, asked = asked[:count], asked[count:]
            connection.sendall(b"".join(map(packed, waiting.answer(now))))


if __name__ == "__main__":
    main()
