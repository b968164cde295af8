"""Which texts go to the process next: short ones apart from long ones, and of each kind in turn among who wrote them.

A text of 4,000 letters of nonsense takes half a second to understand, and every text is understood, for it may be a cry
for help.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from safetybot.apart.child import Lane
from safetybot.apart.waiting import LETTERS_TOGETHER, TOGETHER
from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.turn import Memory
from safetybot.fair_gate import FairGate

SHORT_LETTERS = 300
"""Of most messages that people type."""
_EACH = 40
"""Letters that take about as long as all that a text takes besides; and letters of an ordinary text."""
_SHORT_ROOM = 2 * TOGETHER * (_EACH + _EACH)
"""So many ordinary texts as are understood together, and as many behind them, so that the process has always some."""
_SHORT_SHARE = _SHORT_ROOM // 8
"""Of one source: six ordinary texts, or one that is as long as may be."""


class Lanes:
    """The line before each way to the process."""

    def __init__(self) -> None:
        self._gates = {
            Lane.SHORT: FairGate(_SHORT_ROOM, _SHORT_SHARE),
            Lane.LONG: FairGate(LETTERS_TOGETHER, 1),
        }

    def place(self, lane: Lane, incoming: Incoming, letters: int) -> AbstractAsyncContextManager[None]:
        """A place in a lane while the block runs, when its turn has come."""
        return self._gates[lane].place(incoming.source or (incoming.channel, incoming.chat), _EACH + letters)


def lane_of(letters: int) -> Lane:
    """The lane for a text with so many letters."""
    return Lane.SHORT if letters <= SHORT_LETTERS else Lane.LONG


def letters_of(incoming: Incoming, memory: Memory) -> int:
    """Letters that may have to be understood: a text is read together with the one before it."""
    before = memory.fragment.text if memory.fragment else ""
    return len(incoming.text or "") + len(before)
