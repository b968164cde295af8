"""How much one chat, one address and all together may ask for: in memory, and for several processes."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from sqlalchemy import select, text, update

from safetybot.service.rate_limits import ANSWER_SECONDS, KEY_SECONDS, CountsAway, Limit, MemoryCounts, SharedCounts
from safetybot.storage.database import engine_of
from safetybot.storage.rate_limits import LimitStore
from safetybot.storage.store import Store
from safetybot.storage.tables import limits

KEY = b"k" * 32
SOME = Limit(3, 0.5)


class Clock:
    """Seconds, as told."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class TestInMemory:
    async def test_so_much_at_once_and_so_much_a_second(self) -> None:
        clock = Clock()
        counts = MemoryCounts(clock)
        taken = [await counts.take({"a": SOME}) for _ in range(5)]
        assert taken == [None, None, None, "a", "a"]
        clock.now += 1.9
        assert await counts.take({"a": SOME}) == "a"
        clock.now += 0.1
        assert await counts.take({"a": SOME}) is None
        assert await counts.take({"a": SOME}) == "a"
        clock.now += 1000
        assert [await counts.take({"a": SOME}) for _ in range(4)] == [None, None, None, "a"]

    async def test_each_name_has_its_own_and_the_first_that_is_used_up_is_told(self) -> None:
        counts = MemoryCounts(Clock())
        for _ in range(3):
            assert await counts.take({"chat": Limit(9, 1), "address": SOME}) is None
        assert await counts.take({"chat": Limit(9, 1), "address": SOME}) == "address"
        assert await counts.take({"other": SOME}) is None

    async def test_no_name_stands_in_memory_and_every_hour_all_is_forgotten(self) -> None:
        clock = Clock()
        counts = MemoryCounts(clock)
        await counts.take({"address 10.11.12.13": SOME})
        first = set(counts._until)
        assert not any(b"10.11" in name for name in first)
        clock.now += KEY_SECONDS + 1
        await counts.take({"address 10.11.12.13": SOME, "chat": SOME})
        assert len(counts._until) == 2
        assert not first & set(counts._until)

    async def test_it_does_not_grow_without_end(self) -> None:
        counts = MemoryCounts(Clock())
        for number in range(20_100):
            await counts.take({f"chat {number}": SOME})
        assert len(counts._until) == 20_000


@pytest.mark.slow
class TestShared:
    """On a real PostgreSQL server."""

    async def test_two_processes_count_together(self, postgres_server: Any) -> None:
        where = await asyncio.to_thread(postgres_server.new)
        engines = [engine_of(where), engine_of(where)]
        try:
            one, two = (SharedCounts(LimitStore(engine), KEY) for engine in engines)
            many = Limit(40, 0.001)
            taken = await asyncio.gather(*(counts.take({"a": many}) for _ in range(30) for counts in (one, two)))
            assert taken.count(None) == 40
            assert await one.take({"b": SOME}) is None
            soon = Limit(1, 20.0)
            assert await one.take({"c": soon}) is None
            await asyncio.sleep(0.06)
            assert await two.take({"c": soon}) is None
            async with engines[0].connect() as connection:
                rows = (await connection.execute(select(limits.c.name, limits.c.expires))).all()
                kind = await connection.scalar(text("SELECT relpersistence FROM pg_class WHERE relname = 'limits'"))
            assert len({name for name, _ in rows}) == 3
            assert all(name != b"a" and len(name) == 16 for name, _ in rows)
            assert kind in ("u", b"u"), "it stays out of PostgreSQL's log"
            hour = int(time.time() // 3600)
            assert {expires for _, expires in rows} <= {hour - 1, hour}
            await Store(engines[0]).purge(hour + 2, 0)
            async with engines[0].connect() as connection:
                assert (await connection.execute(select(limits))).all() == []
        finally:
            for engine in engines:
                await engine.dispose()

    async def test_the_names_of_one_hour_are_not_those_of_the_next(self, postgres_server: Any) -> None:
        where = await asyncio.to_thread(postgres_server.new)
        engine, clock = engine_of(where), Clock()
        try:
            counts = SharedCounts(LimitStore(engine), KEY, clock)
            await counts.take({"a": SOME})
            clock.now += KEY_SECONDS
            await counts.take({"a": SOME})
            async with engine.connect() as connection:
                assert len((await connection.execute(select(limits))).all()) == 2
        finally:
            await engine.dispose()

    async def test_two_processes_share_the_pace_of_messages(self, postgres_server: Any) -> None:
        where = await asyncio.to_thread(postgres_server.new)
        engines = [engine_of(where), engine_of(where)]
        try:
            both = [SharedCounts(LimitStore(engine), KEY) for engine in engines]
            began = time.monotonic()
            waits = [await both[number % 2].reserve(5, 10.0, 3.0) for number in range(10)]
            took = time.monotonic() - began
            # Five every half second, after the three that a pause allows.
            assert waits[0] == pytest.approx(-0.3, abs=0.05)
            assert waits[-1] == pytest.approx(-0.3 + 9 * 0.5 - took, abs=0.1)
            async with engines[0].begin() as connection:  # as after a pause of an hour
                await connection.execute(update(limits).values(until=limits.c.until - 3_600_000_000))
            assert await both[1].reserve(1, 10.0, 3.0) == pytest.approx(-0.3, abs=0.05)
        finally:
            for engine in engines:
                await engine.dispose()

    async def test_a_database_that_hangs_holds_nobody_up(self, postgres_server: Any) -> None:
        where = await asyncio.to_thread(postgres_server.new)
        engine, blocker = engine_of(where), engine_of(where)
        try:
            counts = SharedCounts(LimitStore(engine), KEY)
            async with blocker.begin() as connection:
                await connection.execute(text("LOCK TABLE limits IN ACCESS EXCLUSIVE MODE"))
                began = time.monotonic()
                assert [await counts.take({"a": SOME}) for _ in range(4)] == [None, None, None, "a"]
                assert time.monotonic() - began < ANSWER_SECONDS + 1
            counts._away_until = 0.0
            assert await counts.take({"a": SOME}) is None
        finally:
            for each in (engine, blocker):
                await each.dispose()

    async def test_without_the_database_each_counts_alone(
        self, postgres_server: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        where = await asyncio.to_thread(postgres_server.new)
        engine = engine_of(where)
        try:
            counts = SharedCounts(LimitStore(engine), KEY)
            await asyncio.to_thread(postgres_server.execute, "DROP TABLE limits", where.database)
            assert [await counts.take({"secret name": SOME}) for _ in range(4)] == [None, None, None, "secret name"]
            with pytest.raises(CountsAway):
                await counts.reserve(1, 10.0, 3.0)
            assert caplog.text.count("limits are not shared") == 1
            assert "secret name" not in caplog.text
        finally:
            await engine.dispose()
