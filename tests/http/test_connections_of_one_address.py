"""One address that holds all the connections it can get does not keep another from a page: real sockets."""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from safetybot.channels.web import WebOptions
from safetybot.http.client_address import customer_of, is_address, is_among
from safetybot.http.connections import Connection, _held, most_connections, raise_file_limit
from tests.http.test_connections import HEAD, served

SILENT = 4_000
SOON = 10.0
"""Seconds: far less than the 30 that a silent connection is borne with, and enough for a busy machine on which the
first try to connect is dropped."""


@contextmanager
def silent(port: int, address: str, count: int) -> Iterator[list[socket.socket]]:
    """Connections from an address that never say anything."""
    with ExitStack() as stack:
        held = []
        for _ in range(count):
            held.append(stack.enter_context(socket.socket()))
            held[-1].setblocking(False)
            held[-1].bind((address, 0))
            assert held[-1].connect_ex(("127.0.0.1", port)) in (0, errno.EINPROGRESS)
        yield held


def open_now(held: list[socket.socket]) -> int:
    """How many of them the server has not closed."""
    return sum(_is_open(each) for each in held)


def _is_open(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


async def asked(port: int, address: str = "127.0.0.1") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    try:
        writer.write(HEAD + b"\r\n")
        return await asyncio.wait_for(reader.read(), SOON)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_thousands_of_silent_ones_of_one_address_leave_the_others_a_page_at_once() -> None:
    raise_file_limit()
    async with served() as port:
        of_one = most_connections(Connection.MOST) // Connection.ADDRESS_PART
        with silent(port, "127.0.0.2", SILENT) as held:
            slowest = 0.0
            for _ in range(20):
                began = time.monotonic()
                assert b"200 OK" in await asked(port)
                slowest = max(slowest, time.monotonic() - began)
                await asyncio.sleep(0.05)
            assert slowest < SOON, "all of them were taken in meanwhile, or closed"
            async with asyncio.timeout(10):
                while open_now(held) > of_one:
                    await asyncio.sleep(0.05)
            assert open_now(held) == of_one
            assert await asked(port, "127.0.0.2") == b""
        async with asyncio.timeout(10):  # all are free again
            while b"200 OK" not in await asked(port, "127.0.0.2"):
                await asyncio.sleep(0.05)


class Few(Connection):
    """Sixteen in all, two of one address."""

    MOST = 16


async def test_a_proxy_that_is_believed_may_hold_more() -> None:
    async with served(Few, WebOptions(port=0, proxies=("127.0.0.2",))) as port:
        with silent(port, "127.0.0.3", 5) as others, silent(port, "127.0.0.2", 10) as proxy:
            await asyncio.sleep(0.3)
            assert open_now(others) == 2
            assert open_now(proxy) == 10
            assert b"200 OK" in await asked(port, "127.0.0.2")


async def test_nothing_is_kept_of_an_address_without_a_connection() -> None:
    async with served(Few) as port:
        for address in ("127.0.0.4", "127.0.0.5"):
            assert b"200 OK" in await asked(port, address)
        async with asyncio.timeout(5):
            while any(_held.values()):
                await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:" + "x" * 100, "unix:" + "x" * 59),
        ("", ""),
    ],
)
def test_what_is_counted_as_one(address: str, counted: str) -> None:
    assert customer_of(address) == counted


def test_who_is_among_the_proxies() -> None:
    listed = ["127.0.0.1", "172.30.0.0/16", "proxy.example.org"]
    assert [is_among(each, listed) for each in ("127.0.0.1", "172.30.77.2", "proxy.example.org")] == [True] * 3
    assert [is_among(each, listed) for each in ("127.0.0.2", "172.31.0.1", "", "other")] == [False] * 4
    assert is_among("198.51.100.1", ["*"])


def test_addresses_are_told_from_names() -> None:
    assert [is_address(each) for each in ("127.0.0.1", "::1", "2001:db8::7")] == [True] * 3
    assert [is_address(each) for each in ("", "localhost", "127.0.0.1.example.org", "[::1]", "1.2.3")] == [False] * 5
