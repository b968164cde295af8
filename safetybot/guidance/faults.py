"""A mistake in the content: where it is, what is wrong and how to mend it, in an editor's words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Fault:
    """One mistake. Lines and columns count from 1, as editors' programs show them.

    ``path`` begins with the content folder as the caller named it, so that it can be opened from where they stand.
    An error keeps a change from going live; a warning does not.
    """

    path: str
    line: int
    column: int
    message: str
    severity: Severity = "error"
    source_line: str | None = None
    finding: str | None = None
    """The name of the review finding it is, by which an editor can accept it; None for a mistake."""
    end_column: int | None = None
    """The column behind the last character it is about, where that is known."""

    def __str__(self) -> str:
        warning = "warning: " if self.severity == "warning" else ""
        name = f" [{self.finding}]" if self.finding else ""
        return f"{self.path}:{self.line}:{self.column}: {warning}{self.message}{name}"


class ContentError(Exception):
    """The content cannot be used; ``faults`` says why, all at once."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def errors(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """The faults that keep a change from going live."""
    return tuple(fault for fault in faults if fault.severity == "error")


def in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """The faults by file, line and column, each once, and errors before warnings."""
    return tuple(sorted(set(faults), key=_order))


def _order(fault: Fault) -> tuple[str, int, int, str, str]:
    return fault.path, fault.line, fault.column, fault.severity, fault.message
