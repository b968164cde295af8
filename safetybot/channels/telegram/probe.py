"""A look at the bot from outside, for an operator: is the token right, do updates come through? Changes nothing.

By itself, without PTB's bot: what is wanted is what the running bot never needs, the answer's headers among it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from safetybot.channels.telegram.runner import TELEGRAM
from safetybot.channels.telegram.webhook_monitor import kind_of

SECONDS = 10.0
"""For all of it."""
HOLD = 4
"""Seconds for which a look for another program polls: any that is there comes again within them."""


@dataclass(frozen=True, slots=True)
class TelegramProbe:
    """What Telegram says of the bot."""

    reached: bool
    why: str = ""
    """Why it was not reached: a kind of error."""
    accepted: bool = False
    """The token is known."""
    ahead: float | None = None
    """Seconds by which our clock is ahead of Telegram's; None where it does not tell the time."""
    webhook: str = ""
    """Where updates are posted to; empty: nowhere, they are asked for. Holds a secret path: do not show it."""
    pending: int = 0
    """Updates that wait."""
    failed: str = ""
    """Why the last delivery failed, where one did; a kind of error."""
    failed_ago: float = 0.0
    """Seconds since then."""
    polled: bool | None = None
    """Whether another program asks for updates; None where that was not looked for."""


async def probe(token: str, api: str | None, *, alone: bool = False, seconds: float = SECONDS) -> TelegramProbe:
    """Asks Telegram. Never raises, and never takes much longer than ``seconds``.

    ``alone``: the bot is not running, so whoever else asks for updates now is another program. To find out we ask for
    updates too, which leaves them where they are, but breaks off what another program asks.
    """
    base = f"{(api or TELEGRAM).rstrip('/')}/bot{token}"
    timeout = aiohttp.ClientTimeout(total=seconds)
    try:
        async with (
            asyncio.timeout(seconds + (HOLD if alone else 0)),
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout, trust_env=False) as session,
        ):
            return await _look(session, base, alone=alone)
    except TimeoutError:
        return TelegramProbe(False, "no answer came in time")
    except (aiohttp.ClientError, OSError, ValueError, UnicodeError) as error:
        # The type alone: the text may hold the address, and that the token.
        return TelegramProbe(False, type(error).__name__)


async def _look(session: aiohttp.ClientSession, base: str, *, alone: bool) -> TelegramProbe:
    before = time.time()
    status, answer, date = await _ask(session, f"{base}/getMe")
    ahead = _ahead(date, before, time.time())
    if status in (401, 404):
        return TelegramProbe(True, accepted=False, ahead=ahead)
    if not answer.get("ok"):
        return TelegramProbe(False, f"HTTP {status}")
    status, answer, _ = await _ask(session, f"{base}/getWebhookInfo")
    info = answer.get("result")
    found: Mapping[str, Any] = info if isinstance(info, dict) else {}
    url, when = str(found.get("url") or ""), found.get("last_error_date")
    polled = None
    if alone and not url:
        status, _, _ = await _ask(session, f"{base}/getUpdates", {"timeout": HOLD, "limit": 1})
        polled = status == 409
    return TelegramProbe(
        True,
        accepted=True,
        ahead=ahead,
        webhook=url,
        pending=_whole(found.get("pending_update_count")),
        failed=kind_of(str(found.get("last_error_message") or "")) if when else "",
        failed_ago=max(0.0, time.time() - _whole(when)) if when else 0.0,
        polled=polled,
    )


async def _ask(
    session: aiohttp.ClientSession, url: str, fields: Mapping[str, Any] | None = None
) -> tuple[int, Mapping[str, Any], str | None]:
    # Following a redirect would hand the token to whoever it names.
    async with session.post(url, json=fields or {}, allow_redirects=False) as response:
        body = await response.json(content_type=None) if response.content_length != 0 else {}
        return response.status, body if isinstance(body, dict) else {}, response.headers.get("Date")


def _ahead(date: str | None, before: float, after: float) -> float | None:
    """By how much our clock is ahead at least; 0 where it may be right. It told ``date`` between the two moments."""
    if date is None:
        return None
    try:
        there = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
    return max(before - there - 1, 0.0) + min(after - there, 0.0)


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
