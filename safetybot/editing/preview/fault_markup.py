"""What is said of a fault, as HTML: its message, and the line of the file with the place marked."""

from __future__ import annotations

from markupsafe import Markup, escape

from safetybot.guidance.faults import Fault

_BEFORE, _MARKED, _BEHIND = 60, 120, 60
"""Letters of a long line that are shown."""


def marked(fault: Fault) -> Markup:
    """The line as HTML; empty where there is none."""
    line = (fault.source_line or "").rstrip("\r\n")
    if not line.strip():
        return Markup()
    start = min(fault.column - 1, len(line))
    end = fault.end_column - 1 if fault.end_column is not None else len(line.rstrip())
    end = min(max(end, start + 1), len(line), start + _MARKED)
    before, inside, behind = line[:start], line[start:end], line[end:]
    if len(before) > _BEFORE:
        before = f"…{before[-_BEFORE:]}"
    if len(behind) > _BEHIND:
        behind = f"{behind[:_BEHIND]}…"
    return Markup("{}<mark>{}</mark>{}").format(escape(before.lstrip()), inside or " ", behind)


def code(message: str) -> Markup:
    """A message; what stands between backquotes is written in the file so."""
    pieces = message.split("`")
    if len(pieces) % 2 == 0:
        return escape(message)
    return Markup().join(
        Markup("<code>{}</code>").format(piece) if place % 2 else escape(piece) for place, piece in enumerate(pieces)
    )
