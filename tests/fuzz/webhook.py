"""What is posted to the webhook: headers and bodies of any kind, with Telegram's token and without."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from safetybot.channels.telegram.updates import press_id, read
from safetybot.channels.telegram.webhook import Webhook, WebhookAddress
from tests.fuzz.asking import ask, in_parts, some_headers
from tests.fuzz.drawing import Draws
from tests.fuzz.target import Once, Target
from tests.fuzz.telegram import _MESSAGE, NAME

_ADDRESS = WebhookAddress.of("https://bot.example.org", bytes(32))
_TAKEN = {200, 403, 405, 408, 413, 415, 503}


async def _written() -> None:
    """All of it is on the disk."""


async def _posted(webhook: Webhook, draws: Draws, seen: list[Any]) -> None:
    for _ in range(1 + draws.number(3)):
        usual = {b"content-type": b"application/json", b"x-telegram-bot-api-secret-token": _ADDRESS.token.encode()}
        headers = some_headers(draws, usual)
        forged = draws.chance(8)
        if forged:
            headers = [each for each in headers if each[0] != b"x-telegram-bot-api-secret-token"]
            headers.append((b"x-telegram-bot-api-secret-token", draws.bytes(64)))
        method = draws.one(("POST", "POST", "POST", "GET"))
        before = len(seen)
        answer = await ask(webhook, method, _ADDRESS.path, headers, in_parts(draws, draws.bytes(600)))
        assert answer.status in _TAKEN or answer.status == 0
        assert not forged or len(seen) == before


@contextmanager
def _opened() -> Iterator[Once]:
    with asyncio.Runner() as runner:

        def once(data: bytes) -> None:
            webhook, seen = Webhook(_ADDRESS, _written), []

            def receive(raw: Any) -> None:
                seen.append(raw)
                try:  # as the channel does
                    press_id(raw)
                    read(raw, NAME)
                except (KeyError, TypeError, ValueError, AttributeError):
                    pass
                webhook.in_hand.handled(raw["update_id"])

            webhook.in_hand.begin(receive)
            runner.run(_posted(webhook, Draws(data), seen))

        yield once


def _post(update: Any) -> bytes:
    return b"\x00\x00\x00\x00\x00" + json.dumps(update).encode()


WEBHOOK = Target(
    "webhook",
    "what is posted to Telegram's webhook: headers, tokens, bodies in parts, updates with any content",
    _opened,
    seeds=[
        _post({"update_id": 1, "message": {**_MESSAGE, "text": "help"}}),
        _post({"update_id": 2, "callback_query": {"id": "1", "from": {"id": 5}, "message": _MESSAGE, "data": "now"}}),
        _post({"update_id": 3, "my_chat_member": {"chat": {"id": -5, "type": "group"},
        "new_chat_member": {"status": "left"}}}),
        _post({"update_id": 4, "message": {**_MESSAGE, "photo": [{"file_id": "x"}]}}),
        _post([1]),
        b"\x00\x01\x06\x02\x20" + b"9" * 32 + b"\x00\x00\x00{}",
    ],
    words=['"update_id":', '"message":', '"chat":', '"type":"private"', '"text":', "null", "1e999", "-1", "[" * 80,
           "NaN",
           "18446744073709551616", '"from":', "\\ud800", "application/json", "9999999999999999999999"],
    short=150,
    longest=2048,
)  # fmt: skip
