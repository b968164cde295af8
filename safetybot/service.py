"""The one entrance: an Incoming of any channel → what answers it.

Holds one chat's turn at a time and many chats' at once, loads and saves the sealed session, and asks the dialogue.
Plain advice is written behind, in batches (:mod:`safetybot.storage.writing`).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from safetybot.dialogue.conversation import Conversation
from safetybot.dialogue.effects import Effect, KeepWords, Outcome
from safetybot.dialogue.kept import Kept
from safetybot.dialogue.messages import Incoming, Outgoing, Reply
from safetybot.dialogue.session import HIDE_HOURS, ChatKeys, Fragment, SealedDataError, Session
from safetybot.dialogue.turn import Memory, Turn
from safetybot.guidance.model import Helpline, WordingFile
from safetybot.report_service import ReportService
from safetybot.storage.store import Count, Found, Sealed, Store
from safetybot.storage.writing import WriteBehind
from safetybot.turns import Turns
from safetybot.unanswered import UnansweredService
from safetybot.understanding import Understanding

SESSION_HOURS = HIDE_HOURS
"""Idle hours after which a session is deleted: before, ``/hide`` needs the numbers of messages in it."""
FRAGMENT_SECONDS = 120
ASKING_SECONDS = 600
"""For which words wait for a Yes."""
UPDATE_HOURS = 48
"""Hours an update's number is remembered (Telegram repeats updates for 24)."""
PURGE_SECONDS = 30
THREADS = 2
"""Messages understood at once; each takes a few milliseconds of one core."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Changed:
    """A session as it is now, to be sealed with the next commit."""

    keys: ChatKeys
    session: Session


@dataclass(frozen=True, slots=True)
class _Late:
    """What a channel did to a chat's messages, and its session does not show yet. To apply it twice does no harm."""

    keys: ChatKeys
    sent: tuple[int, ...] = ()
    deleted: tuple[int, ...] = ()

    def applied_to(self, session: Session, hour: int) -> Session:
        return session.with_sent(self.sent, hour).without_sent(self.deleted)


@dataclass(frozen=True, slots=True)
class _Opened:
    """What is remembered of a chat when its turn begins."""

    session: Session
    fragment: Fragment | None
    late: _Late | None
    """The late news that the session shows."""
    kept: bool
    """The session needs no writing as it is: it is on the disk, or on its way there, for as long as it may be."""


