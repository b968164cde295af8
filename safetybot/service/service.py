"""The one entrance: an Incoming of any channel → what answers it.

Holds one chat's turn at a time and many chats' at once: ``async with service.turn(channel, chat) as turn``. A turn
lasts until what was shown is noted, so that the messages of a chat are answered in their order, whatever process they
come to. What it has changed is written when it ends (:mod:`safetybot.storage.writing`): on SQLite a moment later,
together with others'; on PostgreSQL before the next turn of the chat can begin, anywhere.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from safetybot.concurrency.keyed_lock import KeyedLock
from safetybot.dialogue.messages import Incoming, Outgoing
from safetybot.dialogue.session import ChatKeys, SealedDataError
from safetybot.dialogue.turn import Memory
from safetybot.guidance.model import Helpline, WordingFile
from safetybot.metrics.counters import Metrics
from safetybot.service.answering import Answering, UnderstandingProtocol
from safetybot.service.chat_keys import ChatKeyring
from safetybot.service.chat_turn import LOOK_SECONDS, ChatTurn, TurnContext
from safetybot.service.report_service import ReportService
from safetybot.service.unanswered import UnansweredService
from safetybot.storage import legacy_chat_names
from safetybot.storage.chat_locks import ChatLocks, TurnNotGiven
from safetybot.storage.store import Store
from safetybot.storage.writing import WriteBehind, WriteThrough, Writing

PURGE_SECONDS = 30
WRITE_SECONDS = 20.0
"""For which what a turn has changed is tried again to be written, where the database does not answer."""
OFFERED_SECONDS = 1.0
"""For which a greeting waits to know whether a report can be made."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
_KINDS = {
    "sessions": b"session",
    "fragments": b"fragment",
    "drafts": b"drafts",
    "visits": b"visits",
    "transcripts": b"transcript",
}
"""Table → the kind of envelope that it holds."""

_log = logging.getLogger(__name__)


class Overtaken(Exception):  # noqa: N818 - reads as what happened
    """While the database was away, another process took the turn of a chat: what the turn has changed is given up."""


