"""What a bot's account at Telegram holds, and the methods that change it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.emulator import updates
from tests.emulator.telegram_html import CannotParse, Entity, parse, units

TOKEN = "1000:TEST-token_of-an-emulated-bot"
USERNAME = "SafetyTestBot"

Fields = dict[str, Any]


@dataclass
class Sent:
    """A message the bot sent."""

    chat: int
    message_id: int
    text: str
    """As a reader sees it."""
    raw: str
    """As the bot sent it."""
    entities: list[Entity]
    keyboard: list[list[tuple[str, str]]]
    """Rows of (words, callback data)."""
    fields: Fields
    at: float
    deleted: bool = False


@dataclass
class Call:
    """A call the bot made."""

    method: str
    fields: Fields
    at: float
    fault: str | None = None
    status: int = 0
    run: str = ""
    """Which run of which program made it, where each has an address of its own: ``http://127.0.0.1:9000/7``."""


class Refused(Exception):  # noqa: N818
    """An error that Telegram would answer."""

    def __init__(self, status: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


@dataclass
class Chat:
    """What passed in one chat."""

    sent: list[Sent] = field(default_factory=list)
    theirs: set[int] = field(default_factory=set)
    next_message: int = 1
    waiting: list[tuple[int, asyncio.Future[None]]] = field(default_factory=list)


class Account:
    """One bot: its chats, its profile, and what it may do."""

    def __init__(self) -> None:
        self.me = {"id": 1000, "is_bot": True, "first_name": "Safety", "username": USERNAME}
        self.blocked: set[int] = set()
        """Chats whose person blocked the bot."""
        self.upgraded: dict[int, int] = {}
        """Group → the number it has now."""
        self.undeletable: set[tuple[int, int]] = set()
        """(chat, message id) of messages too old to delete."""
        self.deleted: list[tuple[int, int]] = []
        self.left: list[int] = []
        self.commands: dict[str, list[dict[str, str]]] = {}
        self.descriptions: dict[tuple[str, str], str] = {}
        """(``description`` or ``short_description``, language code) → text."""
        self.answered: list[str] = []
        """Ids of presses that were acknowledged."""
        self.webhook = ""
        self.webhook_failure: dict[str, Any] = {}
        """What getWebhookInfo tells of the last delivery that failed."""
        self._chats: dict[int, Chat] = {}
        self._presses = 0
        self._open_presses: set[str] = set()

    def chat(self, number: int) -> Chat:
        """A chat, known from now on."""
        return self._chats.setdefault(number, Chat())

    def _do_getMe(self, _: Fields) -> object:  # noqa: N802
        more = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
        return {**self.me, **more}

    def _do_sendMessage(self, fields: Fields) -> object:  # noqa: N802
        chat = self._reachable(fields)
        raw = str(fields.get("text", ""))
        try:
            text, entities = parse(raw) if fields.get("parse_mode") == "HTML" else (raw, [])
        except CannotParse as error:
            raise Refused(400, str(error)) from None
        text = text.strip()
        if not text:
            raise Refused(400, "Bad Request: message text is empty")
        if units(text) > 4096:
            raise Refused(400, "Bad Request: message is too long")
        keyboard = _keyboard(decoded(fields.get("reply_markup")))
        known = self.chat(chat)
        sent = Sent(chat, known.next_message, text, raw, entities, keyboard, fields, time.monotonic())
        known.next_message += 1
        known.sent.append(sent)
        for n, future in known.waiting:
            if len(known.sent) >= n and not future.done():
                future.set_result(None)
        return {
            "message_id": sent.message_id,
            "date": 1_700_000_000,
            "chat": updates.place(chat),
            "from": self.me,
            "text": text,
        }

    def _do_answerCallbackQuery(self, fields: Fields) -> object:  # noqa: N802
        query = str(fields.get("callback_query_id"))
        if query not in self._open_presses:
            raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self._open_presses.discard(query)
        self.answered.append(query)
        return True

    def _do_deleteMessages(self, fields: Fields) -> object:  # noqa: N802
        chat = self._reachable(fields)
        ids = decoded(fields.get("message_ids"))
        if not isinstance(ids, list) or not 1 <= len(ids) <= 100:
            raise Refused(400, "Bad Request: message_ids must hold 1 to 100 numbers")
        if any((chat, number) in self.undeletable for number in ids):
            raise Refused(400, "Bad Request: message can't be deleted for everyone")
        known = self.chat(chat)
        ours = {sent.message_id: sent for sent in known.sent}
        for number in ids:
            if number in ours:
                ours[number].deleted = True
            if number in ours or number in known.theirs:
                self.deleted.append((chat, number))
        return True

    def _do_leaveChat(self, fields: Fields) -> object:  # noqa: N802
        chat = int(fields["chat_id"])
        if chat in self.left:
            raise Refused(403, "Forbidden: bot is not a member of the group chat")
        self.left.append(chat)
        return True

    def _do_setMyCommands(self, fields: Fields) -> object:  # noqa: N802
        self.commands[fields.get("language_code") or ""] = decoded(fields["commands"])
        return True

    def _do_getMyCommands(self, fields: Fields) -> object:  # noqa: N802
        return self.commands.get(fields.get("language_code") or "", [])

    def _do_setMyDescription(self, fields: Fields) -> object:  # noqa: N802
        return self._describe("description", fields, 512)

    def _do_setMyShortDescription(self, fields: Fields) -> object:  # noqa: N802
        return self._describe("short_description", fields, 120)

    def _do_getMyDescription(self, fields: Fields) -> object:  # noqa: N802
        return {"description": self._described("description", fields)}

    def _do_getMyShortDescription(self, fields: Fields) -> object:  # noqa: N802
        return {"short_description": self._described("short_description", fields)}

    def _describe(self, what: str, fields: Fields, most: int) -> bool:
        text = str(fields.get(what) or "")
        if len(text) > most:
            raise Refused(400, f"Bad Request: {what} is too long")
        self.descriptions[what, fields.get("language_code") or ""] = text
        return True

    def _described(self, what: str, fields: Fields) -> str:
        return self.descriptions.get((what, fields.get("language_code") or "")) or self.descriptions.get((what, ""), "")

    def _do_sendChatAction(self, fields: Fields) -> object:  # noqa: N802
        self._reachable(fields)
        return True

    def _reachable(self, fields: Fields) -> int:
        chat = int(fields["chat_id"])
        if chat in self.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        if chat in self.upgraded:
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(400, description, {"migrate_to_chat_id": self.upgraded[chat]})
        if chat in self.left:
            raise Refused(403, "Forbidden: bot was kicked from the group chat")
        if chat not in self._chats:
            raise Refused(400, "Bad Request: chat not found")
        return chat


def decoded(value: Any) -> Any:
    """A nested value: JSON inside JSON or a form, or plain JSON."""
    return json.loads(value) if isinstance(value, str) else value


def _keyboard(markup: Any) -> list[list[tuple[str, str]]]:
    rows = (markup or {}).get("inline_keyboard", [])
    for row in rows:
        for button in row:
            if not button.get("text", "").strip():
                raise Refused(400, "Bad Request: inline keyboard button text must be non-empty")
            if not 1 <= len(button["callback_data"].encode()) <= 64:
                raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
    return [[(button["text"], button["callback_data"]) for button in row] for row in rows]


def second_judge() -> Callable[[str, Fields], None]:
    """lo-bot-api-emulator's checks of what it knows; it does not know link_preview_options."""
    from lo_bot_api_emulator import ApiRefusal, LoBotApiEmulator  # type: ignore[import-untyped]

    judge = LoBotApiEmulator()
    judged = {"sendMessage", "answerCallbackQuery", "setMyCommands", "sendChatAction", "setWebhook", "getWebhookInfo"}

    def check(method: str, fields: Fields) -> None:
        if method not in judged:
            return
        known = {name: value for name, value in fields.items() if name != "link_preview_options"}
        try:
            judge.validate(method, known, {})
        except ApiRefusal as refusal:
            # It measures a text with its tags; ours measures without, as Telegram does.
            if "too long" not in refusal.description:
                raise Refused(refusal.status, refusal.description) from None

    return check
