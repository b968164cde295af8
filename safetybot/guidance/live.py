"""Always the newest content that is valid, while editors save, break and mend it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from safetybot.guidance.faults import ContentError, Fault, errors
from safetybot.guidance.reader import Library, read_content
from safetybot.guidance.yaml_source import read_plain

T = TypeVar("T")

Stamp = tuple[tuple[str, int, int, int, int], ...]
"""Name, size, inode and times of every file: changes with each save, and costs no reading."""

SETTLED_AFTER = 0.2
"""Seconds without a further change until a save counts as finished."""

WAIT_MAX = 5
"""Looks after which content is read though it still changes, so that a busy folder is not waited for for ever."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Live(Generic[T]):
    """What answers now: the content, and what was prepared from it. The two always belong together."""

    library: Library
    prepared: T


class LiveContent(Generic[T]):
    """Watches a folder of content, and swaps to each new state of it that holds.

    ``prepare`` is given a library without errors, in a thread. It returns what the bot answers with (fitted matchers,
    say), or a list of faults where a test failed. Where anything is wrong, the last good state stays, and ``faults``
    says what is wrong; ``told`` is called after each change, good or bad.

    Use as ``async with LiveContent(folder, prepare) as content``; entering raises ContentError if there is no valid
    content to start with.
    """

    def __init__(
        self,
        folder: Path,
        prepare: Callable[[Library], T | list[Fault]],
        interval: float = 0.5,
        *,
        read: Callable[[Path], Library] = read_content,
        told: Callable[[Sequence[Fault]], None] | None = None,
    ) -> None:
        self.folder = folder
        self.interval = interval
        self.faults: tuple[Fault, ...] = ()
        """What is wrong with the folder as it is now; only warnings, if it is what answers."""
        self._prepare = prepare
        self._read = read
        self._told = told
        self._live: Live[T] | None = None
        self._live_hash = b""
        self._seen_hash = b""
        self._stamp: Stamp = ()
        self._watching: asyncio.Task[None] | None = None

    @property
    def live(self) -> Live[T]:
        """The newest valid content; take it once for each message, so that a swap cannot fall in between."""
        if self._live is None:
            raise RuntimeError("LiveContent was not started")
        return self._live

    @property
    def version(self) -> bytes:
        """A hash of the files that what answers was made from; empty before there is any."""
        return self._live_hash

    @property
    def current(self) -> T:
        """What ``prepare`` made of the newest valid content."""
        return self.live.prepared

    async def start(self) -> None:
        """Read the content and begin to watch. Raises ContentError if it is not valid."""
        self._stamp = await asyncio.to_thread(stamp, self.folder)
        await self._renew()
        if self._live is None:
            raise ContentError(self.faults)
        self._watching = asyncio.create_task(self._watch(), name="watch content")

    async def stop(self) -> None:
        """Stop watching; the content stays."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
            self._watching = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _watch(self) -> None:
        """Look for changes for ever; nothing that goes wrong with one of them ends it."""
        while True:
            await asyncio.sleep(self.interval)
            try:
                if await asyncio.to_thread(stamp, self.folder) != self._stamp:
                    self._stamp = await self._settled()
                    await self._renew()
            except Exception:
                _log.exception("looking for changed content failed; the last good content answers")

    async def _settled(self) -> Stamp:
        """The folder's stamp, once it has stopped changing."""
        last = await asyncio.to_thread(stamp, self.folder)
        for _ in range(WAIT_MAX):
            await asyncio.sleep(min(SETTLED_AFTER, self.interval))
            now = await asyncio.to_thread(stamp, self.folder)
            if now == last:
                break
            last = now
        return last

    async def _renew(self) -> None:
        """Read what the folder holds now, if it is new, and let it answer if it is valid."""
        seen = await asyncio.to_thread(content_hash, self.folder)
        if seen == self._seen_hash:
            return  # saved again without a change
        faults, live = await asyncio.to_thread(self._load, seen)
        still = await asyncio.to_thread(content_hash, self.folder) == seen
        self._seen_hash = seen if still else b""  # changed while we read: what we have is of no one moment
        if live is not None:
            self._live, self._live_hash = live, self._seen_hash
        self.faults = faults
        self._tell(live is not None)

    def _load(self, seen: bytes) -> tuple[tuple[Fault, ...], Live[T] | None]:
        """Read and prepare, in a thread. Whatever is raised becomes a fault."""
        try:
            library = self._read(self.folder)
            if errors(library.faults):
                return library.faults, None
            if self._live is not None and seen == self._live_hash:
                return library.faults, self._live  # an edit was undone: nothing to prepare
            prepared = self._prepare(library)
            if isinstance(prepared, list):
                return (*library.faults, *prepared), None
            return library.faults, Live(library, prepared)
        except ContentError as problem:
            return problem.faults, None
        except OSError as problem:
            # Of a folder; a file that cannot be read is a fault of its own.
            name = problem.filename or self.folder.as_posix()
            return (Fault(str(name), 1, 1, f"This cannot be opened: {problem.strerror}."),), None
        except Exception as problem:
            _log.exception("reading content failed")
            message = f"The content could not be read ({type(problem).__name__}). The log says more."
            return (Fault(self.folder.as_posix(), 1, 1, message),), None

    def _tell(self, good: bool) -> None:
        # At the start, who started us is told by ContentError.
        for fault in self.faults if self._live else ():
            _log.log(logging.ERROR if fault.severity == "error" else logging.WARNING, "%s", fault)
        _log.info("new content is live" if good else "the content has errors; the last good content answers")
        if self._told is not None:
            self._told(self.faults)


def _files(folder: Path) -> list[str]:
    """Every YAML file below a folder; none if it is gone."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [os.path.join(place, name) for name in names if name.endswith((".yaml", ".yml"))]  # noqa: PTH118
    return sorted(found)


def stamp(folder: Path) -> Stamp:
    """A value that changes whenever a file of the folder is saved, added, renamed or deleted."""
    rows = []
    for name in _files(folder):
        with suppress(OSError):  # deleted while we looked
            status = os.stat(name)  # noqa: PTH116
            rows.append((name, status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns))
    return tuple(rows)


def content_hash(folder: Path) -> bytes:
    """A hash of the names and bytes of all files, to tell a change from a save without one."""
    total = hashlib.blake2b()
    for name in _files(folder):
        try:
            content = read_plain(Path(name), folder)
        except OSError:
            content = b"unreadable"
        total.update(hashlib.blake2b(name.encode("utf-8", "surrogateescape")).digest())
        total.update(hashlib.blake2b(content).digest())
    return total.digest()
