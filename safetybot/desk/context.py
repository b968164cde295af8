"""What every page of the desk needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.desk.events import Changed
from safetybot.desk.jobs import Jobs
from safetybot.desk.live_guidance import DeskGuidance
from safetybot.desk.logins import Logins
from safetybot.desk.options import DeskOptions
from safetybot.desk.pages import DeskPages
from safetybot.desk.presence import CasePresence
from safetybot.vault.key_derivation import KeyStretcher, Parameters


@dataclass(frozen=True, slots=True)
class DeskContext:
    """Handed to each page module's ``routes``."""

    engine: AsyncEngine
    stretcher: KeyStretcher
    clock: Callable[[], dt.datetime]
    """The time, in UTC, with its zone."""
    options: DeskOptions
    guidance: Callable[[], DeskGuidance]
    """The newest valid content."""
    logins: Logins
    pages: DeskPages
    presence: CasePresence
    changed: Changed
    jobs: Jobs
    parameters: Parameters | None = None
    """Of Argon2id, for new passphrases; None for the usual ones."""
