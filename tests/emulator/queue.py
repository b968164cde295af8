"""The queue behind getUpdates, with Telegram's rules for the offset."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import Any

DEFAULT_KINDS = {"message", "edited_message", "channel_post", "callback_query", "my_chat_member", "poll"}


class Terminated(Exception):  # noqa: N818
    """A newer getUpdates ended this one (409)."""


class UpdateQueue:
    """Updates not yet confirmed. Each is made into JSON once, when it comes."""

    def __init__(self, first_id: int) -> None:
        self.next_id = first_id
        self.kinds: set[str] = set(DEFAULT_KINDS)
        self.confirmed = first_id
        """Everything before this number is confirmed."""
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._last_confirmed: bytes | None = None
        self._arrived = asyncio.Event()
        self._poll = 0
        self._polling = False

    def __len__(self) -> int:
        return len(self._waiting)

    def push(self, kind: str, content: dict[str, Any]) -> int | None:
        """Queue an update; its number, or None where the bot does not want this kind."""
        if kind not in self.kinds:
            return None
        update_id = self.next_id
        self.next_id += 1
        self._waiting.append((update_id, json.dumps({"update_id": update_id, kind: content}).encode()))
        self._arrived.set()
        return update_id

    def push_raw(self, update_id: int, content: dict[str, Any]) -> None:
        """Queue exactly this, as after a week's silence, when numbers start again at random."""
        self._waiting.append((update_id, json.dumps({"update_id": update_id, **content}).encode()))
        self._arrived.set()

    async def get(self, offset: int, limit: int, timeout: float) -> list[bytes]:
        """What getUpdates returns. A call while another waits ends that other one, as Telegram does."""
        self._poll += 1
        mine = self._poll
        self._arrived.set()
        if offset > 0:
            self._confirm(offset)
        deadline = asyncio.get_running_loop().time() + timeout
        while not self._waiting:
            self._arrived.clear()
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return []
            try:
                async with asyncio.timeout(left):
                    await self._arrived.wait()
            except TimeoutError:
                return []
            if self._poll != mine:
                raise Terminated
        return [body for _, body in list(self._waiting)[:limit]]

    def again(self) -> list[bytes]:
        """The last confirmed update, which no correct server would return."""
        return [] if self._last_confirmed is None else [self._last_confirmed]

    def terminate(self) -> None:
        """End a waiting getUpdates, as another program's call would."""
        self._poll += 1
        self._arrived.set()

    def _confirm(self, offset: int) -> None:
        # An offset far from any number here is one of before the silence: Telegram then returns all there is.
        if self._waiting and offset > self._waiting[-1][0] + 1:
            return
        while self._waiting and self._waiting[0][0] < offset:
            self._last_confirmed = self._waiting.popleft()[1]
        self.confirmed = offset
