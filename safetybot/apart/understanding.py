"""Content as it answers, where texts are understood in a process of their own."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from safetybot.apart.child import Child, ProcessEnded
from safetybot.apart.wire import Asked, Failed, opened, packed
from safetybot.dialogue.conversation import Conversation
from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.tongue import Tongue
from safetybot.dialogue.turn import Memory, Turn
from safetybot.guidance.faults import Fault
from safetybot.guidance.model import WordingFile
from safetybot.guidance.reader import Library
from safetybot.matching.fitter import Progress

_log = logging.getLogger(__name__)


class NotUnderstood(Exception):  # noqa: N818 - reads as what happened
    """A text could not be answered; why is in the log."""


class UnderstandingApart:
    """What answers now. A press is answered here; a text is, with what is remembered of its chat, over there."""

    def __init__(self, library: Library, cache: Path) -> None:
        """``cache``: the folder of fitted matchers. It answers after :meth:`start`."""
        self._library = library
        self._cache = cache
        self._child: Child | None = None
        self._renewing = asyncio.Lock()
        self._closing = threading.Lock()
        self._closed = self._retired = False
        self._asking = 0
        """Texts that wait for their answers."""
        tongues = {code: Tongue(guidance, _not_here) for code, guidance in library.languages.items()}
        order = [library.first, *(code for code in tongues if code != library.first)]
        self._conversation = Conversation({code: tongues[code] for code in order}, library.first)
        self._wordings = {code: library.languages[code].wording for code in order}

    @property
    def conversation(self) -> Conversation:
        """For all but texts."""
        return self._conversation

    @property
    def wordings(self) -> Mapping[str, WordingFile]:
        """The wording of each language, the first one first."""
        return self._wordings

    @property
    def first(self) -> str:
        """The language that is spoken where no other fits."""
        return self._library.first

    def start(self, progress: Progress = lambda stage, done: None) -> list[Fault]:
        """Starts the process; the faults of the content's tests that fail. Blocks: call it off the event loop.

        Raises ChildProcessError where it ended, and what preparing raises.
        """
        child = Child()
        with self._closing:
            if self._closed:
                child.end()
            self._child = child
        return child.prepare(self._library, self._cache, progress)

    async def respond(self, incoming: Incoming, memory: Memory, minute: int, *, offered: bool, asks: bool) -> Turn:
        """As :meth:`Conversation.respond`. A process that ends meanwhile is started anew, and asked once more.

        Raises NotUnderstood, ProcessEnded where the next one ends as well, and what starting it raises.
        """
        question = packed(Asked(incoming, memory, minute, offered, asks))
        self._asking += 1
        try:
            turn: Turn | Failed = opened(await self._asked(question))
        finally:
            self._asking -= 1
            if self._retired and not self._asking:
                self.close()
        if isinstance(turn, Failed):
            _log.error("a text could not be answered: %s", turn.kind)
            raise NotUnderstood
        return turn

    def retire(self) -> None:
        """Lets those who wait have their answers, and then ends the process: there is newer content."""
        self._retired = True
        if not self._asking:
            self.close()

    def close(self) -> None:
        """Ends the process, also one that is being started."""
        with self._closing:
            self._closed = True
            if self._child is not None:
                self._child.end()

    async def _asked(self, question: bytes) -> bytes:
        child = self._child
        assert child is not None, "it was started"
        try:
            return await child.ask(question)
        except ProcessEnded:
            return await (await self._renewed(child)).ask(question)

    async def _renewed(self, ended: Child) -> Child:
        """Another process in place of one that ended; where somebody else has started it meanwhile, that one."""
        async with self._renewing:
            if self._child is ended and not self._closed:
                _log.error("the process that understands texts ended, and is started anew")
                ended.end()
                await asyncio.to_thread(self.start)
            assert self._child is not None, "it was started"
            return self._child


def _not_here(_: str) -> NoReturn:
    raise AssertionError("texts are understood in another process")


class Apart:
    """All that there are of them: the newest, one that is being started, and one that has answers left to give."""

    def __init__(self, cache: Path, progress: Progress) -> None:
        """``cache``: the folder of fitted matchers; ``progress`` is told of what takes long."""
        self._cache = cache
        self._progress = progress
        self._all: list[UnderstandingApart] = []
        self._closed = False

    def understand(self, library: Library) -> UnderstandingApart | list[Fault]:
        """As :func:`safetybot.understanding.understand`; blocks likewise.

        Raises ChildProcessError where the process ended, and what preparing raises.
        """
        understanding = UnderstandingApart(library, self._cache)
        self._all.append(understanding)
        if self._closed:
            understanding.close()
        return understanding.start(self._progress) or understanding

    def newest(self, newest: UnderstandingApart) -> None:
        """From now on this one answers."""
        for each in self._all:
            if each is not newest:
                each.retire()
        self._all = [newest]

    def close(self) -> None:
        """Ends them all, and those that would still be started."""
        self._closed = True
        for each in self._all:
            each.close()
