"""What the doctor sees of a PostgreSQL server."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import URL

from safetybot.doctor import Examination, FindingState, examine
from safetybot.settings import Settings
from safetybot.storage.database import engine_of, reader_of
from safetybot.storage.server_health import server_of
from safetybot.vault.installation import must_be_its_secret
from safetybot.vault.server_secret import read_or_make_secret
from tests.postgres import Server
from tests.reports.office import START
from tests.talking import DIALOGUE_CONTENT

pytestmark = pytest.mark.slow


@pytest.fixture
async def settings(tmp_path: Path, postgres_server: Server) -> Settings:
    url = postgres_server.new()
    settings = Settings(data=tmp_path / "data", content=tmp_path / "content", database_url=url)
    shutil.copytree(DIALOGUE_CONTENT, settings.content)
    secret = read_or_make_secret(settings.secret)
    engine = engine_of(url)
    await must_be_its_secret(engine, secret)
    await engine.dispose()
    return settings


def says(found: Examination, what: str) -> tuple[FindingState, str]:
    (finding,) = [finding for finding in found.findings if finding.what == what]
    return finding.state, finding.says


async def test_a_server_as_it_should_be_but_for_its_quick_switches(settings: Settings) -> None:
    found = await examine(settings, START)
    state, text = says(found, "database switches")
    assert state is FindingState.FAULT  # the tests' server is quick, and forgets
    assert "fsync and full_page_writes and synchronous_commit off" in text
    faults = [finding.what for finding in found.findings if finding.state is FindingState.FAULT]
    assert set(faults) <= {"database switches", "clock"}  # these tests live in November 2026, the server does not
    assert says(found, "database")[1].endswith("answers, in UTF-8")
    assert (
        "pg_checksums --enable" in says(found, "page checksums")[1]
        or says(found, "page checksums")[0] is FindingState.GOOD
    )
    assert says(found, "database rights") == (FindingState.GOOD, "enough, and not more")
    assert int(says(found, "free connections")[1].split(",")[0]) > 0
    assert says(found, "secret and database")[0] is FindingState.GOOD
    assert says(found, "tables")[0] is FindingState.GOOD


async def test_rights_encoding_and_another_secret(settings: Settings, postgres_server: Server) -> None:
    url = settings.database
    assert isinstance(url, URL)
    assert url.database
    postgres_server.execute("REVOKE INSERT ON cases FROM safetybot", url.database)
    settings.secret.write_bytes(bytes(32))
    found = await examine(settings, START)
    assert says(found, "database rights")[0] is FindingState.FAULT
    assert "1 tables" in says(found, "database rights")[1]
    assert says(found, "secret and database")[0] is FindingState.FAULT


async def test_one_in_which_nobody_has_been_yet(settings: Settings, postgres_server: Server) -> None:
    settings = replace(settings, database_url=postgres_server.create())
    assert says(await examine(settings, START), "database")[0] is FindingState.FAULT  # for the secret tells of another
    settings.secret.unlink()
    found = await examine(settings, START)
    assert says(found, "set up")[0] is FindingState.WARNING
    assert found.sound


async def test_one_that_is_not_there_shows_no_password(settings: Settings) -> None:
    gone = URL.create("postgresql+asyncpg", "zebedee", "dougal", "127.0.0.1", 9, "florence")
    found = await examine(replace(settings, database_url=gone), START)
    assert says(found, "database")[0] is FindingState.FAULT
    assert "dougal" not in repr(found)
    assert "zebedee" not in repr(found)


async def test_its_clock_is_compared(settings: Settings) -> None:
    engine = reader_of(settings.database)
    async with engine.connect() as connection:
        server = await server_of(connection)
    await engine.dispose()
    assert abs(server.ahead) < 5
    assert not server.in_clear
    assert not server.superuser
    await asyncio.sleep(0)
