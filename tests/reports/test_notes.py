"""What the staff chat is told, on a real database: once for a case until it is opened, and rather twice than never."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass, field

import pytest
from sqlalchemy import insert, select, update

from safetybot.reports import casework
from safetybot.reports.cases import CaseOutcome, CaseRef, CaseUrgency, Status
from safetybot.reports.filing import add_to_case, withdraw
from safetybot.reports.notes import MOST, Note, tell, text_of
from safetybot.reports.retention import purge
from safetybot.staff.login import UnlockedMember
from safetybot.storage.database import engine_of
from safetybot.storage.tables import cases, envelope_keys, envelopes, staff_chat
from safetybot.vault.codes import CodeKeys
from tests.reports.office import Office

GAP = 300.0


@dataclass
class Ears:
    """A staff chat, and the clock on its wall."""

    office: Office
    heard: list[str] = field(default_factory=list)
    now: float = 1_000_000_000.0

    async def send(self, text: str) -> bool:
        self.heard.append(text)
        return True

    async def listen(self) -> list[str]:
        """What comes now."""
        before = len(self.heard)
        await tell(self.office.engine, self.send, GAP, lambda: self.now)
        return self.heard[before:]

    async def later(self) -> list[str]:
        """What comes five minutes from now."""
        self.now += GAP
        return await self.listen()


@pytest.fixture
async def anna(office: Office) -> UnlockedMember:
    return await office.hire("Anna")


@pytest.fixture
async def ears(office: Office, anna: UnlockedMember) -> Ears:
    return Ears(office)


async def add(office: Office, keys: CodeKeys, urgency: CaseUrgency | None = None) -> None:
    found = await office.find(keys)
    assert found is not None
    async with office.writing() as connection:
        await add_to_case(connection, found, "planted-words", office.now, urgency)


async def close(office: Office, member: UnlockedMember, ref: CaseRef) -> None:
    async with office.writing() as connection:
        await casework.close(connection, member, ref.id, CaseOutcome.ADVISED, office.now)


class TestOneNote:
    async def test_a_report_is_told_once_by_its_urgency_and_short_number_alone(
        self, office: Office, ears: Ears
    ) -> None:
        assert await ears.listen() == []
        ref, _ = await office.file("planted-words", contact="planted-contact", urgency=CaseUrgency.HIGH)
        assert await ears.listen() == [f"New: {ref.short} (high)"]
        assert await ears.later() == []

    async def test_what_is_added_before_it_is_opened_is_not_told_again(self, office: Office, ears: Ears) -> None:
        _, keys = await office.file("words")
        await ears.listen()
        for _ in range(3):
            await add(office, keys, CaseUrgency.NORMAL)
            assert await ears.later() == []

    async def test_what_is_added_after_it_was_opened_is_told_once(
        self, office: Office, ears: Ears, anna: UnlockedMember
    ) -> None:
        ref, keys = await office.file("words")
        await ears.listen()
        await office.open(anna, ref)
        assert await ears.later() == []
        await add(office, keys)
        assert await ears.later() == [f"Added to: {ref.short} (normal)"]
        await add(office, keys)
        assert await ears.later() == []
        await office.open(anna, ref)
        await add(office, keys)
        assert await ears.later() == [f"Added to: {ref.short} (normal)"]

    async def test_a_higher_urgency_is_told_though_nobody_has_opened_it(self, office: Office, ears: Ears) -> None:
        ref, keys = await office.file("words")
        await ears.listen()
        await add(office, keys, CaseUrgency.EMERGENCY)
        assert await ears.later() == [f"New: {ref.short} (emergency)"]
        await add(office, keys, CaseUrgency.HIGH)
        assert await ears.later() == []

    async def test_what_was_opened_before_it_was_told_is_not_told(
        self, office: Office, ears: Ears, anna: UnlockedMember
    ) -> None:
        ref, keys = await office.file("words")
        await office.open(anna, ref)
        assert await ears.listen() == []
        await add(office, keys)
        assert await ears.listen() == [f"Added to: {ref.short} (normal)"]

    async def test_a_closed_case_that_is_written_to_is_told(
        self, office: Office, ears: Ears, anna: UnlockedMember
    ) -> None:
        ref, keys = await office.file("words")
        await ears.listen()
        await office.open(anna, ref)
        await close(office, anna, ref)
        await add(office, keys)
        assert await ears.later() == [f"Added to: {ref.short} (normal)"]

    @pytest.mark.parametrize("what", ["damaged", "without a key"])
    async def test_something_that_stays_shut_hides_no_addition_and_repeats_no_note(
        self, office: Office, ears: Ears, anna: UnlockedMember, what: str
    ) -> None:
        ref, keys = await office.file("words", contact="me")
        async with office.engine.begin() as connection:
            if what == "damaged":
                change = update(envelopes).where(envelopes.c.number == 2).values(sealed=b"x")
                await connection.execute(change)
            else:
                gone = update(envelope_keys).where(envelope_keys.c.number == 2, envelope_keys.c.reader == anna.id)
                await connection.execute(gone.values(reader="another"))
        await ears.listen()
        for _ in range(2):
            await office.open(anna, ref)
            assert await ears.later() == []
            await add(office, keys)
            assert await ears.later() == [f"Added to: {ref.short} (normal)"]

    async def test_what_is_withdrawn_unread_is_not_told(self, office: Office, ears: Ears) -> None:
        _, keys = await office.file("words")
        found = await office.find(keys)
        assert found is not None
        async with office.writing() as connection:
            await withdraw(connection, found, office.now)
        assert await ears.listen() == []


class TestSeveralCases:
    async def test_they_come_in_one_note_the_most_urgent_first(
        self, office: Office, ears: Ears, anna: UnlockedMember
    ) -> None:
        old, keys = await office.file("words", urgency=CaseUrgency.HIGH)
        await office.open(anna, old)
        await add(office, keys)
        normal, _ = await office.file("words")
        high, _ = await office.file("words", urgency=CaseUrgency.HIGH)
        emergency, _ = await office.file("words", urgency=CaseUrgency.EMERGENCY)
        (note,) = await ears.listen()
        assert note.splitlines() == [
            f"New: {emergency.short} (emergency)",
            f"New: {high.short} (high)",
            f"Added to: {old.short} (high)",
            f"New: {normal.short} (normal)",
        ]
        assert await ears.later() == []

    async def test_what_comes_within_five_minutes_waits_for_their_end(self, office: Office, ears: Ears) -> None:
        await office.file("words")
        assert len(await ears.listen()) == 1
        refs = [(await office.file("words", urgency=CaseUrgency.EMERGENCY))[0] for _ in range(2)]
        for waited in (0.0, 100.0, 299.9):
            wait = await tell(office.engine, ears.send, GAP, lambda now=ears.now + waited: now)  # type: ignore[misc]
            assert wait == pytest.approx(GAP - waited, abs=0.002)
        assert len(ears.heard) == 1
        (note,) = await ears.later()
        assert sorted(note.splitlines()) == sorted(f"New: {ref.short} (emergency)" for ref in refs)

    def test_a_long_list_is_cut_and_counted(self) -> None:
        note = Note(CaseRef("3fa9c2" + "0" * 26), CaseUrgency.EMERGENCY, True, None, 1)
        assert text_of([note] * MOST).splitlines() == ["New: 3FA-9C2 (emergency)"] * MOST
        assert text_of([note] * (MOST + 7)).splitlines()[-2:] == ["New: 3FA-9C2 (emergency)", "and 7 more"]
        longest = Note(note.ref, CaseUrgency.EMERGENCY, False, "2027-02-22", 1)
        assert len(text_of([longest] * 1000)) < 4096


class TestDeletion:
    TODAY = dt.date(2027, 2, 19)

    async def announced(self, office: Office, ears: Ears, anna: UnlockedMember) -> tuple[CaseRef, CodeKeys]:
        ref, keys = await office.file("words")
        await ears.listen()
        await office.open(anna, ref)
        await close(office, anna, ref)
        async with office.writing() as connection:
            assert (await purge(connection, self.TODAY)).announced == (ref,)
        return ref, keys

    async def test_it_is_told_once_with_its_day_after_what_is_to_be_read(
        self, office: Office, ears: Ears, anna: UnlockedMember
    ) -> None:
        ref, _ = await self.announced(office, ears, anna)
        new, _ = await office.file("words")
        (note,) = await ears.later()
        assert note.splitlines() == [
            f"New: {new.short} (normal)",
            f"Will be deleted on 2027-02-22 unless you keep it: {ref.short}",
        ]
        assert await ears.later() == []
        async with office.writing() as connection:
            assert (await purge(connection, dt.date(2027, 2, 22))).shredded == (ref,)
        assert await ears.later() == []

    async def test_one_that_is_kept_in_time_is_not_told_and_later_told_anew(
        self, office: Office, ears: Ears, anna: UnlockedMember
    ) -> None:
        ref, _ = await self.announced(office, ears, anna)
        async with office.writing() as connection:
            await casework.keep_until(connection, anna, ref.id, dt.date(2027, 6, 1), office.now)
        assert await ears.later() == []
        async with office.writing() as connection:
            await purge(connection, dt.date(2027, 5, 30))
        assert await ears.later() == [f"Will be deleted on 2027-06-02 unless you keep it: {ref.short}"]

    async def test_one_that_is_written_to_is_told_as_an_addition(
        self, office: Office, ears: Ears, anna: UnlockedMember
    ) -> None:
        ref, keys = await self.announced(office, ears, anna)
        await add(office, keys)
        assert await ears.later() == [f"Added to: {ref.short} (normal)"]


class TestRatherTwiceThanNever:
    async def test_a_note_that_did_not_arrive_is_tried_again_in_five_minutes(self, office: Office, ears: Ears) -> None:
        ref, _ = await office.file("words")
        tries: list[str] = []

        async def refused(text: str) -> bool:
            tries.append(text)
            return False

        assert await tell(office.engine, refused, GAP, lambda: ears.now) == GAP
        assert await tell(office.engine, refused, GAP, lambda: ears.now + 1) == pytest.approx(GAP - 1, abs=0.002)
        assert len(tries) == 1
        assert await ears.later() == [f"New: {ref.short} (normal)"]
        assert await ears.later() == []

    async def test_after_a_crash_between_sending_and_noting_it_comes_again(self, office: Office, ears: Ears) -> None:
        ref, _ = await office.file("words")

        async def send_and_die(text: str) -> bool:
            await ears.send(text)
            raise KeyError("the process dies here")

        with pytest.raises(KeyError):
            await tell(office.engine, send_and_die, GAP, lambda: ears.now)
        assert await ears.listen() == []
        assert await ears.later() == [f"New: {ref.short} (normal)"]
        assert await ears.later() == []

    @pytest.mark.parametrize("what", ["added", "raised", "opened and added"])
    async def test_what_changes_while_a_note_is_under_way_is_told_by_the_next(
        self, office: Office, ears: Ears, anna: UnlockedMember, what: str
    ) -> None:
        ref, keys = await office.file("words")

        async def send(text: str) -> bool:
            if what == "opened and added":
                await office.open(anna, ref)
            await add(office, keys, CaseUrgency.HIGH if what == "raised" else None)
            return await ears.send(text)

        await tell(office.engine, send, GAP, lambda: ears.now)
        told = {"added": "New: {} (normal)", "raised": "New: {} (high)", "opened and added": "Added to: {} (normal)"}
        assert await ears.later() == [told[what].format(ref.short)]
        assert await ears.later() == []

    async def test_the_five_minutes_begin_when_a_slow_note_has_arrived(self, office: Office, ears: Ears) -> None:
        await office.file("words")

        async def slow(text: str) -> bool:
            ears.now += 200
            return await ears.send(text)

        await tell(office.engine, slow, GAP, lambda: ears.now)
        await office.file("words")
        assert await tell(office.engine, ears.send, GAP, lambda: ears.now) == pytest.approx(GAP, abs=0.002)

    async def test_nothing_is_locked_while_a_note_is_under_way(self, office: Office, ears: Ears) -> None:
        await office.file("words")

        async def send(text: str) -> bool:
            async with asyncio.timeout(2):
                await office.file("more words")
            return True

        assert await tell(office.engine, send, GAP, lambda: ears.now) is None


class TestSeveralProcesses:
    async def test_of_many_at_once_one_sends(self, office: Office, ears: Ears) -> None:
        await office.file("words")
        engines = [engine_of(office.where) for _ in range(5)]

        async def slow(text: str) -> bool:
            await asyncio.sleep(0.2)
            return await ears.send(text)

        waits = await asyncio.gather(*(tell(engine, slow, GAP, lambda: ears.now) for engine in engines))
        assert len(ears.heard) == 1
        assert sorted(wait is None for wait in waits) == [False] * 4 + [True]
        for engine in engines:
            await engine.dispose()

    async def test_the_five_minutes_hold_across_a_restart(self, office: Office, ears: Ears) -> None:
        await office.file("words")
        await ears.listen()
        await office.file("words")
        other = engine_of(office.where)
        assert await tell(other, ears.send, GAP, lambda: ears.now + GAP - 1) == pytest.approx(1, abs=0.002)
        assert await tell(other, ears.send, GAP, lambda: ears.now + GAP) is None
        assert len(ears.heard) == 2
        await other.dispose()

    async def test_a_clock_that_was_wrong_holds_nothing_back(self, office: Office, ears: Ears) -> None:
        async with office.engine.begin() as connection:
            await connection.execute(update(staff_chat).values(at=int((ears.now + 10_000_000) * 1000)))
        await office.file("words")
        assert len(await ears.listen()) == 1

    async def test_where_there_is_nothing_to_tell_no_turn_is_taken(self, office: Office, ears: Ears) -> None:
        assert await ears.listen() == []
        async with office.engine.connect() as connection:
            assert (await connection.execute(select(staff_chat.c.at))).scalar_one() == 0
        await office.file("words")
        assert len(await ears.listen()) == 1


async def test_many_cases_that_are_read_cost_little(office: Office, ears: Ears) -> None:
    rows = [
        {
            "id": f"{number:032x}",
            "day": "2026-11-24",
            "urgency": "normal",
            "status": Status.CLOSED.value,
            "envelopes": 1,
        }
        for number in range(5000)
    ]
    async with office.engine.begin() as connection:
        await connection.execute(insert(cases), rows)
    began = asyncio.get_running_loop().time()
    assert await ears.listen() == []
    assert asyncio.get_running_loop().time() - began < 1
