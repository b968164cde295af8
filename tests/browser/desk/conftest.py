"""The desk in real Chromium; where there is none these tests skip themselves and say so."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser

from safetybot.desk.live_guidance import DeskGuidance
from safetybot.guidance.reader import Library
from safetybot.storage.database import sqlite_engine
from safetybot.vault.key_derivation import KeyStretcher
from tests.browser.desk.deskwindow import DeskSite, DeskWindow
from tests.desk.station import Station
from tests.reports.office import Office

Sit = Callable[..., Awaitable[DeskWindow]]
"""Opens a window; see :meth:`DeskWindow.sit`."""


@pytest_asyncio.fixture(loop_scope="session")
async def office(empty_database: Path, tmp_path: Path) -> AsyncIterator[Office]:
    path = tmp_path / "data" / "desk.sqlite3"
    path.parent.mkdir()
    shutil.copy(empty_database, path)
    engine, stretcher = sqlite_engine(path), KeyStretcher()
    yield Office(engine, stretcher, path)
    stretcher.close()
    await engine.dispose()


@pytest_asyncio.fixture(loop_scope="session")
async def station(office: Office, dialogue_library: Library) -> AsyncIterator[Station]:
    station = Station(office, DeskGuidance.of(dialogue_library))
    yield station
    await station.close()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(station: Station) -> AsyncIterator[DeskSite]:
    """The desk, served as ``safetybot desk`` does."""
    async with DeskSite(station) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def sit(chromium: Browser, desk: DeskSite) -> AsyncIterator[Sit]:
    """Opens windows. At the end each must have behaved; see :meth:`DeskWindow.behaved`."""
    windows: list[DeskWindow] = []

    async def open_window(name: str | None = "Ada", **options: Any) -> DeskWindow:
        windows.append(await DeskWindow.sit(chromium, desk, name, **options))
        return windows[-1]

    yield open_window
    for window in windows:
        await window.close()
