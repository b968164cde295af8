"""The content folder as it is now, and what answers from it: read after every save, learnt in the background.

Other than :class:`safetybot.guidance.live.LiveContent`, which only a valid folder starts, this has something to show of
any folder: faults at once, answers as soon as the examples are learnt; while something is wrong, the last good ones.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from safetybot.editing.check import check
from safetybot.editing.check_cache import check_key
from safetybot.editing.preview.file_cache import FileCache
from safetybot.guidance.faults import Fault, in_order
from safetybot.guidance.finding import BY_MATCHER
from safetybot.guidance.live import Stamp, stamp
from safetybot.guidance.reader import Library, read_content
from safetybot.guidance.yaml_source import read_plain
from safetybot.matching.corpus import Corpus
from safetybot.matching.fitter import Fitter, Progress
from safetybot.matching.interpreter import Interpreter
from safetybot.understanding.understanding import Understanding, joined, understand

INTERVAL = 0.25
"""Seconds between two looks at the folder."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seen:
    """The folder as it was read."""

    library: Library
    faults: tuple[Fault, ...]
    checked: bool
    """Whether the tests were run and the examples compared, so that ``faults`` has all there is to say."""


@dataclass(frozen=True)
class AnsweringContent:
    """The last content that was right, and what it answers."""

    library: Library
    understanding: Understanding


@dataclass(frozen=True)
class Learning:
    """What is being worked out."""

    stage: str
    percent: int

    def __str__(self) -> str:
        return f"{self.stage}, {self.percent} %"


class ReadyFitter(Fitter):
    """Gives out interpreters that are there already."""

    def __init__(self, understanding: Understanding) -> None:
        self._made = understanding.interpreters

    def interpreter(self, corpus: Corpus, progress: Progress = lambda stage, done: None) -> Interpreter:
        """The one of the corpus's language."""
        return self._made[corpus.language]


