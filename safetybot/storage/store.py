"""Reads and writes what conversations need. Works on SQLite and PostgreSQL alike."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Connection,
    Delete,
    LargeBinary,
    Table,
    bindparam,
    cast,
    delete,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.storage.batching import Batcher
from safetybot.storage.data_errors import is_bad_value
from safetybot.storage.scrubbing import scrub
from safetybot.storage.tables import (
    code_tries,
    counters,
    drafts,
    fragments,
    handled_updates,
    limits,
    sessions,
    transcripts,
    visits,
)
from safetybot.storage.transactions import run

_KEYS: BindParameter[Sequence[bytes]] = bindparam("keys", expanding=True)
_UPDATES: BindParameter[Sequence[tuple[str, int]]] = bindparam("updates", expanding=True)
_LOOK = union_all(
    *(
        select(literal(table.name), table.c.chat_key, table.c.sealed, table.c.expires).where(
            table.c.chat_key.in_(_KEYS)
        )
        for table in (sessions, fragments, drafts, visits)
    ),
    select(
        handled_updates.c.channel, cast(null(), LargeBinary), cast(null(), LargeBinary), handled_updates.c.update_id
    ).where(tuple_(handled_updates.c.channel, handled_updates.c.update_id).in_(_UPDATES)),
)
"""All that a turn begins with, of many chats: (table, chat, envelope, expiry), and (channel, None, None, update)."""

_log = logging.getLogger(__name__)

Update = tuple[str, int]
"""Channel and number of an update."""


def upserts(dialect: str) -> Callable[[Table], Any]:
    """The ``INSERT … ON CONFLICT`` of a database: ``sqlite`` or ``postgresql``."""
    return postgresql.insert if dialect == "postgresql" else sqlite.insert


class Count(NamedTuple):
    """What is counted: no words and no people in it."""

    day: str
    """UTC, ``2026-11-24``."""
    name: str
    topic: str


class Sealed(NamedTuple):
    """Something sealed, and when it is to be deleted."""

    envelope: bytes
    expires: int


class StoredChat(NamedTuple):
    """All that is stored of a chat when its turn begins, whether or not its time is over."""

    session: Sealed | None = None
    fragment: Sealed | None = None
    drafts: Sealed | None = None
    visits: Sealed | None = None
    handled: bool = False
    """The update was answered before."""


@dataclass(slots=True)
class Batch:
    """Everything to be written in one transaction. None in place of an envelope deletes."""

    sessions: dict[bytes, Sealed | None] = field(default_factory=dict)
    fragments: dict[bytes, Sealed | None] = field(default_factory=dict)
    handled: dict[Update, int] = field(default_factory=dict)
    """Channel and update → hour of expiry."""
    counts: Counter[Count] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(self.sessions or self.fragments or self.handled or self.counts)

    def merge(self, newer: Batch) -> None:
        """Takes in what came later."""
        self.sessions |= newer.sessions
        self.fragments |= newer.fragments
        self.handled |= newer.handled
        self.counts += newer.counts

    def rows(self) -> list[Batch]:
        """A batch for each row; counters last and in order, as they are always written."""
        return [
            *(Batch(sessions={key: sealed}) for key, sealed in self.sessions.items()),
            *(Batch(fragments={key: sealed}) for key, sealed in self.fragments.items()),
            *(Batch(handled={update: expires}) for update, expires in self.handled.items()),
            *(Batch(counts=Counter({count: number})) for count, number in sorted(self.counts.items())),
        ]


class Store:
    """The conversation's tables of one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._insert = upserts(engine.dialect.name)
        self._looks = Batcher(self._look)

    async def look(self, chat_key: bytes, update: Update | None = None) -> StoredChat:
        """What is stored of a chat, and whether an update was answered. Those who ask at once are told at once."""
        return await self._looks.submit((chat_key, update))

    async def _look(self, wanted: Sequence[tuple[bytes, Update | None]]) -> list[StoredChat]:
        keys = [chat_key for chat_key, _ in wanted]
        updates = [update for _, update in wanted if update is not None]
        stored: dict[tuple[str, bytes], Sealed] = {}
        handled: set[Update] = set()
        asked = {"keys": keys, "updates": updates}
        for name, key, envelope, number in await run(self.engine, lambda each: each.execute(_LOOK, asked).all()):
            if key is None:
                handled.add((name, number))
            else:
                stored[name, key] = Sealed(envelope, number)
        return [
            StoredChat(
                session=stored.get((sessions.name, key)),
                fragment=stored.get((fragments.name, key)),
                drafts=stored.get((drafts.name, key)),
                visits=stored.get((visits.name, key)),
                handled=update in handled,
            )
            for key, update in wanted
        ]

    async def write(self, batch: Batch) -> None:
        """Writes a batch in one transaction: all of it, or nothing; but without a row that no database takes."""
        try:
            await run(self.engine, lambda connection: self.write_on(connection, batch))
        except Exception as error:
            if not is_bad_value(error):
                raise
            await run(self.engine, lambda connection: self.write_rows_on(connection, batch))

    def write_on(self, connection: Connection, batch: Batch) -> None:
        """As :meth:`write`, in a transaction that the caller has begun."""
        self._write_sealed(connection, sessions, batch.sessions)
        self._write_sealed(connection, fragments, batch.fragments)
        if batch.handled:
            rows = [
                {"channel": channel, "update_id": update_id, "expires": expires}
                for (channel, update_id), expires in batch.handled.items()
            ]
            connection.execute(self._insert(handled_updates).on_conflict_do_nothing(), rows)
        if batch.counts:
            self._add(connection, batch.counts)

    def write_rows_on(self, connection: Connection, batch: Batch) -> None:
        """As :meth:`write_on`, but a row that no database takes is given up alone: it must not stop other chats'."""
        if connection.dialect.name == "sqlite" and not connection.connection.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # which the driver leaves out before a savepoint
        self._write_halves(connection, batch.rows())

    def _write_halves(self, connection: Connection, rows: Sequence[Batch]) -> None:
        together = Batch()
        for row in rows:
            together.merge(row)
        try:
            with connection.begin_nested():
                self.write_on(connection, together)
        except Exception as error:
            if not is_bad_value(error):
                raise
            if len(rows) == 1:
                # The type alone: an error may carry what was to be written.
                _log.error("a row that no database takes was given up: %s", type(error).__name__)
                return
            middle = len(rows) // 2
            self._write_halves(connection, rows[:middle])
            self._write_halves(connection, rows[middle:])

    async def purge(self, hour: int, second: int, *, deleted: bool = False) -> None:
        """Deletes everything of chats whose time is over, without leaving a trace of it.

        ``deleted``: more was deleted before, whose traces are to go as well.
        """
        gone = 0
        by_hour, by_second = (sessions, handled_updates, drafts), (fragments, visits, transcripts)
        expiring = (*((table, hour) for table in by_hour), *((table, second) for table in by_second))
        async with self.engine.begin() as connection:
            for table, now in expiring:
                gone += (await connection.execute(self._expired(table, now))).rowcount
            await connection.execute(delete(code_tries).where(code_tries.c.hour < hour))
            await connection.execute(delete(limits).where(limits.c.expires < hour))
        if gone or deleted:
            await scrub(self.engine, tries=1)  # soon comes the next purge

    def _expired(self, table: Table, now: int) -> Delete:
        """Deletes what is over; what another process is writing or deleting at this moment is left to it."""
        over = table.c.expires < now
        if self.engine.dialect.name == "sqlite":
            return delete(table).where(over)
        key = tuple(table.primary_key.columns)
        free = select(*key).where(over).with_for_update(skip_locked=True)
        return delete(table).where(tuple_(*key).in_(free))

    async def rename(self, old: bytes, new: bytes, reseal: Callable[[str, bytes], bytes | None]) -> None:
        """Move all that is stored of a chat to another key in one transaction, each envelope sealed anew.

        ``reseal`` takes the name of a table and an envelope; None gives the envelope up.
        """

        def work(connection: Connection) -> None:
            for table in (sessions, fragments, drafts, visits, transcripts):
                row = connection.execute(
                    delete(table).where(table.c.chat_key == old).returning(table.c.sealed, table.c.expires)
                ).one_or_none()
                envelope = None if row is None else reseal(table.name, row.sealed)
                if row is not None and envelope is not None:
                    values = {"chat_key": new, "sealed": envelope, "expires": row.expires}
                    connection.execute(table.insert().values(values))

        await run(self.engine, work)

    async def counted(self, first_day: str, last_day: str) -> Mapping[tuple[str, str], int]:
        """(name, topic) → sum from ``first_day`` to ``last_day``, both included."""
        query = (
            select(counters.c.name, counters.c.topic, func.sum(counters.c.count))
            .where(counters.c.day.between(first_day, last_day))
            .group_by(counters.c.name, counters.c.topic)
        )
        async with self.engine.connect() as connection:
            return {(name, topic): int(total) for name, topic, total in await connection.execute(query)}

    def _write_sealed(self, connection: Connection, table: Table, changed: Mapping[bytes, Sealed | None]) -> None:
        gone = [key for key, sealed in changed.items() if sealed is None]
        if gone:
            connection.execute(delete(table).where(table.c.chat_key.in_(gone)))
        rows: Sequence[dict[str, Any]] = [
            {"chat_key": key, "sealed": sealed.envelope, "expires": sealed.expires}
            for key, sealed in changed.items()
            if sealed is not None
        ]
        if rows:
            insert = self._insert(table)
            connection.execute(
                insert.on_conflict_do_update(
                    index_elements=[table.c.chat_key],
                    set_={"sealed": insert.excluded.sealed, "expires": insert.excluded.expires},
                ),
                rows,
            )

    def _add(self, connection: Connection, counts: Counter[Count]) -> None:
        # Of all that is written these alone are rows that others write too: last, so that nobody waits for long, and
        # in one order, so that no two wait for each other.
        insert = self._insert(counters)
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=[counters.c.day, counters.c.name, counters.c.topic],
                set_={"count": counters.c.count + insert.excluded.count},
            ),
            [{**key._asdict(), "count": number} for key, number in sorted(counts.items())],
        )
