"""A bot on real files with a clock that the test turns, somebody who talks to it, and texts to say."""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from safetybot.dialogue.messages import Button, Incoming, Outgoing, Reply
from safetybot.dialogue.session import ChatKeys
from safetybot.guidance.model import Sign
from safetybot.matching.interpreter import Interpretation
from safetybot.matching.matcher import Decision
from safetybot.metrics.counters import Metrics
from safetybot.service.chat_keys import derive_keys
from safetybot.service.report_service import OFFERED_SECONDS, ReportService
from safetybot.service.service import Service
from safetybot.service.unanswered import UnansweredService
from safetybot.settings import Settings
from safetybot.staff.login import UnlockedMember
from safetybot.storage.chat_locks import locks_of
from safetybot.storage.database import DatabaseLocation, engine_of
from safetybot.storage.store import Batch, Store
from safetybot.storage.writing import WriteBehind
from safetybot.understanding.understanding import Understanding
from safetybot.vault.key_derivation import KeyStretcher
from safetybot.vault.roster import Vouching, with_vouching
from safetybot.vault.server_secret import read_or_make_secret
from safetybot.vault.vouching import VouchingKey
from tests.reports.office import CHEAP, Office

DIALOGUE_CONTENT = Path(__file__).parent / "fixtures" / "dialogue"
START = 1_800_000_000.0
"""What the clock shows first."""


def buttons(message: Outgoing) -> list[Button]:
    return [button for row in message.buttons for button in row]


def presses(message: Outgoing) -> list[str]:
    return [button.press for button in buttons(message)]


@dataclass(frozen=True)
class Phrasebook:
    """Texts by what the fitted matcher makes of them, so that no test hangs on one sentence's score."""

    understanding: Understanding

    def means(self, text: str, code: str = "en") -> Interpretation:
        return self.understanding.interpreters[code].interpret(text)

    def _found(self, texts: Iterable[str], decision: Decision | None, sign: Sign) -> Iterator[tuple[str, str]]:
        for text in texts:
            meant = self.means(text)
            if decision in (None, meant.match.decision) and meant.danger.sign is sign:
                yield text, meant.match.choices[0].topic

    @cached_property
    def asks(self) -> dict[str, str]:
        """Topic → a text without danger that is answered with it."""
        topics = self.understanding.conversation.tongue("en").guidance.topics
        asks = (ask for topic in topics.values() for ask in topic.asks)
        return {topic: text for text, topic in self._found(asks, Decision.ANSWER, Sign.NONE)}

    @cached_property
    def emergencies(self) -> list[str]:
        signs = self.understanding.conversation.tongue("en").guidance.danger.emergency
        return [text for text, _ in self._found(signs, None, Sign.EMERGENCY)]

    @cached_property
    def checks(self) -> list[str]:
        """Texts that get a check-in, and no card for another reason."""
        signs = self.understanding.conversation.tongue("en").guidance.danger.check
        found = [text for text, topic in self._found(signs, None, Sign.CHECK) if topic != "immediate-danger"]
        return [text for text in found if not self.means(text).foreign]

    def _vague(self, decision: Decision) -> Iterator[str]:
        """Examples without their last words: they fit no one topic, and are not off topic, foreign or dangerous."""
        for topic in self.understanding.conversation.tongue("en").guidance.topics.values():
            halves = (" ".join(ask.split()[:2]) for ask in topic.asks)
            for text, _ in self._found(halves, decision, Sign.NONE):
                meant = self.means(text)
                if not (meant.off_topic or meant.foreign or meant.match.insult):
                    yield text

    @cached_property
    def unsure(self) -> str:
        return next(self._vague(Decision.UNSURE))

    @cached_property
    def unsure_words(self) -> str:
        """The same, in three words or more, so that something is left of it when it is masked."""
        topics = self.understanding.conversation.tongue("en").guidance.topics.values()
        texts = (" ".join(ask.split()[:length]) for topic in topics for ask in topic.asks for length in (3, 4))
        for text, _ in self._found(texts, Decision.UNSURE, Sign.NONE):
            meant = self.means(text)
            again = self.means(f"{text} {text}")  # a text is read together with the one before
            if again.danger.sign is not Sign.NONE or again.match.decision is not Decision.UNSURE:
                continue
            if len(text.split()) >= 3 and not (meant.off_topic or meant.foreign or meant.match.insult):
                return text
        raise AssertionError("every text fits something")

    @cached_property
    def choose(self) -> str:
        return next(self._vague(Decision.CHOOSE))

    @cached_property
    def fragments(self) -> tuple[str, str, str]:
        """Two texts, and the topic that is answered where they are read together, and only then."""
        topics = self.understanding.conversation.tongue("en").guidance.topics
        for ask in (ask for id_, topic in topics.items() if id_.startswith("game-") for ask in topic.asks):
            first, _, second = ask.rpartition(" ")
            before, after, whole = (self.means(text) for text in (first, second, ask))
            if any(each.danger.sign is not Sign.NONE or each.foreign for each in (before, after, whole)):
                continue
            topic = whole.match.choices[0].topic
            known = after.match.decision is Decision.ANSWER and after.match.choices[0].topic == topic
            kept = before.match.decision is not Decision.ANSWER and not before.match.insult
            sure = whole.match.first_probability > after.match.first_probability
            if kept and sure and not known and whole.match.decision is Decision.ANSWER:
                return first, second, topic
        raise AssertionError("no two fragments were found in the fixture content")


@dataclass
class Clock:
    """Seconds since 1970, as far as the test lets them pass."""

    now: float = START

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float = 0, *, hours: float = 0) -> None:
        self.now += seconds + hours * 3600