class Watcher:
    """Follows a folder. Use as ``async with Watcher(…) as watcher``; ``fitter`` is called once, in a thread."""

    def __init__(
        self,
        folder: Path,
        cache: Path,
        fitter: Callable[[], Fitter],
        *,
        interval: float = INTERVAL,
        today: Callable[[], dt.date] = lambda: dt.datetime.now(dt.UTC).date(),
    ) -> None:
        self.folder = folder
        self.today = today
        self.answering: AnsweringContent | None = None
        self.learning: Learning | None = None
        self.saving = asyncio.Lock()
        """Held by who saves: of two at once, each looks at what the other has saved."""
        self._cache = cache
        self._make_fitter = fitter
        self._fitter: Fitter | None = None
        self._proven: tuple[str, Understanding] | None = None
        """What the tests of the last content that passed them depend on, and what it answers."""
        self._files = FileCache()
        self.can_test = False
        """Whether the examples have been learnt once, so that tests are run in seconds."""
        self._fitting = asyncio.Lock()
        self._reading = asyncio.Lock()
        self._interval = interval
        self._seen: Seen | None = None
        self._number = 0
        self._stamp: tuple[dt.date, Stamp] | None = None
        self._poked = asyncio.Event()
        self._news = asyncio.Event()
        self._closed = False
        self._tasks: list[asyncio.Task[None]] = []
        self._to_learn = asyncio.Event()

    @property
    def seen(self) -> Seen:
        """The folder as it was last read."""
        if self._seen is None:
            raise RuntimeError("Watcher was not started")
        return self._seen

    @property
    def number(self) -> int:
        """Counts up with everything new that pages show, but for the progress of learning."""
        return self._number

    @property
    def key(self) -> str:
        """Changes whenever there is anything new to show."""
        return f"{self._number}.{self.learning or ''}"

    def read_file(self, path: Path) -> bytes:
        """The bytes of a file of the folder now. Raises LeadsOut where it is a link out of it, and OSError."""
        return read_plain(path, self.folder)

    async def __aenter__(self) -> Watcher:
        self._stamp = await asyncio.to_thread(self._look)
        await self._read()
        for each in (self._watch, self._learn):
            self._tasks.append(asyncio.create_task(each(), name=f"preview {each.__name__.strip('_')}"))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def close(self) -> None:
        """Lets go of everybody who waits for news."""
        self._closed = True
        self._tell()

    def poke(self) -> None:
        """Somebody has just saved: look now."""
        self._poked.set()

    async def changed(self, key: str, seconds: float) -> None:
        """Waits until there is something newer than ``key``, so many seconds at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.key == key and not self._closed:
                    await self._news.wait()

    async def catch_up(self) -> None:
        """Reads the folder, if anything in it was saved since."""
        async with self._reading:
            now = await asyncio.to_thread(self._look)
            if now != self._stamp:
                self._stamp = now
                await self._read()

    async def tests(self, library: Library) -> list[Fault]:
        """The tests that fail in a library that is not saved yet. Its examples are learnt first."""
        understood = await self._understand(library)
        return understood if isinstance(understood, list) else []

    # --- Reading -----------------------------------------------------------------------------------------------

    def _look(self) -> tuple[dt.date, Stamp]:
        return self.today(), stamp(self.folder)

    async def _watch(self) -> None:
        while True:
            with suppress(TimeoutError):
                # (Python 3.11's wait_for would swallow being cancelled in the moment of a poke.)
                async with asyncio.timeout(self._interval):
                    await self._poked.wait()
            self._poked.clear()
            try:
                await self.catch_up()
            except Exception as error:
                # The type alone: what went wrong may quote what was written.
                _log.error("the folder could not be read: %s", type(error).__name__)

    async def _read(self) -> None:
        """Tells the mistakes first, for they are what an editor waits for, and what to look at again just after."""
        library = await asyncio.to_thread(read_content, self.folder, today=self.today(), read=self._files.read)
        still = _still(self._seen, library) if self._seen else []
        if self._seen is not None:
            self._publish(Seen(library, in_order((*library.faults, *still)), checked=False))
        reviewed = await asyncio.to_thread(self._review, library)
        compared = [fault for fault in still if fault.finding in BY_MATCHER]
        self._publish(Seen(library, in_order((*reviewed, *compared)), checked=False))
        self._to_learn.set()

    def _review(self, library: Library) -> tuple[Fault, ...]:
        return check(library, None, self._cache, today=self.today())

    # --- Learning ----------------------------------------------------------------------------------------------

    async def _learn(self) -> None:
        while True:
            await self._to_learn.wait()
            self._to_learn.clear()
            try:
                await self._learn_once(self.seen)
            except Exception as error:
                _log.error("the examples could not be learnt: %s", type(error).__name__)
                problem = f"The examples could not be learnt ({type(error).__name__}). Save a file to try again."
                self._add(self.seen, [Fault(self.folder.as_posix(), 1, 1, problem)])
            finally:
                if self.learning:
                    self.learning = None
                    self._tell()

    async def _learn_once(self, seen: Seen) -> None:
        library = seen.library
        if library.errors:
            return
        loop = asyncio.get_running_loop()

        def told(stage: str, done: float) -> None:
            loop.call_soon_threadsafe(self._progress, Learning(stage, round(done * 20) * 5))

        understood = await self._understand(library, told)
        if isinstance(understood, list):
            self._add(seen, understood)
            return
        self.answering = AnsweringContent(library, understood)
        self._number += 1
        self._tell()
        made = ReadyFitter(understood)
        faults = await asyncio.to_thread(check, library, lambda: made, self._cache, told, self.today())
        if self._seen is not None and self._seen.library is library:
            self._publish(Seen(library, faults, checked=True))

    async def _understand(
        self, library: Library, progress: Progress = lambda stage, done: None
    ) -> Understanding | list[Fault]:
        """As :func:`understand`; where only words have changed since the tests last held, they are not run again."""
        async with self._fitting:
            corpora = {code: Corpus.of(each) for code, each in library.languages.items() if each.own_topics}
            key = await asyncio.to_thread(check_key, library, corpora)
            if self._proven is not None and self._proven[0] == key:
                return joined(library, self._proven[1].interpreters)
            understood = await asyncio.to_thread(understand, library, await self._get_fitter(), progress)
            self.can_test = True
            if isinstance(understood, Understanding):
                self._proven = key, understood
            return understood

    async def _get_fitter(self) -> Fitter:
        if self._fitter is None:
            self._fitter = await asyncio.to_thread(self._make_fitter)
        return self._fitter

    def _progress(self, learning: Learning) -> None:
        if learning != self.learning:
            self.learning = learning
            self._tell()

    # --- Telling -----------------------------------------------------------------------------------------------

    def _add(self, seen: Seen, faults: list[Fault]) -> None:
        if self._seen is not None and self._seen.library is seen.library:
            self._publish(Seen(seen.library, in_order((*self._seen.faults, *faults)), checked=True))

    def _publish(self, seen: Seen) -> None:
        self._seen = seen
        self._number += 1
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def _still(before: Seen, library: Library) -> list[Fault]:
    """Findings about files that have not changed since, until all are looked at anew."""
    lines = {
        source.path: source.lines
        for pages in library.pages.values()
        for source in (*pages.topics, *pages.files.values())
    }
    old = {
        source.path: source.lines
        for pages in before.library.pages.values()
        for source in (*pages.topics, *pages.files.values())
    }
    same = {path for path, text in lines.items() if old.get(path) == text}
    return [fault for fault in before.faults if fault.finding and fault.path in same]
