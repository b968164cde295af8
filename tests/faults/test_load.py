"""``kill -9`` at any moment, with 200 chats, on a bad line: nothing acknowledged is lost, and nothing is said twice.

What is acknowledged, Telegram knows; what was said, too. Twice is said only what nobody can know to have arrived: its
receipt was lost, or the process died between the message and the note that it was sent.

``FAULTS_SEED`` repeats a run; ``FAULTS_MINUTES`` makes it as long as that, with people who go on writing.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from safetybot.storage.location import DatabaseLocation
from tests.e2e.desk import Desk, hire, told
from tests.e2e.nginx import free_port
from tests.e2e.phone import Phone
from tests.e2e.program import Place, Program
from tests.e2e.speech import Content
from tests.emulator import Call, Emulator, Sent
from tests.faults.people import Afraid, Person, Reporter, Younger

pytestmark = [pytest.mark.slow, pytest.mark.timeout(int(float(os.environ.get("FAULTS_MINUTES", "0")) * 60) + 600)]

MINUTES = float(os.environ.get("FAULTS_MINUTES", "0"))
KILLS = 6
ADVISED, MESSAGES = 140, 6
YOUNGER, AFRAID, REPORTERS = 24, 12, 24
BLOCKING = 10
"""Of those who ask for advice so many block the bot now and then, and two for good."""
FIRST_CHAT = 5_000_000_000
AMBIGUOUS = ("lost", "cut", "garbage")
RATES = {"429": 0.03, "502": 0.03, "reset": 0.03, "silent": 0.02, "lost": 0.02, "cut": 0.01, "garbage": 0.01}


@dataclass(frozen=True)
class Kill:
    run: str
    """Of the program that was killed."""
    pending: frozenset[int]
    """Updates that were not confirmed."""


@dataclass(frozen=True)
class Line:
    """Something to write, and how its answer begins."""

    text: str
    answer: str


@pytest.fixture(scope="session")
def lines(small_content: Content, tmp_path_factory: pytest.TempPathFactory, small_cache: Path) -> list[Line]:
    """One text for each topic, every one with an answer of its own that is one message."""
    place = Place.make(tmp_path_factory.mktemp("lines") / "place", small_content.folder, small_cache)
    asks = {ask: topic for topic in small_content.topics() for ask in small_content.topic(topic)["asks"]}
    tried = [json.loads(line) for line in place.command("try", "--json", said="\n".join(asks)).out.splitlines()]
    found: dict[str, str] = {}
    for each in tried:
        # (After another answer, a greeting is none, but asks whether it is about the same.)
        alone = each["danger"] == "none" and each["topic"] not in ("immediate-danger", "greeting")
        if alone and each["topic"] == asks[each["text"]]:
            found.setdefault(each["topic"], each["text"])
    assert len(found) >= MESSAGES, found
    return [Line(text, small_content.first(topic)) for topic, text in found.items()]


@dataclass
class Fleet:
    """The bots of one installation, and what they share."""

    programs: list[Program]
    passphrase: str
    where: DatabaseLocation
    chance: random.Random

    runs: Iterator[int] = field(default_factory=itertools.count)
    current: dict[int, str] = field(default_factory=dict)
    """Program → its run, by which Telegram tells who calls."""

    async def start(self) -> None:
        for number in range(len(self.programs)):
            await self._start(number)

    async def kill_one(self, telegram: Emulator) -> Kill:
        """And it is started again at once."""
        number = self.chance.randrange(len(self.programs))
        await self.programs[number].kill()
        kill = Kill(self.current[number], telegram.unconfirmed)
        await self._start(number)
        return kill

    async def _start(self, number: int) -> None:
        program, run = self.programs[number], str(next(self.runs))
        self.current[number] = run
        api, _, last = program._environment["SAFETYBOT_TELEGRAM_API"].rpartition("/")
        base = f"{api}/{last}" if ":" in last else api
        program._environment["SAFETYBOT_TELEGRAM_API"] = f"{base}/{run}"
        await program.start()

    async def stop(self) -> None:
        for program in self.programs:
            assert await program.stop() == 0, program.printed


@pytest.fixture
async def fleet(
    request: pytest.FixtureRequest, tmp_path: Path, small_content: Content, small_cache: Path, telegram: Emulator
) -> AsyncIterator[Fleet]:
    """One bot that asks for updates, one that they are posted to, or three on one PostgreSQL database."""
    kind: str = request.param
    url = request.getfixturevalue("postgres_server").create() if kind == "three" else None
    ports, secret, programs = [free_port() for _ in range(3 if url else 1)], os.urandom(32), []
    for number, port in enumerate(ports):
        settings = {} if kind == "polling" else {"WEBHOOK_URL": "https://bot.example.org", "WEB_PORT": str(port)}
        if url:
            settings["DATABASE_URL"] = url.render_as_string(hide_password=False)
        place = Settled.make(tmp_path / str(number), small_content.folder, small_cache)
        (place.folder / "settings.json").write_text(json.dumps(settings))
        key = place.data / "secrets" / "server.key"
        key.parent.mkdir(mode=0o700)
        key.touch(mode=0o600)
        key.write_bytes(secret)
        programs.append(Program(place, telegram))
    telegram.poster.targets = [f"http://127.0.0.1:{port}" for port in ports]
    place = programs[0].place
    yield Fleet(programs, hire(place), url or place.database, random.Random(1))
    for program in programs:
        await program.kill()
    for program in programs:
        lines = re.findall(r"(?:ERROR|WARNING) .*", program.printed)
        print(*(f"{count} × {line}" for line, count in Counter(lines).most_common(20)), sep="\n")
        assert "Traceback" not in program.printed
    if url:
        request.getfixturevalue("postgres_server").drop(url)


class Settled(Place):
    """With settings of its own, for every command."""

    def environment(self, **more: str) -> dict[str, str]:
        return super().environment(**json.loads((self.folder / "settings.json").read_text()), **more)


@pytest.mark.parametrize("fleet", ["polling", "webhook", "three"], indirect=True)
async def test_nothing_acknowledged_is_lost(
    fleet: Fleet, telegram: Emulator, small_content: Content, lines: list[Line]
) -> None:
    seed = int(os.environ.get("FAULTS_SEED", random.randrange(10**6)))
    print(f"FAULTS_SEED={seed}")
    chance, numbers, reporters = random.Random(seed), itertools.count(FIRST_CHAT), list[Reporter]()
    telegram._judge = None
    end = time.monotonic() + MINUTES * 60
    await fleet.start()
    while not reporters or time.monotonic() < end:
        reporters += await wave(fleet, telegram, small_content, lines, chance, numbers)
    await fleet.stop()
    await check_reports(fleet, reporters)
    examined = fleet.programs[0].place.command("doctor")
    assert not re.search(r"FAULT.*(database|audit|tables)", examined.out), examined.out


async def wave(
    fleet: Fleet,
    telegram: Emulator,
    content: Content,
    lines: list[Line],
    chance: random.Random,
    numbers: Iterator[int],
) -> list[Reporter]:
    """200 people, from their first word to their last; who of them made a report."""
    telegram.faults.active[:] = []
    telegram.faults.seed = chance.randrange(10**6)
    telegram.faults.__post_init__()
    plans = {next(numbers): chance.sample(lines, MESSAGES) for _ in range(ADVISED)}
    blocking = list(plans)[:BLOCKING]
    for chat in blocking[2:]:
        telegram.faults.add("blocked", chat=chat, rate=0.3)
    for kind, rate in RATES.items():
        telegram.faults.add(kind, rate=rate, seconds=1)
    for kind in ("429", "502", "reset", "cut", "again"):
        telegram.faults.add(kind, "getUpdates", rate=0.04, seconds=1)

    def new(kind: type[Person]) -> Person:
        return kind(Phone(telegram, next(numbers)), content, random.Random(chance.random()))

    people = [*(new(Younger) for _ in range(YOUNGER)), *(new(Afraid) for _ in range(AFRAID))]
    reporters = [
        Reporter(Phone(telegram, next(numbers)), content, random.Random(chance.random()), stops=number % 3 == 0)
        for number in range(REPORTERS)
    ]
    updates: dict[tuple[int, int], int] = {}

    async def write() -> None:
        for number in range(MESSAGES):
            for chat in chance.sample(sorted(plans), len(plans)):
                updates[chat, number] = telegram.push_text(chat, plans[chat][number].text) or 0
                await asyncio.sleep(chance.uniform(0, 0.03))
            telegram.blocked.update(blocking[:2])

    writing = asyncio.gather(write(), *(each.lives() for each in (*people, *reporters)))
    kills: list[Kill] = []
    while len(kills) < KILLS:
        asked = telegram.counts["sendMessage"]
        await telegram.until(lambda: telegram.counts["sendMessage"] > asked + 5 or not telegram.pending, 90)  # noqa: B023
        await asyncio.sleep(chance.uniform(0, 3))
        kills.append(await fleet.kill_one(telegram))
    await writing
    await telegram.wait_confirmed(120)
    telegram.faults.clear()
    for reporter in reporters:
        if reporter.stops:  # what they told before all this is still there
            await reporter.finishes()
    await telegram.wait_confirmed(60)

    doubled = Counter[int]()
    for chat, plan in plans.items():
        check_advice(telegram, chat, plan, updates, kills, content, doubled, blocked=chat in blocking)
    for each in (*people, *reporters):
        check_doubles(telegram, each, kills, Counter())  # what they are told again for asking again is in it
    failures = [failure for each in (*people, *reporters) for failure in each.failures]
    print(f"did not work, and was done again: {failures}")
    assert len(failures) < 10
    busy = [len(kill.pending) for kill in kills]
    print(f"updates not confirmed at each kill: {busy}; said twice for it: {[doubled[n] for n in range(len(kills))]}")
    assert max(doubled.values(), default=0) <= 100, "more than were in hand at a time"
    return reporters


def check_advice(
    telegram: Emulator,
    chat: int,
    plan: list[Line],
    updates: dict[tuple[int, int], int],
    kills: list[Kill],
    content: Content,
    doubled: Counter[int],
    *,
    blocked: bool,
) -> None:
    """All of it is answered, in order; twice only what a kill or a lost receipt explains."""
    calls = {id(call.fields): call for call in telegram.called("sendMessage")}
    given: list[tuple[int, Sent]] = []
    for sent in telegram.sent(chat):
        number = next((n for n, line in enumerate(plan) if sent.text.startswith(line.answer)), None)
        if number is None:
            assert sent.text.startswith(content.say("age")), f"chat {chat}: {sent.text[:60]}"
            continue
        given.append((number, sent))
    given.sort(key=lambda each: calls[id(each[1].fields)].at)
    firsts = list(dict.fromkeys(number for number, _ in given))
    if blocked:
        assert firsts == sorted(firsts), f"chat {chat}: {firsts}"
    else:
        assert firsts == list(range(len(plan))), f"chat {chat}: {firsts}"
    for number in firsts:
        copies = [sent for each, sent in given if each == number]
        for once, again in itertools.pairwise(copies):
            explained(chat, once, again, calls, kills, doubled, updates[chat, number])


def check_doubles(telegram: Emulator, person: Person, kills: list[Kill], doubled: Counter[int]) -> None:
    """No message stands twice in a row but for a kill or a lost receipt; a repeated question is no repetition."""
    calls = {id(call.fields): call for call in telegram.called("sendMessage")}
    sent = sorted(person.sent, key=lambda each: calls[id(each.fields)].at)
    asked = Counter(what for _, what in person.wrote)
    for text, count in Counter(each.text for each in sent).items():
        copies = [each for each in sent if each.text == text]
        wanted = sum(asked.values())
        if count <= 1 or wanted == 0:
            continue
        unexplained = 0
        for once, again in itertools.pairwise(copies):
            if not is_explained(once, again, calls, kills, doubled, None):
                unexplained += 1
        # As often as they wrote something that it answers.
        assert unexplained < max(3, asked.most_common(1)[0][1]) + 1, f"chat {person.phone.chat}: {count} × {text[:60]}"


def explained(
    chat: int, once: Sent, again: Sent, calls: dict[int, Call], kills: list[Kill], doubled: Counter[int], update: int
) -> None:
    if not is_explained(once, again, calls, kills, doubled, update):
        passed = [f"{kill.run}{' pending' * (update in kill.pending)}" for kill in kills]
        begun = [
            (each.run, each.at, each.fault, each.status) for each in (calls[id(once.fields)], calls[id(again.fields)])
        ]
        raise AssertionError(f"chat {chat}: twice without a reason: {once.text}; {begun}; kills {passed}")


def is_explained(
    once: Sent,
    again: Sent,
    calls: dict[int, Call],
    kills: list[Kill],
    doubled: Counter[int],
    update: int | None,
) -> bool:
    """Whether nobody could know that the first had arrived."""
    first, second = calls[id(once.fields)], calls[id(again.fields)]
    if first.fault in AMBIGUOUS:
        return True
    for number, kill in enumerate(kills):
        # Who sent the first is dead; and what it answered was not confirmed.
        if kill.run == first.run != second.run and (update is None or update in kill.pending):
            doubled[number] += 1
            return True
    return False


async def check_reports(fleet: Fleet, reporters: list[Reporter]) -> None:
    """Each code was of one report, with all that was said to be kept, once and in order; and there is no other."""
    async with Desk(fleet.programs[0].place, "Ada", fleet.passphrase, fleet.where) as desk:
        stories = [told(await desk.opens(case))["story"] for case in await desk.cases()]
        assert await desk.log_is_whole()
    assert sorted(stories) == sorted("\n\n".join(each.told) for each in reporters)
    assert all(each.code for each in reporters)
    assert len({each.code for each in reporters}) == len(reporters)
