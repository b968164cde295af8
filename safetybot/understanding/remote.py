"""Content as it answers, where texts are understood in a process of their own.

What a text means is asked over there; what to say to it is decided here. So nothing but texts leaves the bot: no
draft, no code, nothing of what is remembered of a chat.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from safetybot.dialogue.conversation import Conversation
from safetybot.dialogue.language_pack import LanguagePack
from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.turn import Memory, Turn
from safetybot.guidance.faults import Fault
from safetybot.guidance.model import WordingFile
from safetybot.guidance.reader import Library
from safetybot.matching.corpus import Corpus
from safetybot.matching.fit_messages import PreparingFailed
from safetybot.matching.fitter import Progress
from safetybot.matching.interpreter import MATCHED_CHARACTERS, Interpretation
from safetybot.understanding.fair_scheduling import FairScheduler, letters_of, queue_for
from safetybot.understanding.framing import Answered, WorkerRequest
from safetybot.understanding.understanding import failed_tests
from safetybot.understanding.worker_client import ProcessEnded, WorkerProcess, WorkerQueue

ROUNDS_MAX = 8
"""Times that one answer may ask for the meaning of more texts."""
TRIES = 2
"""Processes that answer a text is given to, before the one that learnt is started anew as well."""

_log = logging.getLogger(__name__)


class NotUnderstood(Exception):  # noqa: N818 - reads as what happened
    """A text could not be answered; why is in the log."""


class _Failed(Exception):  # noqa: N818 - reads as what happened
    """The process could not understand a text."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind


class _NotRead(Exception):  # noqa: N818 - reads as what happened
    """The meaning of a text is needed, and not known yet."""

    def __init__(self, language: str, text: str) -> None:
        super().__init__()
        self.language = language
        self.text = text


class _Readings:
    """The meanings of texts in one language that are known while one answer is made."""

    def __init__(self, language: str) -> None:
        self._language = language
        self.known: Mapping[str, Interpretation] = {}

    def __call__(self, text: str) -> Interpretation:
        """What a text means. Raises _NotRead."""
        meant = self.known.get(text)
        if meant is None:
            raise _NotRead(self._language, text)
        return meant


