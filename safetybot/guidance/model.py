"""What content editors write, as frozen, checked values.

Each class is the shape of one YAML file (or a part of one). The reader turns files into these; the JSON Schemas
for editors are made from them; nothing else in the program knows how content is stored.

Numbers in this module (lengths, counts) are the editors' limits, with the reason beside each.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from safetybot.guidance.base import BUTTON_MAX as BUTTON_MAX
from safetybot.guidance.base import ID_MAX as ID_MAX
from safetybot.guidance.base import STEP_MAX as STEP_MAX
from safetybot.guidance.base import ButtonText as ButtonText
from safetybot.guidance.base import ContentModel as ContentModel
from safetybot.guidance.base import Id as Id
from safetybot.guidance.base import StepText as StepText
from safetybot.guidance.base import Text as Text
from safetybot.guidance.base import Urgency as Urgency
from safetybot.guidance.desk import DeskFile
from safetybot.guidance.finding import Finding
from safetybot.guidance.report_form import ReportForm

WORDINGS_MIN = 8
"""Wordings that a universal question needs; a step should have as many."""
FIRST_MAX = 300
"""Characters in a first message: what a phone shows without scrolling, and what a frightened reader takes in."""

ASKS_MIN = 12
"""Examples a topic needs before the matcher can tell it from its neighbours (``research``: 12 give 55 % right)."""


class Group(StrEnum):
    """The headings under which topics are listed."""

    IMAGES = "images"
    PEOPLE = "people"
    BULLYING = "bullying"
    ACCOUNTS = "accounts"
    GAMING = "gaming"
    CONTENT = "content"
    FEELINGS = "feelings"
    HELP = "help"
    CHAT = "chat"


class Show(StrEnum):
    """To whom a helpline may be offered."""

    ANY = "any"
    AGE_13 = "13+"
    AGE_16 = "16+"
    AGE_18 = "18+"
    ADULT = "adult"
    PROFESSIONAL = "professional"


class Nation(StrEnum):
    """Where in the United Kingdom a helpline works."""

    ENGLAND = "England"
    WALES = "Wales"
    SCOTLAND = "Scotland"
    NORTHERN_IRELAND = "Northern Ireland"


class Sign(StrEnum):
    """How dangerous a message sounds."""

    EMERGENCY = "emergency"
    CHECK = "check"
    NONE = "none"


def _written_as_date(value: object) -> object:
    """Refuse what pydantic would kindly take for a date: a number of seconds, a date with a time."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise ValueError("not written as a date")
    return value


FirstText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=FIRST_MAX)]
WebAddress = Annotated[str, StringConstraints(pattern=r"^https://\S+$")]
Day = Annotated[dt.date, BeforeValidator(_written_as_date)]


class Step(ContentModel):
    """One further message of an answer, and the button that asks for it."""

    id: Id | None = Field(
        default=None,
        description="What the step is about, in a word or two: what-now, tell-someone. It never changes.",
    )
    button: ButtonText = Field(description="What the young person presses to read this step.")
    say: StepText = Field(description="The message of this step.")
    asks: tuple[Text, ...] = Field(
        default=(), description="What they type when just this step is needed, once they have the topic; 8 at least."
    )


class YoungerAnswer(ContentModel):
    """The answer for a child under 11."""

    first: FirstText = Field(description="The first message, in words a seven-year-old can read.")
    steps: tuple[Step, ...] = Field(default=(), description="Further messages, each behind its own button.")


class Answer(ContentModel):
    """What the bot says on a topic."""

    first: FirstText = Field(
        description="One short message: safety, that it is not their fault, and one thing to do now."
    )
    steps: tuple[Step, ...] = Field(default=(), description="Further messages, each behind its own button.")
    younger: YoungerAnswer | None = Field(default=None, description="The answer for a child under 11.")


class Source(ContentModel):
    """Where a fact in an answer comes from."""

    name: Text = Field(description="Who says so.")
    url: WebAddress | None = Field(default=None, description="The page, where there is one.")
    checked: Day = Field(description="The day somebody last checked it.")


