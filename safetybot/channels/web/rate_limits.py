"""How much one visitor and one address may ask for, and how much may be in hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from types import TracebackType

from safetybot.service.rate_limits import Counts, Limit

CHAT = Limit(30, 1.0)
"""Messages of one chat."""
ADDRESS = Limit(150, 5.0)
"""Of one address, behind which a whole school may be."""
AT_ONCE = 256
"""Messages in hand at any time, in this process."""
ADDRESS_AT_ONCE = 64
"""Of those, of one address."""


class TooMany(Exception):  # noqa: N818 - reads as what went wrong
    """More was asked for than can be answered."""


InDanger = Callable[[], Awaitable[bool]]


class Limits:
    """Who may say something now."""

    def __init__(self, counts: Counts, *, addresses: bool, limited: Callable[[str], None] = lambda limit: None) -> None:
        """``addresses``: whether the addresses we see are those of the visitors.

        ``limited`` is told the kind of each limit that is reached: ``chat``, ``address`` or ``in-hand``.
        """
        self._limited = limited
        self._counts = counts
        self._addresses = addresses
        self._in_hand = 0
        self._of_address = Counter[str]()
        """Address → its messages in hand, for as long as it has any."""

    def turn(self, chat: str, address: str | None, in_danger: InDanger | None = None) -> _Turn:
        """Around one message. ``in_danger``: whether it may come from somebody in danger, who is always answered.

        Entering the block raises TooMany.
        """
        return _Turn(self, chat, address, in_danger)

    async def begin(self, chat: str, address: str | None, in_danger: InDanger | None) -> None:
        """What entering that block does. Raises TooMany."""
        self._in_hand += 1
        if self._addresses and address:
            self._of_address[address] += 1
        try:
            over = await self._over(chat, address)
            # Judging takes time too: there is an end to that as well.
            if over is not None and (in_danger is None or self._crowded(address, 2) or not await in_danger()):
                self._limited(over.partition(" ")[0])
                raise TooMany
        except BaseException:
            self.end(address)
            raise

    def end(self, address: str | None) -> None:
        """What leaving it does."""
        self._in_hand -= 1
        if self._addresses and address:
            self._of_address[address] -= 1
            if not self._of_address[address]:
                del self._of_address[address]

    def _crowded(self, address: str | None, times: int = 1) -> bool:
        """Whether so many times more is in hand than should be, in all or of this address."""
        of_address = self._of_address[address] if address else 0
        return self._in_hand > times * AT_ONCE or of_address > times * ADDRESS_AT_ONCE

    async def _over(self, chat: str, address: str | None) -> str | None:
        """Which limit is reached, if any."""
        if self._crowded(address):
            return "in-hand"
        names = {f"chat {chat}": CHAT}
        if self._addresses and address:
            names[f"address {address}"] = ADDRESS
        return await self._counts.take(names)


class _Turn:
    """One message in hand. (Every message goes through this: a generator would take several times as long.)"""

    __slots__ = ("_address", "_chat", "_in_danger", "_limits")

    def __init__(self, limits: Limits, chat: str, address: str | None, in_danger: InDanger | None) -> None:
        self._limits, self._chat, self._address, self._in_danger = limits, chat, address, in_danger

    async def __aenter__(self) -> None:
        await self._limits.begin(self._chat, self._address, self._in_danger)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._limits.end(self._address)
