"""Editors who may see what had no answer, for tests."""

from __future__ import annotations

from safetybot.dialogue.messages import Outgoing
from safetybot.service.unanswered import KEY_SECONDS
from safetybot.storage import unanswered
from safetybot.vault.sealing import KeyPair
from tests.talking import Bot, Chat, presses


async def let_editors_in(bot: Bot) -> KeyPair:
    """Gives the database an editors' key; from now on the bot asks."""
    pair = KeyPair.new()
    async with bot.engine.begin() as connection:
        await unanswered.save_key(connection, pair.public, bot.now.date().isoformat())
    bot.clock.forward(KEY_SECONDS)
    return pair


async def asked_about(chat: Chat, text: str) -> Outgoing | None:
    """The question, once ``text`` has found no answer three times in a row; None where it is not asked."""
    await chat.press("none")
    await chat.press("none")
    shown = await chat.say(text)
    return next((message for message in shown if "words:yes" in presses(message)), None)
