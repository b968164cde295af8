"""Starting and stopping a server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from safetybot.http.connections import Connection, raise_file_limit
from safetybot.http.options import ServingOptions

FINISH_SECONDS = 20
"""For what is in hand when it is told to stop."""

_log = logging.getLogger(__name__)


class AddressTaken(Exception):  # noqa: N818 - reads as what went wrong
    """It cannot listen where it is told to; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A place that is ours, where nobody is answered yet."""

    socket: socket.socket
    address: str
    """To tell an operator."""


@contextmanager
def listen(options: ServingOptions) -> Iterator[Listening]:
    """Takes the place while the block runs. Raises AddressTaken."""
    try:
        family, *_, place = socket.getaddrinfo(
            options.host or None, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # Bound, and not yet listened on: whoever asks before there is somebody to answer is told so at once.
        taken = socket.socket(family, socket.SOCK_STREAM)
        try:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(place)
        except OSError:
            taken.close()
            raise
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise AddressTaken(
            f"{options.what} cannot listen on {options.host} port {options.port}: {reason}. Is it running already? "
            f"{options.settings}_HOST and {options.settings}_PORT choose another place"
        ) from None
    with contextlib.closing(taken):
        taken.setblocking(False)
        yield Listening(taken, options.shown(taken.getsockname()[1]))


class _Server(uvicorn.Server):
    """Leaves signals to the program, which has more to finish than this; tells when it can be reached."""

    def __init__(self, config: uvicorn.Config, reachable: Callable[[], None]) -> None:
        super().__init__(config)
        self._reachable = reachable

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._reachable()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    app: ASGIApp,
    options: ServingOptions,
    listening: Listening,
    stop: asyncio.Event,
    connection: type[Connection] = Connection,
    *,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Answers until ``stop`` is set; then what is in hand is finished. ``ready`` is told when it can be reached."""
    raise_file_limit()
    config = uvicorn.Config(
        app,
        http=connection,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="on",
        proxy_headers=bool(options.proxies),
        forwarded_allow_ips=list(options.proxies),
        timeout_graceful_shutdown=FINISH_SECONDS,
    )
    name = options.what.removeprefix("the ").capitalize()

    def reachable() -> None:
        ready()
        _log.info("%s: answering at %s", name, listening.address)

    server = _Server(config, reachable)

    async def stopped() -> None:
        await stop.wait()
        server.should_exit = True

    waiting = asyncio.create_task(stopped(), name=f"{name} stop")
    try:
        await server.serve([listening.socket])
    finally:
        waiting.cancel()
        _log.info("%s: stopped", name)