class Bot:
    """A service with its files in a folder, that can be stopped and started again."""

    def __init__(self, understanding: Understanding, database: DatabaseLocation, folder: Path) -> None:
        """``database``: a SQLite file to be copied, or a database on PostgreSQL to be used."""
        there = None if isinstance(database, Path) else database
        self.settings = Settings(data=folder, content=DIALOGUE_CONTENT, database_url=there)
        self.understanding = understanding
        self.clock = Clock()
        self.service: Service
        self.engine: AsyncEngine
        self.stretcher: KeyStretcher
        self.observed = Metrics()
        self.filed = 0
        """How often staff were to be told of something new."""
        self._updates = itertools.count(1)
        self._messages = itertools.count(1)
        folder.mkdir(exist_ok=True)
        if isinstance(database, Path) and not self.settings.database.exists():
            shutil.copyfile(database, self.settings.database)
            if (secrets := database.parent / "secrets").exists():  # it vouches for whoever is in the database
                shutil.copytree(secrets, folder / "secrets", dirs_exist_ok=True)

    @property
    def secret_file(self) -> Path:
        return self.settings.data / "secrets" / "server.key"

    @property
    def store(self) -> Store:
        return Store(self.engine)

    async def start(self) -> None:
        secret = read_or_make_secret(self.secret_file)
        self.engine = with_vouching(engine_of(self.settings.database), Vouching(VouchingKey.of(secret)))
        self.stretcher, locks = KeyStretcher(), locks_of(self.engine)
        reports = ReportService(
            self.engine, secret, self.clock, stretcher=self.stretcher, parameters=CHEAP, filed=self._filed, locks=locks
        )
        words = UnansweredService(self.engine, self.clock)
        self.service = Service(
            lambda: self.understanding,
            self.store,
            reports,
            secret,
            self.clock,
            unanswered=words,
            locks=locks,
            observed=self.observed,
        )
        await self.service.__aenter__()

    async def stop(self) -> None:
        """In an orderly way: everything is saved."""
        try:
            await self.service.__aexit__()
        finally:
            self.stretcher.close()
            await self.engine.dispose()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def crash(self) -> None:
        """As after ``kill -9``: what was not on the disk is lost. Then started again."""
        writing = self.service._writing
        if isinstance(writing, WriteBehind):
            writing._gathered = Batch()
        await self.restart()

    async def reply(self, incoming: Incoming, shown: Sequence[int] | None = None) -> Reply | None:
        """What answers, in a turn of its own. ``shown``: the numbers of what is shown; None where nothing is."""
        async with self.service.turn(incoming.channel, incoming.chat) as turn:
            reply = await turn.reply(incoming)
            if reply is not None and shown is not None:
                turn.delivered(shown)
            return reply

    def _filed(self) -> None:
        self.filed += 1

    async def hire(self, name: str = "Ada") -> UnlockedMember:
        """A member of staff, logged in; from now on reports are offered."""
        office = Office(self.engine, self.stretcher, self.settings.database, self.now)
        member = await office.hire(name)
        self.clock.forward(OFFERED_SECONDS)
        return member

    @property
    def now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.clock(), dt.UTC)

    def chat(self, name: str = "1001", language: str | None = "en", channel: str = "telegram") -> Chat:
        return Chat(self, name, language, channel)

    def next_update(self) -> int:
        return next(self._updates)

    def next_message(self) -> int:
        return next(self._messages)

    async def rows(self, table: Table) -> int:
        """How many rows a table has."""
        async with self.engine.connect() as connection:
            return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


@dataclass
class Chat:
    """Somebody who talks to the bot, over a channel that delivers everything at once."""

    bot: Bot
    name: str
    language: str | None
    channel: str
    shown: list[int] = field(default_factory=list)
    """Numbers of the messages that stand in the chat, of both sides."""

    @property
    def keys(self) -> ChatKeys:
        """What the service derives for this chat."""
        return derive_keys(self.bot.secret_file.read_bytes(), self.channel, self.name)

    def typed(self, text: str) -> Incoming:
        return self._incoming(text=text, message=True)

    def pressed(self, press: str) -> Incoming:
        return self._incoming(press=press)

    def picture(self) -> Incoming:
        return self._incoming(refused=True, message=True)

    def _incoming(
        self, *, text: str | None = None, press: str | None = None, refused: bool = False, message: bool = False
    ) -> Incoming:
        number = self.bot.next_message() if message else None
        if number is not None:
            self.shown.append(number)
        return Incoming(
            self.channel,
            self.name,
            text=text,
            press=press,
            refused=refused,
            language=self.language,
            update_id=self.bot.next_update(),
            message_id=number,
        )

    async def say(self, text: str) -> tuple[Outgoing, ...]:
        return (await self.do(self.typed(text))).messages

    async def press(self, press: str) -> tuple[Outgoing, ...]:
        return (await self.do(self.pressed(press))).messages

    async def send_picture(self) -> Reply:
        return await self.do(self.picture())

    async def do(self, incoming: Incoming) -> Reply:
        async with self.bot.service.turn(self.channel, self.name) as turn:
            reply = await turn.reply(incoming)
            assert reply is not None
            turn.delivered(self.see(reply))
            return reply

    def see(self, reply: Reply) -> list[int]:
        """Shows what answers; the numbers of our messages."""
        self.shown = [number for number in self.shown if number not in reply.delete]
        numbers = [self.bot.next_message() for _ in reply.messages]
        self.shown += numbers
        return numbers
