"""How the web chat is served."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

EXIT = "https://www.bbc.co.uk/weather"
"""Where "Leave now" leads."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ANY = ("0.0.0.0", "::", "")  # noqa: S104 - looked for, not listened on


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOptions:
    """Where it listens, and what it is known as."""

    host: str = "127.0.0.1"
    port: int = 8080
    """0 takes any that is free."""
    url: str | None = None
    """Its public address, e.g. ``https://chat.example.org``; without a path. None: whatever it is called by here."""
    proxies: tuple[str, ...] = ()
    """Addresses of the proxies whose ``X-Forwarded-For`` is believed."""
    embed: tuple[str, ...] = ()
    """Origins whose pages may show the chat in a frame."""
    exit: str = EXIT

    @property
    def secure(self) -> bool:
        """Whether browsers reach it over TLS."""
        return self.url is not None and self.url.startswith("https:")

    @property
    def hosts(self) -> frozenset[str] | None:
        """Names it answers to, without ports; None: to any."""
        public = urlsplit(self.url).hostname if self.url else None
        if public is None and self.host in _ANY:
            return None
        return frozenset(name.lower() for name in (*_LOOPBACK, self.host, public or self.host) if name)

    @property
    def exit_origin(self) -> str:
        """Scheme and host of :attr:`exit`."""
        parts = urlsplit(self.exit)
        return f"{parts.scheme}://{parts.netloc}"

    def shown(self, port: int) -> str:
        """The address to tell an operator."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.url or f"http://{host}:{port}"
