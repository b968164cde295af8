"""Jobs of one chat one after the other, those of different chats side by side."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from safetybot.channels.telegram.log_redaction import place

_LOG = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]


class ChatQueues:
    """A queue for each chat that has something to do, each worked by one task; idle chats cost nothing."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Job]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, lane: str, job: Job) -> None:
        """Add a job to the end of a lane."""
        queue = self._queues.get(lane)
        if queue is not None:
            queue.append(job)
            return
        self._queues[lane] = deque([job])
        task = asyncio.create_task(self._work(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def waiting(self, lane: str) -> int:
        """How many jobs of a lane are not begun yet."""
        return len(self._queues.get(lane, ()))

    def __len__(self) -> int:
        """How many jobs of all lanes are not begun yet."""
        return sum(map(len, self._queues.values()))

    async def _work(self, lane: str) -> None:
        queue = self._queues[lane]
        try:
            while queue:
                try:
                    await queue.popleft()()
                except Exception as error:  # the jobs behind it must not suffer
                    _LOG.error("A job of a chat failed: %s", place(error))
        finally:
            # No await between the last look at the queue and this, so that no job is left in a dead lane.
            del self._queues[lane]

    async def drain(self, seconds: float) -> bool:
        """Wait until all lanes are empty; after ``seconds`` cancel what is left. Whether all was done."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        return not left
