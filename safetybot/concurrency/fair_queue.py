"""Lets in those who wait: in turn among sources, so that the many things of one do not make the others wait."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Waiting:
    """One thing that waits."""

    ends: int
    """The virtual time at which it would end, were all sources served at once and at the same speed."""
    cost: int
    let_in: asyncio.Future[None]


@dataclass(slots=True)
class _Source:
    """All that one source has here; there is none of a source that has nothing."""

    waiting: deque[_Waiting] = field(default_factory=deque)
    """In the order in which it came."""
    inside: int = 0
    """Cost of what was let in."""
    ends: int = 0
    """The virtual time at which the last of it would end."""


class FairQueue:
    """Self-clocked fair queueing (Golestani 1994) of what takes long.

    Whatever would end first, were all sources served at once and at the same speed, goes next: of equal things each
    source has one in turn, and what is short goes before what is long. Nothing is kept of a source that has nothing
    waiting or inside.
    """

    def __init__(self, room: int, share: int | None = None) -> None:
        """``room``: cost that may be inside at once; ``share``: of one source. One thing may be inside whatever it is.

        Without ``share`` a source may have all the room.
        """
        self._room = room
        self._share = room if share is None else share
        self._sources: dict[Hashable, _Source] = {}
        self._inside = 0
        self._now = 0
        """Virtual time: when that which was let in last ends."""
        self._next: list[tuple[int, int, Hashable]] = []
        """A heap of the first thing of each source that may have more inside: when it ends, a number, the source."""
        self._numbers = itertools.count()

    @asynccontextmanager
    async def place(self, source: Hashable, cost: int = 1) -> AsyncIterator[None]:
        """Inside while the block runs."""
        await self.enter(source, cost)
        try:
            yield
        finally:
            self.leave(source, cost)

    async def enter(self, source: Hashable, cost: int = 1) -> None:
        """Wait until there is room. Whoever enters calls :meth:`leave`, with the same arguments."""
        who = self._sources.setdefault(source, _Source())
        who.ends = max(self._now, who.ends) + cost
        waiting = _Waiting(who.ends, cost, asyncio.get_running_loop().create_future())
        who.waiting.append(waiting)
        if len(who.waiting) == 1:
            self._offer(source, who)
        self._let_in()
        try:
            await waiting.let_in
        except asyncio.CancelledError:
            if waiting.let_in.cancelled():
                self._let_in()
            else:
                self.leave(source, cost)
            raise

    def leave(self, source: Hashable, cost: int = 1) -> None:
        """Make room for the next."""
        who = self._sources[source]
        self._inside -= cost
        was_full, who.inside = not self._may_have_more(who), who.inside - cost
        if was_full and who.waiting:
            self._offer(source, who)
        self._forget(source, who)
        self._let_in()

    def _may_have_more(self, who: _Source) -> bool:
        """Whether the first thing of a source fits into its share."""
        return bool(who.waiting) and (not who.inside or who.inside + who.waiting[0].cost <= self._share)

    def _offer(self, source: Hashable, who: _Source) -> None:
        """List the first thing of a source among those that may go next, where it fits into its share."""
        if self._may_have_more(who):
            heapq.heappush(self._next, (who.waiting[0].ends, next(self._numbers), source))

    def _let_in(self) -> None:
        while self._next:
            source = self._next[0][2]
            who = self._sources[source]
            first = who.waiting[0]
            given_up = first.let_in.cancelled()
            if not given_up and self._inside and self._inside + first.cost > self._room:
                return
            heapq.heappop(self._next)
            who.waiting.popleft()
            if not given_up:
                self._now = max(self._now, first.ends)
                self._inside += first.cost
                who.inside += first.cost
                first.let_in.set_result(None)
            self._offer(source, who)
            self._forget(source, who)

    def _forget(self, source: Hashable, who: _Source) -> None:
        if not who.waiting and not who.inside:
            del self._sources[source]
