"""The real programs, as an orchestrator and Prometheus see them; and all that they log, as a thief would search it."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import URL, text

from safetybot.app import run_bot
from safetybot.metrics.counters import Metrics
from safetybot.monitoring import readiness
from safetybot.monitoring.options import WatchOptions
from safetybot.monitoring.server import watched
from safetybot.settings import Settings
from safetybot.storage.database import engine_of
from safetybot.vault.server_secret import read_or_make_secret
from tests.e2e.phone import Phone
from tests.e2e.program import MODULE, Place, Program
from tests.e2e.speech import Content
from tests.emulator import TOKEN, Emulator
from tests.postgres import Server, running
from tests.thief import Search, chat_forms, everything_logged, forms

pytestmark = pytest.mark.slow

WORDS = ("zebedee", "dougal", "florence", "07700900123")
CHAT = 987654321012345
HOOK = "https://bot.example.org"


def metrics_address(printed: str) -> str:
    found = re.search(r"etrics page: answering at (http://[0-9.:]+)", printed)
    assert found, printed
    return found[1]


async def until_ready(client: httpx.AsyncClient, missing: list[str]) -> None:
    """Waits until exactly this is missing; nothing: that it is ready."""
    async with asyncio.timeout(60):
        while list((await client.get("/readyz")).json()["missing"]) != missing:
            await asyncio.sleep(0.05)


def samples(page: str) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(page)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


async def test_the_bot_from_its_start_to_its_end(
    content: Content, small_cache: Path, tmp_path: Path, telegram: Emulator, phone: Phone
) -> None:
    program = Program(Place.make(tmp_path / "place", content.folder, small_cache), telegram)
    program._environment |= {"SAFETYBOT_METRICS_PORT": "0", "SAFETYBOT_LOG_FORMAT": "json"}
    try:
        await program.start()
        async with asyncio.timeout(60):
            while "etrics page: answering" not in program.printed:
                await asyncio.sleep(0.02)
        async with httpx.AsyncClient(base_url=metrics_address(program.printed), trust_env=False) as client:
            assert (await client.get("/healthz")).text == "alive\n"
            await until_ready(client, [])
            await phone.says("hello there")
            found = samples((await client.get("/metrics")).text)
            assert found["safetybot_updates_total", "telegram", "text"] == 1
            assert found["safetybot_telegram_total", "sent"] >= 1
            assert found["safetybot_telegram_up",] == found["safetybot_ready",] == found["safetybot_database_up",] == 1
            assert found["safetybot_answer_seconds_count", "telegram"] == 1
            assert found["safetybot_staff_keys",] == 0
            assert any(name == "safetybot_content_info" for name, *_ in found)
            as_openmetrics = await client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
            assert as_openmetrics.text.endswith("# EOF\n")
            content.file("wording.yaml").write_text("say: [")
            async with asyncio.timeout(60):
                while not found["safetybot_content_reload_failures_total",]:
                    await asyncio.sleep(0.1)
                    found = samples((await client.get("/metrics")).text)
            await until_ready(client, [])  # the last good content answers
            # An answer that cannot be delivered yet keeps it from ending; meanwhile it says that it ends.
            telegram.faults.add("502")
            telegram.push_text(phone.chat, "hello again")
            await telegram.until(lambda: telegram.counts["sendMessage"] > 1)
            assert program._process is not None
            program._process.send_signal(signal.SIGTERM)
            await until_ready(client, ["stopping"])
            assert (await client.get("/healthz")).status_code == 200
            telegram.faults.clear()
        assert await program.ended() == 0
    finally:
        await program.kill()
    lines = [json.loads(line) for line in program.printed.splitlines() if line.startswith("{")]
    assert all(list(line) == ["time", "level", "logger", "process", "event", "message"] for line in lines)
    assert "hello" not in program.printed


def test_the_desk(place: Place) -> None:
    assert place.command("staff", "add", "--new", "Anna").code == 0
    output = place.folder / "desk.txt"
    with output.open("wb") as file:
        desk = subprocess.Popen(
            [*MODULE, "desk"],
            cwd=place.folder,
            env=place.environment(DESK_PORT="0", DESK_METRICS_PORT="0"),
            stdout=file,
            stderr=file,
        )
    try:
        end = time.monotonic() + 60
        while "The desk is at" not in output.read_text() and time.monotonic() < end:
            time.sleep(0.05)
        with httpx.Client(base_url=metrics_address(output.read_text()), trust_env=False) as client:
            assert client.get("/healthz").text == "alive\n"
            assert client.get("/readyz").json() == {"ready": True, "missing": {}}
            assert samples(client.get("/metrics").text)["safetybot_staff_keys",] == 1
    finally:
        desk.terminate()
        assert desk.wait(30) == 0


async def test_postgresql_that_goes_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "KEEP", 0.0)
    with running(lasting=True) as server:
        engine = engine_of(await asyncio.to_thread(server.new))
        async with (
            watched(WatchOptions(port=0), Metrics()) as watch,
            watch.of(engine, asyncio.Event()),
            httpx.AsyncClient(base_url=str(watch.address), trust_env=False) as client,
        ):
            await until_ready(client, [])
            await asyncio.to_thread(server.stop)
            await until_ready(client, ["database-unreachable"])
            assert samples((await client.get("/metrics")).text)["safetybot_ready",] == 0
            await asyncio.to_thread(server.start)
            await until_ready(client, [])
        await engine.dispose()


# --- What is logged ------------------------------------------------------------------------------------------------


@pytest.fixture
def url(request: pytest.FixtureRequest) -> URL | None:
    """A PostgreSQL database with all tables; None: SQLite."""
    if request.param == "sqlite":
        return None
    server: Server = request.getfixturevalue("postgres_server")
    return server.tcp_url(str(server.new().database))


@contextmanager
def withheld(wanted: Mapping[str, Iterable[bytes]]) -> Iterator[None]:
    """Everything that anything logs from DEBUG on, which holds nothing of what is ``wanted`` at the end."""
    names = ("uvicorn", "uvicorn.error", "sqlalchemy.engine", "sqlalchemy.pool", "alembic", "aiohttp", "asyncio")
    before = {name: logging.getLogger(name).level for name in names}
    with everything_logged() as stream, ExitStack() as stack:
        for name, level in before.items():
            logging.getLogger(name).setLevel(logging.DEBUG)
            stack.callback(logging.getLogger(name).setLevel, level)
        yield
    logged = stream.getvalue()
    assert "sqlalchemy" in logged  # they do say something
    assert Search(wanted).found(logged.encode()) == []


@asynccontextmanager
async def bot(settings: Settings) -> AsyncIterator[asyncio.Queue[str]]:
    """``safetybot run`` in this process, so that every logger of it can be heard."""
    ready: asyncio.Queue[str] = asyncio.Queue()
    task = asyncio.create_task(run_bot(settings, lambda stage, done: None, ready.put_nowait))
    try:
        yield ready
    finally:
        signal.raise_signal(signal.SIGTERM)
        await task


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
async def test_nothing_of_it_is_logged_by_any_channel_or_a_failing_database(
    place: Place, url: URL | None, telegram: Emulator
) -> None:
    settings = Settings(
        data=place.data,
        content=place.content,
        telegram_token=TOKEN,
        telegram_api=telegram.url,
        telegram_rate=None,
        webhook_url=HOOK,
        web_port=0,
        metrics_port=0,
        database_url=url,
    )
    secret = read_or_make_secret(settings.secret)
    wanted = {word: tuple(forms(word)) for word in WORDS} | {"chat": tuple(chat_forms(str(CHAT)))}
    wanted |= {"token": tuple(forms(TOKEN.partition(":")[2])), "secret": (secret.hex().encode(),)}
    if url is not None:
        wanted["password"] = tuple(forms(str(url.password)))
    with withheld(wanted):
        async with bot(settings) as ready:
            address = await asyncio.wait_for(ready.get(), 60)
            await telegram.until(lambda: bool(telegram.webhook), 60)
            wanted["hook"] = (telegram.webhook.rpartition("/")[2].encode(),)
            telegram.poster.target = address
            async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
                await say_everywhere(client, telegram)
                engine = engine_of(settings.database)
                async with engine.begin() as connection:
                    await connection.execute(text("ALTER TABLE sessions RENAME TO away"))
                await say_everywhere(client, telegram)
                async with engine.begin() as connection:
                    await connection.execute(text("ALTER TABLE away RENAME TO sessions"))
                await engine.dispose()
                await say_everywhere(client, telegram)


async def say_everywhere(client: httpx.AsyncClient, telegram: Emulator) -> None:
    """In every channel, and in every place of a request where words could stand."""
    before = len(telegram.sent(CHAT))
    for word in WORDS:
        telegram.push_text(CHAT, f"my name is {word}", first_name=word)
        page = await client.get("/", params={"q": word}, headers={"Referer": f"http://{word}.example"})
        token = re.search(r'name="token" value="([^"]+)"', page.text)
        assert token, page.text[:2000]
        fields = {"token": token[1], "text": f"{word} wants my pictures"}
        await client.post("/say", data=fields, headers={"Origin": str(client.base_url).rstrip("/")})
        await client.get(f"/{word}")
        await client.post(f"/telegram/{word}", content=word.encode(), headers={"X-Forwarded-For": word})
        await client.post(telegram.webhook.replace(HOOK, ""), content=word.encode(), headers={"Cookie": word})
    await telegram.wait_for(CHAT, before + len(WORDS), 60)


async def test_the_secret_of_another_database_is_refused(program: Program, place: Place, telegram: Emulator) -> None:
    await program.start()
    await program.ready()
    assert await program.stop() == 0
    (place.data / "secrets" / "server.key").write_bytes(bytes(range(32)))
    ended = await asyncio.to_thread(place.command, "run")
    assert (ended.code, ended.out) == (2, "")
    assert "safetybot: the server's secret is not the one this database was used with: put the secret" in ended.errors
    found = await asyncio.to_thread(place.command, "doctor")
    assert "✗ secret and database: they do not belong together" in found.out
    starting = await asyncio.create_subprocess_exec(
        *MODULE, "run", "--new-secret", cwd=place.folder, env=program._environment, stderr=asyncio.subprocess.PIPE
    )
    asked = telegram.counts["getUpdates"]
    await telegram.until(lambda: telegram.counts["getUpdates"] > asked, 60)
    starting.terminate()
    await starting.communicate()
    assert starting.returncode == 0
    assert "✓ secret and database: belong together" in (await asyncio.to_thread(place.command, "doctor")).out
