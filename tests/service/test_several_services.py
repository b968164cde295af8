"""Two services on one database: a chat's messages land on one or the other, one after another and at once."""

from __future__ import annotations

import asyncio
import itertools
import random
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text

from safetybot.dialogue.messages import Incoming, Reply
from safetybot.guidance.model import Guidance
from safetybot.service.chat_turn import ChatTurn
from safetybot.service.service import Overtaken
from safetybot.storage.database import DatabaseLocation
from safetybot.storage.tables import cases, drafts, envelopes
from safetybot.understanding.understanding import Understanding
from safetybot.vault.code_reading import parse
from safetybot.vault.codes import Code
from tests.databases import POSTGRESQL_ALONE
from tests.postgres import Server
from tests.service.test_reporting import code_in, filled_in
from tests.talking import Bot, Chat, Phrasebook, presses

pytestmark = POSTGRESQL_ALONE

DAY = "2027-01-15"


@dataclass
class Spread(Chat):
    """Somebody whose messages land on one bot after the other."""

    bots: Iterator[Bot] = field(default_factory=lambda: iter(()))

    async def do(self, incoming: Incoming) -> Reply:
        self.bot = next(self.bots)
        return await super().do(incoming)


@pytest.fixture
async def other(bot: Bot, understanding: Understanding, where: DatabaseLocation, tmp_path: Path) -> AsyncIterator[Bot]:
    """A second process, with the same secret."""
    other = Bot(understanding, where, tmp_path / "data")
    other.clock, other._updates, other._messages = bot.clock, bot._updates, bot._messages
    await other.start()
    yield other
    await other.stop()


@pytest.fixture
def person(bot: Bot, other: Bot) -> Spread:
    return Spread(bot, "1001", "en", "telegram", bots=itertools.cycle((bot, other)))


async def lose_locks(bot: Bot) -> None:
    """Ends the connection that holds its chats, as the server sees it."""
    locks = bot.service._locks
    assert locks is not None
    pid = locks._driver.get_server_pid()
    async with bot.engine.begin() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})


async def test_a_whole_conversation(
    bot: Bot, other: Bot, person: Spread, phrasebook: Phrasebook, english: Guidance
) -> None:
    await person.press("age:under-11")
    assert (await person.press("topic:sextortion"))[0].text.startswith("Someone is being unkind")
    first, second, topic = phrasebook.fragments
    await person.say(first)
    younger = english.topics[topic].answer.younger
    assert younger is None or younger.first
    assert topic in {count[1] for count in (await _counted_after(person, second)) if count[0] == "answer"}
    on_screen = set(person.shown)
    reply = await person.do(hide := person.typed("/hide"))
    assert set(reply.delete) == {*on_screen, hide.message_id}


async def _counted_after(person: Spread, said: str) -> set[tuple[str, str]]:
    before = await person.bot.store.counted(DAY, DAY)
    await person.say(said)
    after = await person.bot.store.counted(DAY, DAY)
    return {count for count, number in after.items() if number != before.get(count, 0)}


async def test_a_report_and_coming_back(bot: Bot, other: Bot, person: Spread) -> None:
    await bot.hire()
    await filled_in(person)
    assert await bot.rows(drafts) == 1
    code = code_in(await person.press("rep:send"))
    assert code_in(await person.press("rep:send")) == code  # on the other one
    assert await bot.rows(cases) == 1
    for _ in range(2):
        assert "case:write" in presses((await person.say(f"/mycode {code.text}"))[-1])
    await person.press("case:write")
    await person.say("it goes on")
    await person.press("case:send")
    assert await bot.rows(envelopes) == 2


async def test_one_update_at_both_at_once_is_answered_once(bot: Bot, other: Bot, person: Spread) -> None:
    for _ in range(10):
        incoming = person.typed("hello")
        replies = await asyncio.gather(*(each.reply(incoming, [incoming.update_id or 0]) for each in (bot, other)))
        assert [reply is None for reply in replies].count(True) == 1
    assert sum((await bot.store.counted(DAY, DAY)).values()) == 10


async def test_many_chats_at_once(bot: Bot, other: Bot, phrasebook: Phrasebook) -> None:
    """Every message is answered once, its numbers are known, and nothing is counted more or less than once."""
    chance = random.Random(7)
    people = [
        Spread(bot, str(number), "en", "telegram", bots=iter(lambda: chance.choice((bot, other)), None))
        for number in range(20)
    ]
    asks = phrasebook.asks["passwords"]

    async def one(person: Spread, incoming: Incoming, where: Bot) -> None:
        async with where.service.turn(person.channel, person.name) as turn:
            reply = await turn.reply(incoming)
            assert reply is not None
            turn.delivered(person.see(reply))

    messages = [(person, person.typed(asks)) for _ in range(4) for person in people]
    await asyncio.gather(*(one(*message, chance.choice((bot, other))) for message in messages))
    assert (await bot.store.counted(DAY, DAY))["answer", "passwords"] == 80
    for person in people:
        on_screen = set(person.shown)
        assert on_screen < set((await person.do(person.typed("/hide"))).delete)
    for each in (bot, other):
        assert each.service._locks is not None
        assert not each.service._locks._held
        assert not each.service._local_locks


