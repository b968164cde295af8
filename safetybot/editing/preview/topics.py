"""What there is to show of each topic's file, whether it is right or not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from safetybot.guidance.base import ContentModel
from safetybot.guidance.checks import LanguageFiles
from safetybot.guidance.faults import Fault, errors
from safetybot.guidance.model import Group, Guidance, HelplinesFile, Topic, WordingFile
from safetybot.guidance.reader import FILES, Library
from safetybot.guidance.yaml_source import YamlSource


@dataclass(frozen=True)
class TopicRow:
    """One topic, as lists show it."""

    code: str
    stem: str
    """Its file's name, without ending; what its pages go by, as an id may be broken or missing."""
    id: str
    title: str
    group: Group | None
    errors: int
    warnings: int
    due: dt.date | None
    today: dt.date

    @property
    def path(self) -> str:
        """Of its page."""
        return f"/topics/{self.code}/{self.stem}"

    @property
    def state(self) -> str:
        """In words; a colour alone would not be seen by everybody."""
        counts = [(self.errors, "fault"), (self.warnings, "warning")]
        return ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts if count) or "fine"

    @property
    def overdue(self) -> bool:
        """Whether its review should have been before today."""
        return self.due is not None and self.due < self.today


def rows(library: Library, faults: tuple[Fault, ...], today: dt.date) -> list[TopicRow]:
    """Every topic of every language, by title."""
    return sorted(
        (row_of(source, code, faults, today) for code, pages in library.pages.items() for source in pages.topics),
        key=lambda row: (row.code != library.first, row.code, row.title.casefold()),
    )


def row_of(source: YamlSource, code: str, faults: tuple[Fault, ...], today: dt.date) -> TopicRow:
    """One topic's."""
    own = [fault for fault in faults if fault.path == source.path]
    bad = len(errors(own))
    group = source.text("group")
    return TopicRow(
        code=code,
        stem=source.stem,
        id=source.text("id") or source.stem,
        title=source.text("title") or source.stem,
        group=Group(group) if group in list(Group) else None,
        errors=bad,
        warnings=len(own) - bad,
        due=_day(source.text("review", "due")),
        today=today,
    )


def find(library: Library, code: str, stem: str) -> YamlSource | None:
    """A topic's file by language and name."""
    pages = library.pages.get(code)
    return next((source for source in pages.topics if source.stem == stem), None) if pages else None


def place_of(library: Library, code: str, id_: str) -> tuple[str, str] | None:
    """Language and file name of a topic by its id: the language's own, or the one that it borrows."""
    for each in (code, library.first):
        for source in library.pages[each].topics if each in library.pages else ():
            if source.text("id") == id_:
                return each, source.stem
    return None


def file_of(library: Library, code: str, stem: str) -> Path | None:
    """Where a topic's file is on the disk."""
    source = find(library, code, stem)
    return Path(source.path) if source else None


def shown(library: Library, code: str, last: Library | None) -> Guidance | None:
    """A language to be shown: as it is, or of what is wrong, what was right last; None where there is too little."""
    if code in library.languages:
        return library.languages[code]
    before = last.languages.get(code) if last else None
    pages = library.pages.get(code)
    if code != library.first or pages is None:
        return before
    return _pieced(code, pages, before)


def _pieced(code: str, pages: LanguageFiles, before: Guidance | None) -> Guidance | None:
    parts: dict[str, Any] = {name: _valid(FILES[name], source) for name, source in pages.files.items()}
    wording = cast(WordingFile | None, parts.get("wording")) or (before.wording if before else None)
    lines = cast(HelplinesFile | None, parts.get("helplines"))
    if wording is None:
        return None
    topics = {topic.id: topic for source in pages.topics if (topic := _valid(Topic, source))}
    helplines = {line.id: line for line in lines.helplines} if lines else dict(before.helplines) if before else {}
    danger = parts.get("danger") or (before.danger if before else None)
    none = parts.get("none") or (before.none if before else None)
    # Only shown, never matched: so what the matcher learns from may be missing.
    return Guidance.model_construct(
        code=code,
        wording=wording,
        topics={**(before.topics if before else {}), **topics},
        helplines=helplines,
        danger=danger,
        slang={},
        none=none,
        report=parts.get("report"),
        desk=parts.get("desk"),
        own_topics=frozenset(topics),
    )


def _valid(model: type[ContentModel], source: YamlSource) -> Any:
    if source.data is None:
        return None
    try:
        return model.model_validate(source.data)
    except ValidationError:
        return None


def files_with(faults: tuple[Fault, ...]) -> Iterator[tuple[str, list[Fault]]]:
    """Faults by file: files with errors first."""
    by_path: dict[str, list[Fault]] = {}
    for fault in faults:
        by_path.setdefault(fault.path, []).append(fault)
    yield from sorted(by_path.items(), key=lambda each: (not errors(each[1]), each[0]))


def _day(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        return None
