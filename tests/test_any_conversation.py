"""Whatever anybody does, in any order, with restarts in between: there is always a fitting reply."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from safetybot.channels.telegram.rendering import TEXT_MAX, render, units
from safetybot.dialogue.messages import Incoming, Outgoing, Reply
from safetybot.dialogue.session import AgeBand
from safetybot.guidance.model import BUTTON_MAX, Group
from safetybot.service.chat_turn import UPDATE_HOURS
from safetybot.service.report_service import OFFERED_SECONDS
from safetybot.staff.login import UnlockedMember
from safetybot.storage.tables import staff
from safetybot.understanding.understanding import Understanding
from safetybot.vault.code_reading import parse
from safetybot.vault.code_words import code_words
from safetybot.vault.codes import Code
from safetybot.vault.roster_changes import set_active
from tests.editors import let_editors_in
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


@dataclass(frozen=True)
class Crash:
    pass


@dataclass(frozen=True)
class Staff:
    """Whether there is anybody who could read a report."""

    there: bool


Doing = Act | Wait | Restart | Crash | Staff


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
CODE = " ".join(code_words()[:6])
REPORTING = st.builds(
    lambda name, rest: f"/{name}{rest}",
    st.sampled_from(["report", "mycode", "code", "stop", "start report", "Stop", "REPORT"]),
    st.sampled_from(["", "", f" {CODE}", f" {CODE}x", " {words}", " he has a knife", "\n", "@bot"]) | ANY_TEXT,
)
CODES = st.sampled_from([CODE, CODE.upper(), CODE.replace(" ", "-"), f"{CODE}q", CODE[:-1], f"my code is {CODE}"])
TOPICS = st.sampled_from(["sextortion", "cyberbullying", "passwords", "immediate-danger", "greeting", "game-9", "gone"])
NUMBERS = st.sampled_from(["0", "1", "2", "3", "-1", "999999", "x", "²", ""])
PRESSES = st.one_of(
    st.sampled_from(
        [
            *("now", "topics", "talk", "none", "none", "report", "safe:yes", "safe:no", "safe:unsure", "lang:cy"),
            *("lang:en", "words:yes", "words:yes", "words:no", "words:", "words"),
        ]
    ),
    st.builds("topic:{}".format, TOPICS),
    st.builds("topic:{}:{}".format, TOPICS, NUMBERS),
    st.builds("{}:{}".format, st.sampled_from(["lines", "up", "down", "report"]), TOPICS),
    st.builds("group:{}:{}".format, st.sampled_from(Group), NUMBERS),
    st.builds("age:{}:{}".format, st.sampled_from([*AgeBand, "skip", "gone"]), TOPICS),
    st.builds("age:{}".format, st.sampled_from([*AgeBand, "skip", "gone"])),
    ANY_TEXT,
)
QUESTIONS = st.sampled_from(["danger", "reads", "about", "story", "where", "safe-child", "kind", "contact", "gone", ""])
CHOSEN = st.sampled_from(["yes", "no", "not-sure", "me", "friend", "parent", "threats", "mean", "other", "gone", ""])
CASE_VERBS = [
    "start", "cancel", "leave", "menu", "replies", "write", "send", "drop", "withdraw", "withdraw-yes", "mean", "gone",
]  # fmt: skip
REPORT_PRESSES = st.one_of(
    st.sampled_from(["report", "rep:send", "rep:look", "rep:change", "rep:stop", "rep:delete", "rep:discard"]),
    st.sampled_from(["rep:go-on", "rep:", "rep", "rep:x:y:z:0", "case:", "case", "code", "code:saved", "code:again"]),
    st.builds("rep:{}:{}".format, st.sampled_from(["done", "edit", "remove", "x"]), QUESTIONS),
    st.builds("rep:{}:{}:{}".format, st.sampled_from(["set", "on", "off", "x"]), QUESTIONS, CHOSEN),
    st.builds(
        "case:{}".format,
        st.sampled_from(CASE_VERBS),
    ),
    st.builds("case:mean:{}".format, NUMBERS),
)
LANGUAGES = st.sampled_from([None, "en", "en-GB", "cy", "cy-GB", "de", "", "\ud800"])
UPDATES = st.none() | st.integers(1, UPDATE_MAX)
ACTS = st.builds(
    Act,
    chat=st.sampled_from(["1", "2"]),
    text=SAID | COMMANDS | REPORTING | CODES | ANY_TEXT | LONG_TEXT,
    language=LANGUAGES,
    update=UPDATES,
    delivered=st.booleans(),
)
PRESSED = st.builds(
    Act, chat=st.sampled_from(["1", "2"]), press=PRESSES | REPORT_PRESSES, language=LANGUAGES, update=UPDATES
)
SENT = st.builds(Act, language=LANGUAGES, update=UPDATES)
FORM = (
    "report", "rep:set:danger:no", "rep:done:reads", "rep:set:about:me", "", "rep:done:story", "rep:done:where",
    "rep:on:kind:threats", "rep:done:kind", "rep:done:contact", "rep:send",
)  # fmt: skip
"""The straight way through the form; own words where it is empty."""
BEGUN = st.builds(
    lambda steps, text: [Act(press=step) if step else Act(text=text) for step in FORM[:steps]],
    st.sampled_from([0, 0, 0, *range(len(FORM) + 1)]),
    SAID,
)
LIFE = st.builds(
    list.__add__,
    BEGUN,
    st.lists(
        st.one_of(
            ACTS, ACTS, PRESSED, PRESSED, SENT,
            st.builds(Wait, st.integers(0, 200_000)), st.sampled_from([Restart(), Crash()]),
            st.builds(Staff, st.booleans()),
        ),
        min_size=1,
        max_size=12,
    ),
)  # fmt: skip


def check(message: Outgoing, *, quotes: bool = False) -> None:
    """What must be true of every message anybody is ever shown. ``quotes``: they wrote a brace themselves."""
    assert message.text.strip()
    assert quotes or "{" not in message.text
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


def check_reply(reply: Reply, *, quotes: bool = False) -> None:
    assert reply.messages
    for message in (*reply.messages, *([reply.undeleted] if reply.undeleted else [])):
        check(message, quotes=quotes)
    assert len(set(reply.delete)) == len(reply.delete)


async def live(bot: Bot, acts: list[Doing], *, has_editors: bool) -> None:
    await bot.start()
    if has_editors:
        await let_editors_in(bot)
    quotes = False
    perhaps_forgotten: set[int | None] = set()
    delivered: dict[int | None, float] = {}
    numbers = iter(range(1, 1_000_000))
    try:
        for act in acts:
            match act:
                case Wait(seconds):
                    bot.clock.forward(seconds)
                case Restart():
                    await bot.restart()
                case Crash():
                    await bot.crash()
                    perhaps_forgotten = set(delivered)
                case Staff(there):
                    async with bot.engine.begin() as connection:
                        await connection.execute(update(staff).values(active=there))
                        for (member,) in await connection.execute(select(staff.c.id)):
                            await set_active(connection, member, active=there)
                    bot.clock.forward(OFFERED_SECONDS)
                case Act():
                    quotes = quotes or "{" in (act.text or "")
                    incoming = act.incoming(next(numbers))
                    async with bot.service.turn(incoming.channel, incoming.chat) as turn:
                        reply = await turn.reply(incoming)
                        if reply is not None and act.delivered:
                            turn.delivered([next(numbers) for _ in reply.messages])
                    since = bot.clock() - delivered.get(act.update, float("-inf"))
                    if reply is None:
                        assert act.update in delivered
                        continue
                    assert since >= UPDATE_HOURS * 3600 or act.update in perhaps_forgotten
                    check_reply(reply, quotes=quotes)
                    if act.delivered and act.update is not None:
                        delivered[act.update] = bot.clock()
                        perhaps_forgotten.discard(act.update)
    finally:
        await bot.stop()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(acts=LIFE, has_staff=st.booleans(), has_editors=st.booleans())
@example(
    has_staff=True,
    has_editors=False,
    acts=[Act(text="so basically \ud83d"), Restart(), Act(text="this guy \udc00")],
)
@example(
    has_staff=False,
    has_editors=True,
    acts=[
        *[Act(press="none"), Act(press="none"), Act(text="this guy {x} he is *so* \ud83d", update=1, delivered=False)],
        *[Act(press="words:yes", update=2, delivered=False), Crash(), Act(press="words:yes", update=2), Wait(700)],
        *[Act(press="words:yes"), Act(press="words:no")],
    ],
)
@example(
    has_staff=True,
    has_editors=True,
    acts=[Act(text="/hide"), Act(text="/hide", update=1, delivered=False), Restart(), Act(text="/hide", update=1)],
)
@example(
    has_staff=True,
    has_editors=True,
    acts=[Act(text="this " * 799), Act(text="guy"), Act(press="none"), Act(press="none"), Act(press="none")],
)
def test_any_life(
    acts: list[Doing],
    has_staff: bool,
    has_editors: bool,
    understanding: Understanding,
    empty_database: Path,
    staffed: tuple[Path, UnlockedMember],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = staffed[0] if has_staff else empty_database
        asyncio.run(live(Bot(understanding, database, Path(folder) / "data"), acts, has_editors=has_editors))


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


async def test_every_button_of_a_report_leads_on(bot: Bot) -> None:
    """From the form and the open case, by every button there is; each on its own, whatever was pressed before."""
    await bot.hire()
    chat, seen = bot.chat(), set[str]()
    shown: list[Outgoing] = []
    for step in FORM:
        shown += await (chat.press(step) if step else chat.say("somebody is mean"))
    (code,) = [message.text for message in shown if isinstance(parse(message.text), Code)]
    slip = code.replace("*", "")[:-1] + "q"
    for said in (f"/mycode {code}", "case:replies", "case:withdraw", "/report", "/stop", f"/mycode {slip}", "/mycode"):
        shown += await (chat.say(said) if said.startswith("/") else chat.press(said))
    while shown:
        message = shown.pop()
        check(message)
        for button in buttons(message):
            if button.press not in seen and button.press.startswith(("rep:", "case:", "code:", "report")):
                seen.add(button.press)
                shown += await chat.press(button.press)
    assert {"rep:send", "rep:delete", "rep:change", "code:saved", "case:write", "case:withdraw-yes"} <= seen
    assert {"rep:off:kind:threats", "case:mean:0", "case:cancel"} <= seen
