"""Alive, ready, and in numbers: asked over HTTP, as an orchestrator and Prometheus ask."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete, insert, select, text
from sqlalchemy.exc import OperationalError

from safetybot.channels.web.rate_limits import CHAT, Limits, TooMany
from safetybot.metrics import counters
from safetybot.metrics.counters import CHANNELS, KINDS, Metrics
from safetybot.monitoring import app, readiness
from safetybot.monitoring.gauges import read_gauges
from safetybot.monitoring.options import DeskWatchOptions, WatchOptions
from safetybot.monitoring.server import Watch, watched
from safetybot.service.rate_limits import MemoryCounts
from safetybot.storage import installation_metadata
from safetybot.storage.database import Engine, sqlite_engine
from safetybot.storage.store import Batch, Count, Sealed, Store
from safetybot.storage.tables import roster, sessions, staff
from safetybot.storage.writing import WriteBehind
from safetybot.vault.key_derivation import KeyStretcher
from tests.databases import refuse, refuse_no_more
from tests.faults.disks import small_disk
from tests.reports.office import Office
from tests.talking import Bot, Phrasebook
from tests.vouching import vouched

FAR = 1 << 40
"""An hour that is never over."""
WORDS = ("zebedee", "9876543210")


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question is asked anew."""
    monkeypatch.setattr(readiness, "KEEP", 0.0)
    monkeypatch.setattr(app, "KEEP", 0.0)


@pytest.fixture
async def engine(empty_database: Path, tmp_path: Path) -> AsyncIterator[Engine]:
    shutil.copy(empty_database, tmp_path / "test.sqlite3")
    engine = vouched(sqlite_engine(tmp_path / "test.sqlite3"))
    yield engine
    await engine.dispose()


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Iterator[Office]:
    """Who works with it."""
    stretcher = KeyStretcher()
    yield Office(engine, stretcher, tmp_path / "test.sqlite3")
    stretcher.close()


@pytest.fixture
async def watch() -> AsyncIterator[Watch]:
    """Pages that are served, of a program that is starting."""
    async with watched(WatchOptions(port=0), Metrics(), telegram=True) as watch:
        yield watch


async def ask(watch: Watch, path: str, host: str | None = None) -> httpx.Response:
    async with httpx.AsyncClient(base_url=str(watch.address), trust_env=False) as client:
        return await client.get(path, headers={} if host is None else {"host": host})


async def missing(watch: Watch) -> list[str]:
    answer = await ask(watch, "/readyz")
    found = list(answer.json()["missing"])
    assert (answer.status_code, answer.json()["ready"]) == ((503, False) if found else (200, True))
    return found


async def until_missing(watch: Watch, wanted: list[str]) -> None:
    async with asyncio.timeout(20):
        while await missing(watch) != wanted:
            await asyncio.sleep(0.05)


async def scraped(watch: Watch) -> dict[tuple[str, ...], float]:
    """Name and values of its labels → value, as Prometheus' own parser reads the page."""
    answer = await ask(watch, "/metrics")
    assert answer.status_code == 200
    families = list(text_string_to_metric_families(answer.text))
    assert all(family.documentation for family in families)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


