"""What this channel needs of the program behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from safetybot.dialogue.messages import Incoming, Outgoing, Reply
from safetybot.dialogue.transcript import Transcript
from safetybot.guidance.model import Helpline, WordingFile


class WebTurn(Protocol):
    """The turn of one chat, for as long as nobody else has it."""

    async def reply(self, incoming: Incoming) -> Reply | None:
        """What answers one incoming message; None where this update was answered before, and nothing is to be shown."""

    def delivered(self, message_ids: Sequence[int]) -> None:
        """Take note that an answer is kept for the page."""

    async def forget(self) -> None:
        """Delete all that is remembered of the chat, unsent reports included."""


class WebConversation(Protocol):
    """The one entrance behind every channel."""

    async def renew(self, channel: str, chat: str, name: str) -> None:
        """Give a chat another name: all that is remembered of it is found under that alone. Raises as the database."""

    @property
    def languages(self) -> Mapping[str, WordingFile]:
        """The wording of each language by its code, the first one first."""

    def language(self, *wanted: str | None) -> str:
        """The code of the first of the wanted languages (BCP 47) that is spoken."""

    def wording(self, language: str | None) -> WordingFile:
        """The wording for a person's language, or for the nearest one there is."""

    def helplines(self, language: str | None) -> Sequence[Helpline]:
        """Every helpline."""

    async def greeting(self, channel: str, language: str | None) -> tuple[Outgoing, ...]:
        """What somebody new is greeted with; nothing is remembered."""

    async def in_danger(self, incoming: Incoming) -> bool:
        """Whether a message may be a cry for help, by itself: nothing is looked up, remembered or counted."""

    def turn(self, channel: str, chat: str) -> AbstractAsyncContextManager[WebTurn]:
        """The turn of a chat, once those before it are over; what it has changed is written when the block ends."""


class TranscriptKeeper(Protocol):
    """Keeps what the pages show, for 15 idle minutes."""

    async def load(self, chat: str) -> Transcript | None:
        """What a chat's page shows; None where there is nothing, or its time is over."""

    async def save(self, chat: str, transcript: Transcript) -> None:
        """Keep it from now on for 15 minutes."""

    async def delete(self, chat: str) -> None:
        """Delete it at once."""
