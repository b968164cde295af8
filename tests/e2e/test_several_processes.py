"""Four bots on one PostgreSQL database, with nginx before them: a chat's requests go from one to the next."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import func, select

from safetybot.service.report_service import OFFERED_SECONDS
from safetybot.storage.database import Engine, engine_of
from safetybot.storage.store import Store
from safetybot.storage.tables import cases, handled_updates
from tests.channels.web.browsing import Browser, read_page
from tests.e2e.nginx import free_port, nginx
from tests.e2e.program import Place, Program
from tests.e2e.speech import Content
from tests.e2e.test_postgresql import OnServer
from tests.emulator import Emulator
from tests.postgres import Server

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

BOTS = 4


class Visitor(Browser):
    """Somebody whose every request may be answered by another bot."""

    def __init__(self, address: str) -> None:
        # A connection for each request, so that nginx chooses anew each time.
        limits = httpx.Limits(max_keepalive_connections=0)
        self.client = httpx.AsyncClient(base_url=address, limits=limits, timeout=60)
        self.answered_by: set[str] = set()

    async def _came(self, response: httpx.Response) -> object:  # type: ignore[override]
        self.answered_by.add(response.headers["x-bot"])
        return await super()._came(response)


@dataclass
class Farm:
    """The bots and what is before and behind them."""

    address: str
    programs: list[Program]
    engine: Engine
    place: Place
    telegram: Emulator

    async def counted(self) -> Mapping[tuple[str, str], int]:
        day = dt.datetime.now(dt.UTC).date()
        return await Store(self.engine).counted((day - dt.timedelta(1)).isoformat(), day.isoformat())

    async def rows(self, table: object) -> int:
        async with self.engine.connect() as connection:
            return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())  # type: ignore[arg-type]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def farm(
    small_content: Content, small_cache: Path, postgres_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Farm]:
    """Four installations as on four machines: the same secret and the same database, and nothing else in common."""
    url, port, ports = postgres_server.create(), free_port(), [free_port() for _ in range(BOTS)]
    secret, folder, programs = os.urandom(32), tmp_path_factory.mktemp("farm"), list[Program]()
    async with Emulator() as telegram:
        for number in range(BOTS):
            place = OnServer.make(folder / str(number), small_content.folder, small_cache)
            file = place.data / "secrets" / "server.key"
            file.parent.mkdir(mode=0o700)
            file.touch(mode=0o600)
            file.write_bytes(secret)
            (place.folder / "settings").write_text(
                f"DATABASE_URL={url.render_as_string(hide_password=False)}\n"
                f"WEB_URL=http://127.0.0.1:{port}\nWEB_PROXY=127.0.0.1"
            )
            programs.append(
                Program(place, telegram, WEB_PORT=str(ports[number]), WEBHOOK_URL="https://bot.example.org")
            )
        telegram.poster.target = f"http://127.0.0.1:{port}"
        engine = engine_of(url)
        try:
            for program in programs:
                await program.start()  # all at once: one of them makes the tables
            for program in programs:
                await listening(program)
            async with nginx(folder / "nginx", port, ports) as address:
                yield Farm(address, programs, engine, programs[0].place, telegram)
        finally:
            for program in programs:
                await program.kill()
            await engine.dispose()
            postgres_server.drop(url)
    for program in programs:
        assert "Traceback" not in program.printed


async def listening(program: Program) -> None:
    async with asyncio.timeout(90):
        while "answering at" not in program.printed:
            assert program.running, program.printed
            await asyncio.sleep(0.1)


@pytest.fixture(scope="session")
def asks(small_content: Content, small_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Four texts that are answered with one topic's answer."""
    place = Place.make(tmp_path_factory.mktemp("asks") / "place", small_content.folder, small_cache)
    texts = "\n".join(small_content.topic("passwords")["asks"])
    tried = [json.loads(line) for line in place.command("try", "--json", said=texts).out.splitlines()]
    found = [each["text"] for each in tried if (each["decision"], each["topic"]) == ("answer", "passwords")]
    assert len(found) >= 4
    return found[:4]


async def test_one_chat_and_many_on_four_processes(farm: Farm, small_content: Content, asks: list[str]) -> None:
    visitor = Visitor(farm.address)
    await visitor.open()
    first = small_content.first("sextortion").splitlines()[0]
    assert first in " ".join(entry.text for entry in await visitor.say("he wants money or hell post my nude"))
    assert await visitor.press("Can I stop it being shared?")
    assert await visitor.say(asks[0])
    assert len(visitor.answered_by) > 1

    # The same form, sent to all of them at once: it is answered once.
    before, rows = await farm.counted(), await farm.rows(handled_updates)
    action, hidden = visitor.form("say")
    fields = {**hidden, "text": asks[1]}
    responses = await asyncio.gather(*(visitor.post(action, fields) for _ in range(BOTS)))
    assert {response.status_code for response in responses} == {303}
    assert len({response.headers["x-bot"] for response in responses}) == BOTS
    await visitor.open()
    assert visitor.text.count(asks[1]) == 1
    assert await farm.rows(handled_updates) - rows == 1

    # Different messages of a chat at once, and of many chats at once.
    people = [Visitor(farm.address) for _ in range(12)]
    await asyncio.gather(*(each.open() for each in people))
    # Each gets the chat's lasting name with the first words; two first words at once would be two chats.
    await asyncio.gather(*(each.say("/help") for each in people))
    rows = await farm.rows(handled_updates)

    async def sends(person: Visitor, text: str) -> httpx.Response:
        (token, *_) = read_page((await person.client.get("/")).text).find("input", name="token")
        return await person.post("/say", {"token": token.get("value"), "text": text})

    sent = await asyncio.gather(*(sends(person, text) for text in asks for person in people))
    assert {response.status_code for response in sent} == {303}
    for person in people:
        await person.open()
        assert [person.text.count(text) for text in asks] == [1] * len(asks)
    after = await farm.counted()
    assert await farm.rows(handled_updates) - rows == len(sent)
    assert after["answer", "passwords"] - before["answer", "passwords"] == 1 + len(sent)
    for program in farm.programs:
        assert "ERROR" not in program.printed, program.printed


