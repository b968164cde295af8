"""Puts the parts together: content, matcher, database, service."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from safetybot.channels.telegram import StaffChat, run_telegram
from safetybot.channels.web import WebChat, WebOptions, forms_key
from safetybot.desk import starting
from safetybot.desk.options import DeskOptions
from safetybot.editing.preview import starting as preview
from safetybot.editing.preview.options import PreviewOptions
from safetybot.guidance.live import LiveContent
from safetybot.housekeeping import housekeeping
from safetybot.matching.fitter import Fitter, Progress, load_encoder
from safetybot.report_service import ReportService
from safetybot.reports.notes import tell
from safetybot.reports.sealing import KeyPair
from safetybot.reports.staff import readers
from safetybot.reports.staff_errors import NoReader
from safetybot.reports.stretching import KeyStretcher
from safetybot.secret import read_or_make_secret
from safetybot.service import Service
from safetybot.serving.listening import listen, serve
from safetybot.settings import Settings
from safetybot.storage.database import Engine, migrate, sqlite_engine
from safetybot.storage.store import Store
from safetybot.storage.transcripts import TranscriptStore
from safetybot.transcripts import Transcripts
from safetybot.unanswered import UnansweredService
from safetybot.understanding import Understanding, understand

WEB = "web"
"""The web chat's name among the channels."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_log = logging.getLogger(__name__)


def make_fitter(settings: Settings) -> Fitter:
    """A fitter with its cache in the data folder; says so where the encoder is missing."""
    encoder = load_encoder()
    if encoder is None:
        _log.warning("the sentence encoder is missing: answers are found by words alone, and less well")
    return Fitter(settings.cache, encoder)


@dataclass(frozen=True, slots=True)
class Started:
    """What runs, for whoever shows it."""

    service: Service
    engine: Engine
    filed: asyncio.Event
    """Set when there is something new for staff to read."""
    transcripts: Transcripts
    """What the web chat's pages show."""
    understanding: Callable[[], Understanding]
    """What it answers with at the moment."""
    web_key: bytes = field(repr=False)
    """The key of its forms."""

    def web_chat(self, options: WebOptions) -> WebChat:
        """The web chat, to be served."""
        return WebChat(self.service, self.transcripts, self.web_key, options)


@asynccontextmanager
async def started_service(
    settings: Settings,
    progress: Progress = lambda stage, done: None,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Started]:
    """A service that answers, with live content; saves what is left when the block ends.

    ``clock``: seconds since 1970.

    Raises ContentError, SecretFileError, and what the database raises.
    """
    secret = await asyncio.to_thread(read_or_make_secret, settings.secret)
    fitter = await asyncio.to_thread(make_fitter, settings)
    live: LiveContent[Understanding] = LiveContent(
        settings.content, lambda library: understand(library, fitter, progress)
    )
    engine = sqlite_engine(settings.database)
    stretcher, filed = KeyStretcher(), asyncio.Event()
    try:
        await migrate(engine)
        reports = ReportService(engine, secret, clock, stretcher=stretcher, filed=filed.set)
        words = UnansweredService(engine, clock)
        service = Service(lambda: live.current, Store(engine), reports, secret, clock, unanswered=words)
        async with live, service:
            transcripts = Transcripts(TranscriptStore(engine), secret, WEB, clock)
            yield Started(service, engine, filed, transcripts, lambda: live.current, forms_key(secret))
    finally:
        stretcher.close()
        await engine.dispose()


async def run_bot(
    settings: Settings, progress: Callable[[str, float], None], ready: Callable[[str], None] = lambda address: None
) -> None:
    """Answers until told to stop by SIGTERM or SIGINT: on Telegram where there is a token, and on the web.

    ``ready`` is told the web chat's address. Raises AddressTaken before anything is started, and TelegramStopped.
    """
    options = web_options(settings)
    with ExitStack() as stack:
        listening = stack.enter_context(listen(options)) if options else None
        async with started_service(settings, progress) as started, housekeeping(started.engine):
            await warn_without_readers(started.engine)
            stop = stack.enter_context(_stopped_by_signals())
            channels = []
            if options and listening:
                ready(listening.address)
                channels.append(serve(started.web_chat(options).app, options, listening, stop))
            if settings.telegram_token:
                chat = settings.staff_chat
                staff = None if chat is None else StaffChat(chat, partial(tell, started.engine), started.filed)
                token, api = settings.telegram_token, settings.telegram_api
                channels.append(run_telegram(token, api, started.service, staff=staff, stop=stop))
            await _side_by_side(channels, stop)


def web_options(settings: Settings) -> WebOptions | None:
    """How the web chat is served; None where it is switched off."""
    if settings.web_port is None:
        return None
    return WebOptions(
        host=settings.web_host,
        port=settings.web_port,
        url=settings.web_url,
        proxies=settings.web_proxies,
        embed=settings.web_embed,
        exit=settings.web_exit,
    )


async def run_desk(settings: Settings, ready: Callable[[str, bool], None]) -> None:
    """The staff's page, until told to stop by SIGTERM or SIGINT.

    ``ready`` is told its address, and whether anybody could log in. Raises DeskNotPrivate, AddressTaken, DatabaseError,
    ContentError.
    """
    options = desk_options(settings)
    options.must_be_private()
    with listen(options) as listening, _stopped_by_signals() as stop:
        await starting.run_desk(
            settings.database,
            settings.content,
            options,
            listening,
            stop,
            lambda anybody: ready(listening.address, anybody),
        )


def desk_options(settings: Settings) -> DeskOptions:
    """How the desk is served."""
    return DeskOptions(host=settings.desk_host, port=settings.desk_port, url=settings.desk_url)


async def run_preview(settings: Settings, ready: Callable[[str], None], pair: KeyPair | None = None) -> None:
    """The editors' page, until told to stop by SIGTERM or SIGINT. ``ready`` is told its address.

    ``pair``: the editors' key. Raises PreviewNotLocal, AddressTaken.
    """
    options = PreviewOptions(host=settings.preview_host, port=settings.preview_port)
    options.must_be_local()
    with listen(options) as listening, _stopped_by_signals() as stop:
        await preview.run_preview(
            settings.content,
            settings.cache,
            settings.database,
            partial(make_fitter, settings),
            options,
            listening,
            stop,
            lambda: ready(listening.address),
            pair,
        )


async def _side_by_side(channels: Sequence[Coroutine[Any, Any, None]], stop: asyncio.Event) -> None:
    """Runs all until ``stop`` is set. Where one ends before, the others finish what they have in hand."""
    running = [asyncio.create_task(channel) for channel in channels]
    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await asyncio.wait(running)
    for each in running:
        each.result()


@contextmanager
def _stopped_by_signals() -> Iterator[asyncio.Event]:
    """The event that SIGTERM and SIGINT set."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


async def warn_without_readers(engine: Engine) -> None:
    """Tells the operator where no report can be taken, for want of anybody who could read it."""
    try:
        async with engine.connect() as connection:
            await readers(connection)
    except NoReader:
        _log.warning("no report can be made, because nobody could read it: add a member with  safetybot staff add NAME")
