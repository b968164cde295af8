"""A bot on a real database with a member of staff, made anew now and then."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetybot.administration.editors_key import new_key
from safetybot.guidance.reader import read_content
from safetybot.matching.fitter import Fitter, load_encoder
from safetybot.storage.database import engine_of, migrate
from safetybot.understanding.understanding import Understanding, understand
from tests.talking import DIALOGUE_CONTENT, Bot

ready: Understanding | None = None
"""What the tests' own fixture has fitted, so that it need not be done twice."""


def understanding(cache: Path) -> Understanding:
    """The content for tests, ready to answer."""
    if ready is not None:
        return ready
    understood = understand(read_content(DIALOGUE_CONTENT).require(), Fitter(cache, load_encoder()))
    assert isinstance(understood, Understanding)
    return understood


class House:
    """Hands out the bot, and puts a fresh one in its place after so many uses."""

    def __init__(self, place: Path, runner: asyncio.Runner, uses: int) -> None:
        self._place, self._runner, self._uses = place, runner, uses
        self._understanding = understanding(place / "cache")
        self._used = uses
        self.bot: Bot | None = None
        runner.run(self._made())

    async def _made(self) -> None:
        path = self._place / "first" / "safetybot.sqlite3"
        engine = engine_of(path)
        await migrate(engine)
        await engine.dispose()
        first = Bot(self._understanding, path, path.parent)
        await first.start()
        await first.hire()
        await new_key(path, self._place / "editors.key", first.now)
        self._now = first.clock.now
        await first.stop()

    async def one(self) -> tuple[Bot, bool]:
        """The bot, and whether it is a fresh one."""
        self._used += 1
        if self.bot is not None and self._used <= self._uses:
            return self.bot, False
        await self.close()
        folder = self._place / "now"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._place / "first", folder)
        self.bot = Bot(self._understanding, folder / "safetybot.sqlite3", folder)
        self.bot.clock.now = self._now
        await self.bot.start()
        self._used = 1
        return self.bot, True

    async def close(self) -> None:
        """Stops it."""
        if self.bot is not None:
            await self.bot.stop()
            self.bot = None


@contextmanager
def house(uses: int) -> Iterator[tuple[House, asyncio.Runner]]:
    """One, and what runs it."""
    with tempfile.TemporaryDirectory() as place, asyncio.Runner() as runner:
        made = House(Path(place), runner, uses)
        try:
            yield made, runner
        finally:
            runner.run(made.close())
