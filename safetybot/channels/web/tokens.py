"""Names of chats, and the tokens in their forms.

A chat's name is 256 random bits, held by one cookie (or, in another site's frame, by the page itself). A form's token
is a random number with a MAC over it and the chat's name: nobody else can make one, and a form that comes twice with
the same content is known by it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

_HELD = re.compile(r"[ab][A-Za-z0-9_-]{43}")
_TOKEN = re.compile(r"([0-9a-f]{16})([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is there, as far as it is known: the holder of a chat's name."""

    chat: str = field(repr=False)
    talked: bool = False
    """Something was said in this chat. If nothing is known of it any more, then its time is over."""

    @classmethod
    def new(cls) -> Visitor:
        """Somebody who has not been here before."""
        return cls(secrets.token_urlsafe(32))

    @classmethod
    def read(cls, held: str | None) -> Visitor | None:
        """From what a browser holds; None where that is nothing of ours."""
        if held is None or not _HELD.fullmatch(held):
            return None
        return cls(held[1:], held[0] == "b")

    @property
    def held(self) -> str:
        """What their browser is to hold."""
        return ("b" if self.talked else "a") + self.chat


class Forms:
    """Makes and checks the tokens of forms."""

    def __init__(self, key: bytes) -> None:
        """``key``: 32 bytes, the same in every process of an installation."""
        # Begun once: the key is mixed in by then.
        self._marks = hashlib.blake2b(digest_size=16, key=key, person=b"web-form")
        self._updates = hashlib.blake2b(digest_size=8, key=key, person=b"web-update")

    def token(self, chat: str) -> str:
        """A new token for the forms of one page."""
        number = secrets.token_hex(8)
        return number + self._mac(chat, number)

    def number(self, chat: str, token: str) -> str | None:
        """The number in a token of this chat; None where it is not one."""
        found = _TOKEN.fullmatch(token)
        if not found or not hmac.compare_digest(found[2], self._mac(chat, found[1])):
            return None
        return found[1]

    def update(self, number: str, content: str) -> int:
        """The number of an update, below 2**63: the same where a form comes again with the same content."""
        digest = self._updates.copy()
        digest.update(f"{number}{content}".encode("utf-8", "replace"))
        return int.from_bytes(digest.digest(), "big") >> 1

    def _mac(self, chat: str, number: str) -> str:
        mark = self._marks.copy()
        mark.update(f"{chat}{number}".encode())
        return mark.hexdigest()


def forms_key(secret: bytes) -> bytes:
    """The key of :class:`Forms`, derived from the server's secret."""
    return hashlib.blake2b(digest_size=32, key=secret, person=b"web-forms").digest()
