"""Links between cases: opening one, with 2,000 that the same member has opened before.

    .venv/bin/python bench/links.py

Prints how long the first opening of a login takes (all earlier cases are opened once more, in a thread), how long a
later one takes, and how late other pages are answered meanwhile.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from safetybot.reports import casework
from safetybot.reports.links import CASES_MAX, LinkIndex, opened_before, take_in
from safetybot.storage.database import migrate, sqlite_engine
from safetybot.vault.key_derivation import KeyStretcher
from tests.reports.office import Office
from tests.vouching import vouched

WORDS = ("he", "said", "that", "I", "must", "send", "it", "or", "will", "tell", "them", "all", "at", "school")


def report(rng: random.Random) -> dict[str, object]:
    """About 1,200 letters, with an account, a number and a page."""
    words = " ".join(rng.choices(WORDS, k=200))
    number = rng.randrange(10**9)
    story = f"{words} he is player_{number % 5000:04d}x and rang from 07{number:09d}. {words[:200]}"
    answers = [{"question": "what-happened", "label": "What happened", "choices": [], "buttons": [], "words": story}]
    where = {"question": "where", "label": "Where", "choices": [], "buttons": [], "words": f"discord.gg/x{number}"}
    return {"language": "en", "urgency": "normal", "answers": [*answers, where]}


async def main() -> None:
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.sqlite3"
        engine, stretcher = vouched(sqlite_engine(path)), KeyStretcher()
        await migrate(engine)
        office = Office(engine, stretcher, path)
        anna = await office.hire("Anna")
        for number in range(CASES_MAX):
            ref, _ = await office.file(report(rng))
            async with office.writing() as connection:
                await casework.open_case(connection, anna, ref.id, office.now)
            if number % 200 == 0:
                print(f"\r{number} cases", end="", flush=True)
        print(f"\r{CASES_MAX} cases")
        late: list[float] = []

        async def others() -> None:
            while True:
                begun = time.perf_counter()
                await asyncio.sleep(0.005)
                late.append(time.perf_counter() - begun - 0.005)

        watching = asyncio.create_task(others())
        begun = time.perf_counter()
        async with engine.connect() as connection:
            sealed = await opened_before(connection, anna)
        read = time.perf_counter()
        index = LinkIndex()
        await asyncio.to_thread(take_in, index, sealed, anna.pair())
        taken = time.perf_counter()
        watching.cancel()
        index.put("new", ["he is player_0007x, his number is 07700 900123 and discord.gg/x77"])
        looked = time.perf_counter()
        found = index.links("new")
        done = time.perf_counter()
        late.sort()
        print(
            f"first opening of a login: {read - begun:.2f} s to read them, {taken - read:.2f} s to open and index them"
        )
        print(f"later ones: {(done - looked) * 1000:.1f} ms to look up ({len(found)} found)")
        print(f"other pages meanwhile: late by {late[len(late) // 2] * 1000:.1f} ms, at worst {late[-1] * 1000:.0f} ms")
        stretcher.close()
        await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