class RemoteUnderstanding:
    """What answers now."""

    def __init__(self, library: Library, cache: Path) -> None:
        """``cache``: the folder of fitted matchers. It answers after :meth:`start`."""
        self._library = library
        self._cache = cache
        self._child: WorkerProcess | None = None
        self._renewing = asyncio.Lock()
        self._closing = threading.Lock()
        self._closed = self._retired = False
        self._lanes = FairScheduler()
        self._asking = 0
        """Texts that wait for their answers."""
        order = [library.first, *(code for code in library.languages if code != library.first)]
        self._readings = {code: _Readings(code) for code in order}
        self._tongues = {code: LanguagePack(library.languages[code], self._readings[code]) for code in order}
        self._conversation = Conversation(self._tongues, library.first)
        self._wordings = {code: library.languages[code].wording for code in order}
        self._read_as = {code: code if library.languages[code].own_topics else library.first for code in order}
        """Language code → that of the examples by which its texts are understood."""

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
        child = self._begun(progress)
        for tongue in self._tongues.values():
            _ = tongue.ordinary_words  # takes a third of a second the first time
        faults = [fault for code in self._tongues for fault in self._failed_tests(child, code)]
        if faults:
            child.end()
        return faults

    async def respond(self, incoming: Incoming, memory: Memory, minute: int, *, offered: bool, asks: bool) -> Turn:
        """As :meth:`Conversation.respond`. A process that ends meanwhile is replaced, and asked once more.

        Raises NotUnderstood, ProcessEnded where the next ones end as well, and what starting one raises.
        """
        self._asking += 1
        try:
            return await self._responded(incoming, memory, minute, offered=offered, asks=asks)
        except (ProcessEnded, PreparingFailed, OSError):
            raise
        except Exception as error:
            # Its kind alone: what an error says may quote what was written.
            kind = error.kind if isinstance(error, _Failed) else type(error).__name__
            _log.error("a text could not be answered: %s", kind)
            raise NotUnderstood from None
        finally:
            self._asking -= 1
            if self._retired and not self._asking:
                self.close()

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

    def _begun(self, progress: Progress) -> WorkerProcess:
        child = WorkerProcess()
        with self._closing:
            if self._closed:
                child.end()
            self._child = child
        corpora = {code: Corpus.of(self._library.languages[code]) for code in {*self._read_as.values()}}
        child.prepare(corpora, self._cache, progress)
        return child

    def _failed_tests(self, child: WorkerProcess, code: str) -> list[Fault]:
        def interpret(text: str) -> Interpretation:
            answered = child.read(self._question(code, (text,)))
            if answered.failed is not None:
                raise PreparingFailed(answered.failed)
            return answered.meanings[0].interpretation()

        return failed_tests(self._library, code, interpret)

    async def _responded(self, incoming: Incoming, memory: Memory, minute: int, *, offered: bool, asks: bool) -> Turn:
        language, wanted = self._conversation.to_understand(incoming, memory)
        letters = letters_of(incoming, memory)
        lane = queue_for(letters)
        known: dict[str, dict[str, Interpretation]] = {code: {} for code in self._readings}
        for _ in range(ROUNDS_MAX):
            if wanted:
                async with self._lanes.place(lane, incoming, letters):
                    known[language] |= zip(wanted, await self._meanings(language, wanted, lane), strict=True)
            try:
                for code, readings in self._readings.items():
                    readings.known = known[code]
                return self._conversation.respond(incoming, memory, minute, offered=offered, asks=asks)
            except _NotRead as needed:
                language, wanted = needed.language, (needed.text,)
            finally:
                for readings in self._readings.values():
                    readings.known = {}
        raise RecursionError

    async def _meanings(self, language: str, texts: Collection[str], lane: WorkerQueue) -> list[Interpretation]:
        answered = await self._asked(self._question(language, texts), lane)
        if answered.failed is not None:
            raise _Failed(answered.failed)
        return [meaning.interpretation() for meaning in answered.meanings]

    def _question(self, language: str, texts: Collection[str]) -> WorkerRequest:
        return WorkerRequest.of(self._read_as[language], [*map(_judged, texts)])

    async def _asked(self, asked: WorkerRequest, lane: WorkerQueue) -> Answered:
        child = self._child
        assert child is not None, "it was started"
        for _ in range(TRIES):
            with suppress(ProcessEnded):
                return await child.ask(asked, lane)
        return await (await self._renewed(child)).ask(asked, lane)

    async def _renewed(self, ended: WorkerProcess) -> WorkerProcess:
        """Another process in place of one that ended; where somebody else has started it meanwhile, that one."""
        async with self._renewing:
            if self._child is ended and not self._closed:
                _log.error("the process that understands texts ended, and is started anew")
                ended.end()
                await asyncio.to_thread(self._begun, lambda stage, done: None)
            assert self._child is not None, "it was started"
            return self._child


def _judged(text: str) -> str:
    """A text without what of a very long one is not read."""
    return text if len(text) <= 2 * MATCHED_CHARACTERS else text[:MATCHED_CHARACTERS] + text[-MATCHED_CHARACTERS:]


class WorkerManager:
    """All that there are of them: the newest, one that is being started, and one that has answers left to give."""

    def __init__(self, cache: Path, progress: Progress) -> None:
        """``cache``: the folder of fitted matchers; ``progress`` is told of what takes long."""
        self._cache = cache
        self._progress = progress
        self._all: list[RemoteUnderstanding] = []
        self._closed = False

    def understand(self, library: Library) -> RemoteUnderstanding | list[Fault]:
        """As :func:`safetybot.understanding.understanding.understand`; blocks likewise.

        Raises ChildProcessError where the process ended, and what preparing raises.
        """
        understanding = RemoteUnderstanding(library, self._cache)
        self._all.append(understanding)
        if self._closed:
            understanding.close()
        return understanding.start(self._progress) or understanding

    def newest(self, newest: RemoteUnderstanding) -> None:
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
