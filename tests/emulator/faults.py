"""What goes wrong between a bot and Telegram, at a rate or for given calls."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

KINDS = {
    "400": "refused: 400",
    "401": "the token is refused",
    "404": "the token is refused, as a malformed one is",
    "parse": "400, can't parse entities",
    "blocked": "403, bot was blocked by the user",
    "409": "another getUpdates",
    "429": "too many requests; retry after `seconds`",
    "500": "server error",
    "502": "bad gateway, with an HTML page instead of JSON",
    "reset": "the connection is closed before anything is done",
    "lost": "the call is carried out, and the connection is closed before the answer",
    "cut": "the call is carried out, and the connection is closed in the middle of the answer",
    "garbage": "the call is carried out, and the answer is no JSON",
    "slow": "the call is carried out `seconds` later",
    "silent": "no answer for `seconds`, then the connection is closed",
    "again": "getUpdates returns the last confirmed update again, before the others",
}


@dataclass
class Fault:
    """One thing that goes wrong."""

    kind: str
    method: str = "sendMessage"
    """``*`` for every method."""
    chat: int | None = None
    rate: float = 1.0
    times: int | None = None
    """How often at most; None for always."""
    seconds: float = 1.0
    happened: int = 0

    def applies(self, method: str, chat: int | None) -> bool:
        """Whether it can strike this call, chance aside."""
        if self.times is not None and self.happened >= self.times:
            return False
        return self.method in ("*", method) and self.chat in (None, chat)


@dataclass
class Faults:
    """All that goes wrong at present. Seeded, so that a run can be repeated."""

    seed: int = 1
    active: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def add(self, kind: str, method: str = "sendMessage", **more: object) -> Fault:
        """Let something go wrong from now on; see :data:`KINDS` and :class:`Fault`."""
        if kind not in KINDS:
            raise ValueError(f"no fault is called {kind}; there are {', '.join(KINDS)}")
        fault = Fault(kind, method, **more)  # type: ignore[arg-type]
        self.active.append(fault)
        return fault

    def clear(self) -> None:
        """Let everything go right again."""
        self.active.clear()

    def strike(self, method: str, chat: int | None) -> Fault | None:
        """The fault that hits this call, if any."""
        for fault in self.active:
            if fault.applies(method, chat) and (fault.rate >= 1 or self._random.random() < fault.rate):
                fault.happened += 1
                return fault
        return None
