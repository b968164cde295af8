"""The channel as a process: signals and exit codes."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.emulator import TOKEN, Emulator

ROOT = Path(__file__).parents[3]
Start = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def start(telegram: Emulator) -> AsyncIterator[Start]:
    """Start the program; it is killed at the end if it still runs."""
    started: list[asyncio.subprocess.Process] = []

    async def begin(token: str = TOKEN) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-m", "tests.emulator.echo_bot", telegram.url, token,
            cwd=ROOT, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def ended(process: asyncio.subprocess.Process) -> tuple[int, str]:
    async with asyncio.timeout(20):
        _, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, errors.decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_finishes_what_is_in_hand_and_exits_0(
    telegram: Emulator, start: Start, number: signal.Signals
) -> None:
    process = await start()
    telegram.push_text(5, "hello")
    await telegram.wait_for(5, 1, timeout=20)
    telegram.push_text(5, "slow 0.5")
    telegram.push_text(6, "secret words")
    await telegram.wait_for(6, 1)
    process.send_signal(number)
    code, log = await ended(process)
    assert code == 0
    assert telegram.texts(5) == ["hello", "slow 0.5"]
    assert telegram.pending == 0
    assert TOKEN not in log  # although everything is logged from DEBUG on
    assert "secret words" not in log
    assert "Traceback" not in log


async def test_a_killed_process_is_followed_by_one_that_answers(telegram: Emulator, start: Start) -> None:
    first = await start()
    telegram.push_text(5, "hello")
    await telegram.wait_for(5, 1, timeout=20)
    await telegram.wait_confirmed()
    telegram.push_text(5, "slow 1")
    telegram.push_text(6, "wait")
    await telegram.until(lambda: len(telegram.called("getUpdates")) > 2)
    first.kill()
    await ended(first)
    assert telegram.pending == 2
    await start()
    await telegram.wait_for(5, 2, timeout=20)
    assert telegram.texts(5) == ["hello", "slow 1"]


async def test_a_refused_token_is_a_named_error_and_an_exit_code(telegram: Emulator, start: Start) -> None:
    code, log = await ended(await start(token="1000:wrong"))
    assert code == 78
    assert "TelegramTokenRefused" in log
    assert "1000:wrong" not in log


async def test_another_instance_is_a_named_error_and_an_exit_code(telegram: Emulator, start: Start) -> None:
    telegram.faults.add("409", "getUpdates")
    code, log = await ended(await start())
    assert code == 75
    assert "TelegramConflict" in log
