"""What updates mean."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.channels.telegram.updates import ALLOWED, Elsewhere, MalformedUpdate, Private, read
from safetybot.dialogue.messages import Incoming
from safetybot.formats import fast_json
from tests.emulator import USERNAME, updates


def seen(kind: str, content: dict[str, Any]) -> Private | Elsewhere | None:
    return read({"update_id": 7, kind: content}, USERNAME)


def text_of(text: str) -> str | None:
    private = seen("message", updates.message(5, 3, text=text))
    assert isinstance(private, Private)
    return private.incoming.text


def test_text() -> None:
    assert seen("message", updates.message(5, 3, "cy", text="help me")) == Private(
        Incoming(channel="telegram", chat="5", text="help me", language="cy", update_id=7, message_id=3)
    )


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("/start report_1", "/start report_1"),
        (f"/help@{USERNAME}", "/help"),
        (f"/help@{USERNAME.lower()} me", "/help me"),
        ("/help@OtherBot", "/help@OtherBot"),
        (f"mail me@{USERNAME}", f"mail me@{USERNAME}"),
    ],
)
def test_commands(typed: str, read_as: str) -> None:
    assert text_of(typed) == read_as


def test_edited_text_is_answered_as_a_new_one() -> None:
    private = seen("edited_message", updates.message(5, 3, text="new", edit_date=1))
    assert isinstance(private, Private)
    assert private.incoming.edited
    assert private.incoming.text == "new"


@pytest.mark.parametrize("kind", sorted(updates.MEDIA))
def test_everything_but_text_is_refused(kind: str) -> None:
    private = seen("message", updates.message(5, 3, **updates.MEDIA[kind]))
    assert isinstance(private, Private)
    assert private.incoming == Incoming(channel="telegram", chat="5", refused=True, update_id=7, message_id=3)


@pytest.mark.parametrize("kind", ["photo", "location"])
def test_an_edited_picture_or_moving_location_is_not_refused_again(kind: str) -> None:
    assert seen("edited_message", updates.message(5, 3, **updates.MEDIA[kind])) is None


def test_albums_are_recognised() -> None:
    private = seen("message", updates.message(5, 3, media_group_id="9", **updates.MEDIA["photo"]))
    assert isinstance(private, Private)
    assert private.album == "9"


@pytest.mark.parametrize(
    "service",
    [
        {"message_auto_delete_timer_changed": {"message_auto_delete_time": 5}},
        {"pinned_message": updates.message(5, 1, text="a")},
        {"chat_background_set": {"type": {"type": "wallpaper", "document": {"file_id": "1"}}}},
        {"something_new": {"a": 1}},
        {},
    ],
)
def test_service_messages_are_ignored(service: dict[str, Any]) -> None:
    assert seen("message", updates.message(5, 3, **service)) is None


def query(**changes: Any) -> dict[str, Any]:
    message = {"message_id": 1, "date": 0, "chat": updates.place(5)}
    return {
        "id": "1",
        "from": updates.person(5, "en"),
        "chat_instance": "1",
        "message": message,
        "data": "a:b",
    } | changes


def test_press_on_a_message_too_old_to_see() -> None:
    assert seen("callback_query", query()) == Private(
        Incoming(channel="telegram", chat="5", press="a:b", language="en", update_id=7)
    )


def test_press_on_a_fresh_message() -> None:
    fresh = query(message=updates.message(5, 1, text="x", from_user=updates.person(1, None, is_bot=True)))
    assert isinstance(seen("callback_query", fresh), Private)


def test_press_without_data_or_chat_is_ignored() -> None:
    without = query(game_short_name="g")
    del without["data"]
    assert seen("callback_query", without) is None
    inline = query(inline_message_id="1")
    del inline["message"]
    assert seen("callback_query", inline) is None


def test_other_bots_are_ignored() -> None:
    bot = updates.person(5, None, is_bot=True)
    assert seen("message", updates.message(5, 3, from_user=bot, text="hi")) is None
    assert seen("callback_query", query(**{"from": bot})) is None


def test_groups_and_channels() -> None:
    assert seen("message", updates.message(-5, 3, "en", text="hi")) == Elsewhere(-5, "en", present=True)
    channel = {"message_id": 1, "date": 0, "chat": {"id": -7, "type": "channel", "title": "c"}, "text": "x"}
    assert seen("channel_post", channel) == Elsewhere(-7, None, present=True)
    for who, present in ((USERNAME, False), ("SomebodyElse", True)):
        left = updates.message(-5, 3, "en", left_chat_member={"id": 1, "username": who})
        assert seen("message", left) == Elsewhere(-5, "en", present=present)
    in_group = query(message={"message_id": 1, "date": 0, "chat": updates.place(-5)})
    assert seen("callback_query", in_group) == Elsewhere(-5, "en", present=True)


def test_membership() -> None:
    me = {"id": 1000, "is_bot": True, "first_name": "Safety"}
    assert seen("my_chat_member", updates.membership(-5, me, "left", "member", "en")) == Elsewhere(
        -5, "en", present=True
    )
    assert seen("my_chat_member", updates.membership(-5, me, "member", "left", "en")) == Elsewhere(
        -5, "en", present=False
    )
    assert seen("my_chat_member", updates.membership(5, me, "member", "kicked", "en")) is None


def test_kinds_we_do_not_know_are_ignored() -> None:
    assert seen("business_magic", {"a": 1}) is None
    assert "message" in ALLOWED


@pytest.mark.parametrize(("moved", "read_as"), [(-1001234567890, -1001234567890), ("-100", None), ([], None)])
def test_a_group_that_gets_a_new_number(moved: object, read_as: int | None) -> None:
    found = seen("message", updates.message(-50, 3, migrate_to_chat_id=moved))
    assert found == Elsewhere(-50, None, present=True, moved=read_as)


_WILD = st.one_of(
    st.integers(-(2**80), 2**80), st.booleans(), st.none(), st.floats(), st.text(max_size=3), st.lists(st.integers())
)


@given(update_id=_WILD, chat=_WILD, number=_WILD, moved=_WILD)
def test_any_numbers(update_id: object, chat: object, number: object, moved: object) -> None:
    """What comes through fits the database; all else is refused."""
    place = {"id": chat, "type": "private"}
    group = {"id": -5, "type": "supergroup"}
    for content in (
        {"message": {"message_id": number, "date": 0, "chat": place, "text": "hi"}},
        {"message": {"message_id": 1, "date": 0, "chat": group, "migrate_to_chat_id": moved}},
        {"callback_query": query(message={"message_id": number, "date": 0, "chat": place})},
        {"my_chat_member": {"chat": {**group, "id": chat}, "new_chat_member": {"status": "member"}}},
    ):
        try:
            seen = read({"update_id": update_id, **content}, USERNAME)
        except MalformedUpdate:
            continue
        if isinstance(seen, Private):
            assert 0 <= (seen.incoming.update_id or 0) < 2**63
            assert abs(int(seen.incoming.chat)) < 2**53
            assert 0 <= (seen.incoming.message_id or 0) < 2**53
        elif isinstance(seen, Elsewhere):
            assert abs(seen.chat) < 2**53
            assert abs(seen.moved or 0) < 2**53


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("9" * 5000, float("inf")), ("-" + "9" * 5000, float("-inf"))])
def test_thousands_of_digits_are_read(text: str, number: float) -> None:
    assert fast_json.loads(text.encode()) == number
