"""Mistakes in ``desk.yaml`` beyond its shape. Like all checks it reads the plain data."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safetybot.guidance.desk import PLACEHOLDER
from safetybot.guidance.explain import unknown
from safetybot.guidance.faults import Fault
from safetybot.guidance.yaml_source import Loc, YamlSource


def check_desk(
    source: YamlSource, helplines: frozenset[str] | None, questions: frozenset[str] | None
) -> Iterator[Fault]:
    """Every fault between the parts of the desk's file, and names that lead nowhere.

    ``helplines`` and ``questions`` are the ids that may be named; None where that cannot be told.
    """
    for section in (("phrases",), ("recipients",), ("checking", "avoid")):
        yield from _same_id(source, section)
    seen: dict[str, Loc] = {}
    for loc, label in source.texts("labels"):
        if label.casefold() in seen:
            yield source.fault(loc, f"The label `{label}` is there twice. Also on line {_line(source, seen, label)}.")
        seen.setdefault(label.casefold(), loc)
    for loc, _ in source.items("phrases"):
        yield from _filled(source, (*loc, "say"), helplines)
    for loc, _ in source.items("recipients"):
        helpline = source.text(*loc, "helpline")
        if helpline and helplines is not None and helpline not in helplines:
            yield source.fault((*loc, "helpline"), unknown("helpline ", helpline, helplines))
        if questions is None:
            continue
        for place, question in source.texts(*loc, "needs"):
            if question not in questions:
                yield source.fault(place, unknown("question ", question, questions))


def _filled(source: YamlSource, loc: Loc, helplines: frozenset[str] | None) -> Iterator[Fault]:
    text = source.text(*loc) or ""
    for name in PLACEHOLDER.findall(text):
        if helplines is not None and name not in helplines:
            yield source.fault(loc, unknown("helpline ", name, helplines))
    if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
        yield source.fault(loc, "A { or } without its other half. Names to fill in look like {childline}.")


def _line(source: YamlSource, seen: dict[str, Loc], name: str) -> int:
    return source.place(seen[name.casefold()])[0]


def _same_id(source: YamlSource, section: Loc) -> Iterator[Fault]:
    seen: dict[str, Loc] = {}
    for loc, _ in source.items(*section):
        name = source.text(*loc, "id")
        if name and name in seen:
            line = source.place(seen[name])[0]
            yield source.fault((*loc, "id"), f"The id `{name}` is used twice. Also on line {line}.")
        elif name:
            seen[name] = (*loc, "id")
