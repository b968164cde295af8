"""What this channel needs of the program behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from safetybot.dialogue.messages import Incoming, Reply
from safetybot.guidance.model import WordingFile


class Conversation(Protocol):
    """The one entrance behind every channel."""

    @property
    def languages(self) -> Mapping[str, WordingFile]:
        """What the bot says beside the topics, by language code; the first is the one to fall back to."""

    async def handle(self, incoming: Incoming) -> Reply | None:
        """Answer one incoming message; None where this update was answered before, and nothing is to be shown."""

    def delivered(self, incoming: Incoming, message_ids: Sequence[int]) -> None:
        """Take the numbers that the channel gave our messages, once they are sent."""

    def wording(self, language: str | None) -> WordingFile:
        """The wording for a person's language, or for the nearest one there is."""
