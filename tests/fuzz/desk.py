"""The desk's pages: anything that a browser, or something that is none, may send; by a member and by a stranger."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from safetybot.desk.live_guidance import DeskGuidance
from safetybot.desk.logins import LoginStage
from safetybot.guidance.reader import read_content
from safetybot.reports.cases import CaseUrgency
from safetybot.staff.login import UnlockedMember
from safetybot.staff.members import Member, find_member
from safetybot.storage.database import engine_of, migrate
from safetybot.vault.key_derivation import KeyStretcher
from safetybot.vault.sealing import KeyPair
from tests.desk.station import HERE, Station
from tests.fuzz.asking import FORM, ask, checked, in_parts, some_headers
from tests.fuzz.drawing import Draws
from tests.fuzz.target import Once, Target
from tests.reports.office import PASSPHRASE, Office
from tests.talking import DIALOGUE_CONTENT

_FRESH = 40
"""Inputs until everything is as it was at first."""
_CASE = "/cases/CASE"
PATHS = (
    "/", "/queue/list", "/search", "/events", "/login", "/login/passphrase", "/login/enrol", "/login/second",
    "/login/codes", "/lock", "/here", "/account", "/account/passphrase", "/account/codes", "/account/second",
    "/account/second/confirm", "/audit", "/audit/check", "/figures", "/figures.csv", "/staff", "/staff/add",
    "/staff/drill", "/staff/MEMBER", "/staff/MEMBER/grant", "/staff/MEMBER/reset", "/static/desk.css", "/nowhere",
    *(f"{_CASE}{act}" for act in ("", "/open", "/contact", "/reply", "/shred", "/here", "/away", "/assign", "/status",
      "/urgency", "/note", "/close", "/dismiss", "/refer", "/referral", "/export", "/labels", "/keep", "/x")),
)  # fmt: skip
FIELDS = (
    "act", "assignee", "before", "case", "code", "contact", "csrf", "day", "do", "key", "labels", "member", "name",
    "named",
    "next", "note", "noted", "other", "outcome", "page", "passphrase", "passphrase-again", "passphrase-new", "phrase",
    "previewed", "reason", "reference", "reply", "seen", "status", "sure", "to", "until", "urgency", "when", "words",
    "year",
)  # fmt: skip


class _Desk:
    """One desk with a member and a few cases, made anew now and then from a copy."""

    def __init__(self, place: Path, runner: asyncio.Runner) -> None:
        self._place, self._runner = place, runner
        self._guidance = DeskGuidance.of(read_content(DIALOGUE_CONTENT).require())
        self._stretcher = KeyStretcher()
        self._used = _FRESH
        self.station: Station | None = None
        self._runner.run(self._made())

    async def _made(self) -> None:
        path = self._place / "first.sqlite3"
        engine = engine_of(path)
        await migrate(engine)
        office = Office(engine, self._stretcher, path)
        member = await office.hire("Ada")
        await office.hire("Ben")
        self.cases = []
        for number in range(3):
            answers = {"language": "en", "answers": [{"question": "what", "words": [f"he is <zz> @bad_one_{number}"]}]}
            ref, _ = await office.file(answers, urgency=list(CaseUrgency)[number % len(CaseUrgency)])
            self.cases.append(ref.id)
        self._pair = member.pair()
        async with engine.connect() as connection:
            self._member: Member = await find_member(connection, "Ada")
            self._other = (await find_member(connection, "Ben")).id
        self._now = office.now
        await engine.dispose()

    async def _fresh(self) -> None:
        if self.station is not None:
            await self.station.close()
            await self.station.office.engine.dispose()
        path = self._place / "now.sqlite3"
        for old in self._place.glob("now.sqlite3*"):
            old.unlink()
        shutil.copyfile(self._place / "first.sqlite3", path)
        office = Office(engine_of(path), self._stretcher, path, self._now)
        self.station = Station(office, self._guidance)

    async def ask(self, draws: Draws) -> None:
        """Up to six requests of one browser."""
        if self._used >= _FRESH:
            await self._fresh()
            self._used = 0
        self._used += 1
        station = self.station
        assert station is not None
        parts = station.parts
        stage = draws.one([LoginStage.IN, LoginStage.IN, LoginStage.IN, None, *LoginStage])
        cookie, csrf = "", ""
        if stage is not None:
            pair = KeyPair(self._pair.public, self._pair.private)
            cookie, login = parts.logins.begin(UnlockedMember(self._member, pair), stage, parts.clock())
            csrf = login.csrf
        for _ in range(1 + draws.number(5)):
            path = draws.one(PATHS) if not draws.chance(12) else "/" + draws.text(40)
            path = path.replace("CASE", draws.one([*self.cases, "0" * 32])).replace("MEMBER", self._other)
            usual = {
                b"host": b"127.0.0.1:8081", b"accept": b"text/html", b"sec-fetch-site": b"same-origin",
                b"origin": HERE.encode(), b"content-type": FORM, b"cookie": f"desk={cookie}".encode(),
            }  # fmt: skip
            if draws.chance():
                query = urlencode(
                    [(draws.one(FIELDS), draws.text(30)) for _ in range(draws.number(3))], errors="replace"
                )
                answer = await ask(station.app, "GET", f"{path}?{query}", some_headers(draws, usual))
            else:
                fields = [(draws.one(FIELDS), draws.text(120)) for _ in range(draws.number(5))]
                if not draws.chance(12):
                    fields.append(("csrf", csrf))
                if draws.chance(4):
                    fields += [("passphrase", f"{PASSPHRASE} of Ada"), ("name", "Ada")]
                body = draws.bytes(200) if draws.chance(12) else urlencode(fields, errors="replace").encode()
                headers = some_headers(draws, usual)
                answer = await ask(
                    station.app, draws.one(["POST", "POST", "HEAD", "PUT"]), path, headers, in_parts(draws, body)
                )
            checked(answer)
            if "desk" in answer.cookies:
                cookie = answer.cookies["desk"]
            login_now = parts.logins.find(cookie, parts.clock())
            csrf = login_now.csrf if login_now else csrf

    def close(self) -> None:
        self._runner.run(self._closed())
        self._stretcher.close()

    async def _closed(self) -> None:
        if self.station is not None:
            await self.station.close()
            await self.station.office.engine.dispose()


@contextmanager
def _opened() -> Iterator[Once]:
    with tempfile.TemporaryDirectory() as place, asyncio.Runner() as runner:
        desk = _Desk(Path(place), runner)
        try:
            yield lambda data: runner.run(desk.ask(Draws(data)))
        finally:
            desk.close()


def _at(path: str) -> bytes:
    return PATHS.index(path).to_bytes(1, "big")


def _post(path: str, *fields: tuple[str, str]) -> bytes:
    """A form of a member's."""
    typed = b"".join(
        FIELDS.index(name).to_bytes(1, "big") + len(text.encode()).to_bytes(1, "big") + text.encode()
        for name, text in fields
    )
    return b"\x00" + _at(path) + b"\x00\x00" + len(fields).to_bytes(1, "big") + typed + b"\x00\x00\x00\x00\x00\x00"


