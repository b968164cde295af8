"""The turn of one chat: from the look at what is remembered of it until what was shown is noted."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from safetybot.dialogue.messages import Incoming, Reply
from safetybot.dialogue.report_state import ReportState
from safetybot.dialogue.session import HIDE_HOURS, ChatKeys, Fragment, SealedDataError, Session
from safetybot.dialogue.turn import Memory, Turn
from safetybot.metrics.counters import Metrics
from safetybot.service.answering import Answering
from safetybot.service.report_service import ReportService
from safetybot.storage.store import Batch, Count, Sealed, StoredChat, Update
from safetybot.storage.writing import Writing

SESSION_HOURS = HIDE_HOURS
"""Idle hours after which a session is deleted: before, ``/hide`` needs the numbers of messages in it."""
FRAGMENT_SECONDS = 120
ASKING_SECONDS = 600
"""For which words wait for a Yes; and for which a text may be about the topic that was answered before it."""
UPDATE_HOURS = 48
"""Hours an update's number is remembered (Telegram repeats updates for 24)."""
ALBUM = "telegram-album"
"""The channel under which albums are remembered beside updates."""
LOOK_SECONDS = 5.0
"""To wait for the database before an answer without memory: somebody may be in danger."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Opened:
    """What is remembered of a chat, as this turn has changed it so far."""

    session: Session
    fragment: Fragment | None
    stored: Session | None
    """The session as it is on the disk, or on its way there, for as long as it may be; None where it is not so."""


@dataclass(frozen=True, slots=True)
class TurnContext:
    """What turns need of the service."""

    answering: Answering
    writing: Writing
    reports: ReportService
    clock: Callable[[], float]
    """Seconds since 1970."""
    observed: Metrics


class ChatTurn:
    """What a channel does while it has the turn of a chat: it asks for answers, and notes what it has shown."""

    def __init__(self, parts: TurnContext, keys: ChatKeys, *, held: bool) -> None:
        """``held``: False where the turn could not be taken, so that nothing may be read or written."""
        self._parts = parts
        self.keys = keys
        self.held = held
        self._opened: _Opened | None = None
        self.found: StoredChat | None = None
        """What was found of the chat when it was last looked at."""
        self.update: Update | None = None
        """The update that was last asked about."""
        self._album: Update | None = None
        """Of what is being answered."""
        self._batch = Batch()
        self._sent: list[int] = []
        self._deleting: tuple[int, ...] = ()
        self._code_after: int | None = None
        """Once so many messages were shown, the code of a report is among them."""
        self.code_shown = False
        self.forgot = False
        self._asked: tuple[str, float] | None = None
        """The channel and the moment of what is being answered."""

    async def reply(self, incoming: Incoming) -> Reply | None:
        """What answers ``incoming``; None where its update was answered and delivered before.

        Where the database cannot be read, or does not answer in time: what can be said without it.
        """
        update = None if incoming.update_id is None else (incoming.channel, incoming.update_id)
        self.update, self._album, self._deleting, self._code_after = update, None, (), None
        self._asked = incoming.channel, time.monotonic() if incoming.received is None else incoming.received
        self._parts.observed.received(incoming.channel, incoming.text, incoming.press)
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                found = await self._look(update)
                offers = await self._parts.answering.offers()
        except Exception as error:
            # The type alone: a database error may carry what was asked.
            _log.error("a chat could not be looked up, and is answered without: %s", type(error).__name__)
            return await self._parts.answering.without_memory(incoming)
        if found.handled or update in self._batch.handled:
            return None
        opened = self._opened or self._open(found)
        kept = self._parts.reports.opened(self.keys, found.drafts, found.visits)
        memory = Memory(opened.session, opened.fragment, kept)
        turn = await self._parts.answering.answer(self.keys, incoming, memory, offers)
        self._parts.observed.decided(turn.counts)
        self._remember(opened, turn, stored=found.fragment is not None)
        now = turn.kept or kept
        if _shows_code(turn, now):
            self._code_after = len(turn.messages)
        self._deleting = turn.delete
        begun = kept.draft is None and now.draft is not None
        # Not with the code of a report that was just sent: should this answer get lost, a look at the page shows it.
        known = kept.visit is None and now.visit is not None and now.visit.code is None
        return Reply(turn.messages, turn.delete, turn.undeleted, renew=begun or known)

    def delivered(self, message_ids: Sequence[int], *, whole: bool = True) -> None:
        """Takes the numbers of our messages, for ``/hide``, and that the update is answered.

        Without ``whole`` it was not: not all was shown, and when the update comes again it is answered again.
        """
        if whole:
            for update in (self.update, self._album):
                if update is not None:
                    self._batch.handled[update] = self._hour() + UPDATE_HOURS
        self._sent += message_ids
        if self._opened is not None and self._deleting:
            self._opened.session = self._opened.session.without_sent(self._deleting)
        if self._code_after is not None and len(message_ids) >= self._code_after:
            self.code_shown = True
        self._deleting, self._code_after = (), None
        if whole and self._asked is not None:
            (channel, received), self._asked = self._asked, None
            self._parts.observed.shown(channel, time.monotonic() - received)

    async def first_of(self, album: str) -> bool:
        """Whether nothing of several pictures that were sent together was answered before.

        Raises what the database raises.
        """
        number = int.from_bytes(hashlib.blake2b(album.encode(), digest_size=8).digest(), "big") >> 1
        self._album = ALBUM, number
        return self._album not in self._batch.handled and not (await self._look(self._album)).handled

    async def forget(self) -> None:
        """Deletes all that is remembered of the chat, unsent reports included; reports that were sent stay.

        Raises what the database raises.
        """
        if not self.held:
            raise RuntimeError("the turn of the chat could not be taken")
        self._opened, self._sent, self.forgot = None, [], True
        self._batch.sessions[self.keys.lookup] = self._batch.fragments[self.keys.lookup] = None
        await self._parts.reports.save(self.keys, ReportState())

    async def changed(self) -> Batch:
        """All that this turn has changed, to be written."""
        if self._sent and self._opened is None:
            await self._open_late()
        opened = self._opened
        if opened is not None:
            session = opened.session.with_sent(self._sent, self._hour()) if self._sent else opened.session
            if session != opened.stored:
                expires = self._hour() + SESSION_HOURS
                self._batch.sessions[self.keys.lookup] = Sealed(self.keys.seal_session(session), expires)
        return self._batch

    async def _open_late(self) -> None:
        """Where nothing could be read when an answer was asked for."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                self._open(await self._look(None))
        except Exception as error:
            _log.error("messages were shown that /hide will not know of: %s", type(error).__name__)

    async def _look(self, update: Update | None) -> StoredChat:
        if not self.held:
            raise LookupError("the turn of the chat could not be taken")
        self.found = await self._parts.writing.look(self.keys.lookup, update)
        return self.found

    def _open(self, found: StoredChat) -> _Opened:
        session, fragment = Session(), None
        kept = found.session is None or found.session.expires >= self._hour() + SESSION_HOURS
        try:
            if found.session is not None:
                session = self.keys.open_session(found.session.envelope)
            if found.fragment is not None and found.fragment.expires >= self._parts.clock():
                fragment = self.keys.open_fragment(found.fragment.envelope)
        except SealedDataError as error:
            # Nothing of a session is worth failing an answer for; the next save replaces it.
            _log.warning("a session was forgotten: %s", error)
            kept = False
        self._opened = _Opened(session, fragment, session if kept else None)
        return self._opened

    def _remember(self, opened: _Opened, turn: Turn, *, stored: bool) -> None:
        """``stored``: a fragment is."""
        opened.session, opened.fragment = turn.session, turn.fragment
        if turn.fragment is not None:
            seconds = FRAGMENT_SECONDS if turn.fragment.text else ASKING_SECONDS
            expires = int(self._parts.clock()) + seconds
            self._batch.fragments[self.keys.lookup] = Sealed(self.keys.seal_fragment(turn.fragment), expires)
        elif stored or self.keys.lookup in self._batch.fragments:
            self._batch.fragments[self.keys.lookup] = None
        day = dt.datetime.fromtimestamp(self._parts.clock(), dt.UTC).date().isoformat()
        for name, topic in turn.counts:
            self._batch.counts[Count(day, name, topic)] += 1

    def _hour(self) -> int:
        return int(self._parts.clock() // 3600)


def _shows_code(turn: Turn, kept: ReportState) -> bool:
    """Whether the code of a report is in what a turn shows, for the first time as far as we know."""
    code = kept.visit.code if kept.visit else None
    return code is not None and not code.delivered and any(code.text in message.text for message in turn.messages)
