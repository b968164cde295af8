"""Clears away, several times a minute, what is left in memory of messages that are answered.

Freed memory is overwritten at once (:func:`safetybot.process.hardening.wiping`). What is left is what nobody frees:
objects that hold each other, until Python looks for such, which a quiet bot may do once in hours; and the buffer of the
event loop, in which the end of a long request stands until the next one that is as long.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

EVERY_SECONDS = 15.0
_BUFFER = 1 << 18
"""Bytes that uvloop reads at once, into the same place each time."""

_log = logging.getLogger(__name__)


@asynccontextmanager
async def forgetting(seconds: float = EVERY_SECONDS) -> AsyncIterator[None]:
    """Forgets regularly while the block runs."""
    task = asyncio.create_task(_regularly(seconds), name="forget")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _regularly(seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await forget()
        except OSError as error:  # no more files can be opened: next time
            _log.error("memory could not be cleared: %s", type(error).__name__)


async def forget() -> None:
    """Forgets now."""
    # Of what came since the content was read; the rest is frozen, so it takes milliseconds
    # (:mod:`safetybot.process.garbage_collection`).
    gc.collect()
    await _rinse()


async def _rinse() -> None:
    """Sends nothing but zeros through the buffer into which the event loop reads."""
    ours, theirs = socket.socketpair()
    for end, option in ((ours, socket.SO_SNDBUF), (theirs, socket.SO_RCVBUF)):
        end.setsockopt(socket.SOL_SOCKET, option, 2 * _BUFFER)
        end.setblocking(False)
    loop = asyncio.get_running_loop()
    # All of it is there before it is read, so that it is read at once.
    with ours, suppress(BlockingIOError):
        zeros = bytes(_BUFFER)
        while zeros:
            zeros = zeros[ours.send(zeros) :]
    transport, drain = await loop.create_unix_connection(_Drain, sock=theirs)
    try:
        await drain.over
    finally:
        transport.close()


class _Drain(asyncio.Protocol):
    """Reads until there is no more."""

    def __init__(self) -> None:
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None)
