"""The editors' page in real Chromium, over a copy of the small content."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from safetybot.guidance.reader import read_content
from safetybot.matching.corpus import Corpus
from safetybot.matching.encoder import SentenceEncoder
from safetybot.matching.fitter import Fitter
from tests.browser.preview.editorwindow import EditorWindow, PreviewSite
from tests.guidance.conftest import FIXTURE, Content

Sit = Callable[..., Awaitable[EditorWindow]]
"""Opens a window; see :meth:`Window.open`."""


@pytest.fixture(scope="session")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the fixture's matcher, of which small changes are corrections."""
    folder = tmp_path_factory.mktemp("learnt")
    library = read_content(FIXTURE, today=dt.date(2026, 11, 24))
    Fitter(folder, SentenceEncoder()).interpreter(Corpus.of(library.languages["en"]))
    return folder


@pytest_asyncio.fixture(loop_scope="session")
async def preview(tmp_path: Path, learnt: Path) -> AsyncIterator[PreviewSite]:
    """The page, served as ``safetybot preview`` does."""
    shutil.copytree(FIXTURE / "en", tmp_path / "content" / "en")
    shutil.copytree(learnt, tmp_path / "cache")
    async with PreviewSite(Content(tmp_path / "content"), tmp_path) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def sit(chromium: Browser, preview: PreviewSite) -> AsyncIterator[Sit]:
    """Opens windows. At the end each must have behaved."""
    windows: list[EditorWindow] = []

    async def open_window(**options: Any) -> EditorWindow:
        windows.append(await EditorWindow.open(chromium, preview, **{"mouse": True, "size": (1280, 900), **options}))  # type: ignore[arg-type]
        return windows[-1]

    yield open_window
    for window in windows:
        await window.close()
