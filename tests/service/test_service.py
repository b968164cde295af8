"""The one entrance: what is remembered from one message to the next, for how long, and after what."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.session import HIDE_HOURS, ChatKeys, Fragment
from safetybot.guidance.model import Guidance
from safetybot.service.chat_keys import derive_keys
from safetybot.service.chat_turn import ASKING_SECONDS, FRAGMENT_SECONDS, SESSION_HOURS, UPDATE_HOURS
from safetybot.storage.tables import counters, fragments, handled_updates, sessions
from safetybot.storage.writing import WriteBehind
from tests.databases import BOTH, SQLITE_ALONE, refuse, refuse_no_more
from tests.talking import Bot, Chat, Phrasebook

DATABASES = BOTH


def keys(bot: Bot, chat: Chat) -> ChatKeys:
    return derive_keys(bot.secret_file.read_bytes(), chat.channel, chat.name)


class TestUpdates:
    async def test_one_that_was_delivered_is_not_answered_again(self, bot: Bot, chat: Chat) -> None:
        incoming = chat.typed("hello")
        await chat.do(incoming)
        assert await bot.reply(incoming) is None
        await bot.restart()
        assert await bot.reply(incoming) is None
        bot.clock.forward(hours=UPDATE_HOURS - 1)
        await bot.restart()
        assert await bot.reply(incoming) is None

    async def test_one_that_was_not_delivered_is_answered_again(self, bot: Bot, chat: Chat) -> None:
        incoming = chat.typed("hello")
        first = await bot.reply(incoming)
        assert await bot.reply(incoming) == first
        await bot.restart()
        assert await bot.reply(incoming) == first

    async def test_the_same_number_in_another_channel_is_another(self, bot: Bot, chat: Chat) -> None:
        incoming = chat.typed("hello")
        await chat.do(incoming)
        other = Incoming("web", chat.name, text="hello", update_id=incoming.update_id)
        assert await bot.reply(other) is not None

    async def test_channels_without_numbers_are_answered_every_time(self, bot: Bot) -> None:
        incoming = Incoming("terminal", "0", text="hello")
        for _ in range(2):
            assert await bot.reply(incoming, []) is not None

    async def test_numbers_are_forgotten_in_time(self, bot: Bot, chat: Chat) -> None:
        await chat.say("hello")
        await bot.restart()
        assert await bot.rows(handled_updates) == 1
        bot.clock.forward(hours=UPDATE_HOURS + 1)
        await purged(bot)
        assert await bot.rows(handled_updates) == 0


async def purged(bot: Bot) -> None:
    """What the service does by itself every half minute."""
    await bot.store.purge(int(bot.clock() // 3600), int(bot.clock()))


class TestMemory:
    async def test_a_session_outlives_restarts(self, bot: Bot, chat: Chat) -> None:
        await chat.press("age:under-11")
        await bot.restart()
        (answer,) = await chat.press("topic:sextortion")
        assert answer.text.startswith("Someone is being unkind")

    async def test_one_that_is_being_written_is_not_missed(self, bot: Bot) -> None:
        """A turn begins while what the last one changed is on its way to the disk."""
        for number in range(40):
            incoming = [
                Incoming("web", str(number), press=press, update_id=10 * number + place)
                for place, press in enumerate(("age:under-11", "topic:sextortion"))
            ]
            await bot.reply(incoming[0])
            # Begun just after what has changed was noted as what it is, in every order.
            asked = asyncio.create_task(bot.reply(incoming[1]))
            for _ in range(number % 4):
                await asyncio.sleep(0)
            await bot.service.committed()
            answer = await asked
            assert answer is not None
            assert answer.messages[0].text.startswith("Someone is being unkind")

    async def test_one_that_has_not_changed_is_not_written(self, bot: Bot) -> None:
        chat = Incoming("web", "a", press="topics")
        await bot.reply(chat)
        await bot.service.committed()
        assert await bot.rows(sessions) == 0
        await bot.reply(replace(chat, press="age:under-11"))
        await bot.service.committed()
        assert await bot.rows(sessions) == 1
        await refuse(bot.engine, "INSERT", "sessions")
        await bot.reply(chat)
        await bot.service.committed()  # nothing is written, so nothing breaks

    async def test_one_that_has_not_changed_lasts_as_long_as_any(self, bot: Bot) -> None:
        chat = Incoming("web", "a", press="age:under-11")
        await bot.reply(chat)
        await bot.service.committed()
        bot.clock.forward(hours=1)
        await bot.reply(replace(chat, press="topics"))
        await bot.service.committed()
        async with bot.engine.connect() as connection:
            expires = (await connection.execute(select(sessions.c.expires))).scalar_one()
        assert expires == int(bot.clock() // 3600) + SESSION_HOURS

    async def test_each_chat_has_its_own(self, bot: Bot, chat: Chat) -> None:
        await chat.press("age:under-11")
        for other in (bot.chat("1002"), bot.chat(chat.name, channel="web")):
            (answer,) = await other.press("topic:sextortion")
            assert answer.text.startswith("This is blackmail")

    async def test_a_language_once_chosen_stays(self, bot: Bot, chat: Chat) -> None:
        await chat.press("lang:cy")
        await bot.restart()
        (message,) = await chat.say("/start")
        assert message.text.startswith("Helo.")

    async def test_it_is_forgotten_when_nobody_writes(self, bot: Bot, chat: Chat) -> None:
        await chat.press("age:under-11")
        await bot.restart()
        bot.clock.forward(hours=SESSION_HOURS)
        await purged(bot)
        assert await bot.rows(sessions) == 1
        bot.clock.forward(hours=1)
        await purged(bot)
        assert await bot.rows(sessions) == 0

    async def test_every_message_renews_it(self, bot: Bot, chat: Chat) -> None:
        await chat.press("age:under-11")
        for _ in range(3):
            bot.clock.forward(hours=SESSION_HOURS - 1)
            await chat.press("topics")
            await bot.restart()
            await purged(bot)
        (answer,) = await chat.press("topic:sextortion")
        assert answer.text.startswith("Someone is being unkind")

    async def test_another_secret_is_a_forgotten_session(self, bot: Bot, chat: Chat) -> None:
        await chat.press("age:under-11")
        await bot.stop()
        bot.secret_file.write_bytes(bytes(32))
        await bot.start()
        (answer,) = await chat.press("topic:sextortion")
        assert answer.text.startswith("This is blackmail")
        assert await chat.say("hello")
        await bot.restart()
        assert await bot.rows(sessions) == 2

    async def test_a_damaged_session_is_a_forgotten_one(
        self, bot: Bot, chat: Chat, phrasebook: Phrasebook, caplog: pytest.LogCaptureFixture
    ) -> None:
        await chat.press("age:under-11")
        await chat.say(phrasebook.unsure)
        await bot.restart()
        async with bot.engine.begin() as connection:
            await connection.execute(update(sessions).values(sealed=b"\x01rubbish"))
            await connection.execute(update(fragments).values(sealed=b"\x01rubbish"))
        (answer,) = await chat.press("topic:sextortion")
        assert answer.text.startswith("This is blackmail")
        assert "a session was forgotten" in caplog.text
        await bot.restart()
        async with bot.engine.connect() as connection:
            sealed = (await connection.execute(select(sessions.c.sealed))).scalar_one()
        keys(bot, chat).open_session(sealed)


class TestFragments:
    async def test_two_within_two_minutes_are_read_together(
        self, bot: Bot, chat: Chat, phrasebook: Phrasebook, english: Guidance
    ) -> None:
        first, second, topic = phrasebook.fragments
        await chat.say(first)
        bot.clock.forward(FRAGMENT_SECONDS)
        await bot.restart()
        answer = (await chat.say(second))[0]
        assert answer.text.startswith(english.topics[topic].answer.first)

    async def test_after_that_they_are_not(
        self, bot: Bot, chat: Chat, phrasebook: Phrasebook, english: Guidance
    ) -> None:
        first, second, topic = phrasebook.fragments
        await chat.say(first)
        bot.clock.forward(FRAGMENT_SECONDS + 1)
        assert english.topics[topic].answer.first not in [message.text for message in await chat.say(second)]

    async def test_they_are_never_read_with_another_chats(
        self, bot: Bot, chat: Chat, phrasebook: Phrasebook, english: Guidance
    ) -> None:
        first, second, topic = phrasebook.fragments
        await chat.say(first)
        assert english.topics[topic].answer.first not in [m.text for m in await bot.chat("1002").say(second)]

    async def test_its_words_are_gone_from_the_database_once_it_is_used(
        self, bot: Bot, chat: Chat, phrasebook: Phrasebook
    ) -> None:
        first, second, topic = phrasebook.fragments
        await chat.say(first)
        await bot.restart()
        assert (await self._only(bot, chat)).text == first
        await chat.say(second)
        await bot.restart()
        assert await self._only(bot, chat) == Fragment(answered=topic)
        await chat.press("topics")
        await bot.restart()
        assert await bot.rows(fragments) == 0

    @staticmethod
    async def _only(bot: Bot, chat: Chat) -> Fragment:
        async with bot.engine.connect() as connection:
            return keys(bot, chat).open_fragment((await connection.execute(select(fragments.c.sealed))).scalar_one())

    @pytest.mark.parametrize("seconds", [ASKING_SECONDS, ASKING_SECONDS + 1])
    async def test_which_topic_was_answered_is_known_for_ten_minutes(
        self, bot: Bot, chat: Chat, phrasebook: Phrasebook, seconds: int
    ) -> None:
        await chat.press("topic:sextortion")
        bot.clock.forward(seconds)
        await bot.restart()
        message = (await chat.say(phrasebook.unsure))[0]
        offered = [button.press for row in message.buttons for button in row]
        assert (offered[0] == "topic:sextortion") is (seconds == ASKING_SECONDS)

    @SQLITE_ALONE
    async def test_one_that_is_not_is_purged_without_a_trace(
        self, bot: Bot, chat: Chat, phrasebook: Phrasebook
    ) -> None:
        await chat.say(phrasebook.unsure)
        await bot.restart()
        async with bot.engine.connect() as connection:
            (sealed,) = (await connection.execute(select(fragments.c.sealed))).scalars().all()
        files = sorted(bot.settings.data.glob("safetybot.sqlite3*"))
        assert any(sealed in file.read_bytes() for file in files)
        bot.clock.forward(FRAGMENT_SECONDS)
        await purged(bot)
        assert await bot.rows(fragments) == 1
        bot.clock.forward(1)
        await purged(bot)
        assert await bot.rows(fragments) == 0
        assert not any(sealed in file.read_bytes() for file in files if file.exists())

    async def test_the_service_purges_by_itself(self, bot: Bot, chat: Chat, phrasebook: Phrasebook) -> None:
        await chat.say(phrasebook.unsure)
        bot.clock.forward(FRAGMENT_SECONDS + 1)
        await bot.restart()
        async with asyncio.timeout(5):
            while await bot.rows(fragments):
                await asyncio.sleep(0.01)


class TestHide:
    async def test_both_sides_messages_are_deleted(self, bot: Bot, chat: Chat) -> None:
        await chat.say("hello")
        await chat.press("topics")
        await bot.restart()
        await chat.press("topic:sextortion")
        await bot.restart()
        shown = list(chat.shown)
        reply = await chat.do(incoming := chat.typed("/hide"))
        assert sorted(reply.delete) == [*shown, incoming.message_id]
        assert reply.undeleted is not None
        assert len(chat.shown) == 1  # that it is done

    async def test_then_only_what_came_after(self, bot: Bot, chat: Chat) -> None:
        await chat.say("hello")
        await chat.say("/hide")
        (done,) = chat.shown
        await bot.restart()
        again = chat.typed("/hide")
        assert (await chat.do(again)).delete == (done, again.message_id)

    async def test_a_crash_before_they_are_deleted_loses_no_number(self, bot: Bot, chat: Chat) -> None:
        await chat.say("hello")
        incoming = chat.typed("/hide")
        first = await bot.reply(incoming)
        assert first is not None
        await bot.restart()  # the session is saved, and nothing was deleted or delivered
        second = await bot.reply(incoming)
        assert second is not None
        assert second.delete == first.delete

    async def test_messages_of_yesterday_are_known(self, bot: Bot, chat: Chat) -> None:
        await chat.say("hello")
        await bot.restart()
        old = list(chat.shown)
        bot.clock.forward(hours=HIDE_HOURS)
        await purged(bot)
        reply = await chat.do(incoming := chat.typed("/hide"))
        assert sorted(reply.delete) == [*old, incoming.message_id]

    async def test_those_too_old_to_delete_are_not_tried(self, bot: Bot, chat: Chat) -> None:
        await chat.say("hello")
        await bot.restart()
        bot.clock.forward(hours=HIDE_HOURS + 1)
        assert len((await chat.do(chat.typed("/hide"))).delete) == 1

    async def test_refused_pictures_are_deleted_at_once(self, bot: Bot, chat: Chat) -> None:
        incoming = chat.picture()
        assert (await chat.do(incoming)).delete == (incoming.message_id,)
        assert incoming.message_id not in (await chat.do(chat.typed("/hide"))).delete

    async def test_one_hidden_chat_leaves_the_others(self, bot: Bot, chat: Chat) -> None:
        other = bot.chat("1002")
        await other.say("hello")
        await chat.say("hello")
        reply = await chat.do(chat.typed("/hide"))
        assert not set(reply.delete) & set(other.shown)


class TestDelivery:
    async def test_the_next_message_waits_until_it_is_noted(self, bot: Bot, chat: Chat) -> None:
        async with bot.service.turn(chat.channel, chat.name) as turn:
            reply = await turn.reply(chat.typed("hello"))
            hiding = asyncio.create_task(chat.do(chat.typed("/hide")))
            await chat.bot.chat("1002").say("hello")  # others do not wait
            assert reply is not None
            numbers = chat.see(reply)
            assert not hiding.done()
            turn.delivered(numbers)
        assert set(numbers) < set((await hiding).delete)

    async def test_where_it_breaks_off_what_was_shown_is_noted_and_the_update_comes_again(
        self, bot: Bot, chat: Chat
    ) -> None:
        incoming, shown = chat.typed("hello"), asyncio.Event()

        async def show() -> None:
            async with bot.service.turn(chat.channel, chat.name) as turn:
                await turn.reply(incoming)
                try:
                    shown.set()
                    await asyncio.Event().wait()
                finally:
                    turn.delivered([77], whole=False)

        showing = asyncio.create_task(show())
        await shown.wait()
        showing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await showing
        assert await bot.reply(incoming) is not None
        assert 77 in (await chat.do(chat.typed("/hide"))).delete

    async def test_it_is_noted_where_the_answer_failed(self, bot: Bot, chat: Chat) -> None:
        await chat.say("hello")
        update = bot.next_update()
        async with bot.service.turn(chat.channel, chat.name) as turn:
            with pytest.raises(AttributeError):
                await turn.reply(Incoming("telegram", chat.name, text=7, update_id=update))  # type: ignore[arg-type]
            turn.delivered([77])
        assert await bot.reply(Incoming("telegram", chat.name, text="hello", update_id=update)) is None
        assert {77, *chat.shown} < set((await chat.do(chat.typed("/hide"))).delete)

    async def test_several_messages_may_be_answered_in_one_turn(self, bot: Bot, chat: Chat) -> None:
        async with bot.service.turn(chat.channel, chat.name) as turn:
            for press in ("age:under-11", "topic:sextortion"):
                reply = await turn.reply(incoming := chat.pressed(press))
                assert reply is not None
                turn.delivered(chat.see(reply))
                assert await turn.reply(incoming) is None
        assert reply.messages[0].text.startswith("Someone is being unkind")

    async def test_once_committed_it_is_on_the_disk(self, bot: Bot, chat: Chat) -> None:
        for _ in range(5):
            incoming = chat.typed("hello")
            await chat.do(incoming)
            await bot.service.committed()
            assert (await bot.store.look(bytes(32), ("telegram", incoming.update_id or 0))).handled


class TestCounting:
    async def test_by_topic_and_day_and_without_words(self, bot: Bot, chat: Chat, phrasebook: Phrasebook) -> None:
        await chat.say(phrasebook.asks["passwords"])
        await bot.chat("1002").say(phrasebook.asks["passwords"])
        await chat.press("up:passwords")
        await chat.say(phrasebook.emergencies[0])
        bot.clock.forward(hours=24)
        await chat.press("down:passwords")
        await bot.restart()
        assert await bot.store.counted("2027-01-15", "2027-01-15") == {
            ("answer", "passwords"): 2,
            ("up", "passwords"): 1,
            ("answer", "immediate-danger"): 1,
            ("danger", ""): 1,
        }
        assert (await bot.store.counted("2027-01-16", "2027-01-16"))["down", "passwords"] == 1

    async def test_only_names_of_ours_are_ever_counted(self, bot: Bot, chat: Chat, english: Guidance) -> None:
        for said in ("my name is Zebedee", "/zebedee", "/start zebedee", "zebedee@example.org", "😭", "помогите"):
            await chat.say(said)
        for press in ("topic:zebedee", "zebedee", "report:zebedee", "safe:zebedee", "age:zebedee", "up:zebedee"):
            await chat.press(press)
        await bot.restart()
        async with bot.engine.connect() as connection:
            rows = (await connection.execute(select(counters.c.name, counters.c.topic))).all()
        assert rows
        assert {topic for _, topic in rows} <= {"", *english.topics}
        assert all(name.replace("-", "").isalpha() and "zebedee" not in name for name, _ in rows)


class TestManyAtOnce:
    async def test_every_chat_is_answered_in_its_order(
        self, bot: Bot, phrasebook: Phrasebook, english: Guidance
    ) -> None:
        chats = [bot.chat(str(number)) for number in range(200)]
        topics = ("passwords", "sextortion", "cyberbullying")
        expected = [english.topics[topic].answer.first.split("\n")[0] for topic in topics]
        done: dict[str, list[str]] = {chat.name: [] for chat in chats}

        async def one(chat: Chat, incoming: Incoming) -> None:
            done[chat.name].append((await chat.do(incoming)).messages[0].text.split("\n")[0])

        acts: list[Callable[[Chat], Incoming]] = [
            lambda chat: chat.typed(phrasebook.asks["passwords"]),
            lambda chat: chat.pressed("topic:sextortion"),
            lambda chat: chat.typed(phrasebook.asks["cyberbullying"]),
        ]
        tasks = [asyncio.create_task(one(chat, act(chat))) for act in acts for chat in chats]
        await asyncio.gather(*tasks)
        assert all(order == expected for order in done.values())
        await bot.restart()
        for chat in chats[::20]:
            shown = set(chat.shown)
            assert shown < set((await chat.do(chat.typed("/hide"))).delete)

    async def test_nothing_of_them_stays_in_memory(self, bot: Bot) -> None:
        chats = [bot.chat(str(number)) for number in range(50)]
        await asyncio.gather(*(chat.press("topics") for chat in chats))
        await asyncio.gather(*(chat.say("/hide") for chat in chats))
        await bot.service.committed()
        writing = bot.service._writing
        gathered = writing._gathered if isinstance(writing, WriteBehind) else None
        for kept in (bot.service._local_locks, bot.service._ending, gathered):
            assert not kept

    async def test_who_gives_up_waiting_does_not_hold_up_the_others(self, bot: Bot, chat: Chat) -> None:
        waiting = [asyncio.create_task(bot.reply(chat.typed("hello"))) for _ in range(5)]
        await asyncio.sleep(0)
        for task in waiting[1:4]:
            task.cancel()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        cancelled = [isinstance(result, asyncio.CancelledError) for result in results]
        assert cancelled == [False, True, True, True, False]
        assert not bot.service._local_locks


class TestTrouble:
    @SQLITE_ALONE  # on PostgreSQL the turn fails, and the update comes again
    async def test_while_the_database_cannot_be_written_it_goes_on_and_loses_nothing(
        self, bot: Bot, chat: Chat, phrasebook: Phrasebook, caplog: pytest.LogCaptureFixture
    ) -> None:
        await refuse(bot.engine, "INSERT", "sessions")
        await chat.press("age:under-11")
        incoming = chat.typed(phrasebook.asks["passwords"])
        await chat.do(incoming)
        async with asyncio.timeout(10):
            while "could not be written" not in caplog.text:
                await asyncio.sleep(0.05)
        (answer,) = await chat.press("topic:sextortion")
        assert answer.text.startswith("Someone is being unkind")
        await refuse_no_more(bot.engine, "sessions")
        await bot.restart()
        assert await bot.reply(incoming) is None
        (answer,) = await chat.press("topic:sextortion")
        assert answer.text.startswith("Someone is being unkind")
        day = "2027-01-15"
        assert (await bot.store.counted(day, day))["answer", "passwords"] == 1

    @SQLITE_ALONE
    async def test_it_ends_even_if_the_last_commit_fails(self, bot: Bot, chat: Chat) -> None:
        await chat.press("topics")
        await refuse(bot.engine, "INSERT", "sessions")
        with pytest.raises(IntegrityError):
            await bot.stop()
        await bot.start()
        await refuse_no_more(bot.engine, "sessions")
        assert await chat.say("hello")

    @SQLITE_ALONE
    async def test_a_purge_that_fails_is_logged_and_tried_again(
        self, bot: Bot, caplog: pytest.LogCaptureFixture
    ) -> None:
        await bot.stop()
        hidden = bot.settings.database.with_name("hidden")
        bot.settings.database.rename(hidden)
        await bot.start()  # on a new and empty file
        async with asyncio.timeout(5):
            while "could not be deleted" not in caplog.text:
                await asyncio.sleep(0.01)
        assert caplog.records[-1].levelno == logging.ERROR


class TestLanguages:
    async def test_the_first_comes_first(self, bot: Bot) -> None:
        assert list(bot.service.languages) == ["en", "cy"]

    @pytest.mark.parametrize(
        ("code", "language"), [("cy", "Cymraeg"), ("cy-GB", "Cymraeg"), ("de", "English"), (None, "English")]
    )
    async def test_wording_for_anybody(self, bot: Bot, code: str | None, language: str) -> None:
        wording = bot.service.wording(code)
        assert wording.language == language
        assert "999" in wording.say["broken"]


async def test_the_secret_is_for_its_owner_alone(bot: Bot) -> None:
    assert bot.secret_file.stat().st_mode & 0o777 == 0o600


async def test_of_an_album_one_is_the_first_whatever_comes_between(bot: Bot, chat: Chat) -> None:
    for first in (True, False):
        async with bot.service.turn(chat.channel, chat.name) as turn:
            await turn.reply(chat.picture())
            assert await turn.first_of("13") is first
            turn.delivered([7])
        await chat.say("hello")
        await bot.restart()
