"""The folder of content as checked guidance, or every fault of every file at once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from safetybot.guidance.checks import LanguageFiles, check
from safetybot.guidance.desk import DeskFile
from safetybot.guidance.explain import explain, nearest
from safetybot.guidance.faults import ContentError, Fault, Severity, errors, in_order
from safetybot.guidance.model import (
    ContentModel,
    DangerFile,
    Guidance,
    HelplinesFile,
    NoneFile,
    QuestionsFile,
    SlangFile,
    Topic,
    WordingFile,
)
from safetybot.guidance.report_form import ReportForm
from safetybot.guidance.symlinks import LEADS_OUT, LeadsOut, inside
from safetybot.guidance.yaml_source import Loc, YamlSource, parse, read_source
from safetybot.process.garbage_collection import gc_paused

FIRST_LANGUAGE = "en"
"""The language that must be complete, and lends the others what they lack."""

FILES: Mapping[str, type[ContentModel]] = MappingProxyType(
    {
        "wording": WordingFile,
        "helplines": HelplinesFile,
        "danger": DangerFile,
        "slang": SlangFile,
        "none": NoneFile,
        "questions": QuestionsFile,
        "report": ReportForm,
        "desk": DeskFile,
    }
)
"""The files of a language beside its topics, and their shapes."""

OPTIONAL: Mapping[str, str] = MappingProxyType(
    {
        "questions": "",
        "report": "This file is missing, so the bot offers no report of its own.",
        "desk": "This file is missing, so the desk has no saved phrases, and nobody to refer a case to.",
    }
)
"""Files that even the first language may do without, and what it then lacks; nothing is told of an empty text."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_IGNORED_ENDINGS = frozenset({".md", ".json", ".swp", ".tmp", ".bak"})

PartT = TypeVar("PartT", bound=ContentModel)


@dataclass(frozen=True)
class ReadResult:
    """One language as read: its guidance, unless there is an error, and all faults."""

    guidance: Guidance | None
    faults: tuple[Fault, ...]
    pages: LanguageFiles


@dataclass(frozen=True)
class Library:
    """All languages that could be read, by code, and every fault of all of them."""

    languages: Mapping[str, Guidance]
    faults: tuple[Fault, ...]
    first: str = FIRST_LANGUAGE
    pages: Mapping[str, LanguageFiles] = field(default_factory=dict, repr=False)
    """The files as they were read, to say where something stands."""

    def __reduce__(self) -> tuple[type[Library], tuple[object, ...]]:
        """For another process: what cannot be changed is no dictionary, and Python does not know how to send it."""
        return Library, (dict(self.languages), self.faults, self.first, dict(self.pages))

    @property
    def errors(self) -> tuple[Fault, ...]:
        """The faults that keep it from going live."""
        return errors(self.faults)

    def require(self) -> Library:
        """This library, if it has no error. Raises ContentError otherwise."""
        if self.errors:
            raise ContentError(self.faults)
        return self

    def topic_fault(self, code: str, topic: str, loc: Loc, message: str, severity: Severity = "error") -> Fault:
        """A fault in a topic's file, for example at ``("tests", 0, "say")``."""
        own = self.pages[code].topics if code in self.pages else ()
        lent = self.pages[self.first].topics if self.first in self.pages else ()
        for source in (*own, *lent):
            if source.text("id") == topic:
                return source.fault(loc, message, severity)
        return Fault(topic, 1, 1, message, severity)

    def file_fault(self, code: str, name: str, loc: Loc, message: str, severity: Severity = "error") -> Fault:
        """A fault in another file, for example ``danger`` at ``("tests", 0, "say")``."""
        for language in (code, self.first):
            if language in self.pages and (source := self.pages[language].files.get(name)):
                return source.fault(loc, message, severity)
        return Fault(f"{name}.yaml", 1, 1, message, severity)


