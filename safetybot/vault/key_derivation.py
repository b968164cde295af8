"""Argon2id: turns words that people keep into keys, slowly, and never on the event loop."""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import nacl.pwhash

from safetybot.concurrency.fair_queue import FairQueue

PASSES = 3
MEMORY = 256 * 1024 * 1024
"""Bytes. The least that is accepted, as PASSES is (libsodium's "moderate"; RFC 9106 recommends 64 MiB at least)."""
SALT_BYTES = 16

P = ParamSpec("P")
T = TypeVar("T")


class WeakParameters(ValueError):
    """Argon2id would be cheaper than this project allows."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """How slow Argon2id is: passes, and bytes of memory. Raises WeakParameters below the least allowed."""

    passes: int = PASSES
    memory: int = MEMORY
    cheap_for_tests: bool = False
    """Lifts the minimum. Nothing but a test sets it."""

    def __post_init__(self) -> None:
        if not self.cheap_for_tests and (self.passes < PASSES or self.memory < MEMORY):
            raise WeakParameters(f"at least {PASSES} passes and {MEMORY} bytes are needed")

    @classmethod
    def stored(cls, passes: int, memory: int) -> Parameters:
        """Parameters that a key was sealed with: no other would open it, so none is refused."""
        return cls(passes, memory, cheap_for_tests=True)


def stretch(secret: bytes, salt: bytes, size: int, parameters: Parameters) -> bytes:
    """``size`` bytes from ``secret``. Takes half a second: call it through a :class:`KeyStretcher`."""
    return nacl.pwhash.argon2id.kdf(size, secret, salt, opslimit=parameters.passes, memlimit=parameters.memory)


class KeyStretcher:
    """Runs slow functions in threads of its own, no more than ``max_at_once`` together, in turn among who asks.

    A task that is cancelled while its function runs does not let another one in early: the limit is the number of
    threads, each with 256 MiB to itself. Use one for a process, and close it at the end.
    """

    def __init__(self, max_at_once: int = 1) -> None:
        self._threads = ThreadPoolExecutor(max_at_once, thread_name_prefix="stretch")
        self._gate = FairQueue(max_at_once)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``function`` returns or raises, when its turn has come: in the order of asking."""
        return await self.run_for(None, function, *args, **kwargs)

    async def run_for(self, source: Hashable, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same; where many wait, each ``source`` has its turn, however much of one there is."""
        await self._gate.enter(source)
        loop = asyncio.get_running_loop()

        def ended(_: object) -> None:
            with suppress(RuntimeError):  # the loop ended before the thread did
                loop.call_soon_threadsafe(self._gate.leave, source)

        try:
            running = self._threads.submit(lambda: function(*args, **kwargs))
        except RuntimeError:  # closed
            self._gate.leave(source)
            raise
        running.add_done_callback(ended)
        return await asyncio.wrap_future(running)

    def close(self) -> None:
        """Lets what runs finish; nothing more is begun."""
        self._threads.shutdown(cancel_futures=True)
