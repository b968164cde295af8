"""Transcripts: what a page shows of its conversation, sealed, one a chat, and written before it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, select

from safetybot.storage.batching import Batcher
from safetybot.storage.database import Engine
from safetybot.storage.store import Sealed, upserts
from safetybot.storage.tables import transcripts
from safetybot.storage.transactions import run

_KEYS = transcripts.c.chat_key.in_(bindparam("keys", expanding=True))
_LOAD = select(transcripts.c.chat_key, transcripts.c.sealed, transcripts.c.expires).where(_KEYS)
_DELETE = delete(transcripts).where(_KEYS)


class TranscriptStore:
    """The transcripts of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        insert = upserts(engine.dialect.name)(transcripts)
        changed = {"sealed": insert.excluded.sealed, "expires": insert.excluded.expires}
        self._upsert = insert.on_conflict_do_update(index_elements=[transcripts.c.chat_key], set_=changed)
        self._loads = Batcher(self._load)
        self._saves = Batcher(self._save)

    async def load(self, chat_key: bytes) -> Sealed | None:
        """The transcript of a chat, whether or not its time is over."""
        return await self._loads.submit(chat_key)

    async def save(self, chat_key: bytes, sealed: Sealed | None) -> None:
        """Replaces it; None deletes. Once this returns, it is on the disk. Raises what the database raises."""
        await self._saves.submit((chat_key, sealed))

    async def _load(self, keys: Sequence[bytes]) -> list[Sealed | None]:
        rows = await run(self._engine, lambda connection: connection.execute(_LOAD, {"keys": list(keys)}).all())
        found = {row[0]: Sealed(row[1], row[2]) for row in rows}
        return [found.get(key) for key in keys]

    async def _save(self, changes: Sequence[tuple[bytes, Sealed | None]]) -> list[None]:
        # In one order in every process: two that write the same chats wait for each other, and never both.
        rows = dict(sorted(dict(changes).items()))
        gone = [key for key, sealed in rows.items() if sealed is None]
        kept = [
            {"chat_key": key, "sealed": sealed.envelope, "expires": sealed.expires}
            for key, sealed in rows.items()
            if sealed is not None
        ]

        def write(connection: Connection) -> None:
            if gone:
                connection.execute(_DELETE, {"keys": gone})
            if kept:
                connection.execute(self._upsert, kept)

        await run(self._engine, write)
        return [None] * len(changes)