@gc_paused()
def read_content(
    folder: Path,
    *,
    first: str = FIRST_LANGUAGE,
    today: dt.date | None = None,
    read: Callable[[Path, Path], YamlSource] = read_source,
) -> Library:
    """Read every language of a content folder. ``today`` decides which reviews are overdue.

    ``read`` reads one file; who reads again and again may have it remember those that have not changed.
    """
    today = today or dt.datetime.now(dt.UTC).date()
    whole = _read(folder / first, folder, None, None, today, read)
    results = {first: whole}
    for code in _languages(folder):
        if code != first:
            results[code] = _read(folder / code, folder, whole.guidance, whole.pages, today, read)
    return Library(
        languages=MappingProxyType(
            {code: result.guidance for code, result in results.items() if result.guidance is not None}
        ),
        faults=in_order(fault for result in results.values() for fault in result.faults),
        first=first,
        pages=MappingProxyType({code: result.pages for code, result in results.items()}),
    )


def read_language(folder: Path, fallback: Guidance | None = None, *, today: dt.date | None = None) -> ReadResult:
    """Read one language's folder. Without a ``fallback`` it must be complete; with one, it borrows what it lacks."""
    lent = None
    if fallback is not None:
        ids = (YamlSource(f"{name}.yaml", data={"id": name}) for name in fallback.topics)
        helplines = YamlSource("helplines.yaml", data={"helplines": [{"id": name} for name in fallback.helplines]})
        lent = LanguageFiles(tuple(ids), {"helplines": helplines})
    return _read(folder, folder.parent, fallback, lent, today or dt.datetime.now(dt.UTC).date())


def file_faults(content: bytes, path: Path) -> tuple[Fault, ...]:
    """What is wrong with one file of a first language by itself: its writing and its shape, not what it names."""
    model = Topic if path.parent.name == "topics" else FILES[path.stem]
    faults: list[Fault] = []
    _validated(model, parse(content, path.as_posix()), faults)
    return in_order(faults)


def _languages(folder: Path) -> list[str]:
    try:
        return sorted(each.name for each in folder.iterdir() if each.is_dir() and _LANGUAGE.fullmatch(each.name))
    except OSError:
        return []


def _read(
    folder: Path,
    root: Path,
    fallback: Guidance | None,
    lent: LanguageFiles | None,
    today: dt.date,
    read: Callable[[Path, Path], YamlSource] = read_source,
) -> ReadResult:
    """One language: read the files, check each, check them together, and join them if all is well.

    ``root``: the folder that no link may lead out of.
    """
    if lent is None and not folder.is_dir():
        missing = Fault(folder.as_posix(), 1, 1, "This folder is missing, and with it the content.")
        return ReadResult(None, (missing,), LanguageFiles(()))
    for each in (folder, folder / "topics"):
        try:
            inside(each, root)
        except LeadsOut:  # not even the names of what is there are shown
            return ReadResult(None, (Fault(each.as_posix(), 1, 1, LEADS_OUT),), LanguageFiles(()))
    names = _names(folder)
    topic_names = _names(folder / "topics")
    needed = FILES.keys() - OPTIONAL.keys() if lent is None else frozenset[str]()
    files = {name: read(folder / f"{name}.yaml", root) for name in FILES if f"{name}.yaml" in names or name in needed}
    pages = LanguageFiles(tuple(read(folder / "topics" / name, root) for name in topic_names if _is_yaml(name)), files)

    faults = _stray(folder, names, known=[*FILES], folders=["topics"])
    faults += _stray(folder / "topics", topic_names, known=None, folders=[])
    if lent is None and not pages.topics:
        faults.append(Fault((folder / "topics").as_posix(), 1, 1, "There are no topics. Add one at least."))
    for name, message in OPTIONAL.items() if lent is None else ():
        if message and name not in files:
            # Nobody deletes the way to report by plan; but advice must go on without it.
            faults.append(Fault((folder / f"{name}.yaml").as_posix(), 1, 1, message, "warning"))
    parts: dict[str, ContentModel] = {}
    for name, source in files.items():
        part = _validated(FILES[name], source, faults, partial=lent is not None and name == "wording")
        if part is not None:
            parts[name] = part
    topics = [_validated(Topic, source, faults) for source in pages.topics]
    faults += check(pages, lent, today)
    guidance = None
    if not errors(faults) and (lent is None or fallback is not None):
        guidance = _joined(folder.name, [topic for topic in topics if topic], parts, pages, fallback)
    return ReadResult(guidance, in_order(faults), pages)


