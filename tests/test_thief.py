"""Whoever takes the files or the logs learns nothing of who wrote, or what."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import select, text

from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.session import ChatKeys, SealedDataError
from safetybot.service.chat_keys import derive_keys
from safetybot.storage.tables import fragments, sessions
from tests.talking import Bot, Phrasebook
from tests.thief import Search, chat_forms, everything_logged, files, forms

WORDS = ("zebedee", "dougal", "florence", "brian@example.org", "07700900123", "ermintrude")
CHATS = ("987654321012345", "-100777888999", "zebedee-the-user")


WANTED = {word: tuple(forms(word)) for word in WORDS} | {chat: tuple(chat_forms(chat)) for chat in CHATS}
SEARCH = Search(WANTED)


def found(haystack: bytes) -> list[str]:
    """What of it all stands there, in whatever form and case."""
    return SEARCH.found(haystack)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that anything logs from DEBUG on, as the program would write it."""
    with everything_logged() as stream:
        yield stream


class Nasty(str):
    """A text that fails with itself in the error, as errors of libraries do."""

    __slots__ = ()

    def strip(self, chars: str | None = None, /) -> str:
        raise ValueError(f"cannot strip {self} of {CHATS[0]}")


async def talk(bot: Bot, phrasebook: Phrasebook) -> None:
    """Conversations in which words and names are told in every way there is."""
    for name in CHATS:
        chat = bot.chat(name)
        for words in WORDS:
            await chat.say(words)
            await chat.say(f"my name is {words}")
            await chat.say(f"{phrasebook.unsure} {words}")
            await chat.say(f"{phrasebook.emergencies[0]} says {words}")
            await chat.say(f"/start {words}")
            await chat.say(f"/{words}")
            await chat.press(f"topic:{words}")
            await chat.press(words)
            await chat.press(f"age:{words}:{words}")
        await chat.say(f"{WORDS[0]} " * 800)
        await chat.send_picture()
        await chat.press("age:under-11")
        await chat.say("/hide")
        await bot.reply(Incoming("telegram", name, press=WORDS[1], update_id=bot.next_update()), [1])
        await chat.say(f"{phrasebook.unsure} {WORDS[0]}")  # a fragment stays


async def fail(bot: Bot) -> None:
    """What goes wrong, and how a channel logs it."""
    logger = logging.getLogger("safetybot.channels")
    for incoming in (
        Incoming("telegram", CHATS[0], text=Nasty(WORDS[0])),
        Incoming("telegram", CHATS[1], press=7),  # type: ignore[arg-type]
    ):
        try:
            await bot.reply(incoming)
        except Exception:
            logger.exception("the conversation failed")
        else:
            raise AssertionError("it did not fail")
    lost = asyncio.create_task(bot.reply(Incoming("telegram", CHATS[0], text=Nasty(WORDS[0]))))
    await asyncio.wait([lost])
    logging.getLogger("asyncio").error("future: %r", lost, exc_info=lost.exception())
    async with bot.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE sessions RENAME TO away"))
    await bot.reply(Incoming("telegram", CHATS[2], text=WORDS[0]))
    await bot.service.committed()
    async with bot.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE away RENAME TO sessions"))


async def test_nothing_of_it_is_in_any_file_or_log(bot: Bot, phrasebook: Phrasebook, log: io.StringIO) -> None:
    await talk(bot, phrasebook)
    await bot.service.committed()
    running = files(bot.settings.data)
    assert {"safetybot.sqlite3", "safetybot.sqlite3-wal", "server.key"} <= running.keys()
    assert await bot.rows(sessions) == len(CHATS)
    assert await bot.rows(fragments) == len(CHATS)
    for name, content in running.items():
        assert found(content) == [], name
    await fail(bot)
    await bot.restart()
    for name, content in files(bot.settings.data).items():
        assert found(content) == [], name
    assert "the conversation failed [ValueError at conversation.py:" in log.getvalue()
    assert "is answered without: OperationalError" in log.getvalue()
    assert "aiosqlite" in log.getvalue()  # it does say, at DEBUG, what it executes
    assert found(log.getvalue().encode()) == []


async def test_only_with_the_secret_and_the_chat_it_can_be_opened(bot: Bot, phrasebook: Phrasebook) -> None:
    chat = bot.chat(CHATS[0])
    await chat.say(f"{phrasebook.unsure} {WORDS[0]}")
    await bot.restart()
    async with bot.engine.connect() as connection:
        chat_key, sealed = (await connection.execute(select(fragments.c.chat_key, fragments.c.sealed))).one()
    secret = bot.secret_file.read_bytes()
    keys = derive_keys(secret, chat.channel, chat.name)
    assert keys.lookup == chat_key
    assert WORDS[0] in keys.open_fragment(sealed).text
    for wrong in (derive_keys(bytes(32), chat.channel, chat.name), derive_keys(secret, chat.channel, CHATS[1])):
        assert wrong.lookup != chat_key
        with pytest.raises(SealedDataError):
            ChatKeys(chat_key, wrong.sealing).open_fragment(sealed)


async def test_the_time_of_a_message_is_known_to_the_hour_only(bot: Bot, phrasebook: Phrasebook) -> None:
    chat = bot.chat(CHATS[0])
    await chat.press("topics")
    bot.clock.forward(1)
    await bot.restart()
    async with bot.engine.connect() as connection:
        (expires,) = (await connection.execute(select(sessions.c.expires))).scalars().all()
    assert expires < bot.clock() / 1_000  # hours, where it could be seconds


@pytest.mark.parametrize("planted", WANTED)
def test_it_would_be_found(planted: str) -> None:
    for form in WANTED[planted]:
        assert planted in found(b"\0\1" + form + b"\2")
    assert found(b"nothing") == []
