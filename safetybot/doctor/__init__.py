"""Looks an installation over, and changes nothing: makes no folder, upgrades no table."""

from safetybot.doctor.examining import examine as examine
from safetybot.doctor.findings import DoctorFinding as DoctorFinding
from safetybot.doctor.findings import Examination as Examination
from safetybot.doctor.findings import FindingState as FindingState
