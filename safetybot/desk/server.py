"""Puts the desk together, and serves it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing, nullcontext
from functools import partial
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.desk.app import desk_app
from safetybot.desk.context import DeskContext
from safetybot.desk.events import Changed
from safetybot.desk.jobs import Jobs
from safetybot.desk.live_guidance import DeskGuidance
from safetybot.desk.logins import Logins
from safetybot.desk.options import DeskOptions
from safetybot.desk.pages import DeskPages
from safetybot.desk.presence import CasePresence
from safetybot.guidance.live import LiveContent
from safetybot.http.server import Listening, serve
from safetybot.process.hardening import disable_core_dumps
from safetybot.staff.members import list_members
from safetybot.vault.key_derivation import KeyStretcher, Parameters
from safetybot.vault.roster import vouching_on


def parts_of(
    engine: AsyncEngine,
    stretcher: KeyStretcher,
    options: DeskOptions,
    guidance: Callable[[], DeskGuidance],
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    parameters: Parameters | None = None,
) -> DeskContext:
    """What pages need, with nobody logged in."""
    changed, vouching = Changed(engine), vouching_on(engine)
    return DeskContext(
        engine=engine,
        stretcher=stretcher,
        clock=clock,
        options=options,
        guidance=guidance,
        logins=Logins(),
        pages=DeskPages(lambda: vouching.alarm if vouching else ""),
        presence=CasePresence(clock, changed.poke),
        changed=changed,
        jobs=Jobs(),
        parameters=parameters,
    )


async def run_desk(
    database: AbstractAsyncContextManager[AsyncEngine],
    content: Path,
    options: DeskOptions,
    listening: Listening,
    stop: asyncio.Event,
    ready: Callable[[bool], None],
    watching: Callable[[AsyncEngine], AbstractAsyncContextManager[None]] = lambda engine: nullcontext(),
) -> None:
    """Answers until ``stop`` is set. ``ready`` is told whether anybody could log in; ``watching`` is entered meanwhile.

    ``database``: opens it, with what vouches for members. Raises DeskNotPrivate, ContentError, and what it raises.
    """
    options.must_be_private()
    disable_core_dumps()
    async with database as engine:
        live: LiveContent[DeskGuidance] = LiveContent(content, DeskGuidance.of)
        with closing(KeyStretcher()) as stretcher:
            async with live:
                async with engine.connect() as connection:
                    anybody = any(member.active for member in await list_members(connection))
                parts = parts_of(engine, stretcher, options, lambda: live.current)
                async with watching(engine):
                    await serve_desk(parts, listening, stop, partial(ready, anybody))


async def serve_desk(
    parts: DeskContext, listening: Listening, stop: asyncio.Event, ready: Callable[[], None] = lambda: None
) -> None:
    """Answers until ``stop`` is set. ``ready`` is told when it can be reached."""

    async def let_go() -> None:
        await stop.wait()
        parts.changed.close()  # or the streams of open pages would hold the server

    going = asyncio.create_task(let_go(), name="desk stop")
    try:
        await serve(desk_app(parts), parts.options, listening, stop, ready=ready)
    finally:
        going.cancel()
