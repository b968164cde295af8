"""Whole conversations over HTTP: what a person gets for what they do."""

from __future__ import annotations

import dataclasses

import pytest

from tests.channels.telegram.conftest import FAST, Running
from tests.emulator import Emulator, updates
from tests.emulator.scripted import BROKEN, GROUP, NO_PICTURES, UNDELETED, Scripted


async def test_a_text_gets_its_answer_with_buttons_and_is_confirmed(
    telegram: Emulator, running: Running, scripted: Scripted
) -> None:
    async with running():
        number = telegram.push_text(5, "is <this> *safe*?", "cy")
        (sent,) = await telegram.wait_for(5, 1)
        assert sent.text == "is <this> *safe*?"
        assert sent.keyboard == [[("Help now", "help-now"), ("More", "topic:a:1")]]
        assert sent.fields["link_preview_options"] == {"is_disabled": True}
        await telegram.wait_confirmed()
    assert number is not None
    assert telegram.confirmed_offset == number + 1
    (incoming,) = scripted.begun
    assert (incoming.channel, incoming.chat, incoming.language, incoming.update_id) == ("telegram", "5", "cy", number)
    assert scripted.deliveries == [(incoming, [sent.message_id])]


async def test_presses_are_acknowledged_at_once_and_keep_the_keyboard(
    telegram: Emulator, running: Running, scripted: Scripted
) -> None:
    async with running():
        telegram.push_text(5, "wait")
        telegram.push_press(5, "topic:a:1")
        await telegram.until(lambda: telegram.answered)
        assert telegram.sent(5) == []  # acknowledged while the answer still waits for its turn
        scripted.gate.set()
        await telegram.wait_for(5, 2)
    assert telegram.texts(5) == ["wait", "pressed topic:a:1"]
    assert not telegram.called("editMessageReplyMarkup")


async def test_a_press_too_old_to_acknowledge_is_answered_all_the_same(telegram: Emulator, running: Running) -> None:
    async with running():
        telegram.push_press(5, "a", id="unknown")
        await telegram.wait_for(5, 1)
        await telegram.wait_confirmed()
    assert len(telegram.called("answerCallbackQuery")) == 1


@pytest.mark.parametrize("kind", ["photo", "voice", "location", "future"])
async def test_what_is_not_text_is_refused_deleted_and_never_fetched(
    telegram: Emulator, running: Running, kind: str
) -> None:
    async with running():
        telegram.push_media(5, kind)
        await telegram.wait_for(5, 1)
    assert telegram.texts(5) == [NO_PICTURES]
    assert telegram.deleted == [(5, 1)]
    assert not telegram.called("getFile")
    order = [call.method for call in telegram.calls if call.method in ("deleteMessages", "sendMessage")]
    assert order == ["deleteMessages", "sendMessage"]


async def test_an_album_is_refused_once_and_deleted_whole(telegram: Emulator, running: Running) -> None:
    async with running():
        for _ in range(4):
            telegram.push_media(5, "photo", media_group_id="77")
        telegram.push_text(5, "end")
        await telegram.wait_for(5, 2)
    assert telegram.texts(5) == [NO_PICTURES, "end"]
    assert telegram.deleted == [(5, 1), (5, 2), (5, 3), (5, 4)]


async def test_edited_texts_are_answered(telegram: Emulator, running: Running, scripted: Scripted) -> None:
    async with running():
        telegram.push_edited(5, "changed")
        await telegram.wait_for(5, 1)
    assert scripted.begun[0].edited


async def test_several_messages_come_in_order(telegram: Emulator, running: Running, scripted: Scripted) -> None:
    async with running():
        telegram.push_text(5, "many 5")
        sent = await telegram.wait_for(5, 5)
    assert [message.text for message in sent] == [f"message {n}" for n in range(5)]
    assert scripted.deliveries[0][1] == [message.message_id for message in sent]


async def test_a_long_answer_is_split_with_its_buttons_last(telegram: Emulator, running: Running) -> None:
    async with running():
        telegram.push_text(5, "long 2000")
        sent = await telegram.wait_for(5, 3)
    assert [bool(message.keyboard) for message in sent] == [False, False, True]
    assert sum(message.text.count("word") for message in sent) == 2000


class TestDeleting:
    async def test_in_hundreds(self, telegram: Emulator, running: Running) -> None:
        async with running():
            for _ in range(250):
                telegram.push_text(5, "x")
            await telegram.wait_for(5, 250)
            telegram.push_text(5, "delete " + " ".join(str(n) for n in range(1, 251)))
            await telegram.wait_for(5, 251)
        assert [len(call.fields["message_ids"]) for call in telegram.called("deleteMessages")] == [100, 100, 50]
        assert telegram.texts(5)[-1] == "deleted"

    async def test_one_that_cannot_go_keeps_no_other_and_is_said(self, telegram: Emulator, running: Running) -> None:
        telegram.undeletable.add((5, 3))
        async with running():
            for _ in range(8):
                telegram.push_text(5, "x")
            await telegram.wait_for(5, 8)
            await telegram.wait_confirmed()
            telegram.push_text(5, "delete 1 2 3 4 5 6 7 8")
            await telegram.wait_for(5, 10)
        assert telegram.texts(5)[-2:] == ["deleted", UNDELETED]
        assert {number for _, number in telegram.deleted} == {1, 2, 4, 5, 6, 7, 8}


