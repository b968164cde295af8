"""Which updates are fetched and not yet confirmed, and up to where they may be confirmed."""

from __future__ import annotations

from collections import OrderedDict


class OffsetTracker:
    """Updates in Telegram's order, each handled or not.

    Telegram knows one number only, the offset: everything before it is confirmed and forgotten. So the offset may
    pass an update only once that one and all before it are handled. Telegram returns at most 100 updates from the
    offset on, which bounds the window by itself.
    """

    SIZE = 100
    _REMEMBERED = 1000

    def __init__(self) -> None:
        self._open: OrderedDict[int, bool] = OrderedDict()
        self._recent: OrderedDict[int, None] = OrderedDict()
        self.offset: int | None = None
        """What to ask Telegram for next; None before anything was handled."""

    def __len__(self) -> int:
        """How many updates are fetched and not confirmed."""
        return len(self._open)

    @property
    def full(self) -> bool:
        """Whether Telegram has nothing new to show until the oldest update is handled."""
        return len(self._open) >= self.SIZE

    def admit(self, update_id: int) -> bool:
        """Take in an update; False where it is in hand or was handled before.

        Numbers need not rise: after a week's silence Telegram starts again at random. Hence the order of
        arrival counts, and what was handled is remembered by number rather than by "lower than the offset".
        """
        if update_id in self._open or update_id in self._recent:
            return False
        self._open[update_id] = False
        return True

    def handled(self, update_id: int) -> bool:
        """Mark an update as handled; whether the offset moved."""
        self._open[update_id] = True
        moved = False
        while self._open:
            oldest, done = next(iter(self._open.items()))
            if not done:
                break
            del self._open[oldest]
            self._recent[oldest] = None
            self.offset = oldest + 1
            moved = True
        while len(self._recent) > self._REMEMBERED:
            self._recent.popitem(last=False)
        return moved
