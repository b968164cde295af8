"""The queue behind getUpdates, with Telegram's rules for the offset."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
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
        self._posted: set[int] = set()
        """Taken at the webhook, behind others that are not yet."""
        self._post: Callable[[int, bytes], None] | None = None

    def __len__(self) -> int:
        return len(self._waiting) - len(self._posted)

    @property
    def unconfirmed(self) -> frozenset[int]:
        """Numbers of the updates that are not confirmed."""
        return frozenset(number for number, _ in self._waiting if number not in self._posted)

    def push(self, kind: str, content: dict[str, Any]) -> int | None:
        """Queue an update; its number, or None where the bot does not want this kind."""
        if kind not in self.kinds:
            return None
        update_id = self.next_id
        self.next_id += 1
        self._add(update_id, json.dumps({"update_id": update_id, kind: content}).encode())
        return update_id

    def push_raw(self, update_id: int, content: dict[str, Any]) -> None:
        """Queue exactly this, as after a week's silence, when numbers start again at random."""
        self._add(update_id, json.dumps({"update_id": update_id, **content}).encode())

    def post_with(self, post: Callable[[int, bytes], None] | None) -> None:
        """Hand every update to ``post``, also those that wait; None: keep them for getUpdates again."""
        self._post = post
        if post is not None:
            for update_id, body in self._waiting:
                if update_id not in self._posted:
                    post(update_id, body)

    def taken(self, update_id: int) -> None:
        """An update that was posted is confirmed."""
        self._posted.add(update_id)
        while self._waiting and self._waiting[0][0] in self._posted:
            self._posted.discard(self._waiting.popleft()[0])
        self.confirmed = self._waiting[0][0] if self._waiting else self.next_id

    def _add(self, update_id: int, body: bytes) -> None:
        self._waiting.append((update_id, body))
        self._arrived.set()
        if self._post is not None:
            self._post(update_id, body)

    async def get(self, offset: int, limit: int, timeout: float) -> list[bytes]:
        """What getUpdates returns. A call while another waits ends that other one, as Telegram does."""
        self._poll += 1
        mine = self._poll
        self._arrived.set()
        if offset > 0:
            self._confirm(offset)
        self._waiting = deque(each for each in self._waiting if each[0] not in self._posted)
        self._posted.clear()
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