class Service:
    """Answers every channel. Use as ``async with Service(…) as service``."""

    def __init__(
        self,
        understanding: Callable[[], UnderstandingProtocol],
        store: Store,
        reports: ReportService,
        secret: bytes,
        clock: Callable[[], float] = time.time,
        *,
        unanswered: UnansweredService | None = None,
        locks: ChatLocks | None = None,
        observed: Metrics | None = None,
        old_names_until: int = 0,
    ) -> None:
        """``understanding`` gives the newest content; ``secret``: 32 bytes; ``clock``: seconds since 1970.

        ``locks``: those of the chats, where several processes share the database; ``reports`` has the same. Without
        ``unanswered``, nobody is asked whether editors may see their words. ``observed`` is told of what happens.
        ``old_names_until``: the hour since 1970 until which chats may be stored under the names of an earlier version.
        """
        self.keyring = ChatKeyring(secret)
        self._old_names_until = old_names_until
        self._observed = observed = observed or Metrics()
        self._understanding = understanding
        self._reports = reports
        self._store = store
        self._locks = locks
        self._writing: Writing = WriteThrough(store, locks, observed) if locks else WriteBehind(store, observed)
        self._secret = secret
        self._clock = clock
        self._local_locks = KeyedLock[bytes]()
        self._answering = Answering(understanding, self._writing, reports, unanswered, clock, observed)
        self._parts = TurnContext(self._answering, self._writing, reports, clock, observed)
        self._ending: set[asyncio.Task[None]] = set()
        self._purging: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._forgot = False
        """A chat was deleted since the last purge, so that its traces are to go."""

    async def __aenter__(self) -> Service:
        self._purging = asyncio.create_task(self._purge(), name="purge")
        return self

    async def __aexit__(self, *_: object) -> None:
        # Not cancelled: that would break off a look at the database, and leave its thread behind.
        self._stopping.set()
        if self._purging:
            await self._purging
        await asyncio.gather(*self._ending, return_exceptions=True)
        await self._writing.stop()
        self.keyring.close()
        if self._locks:
            await self._locks.close()

    @property
    def languages(self) -> Mapping[str, WordingFile]:
        """The wording of each language, the first one first."""
        return self._understanding().wordings

    def wording(self, language: str | None) -> WordingFile:
        """The wording for somebody's language, or the nearest there is."""
        understanding = self._understanding()
        return understanding.wordings[understanding.conversation.language(language)]

    def language(self, *wanted: str | None) -> str:
        """The code of the first of the wanted languages (BCP 47) that is spoken here."""
        return self._understanding().conversation.language(*wanted)

    def helplines(self, language: str | None) -> Sequence[Helpline]:
        """Every helpline, in somebody's language or the nearest there is."""
        conversation = self._understanding().conversation
        return tuple(conversation.tongue(conversation.language(language)).guidance.helplines.values())

    async def greeting(self, channel: str, language: str | None) -> tuple[Outgoing, ...]:
        """What somebody new is greeted with, also while the database is away; nothing is remembered or counted."""
        incoming = Incoming(channel, "", text="/start", language=language)
        conversation = self._understanding().conversation
        try:
            async with asyncio.timeout(OFFERED_SECONDS):
                offered = await self._reports.offered()
        except Exception as error:
            _log.error("whether reports are taken is not known, so none is offered: %s", type(error).__name__)
            offered = False
        return conversation.respond(incoming, Memory(), int(self._clock() // 60), offered=offered).messages

    async def in_danger(self, incoming: Incoming) -> bool:
        """Whether a message may be a cry for help, by itself: nothing is looked up, remembered or counted."""
        return await self._answering.in_danger(incoming)

    @asynccontextmanager
    async def turn(self, channel: str, chat: str) -> AsyncIterator[ChatTurn]:
        """The turn of a chat, once those before it are over. What it has changed is written when the block ends.

        Leaving the block raises Overtaken, and what the database raises, where that could not be written. Entering it
        raises nothing: where the turn cannot be taken, for the database does not answer, replies do without it.
        """
        known = await self._keys(channel, chat)
        keys = known or ChatKeys.random()
        await self._local_locks.acquire(keys.lookup)
        try:
            held = known is not None and await self._held(keys)
            if held and self._clock() // 3600 <= self._old_names_until:
                await self._move(channel, chat, keys)
        except BaseException:
            self._local_locks.release(keys.lookup)
            raise
        turn = ChatTurn(self._parts, keys, held=held)
        self._observed.in_hand[channel] += 1
        try:
            yield turn
        finally:
            self._observed.in_hand[channel] -= 1
            if self._locks is None:
                await self._end(turn)  # waits for nothing, but where something went wrong
            else:
                # A task of its own: whoever is called off while it shows something has shown what it has.
                ending = asyncio.create_task(self._end(turn), name="end of a turn")
                self._ending.add(ending)
                ending.add_done_callback(self._ended)
                await asyncio.shield(ending)

    async def renew(self, channel: str, chat: str, name: str) -> None:
        """Give a chat another name: all that is remembered of it is found under that alone, once this returns.

        Raises what the database raises, and TimeoutError; then the chat has its old name.
        """
        old, new = [await self.keyring.keys(channel, each) for each in (chat, name)]

        def reseal(table: str, envelope: bytes) -> bytes | None:
            try:
                return new.reseal(_KINDS[table], envelope, old)
            except SealedDataError:
                _log.error("something of a chat could not be opened, and was given up")
                return None

        async with self.turn(channel, chat) as turn:
            if not turn.held:
                raise LookupError("the turn of the chat could not be taken")
            await self._writing.flush()
            await self._store.rename(old.lookup, new.lookup, reseal)
            self._forgot = True

    async def committed(self) -> None:
        """Returns once all that was delivered in turns that are over is on the disk.

        Raises what the database raises.
        """
        await self._writing.flush()

    async def _keys(self, channel: str, chat: str) -> ChatKeys | None:
        """The keys of a chat; None where they cannot be had soon, so that it is answered without memory."""
        try:
            return await self.keyring.keys(channel, chat)
        except Exception as error:
            _log.error("the keys of a chat could not be derived: %s", type(error).__name__)
            return None

    async def _move(self, channel: str, chat: str, keys: ChatKeys) -> None:
        """Moves what is stored of a chat under its old name. Never raises: it is tried again with the next turn."""
        old = ChatKeys.derive(self._secret, channel, chat)
        if old == keys:
            return

        def reseal(table: str, envelope: bytes) -> bytes | None:
            try:
                return keys.reseal(_KINDS[table], envelope, old)
            except SealedDataError:
                return None

        try:
            async with asyncio.timeout(LOOK_SECONDS):
                self._forgot = (
                    await legacy_chat_names.move(self._store.engine, old.lookup, keys.lookup, reseal) or self._forgot
                )
        except Exception as error:
            _log.error("what is stored of a chat could not be moved to its new name: %s", type(error).__name__)

    async def _held(self, keys: ChatKeys) -> bool:
        if self._locks is None:
            return True
        try:
            await self._locks.acquire(keys.lookup)
        except TurnNotGiven as error:
            _log.error("the turn of a chat could not be taken: %s", error)
            return False
        return True

    async def _end(self, turn: ChatTurn) -> None:
        key = turn.keys.lookup
        try:
            if turn.held:
                await self._write(turn)
                if turn.code_shown:
                    await self._reports.delivered(turn.keys)
        finally:
            self._forgot = self._forgot or turn.forgot
            if self._locks is not None and turn.held:
                await self._locks.release(key)
            self._local_locks.release(key)

    def _ended(self, ending: asyncio.Task[None]) -> None:
        self._ending.discard(ending)
        if not ending.cancelled():
            ending.exception()  # whoever left the turn was told, if they were still there

    async def _write(self, turn: ChatTurn) -> None:
        """Writes what a turn has changed; tries again for a while where that fails, if the turn is still its own."""
        loop = asyncio.get_running_loop()
        pause, end, again = FIRST_PAUSE, loop.time() + WRITE_SECONDS, False
        while True:
            try:
                if not again or await self._still_to_write(turn):
                    await self._writing.write(turn.keys.lookup, await turn.changed())
                return
            except Overtaken:
                raise
            except Exception as error:
                if self._locks is None or loop.time() > end:
                    raise
                _log.warning("a turn could not be written, trying again: %s", type(error).__name__)
            again = True
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _still_to_write(self, turn: ChatTurn) -> bool:
        """Whether what could not be written is to be tried again; where it was written after all, it is not.

        Raises Overtaken, and what the database raises.
        """
        assert self._locks is not None, "else nothing is tried again"
        await self._locks.reacquire(turn.keys.lookup)
        found, before = await self._writing.look(turn.keys.lookup, turn.update), turn.found
        if found.handled:
            return False
        if before is not None and (found.session, found.fragment) != (before.session, before.fragment):
            raise Overtaken("another process has answered in this chat meanwhile")
        return True

    async def _purge(self) -> None:
        while not self._stopping.is_set():
            self.keyring.forget_idle()
            try:
                forgot, self._forgot = self._forgot, False
                if forgot:
                    await self._writing.flush()
                await self._store.purge(int(self._clock() // 3600), int(self._clock()), deleted=forgot)
            except Exception as error:
                self._forgot = True  # it may have been so
                _log.error("what has expired could not be deleted, trying again: %s", type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), PURGE_SECONDS)
