"""What this channel needs of the program behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from safetybot.dialogue.messages import Incoming, Reply
from safetybot.guidance.model import WordingFile


class TelegramTurn(Protocol):
    """The turn of one chat, for as long as nobody else has it."""

    async def reply(self, incoming: Incoming) -> Reply | None:
        """What answers one incoming message; None where this update was answered before, and nothing is to be shown."""

    async def first_of(self, album: str) -> bool:
        """Whether nothing of several pictures that were sent together was answered before."""

    def delivered(self, message_ids: Sequence[int], *, whole: bool = True) -> None:
        """Take the numbers that the channel gave our messages; without ``whole``, the update comes again."""


class TelegramConversation(Protocol):
    """The one entrance behind every channel."""

    @property
    def languages(self) -> Mapping[str, WordingFile]:
        """What the bot says beside the topics, by language code; the first is the one to fall back to."""

    async def in_danger(self, incoming: Incoming) -> bool:
        """Whether a message may be a cry for help, by itself: nothing is looked up, remembered or counted."""

    def turn(self, channel: str, chat: str) -> AbstractAsyncContextManager[TelegramTurn]:
        """The turn of a chat, once those before it are over; what it has changed is written when the block ends."""

    async def committed(self) -> None:
        """Return once all that was delivered in turns that are over is on the disk; raise where that cannot be."""

    def wording(self, language: str | None) -> WordingFile:
        """The wording for a person's language, or for the nearest one there is."""