class Review(ContentModel):
    """Who looks at a topic again, and when."""

    owner: Text = Field(description="Who is responsible for this topic.")
    due: Day = Field(description="The day it must be looked at again.")


class TopicTest(ContentModel):
    """A message whose topic must hold, or the change does not go live."""

    say: Text = Field(description="What a young person might write.")
    expect: Id = Field(description="The topic it must get.")


class Accepted(ContentModel):
    """A finding of the review that stays on purpose, so that nobody is told of it again."""

    finding: Finding = Field(description="The finding's name, as it stands in brackets behind it.")
    about: Text | None = Field(
        default=None, description="Words that the finding is about, where only that one is meant; else all of its name."
    )
    reason: Text = Field(description="Why it stays; the next editor reads this.")


class Topic(ContentModel):
    """One thing young people ask about, and its answer."""

    id: Id = Field(description="The name used by other files. It never changes.")
    title: Annotated[Text, Field(max_length=60)] = Field(description="The topic in a young person's own words.")
    group: Group = Field(description="The heading it is listed under.")
    urgency: Urgency = Field(description="What the topic itself implies: normal, high or emergency.")
    answer: Answer = Field(description="What the bot says.")
    helplines: tuple[Id, ...] = Field(default=(), description="Who can help, best first; ids from helplines.yaml.")
    report: bool = Field(default=False, description="Whether the answer offers a way to report.")
    related: tuple[Id, ...] = Field(default=(), description="Topics a reader may want next.")
    sources: tuple[Source, ...] = Field(default=(), description="Where the facts come from.")
    review: Review = Field(description="Who looks at it again, and when.")
    tests: tuple[TopicTest, ...] = Field(default=(), description="Messages whose topic must hold.")
    accepted: tuple[Accepted, ...] = Field(default=(), description="Findings of the review that stay on purpose.")
    asks: tuple[Text, ...] = Field(min_length=ASKS_MIN, description="How young people say it; 12 at least, 60 is good.")


class TextLine(ContentModel):
    """A number that takes texts, and the word to send."""

    number: Text = Field(description="The number to text.")
    word: Text | None = Field(default=None, description="The word to send, where one is needed.")


class Helpline(ContentModel):
    """A service that young people or adults can turn to. Its number stands here and nowhere else."""

    id: Id = Field(description="The name topics use.")
    name: Text = Field(description="What it is called.")
    about: Text = Field(description="What it helps with, and anything a caller should know, in one or two sentences.")
    call: Text | None = Field(default=None, description="Telephone number, as people write it.")
    text: TextLine | None = Field(default=None, description="Number for text messages.")
    web: WebAddress | None = Field(default=None, description="Its page.")
    hours: Text | None = Field(default=None, description="When it is open; leave out where that is not sure.")
    cost: Text | None = Field(default=None, description="What a call costs, where that is sure.")
    show: Show = Field(default=Show.ANY, description="Who may be offered it.")
    nations: tuple[Nation, ...] = Field(
        default=tuple(Nation), min_length=1, description="Where it works; all four if left out."
    )
    checked: Day = Field(description="The day somebody last checked it.")
    accepted: tuple[Accepted, ...] = Field(default=(), description="Findings of the review that stay on purpose.")


class HelplinesFile(ContentModel):
    """``helplines.yaml``."""

    helplines: tuple[Helpline, ...] = Field(min_length=1, description="Every service, each with its number.")


class DangerTest(ContentModel):
    """A message whose danger must hold, or the change does not go live."""

    say: Text = Field(description="What a young person might write.")
    expect: Sign = Field(description="How dangerous it must be taken to be.")


class DangerFile(ContentModel):
    """``danger.yaml``: signs of danger and their look-alikes, as young people write them."""

    emergency: tuple[Text, ...] = Field(min_length=1, description="Life or safety is at risk now.")
    check: tuple[Text, ...] = Field(min_length=1, description="It may be: ask gently whether they are safe.")
    none: tuple[Text, ...] = Field(min_length=1, description="Sounds alike, and is neither.")
    tests: tuple[DangerTest, ...] = Field(default=(), description="Messages whose danger must hold.")


