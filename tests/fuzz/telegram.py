"""Updates as they come from Telegram: read, answered by the whole service, and rendered as Telegram takes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from safetybot.channels.telegram.rendering import PRESS_MAX, TEXT_MAX, render, units
from safetybot.channels.telegram.updates import Elsewhere, Private, press_id, read
from safetybot.dialogue.messages import Outgoing
from tests.emulator.updates import MEDIA
from tests.fuzz.drawing import Draws
from tests.fuzz.house import House, house
from tests.fuzz.target import Once, Target, as_json
from tests.fuzz.texts import _TAGS, well_formed

NAME = "SafetyBot"
CHATS = (1001, 1002, 9_007_199_254_740_991)
PRESSES = (
    "now", "topics", "talk", "none", "group:images:0", "group:x:99", "age:adult", "age:x:y", "lang:cy", "lang:",
    "safe:no",
    "safe:", "report", "report:sextortion", "topic:sextortion", "topic:sextortion:2", "up:sextortion", "lines:x",
    "words:yes",
    "words:no", "rep:", "rep:send", "rep:next", "rep:skip", "rep:stop", "rep:set:danger:yes", "rep:set::",
    "rep:change:what",
    "code:saved", "code:again", "case:", "case:again", "case:add", "case:withdraw", ":", "",
)  # fmt: skip
TEXTS = (
    "/start", "/report", "/start report", "/mycode", "/hide", "/stop", "/urgent", "/age", "/language",
    "/help@SafetyBot", "/",
    "pay or he tells everyone", "he has a knife and is at my door", "i want to die", "so basically", "asdf qwer zxcv",
)  # fmt: skip
_REFUSED = (KeyError, TypeError, ValueError, AttributeError)


class _Telegram:
    def __init__(self, house: House) -> None:
        self._house = house
        self._buttons: dict[str, list[str]] = {}
        self._number = 0

    async def told(self, draws: Draws) -> None:
        """Up to eight updates."""
        bot, fresh = await self._house.one()
        if fresh:
            self._buttons.clear()
        for _ in range(1 + draws.number(7)):
            raw = self._update(draws)
            try:
                if not isinstance(raw, dict):
                    continue
                press_id(raw)
                seen = read(raw, NAME)
            except _REFUSED:  # counted and confirmed, never answered
                continue
            if isinstance(seen, Elsewhere):
                assert isinstance(seen.chat, int)
            if not isinstance(seen, Private):
                continue
            bot.clock.forward(draws.one((0, 0, 1, 30, 1000, 100_000)))
            incoming = seen.incoming
            assert isinstance(incoming.chat, str)
            assert isinstance(incoming.update_id, int)
            assert incoming.text is None or isinstance(incoming.text, str)
            assert incoming.press is None or isinstance(incoming.press, str)
            assert incoming.message_id is None or isinstance(incoming.message_id, int)
            reply = await bot.reply(incoming, [bot.next_message() for _ in range(3)])
            if reply is None:
                continue
            self._buttons[incoming.chat] = []
            for message in (*reply.messages, *([reply.undeleted] if reply.undeleted else [])):
                self._shown(incoming.chat, message)

    def _shown(self, chat: str, message: Outgoing) -> None:
        parts = render(message)
        assert parts, "a message without a visible word"
        for part in parts:
            assert 0 < units(part.text) <= 2 * TEXT_MAX
            well_formed(part.html, _TAGS)
        for row in message.buttons:
            for button in row:
                assert 1 <= len(button.press.encode()) <= PRESS_MAX
                self._buttons[chat].append(button.press)

    def _update(self, draws: Draws) -> object:
        self._number += 1
        kind = draws.number(9)
        if kind == 9:
            return as_json(draws.bytes(draws.number(1000)))
        chat = draws.one(CHATS)
        sender = {
            "id": chat,
            "is_bot": draws.chance(40),
            "first_name": draws.text(4),
            "language_code": draws.one(("en", "cy", "", "x" * 40)),
        }
        place: dict[str, Any] = {"id": chat, "type": "group" if draws.chance(40) else "private"}
        message: dict[str, Any] = {"message_id": self._number, "date": 1, "chat": place, "from": sender}
        number = self._number - draws.number(3) if draws.chance(8) else self._number
        if kind <= 3:
            presses = self._buttons.get(str(chat)) or PRESSES
            data = draws.text(70) if kind == 3 else draws.one(presses if kind else PRESSES)
            query = {"id": "1", "from": sender, "message": message, "data": data}
            return {"update_id": number, "callback_query": query}
        if kind == 8:
            message |= MEDIA[draws.one(sorted(MEDIA))]
        else:
            text = draws.one(TEXTS) if kind == 4 else draws.text(60) if kind < 7 else draws.long_text(4096)
            message["text"] = text.encode("utf-8", "replace").decode()
        return {"update_id": number, draws.one(("message", "edited_message", "channel_post")): message}


@contextmanager
def _opened() -> Iterator[Once]:
    with house(60) as (made, runner):
        telegram = _Telegram(made)
        yield lambda data: runner.run(telegram.told(Draws(data)))


def _raw(update: dict[str, Any]) -> bytes:
    data = json.dumps(update).encode()
    return b"\x00\x09" + len(data).to_bytes(2, "big") + data


_MESSAGE = {"message_id": 3, "date": 1, "chat": {"id": 5, "type": "private"}, "from": {"id": 5, "is_bot": False}}
TELEGRAM = Target(
    "telegram",
    "updates of every kind, read, answered by the service on a real database (advice, report form, case), and rendered",
    _opened,
    seeds=[
        _raw({"update_id": 1, "message": {**_MESSAGE, "text": "help"}}),
        _raw({"update_id": 1, "edited_message": {**_MESSAGE, "photo": [{"file_id": "x"}], "media_group_id": "g"}}),
        _raw({"update_id": 1, "callback_query": {"id": "1", "from": {"id": 5}, "message": _MESSAGE, "data": "now"}}),
        _raw({"update_id": 1, "my_chat_member": {"chat": {"id": -5, "type": "group"}, "from": {"id": 5},
        "new_chat_member": {"status": "member"}}}),
        _raw({"update_id": 1, "channel_post": {"message_id": 3, "chat": {"id": -5, "type": "channel"},
        "migrate_to_chat_id": 7}}),
        *(bytes([3, kind, 0, 0, 0, 0, 0, 0, a, 0, 1, 1, 0, 0, 0, 0, 0, 0, b, 0] * 2) for kind in (0, 1,
        4) for a in (1, 9) for b in (0, 5)),
        b"\x00\x07\x00\x00\x00\x00\x00\x00\x01\x04abcd\x03a b",
    ],
    words=["/report", "rep:", '"text":', '"chat":', '"id":', "null", "-1", "1e400", '"private"', "\ud800", "/start ",
           "\u202e"],
    seconds=3.0,
    short=20,
    longest=1024,
)  # fmt: skip
