"""A change that is not saved yet: what would be wrong with it, and saving it where nothing is."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from safetybot.editing.preview.watcher import Watcher
from safetybot.editing.saving import save
from safetybot.guidance.checks import LanguageFiles, check
from safetybot.guidance.faults import Fault, errors, in_order
from safetybot.guidance.model import Guidance, Topic
from safetybot.guidance.reader import Library, file_faults
from safetybot.guidance.yaml_source import Loc, YamlSource, parse
from safetybot.matching.corpus import Corpus

BASES = 60
"""Versions of files that are remembered, to tell what somebody changed from what was there when they began."""


class StillLearning(Exception):  # noqa: N818 - reads as what went wrong
    """The tests cannot be run yet; nothing was saved."""


class RefusedError(Exception):
    """It would be wrong so; nothing was saved. ``source`` is the file as it would be."""

    def __init__(self, faults: tuple[Fault, ...], source: YamlSource) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults
        self.source = source


class Bases:
    """What files held when their forms were opened, by hash; the newest few."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, bytes] = OrderedDict()

    def keep(self, content: bytes) -> str:
        """Remembers it; returns its hash."""
        name = hashlib.sha256(content).hexdigest()
        self._known[name] = content
        self._known.move_to_end(name)
        while len(self._known) > BASES:
            self._known.popitem(last=False)
        return name

    def find(self, name: str) -> bytes | None:
        """The content with that hash, if it is remembered."""
        return self._known.get(name)


@dataclass(frozen=True)
class Proposal:
    """One topic's file, before and after."""

    code: str
    path: Path
    before: bytes
    after: bytes

    async def save(self, watcher: Watcher) -> None:
        """Saves it, if nothing would be wrong.

        Raises RefusedError, StillLearning, ChangedOnDiskError, OSError.
        """
        await watcher.catch_up()
        library = watcher.seen.library
        source, faults = await asyncio.to_thread(self._faults, watcher)
        if faults:
            raise RefusedError(faults, source)
        changed = _with(library, self.code, source)
        if changed is not None and _tests_may_differ(library, changed, self.code):
            if not watcher.can_test:
                raise StillLearning
            failing = {_tested(fault) for fault in watcher.seen.faults}
            new = [fault for fault in await watcher.tests(changed) if _tested(fault) not in failing]
            if new:
                raise RefusedError(in_order(new), source)
        async with watcher.saving:
            await asyncio.to_thread(save, self.path, self.before, self.after, watcher.folder)
        watcher.poke()

    def _faults(self, watcher: Watcher) -> tuple[YamlSource, tuple[Fault, ...]]:
        """The file as it would be, and the faults in it, or that other files would have because of it."""
        library, today = watcher.seen.library, watcher.today()
        source = parse(self.after, self.path.as_posix())
        pages = _replaced(library.pages[self.code], source)
        lent = library.pages[library.first] if self.code != library.first else None
        before = {(fault.path, fault.message) for fault in library.errors if fault.path != source.path}
        found = [*file_faults(self.after, self.path), *check(pages, lent, today)]
        return source, tuple(
            fault
            for fault in in_order(replace(each, path=_shown(each, self.path, source)) for each in errors(found))
            if (fault.path, fault.message) not in before
        )


def _tested(fault: Fault) -> tuple[str, str]:
    """Which test a fault is about. One that failed before may still fail, with another score."""
    return fault.path, fault.message.partition("” got ")[0]


def _shown(fault: Fault, path: Path, source: YamlSource) -> str:
    return source.path if fault.path == path.as_posix() else fault.path


def _replaced(pages: LanguageFiles, source: YamlSource) -> LanguageFiles:
    return LanguageFiles(tuple(source if each.path == source.path else each for each in pages.topics), pages.files)


def _with(library: Library, code: str, source: YamlSource) -> Library | None:
    """The library with one topic changed; None where it has faults anyway, and no test can be run."""
    guidance = library.languages.get(code)
    if guidance is None or library.errors:
        return None
    try:
        topic = Topic.model_validate(source.data)
    except ValidationError:
        return None
    old = next((each.text("id") for each in library.pages[code].topics if each.path == source.path), None)
    topics = {id_: each for id_, each in guidance.topics.items() if id_ != old} | {topic.id: topic}
    changed = guidance.model_copy(
        update={"topics": topics, "own_topics": (guidance.own_topics - {old or ""}) | {topic.id}}
    )
    return replace(
        library,
        languages=MappingProxyType({**library.languages, code: changed}),
        pages=MappingProxyType({**library.pages, code: _replaced(library.pages[code], source)}),
    )


def _tests_may_differ(old: Library, new: Library, code: str) -> bool:
    """Whether the change is one of examples, tests, or what else matching depends on."""
    before, after = old.languages[code], new.languages[code]
    return Corpus.of(before).key() != Corpus.of(after).key() or _tests(before) != _tests(after)


def _tests(guidance: Guidance) -> dict[str, object]:
    return {id_: topic.tests for id_, topic in guidance.topics.items()}


def place_of(source: YamlSource, fault: Fault) -> Loc:
    """The part of a file that a fault is about, from its line and column."""
    at = (fault.line, fault.column)
    places = (each for group in (source.values, source.keys) for each in group.items())
    found = [(place, len(loc), loc) for loc, place in places if place <= at]
    return max(found, key=lambda each: each[:2])[2] if found else ()
