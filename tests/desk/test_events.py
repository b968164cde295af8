"""The stream of news, over a real server. Reports are filed through another engine, as the bot's process does."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from safetybot.desk import events
from safetybot.desk.logins import IDLE, Ended
from safetybot.reports.cases import CaseUrgency
from safetybot.storage.database import engine_of
from safetybot.storage.tables import audit_head
from safetybot.vault.audit import head
from tests.databases import BOTH
from tests.desk.queue_house import Guest, House
from tests.desk.station import Station
from tests.reports.office import Office

DATABASES = BOTH

SOON = 2.0
"""Seconds within which a page must know."""
PATIENCE = 10.0


@pytest.fixture
def house(station: Station) -> House:
    return House(station)


class Stream:
    """An open page's stream."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()
        self.raw: list[str] = []

    async def event(self) -> tuple[str, dict[str, Any], str]:
        """The next: its name, data and id."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                self.raw.append(line)
                if not line and "event" in fields:
                    return fields["event"], json.loads(fields["data"]), fields.get("id", "")
                name, _, value = line.partition(": ")
                fields[name] = value
        return "ended", {}, ""

    async def comment(self) -> str:
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                if line.startswith(":"):
                    return line
        raise AssertionError("it ended")


@asynccontextmanager
async def listening(seat: Guest, seen: int | None = None) -> AsyncIterator[Stream]:
    headers = {"accept": "text/event-stream"}
    query = {} if seen is None else {"seen": str(seen)}
    async with seat.client.stream("GET", "/events", params=query, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        yield Stream(answer)


async def newest(house: House) -> int:
    async with house.office.engine.connect() as connection:
        return (await head(connection)).number


async def test_a_report_that_another_process_files_is_known_within_two_seconds(house: House) -> None:
    ada = await house.office.hire("Ada")
    bot = engine_of(house.office.where)
    outside = Office(bot, house.office.stretcher, house.office.where)
    async with house.open() as served:
        seat = house.enter(ada, served.address)
        async with seat.client, listening(seat, await newest(house)) as stream:
            await outside.file({"what": "secret words"}, urgency=CaseUrgency.EMERGENCY)
            filed = time.monotonic()
            name, data, id_ = await stream.event()
            assert time.monotonic() - filed < SOON
            assert name == "changed"
            assert data == {"unread": 1, "urgent": 1, "new": 1, "open": 0, "waiting": 0, "closed": 0}
            assert id_ == str(await newest(house))
            assert "secret" not in "".join(stream.raw)
            # To listen is no sign of life.
            assert seat.login.seen == house.office.now
            house.office.later(minutes=3)
            house.parts.presence.enter("a" * 32, ada)
            assert (await stream.event())[0] == "changed", "who has what open is news as well"
            assert seat.login.seen < house.office.now
    await bot.dispose()


async def test_what_happened_before_a_page_listens_is_not_lost(house: House) -> None:
    ada = await house.office.hire("Ada")
    before = await newest(house)
    await house.office.file("x")
    async with house.open() as served:
        seat = house.enter(ada, served.address)
        async with seat.client:
            async with listening(seat, before) as stream:
                assert (await stream.event())[0] == "changed"
            request = seat.client.build_request(
                "GET", "/events?seen=999999", headers={"last-event-id": str(before), "accept": "text/event-stream"}
            )
            answer = await seat.client.send(request, stream=True)
            assert (await Stream(answer).event())[0] == "changed", "nor is what happens while a browser connects again"
            await answer.aclose()


@pytest.mark.parametrize("how", ["lock", "idle", "disabled"])
async def test_the_stream_ends_with_its_login(house: House, how: str) -> None:
    ada, grace = await house.office.hire("Ada"), await house.office.hire("Grace")
    async with house.open() as served:
        seat, other = house.enter(ada, served.address), house.enter(grace, served.address)
        async with seat.client, other.client, listening(seat) as stream, listening(other) as stays:
            await stream.event()
            await stays.event()
            if how == "lock":
                await seat.client.post("/lock", data={"csrf": seat.login.csrf})
            elif how == "idle":
                house.office.now += IDLE
                house.parts.logins.touch(other.login, house.office.now)
                house.parts.logins.sweep(house.office.now)
            else:
                house.parts.logins.end(seat.login, Ended.DISABLED)
            assert (await stream.event())[0] == "over"
            assert (await stream.event())[0] == "ended"
            refused = await seat.client.get("/events", headers={"accept": "text/event-stream"})
            assert refused.status_code == 401
            await house.office.file("x")
            assert (await stays.event())[0] == "changed", "others' go on"


async def test_an_open_stream_does_not_hold_up_the_end(house: House) -> None:
    ada = await house.office.hire("Ada")
    async with house.open() as served:
        seat = house.enter(ada, served.address)
        async with seat.client, listening(seat) as stream:
            await stream.event()
            began = time.monotonic()
            served.stop.set()
            await served.serving
            assert time.monotonic() - began < 5
            assert (await stream.event())[0] == "ended"


async def test_a_login_has_a_few_streams_and_the_oldest_goes(house: House) -> None:
    ada = await house.office.hire("Ada")
    async with house.open() as served:
        seat = house.enter(ada, served.address)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(seat.client)
            streams = []
            for _ in range(events.STREAMS + 1):
                streams.append(await stack.enter_async_context(listening(seat)))
                assert (await streams[-1].event())[0] == "changed"
            assert (await streams[0].event())[0] == "dropped"
            await house.office.file("x")
            for stream in streams[1:]:
                assert (await stream.event())[0] == "changed"


async def test_it_says_that_it_lives_and_is_forgotten_when_the_page_goes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    ada = await house.office.hire("Ada")
    async with house.open() as served:
        seat = house.enter(ada, served.address)
        async with seat.client:
            async with listening(seat, await newest(house)) as stream:
                assert await stream.comment() == ": here"
            await asyncio.wait_for(house.parts.changed.drain(), PATIENCE)
        assert not house.parts.changed.listeners, "and the database is asked no more"


async def test_trouble_with_the_database_is_told_and_passes(house: House) -> None:
    ada = await house.office.hire("Ada")
    async with house.open() as served:
        seat = house.enter(ada, served.address)
        async with seat.client, listening(seat, await newest(house)) as stream:
            async with house.office.engine.begin() as connection:
                await connection.exec_driver_sql("ALTER TABLE audit_head RENAME TO away")
            assert (await stream.event())[0] == "trouble"
            async with house.office.engine.begin() as connection:
                await connection.exec_driver_sql("ALTER TABLE away RENAME TO audit_head")
                await connection.execute(update(audit_head).values(id=1))
            assert (await stream.event())[0] == "changed"
