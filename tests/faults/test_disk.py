"""A disk that fills up, fails or is read-only; a database that somebody else holds.

Danger is answered all the same; nothing is said to be kept that is not; it goes on by itself once it can.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.e2e.phone import Phone
from tests.e2e.program import Place, Program
from tests.e2e.speech import Content
from tests.emulator import Emulator
from tests.faults.disks import Disk, nothing_can_be_written
from tests.faults.talking import (
    ADVICE,
    EMERGENCY,
    OTHER_CHAT,
    is_answered_meanwhile,
    is_card,
    is_whole_again,
    reaches_story,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


async def test_nothing_can_be_written_for_a_while(
    program: Program, place: Place, hired: str, telegram: Emulator, phone: Phone, small_content: Content
) -> None:
    await program.start()
    await program.ready()
    await reaches_story(phone)
    with nothing_can_be_written(program.pid):
        await is_answered_meanwhile(program, phone, Phone(telegram, OTHER_CHAT), small_content)
    await is_whole_again(program, phone, hired, small_content)


async def test_a_full_disk(
    disk: Disk,
    on_disk: Place,
    hires: Callable[[Place], str],
    telegram: Emulator,
    phone: Phone,
    small_content: Content,
) -> None:
    passphrase = hires(on_disk)
    program = Program(on_disk, telegram)
    try:
        await program.start()
        await program.ready()
        await reaches_story(phone)
        disk.fill()
        await is_answered_meanwhile(program, phone, Phone(telegram, OTHER_CHAT), small_content)
        await telegram.until(lambda: "changes could not be written" in program.printed, 20)
        disk.clear()
        await is_whole_again(program, phone, passphrase, small_content)
        assert "Traceback" not in program.printed
    finally:
        await program.kill()


async def test_no_start_on_a_full_disk(
    disk: Disk, on_disk: Place, hires: Callable[[Place], str], telegram: Emulator, phone: Phone
) -> None:
    """Said by name, and nothing is damaged by it."""
    hires(on_disk)
    disk.fill()
    program = Program(on_disk, telegram)
    await program.start()
    code = await program.ended(60)
    print(code, program.printed)
    assert code not in (0, 1, None)
    assert re.search("room|space|is full", program.printed)
    assert "Traceback" not in program.printed
    disk.clear()
    await program.start()
    await program.ready()
    try:
        assert await phone.says(ADVICE)
    finally:
        await program.kill()


@pytest.mark.parametrize("first", [True, False], ids=["new", "used"])
async def test_no_start_on_a_read_only_disk(
    disk: Disk, on_disk: Place, telegram: Emulator, phone: Phone, first: bool
) -> None:
    """Said by name: a bot that cannot keep what it is told would lose it."""
    program = Program(on_disk, telegram)
    if not first:
        await program.start()
        await program.ready()
        await phone.says(ADVICE)
        assert await program.stop() == 0
    disk.read_only()
    await program.start()
    code = await program.ended(60)
    said = program.printed
    print(code, said)
    disk.read_only(False)
    assert code == 2
    assert "Traceback" not in said
    assert re.search("read-only|cannot be written", said, re.IGNORECASE)
    await program.start()
    await program.ready()
    try:
        assert await phone.says(ADVICE)
        assert await program.stop() == 0
    finally:
        await program.kill()


async def test_a_database_that_another_program_holds(
    program: Program, place: Place, hired: str, telegram: Emulator, phone: Phone, small_content: Content
) -> None:
    """For longer than anybody waits for it."""
    await program.start()
    await program.ready()
    await reaches_story(phone)
    other = Phone(telegram, OTHER_CHAT)
    with closing(sqlite3.connect(place.database, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        for text, first in ((ADVICE, small_content.first("sextortion")), (EMERGENCY, small_content.say("urgent"))):
            began = time.monotonic()
            answer = (await other.says(text))[0]
            assert answer.text.startswith(first)
            # It is confirmed later: once it is on the disk, or nobody waits for that any longer.
            assert answer.at - began < 3, "what needs no writing waits for nobody"
        card, *_, broken = await phone.says(EMERGENCY)
        assert is_card(card, small_content)
        assert broken.text.startswith(small_content.say("broken"))
        holder.execute("ROLLBACK")
    await is_whole_again(program, phone, hired, small_content)
