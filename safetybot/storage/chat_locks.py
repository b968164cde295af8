"""Whose turn it is in each chat, among all the processes that share one PostgreSQL database.

The turn of a chat lasts until its answer is delivered, which may take a minute where Telegram asks for a pause. A row
lock would keep one connection and one open transaction for each chat so long. Advisory locks of the session need
neither: one connection holds those of all chats that this process has in hand, many are asked for in one statement,
and where the process dies, the server gives them back at once.

That connection may be lost while a turn goes on, and another process may then take the chat. So each connection also
holds a lock of its own, under a random number: the *holder*. Every transaction that writes for a chat takes the chat's
*writing* lock, and then looks whether the holder's lock is still held (:meth:`ChatLocks.still_ours`). Whoever takes a
chat must find its writing lock free. So a turn that was lost writes nothing: where it looked in time, the next one
begins only after its commit; where it did not, it is told. A connection pooler that changes the server's session from
one transaction to the next would break this.
"""

# ruff: noqa: N818  (errors are named for what went wrong)

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.storage.batching import Batcher
from safetybot.storage.database import Engine

MOST = 1_000
"""Chats in hand in one process: the server's table of locks has room for some 6,400 where nobody changed that."""
FIRST_PAUSE, LONGEST_PAUSE = 0.004, 0.1
"""Seconds between two askings for a chat that another process has."""
LONGEST_WAIT = 150.0
"""Seconds to wait for it: longer than any delivery takes, so that a process that hangs does not silence a chat."""
ANSWER_SECONDS = 5.0
"""To wait for the server."""

_EXCHANGE = """
SELECT 0 AS place, pg_advisory_unlock(freed.chat) AS ours FROM unnest($1::bigint[]) AS freed(chat)
UNION ALL
SELECT wanted.place,
    CASE WHEN pg_try_advisory_lock(wanted.chat) THEN
        CASE WHEN pg_try_advisory_xact_lock(wanted.writing) THEN true ELSE NOT pg_advisory_unlock(wanted.chat) END
    ELSE false END
FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS wanted(chat, writing, place)
"""
# A machine that vanishes closes no connection: so the server asks whether it is there.
_SETTINGS = (
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;"
    "SET tcp_user_timeout = 25000"
)
_WRITE = text("SELECT pg_advisory_xact_lock_shared(writing) FROM unnest(:writing) AS writing").bindparams(
    bindparam("writing", type_=ARRAY(BigInteger))
)
_GONE = text("SELECT pg_try_advisory_xact_lock_shared(:holder)").bindparams(bindparam("holder", type_=BigInteger))

_log = logging.getLogger(__name__)


class TurnLost(Exception):
    """The connection that held the turn of a chat was lost, so that another process may have it."""


class TurnNotGiven(Exception):
    """The turn of a chat could not be taken: the database does not answer, or another process does not give it back."""


@dataclass(frozen=True, slots=True)
class _Asked:
    chat_key: bytes
    free: int | None = None
    """The holder with whose turn it is given back; None where it is wanted."""

    @property
    def chat(self) -> int:
        return _number(self.chat_key[:8])

    @property
    def writing(self) -> int:
        return _number(self.chat_key[8:16])


