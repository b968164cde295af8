"""How the web chat is served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from safetybot.http.options import ServingOptions

EXIT = "https://www.bbc.co.uk/weather"
"""Where "Leave now" leads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOptions(ServingOptions):
    """Where it listens, what it is known as, and who may show it."""

    what: ClassVar[str] = "the web chat"
    settings: ClassVar[str] = "SAFETYBOT_WEB"

    embed: tuple[str, ...] = ()
    """Origins whose pages may show the chat in a frame."""
    exit: str = EXIT

    @property
    def exit_origin(self) -> str:
        """Scheme and host of :attr:`exit`."""
        parts = urlsplit(self.exit)
        return f"{parts.scheme}://{parts.netloc}"
