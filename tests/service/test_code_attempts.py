"""Codes that are looked up: no source takes all places, and reports do not wait for them."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Hashable
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from safetybot.dialogue.effects import NotDone, OpenCase, Outcome, WrongCode
from safetybot.dialogue.report_state import ReportState
from safetybot.dialogue.session import ChatKeys, Session
from safetybot.dialogue.turn import Turn
from safetybot.service.code_attempts import OF_ONE, PLACES, PLACES_OF_ONE, CodeAttempts, NoPlace
from safetybot.service.rate_limits import MemoryCounts
from safetybot.service.report_service import ReportService
from safetybot.storage.database import Engine, sqlite_engine
from safetybot.vault.codes import new_code
from safetybot.vault.key_derivation import KeyStretcher
from tests.reports.office import CHEAP
from tests.talking import Clock


@pytest.fixture
async def engine(empty_database: Path, tmp_path: Path) -> AsyncIterator[Engine]:
    engine = sqlite_engine(Path(shutil.copyfile(empty_database, tmp_path / "safetybot.sqlite3")))
    yield engine
    await engine.dispose()


P = ParamSpec("P")
T = TypeVar("T")


class Recorded(KeyStretcher):
    """Notes who stands in the line, and in which order the slow functions were run."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Hashable] = []
        self.run_in_order: list[Hashable] = []

    async def run_for(self, source: Hashable, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            self.run_in_order.append(source)
            return function(*args, **kwargs)

        self.asked.append(source)  # nothing is awaited between this and the place in the line
        return await super().run_for(source, run, *args, **kwargs)


class Line:
    """A report service whose slow thread is held, and who asks it."""

    def __init__(self, engine: Engine) -> None:
        self.stretcher, self.held = Recorded(), threading.Event()
        self.outcomes: list[tuple[bytes, Outcome]] = []
        self.tasks: list[asyncio.Task[object]] = [asyncio.create_task(self.stretcher.run(self.held.wait, 30))]
        self.service = ReportService(
            engine, bytes(32), lambda: 1_800_000_000.0, stretcher=self.stretcher, parameters=CHEAP
        )
        self._chats = 0

    def tries(self, source: bytes, times: int = 1) -> None:
        """Wrong codes from an address, each in a chat of its own."""
        for _ in range(times):
            self._chats += 1
            chat = ChatKeys.derive(bytes(32), "web", str(self._chats))
            self.tasks.append(
                asyncio.create_task(
                    self.service.perform(chat, OpenCase(new_code()), ReportState(), self._then(source), source)
                )
            )

    def _then(self, source: bytes) -> Callable[[Outcome, ReportState], Turn]:
        def then(outcome: Outcome, kept: ReportState) -> Turn:
            self.outcomes.append((source, outcome))
            return Turn((), Session(), kept=kept)

        return then

    def of(self, source: bytes, kind: type[object]) -> int:
        return sum(asker == source and isinstance(outcome, kind) for asker, outcome in self.outcomes)

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not done():
                await asyncio.sleep(0.01)

    async def end(self) -> None:
        self.held.set()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.stretcher.close()


@pytest.fixture
async def line(engine: Engine) -> AsyncIterator[Line]:
    line = Line(engine)
    yield line
    await line.end()


async def test_one_address_has_few_of_the_places_and_another_is_looked_up_in_its_turn(line: Line) -> None:
    line.tries(b"attacker", 15)
    await line.until(lambda: line.of(b"attacker", NotDone) == 15 - PLACES_OF_ONE)
    await line.until(lambda: line.stretcher.asked.count(b"attacker") == PLACES_OF_ONE)
    line.tries(b"somebody")
    await line.until(lambda: b"somebody" in line.stretcher.asked)
    line.held.set()
    await line.until(lambda: line.of(b"attacker", WrongCode) == PLACES_OF_ONE)
    await line.until(lambda: line.of(b"somebody", WrongCode) == 1)
    codes = [source for source in line.stretcher.run_in_order if source is not None]
    assert codes.index(b"somebody") <= 1, "behind one of the attacker's at most"


async def test_a_report_does_not_wait_for_the_codes_of_its_own_address(line: Line) -> None:
    line.tries(b"school", PLACES_OF_ONE)
    for number in range(5):
        line.tries(b"other %d" % number)
    await line.until(lambda: len(line.stretcher.asked) == 1 + PLACES_OF_ONE + 5)
    order: list[str] = []

    async def stretched(name: str, source: object) -> None:
        await line.stretcher.run_for(source, order.append, name)

    line.tasks.append(asyncio.create_task(stretched("report", ("report", b"school"))))
    line.tasks.append(asyncio.create_task(stretched("late", b"school")))
    await line.until(lambda: len(line.stretcher.asked) == 1 + PLACES_OF_ONE + 5 + 2)
    line.held.set()
    await line.until(lambda: len(order) == 2)
    assert order == ["report", "late"]
    before_it = line.stretcher.run_in_order[: line.stretcher.run_in_order.index(("report", b"school"))]
    assert before_it.count(b"school") <= 2


async def test_what_is_too_much_is_refused_before_anything_slow_is_done(line: Line) -> None:
    line.held.set()
    for number in range(OF_ONE.most + 5):
        line.tries(b"attacker")
        await line.until(lambda number=number: len(line.outcomes) == number + 1)
    assert line.of(b"attacker", WrongCode) == OF_ONE.most
    assert [type(outcome) for _, outcome in line.outcomes[OF_ONE.most :]] == [NotDone] * 5
    line.tries(b"somebody")
    await line.until(lambda: line.of(b"somebody", WrongCode) == 1)


async def test_so_many_a_second_after_that() -> None:
    clock = Clock()
    attempts = CodeAttempts(MemoryCounts(clock))

    async def taken() -> bool:
        try:
            async with attempts.place(b"a"):
                return True
        except NoPlace:
            return False

    assert [await taken() for _ in range(OF_ONE.most + 1)] == [True] * OF_ONE.most + [False]
    clock.forward(1 / OF_ONE.a_second)
    assert [await taken(), await taken()] == [True, False]


async def test_there_is_an_end_to_the_line_and_places_are_free_again() -> None:
    attempts = CodeAttempts()
    held = [attempts.place(b"%d" % number) for number in range(PLACES)]
    for each in held:
        await each.__aenter__()
    with pytest.raises(NoPlace):
        async with attempts.place(b"one more"):
            pass
    for each in held:
        await each.__aexit__(None, None, None)
    async with attempts.place(b"one more"):
        pass
    assert not attempts._held
