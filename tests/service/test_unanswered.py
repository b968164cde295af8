"""What had no answer, from the question to what editors see: on a real database, with real keys."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, text

from safetybot.administration import operator_tasks
from safetybot.dialogue.effects import KeepWords
from safetybot.editing.unanswered import dealt_with, read_unanswered
from safetybot.service.chat_turn import ASKING_SECONDS
from safetybot.service.retention_job import housekeeping
from safetybot.service.unanswered import BUCKETS, UnansweredService, Words, WordsTooLong, open_words, seal_words
from safetybot.storage import unanswered as stored
from safetybot.storage.tables import counters, editors_key, fragments, unanswered
from safetybot.vault.sealing import CannotOpen, KeyPair
from tests.editors import asked_about, let_editors_in
from tests.talking import Bot, Chat, Phrasebook
from tests.thief import Search, everything_logged, files, forms

PLANTED = ("zebedee", "dougal_99", "07700900123")


@pytest.fixture
def unsure(phrasebook: Phrasebook) -> str:
    return phrasebook.unsure_words


async def kept(bot: Bot) -> list[stored.SealedWords]:
    async with bot.engine.connect() as connection:
        return list(await stored.load_all(connection))


class TestSealing:
    PAIR = KeyPair.new()

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=900), st.sampled_from(["", "sextortion"]))
    def test_it_opens_as_it_was_in_one_of_three_sizes(self, said: str, topic: str) -> None:
        words = Words(said, topic, "en")
        sealed = seal_words(words, self.PAIR.public)
        assert open_words(sealed, self.PAIR) == words
        assert len(sealed) in [1 + 48 + bucket for bucket in BUCKETS]
        assert said not in repr(words) or len(said) < 20

    def test_nobody_else_opens_it(self) -> None:
        sealed = seal_words(Words("he is mean", "", "en"), self.PAIR.public)
        for wrong in (b"", sealed[1:], b"\x02" + sealed[1:], sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1])):
            with pytest.raises(CannotOpen):
                open_words(wrong, self.PAIR)
        with pytest.raises(CannotOpen):
            open_words(sealed, KeyPair.new())

    def test_what_is_too_long(self) -> None:
        with pytest.raises(WordsTooLong):
            seal_words(Words("x" * 4_096, "", "en"), self.PAIR.public)


class TestYes:
    async def test_the_words_are_kept_sealed_with_the_day_alone(self, bot: Bot, chat: Chat, unsure: str) -> None:
        pair = await let_editors_in(bot)
        assert await asked_about(chat, unsure)
        await chat.press("words:yes")
        (row,) = await kept(bot)
        assert row.day == bot.now.date().isoformat()
        assert {column.name for column in unanswered.columns} == {"id", "day", "sealed"}
        words = open_words(row.sealed, pair)
        assert (words.text, words.language) == (unsure, "en")
        assert words.topic in bot.understanding.conversation.tongue("en").guidance.topics

    async def test_twice_keeps_once(self, bot: Bot, chat: Chat, unsure: str) -> None:
        await let_editors_in(bot)
        await asked_about(chat, unsure)
        first, second = await chat.press("words:yes"), await chat.press("words:yes")
        assert first == second
        assert len(await kept(bot)) == 1

    async def test_twice_with_a_crash_between_keeps_once(self, bot: Bot, chat: Chat, unsure: str) -> None:
        """It was not delivered, so Telegram sends the same press again, to a bot that lost what was gathered."""
        await let_editors_in(bot)
        await asked_about(chat, unsure)
        press = chat.pressed("words:yes")
        before = await bot.reply(press)
        await bot.crash()
        again = await bot.reply(press)
        assert before
        assert again
        assert before.messages == again.messages
        assert len(await kept(bot)) == 1

    async def test_after_ten_minutes_there_is_nothing_to_keep(self, bot: Bot, chat: Chat, unsure: str) -> None:
        await let_editors_in(bot)
        await asked_about(chat, unsure)
        bot.clock.forward(ASKING_SECONDS + 1)
        await bot.service.committed()
        assert await bot.rows(fragments) == 1
        await bot.store.purge(int(bot.clock() // 3600), int(bot.clock()))
        assert await bot.rows(fragments) == 0
        (message,) = await chat.press("words:yes")
        assert message.text == bot.service.wording("en").say["words-gone"]
        assert await kept(bot) == []

    @pytest.mark.parametrize("doing", ["words:no", "/hide", "/stop", "hello", "topics"])
    async def test_anything_else_forgets_them_on_the_disk_too(
        self, bot: Bot, chat: Chat, unsure: str, doing: str
    ) -> None:
        await let_editors_in(bot)
        await asked_about(chat, unsure)
        await bot.service.committed()
        await (chat.press(doing) if (doing.isalpha() and doing != "hello") or ":" in doing else chat.say(doing))
        await bot.service.committed()
        assert await bot.rows(fragments) == 0
        await chat.press("words:yes")
        assert await kept(bot) == []

    async def test_where_the_key_is_gone_meanwhile(self, bot: Bot, chat: Chat, unsure: str) -> None:
        await let_editors_in(bot)
        await asked_about(chat, unsure)
        async with bot.engine.begin() as connection:
            await connection.execute(delete(editors_key))
        (message,) = await chat.press("words:yes")
        assert message.text == bot.service.wording("en").say["words-gone"]
        assert await kept(bot) == []

    async def test_where_the_database_fails(
        self, bot: Bot, chat: Chat, unsure: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        await let_editors_in(bot)
        await asked_about(chat, unsure)
        broken = "CREATE TRIGGER broken BEFORE INSERT ON unanswered BEGIN SELECT RAISE(ABORT, 'no'); END"
        async with bot.engine.begin() as connection:
            await connection.execute(text(broken))
        (message,) = await chat.press("words:yes")
        assert message.text == bot.service.wording("en").say["words-gone"]
        assert "words could not be kept for the editors: IntegrityError" in caplog.text


async def test_without_a_key_nobody_is_asked_and_it_is_counted(bot: Bot, chat: Chat, unsure: str) -> None:
    assert await asked_about(chat, unsure) is None
    await bot.service.committed()
    async with bot.engine.connect() as connection:
        names = (await connection.execute(select(counters.c.name, counters.c.topic))).all()
    assert [topic for name, topic in names if name == "unanswered" and topic]


async def test_a_thief_finds_nothing_without_a_yes_and_nothing_open_with_one(bot: Bot, phrasebook: Phrasebook) -> None:
    said = phrasebook.unsure_words
    wanted = {word: tuple(forms(word)) for word in (*PLANTED, said)}
    search = Search(wanted)
    with everything_logged() as log:
        pair = await let_editors_in(bot)
        for name, answer in (("1", "words:no"), ("2", "topics"), ("3", "words:yes")):
            chat = bot.chat(name)
            assert await asked_about(chat, said)
            await bot.service.committed()
            for content in files(bot.settings.data).values():
                assert search.found(content) == []
            await chat.press(answer)
            await chat.say(f"{said} {' '.join(PLANTED)}")
        await bot.service.committed()
        assert [open_words(row.sealed, pair).text for row in await kept(bot)] == [said]
        await bot.restart()
        for name, content in files(bot.settings.data).items():
            assert search.found(content) == [], name
        assert search.found(log.getvalue().encode()) == []
    assert search.found(said.encode())


class TestEditors:
    @pytest.fixture
    async def pair(self, bot: Bot) -> KeyPair:
        """The editors' key; five messages wait, of which one is sealed to another key."""
        pair = await let_editors_in(bot)
        service = UnansweredService(bot.engine, bot.clock)
        for number, topic in enumerate(["passwords", "sextortion", "sextortion", ""]):
            await service.keep(KeepWords(f"{number:032}", f"words {number}\x1b", topic, "en"))
            bot.clock.forward(hours=24)
        async with bot.engine.begin() as connection:
            sealed = seal_words(Words("x", "", "en"), KeyPair.new().public)
            await stored.add(connection, stored.SealedWords("f" * 32, "2027-01-15", sealed))
        return pair

    async def test_groups_by_nearest_topic_newest_first(self, bot: Bot, pair: KeyPair) -> None:
        found = await read_unanswered(bot.settings.database, pair)
        assert [(group.topic, [asked.text for asked in group.asked]) for group in found.groups] == [
            ("sextortion", ["words 2 ", "words 1 "]),
            ("", ["words 3 "]),
            ("passwords", ["words 0 "]),
        ]
        assert found.closed == 1

    async def test_one_that_is_dealt_with_leaves_no_trace(self, bot: Bot, pair: KeyPair) -> None:
        sealed = next(row.sealed for row in await kept(bot) if row.id.endswith("2"))
        assert await dealt_with(bot.settings.database, f"{2:032}")
        assert not await dealt_with(bot.settings.database, f"{2:032}")
        assert len(await kept(bot)) == 4
        assert not any(sealed in content for content in files(bot.settings.data).values())

    @pytest.mark.parametrize("by_hand", [True, False])
    async def test_after_sixty_days_they_are_gone(self, bot: Bot, pair: KeyPair, by_hand: bool) -> None:
        days = sorted({dt.date.fromisoformat(row.day) for row in await kept(bot)})
        now = dt.datetime.combine(days[1], dt.time(12), dt.UTC) + dt.timedelta(stored.KEEP_DAYS)
        if by_hand:
            cleared = await operator_tasks.purge(bot.settings.database, now)
            assert cleared.words == 5 - len(await kept(bot))
        else:
            async with housekeeping(bot.engine, lambda: now):
                while len(await kept(bot)) == 5:
                    pass
        assert all(dt.date.fromisoformat(row.day) > days[1] for row in await kept(bot))

    async def test_the_day_before_they_are_there(self, bot: Bot, pair: KeyPair) -> None:
        first = min(dt.date.fromisoformat(row.day) for row in await kept(bot))
        now = dt.datetime.combine(first, dt.time(12), dt.UTC) + dt.timedelta(stored.KEEP_DAYS - 1)
        await operator_tasks.purge(bot.settings.database, now)
        assert len(await kept(bot)) == 5


async def test_the_tables_hold_no_more_than_they_say(bot: Bot, chat: Chat, unsure: str) -> None:
    """One row looks like any other: no order of arrival, no time, one size."""
    await let_editors_in(bot)
    for name in "123":
        other = bot.chat(name)
        await asked_about(other, unsure)
        await other.press("words:yes")
    with closing(sqlite3.connect(bot.settings.database)) as database:
        rows = database.execute("SELECT id, day, length(sealed) FROM unanswered").fetchall()
    assert len({row[1:] for row in rows}) == 1
    assert len({row[0] for row in rows}) == 3
