"""What a look at an installation comes to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FindingState(StrEnum):
    """How it is with one thing."""

    GOOD = "good"
    WARNING = "warning"
    """It works, or will; somebody should look."""
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """One thing that was looked at."""

    what: str
    state: FindingState
    says: str
    """How it is; where it is not good, what to do. No secret, and nobody's words."""


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything that was looked at, in order."""

    findings: tuple[DoctorFinding, ...]
    audit_head: str | None
    """``number:hash`` of the audit log's newest row; None where the log does not hold."""

    @property
    def sound(self) -> bool:
        """Nothing is a fault."""
        return all(finding.state is not FindingState.FAULT for finding in self.findings)


def good(what: str, says: str) -> DoctorFinding:
    """It is as it should be."""
    return DoctorFinding(what, FindingState.GOOD, says)


def warning(what: str, says: str) -> DoctorFinding:
    """It works, or will; somebody should look."""
    return DoctorFinding(what, FindingState.WARNING, says)


def fault(what: str, says: str) -> DoctorFinding:
    """It does not work, or is not safe."""
    return DoctorFinding(what, FindingState.FAULT, says)
