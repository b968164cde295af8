"""Which texts go to the process next: short ones apart from long ones, and of each kind in turn among who wrote them.

A text of 4,000 letters of nonsense takes half a second to understand, and every text is understood, for it may be a cry
for help.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from safetybot.concurrency.fair_queue import FairQueue
from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.turn import Memory
from safetybot.understanding.batch_responder import LETTERS_TOGETHER, TOGETHER
from safetybot.understanding.worker_client import WorkerQueue

SHORT_LETTERS = 300
"""Of most messages that people type."""
_EACH = 40
"""Letters that take about as long as all that a text takes besides; and letters of an ordinary text."""
_SHORT_ROOM = 2 * TOGETHER * (_EACH + _EACH)
"""So many ordinary texts as are understood together, and as many behind them, so that the process has always some."""
_SHORT_SHARE = _SHORT_ROOM // 8
"""Of one source: six ordinary texts, or one that is as long as may be."""


class FairScheduler:
    """The line before each way to the process."""

    def __init__(self) -> None:
        self._gates = {
            WorkerQueue.SHORT: FairQueue(_SHORT_ROOM, _SHORT_SHARE),
            WorkerQueue.LONG: FairQueue(LETTERS_TOGETHER, 1),
        }

    def place(self, lane: WorkerQueue, incoming: Incoming, letters: int) -> AbstractAsyncContextManager[None]:
        """A place in a lane while the block runs, when its turn has come."""
        return self._gates[lane].place(incoming.source or (incoming.channel, incoming.chat), _EACH + letters)


def queue_for(letters: int) -> WorkerQueue:
    """The lane for a text with so many letters."""
    return WorkerQueue.SHORT if letters <= SHORT_LETTERS else WorkerQueue.LONG


def letters_of(incoming: Incoming, memory: Memory) -> int:
    """Letters that may have to be understood: a text is read together with the one before it."""
    before = memory.fragment.text if memory.fragment else ""
    return len(incoming.text or "") + len(before)
