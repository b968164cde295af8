"""Engines on PostgreSQL: how long they wait, how many connections they hold, and how they come back to a lost server.

A connection that the server closed is noticed before it is used, at no cost; one that was idle for a while is asked
first whether it still lives, for a firewall between may have dropped it silently.
"""

from __future__ import annotations

import math
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import URL, Dialect, ExceptionContext, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from safetybot.storage.location import TLS

APPLICATION = "safetybot"
"""How the server knows us (``pg_stat_activity``)."""
CONNECTIONS = 10
"""That one process keeps; as many again where there is much to do. PostgreSQL allows 100 in all where nobody changed
that."""
CONNECT_SECONDS = 10.0
POOL_SECONDS = 10.0
"""To wait for one of our own connections to be free."""
ANSWER_SECONDS = 60.0
"""To wait for an answer from the network; longer than the server takes by its own rules."""
STATEMENT_SECONDS, LOCK_SECONDS, IDLE_SECONDS = 30, 10, 60
"""What the server breaks off: a statement, a wait for another's lock, a transaction in which nothing is asked."""
ASK_AFTER = 30.0
"""Seconds of idleness after which a connection is asked whether it lives."""

_TLS_FILES = {"sslrootcert", "sslcert", "sslkey", "sslcrl"}
_SINCE = "idle since"
_IN_THE_WAY = ("40P01", "40001")
"""A deadlock, which the server broke; and what cannot have happened one after another."""


class CannotReach(asyncpg.InterfaceError):  # type: ignore[misc]
    """The server did not answer; the message says how that showed, and no address."""


class NoTls(CannotReach):
    """It answered, but not over a connection that nobody else can read or answer in its place."""


def postgresql_engine(url: URL, *, answer: float | None = None, **options: str) -> AsyncEngine:
    """An engine on a PostgreSQL database. ``options``: settings that the server is to use for it.

    ``answer``: seconds to wait for an answer, where they are not the usual ones; infinite for as long as it takes.
    """
    answer = ANSWER_SECONDS if answer is None else answer
    settings = {
        "application_name": APPLICATION,
        "statement_timeout": f"{STATEMENT_SECONDS}s",
        "lock_timeout": f"{LOCK_SECONDS}s",
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
        "client_min_messages": "error",
        "timezone": "UTC",
        "jit": "off",  # it takes longer than any of our statements
        **options,
    }
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        pool_timeout=POOL_SECONDS,
        pool_use_lifo=True,
        pool_recycle=3600,
        connect_args={
            "async_creator_fn": _connect,
            "server_settings": settings,
            "timeout": CONNECT_SECONDS,
            "command_timeout": None if answer == math.inf else answer,
        },
    )
    _recover(engine)
    _name_errors(engine)
    return engine


@asynccontextmanager
async def patiently(engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """Another engine on the same database, for what may take long: it waits as long as that takes."""
    patient = postgresql_engine(engine.url, answer=math.inf, statement_timeout="0", lock_timeout="0")
    try:
        yield patient
    finally:
        await patient.dispose()


def was_in_the_way(error: DBAPIError) -> bool:
    """Whether a transaction failed for another's sake alone, so that it can be done again as it is."""
    return getattr(error.orig, "sqlstate", None) in _IN_THE_WAY


async def _connect(**arguments: Any) -> asyncpg.Connection:
    """As asyncpg connects, but with libpq's names for TLS, and with a name for what the network does."""
    tls = {name: arguments.pop(name) for name in TLS if name in arguments}
    if tls:
        _must_be_there(tls)
        tls["sslmode"] = arguments.pop("ssl", "prefer")
        # Read by asyncpg from an address alone; whatever else is in it stands beside.
        arguments["dsn"] = URL.create("postgresql", query=tls).render_as_string()
    try:
        return await asyncpg.connect(**arguments)
    except (ssl.SSLError, asyncpg.ClientConfigurationError) as error:
        raise NoTls(type(error).__name__) from None
    except (TimeoutError, OSError) as error:
        # Where TLS is wanted and not spoken, asyncpg raises a ConnectionError of its own making, without a number.
        made = isinstance(error, ConnectionError) and error.errno is None and "SSL" in str(error)
        raise (NoTls if made else CannotReach)(_network(error)) from None


def _must_be_there(tls: Mapping[str, str]) -> None:
    for name in _TLS_FILES & tls.keys():
        if not Path(tls[name]).is_file():
            raise NoTls(f"{name} names no file")


def _network(error: Exception) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__


def _recover(engine: AsyncEngine) -> None:
    """Has each connection looked at before it is used."""

    @event.listens_for(engine.sync_engine, "checkin")
    def _note(_: object, record: Any) -> None:
        record.info[_SINCE] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _look(connection: Any, record: Any, _: object) -> None:
        driver: asyncpg.Connection = connection.driver_connection
        since = record.info.get(_SINCE)
        idle = since is not None and time.monotonic() - since > ASK_AFTER
        if driver.is_closed() or (idle and not _lives(engine.dialect, connection)):
            raise DisconnectionError  # the pool makes another


def _name_errors(engine: AsyncEngine) -> None:
    """Takes the values of a row out of errors, which PostgreSQL tells as a detail; names what the network does."""

    @event.listens_for(engine.sync_engine, "handle_error")
    def _error(context: ExceptionContext) -> None:
        error: Any = context.original_exception
        tellers: tuple[Any, ...] = (error, getattr(error, "orig", None))
        for each in tellers:
            if getattr(each, "detail", None) is not None:
                each.detail = None
        if isinstance(error, TimeoutError | OSError):
            context.is_disconnect = True  # whatever still comes over it is not waited for
            raise InterfaceError("", None, CannotReach(_network(error))) from None


def _lives(dialect: Dialect, connection: Any) -> bool:
    try:
        return bool(dialect.do_ping(connection))
    except Exception:
        return False
