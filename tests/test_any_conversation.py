"""Whatever anybody does, in any order, with restarts in between: there is always a fitting reply."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from safetybot.channels.telegram.rendering import TEXT_MAX, render, units
from safetybot.dialogue.messages import Incoming, Outgoing, Reply
from safetybot.dialogue.session import AgeBand
from safetybot.guidance.model import BUTTON_MAX, Group
from safetybot.service import UPDATE_HOURS
from safetybot.understanding import Understanding
from tests.talking import Bot, Phrasebook, buttons

TITLE_MAX = 60
PRESS_MAX = 64
UPDATE_MAX = 3
"""Few numbers of updates, so that many of them come twice."""


@dataclass(frozen=True)
class Act:
    """Something that somebody does; ``delivered``: whether the channel came to show the answer."""

    chat: str = "1"
    text: str | None = None
    press: str | None = None
    language: str | None = "en"
    update: int | None = None
    delivered: bool = True

    def incoming(self, number: int) -> Incoming:
        return Incoming(
            "telegram",
            self.chat,
            text=self.text,
            press=self.press,
            refused=self.text is None and self.press is None,
            language=self.language,
            update_id=self.update,
            message_id=None if self.press is not None else number,
        )


@dataclass(frozen=True)
class Wait:
    seconds: int


@dataclass(frozen=True)
class Restart:
    pass


ANY_CHARACTER = st.characters(exclude_categories=())
ANY_TEXT = st.text(ANY_CHARACTER, max_size=60)
LONG_TEXT = st.builds(
    lambda text, times: text * times, st.text(ANY_CHARACTER, min_size=1, max_size=9), st.integers(1, 3_000)
)
SAID = st.sampled_from(
    [
        "hello", "my password is too easy", "he has my pics and wants money", "so basically", "this guy", "help",
        "I am going to kill myself tonight", "he is outside my house with a knife", "this homework is killing me",
        "you are a stupid bot", "what is the capital of France", "", " ", "/", "😭😭😭", "👩‍👩‍👧", "?!", "<b>&amp;</b>",
        "помогите", "助けて", "ساعدني", "mae rhywun yn fy mlacmelio i", "*bold* [link](tg://x) `code` {childline}",
        "%s %(x)s {0}", "\x00\x01\u202e", "a\n\n\nb", "\ud83d", "ﷺ" * 300, "i" * 5_000, "/start sextortion",
        "'; DROP TABLE sessions; --",
    ]
)  # fmt: skip
COMMANDS = st.builds(
    lambda name, rest: f"/{name}{rest}",
    st.sampled_from(["start", "help", "topics", "urgent", "about", "age", "hide", "language", "report", "nonsense"]),
    st.sampled_from(["", "", " sextortion", " urgent", " he has a knife", "\n", "@bot"]) | ANY_TEXT,
)
TOPICS = st.sampled_from(["sextortion", "cyberbullying", "passwords", "immediate-danger", "greeting", "game-9", "gone"])
NUMBERS = st.sampled_from(["0", "1", "2", "3", "-1", "999999", "x", "²", ""])
PRESSES = st.one_of(
    st.sampled_from(
        ["now", "topics", "talk", "none", "report", "safe:yes", "safe:no", "safe:unsure", "lang:cy", "lang:en"]
    ),
    st.builds("topic:{}".format, TOPICS),
    st.builds("topic:{}:{}".format, TOPICS, NUMBERS),
    st.builds("{}:{}".format, st.sampled_from(["lines", "up", "down", "report"]), TOPICS),
    st.builds("group:{}:{}".format, st.sampled_from(Group), NUMBERS),
    st.builds("age:{}:{}".format, st.sampled_from([*AgeBand, "skip", "gone"]), TOPICS),
    st.builds("age:{}".format, st.sampled_from([*AgeBand, "skip", "gone"])),
    ANY_TEXT,
)
LANGUAGES = st.sampled_from([None, "en", "en-GB", "cy", "cy-GB", "de", "", "\ud800"])
UPDATES = st.none() | st.integers(1, UPDATE_MAX)
ACTS = st.builds(
    Act,
    chat=st.sampled_from(["1", "2"]),
    text=SAID | COMMANDS | ANY_TEXT | LONG_TEXT,
    language=LANGUAGES,
    update=UPDATES,
    delivered=st.booleans(),
)
PRESSED = st.builds(Act, chat=st.sampled_from(["1", "2"]), press=PRESSES, language=LANGUAGES, update=UPDATES)
SENT = st.builds(Act, language=LANGUAGES, update=UPDATES)
LIFE = st.lists(
    st.one_of(ACTS, ACTS, PRESSED, PRESSED, SENT, st.builds(Wait, st.integers(0, 200_000)), st.just(Restart())),
    min_size=1,
    max_size=12,
)


def check(message: Outgoing) -> None:
    """What must be true of every message anybody is ever shown."""
    assert message.text.strip()
    assert "{" not in message.text
    parts = render(message)
    assert parts
    for part in parts:
        assert part.text.strip()
        assert units(part.text) <= TEXT_MAX
    if message.buttons and not message.urgent:
        (last,) = message.buttons[-1]
        assert last.press == "now"
    for button in buttons(message):
        chooses_topic = button.press.startswith("topic:") and button.press.count(":") == 1
        assert 1 <= len(button.text) <= (TITLE_MAX if chooses_topic else BUTTON_MAX)
        assert 1 <= len(button.press.encode()) <= PRESS_MAX


def check_reply(reply: Reply) -> None:
    assert reply.messages
    for message in (*reply.messages, *([reply.undeleted] if reply.undeleted else [])):
        check(message)
    assert len(set(reply.delete)) == len(reply.delete)


async def live(bot: Bot, acts: list[Act | Wait | Restart]) -> None:
    await bot.start()
    delivered: dict[int | None, float] = {}
    numbers = iter(range(1, 1_000_000))
    try:
        for act in acts:
            match act:
                case Wait(seconds):
                    bot.clock.forward(seconds)
                case Restart():
                    await bot.restart()
                case Act():
                    incoming = act.incoming(next(numbers))
                    reply = await bot.service.handle(incoming)
                    since = bot.clock() - delivered.get(act.update, float("-inf"))
                    if reply is None:
                        assert act.update in delivered
                        continue
                    assert since >= UPDATE_HOURS * 3600
                    check_reply(reply)
                    if act.delivered:
                        bot.service.delivered(incoming, [next(numbers) for _ in reply.messages])
                        if act.update is not None:
                            delivered[act.update] = bot.clock()
    finally:
        await bot.stop()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(acts=LIFE)
@example(acts=[Act(text="so basically \ud83d"), Restart(), Act(text="this guy \udc00")])
@example(acts=[Act(text="/hide"), Act(text="/hide", update=1, delivered=False), Restart(), Act(text="/hide", update=1)])
@example(acts=[Act(text="this " * 799), Act(text="guy"), Act(press="none"), Act(press="none"), Act(press="none")])
def test_any_life(acts: list[Act | Wait | Restart], understanding: Understanding, empty_database: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(Bot(understanding, empty_database, Path(folder) / "data"), acts))


async def test_every_button_leads_on_from_everywhere(
    understanding: Understanding, bot: Bot, phrasebook: Phrasebook
) -> None:
    """From the first messages, by every button there is, in both languages and for every age."""
    for language in ("en", "cy"):
        for age in (None, *AgeBand):
            chat = bot.chat(f"{language} {age}", language)
            if age:
                await chat.press(f"age:{age}")
            seen: set[str] = set()
            shown = [*await chat.say("/start"), *await chat.say("/age"), *await chat.say("/language")]
            for text in (phrasebook.unsure, phrasebook.choose, phrasebook.checks[0], phrasebook.emergencies[0]):
                shown += await chat.say(text)
            while shown:
                message = shown.pop()
                check(message)
                for button in buttons(message):
                    # These change who is asking, and are tested by themselves.
                    if button.press not in seen and not button.press.startswith(("age:", "lang:")):
                        seen.add(button.press)
                        shown += await chat.press(button.press)
            assert {"now", "topics", "talk", "lines:sextortion", "up:sextortion"} <= seen
            assert {"none", "safe:no"} <= seen or language == "cy"
