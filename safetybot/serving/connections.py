"""What one connection may take: how many there are, how long a request may take to come, how much of it may be no body.

uvicorn alone waits for ever for the rest of a request, and keeps headers of any size: a few hundred connections that
send a letter now and then would be all that the process can hold, and Telegram's would find no place either.
"""

from __future__ import annotations

import asyncio
import resource

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_OTHERS = 100
"""File handles that are left for the database, Telegram and logs."""
_FILES = 65_536
"""More than any process of ours needs."""


class Connection(HttpToolsProtocol):
    """One browser's, or one proxy's."""

    MOST = 4_000
    """Connections at once; fewer where the system allows fewer open files. The next is closed at once."""
    REQUEST_SECONDS = 30.0
    """For a request to come whole, from its first letter or from the connection's beginning."""
    HEAD_BYTES = 64 * 1024
    """Of a request's headers, or of what stands between the parts of its body."""

    _due: float | None = None
    """When the request that is coming must be whole; a time of the loop's."""
    _timer: asyncio.TimerHandle | None = None
    """Looks at that from time to time: to set and take back one for each request costs more than all else here."""
    _apart = 0
    """Bytes that came since the last part of a body, or since a request began."""
    _moved = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Takes it, if there is a place."""
        super().connection_made(transport)
        if len(self.connections) > most_connections(self.MOST):
            transport.abort()
            return
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._expected()
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Reads on, and counts what is no body."""
        self._moved = False
        super().data_received(data)
        self._apart = 0 if self._moved else self._apart + len(data)
        if self._apart > self.HEAD_BYTES and not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(_TOO_LARGE)
                self.transport.close()
            self._give_up()

    def on_message_begin(self) -> None:
        """A request's first letter has come."""
        super().on_message_begin()
        self._expect()

    def on_headers_complete(self) -> None:
        """Its headers have come."""
        self._moved = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of its body has come."""
        self._moved = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """It has come whole."""
        self._moved = True
        self._expected()
        super().on_message_complete()

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
