"""Who has which case open now: so that two people do not answer the same young person.

Known from their pages, which say so every now and then, and from what they do. Kept in memory alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from safetybot.staff.login import UnlockedMember

STAYS = dt.timedelta(minutes=2)
"""For how long somebody who has said nothing more is taken to be there still."""


class _Here(NamedTuple):
    name: str
    until: dt.datetime


class CasePresence:
    """Who is where."""

    def __init__(self, clock: Callable[[], dt.datetime], changed: Callable[[], None] = lambda: None) -> None:
        """``changed`` is called when somebody comes or goes."""
        self._clock = clock
        self._changed = changed
        self._here: dict[str, dict[str, _Here]] = {}
        """Case → member → until when."""

    def enter(self, case_id: str, member: UnlockedMember) -> None:
        """A member has a case open, or has it open still."""
        here = self._here.setdefault(case_id, {})
        new = member.id not in here
        here[member.id] = _Here(member.name, self._clock() + STAYS)
        if new:
            self._changed()

    def leave(self, case_id: str, member_id: str) -> None:
        """A member has it open no more."""
        here = self._here.get(case_id, {})
        if here.pop(member_id, None):
            if not here:
                del self._here[case_id]
            self._changed()

    def only(self, members: Collection[str]) -> None:
        """All but these (ids) have logged out."""
        for case_id, here in list(self._here.items()):
            for member_id in [each for each in here if each not in members]:
                self.leave(case_id, member_id)

    def others(self, case_id: str, me: str) -> Sequence[str]:
        """Names of the members besides ``me`` (an id) who have a case open, in order."""
        self.tidy()
        return sorted(here.name for member, here in self._here.get(case_id, {}).items() if member != me)

    def now(self) -> Mapping[str, Mapping[str, str]]:
        """Case → the members who have it open, id → name."""
        self.tidy()
        return {case_id: {id_: one.name for id_, one in here.items()} for case_id, here in self._here.items()}

    def tidy(self) -> None:
        """Forgets who has said nothing for long."""
        now = self._clock()
        late = [(case_id, id_) for case_id, here in self._here.items() for id_, one in here.items() if one.until <= now]
        for case_id, member_id in late:
            self.leave(case_id, member_id)
