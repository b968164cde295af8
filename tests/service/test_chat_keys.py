"""Keys of chats: slow to try, quick for who writes; and what an earlier version stored goes on under the new names."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping

import pytest
from sqlalchemy import select, update

from safetybot.dialogue.session import MEMORY, ChatKeys, SealedDataError
from safetybot.service import chat_keys
from safetybot.service.chat_keys import IDLE_SECONDS, KEPT_MOST, AliasedCounts, ChatKeyring, derive_keys
from safetybot.service.rate_limits import Limit
from safetybot.service.service import _KINDS
from safetybot.storage import legacy_chat_names
from safetybot.storage.tables import drafts, fragments, sessions
from tests.databases import BOTH
from tests.talking import Bot, Chat, Clock, Phrasebook

DATABASES = BOTH
SECRET = bytes(range(32))
STORY = "somebody keeps writing mean things"


class TestDeriving:
    def test_a_number_of_telegrams_costs_memory_and_time_to_try(self) -> None:
        began = time.process_time()
        slow = derive_keys(SECRET, "telegram", "1001")
        assert time.process_time() - began > 0.001  # of a processor; the fast hash takes a thousandth of it
        assert MEMORY >= 8 * 1024 * 1024
        fast = ChatKeys.derive(SECRET, "telegram", "1001")
        assert slow.lookup != fast.lookup
        assert slow.sealing != fast.sealing

    def test_it_is_the_same_each_time_and_another_for_another_chat_or_secret(self) -> None:
        known = derive_keys(SECRET, "telegram", "1001")
        assert derive_keys(SECRET, "telegram", "1001") == known
        others = [
            derive_keys(SECRET, "telegram", "1002"),
            derive_keys(SECRET, "terminal", "1001"),
            derive_keys(bytes(32), "telegram", "1001"),
        ]
        assert len({each.lookup for each in (known, *others)}) == len({each.sealing for each in (known, *others)}) == 4

    def test_a_name_of_256_random_bits_needs_none_of_it(self) -> None:
        assert derive_keys(SECRET, "web", "x" * 43) == ChatKeys.derive(SECRET, "web", "x" * 43)

    def test_the_shape_never_changes(self) -> None:
        """Else every chat is forgotten."""
        known = derive_keys(SECRET, "telegram", "1001")
        assert known.lookup.hex() == "2a03487eca764d62fffa45437cf6c597de67b0b8bb4b4b9de656a7750092bcef"
        assert known.sealing.hex() == "172c581f07ab76ff82f8a5f8ea1785c3995642f31439c251693c7dcca023de2f"


class TestKeyring:
    async def test_an_active_chat_pays_once(self) -> None:
        clock = Clock(0)
        ring = ChatKeyring(SECRET, clock)
        first, again = await asyncio.gather(ring.keys("telegram", "1"), ring.keys("telegram", "1"))
        assert first is again
        assert first == derive_keys(SECRET, "telegram", "1")
        clock.forward(IDLE_SECONDS - 1)
        ring.forget_idle()
        assert await ring.keys("telegram", "1") is first
        await ring.keys("telegram", "2")
        clock.forward(IDLE_SECONDS + 1)
        ring.forget_idle()
        assert len(ring) == 0
        assert await ring.keys("telegram", "1") is not first
        ring.close()

    async def test_it_remembers_no_name(self) -> None:
        ring = ChatKeyring(SECRET)
        await ring.keys("telegram", "1234567890")
        assert "1234567890" not in repr(vars(ring))
        ring.close()

    async def test_there_is_an_end_to_what_it_keeps(self) -> None:
        ring = ChatKeyring(SECRET)
        spare = ChatKeys.random()
        for number in range(KEPT_MOST):
            ring._kept[number.to_bytes(16, "big")] = 0.0, spare
        await ring.keys("telegram", "1")
        assert len(ring) == KEPT_MOST
        ring.close()

    async def test_who_is_called_off_calls_nobody_else_off(self) -> None:
        ring = ChatKeyring(SECRET)
        gone = asyncio.create_task(ring.keys("telegram", "1"))
        await asyncio.sleep(0)
        waits = asyncio.create_task(ring.keys("telegram", "1"))
        await asyncio.sleep(0)
        gone.cancel()
        assert await waits == derive_keys(SECRET, "telegram", "1")
        ring.close()

    async def test_danger_does_not_wait_for_keys_for_long(
        self, bot: Bot, chat: Chat, phrasebook: Phrasebook, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chat_keys, "WAIT_SECONDS", 0.2)
        free = threading.Event()
        for _ in range(chat_keys.THREADS):
            bot.service.keyring._threads.submit(free.wait)
        reply = await chat.say(phrasebook.emergencies[0])
        assert reply[0].urgent
        free.set()
        assert await chat.say("/start")


class Noting:
    """Counts nothing, and notes under which names it was asked to."""

    def __init__(self) -> None:
        self.names: list[str] = []

    async def take(self, names: Mapping[str, Limit]) -> str | None:
        self.names += names
        return [*names][-1]


async def test_shared_counts_are_under_slow_names_too() -> None:
    ring, noting = ChatKeyring(SECRET), Noting()
    limit = Limit(1, 1)
    over = await AliasedCounts(noting, ring, "telegram").take({"telegram 1001": limit, "slow-down 1001": limit})
    assert over == "slow-down 1001"
    slow = derive_keys(SECRET, "telegram", "1001").lookup.hex()
    assert noting.names == [f"telegram {slow}", f"slow-down {slow}"]
    ring.close()


async def as_before(bot: Bot, chat: Chat) -> None:
    """Puts what is stored of a chat where an earlier version had it."""
    await bot.service.committed()
    old, new = ChatKeys.derive(bot.secret_file.read_bytes(), chat.channel, chat.name), chat.keys
    async with bot.engine.begin() as connection:
        for table in legacy_chat_names.TABLES:
            for row in (await connection.execute(select(table).where(table.c.chat_key == new.lookup))).all():
                sealed = old.reseal(_KINDS[table.name], row.sealed, new)
                where = table.c.chat_key == new.lookup
                await connection.execute(update(table).where(where).values(chat_key=old.lookup, sealed=sealed))


class TestFromAnEarlierVersion:
    async def test_nothing_stored_is_lost(self, bot: Bot, chat: Chat) -> None:
        await bot.hire()
        await chat.say("hello there")
        for press in ("report", "rep:set:danger:no", "rep:done:reads", "rep:set:about:me"):
            await chat.press(press)
        await chat.say(STORY)
        await as_before(bot, chat)
        await bot.restart()
        assert (await bot.service._reports.load(chat.keys)).draft is None
        hour = int(bot.clock() // 3600)
        bot.service._old_names_until = await legacy_chat_names.last_hour(bot.engine, hour)
        assert bot.service._old_names_until == hour + legacy_chat_names.HOURS
        await chat.press("rep:done:story")
        kept = await bot.service._reports.load(chat.keys)
        assert kept.draft is not None
        assert kept.draft.answer("story").words == (STORY,)
        shown = set(chat.shown)
        hidden = await chat.do(chat.typed("/hide"))
        assert shown <= set(hidden.delete)
        old = ChatKeys.derive(bot.secret_file.read_bytes(), chat.channel, chat.name)
        async with bot.engine.connect() as connection:
            for table in legacy_chat_names.TABLES:
                assert (await connection.execute(select(table).where(table.c.chat_key == old.lookup))).first() is None

    async def test_what_is_newer_stays(self, bot: Bot, chat: Chat, phrasebook: Phrasebook) -> None:
        await chat.say(phrasebook.unsure)
        await as_before(bot, chat)
        await chat.say(phrasebook.unsure_words)
        await bot.service.committed()
        async with bot.engine.connect() as connection:
            newer = (await connection.execute(select(fragments).where(fragments.c.chat_key == chat.keys.lookup))).one()
        await bot.restart()
        bot.service._old_names_until = int(bot.clock() // 3600) + 1
        async with bot.service.turn(chat.channel, chat.name):
            pass
        async with bot.engine.connect() as connection:
            assert (await connection.execute(select(fragments))).one() == newer

    async def test_what_does_not_open_is_given_up(self, bot: Bot, chat: Chat) -> None:
        await chat.say("hello there")
        await as_before(bot, chat)
        async with bot.engine.begin() as connection:
            await connection.execute(update(sessions).values(sealed=b"damaged"))
        await bot.restart()
        bot.service._old_names_until = int(bot.clock() // 3600) + 1
        assert await chat.say("hello again")

    async def test_two_days_later_nobody_looks(self, bot: Bot, chat: Chat) -> None:
        await chat.say("hello there")
        await as_before(bot, chat)
        await bot.restart()
        bot.service._old_names_until = int(bot.clock() // 3600) - 1
        async with bot.service.turn(chat.channel, chat.name):
            pass
        async with bot.engine.connect() as connection:
            (row,) = (await connection.execute(select(sessions))).all()
        assert row.chat_key != chat.keys.lookup

    async def test_when_it_ends_is_noted_once(self, bot: Bot, chat: Chat) -> None:
        assert await legacy_chat_names.last_hour(bot.engine, 1000) == 0
        await chat.say("hello there")
        await bot.service.committed()
        assert await legacy_chat_names.last_hour(bot.engine, 1001) == 0


async def test_the_database_and_the_secret_name_nobody_quickly(bot: Bot, chat: Chat) -> None:
    """The thief's try of before: a fast hash for each number, and a look whether there is such a row."""
    await bot.hire()
    await chat.say("/report")
    await bot.service.committed()
    quick = ChatKeys.derive(bot.secret_file.read_bytes(), chat.channel, chat.name)
    async with bot.engine.connect() as connection:
        for table in (sessions, drafts):
            (row,) = (await connection.execute(select(table))).all()
            assert row.chat_key != quick.lookup
            with pytest.raises(SealedDataError):
                ChatKeys(row.chat_key, quick.sealing)._open(_KINDS[table.name], row.sealed)
