"""The editors' page over a copy of the small fixture content, with a fitter that remembers."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from safetybot.matching.encoder import SentenceEncoder
from tests.editing.preview.room import Room
from tests.guidance.conftest import Content


@pytest.fixture
async def room(content: Content, tmp_path: Path, fitted_cache: Path, encoder: SentenceEncoder) -> AsyncIterator[Room]:
    """The page, with all learnt."""
    shutil.copytree(fitted_cache, tmp_path / "cache")
    async with Room(content, tmp_path, encoder) as room:
        await room.learnt()
        yield room
