"""``kill -9`` at any moment: nothing stays unanswered, and what is answered twice is told from what may not be."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from safetybot.storage.writing import INTERVAL
from tests.e2e.program import Place, Program
from tests.e2e.speech import SHIPPED, Content
from tests.emulator import Emulator

pytestmark = pytest.mark.slow

CHATS = 48
MESSAGES = 14
KILLS = 7

REMEMBERED_AFTER = INTERVAL + 2.0
"""Seconds after which an answer is known on the disk: the wait for the next commit, the commit, and a slow machine."""


class Line(NamedTuple):
    """Something to write, and how its answer begins."""

    text: str
    answer: str


class Answered(NamedTuple):
    """One answer: which message of its chat it is for, and when the bot began and ended to send it."""

    number: int
    began: float
    ended: float


@dataclass(frozen=True)
class Kill:
    at: float
    confirmed: int
    """Every update before this one was confirmed."""
    pending: int
    """How many were not."""


@pytest.fixture(scope="session")
def lines(small_content: Content, tmp_path_factory: pytest.TempPathFactory, small_cache: object) -> list[Line]:
    """One text for each topic, every one with an answer of its own that is one message."""
    folder = tmp_path_factory.mktemp("lines") / "place"
    place = Place.make(folder, small_content.folder, small_cache)  # type: ignore[arg-type]
    asks = {ask: topic for topic in small_content.topics() for ask in small_content.topic(topic)["asks"]}
    tried = [json.loads(line) for line in place.command("try", "--json", said="\n".join(asks)).out.splitlines()]
    found: dict[str, str] = {}
    for each in tried:
        # (After another answer, a greeting is none, but asks whether it is about the same.)
        alone = each["danger"] == "none" and each["topic"] not in ("immediate-danger", "greeting")
        if alone and each["topic"] == asks[each["text"]]:
            found.setdefault(each["topic"], each["text"])
    assert len(found) == 14, found
    return [Line(text, small_content.first(topic)) for topic, text in found.items()]


def answers(telegram: Emulator, chat: int, plan: list[Line], aside: str) -> list[Answered]:
    """What a chat was sent, as the numbers of the messages it answers; ``aside`` is said beside some answers."""
    began = {id(call.fields): call.at for call in telegram.called("sendMessage")}
    found = []
    for sent in telegram.sent(chat):
        if sent.text.startswith(aside):
            continue
        number = next(n for n, line in enumerate(plan) if sent.text.startswith(line.answer))
        found.append(Answered(number, began[id(sent.fields)], sent.at))
    # A call that was slow to be carried out may overtake one of the process after it.
    return sorted(found, key=lambda answer: answer.began)


async def test_under_load(program: Program, telegram: Emulator, small_content: Content, lines: list[Line]) -> None:
    """Every message is answered, in order; and twice only where the process died before the update was confirmed."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    plans = {chat: chance.sample(lines, MESSAGES) for chat in range(1, CHATS + 1)}
    updates: dict[tuple[int, int], int] = {}
    kills: list[Kill] = []
    telegram.faults.seed = seed
    telegram.faults.add("slow", rate=0.2, seconds=0.2)

    async def write() -> None:
        for number in range(MESSAGES):
            for chat in chance.sample(sorted(plans), len(plans)):
                updates[chat, number] = telegram.push_text(chat, plans[chat][number].text) or 0
            await asyncio.sleep(chance.uniform(0.3, 0.8))

    async def until_it_sends() -> None:
        sent = telegram.counts["sendMessage"]
        await telegram.until(lambda: telegram.counts["sendMessage"] > sent or writing.done(), 60)

    writing = asyncio.create_task(write())
    for _ in range(KILLS):
        await program.start()
        await until_it_sends()
        await asyncio.sleep(chance.uniform(0, 1))
        kills.append(Kill(time.monotonic(), telegram.confirmed_offset, telegram.pending))
        await program.kill()
    await writing
    await program.start()
    await telegram.wait_confirmed(60)
    assert await program.stop() == 0

    assert sum(kill.pending > 10 for kill in kills) > KILLS / 2, "too few kills under load"
    doubled = dict.fromkeys(range(KILLS), 0)
    for chat, plan in plans.items():
        given = answers(telegram, chat, plan, small_content.say("age"))
        firsts = list(dict.fromkeys(answer.number for answer in given))
        assert firsts == list(range(MESSAGES)), f"seed {seed}, chat {chat}: {firsts}"
        for number in range(MESSAGES):
            for once, again in itertools.pairwise(answer for answer in given if answer.number == number):
                # The process that answered first died before the second began, and before it could confirm…
                between = [
                    n
                    for n, kill in enumerate(kills)
                    if once.began - 0.05 <= kill.at <= again.began and kill.confirmed <= updates[chat, number]
                ]
                assert between, f"seed {seed}, chat {chat}, message {number}: {once}, {again}, {kills}"
                # … and before it had written down that it had answered.
                assert kills[between[0]].at - once.ended < REMEMBERED_AFTER, f"seed {seed}: {once}, {again}, {kills}"
                doubled[between[0]] += 1
    # No more than were in hand at a time.
    assert max(doubled.values()) <= 100, f"seed {seed}: {doubled}"
    assert integrity(program.place) == "ok"


