"""What a look at an installation comes to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it is with one thing."""

    GOOD = "good"
    WARNING = "warning"
    """It works, or will; somebody should look."""
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: State
    says: str
    """How it is; where it is not good, what to do. No secret, and nobody's words."""


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything that was looked at, in order."""

    findings: tuple[Finding, ...]
    audit_head: str | None
    """``number:hash`` of the audit log's newest row; None where the log does not hold."""

    @property
    def sound(self) -> bool:
        """Nothing is a fault."""
        return all(finding.state is not State.FAULT for finding in self.findings)


def good(what: str, says: str) -> Finding:
    """It is as it should be."""
    return Finding(what, State.GOOD, says)


def warning(what: str, says: str) -> Finding:
    """It works, or will; somebody should look."""
    return Finding(what, State.WARNING, says)


def fault(what: str, says: str) -> Finding:
    """It does not work, or is not safe."""
    return Finding(what, State.FAULT, says)
