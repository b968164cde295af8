"""What staff are told by the real program: that there is something to read, and nothing of it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import update

from safetybot.reports import casework
from safetybot.reports.cases import CaseOutcome, CaseUrgency
from safetybot.reports.retention import KEEP_DAYS, WARN_DAYS
from safetybot.storage.database import migrate, sqlite_engine
from safetybot.storage.tables import staff_chat
from safetybot.vault.key_derivation import KeyStretcher
from tests.e2e.phone import Phone
from tests.e2e.program import Place, Program
from tests.emulator import Emulator
from tests.reports.office import Office

pytestmark = pytest.mark.slow

GROUP = -1009876543210
NO_READER = "safetybot staff add NAME"


@pytest.fixture
async def office(place: Place) -> AsyncIterator[Office]:
    """The program's own database, reached from beside it; nobody is a member of staff yet."""
    engine, stretcher = sqlite_engine(place.database), KeyStretcher()
    await migrate(engine)
    yield Office(engine, stretcher, place.database)
    stretcher.close()
    await engine.dispose()


@pytest.fixture
async def group(place: Place, telegram: Emulator) -> int:
    """The staff's group, told to the program by its ``.env`` file."""
    (place.folder / ".env").write_text(f"SAFETYBOT_STAFF_CHAT={GROUP}\n")
    telegram.chat(GROUP)
    return GROUP


async def five_minutes_pass(office: Office) -> None:
    async with office.engine.begin() as connection:
        await connection.execute(update(staff_chat).values(at=staff_chat.c.at - 300_000))


async def test_one_note_for_a_case_and_one_note_in_five_minutes(
    program: Program, telegram: Emulator, phone: Phone, office: Office, group: int
) -> None:
    anna = await office.hire("Anna")
    first, _ = await office.file({"what": "planted-words"}, contact="planted-contact", urgency=CaseUrgency.HIGH)
    await program.start()
    await program.ready()
    (note,) = await telegram.wait_for(group, 1, timeout=30)
    assert note.text == f"New: {first.short} (high)"
    assert note.keyboard == []

    telegram.push_membership(group)
    for words in ("/start", "hello", "he wants money or hell post my nude"):
        telegram.push_text(group, words)
    assert await phone.says("hiya")

    normal, _ = await office.file({"what": "planted-words"})
    urgent, _ = await office.file({"what": "planted-words"}, urgency=CaseUrgency.EMERGENCY)
    await program.restart()  # the five minutes hold across it
    assert await phone.says("hiya")
    await asyncio.sleep(1)
    assert len(telegram.texts(group)) == 1

    await five_minutes_pass(office)
    _, note = await telegram.wait_for(group, 2, timeout=30)  # seen without anybody saying so
    assert note.text == f"New: {urgent.short} (emergency)\nNew: {normal.short} (normal)"

    await office.open(anna, first)
    await five_minutes_pass(office)
    await program.restart()
    assert await phone.says("hiya")
    await asyncio.sleep(1)
    assert len(telegram.texts(group)) == 2
    assert telegram.left == []
    assert await program.stop() == 0
    for secret in (str(GROUP), str(GROUP)[4:], first.short, normal.id, "planted", NO_READER):
        assert secret not in program.printed


async def test_a_case_that_will_be_deleted_is_told_and_then_deleted_by_the_running_bot(
    program: Program, telegram: Emulator, office: Office, group: int
) -> None:
    today = dt.datetime.now(dt.UTC)
    office.now = today - dt.timedelta(KEEP_DAYS - WARN_DAYS)
    anna = await office.hire("Anna")
    ref, _ = await office.file("planted-words")
    await office.open(anna, ref)
    async with office.writing() as connection:
        await casework.close(connection, anna, ref.id, CaseOutcome.ADVISED, office.now)
    await program.start()
    (note,) = await telegram.wait_for(group, 1, timeout=60)
    due = (today + dt.timedelta(WARN_DAYS)).date()
    assert note.text == f"Will be deleted on {due} unless you keep it: {ref.short}"
    assert await program.stop() == 0


async def test_without_anybody_to_read_reports_the_operator_is_told_at_the_start(
    program: Program, office: Office, telegram: Emulator
) -> None:
    await program.start()
    await program.ready()
    warnings = [line for line in program.printed.splitlines() if " WARNING " in line]
    assert len(warnings) == 1
    assert NO_READER in warnings[0]
    await office.hire("Anna")
    await program.restart()
    assert program.printed.count(NO_READER) == 1


async def test_a_staff_chat_that_is_no_number_is_told_by_name(program: Program, place: Place) -> None:
    (place.folder / ".env").write_text("SAFETYBOT_STAFF_CHAT=@our_secret_team\n")
    await program.start()
    assert await program.ended() == 2
    assert "SAFETYBOT_STAFF_CHAT" in program.printed
    assert "our_secret_team" not in program.printed
