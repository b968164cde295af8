"""The fields of the form in which a topic is changed: how they are read, and which shows what part of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from safetybot.editing.preview.drafts import ContentDraft, SourceDraft, StepDraft
from safetybot.guidance.yaml_source import Loc

_ROWS = 200
"""Steps, or sources, that a form may have; nobody writes so many."""
_STEP = ("id", "button", "say", "asks")
_LINES = ("title", "group", "urgency", "owner", "due")


def read(form: Mapping[str, str]) -> ContentDraft:
    """What was posted."""
    return ContentDraft(
        **{name: form.get(name, "") for name in (*_LINES, "first", "younger_first", "report", "asks")},
        steps=tuple(StepDraft(**each) for each in _rows(form, "steps", _STEP)),
        younger_steps=tuple(StepDraft(**each) for each in _rows(form, "younger_steps", _STEP)),
        sources=tuple(SourceDraft(**each) for each in _rows(form, "sources", ("name", "url", "checked"))),
        helplines=_ticked(form, "helplines"),
        related=_ticked(form, "related"),
    )


def _rows(form: Mapping[str, str], name: str, keys: tuple[str, ...]) -> list[dict[str, str]]:
    found = []
    for number in range(_ROWS):
        if not any(f"{name}-{number}-{key}" in form for key in keys):
            break
        found.append({key: form.get(f"{name}-{number}-{key}", "") for key in keys})
    return found


def _ticked(form: Mapping[str, str], name: str) -> tuple[str, ...]:
    """In the form's order, which is the one in which they are shown."""
    return tuple(field.removeprefix(f"{name}.") for field in form if field.startswith(f"{name}."))


def moved(draft: ContentDraft, act: str) -> tuple[ContentDraft, str]:
    """The draft after a button of its rows was pressed (``steps-2-up``), and the name of the row to go on at.

    An unknown act changes nothing.
    """
    name, _, rest = act.partition("-")
    number, _, what = rest.partition("-")
    if name not in ("steps", "younger_steps", "sources", "helplines", "related"):
        return draft, ""
    items: list[Any] = list(getattr(draft, name))
    if rest == "add" and name not in ("helplines", "related"):
        items.append(SourceDraft() if name == "sources" else StepDraft())
        at = len(items) - 1
    elif number.isascii() and number.isdecimal() and len(number) < 10 and int(number) < len(items):
        at = int(number)
        if what == "remove":
            del items[at]
            at = max(0, min(at, len(items) - 1))
        elif what in ("up", "down"):
            other = at - 1 if what == "up" else at + 1
            if 0 <= other < len(items):
                items[at], items[other] = items[other], items[at]
                at = other
    else:
        return draft, ""
    rows: dict[str, Any] = {name: tuple(items)}
    return replace(draft, **rows), f"{name}-{at}"


def field_of(loc: Loc) -> str:
    """The field of the form that shows a place of the file; empty where none does."""
    match loc:
        case ("answer", "younger", "steps", int(number), *rest):
            return f"younger_steps-{number}-{rest[0] if rest else 'button'}"
        case ("answer", "younger", *_):
            return "younger_first"
        case ("answer", "steps", int(number), *rest):
            return f"steps-{number}-{rest[0] if rest else 'button'}"
        case ("answer", *_):
            return "first"
        case ("sources", int(number), *rest):
            return f"sources-{number}-{rest[0] if rest else 'name'}"
        case ("review", "due", *_):
            return "due"
        case ("review", *_):
            return "owner"
        case (str(name), *_) if name in ("title", "group", "urgency", "helplines", "report", "related", "asks"):
            return name
    return ""
