"""Any order of answers, texts, edits, deletions, breaks, restarts, crashes and repeated updates, of two chats at once:
one report with exactly the answers last given, or none; and every addition that is sent is in its case once."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from safetybot.dialogue.messages import Incoming, Reply
from safetybot.dialogue.report_state import VISIT_MINUTES, ReportStage, ReportState
from safetybot.reports import casework
from safetybot.service.report_service import OFFERED_SECONDS, TRIES_A_CHAT
from safetybot.staff.login import UnlockedMember
from safetybot.storage.tables import cases as case_table
from safetybot.storage.tables import visits
from safetybot.understanding.understanding import Understanding
from safetybot.vault.audit import transaction, verify
from safetybot.vault.code_reading import parse
from safetybot.vault.code_words import code_words
from safetybot.vault.codes import Code
from safetybot.vault.envelopes import EnvelopeKind, Message
from tests.reporting_model import QUESTIONS, Filed, Writer
from tests.reports.office import open_wholly
from tests.talking import START, Bot, Chat, presses
from tests.test_any_conversation import check_reply

CHATS = ("1", "2")
EMERGENCY = "I am going to kill myself tonight"
NO_CODE = "garlic apple nothing"

# --- What somebody does --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Do:
    """An update of one chat. ``delivered``: whether the channel came to say so; ``twice``: it comes twice at once."""

    chat: str
    text: str | None = None
    press: str | None = None
    delivered: bool = True
    twice: bool = False


@dataclass(frozen=True)
class Tap:
    """One of the buttons that were shown last."""

    chat: str
    button: int
    delivered: bool = True
    twice: bool = False


@dataclass(frozen=True)
class TypeCode:
    """``/mycode`` with the code of one of the cases there are."""

    chat: str
    case: int
    delivered: bool = True


@dataclass(frozen=True)
class Replay:
    """After a crash, the last updates of a chat come once more."""

    chat: str
    last: int


@dataclass(frozen=True)
class Both:
    """Two chats at once."""

    first: Do | Tap
    second: Do | Tap


@dataclass(frozen=True)
class Wait:
    minutes: float


@dataclass(frozen=True)
class Restart:
    pass


@dataclass(frozen=True)
class Staff:
    """Somebody of the team opens a case and answers."""

    case: int


Act = Do | Tap | TypeCode | Replay | Both | Wait | Restart | Staff


def of_questions(*verbs: str) -> list[str]:
    return [f"rep:{verb}:{question}" for verb in verbs for question in QUESTIONS]


FORM = (
    "report", "rep:set:danger:no", "rep:done:reads", "rep:set:about:me", "", "rep:done:story", "rep:done:where",
    "rep:on:kind:threats", "rep:done:kind", "rep:done:contact",
)  # fmt: skip
"""The straight way to the review; own words where it is empty."""
TEXTS = st.sampled_from(["blue 1", "blue 2", "red 3", EMERGENCY, "z" * 45, "w" * 70, "y" * 150, "\ud83d 7", " 9 "])
CHOICES = [
    f"rep:{verb}:{question}:{choice}"
    for question, (kind, _, choices) in QUESTIONS.items()
    for choice in choices
    for verb in (("set",) if kind == "choice" else ("on", "off"))
]
PRESSES = st.one_of(
    st.sampled_from(CHOICES),
    st.sampled_from(of_questions("done", "edit", "remove")),
    st.sampled_from(
        ["rep:stop", "rep:delete", "rep:discard", "rep:go-on", "rep:look", "rep:change", "rep:send", "rep:send"]
    ),
    st.sampled_from(["rep:set:kind:mean", "rep:on:about:me", "rep:x", "report", "report:sextortion", "now", "topics"]),
    st.sampled_from(["report:cyberbullying", "safe:no", "code:saved", "code:again", "case:start", "case:cancel"]),
)
CASE_PRESSES = st.sampled_from(
    [
        "case:write", "case:write", "case:send", "case:send", "case:drop", "case:menu", "case:replies", "case:leave",
        "case:withdraw", "case:withdraw-yes", "case:mean:0", "code:again",
    ]
)  # fmt: skip
COMMANDS = st.sampled_from(
    ["/stop", "/stop", "/report", "/report blue 4", "/start report", "/mycode", "/mycode " + NO_CODE, "/hide", "/help"]
)
CHAT = st.sampled_from([*CHATS, CHATS[0]])
DELIVERED = st.sampled_from([True, True, False])
SAID = st.builds(Do, CHAT, text=TEXTS | TEXTS | COMMANDS, delivered=DELIVERED, twice=st.booleans())
PRESSED = st.builds(Do, CHAT, press=PRESSES | CASE_PRESSES, delivered=DELIVERED, twice=st.booleans())
TAPPED = st.builds(Tap, CHAT, st.integers(0, 9), DELIVERED, st.booleans())


def filling(chat: str, steps: int, words: str, more: list[str]) -> list[Act]:
    """The first steps of the form, on the straight way."""
    acts: list[Act] = []
    for press in FORM[:steps]:
        acts += [Do(chat, press=press)] if press else [Do(chat, text=words)]
    return acts + [Do(chat, press=press) for press in more]


def visiting(chat: str, case: int, words: list[str], more: list[str]) -> list[Act]:
    """A visit by code, with words for the team."""
    return [
        TypeCode(chat, case),
        Do(chat, press="case:write"),
        *(Do(chat, text=text, delivered=False) for text in words),
        *(Do(chat, press=press, delivered=False) for press in more),
    ]


def sent(chat: str, words: str) -> list[Act]:
    return filling(chat, len(FORM), words, ["rep:send"])


ONE: st.SearchStrategy[Act] = st.one_of(
    TAPPED,
    TAPPED,
    TAPPED,
    SAID,
    SAID,
    PRESSED,
    st.builds(TypeCode, CHAT, st.integers(0, 2), DELIVERED),
    st.builds(Replay, CHAT, st.integers(1, 4)),
    st.builds(lambda one, two: Both(replace(one, chat="1"), replace(two, chat="2")), SAID | PRESSED, SAID | TAPPED),
    st.builds(Wait, st.sampled_from([0.5, 5, 29, 30, 31, 61, 24 * 60 - 1, 24 * 60, 1600])),
    st.just(Restart()),
    st.builds(Staff, st.integers(0, 2)),
)
BEGUN: st.SearchStrategy[list[Act]] = st.one_of(
    st.builds(filling, CHAT, st.integers(0, len(FORM)), TEXTS, st.just([])),
    st.builds(filling, CHAT, st.just(len(FORM)), TEXTS, st.sampled_from([["rep:look"], ["rep:change"], ["rep:send"]])),
)
VISITED: st.SearchStrategy[list[Act]] = st.builds(
    lambda words, visit: [*sent("1", words), *visit],
    TEXTS,
    st.builds(
        visiting,
        CHAT,
        st.just(0),
        st.lists(TEXTS, min_size=1, max_size=3),
        st.sampled_from([[], ["case:send"], ["case:send"], ["case:drop"], ["case:menu"], ["case:withdraw"]]),
    ),
)
LIFE = st.builds(
    lambda begun, acts, more, last: [*begun, *acts, *more, *last],
    BEGUN | VISITED,
    st.lists(ONE, max_size=12),
    st.just([]) | BEGUN,
    st.lists(ONE, max_size=6),
)


# --- How it is followed --------------------------------------------------------------------------------------------


@dataclass
class Past:
    """An update that was answered."""

    incoming: Incoming
    delivered: bool
    at: float
    """When it was answered first."""
    changed: bool
    """It changed what is told: it must not do so again."""
    codes: list[Code]
    """That were shown for it, where a report was sent."""


@dataclass
class World:
    """A bot, those who write to it, and what must be true of them."""

    bot: Bot
    ada: UnlockedMember
    writers: dict[str, Writer] = field(default_factory=lambda: {chat: Writer() for chat in CHATS})
    past: dict[str, list[Past]] = field(default_factory=lambda: {chat: [] for chat in CHATS})
    cases: list[Filed] = field(default_factory=list)
    additions: int = 0
    shown: dict[str, list[str]] = field(default_factory=lambda: {chat: ["now"] for chat in CHATS})
    """The buttons that were shown last."""

    def __post_init__(self) -> None:
        self.chats: dict[str, Chat] = {chat: self.bot.chat(chat) for chat in CHATS}

    @property
    def minute(self) -> int:
        return int(self.bot.clock() // 60)

    async def act(self, act: Act) -> None:
        match act:
            case Wait(minutes):
                self.bot.clock.forward(60 * minutes)
            case Restart():
                await self.bot.restart()
            case Both(first, second):
                await asyncio.gather(self.do(self.meant(first)), self.do(self.meant(second)))
            case Do() | Tap():
                await self.do(self.meant(act))
            case TypeCode(chat, number, delivered):
                if self.cases:
                    case = self.cases[number % len(self.cases)]
                    await self.do(Do(chat, text=f"/mycode {case.code.upper()}", delivered=delivered), case)
            case Replay(chat, last):
                await self.replay(chat, last)
            case Staff(number):
                if self.cases:
                    await self.read_and_reply(self.cases[number % len(self.cases)])
        await self.compare()

    def meant(self, act: Do | Tap) -> Do:
        """The press of a button, and whatever else there is as it is."""
        if isinstance(act, Do):
            return act
        shown = self.shown[act.chat]
        return Do(act.chat, press=shown[act.button % len(shown)], delivered=act.delivered, twice=act.twice)

    async def kept(self, chat: str) -> ReportState:
        return await self.bot.service._reports.load(self.chats[chat].keys)

    async def do(self, act: Do, case: Filed | None = None) -> None:
        """One update, that was never there before. ``case``: whose code it is."""
        chat = self.chats[act.chat]
        incoming = chat.pressed(act.press) if act.press is not None else chat.typed(act.text or "")
        await self.answered(act.chat, incoming, again=act.twice, delivered=act.delivered, opens=case)

    async def answered(
        self, name: str, incoming: Incoming, *, again: bool, delivered: bool, opens: Filed | None = None
    ) -> None:
        writer = self.writers[name]
        raw = await self.kept(name)
        writer.forget(raw, self.minute)
        before = raw.at(self.minute)
        was = writer.given(), writer.answers is None, repr(writer.unsent)
        sends = writer.tell(incoming, before, self.minute)
        told = sum(len(case.told) for case in self.cases)
        writer.visit(incoming, before, self.cases)
        added = sum(len(case.told) for case in self.cases) - told
        self.additions += added
        numbers = [self.bot.next_message()] if delivered else None
        shown = [None, numbers] if again else [numbers]
        replies = await asyncio.gather(*(self.bot.reply(incoming, each) for each in shown))
        codes = [code for reply in replies for code in self.check(reply)]
        buttons = [press for message in replies[-1].messages for press in presses(message)] if replies[-1] else []
        self.shown[name] = [press for press in buttons if press != "now"] or ["now"]
        if sends:
            assert len(set(codes)) == 1
            assert len(codes) == len(replies)
            self.cases.append(writer.send(codes[0].text, await self.newest()))
        for code in codes:
            assert code.text in [case.code for case in self.cases]
        if opens:
            await self.must_open(name, opens, before)
        if incoming.press == "case:replies" and before.visit and before.visit.case and not again:
            await self.must_show_replies(before.visit.case, replies[0])
        changed = sends or bool(added) or was != (writer.given(), writer.answers is None, repr(writer.unsent))
        past = self.past[name]
        past.append(Past(incoming, delivered, self.bot.clock(), changed, codes[:1] if sends else []))

    def check(self, reply: Reply | None) -> list[Code]:
        """The codes that are shown."""
        assert reply is not None
        check_reply(reply)
        return [code for message in reply.messages if isinstance(code := parse(message.text), Code)]

    async def replay(self, name: str, last: int) -> None:
        """Those that were delivered and noted are not answered again; no other changes anything twice."""
        await self.bot.crash()
        # What has expired goes now, not while this looks: the bot begins to delete it when it starts.
        await self.bot.store.purge(int(self.bot.clock() // 3600), int(self.bot.clock()))
        pasts = self.past[name][-last:]
        for place, past in enumerate(pasts):
            raw = await self.kept(name)
            known = past.incoming.update_id in raw.updates
            if past.changed and self.remembers(name, past):
                update = "telegram", past.incoming.update_id or 0
                assert known or (await self.bot.store.look(bytes(32), update)).handled
            if not known and past.changed:
                continue  # it is so long ago that it would be a new one
            writer = self.writers[name]
            writer.forget(raw, self.minute)
            before = raw.at(self.minute)
            reply = await self.bot.reply(past.incoming)
            if reply is None:
                assert past.delivered
                continue
            codes = self.check(reply)
            event("an update came again")
            if place == len(pasts) - 1 and past.codes and self.minute - past.at // 60 < VISIT_MINUTES:
                assert codes == past.codes  # nothing was done in between
            if not known:
                # It changed nothing when it came first, so it is answered as a new one.
                assert not writer.tell(past.incoming, before, self.minute) or codes
                writer.visit(past.incoming, before, self.cases)

    def remembers(self, name: str, past: Past) -> bool:
        """Whether an update that comes again must be known: within the hour, unless that of a code ended meanwhile."""
        then = past.at // 60
        ends = [each.at // 60 + VISIT_MINUTES for each in self.past[name] if each.codes]
        return self.minute - then < VISIT_MINUTES and not any(then < end <= self.minute for end in ends)

    async def newest(self) -> str:
        async with self.bot.engine.connect() as connection:
            ids = set((await connection.execute(select(case_table.c.id))).scalars())
        (new,) = ids - {case.id for case in self.cases}
        return new

    async def must_open(self, name: str, case: Filed, before: ReportState) -> None:
        """A code that was typed has opened its case, unless there were too many tries."""
        after = (await self.kept(name)).at(self.minute)
        tries = before.visit.tries if before.visit else ()
        opened = after.visit.case if after.visit else None
        assert opened == (None if case.gone or len(tries) >= TRIES_A_CHAT else case.id)
        if opened and after.visit:
            event("a code opened its case")
            assert after.visit.stage is (
                ReportStage.WRITING if self.writers[name].unsent.get(case.id) else ReportStage.MENU
            )

    async def must_show_replies(self, id_: str, reply: Reply | None) -> None:
        (case,) = [case for case in self.cases if case.id == id_]
        assert reply is not None
        said = "\n".join(message.text for message in reply.messages)
        assert all((text in said) is not case.gone for text in case.replies)

    async def read_and_reply(self, case: Filed) -> None:
        if case.gone:
            return
        text = f"We have read it {len(case.replies)}"
        async with transaction(self.bot.engine) as connection:
            await casework.open_case(connection, self.ada, case.id, self.bot.now)
            await casework.reply(connection, self.ada, case.id, {"text": text}, self.bot.now)
        case.read = True
        case.replies.append(text)

    async def compare(self) -> None:
        """What is kept is what was told."""
        for name, writer in self.writers.items():
            raw = await self.kept(name)
            writer.forget(raw, self.minute)
            kept = raw.at(self.minute)
            assert (kept.draft is None) is (writer.answers is None)
            if kept.draft:
                answers = kept.draft.answers.items()
                assert {id_: (set(given.choices), given.words) for id_, given in answers} == writer.given()
            assert {one.case: list(one.words) for one in kept.additions if one.words} == writer.unsent

    async def end(self) -> None:
        """Staff read every report, and every code opens its own."""
        assert await self.bot.rows(case_table) == len(self.cases)
        assert self.bot.filed == len(self.cases) + self.additions
        elsewhere = self.bot.chat("elsewhere", channel="web")
        for case in self.cases:
            said = await elsewhere.say(f"/mycode {case.code}")
            visit = (await self.bot.service._reports.load(elsewhere.keys)).visit
            assert visit is not None
            assert visit.case == (None if case.gone else case.id), said
            if case.gone:
                self.bot.clock.forward(hours=1)  # a wrong code is counted
                continue
            async with transaction(self.bot.engine) as connection:
                opened = await open_wholly(connection, self.ada, case.id, self.bot.now)
            read = [
                (message.kind, as_told(message))
                for message in opened.messages
                if message.kind is not EnvelopeKind.REPLY
            ]
            assert read == [(kind, body) for kind, body in case.told]
            event(f"additions of a case: {[kind for kind, _ in read].count(EnvelopeKind.ADDITION)}")
        async with self.bot.engine.connect() as connection:
            assert await verify(connection) is None


def as_told(message: Message) -> object:
    """A message as the model has it."""
    assert isinstance(message.body, dict)
    if message.kind is EnvelopeKind.ADDITION:
        return message.body["text"]
    answers = message.body["answers"]
    assert isinstance(answers, list)
    return [
        {"question": told["question"], "choices": told["choices"], "words": told["words"]}
        for told in answers
        if isinstance(told, dict)
    ]


# --- The tests -----------------------------------------------------------------------------------------------------


async def live(understanding: Understanding, staffed: tuple[Path, UnlockedMember], acts: list[Act]) -> World:
    with tempfile.TemporaryDirectory() as folder:
        database, ada = staffed
        bot = Bot(understanding, database, Path(folder) / "data")
        bot.clock.now = START + OFFERED_SECONDS
        await bot.start()
        try:
            world = World(bot, ada)
            for act in acts:
                await world.act(act)
            await world.end()
        finally:
            await bot.stop()
    return world


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(acts=LIFE)
@example(
    acts=[
        *sent("1", "blue 1"),
        Replay("1", 4),
        *visiting("2", 0, ["red", "red"], ["case:send"]),
        Replay("2", 4),
        Staff(0),
    ]
)
@example(acts=[*filling("1", len(FORM), "blue", []), Do("1", press="rep:send", twice=True)])
@example(acts=[*sent("1", "blue"), *sent("1", "blue"), Staff(1), *visiting("1", 1, [], ["case:replies"])])
@example(acts=[Do("2", text="/start report"), Wait(1600), Do("2", text="blue 1"), Replay("2", 2)])
def test_any_life(acts: list[Act], understanding: Understanding, staffed: tuple[Path, UnlockedMember]) -> None:
    asyncio.run(live(understanding, staffed, acts))


async def test_messages_sent_faster_than_they_are_answered_are_all_kept(bot: Bot, chat: Chat) -> None:
    await bot.hire()
    for step in FORM[: FORM.index("")]:
        await chat.press(step)
    texts = [f"blue {number}" for number in range(9)]
    for text, reply in zip(texts, await asyncio.gather(*(chat.say(text) for text in texts)), strict=True):
        assert "I've kept that" in reply[-1].text, text
    draft = (await bot.service._reports.load(chat.keys)).draft
    assert draft is not None
    assert draft.answer("story").words == tuple(texts)


async def test_an_open_case_outlasts_the_hour_of_its_code(bot: Bot, chat: Chat) -> None:
    """Somebody comes back at once, and is still writing an hour after they sent it."""
    await bot.hire()
    code = await send(chat)
    bot.clock.forward(60 * (VISIT_MINUTES - 5))
    await chat.say(f"/mycode {code.text}")
    await chat.press("case:write")
    for text in ("red", "green", "blue"):
        await chat.say(text)
        bot.clock.forward(60 * 4)
    assert "It is added." in (await chat.press("case:send"))[0].text
    assert "I can't show the code" in (await chat.press("code:again"))[0].text


async def test_the_end_of_a_codes_hour_gives_no_more_tries(bot: Bot, chat: Chat) -> None:
    await bot.hire()
    await send(chat)
    bot.clock.forward(60 * (VISIT_MINUTES - 1))
    wrong = " ".join(code_words()[:6])
    for _ in range(TRIES_A_CHAT):
        await chat.say(f"/mycode {wrong}")
    assert "Too many tries" in (await chat.say(f"/mycode {wrong}"))[0].text
    bot.clock.forward(60 * 2)
    assert "Too many tries" in (await chat.say(f"/mycode {wrong}"))[0].text


async def test_a_code_is_not_on_the_disk_after_its_hour(bot: Bot, chat: Chat) -> None:
    await bot.hire()
    await send(chat)
    await bot.service.committed()
    bot.clock.forward(60 * VISIT_MINUTES + 1)
    await bot.store.purge(int(bot.clock() // 3600), int(bot.clock()))
    assert await bot.rows(visits) == 0


async def test_a_code_that_was_never_delivered_is_shown_when_its_update_comes_again_hours_later(
    bot: Bot, chat: Chat
) -> None:
    await bot.hire()
    for step in FORM:
        await (chat.press(step) if step else chat.say("blue"))
    sending = chat.pressed("rep:send")
    first = await bot.reply(sending)
    await bot.restart()
    bot.clock.forward(hours=20)
    await bot.store.purge(int(bot.clock() // 3600), int(bot.clock()))
    again = await bot.reply(sending)
    assert first is not None
    assert again is not None
    assert again.messages == first.messages


async def send(chat: Chat) -> Code:
    for step in FORM:
        await (chat.press(step) if step else chat.say("blue"))
    sent = await chat.press("rep:send")
    (code,) = [code for message in sent if isinstance(code := parse(message.text), Code)]
    return code
