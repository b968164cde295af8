"""What one connection may take: how many there are, how long a request may take to come, how much of it may be no body.

uvicorn alone waits for ever for the rest of a request, and keeps headers of any size: a few hundred connections that
send a letter now and then would be all that the process can hold, and Telegram's would find no place either.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from weakref import WeakKeyDictionary

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from safetybot.http.client_address import customer_of, is_among

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_OTHERS = 100
"""File handles that are left for the database, Telegram and logs."""
_FILES = 65_536
"""More than any process of ours needs."""
_LINGER_SECONDS, _LINGER_BYTES = 2.0, 1024 * 1024
"""What is still read, and thrown away, after a refusal: closed at once, its sender would lose the refusal as well."""

_held: WeakKeyDictionary[ServerState, Counter[str]] = WeakKeyDictionary()
"""Server → address → its connections."""


class Connection(HttpToolsProtocol):
    """One browser's, or one proxy's."""

    MOST = 4_000
    """Connections at once; fewer where the system allows fewer open files. The next is closed at once."""
    ADDRESS_PART = 8
    """One address may hold the eighth part of them. A proxy whose ``X-Forwarded-For`` is believed may hold them all."""
    REQUEST_SECONDS = 30.0
    """For a request to come whole, from its first letter or from the connection's beginning."""
    HEAD_BYTES = 64 * 1024
    """Of a request's first line and headers, or of what stands between the parts of its body."""

    _due: float | None = None
    """When the request that is coming must be whole; a time of the loop's."""
    _timer: asyncio.TimerHandle | None = None
    """Looks at that from time to time: to set and take back one for each request costs more than all else here."""
    _apart = 0
    """Bytes that came since the last part of a body, or since a request began."""
    _moved = False
    _too_large = False
    """The headers that just came whole are."""
    _thrown_away: int | None = None
    """Bytes that were not read any more; None before anything is refused."""
    _address: str | None = None
    """The address that this connection is counted for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Takes it, if there is a place."""
        super().connection_made(transport)
        most = most_connections(self.MOST)
        if len(self.connections) > most or not self._counted(max(1, most // self.ADDRESS_PART)):
            transport.abort()
            return
        self._expect()

    def _counted(self, most: int) -> bool:
        """Counts it for its address; whether that has no more than ``most``."""
        peer = self.client[0] if self.client else ""
        if self.config.proxy_headers and is_among(peer, self.config.forwarded_allow_ips or ()):
            return True
        self._address = customer_of(peer)
        held = _held.setdefault(self.server_state, Counter())
        held[self._address] += 1
        return held[self._address] <= most

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._expected()
        if self._timer is not None:
            self._timer.cancel()
        if self._address is not None:
            held = _held[self.server_state]
            held[self._address] -= 1
            if not held[self._address]:
                del held[self._address]
            self._address = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Reads on, no further than headers may go, and counts what is no body."""
        rest = memoryview(data)
        while rest and not self.transport.is_closing():
            if self._thrown_away is not None:
                self._throw_away(len(rest))
                return
            if self._apart >= self.HEAD_BYTES:
                self._refuse()
                continue
            piece = rest[: self.HEAD_BYTES - self._apart]
            rest = rest[len(piece) :]
            self._moved = False
            super().data_received(data if len(piece) == len(data) else bytes(piece))
            self._apart = 0 if self._moved else self._apart + len(piece)
            if self._too_large:
                self._refuse()

    def on_message_begin(self) -> None:
        """A request's first letter has come."""
        super().on_message_begin()
        self._expect()

    def on_headers_complete(self) -> None:
        """Its headers have come."""
        self._moved = True
        # One that began in the middle of what came at once was not counted from its first letter.
        length = len(self.parser.get_method()) + len(self.url) + len("  HTTP/1.1\r\n\r\n")
        if length + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers) > self.HEAD_BYTES:
            self._too_large = True
        if not self._too_large:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of its body has come."""
        self._moved = True
        if not self._too_large:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """It has come whole."""
        self._moved = True
        if not self._too_large:
            self._expected()
            super().on_message_complete()

    def _refuse(self) -> None:
        """Says that headers are too large, where nothing else is being said; and reads no further."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._give_up()
            return
        self._thrown_away = 0
        self._due = self.loop.time() + _LINGER_SECONDS
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(self._due, self._look)
        self.transport.write(_TOO_LARGE)
        self.transport.write_eof()

    def _throw_away(self, count: int) -> None:
        self._thrown_away = (self._thrown_away or 0) + count
        if self._thrown_away > _LINGER_BYTES:
            self._give_up()

    def _expect(self) -> None:
        self._due = self.loop.time() + self.REQUEST_SECONDS
        if self._timer is None:
            self._timer = self.loop.call_at(self._due, self._look)

    def _expected(self) -> None:
        self._due = None

    def _look(self) -> None:
        self._timer = None
        if self._due is not None and self._due > self.loop.time():
            self._timer = self.loop.call_at(self._due, self._look)
        elif self._due is not None:
            self._give_up()

    def _give_up(self) -> None:
        """Closes it, whatever is in hand: what has not come whole was not acted on."""
        self._expected()
        if not self.transport.is_closing():
            self.transport.abort()


def most_connections(wanted: int) -> int:
    """So many connections, or as many as the system lets this process hold."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if files == resource.RLIM_INFINITY else max(1, min(wanted, files - _OTHERS))


def raise_file_limit() -> None:
    """Lets this process hold as many files and connections as the system allows it, within reason."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
