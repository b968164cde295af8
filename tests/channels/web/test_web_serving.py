"""The server: where it listens, and how it stops."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from safetybot.channels.web import WebChat, WebOptions
from safetybot.dialogue.messages import Incoming, Reply
from safetybot.http.server import AddressTaken, listen, serve
from safetybot.service.chat_turn import ChatTurn
from tests.channels.web.browsing import Browser, read_page


@asynccontextmanager
async def served(web: WebChat) -> AsyncIterator[tuple[str, asyncio.Event, asyncio.Task[None]]]:
    """Its address, the event that stops it, and the task that serves it."""
    options, stop = WebOptions(port=0), asyncio.Event()
    with listen(options) as listening:
        task = asyncio.create_task(serve(web.app, options, listening, stop))
        try:
            yield listening.address, stop, task
        finally:
            stop.set()
            await task


async def test_ready_is_told_when_it_can_be_reached(web: WebChat) -> None:
    options, stop = WebOptions(port=0), asyncio.Event()
    reached: list[bool] = []

    def at_once() -> None:
        with socket.socket() as connection:
            connection.settimeout(5)
            reached.append(connection.connect_ex(listening.socket.getsockname()) == 0)
        stop.set()

    with listen(options) as listening:
        await serve(web.app, options, listening, stop, ready=at_once)
    assert reached == [True]


async def _reached(client: httpx.AsyncClient) -> httpx.Response:
    for _ in range(200):
        try:
            return await client.get("/")
        except httpx.ConnectError:
            await asyncio.sleep(0.02)
    raise AssertionError("nobody answers")


async def test_it_answers_over_a_real_connection(web: WebChat) -> None:
    async with served(web) as (address, *_), httpx.AsyncClient(base_url=address) as client:
        response = await _reached(client)
        assert response.status_code == 200
        assert "server" not in response.headers
        assert len(read_page(response.text).find("form", id="say")) == 1
        huge = await client.get("/", headers={"cookie": "chat=" + "x" * 200_000})
        assert huge.status_code in (200, 400, 431)


async def test_what_is_in_hand_is_finished_first(web: WebChat, monkeypatch: pytest.MonkeyPatch) -> None:
    reply, begun = ChatTurn.reply, asyncio.Event()

    async def slow(turn: ChatTurn, incoming: Incoming) -> Reply | None:
        begun.set()
        await asyncio.sleep(0.5)
        return await reply(turn, incoming)

    monkeypatch.setattr(ChatTurn, "reply", slow)
    async with served(web) as (address, stop, task), httpx.AsyncClient(base_url=address) as client:
        page = Browser(web)
        page.page = read_page((await _reached(client)).text)
        _, fields = page.form("say")
        sending = asyncio.create_task(client.post("/say", data={**fields, "text": "hello"}))
        await begun.wait()
        stop.set()
        assert (await sending).status_code == 303
        await task
        with pytest.raises(httpx.ConnectError):
            await client.get("/")
        await page.client.aclose()


def test_a_place_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with (
            pytest.raises(AddressTaken, match=f"127.0.0.1 port {port}: .*SAFETYBOT_WEB_PORT"),
            listen(WebOptions(port=port)),
        ):
            pass


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1", "x" * 300, "a..b"])
def test_a_place_that_is_not_ours_is_told(host: str) -> None:
    with pytest.raises(AddressTaken), listen(WebOptions(host=host, port=0)):
        pass


def test_nobody_is_kept_waiting_before_there_is_an_answer() -> None:
    with listen(WebOptions(port=0)) as listening:
        port = listening.socket.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


@pytest.mark.parametrize(
    ("options", "address"),
    [
        (WebOptions(), "http://127.0.0.1:7"),
        (WebOptions(host="::1"), "http://[::1]:7"),
        (WebOptions(host="0.0.0.0", url="https://chat.example.org"), "https://chat.example.org"),
    ],
)
def test_the_address_for_the_operator(options: WebOptions, address: str) -> None:
    assert options.shown(7) == address


async def test_no_address_of_a_visitor_is_logged(web: WebChat, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with served(web) as (address, *_), httpx.AsyncClient(base_url=address) as client:
        await _reached(client)
        await client.get("/zebedee?name=marmalade")
    ours = [
        record.getMessage() for record in caplog.records if record.name.partition(".")[0] in ("safetybot", "uvicorn")
    ]
    assert any("answering" in line for line in ours)
    assert not any("zebedee" in line or "marmalade" in line for line in ours)
