"""Where the numbers are served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from safetybot.http.client_address import is_address
from safetybot.http.options import LOOPBACK, ServingOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOptions(ServingOptions):
    """Where they are served: a port of their own, so that no proxy shows them to the world by mistake."""

    what: ClassVar[str] = "the metrics page"
    settings: ClassVar[str] = "SAFETYBOT_METRICS"

    port: int = 9090
    names: tuple[str, ...] = ()
    """By which it is asked besides."""

    @property
    def hosts(self) -> frozenset[str]:
        """Names it answers to, wherever it listens. Addresses are answered to besides."""
        return frozenset(name.lower() for name in (*LOOPBACK, self.host, *self.names) if name)

    def answers_to(self, name: str) -> bool:
        """Whether it is one of them, or an address: DNS rebinding, which would show a page of somebody else's what is
        said here, needs a name."""
        return name in self.hosts or is_address(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskWatchOptions(WatchOptions):
    """The same, of the desk's process."""

    what: ClassVar[str] = "the desk's metrics page"
    settings: ClassVar[str] = "SAFETYBOT_DESK_METRICS"
