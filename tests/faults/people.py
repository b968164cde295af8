"""People who write to a bot that dies again and again, and what each of them must find in the end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.e2e.phone import Phone
from tests.e2e.speech import Content
from tests.emulator import Sent
from tests.faults.talking import CODE, EMERGENCY

ANSWER_SECONDS = 150.0
"""Longer than any start, wait and repetition takes on a slow machine."""


class NotAnswered(AssertionError):  # noqa: N818
    """Somebody waited for too long."""


@dataclass
class Person:
    """One chat. ``await person.lives()`` writes all that they have to say, each time once the last was answered."""

    phone: Phone
    content: Content
    chance: random.Random
    wrote: list[tuple[int, str]] = field(default_factory=list)
    """(update, what it was), oldest first."""
    failures: list[str] = field(default_factory=list)
    """What they were told did not work."""

    @property
    def sent(self) -> Sequence[Sent]:
        return self.phone.telegram.sent(self.phone.chat)

    async def lives(self) -> None:
        raise NotImplementedError

    async def says(self, text: str, answer: Callable[[str], bool]) -> Sent:
        telegram, chat = self.phone.telegram, self.phone.chat
        return await self._until_done(lambda: telegram.push_text(chat, text, "en"), text, answer)

    async def presses(self, words: str, answer: Callable[[str], bool]) -> Sent:
        telegram, chat, data = self.phone.telegram, self.phone.chat, self.phone.button(words)
        return await self._until_done(lambda: telegram.push_press(chat, data, "en"), words, answer)

    async def _until_done(self, act: Callable[[], int | None], what: str, answer: Callable[[str], bool]) -> Sent:
        """Does it again where they are told that it did not work: that is honest, and must be rare."""
        failed = (
            self.content.say("broken"),
            self.content.form_says("case-failed"),
            self.content.form_says("send-failed"),
        )
        for _ in range(25):
            got = await self._answered(act(), what, lambda text: answer(text) or text.startswith(failed))
            if not got.text.startswith(failed):
                return got
            if got.text.startswith(failed[1]):  # only so many codes may wait to be looked up
                await asyncio.sleep(self.chance.uniform(1, 5))
                continue
            self.failures.append(f"{what}: {got.text[:40]}")
        raise NotAnswered(f"chat {self.phone.chat}: “{what}” never worked; {self.failures}")

    async def _answered(self, update: int | None, what: str, answer: Callable[[str], bool]) -> Sent:
        """The first message after this that ``answer`` accepts."""
        assert update is not None
        self.wrote.append((update, what))
        before = len(self.sent)
        for _ in range(int(ANSWER_SECONDS / 0.1)):
            for message in self.sent[before:]:
                if answer(message.text):
                    await asyncio.sleep(self.chance.uniform(0, 0.3))
                    return message
            await asyncio.sleep(0.1)
        shown = [message.text[:60] for message in self.sent[before:]]
        raise NotAnswered(f"chat {self.phone.chat}, update {update} “{what}”: {shown}")

    def begins(self, *beginnings: str) -> Callable[[str], bool]:
        return lambda text: text.startswith(beginnings)


class Younger(Person):
    """Said once how old they are: from then on every answer is for that age."""

    async def lives(self) -> None:
        said, topic = self.content, "sextortion"
        await self.says("/age", self.begins(said.say("age")))
        await self.presses(said.press("age-under-11"), self.begins(said.say("age-saved")))
        for _ in range(4):
            got = await self.says(
                "someone is blackmailing me with my nudes", self.begins(said.younger(topic), said.first(topic))
            )
            assert got.text.startswith(said.younger(topic)), f"chat {self.phone.chat}: the age is forgotten"


class Afraid(Person):
    """In danger, again and again: each time the card comes first."""

    async def lives(self) -> None:
        for _ in range(4):
            await self.says(EMERGENCY, self.begins(self.content.say("urgent")))
            await asyncio.sleep(self.chance.uniform(0, 1))


class Reporter(Person):
    """Makes a report; comes back with the code. With ``stops`` they leave it before it is sent, and send it later."""

    def __init__(self, phone: Phone, content: Content, chance: random.Random, *, stops: bool) -> None:
        super().__init__(phone, content, chance)
        self.stops = stops
        self.told: list[str] = []
        """Their words, each said to be kept."""
        self.code: str | None = None

    async def lives(self) -> None:
        form, asks = self.content.form_says, self.content.asks
        await self.says("/report", self.begins(asks("danger")))
        await self.presses("No", self.begins(asks("reads")))
        await self.presses("Go on", self.begins(asks("about")))
        await self.presses("Me", self.begins(asks("story")))
        for number in range(3):
            words = f"{self.phone.chat} wrote to me {number}"
            await self.says(words, self.begins(form("more")))
            self.told.append(words)
        if not self.stops:
            await self.finishes()

    async def finishes(self) -> None:
        """From the story to the code, and back with the code."""
        form, asks = self.content.form_says, self.content.asks
        await self.presses("That's all", self.begins(asks("where")))
        await self.presses("Skip", self.begins(asks("kind")))
        await self.presses("Skip", self.begins(asks("contact")))
        await self.presses("Skip", self.begins(form("review")))
        shown = await self.presses("Send it", lambda text: bool(CODE.fullmatch(text)))
        self.code = shown.text
        await self.presses("I've saved it", self.begins(form("next-steps")))
        # All codes wait for one another, and the processes die while they do.
        await self.says(f"/mycode {self.code}", self.begins(form("case-new"), form("case-open")))
