"""The emulator against PTB's own client, which knows nothing of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import BadRequest, Conflict, InvalidToken
from telegram.ext import Application, ApplicationBuilder, ContextTypes, MessageHandler, filters

from tests.emulator import TOKEN, Emulator
from tests.emulator.telegram_html import CannotParse, Entity, parse


@pytest.fixture
async def bot(telegram: Emulator) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, base_url=f"{telegram.url}/bot") as bot:
        yield bot


async def test_an_echo_bot_of_ptb_works(telegram: Emulator) -> None:
    async def echo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.effective_message is not None
        await update.effective_message.reply_text(update.effective_message.text or "")

    application: Application = (  # type: ignore[type-arg]
        ApplicationBuilder().token(TOKEN).base_url(f"{telegram.url}/bot").build()
    )
    application.add_handler(MessageHandler(filters.TEXT, echo))
    async with application:
        assert application.updater is not None
        await application.updater.start_polling(timeout=1)
        await application.start()
        telegram.push_text(5, "hello")
        await telegram.wait_for(5, 1)
        await telegram.wait_confirmed()
        await application.updater.stop()
        await application.stop()
    assert telegram.texts(5) == ["hello"]


async def test_get_updates(telegram: Emulator, bot: Bot) -> None:
    for number in range(3):
        telegram.push_text(5, str(number))
    first, second, third = await bot.get_updates()
    assert [u.update_id for u in await bot.get_updates()] == [first.update_id, second.update_id, third.update_id]
    assert len(await bot.get_updates(limit=1)) == 1
    (left,) = await bot.get_updates(offset=third.update_id)
    assert left.message is not None
    assert left.message.text == "2"
    assert telegram.confirmed_offset == third.update_id
    assert await bot.get_updates(offset=third.update_id + 1) == ()


async def test_the_long_poll_waits_and_a_second_one_ends_the_first(telegram: Emulator, bot: Bot) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=5))
    await telegram.until(lambda: telegram.called("getUpdates"))
    async with Bot(TOKEN, base_url=f"{telegram.url}/bot") as other:
        second = asyncio.create_task(other.get_updates(timeout=5))
        with pytest.raises(Conflict):
            await first
        telegram.push_text(5, "a")
        assert len(await second) == 1


async def test_kinds_that_were_not_asked_for_are_not_queued(telegram: Emulator, bot: Bot) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    assert telegram.push_text(5, "a") is None
    assert telegram.push_press(5, "a") is not None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "empty"),
        ("<b></b>", "empty"),
        ("<b>a", "Can't parse"),
        ("a</b>", "Can't parse"),
        ("<b>a<i>b</b></i>", "Can't parse"),
        ("a < b", "Can't parse"),
        ("<script>a</script>", "Can't parse"),
        ("a" * 4097, "too long"),
        ("😀" * 2049, "too long"),
    ],
)
async def test_what_telegram_refuses(telegram: Emulator, bot: Bot, text: str, complaint: str) -> None:
    telegram.chat(5)
    with pytest.raises(BadRequest, match=complaint):
        await bot.send_message(5, text, parse_mode="HTML")


async def test_buttons(telegram: Emulator, bot: Bot) -> None:
    telegram.chat(5)
    with pytest.raises(BadRequest):
        await bot.send_message(
            5, "a", reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("a", callback_data="x" * 65)]])
        )
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(99, "a")


async def test_a_wrong_token(telegram: Emulator) -> None:
    bot = Bot("1:wrong", base_url=f"{telegram.url}/bot")
    with pytest.raises(InvalidToken):
        await bot.initialize()
    await bot.shutdown()


def test_html() -> None:
    assert parse('😀 <b>a &amp; <i>b</i></b> <a href="https://x/?a=1&amp;b=2">c</a> &copy;') == (
        "😀 a & b c &copy;",
        [Entity("i", 7, 1), Entity("b", 3, 5), Entity("a", 9, 1, "https://x/?a=1&b=2")],
    )
    with pytest.raises(CannotParse):
        parse("<a href='x'>a</a>")
