"""The result of one step of the conversation."""

from __future__ import annotations

from dataclasses import dataclass

from safetybot.dialogue.messages import Outgoing
from safetybot.dialogue.session import Fragment, Session


@dataclass(frozen=True, slots=True)
class Turn:
    """What to show, what to remember, and what to count."""

    messages: tuple[Outgoing, ...]
    session: Session
    fragment: Fragment | None = None
    counts: tuple[tuple[str, str], ...] = ()
    """(name, topic id or empty) of what is counted, with no words and no people in it."""
    delete: tuple[int, ...] = ()
    undeleted: Outgoing | None = None
