"""Updates as Telegram would send them."""

from __future__ import annotations

from typing import Any

_FILE = {"file_id": "file-1", "file_unique_id": "unique-1", "file_size": 1000}
_PICTURE = {**_FILE, "width": 90, "height": 90}
_PLACE = {"latitude": 51.5, "longitude": -0.12}

MEDIA: dict[str, dict[str, Any]] = {
    "photo": {"photo": [_PICTURE], "caption": "words under a picture"},
    "voice": {"voice": {**_FILE, "duration": 3}},
    "audio": {"audio": {**_FILE, "duration": 3}},
    "video": {"video": {**_PICTURE, "duration": 3}},
    "video_note": {"video_note": {**_FILE, "length": 240, "duration": 3}},
    "animation": {"animation": {**_PICTURE, "duration": 3}, "document": _FILE},
    "document": {"document": {**_FILE, "file_name": "letter.pdf"}},
    "sticker": {"sticker": {**_PICTURE, "type": "regular", "is_animated": False, "is_video": False}},
    "location": {"location": _PLACE},
    "venue": {"venue": {"location": _PLACE, "title": "a", "address": "b"}, "location": _PLACE},
    "contact": {"contact": {"phone_number": "0700", "first_name": "A"}},
    "dice": {"dice": {"emoji": "🎲", "value": 3}},
    "poll": {
        "poll": {
            "id": "1",
            "question": "q",
            "options": [],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
        }
    },
    "future": {"hologram": _FILE},
}
"""What a person can send besides text; ``future`` is a kind no library knows yet."""


def person(number: int, language: str | None, *, is_bot: bool = False) -> dict[str, Any]:
    """A user; in a private chat the chat has the same number."""
    user: dict[str, Any] = {"id": abs(number), "is_bot": is_bot, "first_name": "A"}
    if language is not None:
        user["language_code"] = language
    return user


def place(chat: int) -> dict[str, Any]:
    """A chat: private where its number is positive, else a group."""
    if chat > 0:
        return {"id": chat, "type": "private", "first_name": "A"}
    return {"id": chat, "type": "supergroup" if chat < -(10**12) else "group", "title": "Group"}


def message(chat: int, number: int, language: str | None = None, **content: Any) -> dict[str, Any]:
    """A message of the person of a chat."""
    who = content.pop("from_user", None) or person(chat, language)
    return {"message_id": number, "date": 1_700_000_000, "chat": place(chat), "from": who, **content}


def membership(chat: int, bot: dict[str, Any], old: str, new: str, language: str | None) -> dict[str, Any]:
    """The bot was added to a chat, or taken out."""
    return {
        "chat": place(chat),
        "from": person(chat, language),
        "date": 1_700_000_000,
        "old_chat_member": {"status": old, "user": bot},
        "new_chat_member": {"status": new, "user": bot, **({"until_date": 0} if new == "kicked" else {})},
    }
