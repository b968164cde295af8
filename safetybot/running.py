"""Puts the parts together: content, matcher, database, service."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from safetybot.channels.telegram import run_telegram
from safetybot.guidance.live import LiveContent
from safetybot.matching.fitter import Fitter, Progress, load_encoder
from safetybot.secret import read_or_make_secret
from safetybot.service import Service
from safetybot.settings import Settings
from safetybot.storage.database import migrate, sqlite_engine
from safetybot.storage.store import Store
from safetybot.understanding import Understanding, understand

_log = logging.getLogger(__name__)


def make_fitter(settings: Settings) -> Fitter:
    """A fitter with its cache in the data folder; says so where the encoder is missing."""
    encoder = load_encoder()
    if encoder is None:
        _log.warning("the sentence encoder is missing: answers are found by words alone, and less well")
    return Fitter(settings.cache, encoder)


@asynccontextmanager
async def started_service(settings: Settings, progress: Progress = lambda stage, done: None) -> AsyncIterator[Service]:
    """A service that answers, with live content; saves what is left when the block ends.

    Raises ContentError, SecretFileError, and what the database raises.
    """
    secret = await asyncio.to_thread(read_or_make_secret, settings.data / "secrets" / "server.key")
    fitter = await asyncio.to_thread(make_fitter, settings)
    live: LiveContent[Understanding] = LiveContent(
        settings.content, lambda library: understand(library, fitter, progress)
    )
    engine = sqlite_engine(settings.database)
    try:
        await migrate(engine)
        async with live, Service(lambda: live.current, Store(engine), secret) as service:
            yield service
    finally:
        await engine.dispose()


async def run_bot(settings: Settings, token: str, progress: Callable[[str, float], None]) -> None:
    """Answers on Telegram until told to stop by SIGTERM or SIGINT."""
    async with started_service(settings, progress) as service:
        await run_telegram(token, settings.telegram_api, service)
