"""A topic as the form shows it and takes it back: every field a text, whatever the file holds.

What was not changed is never written, so that it stays byte for byte as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from safetybot.editing.yaml_splice import EditRefusedError
from safetybot.editing.yaml_text import typed
from safetybot.guidance.yaml_source import Data

_YES = ("true", "yes", "on", "1", "t", "y")


@dataclass(frozen=True)
class StepDraft:
    """A button and what it says."""

    button: str = ""
    say: str = ""
    id: str = ""
    asks: str = ""
    """Wordings, one a line."""


@dataclass(frozen=True)
class SourceDraft:
    """Where a fact comes from."""

    name: str = ""
    url: str = ""
    checked: str = ""


@dataclass(frozen=True)
class ContentDraft:
    """A topic's fields, as typed."""

    title: str = ""
    group: str = ""
    urgency: str = ""
    first: str = ""
    steps: tuple[StepDraft, ...] = ()
    younger_first: str = ""
    younger_steps: tuple[StepDraft, ...] = ()
    helplines: tuple[str, ...] = ()
    report: str = ""
    """``true``, or empty."""
    related: tuple[str, ...] = ()
    sources: tuple[SourceDraft, ...] = ()
    owner: str = ""
    due: str = ""
    asks: str = ""
    """One a line."""

    def meant(self) -> ContentDraft:
        """Without what nobody means: empty rows, space around texts, the signs that no file may hold."""
        asks = [typed(line) for line in self.asks.split("\n")]
        return replace(
            self,
            title=_line(typed(self.title)),
            group=_line(typed(self.group)),
            urgency=_line(typed(self.urgency)),
            first=typed(self.first),
            younger_first=typed(self.younger_first),
            report=typed(self.report),
            owner=_line(typed(self.owner)),
            due=_line(typed(self.due)),
            steps=_meant_steps(self.steps),
            younger_steps=_meant_steps(self.younger_steps),
            sources=tuple(
                SourceDraft(_line(typed(each.name)), _line(typed(each.url)), _line(typed(each.checked)))
                for each in self.sources
                if typed(each.name + each.url + each.checked)
            ),
            asks="\n".join(ask for ask in asks if ask),
        )


PARTS = tuple(each.name for each in fields(ContentDraft))
LABELS: Mapping[str, str] = {
    "title": "title", "group": "group", "urgency": "urgency", "first": "first message", "steps": "steps",
    "younger_first": "first message for under-11s", "younger_steps": "steps for under-11s", "helplines": "helplines",
    "report": "offer of a report", "related": "related topics", "sources": "sources", "owner": "who reviews it",
    "due": "review day", "asks": "examples",
}  # fmt: skip
"""What each part is called, in a sentence."""


def merged(base: ContentDraft, mine: ContentDraft, theirs: ContentDraft) -> tuple[ContentDraft, list[str]]:
    """Both changes of one topic in one draft, and the parts that both changed, of which it has mine."""
    base, meant, theirs = base.meant(), mine.meant(), theirs.meant()
    changed = [name for name in PARTS if getattr(meant, name) != getattr(base, name)]
    both = [name for name in changed if getattr(theirs, name) not in (getattr(base, name), getattr(meant, name))]
    return replace(theirs, **{name: getattr(mine, name) for name in changed}), both


# -- from and to the file


def draft_of(data: Data | None) -> ContentDraft:
    """A file's data as a draft; of what has another shape than it should, nothing."""
    return ContentDraft(
        title=_line(_text(data, "title")),
        group=_line(_text(data, "group")),
        urgency=_line(_text(data, "urgency")),
        first=_text(data, "answer", "first"),
        steps=_steps(data, "answer", "steps"),
        younger_first=_text(data, "answer", "younger", "first"),
        younger_steps=_steps(data, "answer", "younger", "steps"),
        helplines=_texts(data, "helplines"),
        report="true" if _text(data, "report").lower() in _YES else "",
        related=_texts(data, "related"),
        sources=tuple(
            SourceDraft(*(_line(_text(each, name)) for name in ("name", "url", "checked")))
            for each in _list(data, "sources")
        ),
        owner=_line(_text(data, "review", "owner")),
        due=_line(_text(data, "review", "due")),
        asks="\n".join(_line(ask) for ask in _texts(data, "asks")),
    )