def integrity(place: Place) -> str:
    with sqlite3.connect(place.database) as database:
        verdict = str(database.execute("PRAGMA integrity_check").fetchone()[0])
    database.close()
    return verdict


async def test_what_is_answered_behind_one_that_is_not_is_never_answered_again(
    program: Program, telegram: Emulator
) -> None:
    """Telegram cannot be told of them, for it confirms in order only; so that they are answered stands on the disk."""
    await program.start()
    await program.ready()
    stuck = telegram.faults.add("slow", chat=1, seconds=60)
    first = telegram.push_text(1, "hiya")
    for chat in range(2, 40):
        telegram.push_text(chat, "hiya")
        telegram.push_text(chat, "/start game-1")
    for chat in range(2, 40):
        await telegram.wait_for(chat, 2, 30)
    await asyncio.sleep(REMEMBERED_AFTER)
    assert telegram.confirmed_offset == first
    await program.kill()
    telegram.faults.active.remove(stuck)
    await program.start()
    await telegram.wait_for(1, 1, 30)
    await telegram.wait_confirmed(30)
    assert [len(telegram.sent(chat)) for chat in range(2, 40)] == [2] * 38
    assert await program.stop() == 0


async def test_what_is_confirmed_is_never_answered_again(program: Program, telegram: Emulator) -> None:
    await program.start()
    for number in range(2):
        telegram.push_text(5, "hiya")
        await telegram.wait_for(5, number + 1, 60)
        await telegram.wait_confirmed()
        await program.kill()
        await program.start()
    telegram.push_text(5, "/start game-1")
    await telegram.wait_for(5, 3, 60)
    assert [text.startswith("Take a break") for text in telegram.texts(5)] == [False, False, True]


async def test_before_the_answer_is_sent(program: Program, telegram: Emulator, small_content: Content) -> None:
    await program.start()
    await program.ready()
    refused = telegram.faults.add("502")
    telegram.push_text(5, "hiya")
    await telegram.until(lambda: refused.happened)
    await program.kill()
    telegram.faults.clear()
    await program.start()
    await telegram.wait_confirmed(60)
    assert len(telegram.sent(5)) == 1
    assert telegram.texts(5)[0].startswith(small_content.first("greeting"))


async def test_in_the_middle_of_hiding(program: Program, telegram: Emulator, small_content: Content) -> None:
    """The messages are deleted after the next start, though it was told to forget them before."""
    await program.start()
    for text in ("hiya", "hello", "/hide"):
        if text == "/hide":
            telegram.faults.add("502", "deleteMessages")
        telegram.push_text(5, text)
        if text != "/hide":
            await telegram.wait_confirmed(60)
    before = set(telegram.chat(5).theirs) | {message.message_id for message in telegram.sent(5)}
    await telegram.until(lambda: telegram.called("deleteMessages"))
    await asyncio.sleep(REMEMBERED_AFTER)
    await program.kill()
    assert telegram.deleted == []
    telegram.faults.clear()
    await program.start()
    await telegram.wait_confirmed(60)
    assert {number for _, number in telegram.deleted} == before
    assert telegram.texts(5)[-1].startswith(small_content.say("hide-done"))


async def test_while_it_starts(program: Program, telegram: Emulator) -> None:
    """While the tables are made and the secret is written: the next start goes on from there."""
    data, doubled = program.place.data, 0
    for number in range(1, 4):
        for path in [*data.glob("safetybot.sqlite3*"), *data.glob("secrets/*"), *data.glob("database.id*")]:
            path.unlink()
        telegram.push_text(5, "hiya")
        await program.start()
        await telegram.until((data / "secrets").exists, 60)
        await asyncio.sleep(random.uniform(0, 0.6))
        await program.kill()
        await program.start()
        await telegram.wait_confirmed(60)
        # Once; or again, where it had answered and was killed before it could keep that.
        assert number <= len(telegram.sent(5)) - doubled <= number + 1
        doubled = len(telegram.sent(5)) - number
        await program.kill()
    assert integrity(program.place) == "ok"


async def test_while_it_learns(telegram: Emulator, tmp_path: Path) -> None:
    """Of the process that fits the matcher, too, nothing is left behind; it needs hundreds of megabytes."""
    (tmp_path / "empty").mkdir()
    program = Program(Place.make(tmp_path / "place", SHIPPED, tmp_path / "empty"), telegram)
    await program.start()
    main = psutil.Process(program.pid)

    def learning() -> bool:
        return any("spawn_main" in " ".join(child.cmdline()) for child in main.children(recursive=True))

    await telegram.until(learning, 60)
    await asyncio.sleep(2)
    assert learning()
    children = main.children(recursive=True)
    await program.kill()
    await telegram.until(lambda: not [child for child in children if alive(child)], 15)


def alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
