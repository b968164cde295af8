"""Asks the dialogue what answers a message, and does what it asks for before the answer is shown."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Protocol

from safetybot.dialogue.conversation import Conversation
from safetybot.dialogue.effects import Effect, KeepWords, Outcome
from safetybot.dialogue.messages import Incoming, Outgoing, Reply
from safetybot.dialogue.report_state import ReportState
from safetybot.dialogue.session import ChatKeys
from safetybot.dialogue.speaker import instead_of_an_answer
from safetybot.dialogue.turn import Memory, Turn
from safetybot.guidance.model import WordingFile
from safetybot.metrics.counters import Metrics
from safetybot.service.report_service import ReportService
from safetybot.service.unanswered import UnansweredService
from safetybot.storage.writing import Writing

URGENT_SECONDS = 2.5
"""To wait for the disk before the emergency card is shown."""

_NEEDS_MEMORY = ("rep:", "report", "case:", "code:")
"""What presses begin with that mean nothing without what is kept of the chat."""
_COMMANDS = ("/mycode", "/report", "/hide", "/stop")
"""Likewise."""

_log = logging.getLogger(__name__)


class UnderstandingProtocol(Protocol):
    """Content as it answers."""

    @property
    def conversation(self) -> Conversation:
        """What answers a press at once, and says what follows an effect."""

    @property
    def wordings(self) -> Mapping[str, WordingFile]:
        """The wording of each language, the first one first."""

    async def respond(self, incoming: Incoming, memory: Memory, minute: int, *, offered: bool, asks: bool) -> Turn:
        """As :meth:`Conversation.respond`, of a text: understanding takes milliseconds, and goes on elsewhere."""


class Answering:
    """Answers from the newest content."""

    def __init__(
        self,
        understanding: Callable[[], UnderstandingProtocol],
        writing: Writing,
        reports: ReportService,
        unanswered: UnansweredService | None,
        clock: Callable[[], float],
        observed: Metrics,
    ) -> None:
        """``clock``: seconds since 1970."""
        self._observed = observed
        self._understanding = understanding
        self._writing = writing
        self._reports = reports
        self._unanswered = unanswered
        self._clock = clock

    async def offers(self) -> tuple[bool, bool]:
        """Whether a report can be made, and whether words can be shown to editors. Raises what the database raises."""
        return await self._reports.offered(), self._unanswered is not None and await self._unanswered.asks()

    async def answer(self, keys: ChatKeys, incoming: Incoming, memory: Memory, offers: tuple[bool, bool]) -> Turn:
        """What the dialogue answers, once what it asks for is done and what must not be lost is saved."""
        understanding, minute = self._understanding(), int(self._clock() // 60)
        turn = await self._responded(understanding, incoming, memory, minute, offers)
        if turn.keep is not None:
            return await self._shown_to_editors(incoming, turn, turn.keep)
        kept = turn.kept or memory.kept
        if turn.effect is not None:
            then = partial(_after, understanding.conversation, incoming, turn, turn.effect, minute)
            done = await self._reports.perform(keys, turn.effect, kept, then, incoming.source)
            return replace(done, messages=(*turn.messages, *done.messages), counts=(*turn.counts, *done.counts))
        if turn.kept is not None:
            try:
                await self._saved(keys, turn, turn.kept)
            except Exception as error:
                _log.error("an answer to a report could not be saved: %s", type(error).__name__)
                return self._unsaved(incoming, turn)
        return turn

    async def in_danger(self, incoming: Incoming) -> bool:
        """Whether a message may be a cry for help, by itself."""
        turn = await self._unremembered(incoming)
        return any(message.urgent for message in turn.messages) or any(name == "check" for name, _ in turn.counts)

    async def without_memory(self, incoming: Incoming) -> Reply:
        """What can be said while nothing can be remembered: danger and advice as ever, then that something is broken.

        So nobody who was asked something believes that the answer is kept. To what means nothing without what is kept
        of the chat, only the emergency card and the second are said; to who wants to report, where else they can.
        """
        turn = await self._unremembered(incoming)
        self._observed.decided(turn.counts)
        if any(name == "report-routes" for name, _ in turn.counts):
            return Reply((self._broken(incoming, turn), *turn.messages))
        needed = (incoming.press or "").startswith(_NEEDS_MEMORY) or (incoming.text or "").lower().startswith(_COMMANDS)
        empty = needed or any((turn.effect, turn.kept, turn.keep, turn.delete))
        shown = tuple(message for message in turn.messages if message.urgent or not empty)
        return Reply((*shown, self._broken(incoming, turn)))

    async def _unremembered(self, incoming: Incoming) -> Turn:
        """What somebody of whom nothing is known would be answered."""
        minute = int(self._clock() // 60)
        return await self._responded(self._understanding(), incoming, Memory(), minute, (False, False))

    async def _responded(
        self,
        understanding: UnderstandingProtocol,
        incoming: Incoming,
        memory: Memory,
        minute: int,
        offers: tuple[bool, bool],
    ) -> Turn:
        offered, asks = offers
        if incoming.text is None:
            # Nothing is to be understood, which alone takes long.
            return understanding.conversation.respond(incoming, memory, minute, offered=offered, asks=asks)
        began = time.monotonic()
        turn = await understanding.respond(incoming, memory, minute, offered=offered, asks=asks)
        self._observed.understood.add(time.monotonic() - began)
        return turn

    async def _saved(self, keys: ChatKeys, turn: Turn, kept: ReportState) -> None:
        """Saves it. Where somebody waits for the emergency card, no longer than a moment: raises TimeoutError."""
        saving = asyncio.create_task(self._reports.save(keys, kept), name="save")
        urgent = any(message.urgent for message in turn.messages)
        await asyncio.wait([saving], timeout=URGENT_SECONDS if urgent else None)
        if not saving.done():
            # Not cancelled: that would break off the database, and leave its thread behind.
            saving.add_done_callback(lambda late: late.cancelled() or late.exception())
            raise TimeoutError
        saving.result()

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
            gone = Outgoing(self._wording(incoming, turn).say["words-gone"])
            return replace(turn, messages=(gone,), counts=(), fragment=None, keep=None)
        return turn

    def _unsaved(self, incoming: Incoming, turn: Turn) -> Turn:
        """In place of an answer that would say that something is kept; the emergency card stays."""
        urgent = tuple(message for message in turn.messages if message.urgent)
        return replace(turn, messages=(*urgent, self._broken(incoming, turn)), kept=None)

    def _broken(self, incoming: Incoming, turn: Turn) -> Outgoing:
        return instead_of_an_answer(self._wording(incoming, turn), "broken")

    def _wording(self, incoming: Incoming, turn: Turn) -> WordingFile:
        understanding = self._understanding()
        return understanding.wordings[understanding.conversation.language(turn.session.language or incoming.language)]


def _after(
    conversation: Conversation,
    incoming: Incoming,
    turn: Turn,
    effect: Effect,
    minute: int,
    outcome: Outcome,
    kept: ReportState,
) -> Turn:
    return conversation.after(incoming, Memory(turn.session, None, kept), effect, outcome, minute)
