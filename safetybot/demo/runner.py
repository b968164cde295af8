"""Runs the demo: fills a folder, starts chat, desk and editors' page on it, and takes all away at the end."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from safetybot.app import run_bot, run_desk, run_preview
from safetybot.demo.output import Addresses, welcome
from safetybot.demo.processes import SIGNALS, DemoProcesses, Tell
from safetybot.demo.seed_data import Prepared, prepare
from safetybot.http.server import AddressTaken
from safetybot.matching.fitter import Progress
from safetybot.settings import Settings

_LOOKS = 0.05
"""Seconds between two looks whether a page answers."""

Result = TypeVar("Result")


class _Stopped(Exception):  # noqa: N818 - reads as what happened
    """It was told to end."""


async def run_demo(settings: Settings, progress: Progress, show: Callable[[str], None]) -> None:
    """The demo, until it is told to end. ``show`` is given what to print once all three pages answer.

    Of ``settings``, the content, the ports and the matcher's cache are used. Raises ContentError, PartEnded.
    """
    with _stopped_by_signals() as stop, _throw_away(settings) as own, suppress(_Stopped):
        async with DemoProcesses() as parts:
            prepared = await _or_stop(stop, _prepared(parts, own, progress))
            addresses = await _or_stop(stop, _opened(parts, own))
            show(welcome(prepared, addresses, settings.content))
            await _or_stop(stop, _nothing_more(parts))


async def _prepared(parts: DemoProcesses, settings: Settings, progress: Progress) -> Prepared:
    """In a process of its own, whose memory goes back, and with it every private key."""
    parts.start("the preparation", _prepare, settings)
    while True:
        name, said = await parts.news()
        if isinstance(said, Prepared):
            await parts.finished(name)
            return said
        if isinstance(said, tuple):
            progress(*said)


async def _opened(parts: DemoProcesses, settings: Settings) -> Addresses:
    """The three pages, each of which answers."""
    work = {"the chat": _chat, "the desk": _desk, "the editors' page": _preview}
    for name, run in work.items():
        parts.start(name, run, settings)
    found: dict[str, str] = {}
    while len(found) < len(work):
        name, said = await parts.news()
        found[name] = str(said)
    answered = asyncio.gather(*(_answers(address) for address in found.values()))
    await _first(answered, _nothing_more(parts))
    return Addresses(*(found[name] for name in work))


async def _nothing_more(parts: DemoProcesses) -> Any:
    """Waits until a part ends by itself, which raises."""
    while True:
        await parts.news()


async def _answers(address: str) -> None:
    """Returns once somebody answers there."""
    place = urlsplit(address)
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(place.hostname, place.port)
            try:
                writer.write(f"GET /health HTTP/1.0\r\nHost: {place.netloc}\r\n\r\n".encode())
                if (await reader.readline()).startswith(b"HTTP/"):
                    return
            finally:
                writer.close()
        await asyncio.sleep(_LOOKS)


async def _or_stop(stop: asyncio.Event, work: Awaitable[Result]) -> Result:
    """What ``work`` comes to. Raises _Stopped."""

    async def stopped() -> Any:
        await stop.wait()
        raise _Stopped

    return await _first(work, stopped())


async def _first(work: Awaitable[Result], other: Awaitable[Any]) -> Result:
    """What ``work`` comes to, where the ``other`` does not raise before."""
    wanted: asyncio.Future[Result] = asyncio.ensure_future(work)
    tasks: list[asyncio.Future[Any]] = [wanted, asyncio.ensure_future(other)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            each.result()
        return await wanted
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


# --- In processes of their own -------------------------------------------------------------------------------------


def _prepare(settings: Settings, tell: Tell) -> None:
    tell(asyncio.run(prepare(settings, lambda stage, done: tell((stage, done)))))


def _chat(settings: Settings, tell: Tell) -> None:
    try:
        asyncio.run(run_bot(settings, lambda stage, done: None, tell))
    except AddressTaken:
        asyncio.run(run_bot(replace(settings, web_port=0), lambda stage, done: None, tell))


def _desk(settings: Settings, tell: Tell) -> None:
    try:
        asyncio.run(run_desk(settings, lambda address, anybody: tell(address)))
    except AddressTaken:
        asyncio.run(run_desk(replace(settings, desk_port=0), lambda address, anybody: tell(address)))


def _preview(settings: Settings, tell: Tell) -> None:
    try:
        asyncio.run(run_preview(settings, tell))
    except AddressTaken:
        asyncio.run(run_preview(replace(settings, preview_port=0), tell))


# --- Around them ---------------------------------------------------------------------------------------------------


@contextmanager
def _throw_away(settings: Settings) -> Iterator[Settings]:
    """Settings of the demo: this machine alone, no Telegram, and a data folder that is deleted at the end.

    In it is a link to the matcher's real cache, where that can be made: it holds nothing of anybody, and spares the
    next start a minute.
    """
    folder = Path(tempfile.mkdtemp(prefix="safetybot-demo-"))  # with mode 0700
    try:
        with suppress(OSError):
            for needed in (settings.data, settings.cache):
                needed.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / "cache").symlink_to(settings.cache.absolute(), target_is_directory=True)
        yield Settings(
            data=folder,
            content=settings.content,
            web_port=8080 if settings.web_port is None else settings.web_port,
            web_exit=settings.web_exit,
            desk_port=settings.desk_port,
            preview_port=settings.preview_port,
            log_format=settings.log_format,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _stopped_by_signals() -> Iterator[asyncio.Event]:
    """The event that each of SIGNALS sets, also when it comes once more while all ends."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)  # the rest takes no time, and must not be broken off
