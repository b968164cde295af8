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

from safetybot.channels.web import WebOptions
from safetybot.serving.connections import Connection
from safetybot.serving.listening import listen, serve


class Quick(Connection):
    """Few, and with little patience."""

    MOST = 3
    REQUEST_SECONDS = 0.2


@asynccontextmanager
async def served(connection: type[Connection]) -> AsyncIterator[int]:
    """The port."""

    async def taken(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    app, options, stop = (
        Starlette(routes=[Route("/", taken, methods=["GET", "POST"])]),
        WebOptions(port=0),
        asyncio.Event(),
    )
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
