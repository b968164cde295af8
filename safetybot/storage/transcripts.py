"""Transcripts: what a page shows of its conversation, sealed, one a chat, and written before it is shown.

Those that come while one commit runs share the next, for each commit waits for the disk.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from sqlalchemy import delete, select

from safetybot.storage.database import Engine
from safetybot.storage.store import Sealed, upserts
from safetybot.storage.tables import transcripts


@dataclass(slots=True)
class _Commit:
    """What is written together, and who waits for it."""

    rows: dict[bytes, Sealed | None] = field(default_factory=dict)
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class TranscriptStore:
    """The transcripts of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._next: _Commit | None = None
        self._running: asyncio.Task[None] | None = None

    async def load(self, chat_key: bytes) -> Sealed | None:
        """The transcript of a chat, whether or not its time is over."""
        query = select(transcripts.c.sealed, transcripts.c.expires).where(transcripts.c.chat_key == chat_key)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return Sealed(row[0], row[1]) if row else None

    async def save(self, chat_key: bytes, sealed: Sealed | None) -> None:
        """Replaces it; None deletes. Once this returns, it is on the disk. Raises what the database raises."""
        if self._next is None:
            self._next = _Commit()
        commit = self._next
        commit.rows[chat_key] = sealed
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="transcripts")
        # Shielded: others wait for the same commit, and go on where one of them is called off.
        await asyncio.shield(commit.done)

    async def _run(self) -> None:
        try:
            while (commit := self._next) is not None:
                self._next = None
                try:
                    await self._write(commit.rows)
                except Exception as error:
                    commit.done.set_exception(error)
                    commit.done.exception()  # looked at, should nobody wait for it any more
                else:
                    commit.done.set_result(None)
        finally:
            self._running = None

    async def _write(self, rows: dict[bytes, Sealed | None]) -> None:
        gone = [key for key, sealed in rows.items() if sealed is None]
        kept = [
            {"chat_key": key, "sealed": sealed.envelope, "expires": sealed.expires}
            for key, sealed in rows.items()
            if sealed is not None
        ]
        async with self._engine.begin() as connection:
            if gone:
                await connection.execute(delete(transcripts).where(transcripts.c.chat_key.in_(gone)))
            if kept:
                insert = upserts(connection.dialect.name)(transcripts)
                changed = {"sealed": insert.excluded.sealed, "expires": insert.excluded.expires}
                await connection.execute(
                    insert.on_conflict_do_update(index_elements=[transcripts.c.chat_key], set_=changed), kept
                )
