"""Names of chats, and the tokens in their forms.

A chat's name is 256 bits that only the server makes, held with a MAC by one cookie (or, in another site's frame, by the
page itself). It is renewed with the first words, when a report is begun and after a code, so that a name that somebody
else knows, or has put on the device, shows nothing of what follows (session fixation, OWASP ASVS 5.0 §7.2.4).

A form's token is a random number with a MAC over it and the page's mark, which stays the same while names change, so
that an older page in another tab still sends what is written there. Nobody else can make one, and a form that comes
twice with the same content is known by it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field, replace

_HELD = re.compile(r"([ab])([A-Za-z0-9_-]{22})([A-Za-z0-9_-]{43})([0-9a-f]{32})")
_TOKEN = re.compile(r"([0-9a-f]{16})([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is there, as far as it is known: the holder of a chat's name."""

    chat: str = field(repr=False)
    talked: bool = False
    """Something was said in this chat. If nothing is known of it any more, then its time is over."""
    mark: str = field(default="", repr=False)
    """The mark of their pages, to which tokens are bound; opens nothing."""


class ChatNames:
    """Makes the names of chats, renews them, and knows its own again."""

    def __init__(self, key: bytes) -> None:
        """``key``: 32 bytes, the same in every process of an installation."""
        self._macs = hashlib.blake2b(digest_size=16, key=key, person=b"web-name")
        self._renewals = hashlib.blake2b(digest_size=32, key=key, person=b"web-renewal")

    def new(self) -> Visitor:
        """Return somebody who has not been here before."""
        return Visitor(secrets.token_urlsafe(32), mark=secrets.token_urlsafe(16))

    def renewed(self, visitor: Visitor, update: int) -> Visitor:
        """Return the visitor under the name that follows theirs with this update.

        It is derived, so that a form that comes again leads to the same chat. Who knows the old name alone cannot tell
        the new one: that takes the key, and the update of a form that only the other page has.
        """
        renewal = self._renewals.copy()
        renewal.update(f"{visitor.chat}{update}".encode())
        name = base64.urlsafe_b64encode(renewal.digest()).rstrip(b"=").decode("ascii")
        return replace(visitor, chat=name)

    def held(self, visitor: Visitor) -> str:
        """Return what their browser is to hold."""
        name = ("b" if visitor.talked else "a") + visitor.mark + visitor.chat
        return name + self._mac(name)

    def read(self, held: str | None) -> Visitor | None:
        """Return the visitor whose browser holds this; None where it is nothing that we made."""
        found = _HELD.fullmatch(held) if held is not None else None
        if found is None or not hmac.compare_digest(found[4], self._mac(found[0][: -len(found[4])])):
            return None
        return Visitor(found[3], found[1] == "b", found[2])

    def _mac(self, name: str) -> str:
        mac = self._macs.copy()
        mac.update(name.encode())
        return mac.hexdigest()


class Forms:
    """Makes and checks the tokens of forms."""

    def __init__(self, key: bytes) -> None:
        """``key``: 32 bytes, the same in every process of an installation."""
        # Begun once: the key is mixed in by then.
        self._macs = hashlib.blake2b(digest_size=16, key=key, person=b"web-form")
        self._updates = hashlib.blake2b(digest_size=8, key=key, person=b"web-update")

    def token(self, mark: str) -> str:
        """A new token for the forms of one page of this mark."""
        number = secrets.token_hex(8)
        return number + self._mac(mark, number)

    def number(self, mark: str, token: str) -> str | None:
        """The number in a token of this mark; None where it is not one."""
        found = _TOKEN.fullmatch(token)
        if not found or not hmac.compare_digest(found[2], self._mac(mark, found[1])):
            return None
        return found[1]

    def update(self, number: str, content: str) -> int:
        """The number of an update, below 2**63: the same where a form comes again with the same content."""
        digest = self._updates.copy()
        digest.update(f"{number}{content}".encode("utf-8", "replace"))
        return int.from_bytes(digest.digest(), "big") >> 1

    def _mac(self, mark: str, number: str) -> str:
        mac = self._macs.copy()
        mac.update(f"{mark}{number}".encode())
        return mac.hexdigest()


def forms_key(secret: bytes) -> bytes:
    """The key of :class:`Forms`, derived from the server's secret."""
    return hashlib.blake2b(digest_size=32, key=secret, person=b"web-forms").digest()
