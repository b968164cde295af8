"""The one entrance: an Incoming of any channel → what answers it.

Holds one chat's turn at a time and many chats' at once, loads and saves the sealed session, and asks the dialogue.
Plain advice is written behind, in batches (:mod:`safetybot.storage.writing`).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from safetybot.dialogue.messages import Incoming, Reply
from safetybot.dialogue.session import ChatKeys, Fragment, SealedDataError, Session
from safetybot.dialogue.turn import Turn
from safetybot.guidance.model import WordingFile
from safetybot.storage.store import Count, Sealed, Store
from safetybot.storage.writing import WriteBehind
from safetybot.understanding import Understanding

SESSION_HOURS = 24
"""Idle hours after which a session is deleted."""
FRAGMENT_SECONDS = 120
UPDATE_HOURS = 48
"""Hours an update's number is remembered (Telegram repeats updates for 24)."""
PURGE_SECONDS = 30
THREADS = 2
"""Messages understood at once; each takes a few milliseconds of one core."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Lane:
    """One chat's lock, and how many wait for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


@dataclass(slots=True)
class _Changed:
    """A session as it is now, to be sealed with the next commit."""

    keys: ChatKeys
    session: Session


@dataclass(slots=True)
class _Late:
    """Numbers of messages delivered after their session was committed."""

    keys: ChatKeys
    numbers: list[int] = field(default_factory=list)


class Service:
    """Answers every channel. Use as ``async with Service(…) as service``."""

    def __init__(
        self,
        understanding: Callable[[], Understanding],
        store: Store,
        secret: bytes,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``understanding`` gives the newest content; ``secret``: 32 bytes; ``clock``: seconds since 1970."""
        self._understanding = understanding
        self._store = store
        self._writing = WriteBehind(store, before=self._settle)
        self._secret = secret
        self._clock = clock
        self._lanes: dict[bytes, _Lane] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="understand")
        self._purging: asyncio.Task[None] | None = None
        self._changed: dict[bytes, _Changed] = {}
        self._late: dict[bytes, _Late] = {}

    async def __aenter__(self) -> Service:
        self._writing.start()
        self._purging = asyncio.create_task(self._purge(), name="purge")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._purging:
            self._purging.cancel()
            with suppress(asyncio.CancelledError):
                await self._purging
        await self._writing.stop()
        self._threads.shutdown()

    @property
    def languages(self) -> Mapping[str, WordingFile]:
        """The wording of each language, the first one first."""
        return self._understanding().wordings

    def wording(self, language: str | None) -> WordingFile:
        """The wording for somebody's language, or the nearest there is."""
        understanding = self._understanding()
        return understanding.wordings[understanding.conversation.language(language)]

    async def handle(self, incoming: Incoming) -> Reply | None:
        """What answers ``incoming``; None where its update was answered and delivered before."""
        keys = ChatKeys.derive(self._secret, incoming.channel, incoming.chat)
        async with self._turn_of(keys.lookup):
            if incoming.update_id is not None and await self._writing.was_handled(incoming.channel, incoming.update_id):
                return None
            session, fragment = await self._remembered(keys)
            conversation = self._understanding().conversation
            turn = await asyncio.get_running_loop().run_in_executor(
                self._threads, conversation.respond, incoming, session, fragment, self._hour()
            )
            self._remember(keys, turn, had_fragment=fragment is not None)
            return Reply(turn.messages, turn.delete, turn.undeleted)

    def delivered(self, incoming: Incoming, message_ids: Sequence[int]) -> None:
        """Notes that an update is answered, and the numbers of our messages for ``/hide``."""
        batch = self._writing.gather()
        if incoming.update_id is not None:
            batch.handled[incoming.channel, incoming.update_id] = self._hour() + UPDATE_HOURS
        if message_ids:
            keys = ChatKeys.derive(self._secret, incoming.channel, incoming.chat)
            changed = self._changed.get(keys.lookup)
            if changed is not None:
                changed.session = changed.session.with_sent(tuple(message_ids), self._hour())
            else:
                self._late.setdefault(keys.lookup, _Late(keys)).numbers += message_ids

    async def _remembered(self, keys: ChatKeys) -> tuple[Session, Fragment | None]:
        late = self._late.pop(keys.lookup, None)
        session, fragment = await self._load(keys)
        if late is not None:
            session = session.with_sent(tuple(late.numbers), self._hour())
        return session, fragment

    async def _load(self, keys: ChatKeys) -> tuple[Session, Fragment | None]:
        changed = self._changed.get(keys.lookup)
        sealed_session, sealed_fragment = await self._writing.load(keys.lookup)
        session, fragment = Session(), None
        try:
            if changed is not None:
                session = changed.session
            elif sealed_session is not None:
                session = keys.open_session(sealed_session)
            if sealed_fragment is not None and sealed_fragment.expires >= self._clock():
                fragment = keys.open_fragment(sealed_fragment.envelope)
        except SealedDataError as error:
            # Nothing of a session is worth failing an answer for; the next save replaces it.
            _log.warning("a session was forgotten: %s", error)
        return session, fragment

    def _remember(self, keys: ChatKeys, turn: Turn, *, had_fragment: bool) -> None:
        self._changed[keys.lookup] = _Changed(keys, turn.session)
        batch = self._writing.gather()
        if turn.fragment is not None:
            expires = int(self._clock()) + FRAGMENT_SECONDS
            batch.fragments[keys.lookup] = Sealed(keys.seal_fragment(turn.fragment), expires)
        elif had_fragment:
            batch.fragments[keys.lookup] = None
        day = dt.datetime.fromtimestamp(self._clock(), dt.UTC).date().isoformat()
        for name, topic in turn.counts:
            batch.counts[Count(day, name, topic)] += 1

    async def _settle(self) -> None:
        """Seals what has changed for the next commit, and finds sessions whose messages were delivered late."""
        for lookup in list(self._late):
            if lookup in self._lanes:
                continue  # its next turn takes them along
            late = self._late.pop(lookup)
            async with self._turn_of(lookup):
                session, _ = await self._load(late.keys)
                self._changed[lookup] = _Changed(late.keys, session.with_sent(tuple(late.numbers), self._hour()))
        batch = self._writing.gather()
        expires = self._hour() + SESSION_HOURS
        for lookup, changed in self._changed.items():
            batch.sessions[lookup] = Sealed(changed.keys.seal_session(changed.session), expires)
        self._changed.clear()

    @asynccontextmanager
    async def _turn_of(self, chat_key: bytes) -> AsyncIterator[None]:
        lane = self._lanes.setdefault(chat_key, _Lane())
        lane.users += 1
        try:
            async with lane.lock:
                yield
        finally:
            lane.users -= 1
            if not lane.users:
                del self._lanes[chat_key]

    async def _purge(self) -> None:
        while True:
            try:
                await self._store.purge(self._hour(), int(self._clock()))
            except Exception as error:
                _log.error("what has expired could not be deleted, trying again: %s", type(error).__name__)
            await asyncio.sleep(PURGE_SECONDS)

    def _hour(self) -> int:
        return int(self._clock() // 3600)
