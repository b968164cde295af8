"""What an update from Telegram means to us.

Updates are read as they come over the wire, and only the few fields we need. PTB's classes would parse all of a
message, and raise at a picture or a poll in which one field is newer or older than PTB; whoever sent it would get no
answer. Nothing is ever fetched: of a picture or a voice message only the fact that it came goes on.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from safetybot.dialogue.messages import Incoming

CHANNEL = "telegram"

ALLOWED = ("message", "edited_message", "callback_query", "my_chat_member", "channel_post")
"""The kinds asked for. Named one by one: left out, Telegram would keep whatever an earlier program chose."""

ATTACHMENTS = frozenset(
    {
        "animation",
        "audio",
        "caption",
        "checklist",
        "contact",
        "dice",
        "document",
        "game",
        "invoice",
        "live_photo",
        "location",
        "paid_media",
        "passport_data",
        "photo",
        "poll",
        "sticker",
        "story",
        "venue",
        "video",
        "video_note",
        "voice",
    }
)
"""The fields of a message that brought something else than text."""

Raw = Mapping[str, Any]

UPDATE_MOST = 2**63 - 1
"""The greatest number of an update: it goes into the database, which counts so far."""
CHAT_MOST = 2**53 - 1
"""The greatest number of a chat or message. Telegram promises at most 52 bits for a chat, and uses 31 for a message."""


class MalformedUpdate(ValueError):  # noqa: N818 - names what it is
    """A field of an update is not as Telegram describes it. The message holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Private:
    """Somebody wrote to the bot alone."""

    incoming: Incoming
    album: str | None = None
    """Pictures sent together share this; one refusal is enough for all."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Something happened in a group or channel, where this bot says nothing and leaves."""

    chat: int
    language: str | None
    present: bool
    """Whether the bot is still in there."""
    moved: int | None = None
    """The new number of a group that gets one with this update."""


def read(update: Raw, username: str) -> Private | Elsewhere | None:
    """What to do about an update; None where nothing is.

    Raises MalformedUpdate, KeyError, TypeError or the like where it is not as Telegram describes it.
    """
    update_id = _number(update["update_id"], 0, UPDATE_MOST)
    if "callback_query" in update:
        return _press(update_id, update["callback_query"])
    if "my_chat_member" in update:
        return _membership(update["my_chat_member"])
    for kind in ("message", "edited_message", "channel_post"):
        if kind in update:
            return _message(update_id, update[kind], username, edited=kind == "edited_message")
    return None


def press_id(update: Raw) -> str | None:
    """What a press is acknowledged by, where the update is one."""
    query = update.get("callback_query")
    return str(query["id"]) if isinstance(query, Mapping) and "id" in query else None


def _press(update_id: int, query: Raw) -> Private | Elsewhere | None:
    # A message too old to be shown to bots still has its chat and its working buttons.
    if "message" not in query or _is_bot(query):
        return None
    chat = query["message"]["chat"]
    if chat["type"] != "private":
        return Elsewhere(_chat(chat), _language(query), present=True)
    if not query.get("data"):
        return None
    if not isinstance(query["data"], str):
        raise MalformedUpdate
    incoming = Incoming(
        channel=CHANNEL,
        chat=str(_chat(chat)),
        press=query["data"],
        language=_language(query),
        update_id=update_id,
        received=time.monotonic(),
    )
    return Private(incoming)


def _membership(change: Raw) -> Elsewhere | None:
    if change["chat"]["type"] == "private":
        return None  # blocked or unblocked; there is nothing to say to either
    present = change["new_chat_member"]["status"] not in ("left", "kicked")
    return Elsewhere(_chat(change["chat"]), _language(change), present)


def _message(update_id: int, message: Raw, username: str, *, edited: bool) -> Private | Elsewhere | None:
    if _is_bot(message):
        return None
    if message["chat"]["type"] != "private":
        gone = message.get("left_chat_member", {}).get("username") == username
        moved = message.get("migrate_to_chat_id")
        moved = moved if is_number(moved, -CHAT_MOST, CHAT_MOST) else None
        return Elsewhere(_chat(message["chat"]), _language(message), not gone, moved)
    text = _addressed(message["text"], username) if "text" in message else None
    # An edited picture was refused when it came, and a live location edits itself every few seconds.
    if text is None and (edited or not _attached(message)):
        return None
    incoming = Incoming(
        channel=CHANNEL,
        chat=str(_chat(message["chat"])),
        text=text,
        refused=text is None,
        language=_language(message),
        update_id=update_id,
        message_id=_number(message["message_id"], 0, CHAT_MOST),
        edited=edited,
        received=time.monotonic(),
    )
    return Private(incoming, message.get("media_group_id"))


def is_number(value: object, least: int, most: int) -> TypeGuard[int]:
    """Whether a value from outside is a whole number within bounds; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _number(value: object, least: int, most: int) -> int:
    if not is_number(value, least, most):
        raise MalformedUpdate
    return value


def _chat(chat: Raw) -> int:
    return _number(chat["id"], -CHAT_MOST, CHAT_MOST)


def _attached(message: Raw) -> bool:
    """Whether a message without text brought something, rather than saying "pinned a message" and the like."""
    return not ATTACHMENTS.isdisjoint(message) or any(map(_is_file, message.values()))


def _is_file(value: object) -> bool:
    """Whether a field is a file or several sizes of one: so are kinds that Telegram adds after this was written."""
    if isinstance(value, list) and value:
        value = value[0]
    return isinstance(value, Mapping) and "file_id" in value


def _addressed(text: str, username: str) -> str:
    """The text as typed, but ``/help@OurBot`` as ``/help``."""
    return re.sub(rf"\A(/\w+)@{re.escape(username)}\b", r"\1", text, count=1, flags=re.IGNORECASE)


def _is_bot(act: Raw) -> bool:
    return bool(act.get("from", {}).get("is_bot"))


def _language(act: Raw) -> str | None:
    language = act.get("from", {}).get("language_code")
    return language if isinstance(language, str) else None