class SlangFile(ContentModel):
    """``slang.yaml``: how young people write, and the plain words."""

    slang: Mapping[Text, Text] = Field(description="Slang or short form, and what it stands for.")


class NoneFile(ContentModel):
    """``none.yaml``: messages this bot has no advice for."""

    off_topic: tuple[Text, ...] = Field(min_length=1, description="Not about online safety or wellbeing.")
    insults: tuple[Text, ...] = Field(min_length=1, description="Insults and rude messages aimed at the bot.")


class Asker(StrEnum):
    """Who asks a universal question."""

    YOUNG = "young"
    ADULT = "adult"


class UniversalQuestion(ContentModel):
    """A question that people ask whatever the matter is, and its answer."""

    id: Id = Field(description="What it is called. It never changes.")
    who: Asker = Field(description="Who asks it: young people, or parents and professionals.")
    button: ButtonText = Field(description="The question in a few words.")
    say: StepText = Field(description="The answer, right whatever the matter is.")
    younger: StepText | None = Field(default=None, description="The answer for a child under 11.")
    professional: StepText | None = Field(default=None, description="The answer for a teacher or youth worker.")
    topics: Mapping[Id, StepText] = Field(
        default={}, description="Topics for which the answer would be wrong, and what is said there in its place."
    )
    asks: tuple[Text, ...] = Field(min_length=WORDINGS_MIN, description="How it is typed, short forms too; 8 at least.")


class QuestionsFile(ContentModel):
    """``questions.yaml``: what people ask whatever the matter is."""

    questions: tuple[UniversalQuestion, ...] = Field(min_length=1, description="Every such question.")


class MenuCommand(ContentModel):
    """A command as it stands in the channel's menu."""

    command: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")] = Field(
        description="The command without its slash. It never changes."
    )
    description: Annotated[Text, Field(max_length=100)] = Field(description="What it does, as the menu shows it.")


class BotProfile(ContentModel):
    """How the bot presents itself before the first message."""

    name: Annotated[Text, Field(max_length=64)] = Field(description="The bot's name.")
    short_description: Annotated[Text, Field(max_length=120)] = Field(description="One line about the bot.")
    description: Annotated[Text, Field(max_length=512)] = Field(description="Shown before the first message.")


class WordingFile(ContentModel):
    """``wording.yaml``: every sentence the bot says beside the topics.

    ``say`` and ``buttons`` are keyed by the names in :mod:`safetybot.guidance.wording_keys`; the reader checks
    that the first language has every one.
    """

    language: Text = Field(description="The language's own name, as offered by /language.")
    profile: BotProfile = Field(description="How the bot presents itself before the first message.")
    commands: tuple[MenuCommand, ...] = Field(min_length=1, description="The channel's menu, in its order.")
    groups: Mapping[Group, ButtonText] = Field(description="The name of each group of topics.")
    say: Mapping[Id, Text] = Field(description="Messages, by name.")
    buttons: Mapping[Id, ButtonText] = Field(description="Buttons, by name.")


class Guidance(BaseModel):
    """All content of one language, checked and joined."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    code: str
    """Language code: the name of the folder, for example ``en``."""
    wording: WordingFile
    topics: Mapping[str, Topic]
    helplines: Mapping[str, Helpline]
    danger: DangerFile
    slang: Mapping[str, str]
    none: NoneFile
    questions: tuple[UniversalQuestion, ...] = ()
    """What people ask whatever the matter is; none where the editors wrote none."""
    report: ReportForm | None = None
    """The report form; None where the editors wrote none, and then no report is offered."""
    desk: DeskFile | None = None
    """What the desk needs of editors; None where they wrote none."""
    own_topics: frozenset[str]
    """Topics this language has itself; the others are lent by the first language and not matched."""
