"""Where a stretch of a text stands in its file, to the column."""

from __future__ import annotations

from dataclasses import replace

from safetybot.guidance.faults import Fault
from safetybot.guidance.yaml_source import Loc, YamlSource


def finding(
    source: YamlSource,
    name: str,
    loc: Loc,
    message: str,
    start: int = 0,
    end: int | None = None,
    *,
    key: bool = False,
) -> Fault:
    """A finding at a text of a file, or at the stretch ``start`` to ``end`` of it (as :meth:`Source.text` gives it)."""
    spot = _spot(source, loc, start, end) if end is not None else None
    line, column = spot[:2] if spot else source.place(loc, key=key)
    found = source.fault_at(line, column, message, "warning")
    return replace(found, finding=str(name), end_column=spot[2] if spot else None)


def _spot(source: YamlSource, loc: Loc, start: int, end: int) -> tuple[int, int, int] | None:
    """Line, column and end column of a stretch of a text; None where it cannot be told."""
    text = source.text(*loc)
    if text is None:
        return None
    line, column = source.place(loc)
    above = text[:start].count("\n")
    begin = text.rfind("\n", 0, start) + 1
    row = text[begin:].split("\n", 1)[0]
    part = text[start:end].split("\n", 1)[0]
    first = source.lines[line - 1][column - 1 : column]
    number = line + 1 + above if first == "|" else line
    if number > len(source.lines):
        return None
    written = source.lines[number - 1]
    base = written.find(row) if first == "|" else -1
    at = base + (start - begin) if base >= 0 else written.find(part, column - 1)
    return (number, at + 1, at + 1 + len(part)) if at >= 0 else None
