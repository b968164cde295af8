"""The real program, from a folder of its own, against the emulator."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.e2e.phone import Phone
from tests.e2e.program import Place, Program
from tests.e2e.speech import LONG, SHIPPED, SMALL, Content
from tests.emulator import Emulator

NO_DANGER = (
    "somebody wants money or they will share my pictures",
    "he says he will send my pics to everyone",
    "they post nasty things about me",
    "everyone laughs at me in the chat",
    "how do I make a password stronger",
    "is there a person to talk to",
    "are you a person or a robot",
    "hello there",
    "how do I win this game",
    "this is a strange thing",
)
"""More that only sounds like danger than the fixture has, so that no text of these tests is near the edge."""

_CHATS = itertools.count(7_000_000_001)


@pytest.fixture(scope="session")
def small_content(tmp_path_factory: pytest.TempPathFactory, small_cache: Path) -> Content:
    """Sixteen topics in English and two in Welsh, whose matchers are fitted; not to be changed."""
    folder = tmp_path_factory.mktemp("small")
    content = Content.copy(SMALL, folder / "content")
    brief = content.wording()["say"]["help"]
    content.change(content.file("wording.yaml"), f"  help: {brief}\n", f"  help: {json.dumps(LONG)}\n")
    more = "".join(f"  - {text}\n" for text in NO_DANGER)
    content.change(content.file("danger.yaml"), "\nnone:\n", f"\nnone:\n{more}")
    checked = Place.make(folder / "place", content.folder, small_cache).command("check", seconds=110)
    assert checked.code == 0, checked
    return content


@pytest.fixture
def content(small_content: Content, tmp_path: Path) -> Content:
    """The small content, to be changed."""
    return Content.copy(small_content.folder, tmp_path / "content")


@pytest.fixture
def place(small_content: Content, small_cache: Path, tmp_path: Path) -> Place:
    """An installation with the small content, and no data yet."""
    return Place.make(tmp_path / "place", small_content.folder, small_cache)


@pytest.fixture
async def telegram() -> AsyncIterator[Emulator]:
    """Telegram, emulated, with nobody writing yet."""
    async with Emulator() as emulator:
        yield emulator


@pytest.fixture
async def program(place: Place, telegram: Emulator) -> AsyncIterator[Program]:
    """The program, not started yet; killed at the end where it still runs."""
    program = Program(place, telegram)
    yield program
    await program.kill()
    assert "Traceback" not in program.printed


@pytest.fixture
def phone(telegram: Emulator) -> Phone:
    """Somebody who has never written before."""
    return Phone(telegram, next(_CHATS))


@pytest.fixture(scope="session")
def chats() -> Iterator[int]:
    """Numbers of chats that nobody else uses."""
    return _CHATS


@pytest.fixture(scope="session")
def shipped_content() -> Content:
    """What we ship."""
    return Content(SHIPPED)
