"""Puts the parts together: content, matcher, database, service."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from safetybot.channels.telegram import StaffChat, run_telegram
from safetybot.guidance.live import LiveContent
from safetybot.housekeeping import housekeeping
from safetybot.matching.fitter import Fitter, Progress, load_encoder
from safetybot.report_service import ReportService
from safetybot.reports.notes import tell
from safetybot.reports.staff import readers
from safetybot.reports.staff_errors import NoReader
from safetybot.reports.stretching import KeyStretcher
from safetybot.secret import read_or_make_secret
from safetybot.service import Service
from safetybot.settings import Settings
from safetybot.storage.database import Engine, migrate, sqlite_engine
from safetybot.storage.store import Store
from safetybot.understanding import Understanding, understand

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


@asynccontextmanager
async def started_service(settings: Settings, progress: Progress = lambda stage, done: None) -> AsyncIterator[Started]:
    """A service that answers, with live content; saves what is left when the block ends.

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
        reports = ReportService(engine, secret, time.time, stretcher=stretcher, filed=filed.set)
        async with live, Service(lambda: live.current, Store(engine), reports, secret) as service:
            yield Started(service, engine, filed)
    finally:
        stretcher.close()
        await engine.dispose()


async def run_bot(settings: Settings, token: str, progress: Callable[[str, float], None]) -> None:
    """Answers on Telegram until told to stop by SIGTERM or SIGINT."""
    async with started_service(settings, progress) as started, housekeeping(started.engine):
        await warn_without_readers(started.engine)
        chat = settings.staff_chat
        staff = None if chat is None else StaffChat(chat, partial(tell, started.engine), started.filed)
        await run_telegram(token, settings.telegram_api, started.service, staff=staff)


async def warn_without_readers(engine: Engine) -> None:
    """Tells the operator where no report can be taken, for want of anybody who could read it."""
    try:
        async with engine.connect() as connection:
            await readers(connection)
    except NoReader:
        _log.warning("no report can be made, because nobody could read it: add a member with  safetybot staff add NAME")
