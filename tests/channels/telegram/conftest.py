"""A running channel against the emulator."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

_ROOT = str(Path(__file__).parents[3])
if _ROOT not in sys.path:  # so that `tests.emulator` is found however pytest was called
    sys.path.insert(0, _ROOT)

from safetybot.channels.telegram import Timing, run_telegram  # noqa: E402
from tests.emulator import Emulator  # noqa: E402
from tests.emulator.scripted import Scripted  # noqa: E402

FAST = Timing(
    long_poll=2,
    poll_grace=1.0,
    handle_limit=5.0,
    send_limit=3.0,
    acknowledge_limit=1.0,
    finish_limit=3.0,
    confirm_limit=1.0,
    backoff_first=0.02,
    backoff_most=0.2,
    conflict_window=5.0,
    conflict_most=4,
)

Running = Callable[..., AbstractAsyncContextManager["asyncio.Task[None]"]]


@pytest.fixture
async def telegram() -> AsyncIterator[Emulator]:
    """Telegram, emulated, with nobody writing yet."""
    async with Emulator() as emulator:
        yield emulator


@pytest.fixture
async def scripted() -> Scripted:
    """The conversation behind the channel."""
    return Scripted()


@pytest.fixture
def running(telegram: Emulator, scripted: Scripted) -> Running:
    """``async with running():`` runs the channel inside, and stops it in an orderly way at the end."""

    @asynccontextmanager
    async def run(timing: Timing = FAST, conversation: Scripted = scripted) -> AsyncIterator[asyncio.Task[None]]:
        stop = asyncio.Event()
        task = asyncio.create_task(run_telegram(telegram.token, telegram.url, conversation, stop=stop, timing=timing))
        try:
            yield task
        finally:
            stop.set()
            if not task.cancelled():
                await task

    return run
