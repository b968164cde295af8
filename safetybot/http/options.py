"""Where pages are served, and what they are known as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ANY = ("0.0.0.0", "::", "")  # noqa: S104 - looked for, not listened on


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingOptions:
    """Where it listens, and what it is known as."""

    what: ClassVar[str] = "the server"
    """Its name, in messages to an operator."""
    settings: ClassVar[str] = "SAFETYBOT"
    """What the names of its settings begin with."""

    host: str = "127.0.0.1"
    port: int = 8080
    """0 takes any that is free."""
    url: str | None = None
    """Its public address, e.g. ``https://chat.example.org``; without a path. None: whatever it is called by here."""
    proxies: tuple[str, ...] = ()
    """Addresses of the proxies whose ``X-Forwarded-For`` is believed."""

    @property
    def secure(self) -> bool:
        """Whether browsers reach it over TLS."""
        return self.url is not None and self.url.startswith("https:")

    @property
    def local(self) -> bool:
        """Whether this machine alone reaches it."""
        return self.host.lower() in LOOPBACK

    @property
    def hosts(self) -> frozenset[str] | None:
        """Names it answers to, without ports; None: to any."""
        public = urlsplit(self.url).hostname if self.url else None
        if public is None and self.host in _ANY:
            return None
        return frozenset(name.lower() for name in (*LOOPBACK, self.host, public or self.host) if name)

    def answers_to(self, name: str) -> bool:
        """Whether a request that asks for this name, in lower case and without a port, is answered."""
        return self.hosts is None or name in self.hosts

    def shown(self, port: int) -> str:
        """The address to tell an operator."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.url or f"http://{host}:{port}"
