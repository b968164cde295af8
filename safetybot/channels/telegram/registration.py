"""The menu of commands and the texts on the bot's profile, in each language.

Telegram limits how often these may be set, so what is already right is left alone. None of it is needed for
answering: failures are logged and forgotten.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from telegram import Bot, BotCommand
from telegram.error import TelegramError

from safetybot.guidance.model import WordingFile

_LOG = logging.getLogger(__name__)

T = TypeVar("T")


async def register(bot: Bot, languages: Mapping[str, WordingFile]) -> None:
    """Set what differs. The first language is the default, shown to everybody who has none of the others."""
    for index, (code, wording) in enumerate(languages.items()):
        # Telegram takes two-letter codes only.
        language = None if index == 0 else code.partition("-")[0].lower()
        await _register_language(bot, language, wording)


async def _register_language(bot: Bot, language: str | None, wording: WordingFile) -> None:
    commands = tuple(BotCommand(entry.command, entry.description) for entry in wording.commands)
    profile = wording.profile
    await _mend(
        "commands",
        commands,
        lambda: bot.get_my_commands(language_code=language),
        lambda: bot.set_my_commands(commands, language_code=language),
    )
    await _mend(
        "description",
        profile.description,
        lambda: _description(bot, language),
        lambda: bot.set_my_description(profile.description, language_code=language),
    )
    await _mend(
        "short description",
        profile.short_description,
        lambda: _short_description(bot, language),
        lambda: bot.set_my_short_description(profile.short_description, language_code=language),
    )


async def _description(bot: Bot, language: str | None) -> str:
    return (await bot.get_my_description(language_code=language)).description


async def _short_description(bot: Bot, language: str | None) -> str:
    return (await bot.get_my_short_description(language_code=language)).short_description


async def _mend(
    what: str, wanted: T, current: Callable[[], Awaitable[T]], change: Callable[[], Awaitable[bool]]
) -> None:
    try:
        if await current() != wanted:
            await change()
    except TelegramError as error:
        _LOG.warning("Telegram: the bot's %s could not be set (%s)", what, type(error).__name__)
