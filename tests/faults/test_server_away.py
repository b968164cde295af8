"""A PostgreSQL server that crashes, stays away and comes back under a running bot."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from safetybot.storage.location import address
from tests import postgres
from tests.e2e.desk import hire
from tests.e2e.phone import Phone
from tests.e2e.program import Program
from tests.e2e.speech import Content
from tests.emulator import Emulator
from tests.faults.talking import OTHER_CHAT, is_answered_meanwhile, is_whole_again, reaches_story
from tests.faults.test_load import Settled

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    """One that may crash, and keeps what was committed."""
    if postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed")
    with postgres.running(lasting=True) as server:
        yield server


@pytest.fixture
async def on_server(
    server: postgres.Server, tmp_path: Path, small_content: Content, small_cache: Path, telegram: Emulator
) -> AsyncIterator[Program]:
    place = Settled.make(tmp_path / "place", small_content.folder, small_cache)
    url = server.create().render_as_string(hide_password=False)
    (place.folder / "settings.json").write_text(json.dumps({"DATABASE_URL": url}))
    program = Program(place, telegram)
    yield program
    await program.kill()
    assert "Traceback" not in program.printed


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGINT], ids=["crash", "stop"])
async def test_stopped_and_started_again(
    on_server: Program,
    server: postgres.Server,
    telegram: Emulator,
    phone: Phone,
    small_content: Content,
    how: signal.Signals,
) -> None:
    url = json.loads((on_server.place.folder / "settings.json").read_text())["DATABASE_URL"]
    passphrase = await asyncio.to_thread(hire, on_server.place)
    await on_server.start()
    await on_server.ready()
    await reaches_story(phone)
    await asyncio.to_thread(server.stop, how)
    await is_answered_meanwhile(on_server, phone, Phone(telegram, OTHER_CHAT), small_content)
    await asyncio.to_thread(server.start)
    await is_whole_again(on_server, phone, passphrase, small_content, where=address(url))