def _names(folder: Path) -> list[str]:
    """What a folder holds, without the hidden files of editors' programs."""
    try:
        return sorted(each.name for each in folder.iterdir() if not each.name.startswith((".", "~")))
    except OSError:
        return []


def _is_yaml(name: str) -> bool:
    return name.endswith(".yaml")


def _stray(folder: Path, names: list[str], *, known: list[str] | None, folders: list[str]) -> list[Fault]:
    """A warning for each file that looks like content and is not read, for nobody else would notice."""
    faults = []
    for name in names:
        ending = Path(name).suffix
        read = _is_yaml(name) and (known is None or Path(name).stem in known)
        if read or name in folders or ending in _IGNORED_ENDINGS or name.endswith("~"):
            continue
        if known is None or ending != ".yaml":
            better = f"{Path(name).stem}.yaml" if ending in (".yml", ".YAML", ".YML", ".txt") else None
        else:
            near = nearest(Path(name).stem, known)
            better = f"{near}.yaml" if near else None
        mend = f" Did you mean `{better}`?" if better else " Delete it or move it elsewhere."
        faults.append(Fault((folder / name).as_posix(), 1, 1, f"This is not read.{mend}", "warning"))
    return faults


def _validated(model: type[PartT], source: YamlSource, faults: list[Fault], *, partial: bool = False) -> PartT | None:
    """The file as its model, or None; what is wrong with it is added to ``faults``.

    A ``partial`` file may leave out what the first language has: everything but its own name.
    """
    faults += source.faults
    if source.data is None:
        return None
    try:
        return model.model_validate(source.data)
    except ValidationError as problem:
        faults += explain(problem, source, model, needed=[("language",)] if partial else None)
        return None


def _joined(
    code: str, own: list[Topic], parts: Mapping[str, Any], pages: LanguageFiles, fallback: Guidance | None
) -> Guidance:
    """One language's guidance from its valid parts, completed from the fallback."""
    helplines = parts["helplines"].helplines if "helplines" in parts else ()
    if fallback is None:
        wording = parts["wording"]
    else:
        written = pages.files["wording"].data if "wording" in pages.files else {"language": code}
        wording = WordingFile.model_validate(_over(fallback.wording.model_dump(mode="json"), written))
    return Guidance(
        code=code,
        wording=wording,
        topics={**(fallback.topics if fallback else {}), **{topic.id: topic for topic in own}},
        helplines={**(fallback.helplines if fallback else {}), **{each.id: each for each in helplines}},
        danger=parts["danger"] if "danger" in parts or not fallback else fallback.danger,
        slang=parts["slang"].slang if "slang" in parts or not fallback else fallback.slang,
        none=parts["none"] if "none" in parts or not fallback else fallback.none,
        questions=parts["questions"].questions if "questions" in parts else (fallback.questions if fallback else ()),
        report=parts.get("report", fallback.report if fallback else None),
        desk=parts.get("desk", fallback.desk if fallback else None),
        own_topics=frozenset(topic.id for topic in own),
    )


def _over(under: Any, upper: Any) -> Any:
    """Two groups of keys in one; where both have a key, the upper one's."""
    if isinstance(under, dict) and isinstance(upper, dict):
        return {**under, **{key: _over(under.get(key), value) for key, value in upper.items()}}
    return upper
