"""Somebody with a phone, who writes to the bot and presses its buttons."""

from __future__ import annotations

from tests.emulator import Emulator, Sent


class Phone:
    """One private chat. Each act returns the messages that answer it: no more come once its update is confirmed."""

    def __init__(self, telegram: Emulator, chat: int, language: str | None = "en") -> None:
        self.telegram = telegram
        self.chat = chat
        self._language = language

    async def says(self, text: str) -> list[Sent]:
        return await self._answers(self.telegram.push_text(self.chat, text, self._language))

    async def edits(self, text: str) -> list[Sent]:
        return await self._answers(self.telegram.push_edited(self.chat, text, self._language))

    async def sends(self, kind: str) -> list[Sent]:
        return await self._answers(self.telegram.push_media(self.chat, kind, self._language))

    async def presses(self, words: str) -> list[Sent]:
        """Press the newest button with these words that is on the screen."""
        return await self.presses_data(self.button(words))

    async def presses_data(self, data: str) -> list[Sent]:
        """Press a button that need not be on the screen any more."""
        return await self._answers(self.telegram.push_press(self.chat, data, self._language))

    def button(self, words: str) -> str:
        """What the newest button with these words carries."""
        for message in reversed(self.telegram.sent(self.chat)):
            for text, data in (button for row in message.keyboard for button in row):
                if text == words and not message.deleted:
                    return data
        raise AssertionError(f"there is no button “{words}” on the screen")

    @property
    def theirs(self) -> set[int]:
        """Numbers of the messages that came from the phone."""
        return set(self.telegram.chat(self.chat).theirs)

    @property
    def ours(self) -> set[int]:
        """Numbers of the messages that came from the bot."""
        return {message.message_id for message in self.telegram.sent(self.chat)}

    async def _answers(self, update: int | None) -> list[Sent]:
        assert update is not None
        before = len(self.telegram.sent(self.chat))
        await self.telegram.until(lambda: self.telegram.confirmed_offset > update, 30)
        return self.telegram.sent(self.chat)[before:]


def words(messages: list[Sent]) -> list[str]:
    """What each message says."""
    return [message.text for message in messages]


def buttons(message: Sent) -> list[str]:
    """The words on its buttons."""
    return [text for row in message.keyboard for text, _ in row]


def meant(question: Sent, word: str, yes: str) -> str:
    """What to press where it is asked whether a word of a code was meant, of one word or of several."""
    if word in buttons(question):
        return word
    assert f"Did you mean {word}?" in question.text
    return yes