class ChatLocks:
    """The chats that this process has in hand. Within the process, one chat is taken once at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._driver: Any = None
        """asyncpg's own connection: what is asked here is asked for every message."""
        self._holder = 0
        self._held: dict[bytes, int] = {}
        """Chat → holder."""
        self._exchanges = Batcher(self._exchange)
        self._room = asyncio.Semaphore(MOST)
        self._freeing: set[asyncio.Task[Any]] = set()

    async def acquire(self, chat_key: bytes) -> None:
        """Waits for the turn of a chat. Raises TurnNotGiven."""
        await self._room.acquire()
        try:
            self._held[chat_key] = await self._taken(chat_key)
        except BaseException:
            self._room.release()
            raise

    async def reacquire(self, chat_key: bytes) -> None:
        """Takes a turn again that may be lost; others may have had it meanwhile. Raises TurnNotGiven.

        Then what this turn was writing is written, or never will be.
        """
        before = self._held[chat_key]
        self._held[chat_key] = holder = await self._taken(chat_key)
        if holder == before:  # it was not lost; and such a lock counts how often it was taken
            await self._ask(_Asked(chat_key, free=holder))

    async def release(self, chat_key: bytes) -> None:
        """Ends the turn of a chat. Never raises: where the connection is lost, so is the turn."""
        holder = self._held.pop(chat_key)
        self._room.release()
        try:
            await self._ask(_Asked(chat_key, free=holder))
        except TurnNotGiven as error:
            _log.warning("a chat was given back by its connection's end: %s", error)

    def still_ours(self, connection: Connection, chat_keys: Collection[bytes]) -> set[bytes]:
        """Those chats for which this transaction may write: nobody else takes them before it ends."""
        held = {key: self._held[key] for key in chat_keys if key in self._held}
        connection.execute(_WRITE, {"writing": sorted(_Asked(key).writing for key in held)})
        gone = {holder for holder in {*held.values()} if connection.scalar(_GONE, {"holder": holder})}
        return {key for key, holder in held.items() if holder not in gone}

    def must_be_ours(self, connection: Connection, chat_key: bytes) -> None:
        """Raises TurnLost where this transaction may not write for a chat."""
        if not self.still_ours(connection, [chat_key]):
            raise TurnLost("another process has the turn of this chat now")

    async def close(self) -> None:
        """Gives everything back."""
        await asyncio.gather(*self._freeing)
        await self._drop()

    async def _taken(self, chat_key: bytes) -> int:
        pause, end = FIRST_PAUSE, asyncio.get_running_loop().time() + LONGEST_WAIT
        while not (holder := await self._asked(chat_key)):
            if asyncio.get_running_loop().time() > end:
                raise TurnNotGiven("another process does not give it back")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
        return holder

    async def _asked(self, chat_key: bytes) -> int:
        """The holder of a chat that is ours now; 0 where another process has it."""
        asking = asyncio.ensure_future(self._ask(_Asked(chat_key)))
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            # It may be given all the same; then nobody is there to have it.
            freeing = asyncio.create_task(self._free(chat_key, asking))
            self._freeing.add(freeing)
            freeing.add_done_callback(self._freeing.discard)
            raise

    async def _free(self, chat_key: bytes, asking: asyncio.Future[int]) -> None:
        try:
            if holder := await asking:
                await self._ask(_Asked(chat_key, free=holder))
        except TurnNotGiven:
            pass

    async def _ask(self, asked: _Asked) -> int:
        return await self._exchanges.submit(asked)

    async def _exchange(self, asked: Sequence[_Asked]) -> list[int]:
        """Gives back and takes, in one statement. The holder of each that is given now, else 0. Raises TurnNotGiven."""
        wanted = [each for each in asked if each.free is None]
        while True:
            new = self._connection is None
            try:
                if new:
                    await self._connect()
                freed = [each.chat for each in asked if each.free == self._holder]
                rows = await self._driver.fetch(
                    _EXCHANGE,
                    freed,
                    [each.chat for each in wanted],
                    [each.writing for each in wanted],
                    timeout=ANSWER_SECONDS,
                )
            except Exception as error:
                await self._drop()
                if new:
                    raise TurnNotGiven(f"the database does not answer ({type(error).__name__})") from None
                _log.warning("the connection that holds the chats in hand was lost: %s", type(error).__name__)
                continue  # all that was held is lost with it; what is wanted is asked of a new one
            given = {row["place"] for row in rows if row["ours"]} - {0}
            ours = {id(each): self._holder for place, each in enumerate(wanted, 1) if place in given}
            return [ours.get(id(each), 0) for each in asked]

    async def _connect(self) -> None:
        async with asyncio.timeout(ANSWER_SECONDS):
            connection = await self._engine.connect()
        driver: Any = (await connection.get_raw_connection()).driver_connection
        try:
            assert connection.sync_connection is not None
            connection.sync_connection.detach()  # from the pool, whose connections others wait for
            holder = secrets.randbits(62) + 1
            await driver.execute(_SETTINGS, timeout=ANSWER_SECONDS)
            await driver.fetch("SELECT pg_advisory_lock($1)", holder, timeout=ANSWER_SECONDS)
        except BaseException:
            driver.terminate()
            await connection.invalidate()
            raise
        self._connection, self._driver, self._holder = connection, driver, holder

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._driver.terminate()  # it is the pool's no more, so nobody else closes it
            await connection.invalidate()


def _number(part: bytes) -> int:
    return int.from_bytes(part, "big", signed=True)


def locks_of(engine: Engine) -> ChatLocks | None:
    """The locks of a database's chats, where several processes may share it; None for SQLite, which one process has."""
    return None if engine.dialect.name == "sqlite" else ChatLocks(engine)
