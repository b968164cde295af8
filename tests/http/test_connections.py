"""What a connection may take of the server: real sockets against a real uvicorn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from safetybot.channels.telegram import WebhookOptions
from safetybot.channels.web import WebOptions
from safetybot.desk.options import DeskOptions
from safetybot.editing.preview.options import PreviewOptions
from safetybot.http.connections import Connection
from safetybot.http.options import ServingOptions
from safetybot.http.server import listen, serve
from safetybot.monitoring.options import DeskWatchOptions, WatchOptions


class Quick(Connection):
    """Few, and with little patience."""

    MOST = 3
    ADDRESS_PART = 1
    REQUEST_SECONDS = 0.2


@asynccontextmanager
async def served(
    connection: type[Connection] = Connection, options: ServingOptions | None = None
) -> AsyncIterator[int]:
    """The port."""

    async def taken(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    app = Starlette(routes=[Route("/", taken, methods=["GET", "POST"])])
    options, stop = options or WebOptions(port=0), asyncio.Event()
    with listen(options) as listening:
        task = asyncio.create_task(serve(app, options, listening, stop, connection))
        port = listening.socket.getsockname()[1]
        try:
            for _ in range(200):
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.01)
                    continue
                writer.close()
                break
            yield port
        finally:
            stop.set()
            await task


async def _answer(port: int, *parts: bytes) -> bytes:
    """What comes back until the connection is over."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        return await asyncio.wait_for(reader.read(), 5)
    except ConnectionError:
        return b""
    finally:
        writer.close()


HEAD = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HT",
        HEAD + b"x-slow: a",
        HEAD + b"content-length: 10\r\n\r\nabc",
        HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
        # Answered before all of it has come: the rest is not waited for.
        b"POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc",
    ],
)
async def test_a_request_that_does_not_come_whole_is_given_up(begun: bytes) -> None:
    async with served(Quick) as port:
        answer = await _answer(port, begun)
        assert b"200 OK" not in answer
        whole = HEAD + b"content-length: 3\r\n\r\nabc"
        assert (await _answer(port, whole)).endswith(b"\r\n\r\n3")


async def test_each_request_of_a_connection_has_its_own_time() -> None:
    async with served(Quick) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(4):  # longer in all than one may take
            writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc")
            assert (await reader.readuntil(b"\r\n\r\n3")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(0.12)
        began = asyncio.get_running_loop().time()
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\n")
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        assert asyncio.get_running_loop().time() - began > 0.19
        writer.close()


@pytest.mark.parametrize(
    "endless",
    [
        [b"GET / HTTP/1.1\r\n", *[b"x-%d: %s\r\n" % (number, b"y" * 1000) for number in range(400)]],
        [b"GET / HTTP/1.1\r\nx-one: ", *[b"y" * 10_000] * 40],
        [b"GET /" + b"a" * 300_000, b"a" * 100_000],
        [HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", *[b"x-t: " + b"y" * 10_000 + b"\r\n"] * 40],
    ],
)
async def test_headers_without_an_end_are_given_up(endless: list[bytes]) -> None:
    async with served(Connection) as port:
        assert b"200 OK" not in await _answer(port, *endless)


async def test_one_connection_too_many_is_closed_at_once() -> None:
    async with served(Quick) as port:
        await asyncio.sleep(0.3)  # until the first look is over
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        assert await _answer(port, HEAD + b"\r\n") == b""
        for _, writer in held:
            writer.close()
        # Places are free again.
        for _ in range(100):
            if (await _answer(port, HEAD + b"\r\n")).endswith(b"0"):
                return
        raise AssertionError("nobody is answered any more")


async def test_large_bodies_and_many_requests_go_through() -> None:
    body = b"b" * 200_000
    async with served(Connection) as port:
        whole = HEAD + b"content-length: %d\r\n\r\n" % len(body) + body
        assert (await _answer(port, whole)).endswith(b"200000")
        again = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" * 3 + b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        assert (await _answer(port, again)).count(b"200 OK") == 4


EVERY = (WebOptions, DeskOptions, PreviewOptions, WatchOptions, DeskWatchOptions, WebhookOptions)
"""All that is served, is served in one way."""
CAP = Connection.HEAD_BYTES
REFUSED = b"HTTP/1.1 431 "


def head_of(size: int, *, lines: int = 1) -> bytes:
    """A request's head of so many bytes."""
    begun = b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n"
    begun += b"".join(b"x-%d: y\r\n" % number for number in range(lines - 1))
    return begun + b"x-long: " + b"y" * (size - len(begun) - len(b"x-long: \r\n\r\n")) + b"\r\n\r\n"


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
async def test_headers_of_more_than_64_kib_are_refused_wherever_they_are_sent(kind: type[ServingOptions]) -> None:
    async with served(options=kind(port=0)) as port:
        assert b"200 OK" in await _answer(port, head_of(CAP))
        assert (await _answer(port, head_of(CAP + 1))).startswith(REFUSED)
        assert (await _answer(port, head_of(3 * CAP))).startswith(REFUSED)


@pytest.mark.parametrize("size", [1, 100, 1_000, 10_000, CAP - 1, CAP, CAP + 1])
@pytest.mark.parametrize("lines", [1, 500])
async def test_exactly_at_the_cap_whatever_pieces_they_come_in(size: int, lines: int) -> None:
    def pieces(head: bytes) -> list[bytes]:
        first = head[:-40] if size < 100 else b""  # a byte at a time where it matters: sixty thousand would take long
        rest = head[len(first) :]
        return [first, *(rest[start : start + size] for start in range(0, len(rest), size))]

    async with served() as port:
        assert b"200 OK" in await _answer(port, *pieces(head_of(CAP, lines=lines)))
        assert (await _answer(port, *pieces(head_of(CAP + 1, lines=lines)))).startswith(REFUSED)


async def test_a_long_address_is_part_of_it() -> None:
    rest = b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    async with served() as port:
        for size, refused in ((CAP, False), (CAP + 1, True)):
            answer = await _answer(port, b"GET /?" + b"a" * (size - len(rest) - len(b"GET /?")) + rest)
            assert answer.startswith(REFUSED) is refused


async def test_also_in_a_request_that_begins_where_another_ends() -> None:
    body = b"b" * 50_000
    first = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    async with served() as port:
        assert (await _answer(port, first + head_of(CAP))).count(b"200 OK") == 2
        for size in (CAP + 1, CAP + 10_000, 3 * CAP):
            answer = await _answer(port, first + head_of(size, lines=20))
            assert answer.count(b"200 OK") <= 1, "the second was answered"


async def test_who_is_refused_is_not_read_for_ever() -> None:
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head_of(2 * CAP))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(REFUSED)

        async def send_on() -> None:
            while True:
                writer.write(b"y" * 1_000)
                await writer.drain()
                await asyncio.sleep(0.02)

        with pytest.raises(ConnectionError):  # it is closed soon
            await asyncio.wait_for(send_on(), 10)
        writer.close()
