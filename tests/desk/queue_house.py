"""Members who are in without having shown who they are, and the desk behind a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from safetybot.desk.cookies import cookie_name
from safetybot.desk.logins import LoggedIn, LoginStage
from safetybot.desk.options import DeskOptions
from safetybot.desk.server import serve_desk
from safetybot.http.server import listen
from safetybot.staff.login import UnlockedMember
from tests.desk.station import HERE, Station

PAGE = {"accept": "text/html", "sec-fetch-site": "same-origin"}


class House:
    """A station where nobody is asked at the door."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.office = station.office
        self.parts = station.parts

    def enter(self, member: UnlockedMember, address: str = HERE) -> Guest:
        """``address``: of a real server; else everything happens in this process."""
        held, login = self.parts.logins.begin(member, LoginStage.IN, self.office.now)
        transport = httpx.ASGITransport(self.station.app) if address == HERE else None
        cookies = {cookie_name(self.parts.options): held}
        client = httpx.AsyncClient(transport=transport, base_url=address, cookies=cookies, headers=PAGE, timeout=10)
        return Guest(login, client)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Served]:
        """A real server."""
        stop = asyncio.Event()
        with listen(DeskOptions(port=0)) as listening:
            serving = asyncio.create_task(serve_desk(self.parts, listening, stop))
            served = Served(listening.address, stop, serving)
            async with httpx.AsyncClient() as client:
                while True:
                    try:
                        await client.get(f"{served.address}/health")
                        break
                    except httpx.ConnectError:  # it has its place before it answers
                        await asyncio.sleep(0.01)
            try:
                yield served
            finally:
                stop.set()
                await serving


@dataclass
class Served:
    address: str
    stop: asyncio.Event
    serving: asyncio.Task[None]


@dataclass
class Guest:
    """A member who is in."""

    login: LoggedIn
    client: httpx.AsyncClient

    async def get(self, path: str = "/") -> str:
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def search(self, words: str) -> str:
        answer = await self.client.post("/search", data={"csrf": self.login.csrf, "words": words})
        assert answer.status_code == 200, answer.text
        return answer.text