class Service:
    """Answers every channel. Use as ``async with Service(…) as service``."""

    def __init__(
        self,
        understanding: Callable[[], Understanding],
        store: Store,
        reports: ReportService,
        secret: bytes,
        clock: Callable[[], float] = time.time,
        *,
        unanswered: UnansweredService | None = None,
    ) -> None:
        """``understanding`` gives the newest content; ``secret``: 32 bytes; ``clock``: seconds since 1970.

        Without ``unanswered``, nobody is asked whether editors may see their words.
        """
        self._understanding = understanding
        self._reports = reports
        self._unanswered = unanswered
        self._store = store
        self._writing = WriteBehind(store, before=self._settle)
        self._secret = secret
        self._clock = clock
        self._turns = Turns[bytes]()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="understand")
        self._purging: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._forgot = False
        """A chat was deleted since the last purge, so that its traces are to go."""
        self._changed: dict[bytes, _Changed] = {}
        self._late: dict[bytes, _Late] = {}
        self._deleting: dict[tuple[bytes, int | None], tuple[int, ...]] = {}
        """Chat and update → messages that the channel was asked to delete, and has not reported yet."""
        self._coding: dict[tuple[bytes, int | None], int] = {}
        """Chat and update → how many messages the channel has shown when the code of a report is among them."""
        self._coded: dict[bytes, ChatKeys] = {}
        """Chats that were shown the code of a report, where that is not written down yet."""

    async def __aenter__(self) -> Service:
        self._writing.start()
        self._purging = asyncio.create_task(self._purge(), name="purge")
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            # Not cancelled: that would break off a look at the database, and leave its thread behind.
            self._stopping.set()
            if self._purging:
                await self._purging
            await self._writing.stop()
        finally:
            self._threads.shutdown()

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
        """What somebody new is greeted with; nothing is remembered or counted."""
        incoming = Incoming(channel, "", text="/start", language=language)
        conversation, offered = self._understanding().conversation, await self._reports.offered()
        return conversation.respond(incoming, Memory(), int(self._clock() // 60), offered=offered).messages

    async def forget(self, channel: str, chat: str) -> None:
        """Deletes all that is remembered of a chat, unsent reports included; reports that were sent stay."""
        keys = ChatKeys.derive(self._secret, channel, chat)
        async with self._turns.of(keys.lookup):
            self._changed.pop(keys.lookup, None)
            self._late.pop(keys.lookup, None)
            batch = self._writing.gather()
            batch.sessions[keys.lookup] = batch.fragments[keys.lookup] = None
            await self._reports.save(keys, Kept())
        self._forgot = True

    async def handle(self, incoming: Incoming) -> Reply | None:
        """What answers ``incoming``; None where its update was answered and delivered before."""
        keys = ChatKeys.derive(self._secret, incoming.channel, incoming.chat)
        async with self._turns.of(keys.lookup):
            update = None if incoming.update_id is None else (incoming.channel, incoming.update_id)
            changed = self._changed.get(keys.lookup)  # before the look, during which it may be on its way to the disk
            found = await self._writing.look(keys.lookup, update)
            if found.handled:
                return None
            opened = self._opened(keys, changed, found)
            memory = Memory(opened.session, opened.fragment, self._reports.opened(keys, found.drafts, found.visits))
            turn = await self._turn(keys, incoming, memory)
            if not (opened.kept and turn.session == opened.session):
                self._keep(keys, turn.session, opened.late)
            self._remember(keys, turn, had_fragment=found.fragment is not None)
            if _shows_code(turn, turn.kept or memory.kept):
                self._coding[keys.lookup, incoming.update_id] = len(turn.messages)
            if turn.delete:
                self._deleting[keys.lookup, incoming.update_id] = turn.delete
            return Reply(turn.messages, turn.delete, turn.undeleted)

    async def _turn(self, keys: ChatKeys, incoming: Incoming, memory: Memory) -> Turn:
        """What the dialogue answers, once what it asks for is done and what must not be lost is saved."""
        conversation, minute = self._understanding().conversation, int(self._clock() // 60)
        offered, asks = await self._reports.offered(), self._unanswered is not None and await self._unanswered.asks()
        respond = partial(conversation.respond, incoming, memory, minute, offered=offered, asks=asks)
        if incoming.text is None:
            turn = respond()  # nothing is to be understood, which alone takes long
        else:
            turn = await asyncio.get_running_loop().run_in_executor(self._threads, respond)
        if turn.keep is not None:
            return await self._shown_to_editors(incoming, turn, turn.keep)
        kept = turn.kept or memory.kept
        if turn.effect is not None:
            then = partial(_after, conversation, incoming, turn, turn.effect, minute)
            done = await self._reports.perform(keys, turn.effect, kept, then)
            return replace(done, messages=(*turn.messages, *done.messages), counts=(*turn.counts, *done.counts))
        if turn.kept is not None:
            try:
                await self._reports.save(keys, turn.kept)
            except Exception as error:
                _log.error("an answer to a report could not be saved: %s", type(error).__name__)
                return self._unsaved(incoming, turn)
        return turn

    async def _shown_to_editors(self, incoming: Incoming, turn: Turn, keep: KeepWords) -> Turn:
        """The turn of a Yes, once the words are kept; where they cannot be, they are forgotten, and that is said."""
        try:
            # The question first: should this break off, the same Yes finds the same words with the same id, or none.
            assert self._unanswered is not None, "somebody was asked"
            await self._writing.flush()
            await self._unanswered.keep(keep)
        except Exception as error:
            # The type alone: a database error may carry what was to be written.
            _log.error("words could not be kept for the editors: %s", type(error).__name__)
            gone = Outgoing(self.wording(turn.session.language or incoming.language).say["words-gone"])
            return replace(turn, messages=(gone,), counts=(), fragment=None, keep=None)
        return turn

    def _unsaved(self, incoming: Incoming, turn: Turn) -> Turn:
        """In place of an answer that would say that something is kept; the emergency card stays."""
        broken = Outgoing(self.wording(turn.session.language or incoming.language).say["broken"])
        urgent = tuple(message for message in turn.messages if message.urgent)
        return replace(turn, messages=(*urgent, broken), kept=None)

    def delivered(self, incoming: Incoming, message_ids: Sequence[int]) -> None:
        """Notes that an update is answered, and the numbers of our messages for ``/hide``."""
        batch = self._writing.gather()
        if incoming.update_id is not None:
            batch.handled[incoming.channel, incoming.update_id] = self._hour() + UPDATE_HOURS
        if not (message_ids or self._deleting or self._coding):
            return
        keys = ChatKeys.derive(self._secret, incoming.channel, incoming.chat)
        deleted = self._deleting.pop((keys.lookup, incoming.update_id), ())
        if len(message_ids) >= self._coding.pop((keys.lookup, incoming.update_id), 1_000_000):
            self._coded[keys.lookup] = keys
        if message_ids or deleted:
            late = self._late.get(keys.lookup, _Late(keys))
            late = replace(late, sent=(*late.sent, *message_ids), deleted=(*late.deleted, *deleted))
            self._late[keys.lookup] = late

    def _opened(self, keys: ChatKeys, changed: _Changed | None, found: Found) -> _Opened:
        session, fragment, late = Session(), None, self._late.get(keys.lookup)
        kept = changed is not None or found.session is None or found.session.expires >= self._hour() + SESSION_HOURS
        try:
            if changed is not None:
                session = changed.session
            elif found.session is not None:
                session = keys.open_session(found.session.envelope)
            if found.fragment is not None and found.fragment.expires >= self._clock():
                fragment = keys.open_fragment(found.fragment.envelope)
        except SealedDataError as error:
            # Nothing of a session is worth failing an answer for; the next save replaces it.
            _log.warning("a session was forgotten: %s", error)
            kept = False
        if late is not None:
            session, kept = late.applied_to(session, self._hour()), False
        return _Opened(session, fragment, late, kept)

    def _keep(self, keys: ChatKeys, session: Session, late: _Late | None) -> None:
        """Remembers a session that shows ``late``; what has come on top of that waits for the next turn."""
        self._changed[keys.lookup] = _Changed(keys, session)
        if late is not None and self._late.get(keys.lookup) is late:
            del self._late[keys.lookup]

    def _remember(self, keys: ChatKeys, turn: Turn, *, had_fragment: bool) -> None:
        batch = self._writing.gather()
        if turn.fragment is not None:
            expires = int(self._clock()) + (ASKING_SECONDS if turn.fragment.asking else FRAGMENT_SECONDS)
            batch.fragments[keys.lookup] = Sealed(keys.seal_fragment(turn.fragment), expires)
        elif had_fragment:
            batch.fragments[keys.lookup] = None
        day = dt.datetime.fromtimestamp(self._clock(), dt.UTC).date().isoformat()
        for name, topic in turn.counts:
            batch.counts[Count(day, name, topic)] += 1

    async def _settle(self) -> None:
        """Seals what has changed for the next commit, and finds sessions whose messages were delivered late."""
        for lookup in list(self._late):
            late = self._late.get(lookup)
            if late is None or lookup in self._turns:
                continue  # the turn that goes on there, or the next commit, takes it along
            changed = self._changed.get(lookup)
            if changed is not None:
                self._keep(late.keys, late.applied_to(changed.session, self._hour()), late)
                continue
            async with self._turns.of(lookup):
                changed = self._changed.get(lookup)
                opened = self._opened(late.keys, changed, await self._writing.look(lookup))
                self._keep(late.keys, opened.session, opened.late)
        for lookup, keys in list(self._coded.items()):
            if lookup not in self._turns:
                async with self._turns.of(lookup):
                    await self._reports.delivered(keys)
                    self._coded.pop(lookup, None)
        batch = self._writing.gather()
        expires = self._hour() + SESSION_HOURS
        for lookup, changed in self._changed.items():
            batch.sessions[lookup] = Sealed(changed.keys.seal_session(changed.session), expires)
        self._changed.clear()

    async def _purge(self) -> None:
        while not self._stopping.is_set():
            try:
                forgot, self._forgot = self._forgot, False
                if forgot:
                    await self._writing.flush()
                await self._store.purge(self._hour(), int(self._clock()), deleted=forgot)
            except Exception as error:
                self._forgot = True  # it may have been so
                _log.error("what has expired could not be deleted, trying again: %s", type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), PURGE_SECONDS)

    def _hour(self) -> int:
        return int(self._clock() // 3600)


def _after(
    conversation: Conversation,
    incoming: Incoming,
    turn: Turn,
    effect: Effect,
    minute: int,
    outcome: Outcome,
    kept: Kept,
) -> Turn:
    return conversation.after(incoming, Memory(turn.session, None, kept), effect, outcome, minute)


def _shows_code(turn: Turn, kept: Kept) -> bool:
    """Whether the code of a report is in what a turn shows, for the first time as far as we know."""
    code = kept.visit.code if kept.visit else None
    return code is not None and not code.delivered and any(code.text in message.text for message in turn.messages)