async def test_a_report_is_sent_and_read_on_four_processes(farm: Farm) -> None:
    added = await asyncio.to_thread(farm.place.command, "staff", "add", "Ada")
    assert added.code == 0, added
    for _ in range(BOTS):
        await Visitor(farm.address).open()  # asks whether there is anybody to read, and remembers it for a while
    await asyncio.sleep(OFFERED_SECONDS + 1)
    visitor = Visitor(farm.address)
    await visitor.open()
    await visitor.say("/report")
    for press in ("No", "Go on", "Me"):
        await visitor.press(press)
    await visitor.say("somebody keeps writing mean things")
    await visitor.press("That's all")
    for _ in ("where", "kind", "contact"):
        await visitor.press("Skip")
    # The button pressed at every one of them at once.
    (button,) = [each for each in visitor.page.find("button") if each.text == "Send it"][-1:]
    action, hidden = visitor.form(button.get("form"))
    fields = {**hidden, button.get("name"): button.get("value")}
    await asyncio.gather(*(visitor.post(action, fields) for _ in range(BOTS)))
    await visitor.open()
    codes = {entry.find("strong")[0].text for entry in visitor.entries if "code" in entry.classes}
    (code,) = codes
    assert await farm.rows(cases) == 1
    assert len(visitor.answered_by) > 1
    another = Visitor(farm.address)
    await another.open()
    await another.say(f"/mycode {code}")
    assert "case:write" in [button.get("value") for button in another.page.find("button")]


async def test_telegrams_posts_go_to_any_of_them(farm: Farm, asks: list[str], small_content: Content) -> None:
    answered, chats = (await farm.counted())["answer", "passwords"], range(1, 13)
    first = small_content.first("passwords").splitlines()[0]
    for text in asks:
        for chat in chats:
            farm.telegram.push_text(chat, text)
    await farm.telegram.wait_confirmed(60)
    for chat in chats:
        assert sum(text.startswith(first) for text in farm.telegram.texts(chat)) == len(asks)
    assert (await farm.counted())["answer", "passwords"] - answered == len(asks) * len(chats)
    for chat in chats:
        on_screen = farm.telegram.sent(chat)
        farm.telegram.push_text(chat, "/hide")
        await farm.telegram.wait_confirmed(30)
        assert all(message.deleted for message in on_screen)  # each process knows the numbers of what all have sent


async def test_one_is_killed_and_the_others_go_on(farm: Farm, asks: list[str]) -> None:
    """Whoever gets no answer sends the same form again, as a browser does; nothing that was acknowledged is lost."""
    people = [Visitor(farm.address) for _ in range(16)]
    await asyncio.gather(*(each.open() for each in people))
    lost = 0

    async def talk(person: Visitor) -> None:
        nonlocal lost
        for text in asks:
            (token, *_) = read_page((await again(lambda: person.client.get("/"))).text).find("input", name="token")
            fields = {"token": token.get("value"), "text": text}
            await again(lambda: person.post("/say", fields))  # noqa: B023 - awaited here
            page = await again(lambda: person.client.get("/"))
            lost += read_page(page.text).text.count(text) < 1

    async def again(request: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        while True:
            with suppress(httpx.TransportError):  # it was killed in the middle of its answer
                response = await request()
                if response.status_code not in (502, 504):
                    assert response.status_code in (200, 303), response.status_code
                    return response
            await asyncio.sleep(0.1)

    answered, rows = (await farm.counted()).get(("answer", "passwords"), 0), await farm.rows(handled_updates)
    talking = asyncio.gather(*(talk(person) for person in people))
    for program in farm.programs[: BOTS - 1]:
        before = await farm.rows(handled_updates)
        while await farm.rows(handled_updates) < before + 6 and not talking.done():
            await asyncio.sleep(0.02)
        await program.kill()
    async with asyncio.timeout(30):  # the chats that they had in hand are free
        await talking
    assert not lost
    assert (await farm.counted())["answer", "passwords"] - answered == len(people) * len(asks)
    assert await farm.rows(handled_updates) - rows == len(people) * len(asks)
    assert await farm.programs[-1].stop() == 0
