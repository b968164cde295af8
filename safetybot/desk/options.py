"""How the desk is served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from safetybot.http.options import ServingOptions


class DeskNotPrivate(Exception):  # noqa: N818 - reads as what went wrong
    """Passphrases would cross a network in clear; the message says what to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskOptions(ServingOptions):
    """Where it listens, and what it is known as."""

    what: ClassVar[str] = "the desk"
    settings: ClassVar[str] = "SAFETYBOT_DESK"

    port: int = 8081

    def must_be_private(self) -> None:
        """Raises DeskNotPrivate where others than this machine could log in without TLS."""
        if not self.secure and (self.url is not None or not self.local):
            raise DeskNotPrivate(
                "the desk would take passphrases over plain HTTP: leave SAFETYBOT_DESK_HOST at 127.0.0.1, or put a TLS "
                "proxy before it and set SAFETYBOT_DESK_URL to its address, beginning with https://"
            )
