"""What one step of the conversation begins with, and its result."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from safetybot.dialogue.effects import Effect, KeepWords
from safetybot.dialogue.messages import Outgoing
from safetybot.dialogue.report_state import ReportState
from safetybot.dialogue.session import Fragment, Session


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of a chat."""

    session: Session = field(default_factory=Session)
    fragment: Fragment | None = None
    """A text of the last two minutes that found no answer."""
    kept: ReportState = field(default_factory=ReportState)


@dataclass(frozen=True, slots=True)
class Turn:
    """What to show, what to remember, and what to count."""

    messages: tuple[Outgoing, ...]
    session: Session
    fragment: Fragment | None = None
    counts: tuple[tuple[str, str], ...] = ()
    """(name, topic id or empty) of what is counted, with no words and no people in it."""
    passage: str | None = None
    """Id of the passage that answers: ``topic/step``, or ``?question``."""
    delete: tuple[int, ...] = ()
    undeleted: Outgoing | None = None
    kept: ReportState | None = None
    """What is kept of reports, where that has changed; it is saved before anything is shown."""
    effect: Effect | None = None
    """What must be done with a report first; :meth:`Conversation.after` then makes the turn that is shown."""

    keep: KeepWords | None = None
    """What must be kept for the editors before anything is shown."""

    def followed_by(self, messages: tuple[Outgoing, ...]) -> Turn:
        """This turn with more to show at its end."""
        return replace(self, messages=(*self.messages, *messages))