async def begin(bot: Bot, incoming: Incoming, go_on: asyncio.Event, begun: asyncio.Event) -> ChatTurn:
    """A slow delivery."""
    async with bot.service.turn(incoming.channel, incoming.chat) as turn:
        assert await turn.reply(incoming) is not None
        begun.set()
        await go_on.wait()
        turn.delivered([incoming.update_id or 0])
    return turn


async def test_the_other_waits_for_a_slow_delivery(bot: Bot, other: Bot, person: Spread) -> None:
    go_on, begun = asyncio.Event(), asyncio.Event()
    slow = asyncio.create_task(begin(bot, person.pressed("age:under-11"), go_on, begun))
    await begun.wait()
    following = asyncio.create_task(other.reply(person.pressed("topic:sextortion"), [1]))
    await other.chat("1002").say("hello")  # nobody else waits
    assert not following.done()
    go_on.set()
    await slow
    reply = await following
    assert reply is not None
    assert reply.messages[0].text.startswith("Someone is being unkind")


async def test_where_the_turn_is_lost_and_another_has_come_between_the_other_one_counts(
    bot: Bot, other: Bot, person: Spread
) -> None:
    go_on, begun = asyncio.Event(), asyncio.Event()
    lost = asyncio.create_task(begin(bot, person.pressed("lang:cy"), go_on, begun))
    await begun.wait()
    await lose_locks(bot)
    async with asyncio.timeout(5):
        assert await other.reply(person.pressed("age:under-11"), [5]) is not None
    go_on.set()
    with pytest.raises(Overtaken):
        await lost
    reply = await bot.reply(person.pressed("topic:sextortion"), [6])
    assert reply is not None
    assert reply.messages[0].text.startswith("Someone is being unkind")  # in English


async def test_where_the_turn_is_lost_and_nobody_has_come_between_it_is_written(
    bot: Bot, other: Bot, person: Spread
) -> None:
    incoming = person.pressed("age:under-11")
    go_on, begun = asyncio.Event(), asyncio.Event()
    lost = asyncio.create_task(begin(bot, incoming, go_on, begun))
    await begun.wait()
    await lose_locks(bot)
    go_on.set()
    await lost
    assert await other.reply(incoming) is None
    reply = await other.reply(person.pressed("topic:sextortion"), [6])
    assert reply is not None
    assert reply.messages[0].text.startswith("Someone is being unkind")


async def test_a_report_is_not_sent_twice_where_the_turn_is_lost(
    bot: Bot, other: Bot, person: Spread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is lost while the code is being made, which takes half a second; the update comes again to the other."""
    await bot.hire()
    await filled_in(person)
    sending, run = person.pressed("rep:send"), bot.stretcher.run_for
    again: list[Reply | None] = []

    async def lose(*args: object, **named: object) -> object:
        await lose_locks(bot)
        again.append(await other.reply(sending, [5]))
        return await run(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(bot.stretcher, "run_for", lose)
    lost = await bot.reply(sending, [6])
    assert lost is not None
    assert not [parse(message.text) for message in lost.messages if isinstance(parse(message.text), Code)]
    assert again[0] is not None
    assert code_in(again[0].messages)
    assert await bot.rows(cases) == 1


async def test_the_database_goes_away_in_the_middle_and_comes_back(
    bot: Bot, other: Bot, person: Spread, phrasebook: Phrasebook, postgres_server: Server
) -> None:
    incoming = person.pressed("age:under-11")
    go_on, begun = asyncio.Event(), asyncio.Event()
    slow = asyncio.create_task(begin(bot, incoming, go_on, begun))
    await begun.wait()
    await asyncio.to_thread(postgres_server.stop, signal.SIGINT)
    try:
        go_on.set()
        away = await other.reply(other.chat("1002").typed(phrasebook.emergencies[0]), [3])
    finally:
        await asyncio.to_thread(postgres_server.start)
    assert away is not None
    assert away.messages[0].urgent
    assert away.messages[-1].text == other.service.wording("en").say["broken"]
    await slow
    assert await other.reply(incoming) is None
    assert await bot.reply(person.pressed("topics"), [7]) is not None
