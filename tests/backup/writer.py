"""Reports that come in from a process of their own."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from tests.backup.house import House, engine_at
from tests.reports.office import START


async def _file_until_told(house: House, ours: Connection) -> None:
    async with engine_at(house.where, house.secret) as engine:
        while not ours.poll():
            await house.file(engine, START)
            if len(house.codes) % 3 == 0:
                ours.send(None)
    ours.send((house.codes, house.refs))


def _run(house: House, ours: Connection) -> None:
    asyncio.run(_file_until_told(house, ours))


@contextmanager
def reports_come_in(house: House) -> Iterator[None]:
    """One after the other, from before the block begins until after it ends; the house knows them then."""
    context = multiprocessing.get_context("forkserver")
    theirs, ours = context.Pipe()
    process = context.Process(target=_run, args=(house, ours))
    process.start()
    try:
        assert theirs.recv() is None
        yield
        while theirs.poll():
            theirs.recv()
        assert theirs.recv() is None  # and still more after the block
    finally:
        theirs.send(None)
        while (last := theirs.recv()) is None:
            pass
        house.codes, house.refs = last
        process.join()