class TestReady:
    async def test_from_the_start_to_the_end(self, watch: Watch, engine: Engine, fresh: None) -> None:
        assert (await ask(watch, "/healthz")).text == "alive\n"
        assert await missing(watch) == ["starting"]
        live, stop = True, asyncio.Event()
        async with watch.of(engine, stop, lambda: live):
            assert await missing(watch) == ["telegram-not-reached"]
            watch.observed.telegram_up = True
            assert await missing(watch) == []
            watch.observed.telegram_up = False  # an outage of Telegram's is no reason to silence the web chat
            assert await missing(watch) == []
            live = False
            assert await missing(watch) == ["content-not-live"]
            stop.set()
            await asyncio.sleep(0)
            assert await missing(watch) == ["stopping"]
        assert await missing(watch) == ["stopping"]
        assert (await ask(watch, "/healthz")).status_code == 200

    async def test_a_database_that_is_away_read_only_or_of_another_version(
        self, watch: Watch, engine: Engine, fresh: None, tmp_path: Path
    ) -> None:
        watch.observed.telegram_up = True
        async with watch.of(engine, asyncio.Event()):
            assert await missing(watch) == []
            async with engine.begin() as connection:
                await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
            assert await missing(watch) == ["migrations-not-newest"]
            async with engine.begin() as connection:
                await connection.execute(text("DROP TABLE alembic_version"))
            assert await missing(watch) == ["database-unreachable"]
            assert (await ask(watch, "/metrics")).status_code == 200

    async def test_one_that_cannot_be_written(self, watch: Watch, engine: Engine, fresh: None, tmp_path: Path) -> None:
        watch.observed.telegram_up = True
        async with watch.of(engine, asyncio.Event()):
            async with engine.begin() as connection:
                full = "CREATE TRIGGER full BEFORE INSERT ON marks BEGIN SELECT RAISE(ABORT, 'no room'); END"
                await connection.execute(text(full))
            assert await missing(watch) == ["database-not-writable"]

    async def test_commits_that_fail_though_a_note_can_be_written(
        self, watch: Watch, engine: Engine, fresh: None
    ) -> None:
        watch.observed.telegram_up = True
        writing = WriteBehind(Store(engine), watch.observed)
        async with watch.of(engine, asyncio.Event()):
            await refuse(engine, "INSERT", "counters")
            batch = Batch()
            batch.counts[Count("2026-11-24", "answer", WORDS[0])] += 1
            await writing.write(bytes(32), batch)
            await until_missing(watch, ["commits-failing"])
            assert WORDS[0] not in (await ask(watch, "/readyz")).text
            await refuse_no_more(engine, "counters")
            await until_missing(watch, [])  # by itself, for what failed is tried again
            await writing.stop()

    async def test_a_process_that_is_sent_nothing_for_it_is_ready_again(
        self, watch: Watch, engine: Engine, fresh: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It commits nothing more, and so cannot show that it could."""
        watch.observed.telegram_up = True
        async with watch.of(engine, asyncio.Event()):
            for failed, found in ((1, []), (2, ["commits-failing"])):
                with pytest.raises(OSError, match="no"), watch.observed.committing():
                    raise OSError("no")
                assert watch.observed.commit_failures == failed
                assert await missing(watch) == found
            monkeypatch.setattr(counters, "FAILED_SECONDS", 0.0)
            assert await missing(watch) == []

    async def test_a_full_disk_on_which_a_note_still_fits(
        self, watch: Watch, fresh: None, tmp_path: Path, empty_database: Path
    ) -> None:
        """SQLite writes over what is checkpointed of its log, so that a page or two fit on a disk that is full."""
        watch.observed.telegram_up = True
        with small_disk(tmp_path / "disk") as disk:
            engine = sqlite_engine(Path(shutil.copyfile(empty_database, disk.folder / "test.sqlite3")))
            turn = Batch(sessions={bytes(32): Sealed(bytes(16_000), FAR)})
            async with watch.of(engine, asyncio.Event()):
                for number in range(3):
                    await installation_metadata.put(engine, installation_metadata.LAST_PURGE, f"{number}")
                async with engine.connect() as connection:
                    driver = (await connection.get_raw_connection()).driver_connection
                    assert driver is not None
                    await driver.execute("PRAGMA wal_checkpoint(PASSIVE)")
                disk.fill()
                await installation_metadata.put(engine, installation_metadata.LAST_PURGE, "there is room for it")
                with pytest.raises(OperationalError):
                    await Store(engine).write(turn)
                assert await missing(watch) == ["database-not-writable"]
                disk.clear()
                assert await missing(watch) == []
                await Store(engine).write(turn)
                async with engine.connect() as connection:
                    assert len((await connection.execute(select(sessions.c.chat_key))).all()) == 1
            await engine.dispose()

    async def test_one_that_hangs_is_not_waited_for(
        self, watch: Watch, engine: Engine, fresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(readiness, "PATIENCE", 0.2)
        watch.observed.telegram_up = True
        holder = sqlite3.connect(tmp_path / "test.sqlite3", isolation_level=None, check_same_thread=False)
        async with watch.of(engine, asyncio.Event()):
            holder.execute("BEGIN IMMEDIATE")
            asked = time.monotonic()
            assert await missing(watch) == ["database-unreachable"]
            assert await missing(watch) == ["database-unreachable"]  # and nobody else was sent to wait beside
            assert time.monotonic() - asked < 5
            holder.execute("ROLLBACK")
            async with asyncio.timeout(10):
                while await missing(watch):
                    await asyncio.sleep(0.05)
        holder.close()

    async def test_answers_are_kept_for_a_moment(self, watch: Watch, engine: Engine) -> None:
        watch.observed.telegram_up = True
        async with watch.of(engine, asyncio.Event()):
            assert await missing(watch) == []
            async with engine.connect() as connection:
                first = (await installation_metadata.get(connection))[installation_metadata.WRITTEN]
            await installation_metadata.put(engine, installation_metadata.WRITTEN, "before")
            assert await missing(watch) == []
            async with engine.connect() as connection:
                assert (await installation_metadata.get(connection))[installation_metadata.WRITTEN] == "before"
        assert first.endswith("Z")


class TestMetrics:
    async def test_before_anything_happened(self, watch: Watch) -> None:
        found = await scraped(watch)
        for channel in CHANNELS:
            for kind in KINDS:
                assert found["safetybot_updates_total", channel, kind] == 0
        assert found["safetybot_database_up",] == 0
        assert found["safetybot_ready",] == 0
        assert found["process_resident_memory_bytes",] > 0
        assert ("safetybot_staff_keys",) not in found

    async def test_a_bot_that_is_talked_to(self, watch: Watch, bot: Bot, phrasebook: Phrasebook) -> None:
        observed = watch.observed
        await bot.stop()
        bot.observed = observed
        await bot.start()
        await bot.hire()
        chat = bot.chat(WORDS[1])
        topic, asked = next(iter(phrasebook.asks.items()))
        await chat.say(asked)
        await chat.say(phrasebook.choose)
        await chat.say(f"{phrasebook.emergencies[0]} says {WORDS[0]}")
        await chat.say(phrasebook.checks[0])
        await chat.say("/start")
        await chat.press("topics")
        await chat.send_picture()
        await bot.service.committed()
        async with watch.of(bot.engine, asyncio.Event()):
            found = await scraped(watch)
            page = (await ask(watch, "/metrics")).text
        assert [found["safetybot_updates_total", "telegram", kind] for kind in KINDS] == [4, 1, 1, 1]
        assert found["safetybot_decisions_total", "answer"] >= 1
        assert found["safetybot_decisions_total", "offer"] >= 1
        assert found["safetybot_emergency_cards_total",] == 1
        assert found["safetybot_check_ins_total",] == 1
        assert found["safetybot_answer_seconds_count", "telegram"] == 7
        assert found["safetybot_answer_seconds_bucket", "telegram", "+Inf"] == 7
        assert 0 < found["safetybot_answer_seconds_sum", "telegram"] < 60
        assert found["safetybot_understanding_seconds_count",] >= 4
        assert found["safetybot_commit_seconds_count",] >= 1
        assert found["safetybot_updates_in_hand", "telegram"] == 0
        assert found["safetybot_staff_keys",] == 1
        assert found["safetybot_database_bytes",] > 10_000
        for private in (*WORDS, topic, "Ada", *(word for word in asked.split() if len(word) > 9)):
            assert private not in page

    async def test_what_waits_and_what_was_done(self, engine: Engine, tmp_path: Path, office: Office) -> None:
        await office.hire("Anna")
        await office.hire("Ben")
        await office.file("first")
        await office.file("second")
        await installation_metadata.put(office.engine, installation_metadata.LAST_BACKUP, "2026-11-24T10:00:00Z")
        await installation_metadata.put(office.engine, installation_metadata.LAST_PURGE, "nonsense")
        day = office.now.replace(hour=0, minute=0, second=0, microsecond=0)
        found = await read_gauges(office.engine, day + dt.timedelta(days=2))
        assert (found.up, found.readers, found.unread, found.oldest) == (True, 2, 2, 2 * 86400)
        assert found.last_backup == dt.datetime(2026, 11, 24, 10, tzinfo=dt.UTC).timestamp()
        assert found.last_purge is None

    async def test_to_count_costs_next_to_nothing(self) -> None:
        observed, began = Metrics(), time.perf_counter()
        for _ in range(10_000):
            observed.received("telegram", "some words", None)
            observed.decided((("answer", "sextortion"), ("check", "")))
            observed.shown("telegram", 0.01)
            observed.understood.add(0.002)
        assert (time.perf_counter() - began) / 10_000 < 50e-6  # some 2 where nobody else uses the machine
        assert "sextortion" not in repr(observed)

    async def test_limits_that_were_reached(self, watch: Watch) -> None:
        limits = Limits(MemoryCounts(), addresses=False, limited=partial(watch.observed.limited, "web"))
        for _ in range(CHAT.most):
            async with limits.turn(WORDS[1], None):
                pass
        with pytest.raises(TooMany):
            await limits.turn(WORDS[1], None).__aenter__()
        watch.observed.telegram["busy"] += 1
        found = await scraped(watch)
        assert (
            found["safetybot_limited_total", "web", "chat"] == found["safetybot_limited_total", "telegram", "all"] == 1
        )

    async def test_content_that_went_live_and_content_that_did_not(self, watch: Watch) -> None:
        watch.observed.content_changed(bytes(64), good=True)
        watch.observed.content_changed(bytes(64), good=False)
        found = await scraped(watch)
        assert found["safetybot_content_info", "0" * 16] == 1
        assert found["safetybot_content_reload_failures_total",] == 1
        assert abs(found["safetybot_content_live_timestamp_seconds",] - time.time()) < 60


class TestNames:
    """DNS rebinding: a website whose name leads here would have a browser read the pages for it."""

    @pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
    async def test_no_other_name_is_answered_to(self, watch: Watch, path: str) -> None:
        for host in ("evil.example.org", "evil.example.org:9090", "127.0.0.1.evil.example.org", "", "localhost.evil"):
            answer = await ask(watch, path, host)
            assert answer.status_code == 421, host
            assert "SAFETYBOT_METRICS_NAMES" in answer.text
        for host in ("localhost:9090", "LOCALHOST", "127.0.0.1:9090", "192.0.2.7:9090", "[2001:db8::7]:9090"):
            assert (await ask(watch, path, host)).status_code in (200, 503), host

    @pytest.mark.parametrize("kind", [WatchOptions, DeskWatchOptions])
    async def test_a_name_that_is_set_is(self, kind: type[WatchOptions]) -> None:
        """As Prometheus asks for a bot in a container network, which listens at every address."""
        async with watched(kind(host="0.0.0.0", port=0, names=("bot",)), Metrics()) as watch:
            port = str(watch.address).rpartition(":")[2]
            watch.address = f"http://127.0.0.1:{port}"
            assert (await ask(watch, "/healthz", "bot:9090")).status_code == 200
            assert (await ask(watch, "/healthz", "robot:9090")).status_code == 421


async def test_a_row_that_nobody_let_in_is_counted(engine: Engine, office: Office) -> None:
    await office.hire("Anna")
    assert (await read_gauges(engine)).unvouched == 0
    async with engine.begin() as connection:
        row = dict((await connection.execute(select(staff))).one()._mapping)
        await connection.execute(insert(staff).values({**row, "id": "f" * 16, "name": "Mallory"}))
    found = await read_gauges(engine)
    assert (found.unvouched, found.readers) == (1, 1)
    async with engine.begin() as connection:
        await connection.execute(delete(roster))
    found = await read_gauges(engine)
    assert (found.unvouched, found.readers) == (1, 0)