def apply(draft: ContentDraft, data: dict[str, Data]) -> None:
    """Changes the data where the draft says something else. Raises EditRefusedError where it has no place for it."""
    before, after = draft_of(data).meant(), draft.meant()
    differs = {name for name in PARTS if getattr(before, name) != getattr(after, name)}
    for name in ("title", "group", "urgency"):
        if name in differs:
            data[name] = getattr(after, name)
    if "report" in differs:
        data["report"] = after.report or "false"
    for name in ("helplines", "related"):
        if name in differs:
            data[name] = list(getattr(after, name))
    if "asks" in differs:
        data["asks"] = [*_kept_lines(_list(data, "asks"), after.asks)]
    if "sources" in differs:
        data["sources"] = [_source(each) for each in after.sources]
    for name, key in (("owner", "owner"), ("due", "due")):
        if name in differs:
            _group(data, "review")[key] = getattr(after, name)
    if "first" in differs:
        _group(data, "answer")["first"] = after.first
    if "steps" in differs:
        _set_steps(_group(data, "answer"), after.steps)
    if not after.younger_first and not after.younger_steps:
        if {"younger_first", "younger_steps"} & differs:
            _group(data, "answer").pop("younger", None)
        return
    if "younger_first" in differs:
        _group(_group(data, "answer"), "younger")["first"] = after.younger_first
    if "younger_steps" in differs:
        younger = _group(_group(data, "answer"), "younger")
        younger.setdefault("first", after.younger_first)
        _set_steps(younger, after.younger_steps)


def _kept_lines(old: list[Data], asks: str) -> Iterable[Data]:
    """The examples; one that the form showed in another way than the file has it stays as it is there."""
    if not all(isinstance(each, str) for each in old):
        raise EditRefusedError("One of the examples in the file is no text: it may need quotes. Mend it there first.")
    known = {typed(_line(each)): each for each in old if isinstance(each, str)}
    return (known.get(ask, ask) for ask in asks.split("\n") if ask)


def _set_steps(answer: dict[str, Data], steps: tuple[StepDraft, ...]) -> None:
    if steps or "steps" in answer:
        old = [asks for each in _list(answer, "steps") for asks in _list(each, "asks")]
        answer["steps"] = [_step(step, old) for step in steps]
    if not steps:
        answer.pop("steps", None)


def _step(draft: StepDraft, old: list[Data]) -> Data:
    """A step as the file has it; ``old``: the wordings that the file has, some of which the form shows otherwise."""
    written: dict[str, Data] = {"id": draft.id, "button": draft.button, "say": draft.say}
    if draft.asks:
        written["asks"] = [*_kept_lines(old, draft.asks)]
    return {name: value for name, value in written.items() if value or name != "id"}


def _source(draft: SourceDraft) -> Data:
    written: dict[str, Data] = {"name": draft.name, "url": draft.url, "checked": draft.checked}
    return {name: text for name, text in written.items() if text or name != "url"}


def _group(data: dict[str, Data], key: str) -> dict[str, Data]:
    found = data.setdefault(key, {})
    if not isinstance(found, dict):
        raise EditRefusedError(f"`{key}` in the file is not what it should be. Mend that in the file first.")
    return found


def _meant_steps(steps: tuple[StepDraft, ...]) -> tuple[StepDraft, ...]:
    return tuple(
        StepDraft(
            _line(typed(step.button)),
            typed(step.say),
            _line(typed(step.id)),
            "\n".join(ask for line in step.asks.split("\n") if (ask := typed(line))),
        )
        for step in steps
        if typed(step.button + step.say + step.id + step.asks)
    )


def _at(data: Data | None, *loc: str) -> Any:
    found: Any = data
    for key in loc:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _text(data: Data | None, *loc: str) -> str:
    found = _at(data, *loc)
    return found.strip() if isinstance(found, str) else ""


def _list(data: Data | None, *loc: str) -> list[Data]:
    found = _at(data, *loc)
    return found if isinstance(found, list) else []


def _texts(data: Data | None, *loc: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in _list(data, *loc) if isinstance(each, str))


def _steps(data: Data | None, *loc: str) -> tuple[StepDraft, ...]:
    return tuple(
        StepDraft(
            _line(_text(each, "button")),
            _text(each, "say"),
            _line(_text(each, "id")),
            "\n".join(_line(ask) for ask in _texts(each, "asks")),
        )
        for each in _list(data, *loc)
    )


def _line(text: str) -> str:
    """As a field of one line can hold it."""
    return " ".join(text.split("\n")).strip()
