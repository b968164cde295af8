"""Faults and findings in the three forms that ``check`` prints: for people, for GitHub, and for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from safetybot.guidance.faults import Fault, errors

GITHUB_SHOWN = 10
"""Annotations of each kind that GitHub shows for one step; so errors come first, and the log has all."""


def as_text(faults: Sequence[Fault]) -> str:
    """One line for each."""
    return "\n".join(map(str, faults))


def summary(faults: Sequence[Fault]) -> str:
    """How many there are of each kind."""
    bad = len(errors(faults))
    return f"errors: {bad}, warnings: {len(faults) - bad}"


def as_github(faults: Sequence[Fault]) -> str:
    """Workflow commands, which GitHub shows beside the changed lines of a pull request; errors first.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    return "\n".join(map(_annotation, sorted(faults, key=lambda fault: fault.severity != "error")))


def _annotation(fault: Fault) -> str:
    title = f"{fault.finding or 'content'}: {_short(fault)}"
    properties = {
        "file": fault.path.removeprefix("./"),
        "line": fault.line,
        "endLine": fault.line,
        "col": fault.column,
        "endColumn": end_column(fault),
        "title": title,
    }
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{fault.severity} {written}::{_data(fault.message)}"


def _short(fault: Fault) -> str:
    return "must be mended" if fault.severity == "error" else "look at this again"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def end_column(fault: Fault) -> int:
    """The column behind what a fault is about; where that is not known, behind the end of its line."""
    if fault.end_column is not None:
        return fault.end_column
    return max(fault.column + 1, len((fault.source_line or "").rstrip()) + 1)


def as_json(faults: Sequence[Fault]) -> str:
    """One object: ``errors`` and ``warnings`` (numbers), and ``faults``, a list of objects with

    ``file``, ``line``, ``column``, ``end_column`` (from 1; the end is the first column behind), ``severity``
    (``error`` or ``warning``), ``finding`` (the name to accept it by, or null), ``message``, and ``source`` (the line
    itself, or null).
    """
    bad = len(errors(faults))
    listed = [
        {
            "file": fault.path,
            "line": fault.line,
            "column": fault.column,
            "end_column": end_column(fault),
            "severity": fault.severity,
            "finding": fault.finding,
            "message": fault.message,
            "source": fault.source_line,
        }
        for fault in faults
    ]
    return json.dumps({"errors": bad, "warnings": len(faults) - bad, "faults": listed}, ensure_ascii=False)