class TestGroups:
    async def test_it_says_so_once_and_leaves(self, telegram: Emulator, running: Running, scripted: Scripted) -> None:
        async with running():
            telegram.push_membership(-50)
            telegram.push_text(-50, "hello all", "cy")
            await telegram.until(lambda: telegram.left == [-50])
            await telegram.wait_confirmed()
        assert telegram.texts(-50) == [f"{GROUP} (en)"]
        assert scripted.begun == []

    async def test_added_again_it_says_so_again(self, telegram: Emulator, running: Running) -> None:
        async with running():
            for _ in range(2):
                telegram.push_membership(-50)
                await telegram.until(lambda: -50 in telegram.left)
                telegram.push_membership(-50, new="left", old="member")
                await telegram.wait_confirmed()
        assert len(telegram.texts(-50)) == 2

    async def test_where_it_may_not_write_it_leaves_silently(self, telegram: Emulator, running: Running) -> None:
        telegram.faults.add("blocked", chat=-50)
        async with running():
            telegram.push_text(-50, "hello all")
            await telegram.until(lambda: telegram.left == [-50])

    async def test_where_it_cannot_leave_it_tries_again_later(self, telegram: Emulator, running: Running) -> None:
        telegram.faults.add("400", "leaveChat", times=1)
        async with running():
            telegram.push_text(-50, "one")
            await telegram.wait_confirmed()
            telegram.push_text(-50, "two")
            await telegram.until(lambda: telegram.left == [-50])


class TestIgnored:
    async def test_unknown_kinds_and_bots_and_service_messages_are_confirmed(
        self, telegram: Emulator, running: Running, scripted: Scripted
    ) -> None:
        async with running():
            await telegram.until(lambda: telegram.called("getUpdates"))
            telegram.push_raw(1, {"business_magic": {"a": 1}})
            telegram.push_text(5, "beep", from_user=updates.person(5, None, is_bot=True))
            telegram.push("message", updates.message(5, 9, pinned_message=updates.message(5, 1, text="a")))
            telegram.push("my_chat_member", updates.membership(5, telegram.me, "member", "kicked", "en"))
            await telegram.wait_confirmed()
        assert scripted.begun == []
        assert not telegram.called("sendMessage")

    async def test_an_update_that_cannot_be_read_does_not_stop_the_others(
        self, telegram: Emulator, running: Running, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with running():
            telegram.push("message", {"message_id": "secret words", "date": {}, "chat": []})
            telegram.push_text(5, "hello")
            await telegram.wait_for(5, 1)
            await telegram.wait_confirmed()
        assert "could not be read" in caplog.text
        assert "secret words" not in caplog.text


class TestBroken:
    async def test_a_failing_conversation_shows_help_and_logs_no_word(
        self, telegram: Emulator, running: Running, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with running():
            telegram.push_text(5, "raise my name is Sam", "cy")
            (sent,) = await telegram.wait_for(5, 1)
            await telegram.wait_confirmed()
            telegram.push_text(5, "still there?")
            await telegram.wait_for(5, 2)
        assert sent.text == f"{BROKEN} (cy)"
        assert "RuntimeError in _reply" in caplog.text
        assert "Sam" not in caplog.text
        assert "secret words" not in caplog.text

    async def test_a_button_that_does_not_fit_is_a_fault_of_ours(self, telegram: Emulator, running: Running) -> None:
        async with running():
            telegram.push_text(5, "wide")
            await telegram.wait_for(5, 1)
        assert telegram.texts(5) == [f"{BROKEN} (en)"]

    async def test_a_hang_ends(self, telegram: Emulator, running: Running) -> None:
        timing = dataclasses.replace(FAST, handle_limit=0.1)
        async with running(timing):
            telegram.push_text(5, "hang")
            await telegram.wait_for(5, 1)
            await telegram.wait_confirmed()
        assert telegram.texts(5) == [f"{BROKEN} (en)"]

    async def test_where_it_cannot_be_noted_it_is_answered_all_the_same(
        self, telegram: Emulator, running: Running, scripted: Scripted
    ) -> None:
        scripted.unwritable = True
        async with running():
            telegram.push_text(5, "a")
            telegram.push_text(5, "b")
            await telegram.wait_confirmed()
        assert telegram.texts(5) == ["a", "b"]


class TestProfile:
    async def test_each_language_is_registered(self, telegram: Emulator, running: Running) -> None:
        async with running():
            await telegram.until(lambda: len(telegram.descriptions) == 4)
        assert telegram.commands[""] == [{"command": "help", "description": "Help en"}]
        assert telegram.commands["cy"] == [{"command": "help", "description": "Help cy"}]
        assert telegram.descriptions["description", ""] == "Long en"
        assert telegram.descriptions["short_description", "cy"] == "Short cy"

    async def test_what_is_right_is_not_set_again(self, telegram: Emulator, running: Running) -> None:
        for _ in range(2):
            async with running():
                await telegram.until(lambda: len(telegram.called("getMyShortDescription")) in (2, 4))
                await telegram.until(lambda: len(telegram.descriptions) == 4)
        assert len(telegram.called("setMyCommands")) == 2
        assert len(telegram.called("setMyDescription")) == 2

    async def test_failures_stop_nothing(
        self, telegram: Emulator, running: Running, caplog: pytest.LogCaptureFixture
    ) -> None:
        telegram.faults.add("429", "setMyCommands")
        telegram.faults.add("500", "getMyDescription")
        async with running():
            telegram.push_text(5, "a")
            await telegram.wait_for(5, 1)
            await telegram.until(lambda: telegram.descriptions.get(("short_description", "cy")))
        assert "commands could not be set" in caplog.text
