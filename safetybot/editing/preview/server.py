"""Puts the preview together, and serves it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from safetybot.editing.preview.app import preview_app
from safetybot.editing.preview.context import PreviewContext
from safetybot.editing.preview.options import PreviewOptions
from safetybot.editing.preview.unanswered import UnansweredSource
from safetybot.editing.preview.usage import months
from safetybot.editing.preview.watcher import Watcher
from safetybot.http.server import Listening, serve
from safetybot.matching.fitter import Fitter
from safetybot.process.hardening import disable_core_dumps
from safetybot.storage.database import DatabaseLocation
from safetybot.vault.sealing import KeyPair


def parts_of(
    watcher: Watcher, options: PreviewOptions, database: DatabaseLocation, pair: KeyPair | None = None
) -> PreviewContext:
    """What pages need. ``pair``: the editors' key, which opens what had no answer."""
    return PreviewContext(watcher, options, lambda: months(database, watcher.today()), UnansweredSource(database, pair))


async def run_preview(
    content: Path,
    cache: Path,
    database: DatabaseLocation,
    fitter: Callable[[], Fitter],
    options: PreviewOptions,
    listening: Listening,
    stop: asyncio.Event,
    ready: Callable[[], None],
    pair: KeyPair | None = None,
) -> None:
    """Answers until ``stop`` is set; whatever the state of the content. Raises PreviewNotLocal."""
    options.must_be_local()
    if pair is not None:
        disable_core_dumps()
    async with Watcher(content, cache, fitter) as watcher:
        await serve_preview(parts_of(watcher, options, database, pair), listening, stop, ready)


async def serve_preview(
    parts: PreviewContext, listening: Listening, stop: asyncio.Event, ready: Callable[[], None] = lambda: None
) -> None:
    """Answers until ``stop`` is set. ``ready`` is told when it can be reached."""

    async def let_go() -> None:
        await stop.wait()
        parts.watcher.close()  # or pages that wait for news would hold the server

    going = asyncio.create_task(let_go(), name="preview stop")
    try:
        await serve(preview_app(parts), parts.options, listening, stop, ready=ready)
    finally:
        going.cancel()
