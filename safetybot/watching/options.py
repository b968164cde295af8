"""Where the numbers are served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from safetybot.serving.options import ServingOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOptions(ServingOptions):
    """Where they are served: a port of their own, so that no proxy shows them to the world by mistake."""

    what: ClassVar[str] = "the metrics page"
    settings: ClassVar[str] = "SAFETYBOT_METRICS"

    port: int = 9090


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskWatchOptions(WatchOptions):
    """The same, of the desk's process."""

    what: ClassVar[str] = "the desk's metrics page"
    settings: ClassVar[str] = "SAFETYBOT_DESK_METRICS"
