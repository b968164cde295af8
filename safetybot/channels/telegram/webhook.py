"""Where Telegram posts its updates: one path, known to Telegram alone, and answered with 200 only once all is done."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from starlette.types import Receive, Scope, Send

from safetybot.channels.telegram.in_flight import InFlightUpdates, UpdateNotTaken
from safetybot.channels.telegram.log_redaction import place
from safetybot.channels.telegram.updates import UPDATE_MOST, is_number
from safetybot.formats import fast_json
from safetybot.http.options import ServingOptions

MOST_BYTES = 1_048_576
"""Of one update; the longest that Telegram makes have a tenth of it."""
BODY_SECONDS = 20.0
RETRY_SECONDS = 2
"""After which Telegram may post again what could not be taken."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WebhookAddress:
    """Where Telegram posts to, and what it proves itself with."""

    origin: str
    """Public: ``https://bot.example.org``."""
    path: str = field(repr=False)
    token: str = field(repr=False)
    """Comes with each post, in a header."""

    @classmethod
    def of(cls, origin: str, key: bytes) -> WebhookAddress:
        """``key``: 32 bytes, the same in every process of an installation. Neither part tells the other, or the key."""
        path, token = (
            hashlib.blake2b(digest_size=size, key=key, person=person).hexdigest()
            for size, person in ((16, b"hook-path"), (32, b"hook-token"))
        )
        return cls(origin, f"/telegram/{path}", token)

    @property
    def url(self) -> str:
        """To tell Telegram; nobody else is told."""
        return self.origin + self.path


def webhook_key(secret: bytes) -> bytes:
    """The key of :class:`WebhookAddress`, derived from the server's secret."""
    return hashlib.blake2b(digest_size=32, key=secret, person=b"telegram-hook").digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookOptions(ServingOptions):
    """Where it listens, where it is served alone."""

    what: ClassVar[str] = "the webhook"
    settings: ClassVar[str] = "SAFETYBOT_WEBHOOK"


class Webhook:
    """The ASGI application at :attr:`WebhookAddress.path`; it takes updates once the channel has begun."""

    def __init__(
        self, address: WebhookAddress, committed: Callable[[], Awaitable[None]], counts: Counter[str] | None = None
    ) -> None:
        """``committed`` returns once all that was handled before the call is on the disk; raises where it cannot be."""
        self.address = address
        self.in_hand = InFlightUpdates(committed)
        self.counts: Counter[str] = Counter() if counts is None else counts
        self._token = address.token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one post."""
        status = await self._status(scope, receive)
        if status is None:
            return
        headers = [(b"content-length", b"0"), (b"cache-control", b"no-store")]
        if status == 503:
            headers.append((b"retry-after", str(RETRY_SECONDS).encode()))
        if status == 405:
            headers.append((b"allow", b"POST"))
        if status != 200:
            headers.append((b"connection", b"close"))  # what is left of the body is not read
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def _status(self, scope: Scope, receive: Receive) -> int | None:
        """What an update gets; None where whoever posted it has gone."""
        if scope["method"] != "POST":
            return 405
        headers = dict(scope["headers"])
        if not hmac.compare_digest(headers.get(b"x-telegram-bot-api-secret-token", b""), self._token):
            self._once("posts-forged", "a post came without the webhook's token: not Telegram's, or of another secret")
            return 403
        if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
            return 415
        length = headers.get(b"content-length", b"")
        if length.isdigit() and (len(length) > 18 or int(length) > MOST_BYTES):
            return self._too_large()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(receive)
        except TimeoutError:
            return 408
        if body is None:
            return None
        return self._too_large() if len(body) > MOST_BYTES else await self._handle(body)

    async def _handle(self, body: bytes) -> int:
        raw = _update(body)
        if raw is None:
            # It would be as unreadable the next time; and while it comes again and again, others of its chat wait.
            self._once("unreadable", "an update could not be read, and is left out")
            return 200
        try:
            await self.in_hand.take(raw)
        except UpdateNotTaken:
            self.counts["posts-refused"] += 1
            return 503
        except Exception as error:
            self._once("posts-unwritten", f"answers could not be written down: {place(error)}")
            return 503
        return 200

    def _too_large(self) -> int:
        self._once("posts-too-large", "an update is larger than any of Telegram's")
        return 413

    def _once(self, name: str, message: str) -> None:
        """Count it, and log it at 1, 2, 4, 8…: seen, and no flood of lines."""
        self.counts[name] += 1
        count = self.counts[name]
        if count & (count - 1) == 0:
            _LOG.error("Telegram: %s (%d)", message, count)


async def _body(receive: Receive) -> bytes | None:
    """What is posted, or more than :data:`MOST_BYTES` of it; None where the other side went away."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False) or len(body) > MOST_BYTES:
            return bytes(body)


def _update(body: bytes) -> dict[str, Any] | None:
    """An update with a number; None where it is none."""
    try:
        raw = fast_json.loads(body)
    except (ValueError, RecursionError):
        return None
    number = raw.get("update_id") if isinstance(raw, dict) else None
    return raw if is_number(number, 0, UPDATE_MOST) else None