DESK = Target(
    "desk",
    "the desk's pages: paths, queries, forms, cookies, headers; as a member, half logged in, and as a stranger",
    _opened,
    seeds=[
        b"\x00\x00",
        *(b"\x00\x00" + b"\x00" + _at(path) + b"\x00\x01\x00\x00" for path in ("/", "/audit", "/figures", "/staff",
        _CASE)),
        b"\x00\x00" + _post(f"{_CASE}/open"),
        b"\x00\x00" + _post(f"{_CASE}/note", ("note", "<zz>")),
        b"\x00\x00" + _post(f"{_CASE}/reply", ("reply", 'a"><zz>'), ("sure", "yes")),
        b"\x00\x00" + _post("/search", ("words", "<zz>")),
        b"\x00\x00" + _post("/staff/add", ("name", "<zz>")),
        b"\x03\x00" + _post("/login", ("next", "//a.b"), ("name", "Ada"), ("passphrase", "x")),
        b"\x03\x00" + _post("/login", ("next", "/cases/a?b=c")),
    ],
    words=["<zz>",
           '"><zz', "next", "//", "/\\", "%2e%2e/", "\r\n", "text/html", "application/json", "same-origin", "none",
           "cross-site", "null", "999999999999999999999", "-1", "2026-11-24", "0:" + "0" * 64, "\x00", "%", "_", "'"],
    seconds=3.0,
    short=15,
    longest=1024,
)  # fmt: skip
