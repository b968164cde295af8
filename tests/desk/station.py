"""A desk on a real database, and members of staff with browsers without JavaScript."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
import pyotp

from safetybot.desk.app import desk_app
from safetybot.desk.cookies import cookie_name
from safetybot.desk.live_guidance import DeskGuidance
from safetybot.desk.logins import LoggedIn
from safetybot.desk.options import DeskOptions
from safetybot.desk.server import parts_of
from safetybot.staff import members
from tests.channels.web.browsing import Element, read_page
from tests.reports.office import CHEAP, PASSPHRASE, Office

HERE = "http://127.0.0.1:8081"
PUBLIC = "https://desk.example.org"


class Station:
    """The desk of an office; what time it is there the office says."""

    def __init__(self, office: Office, guidance: DeskGuidance, options: DeskOptions | None = None) -> None:
        self.office = office
        self.guidance = guidance
        self.base = HERE if options is None or options.url is None else options.url
        self.parts = parts_of(
            office.engine,
            office.stretcher,
            options or DeskOptions(),
            lambda: self.guidance,
            lambda: self.office.now,
            CHEAP,
        )
        self.app = desk_app(self.parts)
        self.phones: dict[str, Phone] = {}
        """Name → what shows their codes."""
        self._seats: list[Seat] = []

    async def hire(self, name: str) -> None:
        """A member with a one-time passphrase, as an operator adds them."""
        office = self.office
        _, recovery = await members.add(office.engine, name, PASSPHRASE, office.now, office.stretcher, CHEAP)
        self.office.recovery = recovery or self.office.recovery

    def visitor(self, name: str = "Ada", **headers: str) -> Seat:
        """Somebody with a browser, who is not logged in."""
        seat = Seat(self, name, **headers)
        self._seats.append(seat)
        return seat

    async def login(self, name: str = "Ada") -> Seat:
        """A member who is in; hired first, and set up, where they are not yet."""
        seat = self.visitor(name)
        if name not in self.phones:
            async with self.office.engine.connect() as connection:
                if name not in [member.name for member in await members.list_members(connection)]:
                    await self.hire(name)
            await seat.first_login()
        else:
            await seat.enter()
        assert seat.login.inside, seat.page.text
        return seat

    async def close(self) -> None:
        for seat in self._seats:
            await seat.client.aclose()
        self.parts.changed.close()
        await self.parts.jobs.drain()


@dataclass
class Phone:
    """Shows codes."""

    station: Station
    secret: str
    codes: list[str] = field(default_factory=list)
    """Recovery codes."""
    _last: int = -1

    def code(self) -> str:
        """A code that was not used; the next half minute is waited for where it must be."""
        while self._step() <= self._last:
            self.station.office.later(seconds=30)
        self._last = self._step()
        return str(pyotp.TOTP(self.secret).generate_otp(self._last))

    def _step(self) -> int:
        return int(self.station.office.now.timestamp()) // 30


class Seat:
    """One browser, with one window."""

    def __init__(self, station: Station, name: str, **headers: str) -> None:
        self.station = station
        self.name = name
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(station.app),
            base_url=station.base,
            headers={"sec-fetch-site": "same-origin", "accept": "text/html", **headers},
        )
        self.response: httpx.Response
        self.page: Element

    # --- Logging in --------------------------------------------------------------------------------------------

    @property
    def passphrase(self) -> str:
        """The one they have chosen."""
        return f"{PASSPHRASE} of {self.name}"

    @property
    def phone(self) -> Phone:
        return self.station.phones[self.name]

    async def types(self, passphrase: str, name: str | None = None) -> Element:
        """Name and passphrase."""
        fields = {"name": self.name if name is None else name, "passphrase": passphrase}
        return await self.post("/login", fields)

    async def first_login(self) -> None:
        """The one-time passphrase, one of their own, and a second factor."""
        await self.types(PASSPHRASE)
        if self.path == "/login/passphrase":
            chosen = {"passphrase-new": self.passphrase, "passphrase-again": self.passphrase}
            await self.post("/login/passphrase", chosen)
        await self.enrols()
        await self.post("/login/codes")

    async def enrols(self, path: str = "/login/enrol") -> None:
        """Sets up the phone with what the page spells out."""
        (secret, *_) = [each.text for each in self.page.find("p", class_="secret")]
        phone = Phone(self.station, secret.replace(" ", ""))
        if old := self.station.phones.get(self.name):
            phone._last = old._last
        await self.post(path, {"code": phone.code()})
        phone.codes = [each.text for each in self.page.find("ul", class_="secret")[0].find("li")]
        self.station.phones[self.name] = phone

    async def enter(self) -> None:
        """Passphrase and code."""
        await self.types(self.passphrase)
        await self.post("/login/second", {"code": self.phone.code()})

    @property
    def login(self) -> LoggedIn:
        """The desk's side of it, whether it is over or not."""
        login = self.station.parts.logins.find(self.cookie, dt.datetime.min.replace(tzinfo=dt.UTC))
        assert login is not None, "not logged in"
        return login

    @property
    def cookie(self) -> str | None:
        return self.client.cookies.get(cookie_name(self.station.parts.options))

    # --- Looking and sending -----------------------------------------------------------------------------------

    async def open(self, path: str, **headers: str) -> Element:
        return await self._came(await self.client.get(path, headers=headers))

    async def post(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> Element:
        """Sends a form with this login's token; follows where it leads."""
        return await self._came(await self.send(path, fields, **headers))

    async def send(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> httpx.Response:
        """Sends a form with this login's token, and follows nothing."""
        login = self.station.parts.logins.find(self.cookie, dt.datetime.min.replace(tzinfo=dt.UTC))
        token = {"csrf": login.csrf} if login else {}
        return await self.client.post(path, data={**token, **(fields or {})}, headers=headers)

    async def submit(self, action: str, fields: Mapping[str, str] | None = None) -> Element:
        """Submits a form of the page as it is now, with its hidden fields."""
        (form,) = [each for each in self.page.find("form") if each.get("action") == action]
        hidden = {each.get("name"): each.get("value") for each in form.find("input", type="hidden")}
        written = {each.get("name"): _typed(each) for each in form.find("textarea")}
        response = await self.client.post(action, data={**hidden, **written, **(fields or {})})
        return await self._came(response)

    @property
    def path(self) -> str:
        """Of the page that is shown."""
        return self.response.url.path

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return self.page.text

    async def _came(self, response: httpx.Response) -> Element:
        for _ in range(5):
            if not response.is_redirect:
                break
            response = await self.client.get(response.headers["location"].partition("#")[0])
        self.response = response
        self.page = read_page(response.text) if "html" in response.headers["content-type"] else Element("", {})
        return self.page


def _typed(area: Element) -> str:
    """As a browser sends it: a first line break is not part of it."""
    text = "".join(child for child in area.children if isinstance(child, str))
    return re.sub(r"^\n", "", text)
