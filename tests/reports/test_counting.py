"""What a report tells is counted once, with the opening or the reply it belongs to, and without a word of it."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from safetybot.reports import casework, counting
from safetybot.reports.cases import CaseRef, case_row
from safetybot.reports.counting import BANDS, count_opened, count_replied
from safetybot.reports.platforms import PLATFORMS
from safetybot.staff.login import UnlockedMember
from safetybot.storage import tables
from safetybot.vault.envelopes import EnvelopeKind, load, open_all
from safetybot.vault.sealing import Json
from tests.reports.office import START, Office

SECRET = "zebedee quince"


def answer(question: str, *choices: str, words: str = "") -> dict[str, Any]:
    return {"question": question, "label": question, "choices": list(choices), "buttons": [], "words": words}


def report(*answers: Any) -> Json:
    return {"language": "en", "urgency": "high", "answers": list(answers)}


TOLD = report(
    answer("what-happened", words=f"{SECRET} on snapchat and discord"),
    answer("where", words=f"snap chat, then insta. {SECRET}"),
    answer("kind", "threats", "pictures"),
    answer("age", "from-11"),
)
COUNTED = {
    ("2026", "kind", "threats"): 1,
    ("2026", "kind", "pictures"): 1,
    ("2026", "age", "from-11"): 1,
    ("2026", "platform", "snapchat"): 1,
    ("2026", "platform", "instagram"): 1,
    ("2026", "opened within", "4 h"): 1,
}


async def rows(office: Office) -> dict[tuple[str, str, str], int]:
    async with office.engine.connect() as connection:
        found = await connection.execute(select(tables.figures))
        return {(row.year, row.dimension, row.value): row.count for row in found}


async def opens(office: Office, member: UnlockedMember, ref: CaseRef, at: dt.datetime | None = None) -> bool:
    """Counts what this member can open of a case, as opening it does."""
    async with office.writing() as connection:
        row = await case_row(connection, ref.id)
        opened = open_all(ref.id, await load(connection, ref.id, member.id), member.pair())
        return await count_opened(connection, row, opened.messages, at or office.now)


async def replies(office: Office, member: UnlockedMember, ref: CaseRef) -> bool:
    """Counts a reply, and stores one."""
    async with office.writing() as connection:
        counted = await count_replied(connection, member, await case_row(connection, ref.id), office.now)
        stored = {
            "case_id": ref.id,
            "kind": EnvelopeKind.REPLY.value,
            "day": "2026-11-24",
            "unread": False,
            "sealed": b"",
        }
        number = (await connection.execute(select(tables.envelopes.c.number))).scalars().all()
        await connection.execute(tables.envelopes.insert().values(number=len(number) + 1, **stored))
        return counted


async def test_opening_counts_once(office: Office) -> None:
    ada, ben = await office.hire("Ada"), await office.hire("Ben")
    ref, _ = await office.file(TOLD)
    office.later(hours=3)
    assert await opens(office, ada, ref)
    assert await rows(office) == COUNTED
    office.later(days=3)
    assert not await opens(office, ada, ref)
    assert not await opens(office, ben, ref)
    assert await rows(office) == COUNTED
    assert SECRET.encode() not in office.on_disk()


async def test_the_desk_counts_as_it_opens_and_replies(office: Office) -> None:
    ada = await office.hire("Ada")
    ref, _ = await office.file(TOLD)
    office.later(hours=3)
    for _ in range(2):
        await office.open(ada, ref)
        async with office.writing() as connection:
            await casework.reply(connection, ada, ref.id, {"text": "Hello"}, office.now)
        office.later(days=1)
    assert await rows(office) == {**COUNTED, ("2026", "replied within", "4 h"): 1}


async def test_two_members_at_once_count_once(office: Office) -> None:
    members = [await office.hire(name) for name in ("Ada", "Ben", "Cy")]
    ref, _ = await office.file(TOLD)
    office.later(hours=3)
    assert sum(await asyncio.gather(*(opens(office, member, ref) for member in members))) == 1
    assert await rows(office) == COUNTED


async def test_a_crash_leaves_neither_the_opening_nor_its_count(office: Office) -> None:
    ada = await office.hire("Ada")
    ref, _ = await office.file(TOLD)
    async with office.engine.connect() as connection:  # nothing is committed
        row = await case_row(connection, ref.id)
        opened = open_all(ref.id, await load(connection, ref.id, ada.id), ada.pair())
        assert await count_opened(connection, row, opened.messages, office.now)
    assert await rows(office) == {}
    assert await opens(office, ada, ref)


async def test_who_cannot_open_it_does_not_count_it(office: Office) -> None:
    ada = await office.hire("Ada")
    ref, _ = await office.file(TOLD)
    late = await office.hire("Late")
    assert not await opens(office, late, ref)
    office.later(hours=1)
    assert await opens(office, ada, ref)
    assert (await rows(office))["2026", "opened within", "4 h"] == 1


async def test_the_first_reply_counts_under_the_year_of_the_report(office: Office) -> None:
    ada = await office.hire("Ada")
    office.now = dt.datetime(2026, 12, 31, 23, 30, tzinfo=dt.UTC)
    ref, _ = await office.file(TOLD)
    await opens(office, ada, ref)
    office.later(days=3)
    assert await replies(office, ada, ref)
    assert not await replies(office, ada, ref)
    found = await rows(office)
    assert found["2026", "replied within", "7 days"] == 1
    assert {year for year, _, _ in found} == {"2026"}


async def test_a_reply_to_what_cannot_be_opened_is_of_unknown_time(office: Office) -> None:
    await office.hire("Ada")
    ref, _ = await office.file(TOLD)
    late = await office.hire("Late")
    assert await replies(office, late, ref)
    assert await rows(office) == {("2026", "replied within", "unknown"): 1}


@pytest.mark.parametrize(
    ("took", "band"),
    [
        (dt.timedelta(seconds=-5), "1 h"),
        (dt.timedelta(0), "1 h"),
        (dt.timedelta(minutes=59, seconds=59), "1 h"),
        (dt.timedelta(hours=1), "4 h"),
        (dt.timedelta(hours=4), "24 h"),
        (dt.timedelta(hours=24), "2 days"),
        (dt.timedelta(hours=48), "7 days"),
        (dt.timedelta(days=7), "longer"),
        (dt.timedelta(days=400), "longer"),
    ],
)
def test_how_long_it_took(took: dt.timedelta, band: str) -> None:
    since = "2026-11-24T10:30:00Z"
    assert counting._band(since, START + took) == band
    assert band in BANDS


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from([SECRET, "kind", "=1+1"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["answers", "question", "choices", "words", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)
_QUESTION = st.sampled_from(["kind", "age", "where", "who"])
_ODD = st.fixed_dictionaries({"question": _QUESTION, "choices": _JSON, "words": _JSON})
_BODIES = _JSON | st.lists(_ODD | _JSON, max_size=5).map(lambda answers: report(*answers))


@given(_BODIES)
def test_whatever_a_report_is_made_of_only_ids_and_platforms_are_counted(body: Json) -> None:
    told = list(counting._told(body))
    assert len(set(told)) == len(told)
    assert {dimension for dimension, _ in told} == {"kind", "age", "platform"}
    for dimension, value in told:
        assert SECRET not in value
        assert len(value) <= 40
        assert dimension != "platform" or value in PLATFORMS
        assert value.replace("-", "").replace(" ", "").isalnum()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=st.lists(
        st.tuples(
            st.sampled_from(["open", "open and crash", "reply", "reply and crash"]),
            st.integers(0, 2),
            st.integers(0, 1),
        ),
        max_size=14,
    )
)
async def test_in_any_order_each_case_counts_once(office: Office, acts: list[tuple[str, int, int]]) -> None:
    """Sums are those of the cases that were opened, and of those replied to, whatever came twice or was cut short."""
    if not office.members:
        for name in ("Ada", "Ben"):
            await office.hire(name)
        office.cases = [(await office.file(TOLD))[0] for _ in range(3)]  # type: ignore[attr-defined]
    refs: list[CaseRef] = office.cases  # type: ignore[attr-defined]
    async with office.engine.begin() as connection:
        await connection.execute(delete(tables.figures))
        await connection.execute(delete(tables.envelopes).where(tables.envelopes.c.kind == EnvelopeKind.REPLY.value))
        await connection.execute(update(tables.cases).values(counted=False))
    opened, replied = set(), set()
    for act, case, who in acts:
        member, ref = list(office.members.values())[who], refs[case]
        try:
            async with office.writing() as connection:
                row = await case_row(connection, ref.id)
                if act.startswith("open"):
                    messages = open_all(ref.id, await load(connection, ref.id, member.id), member.pair()).messages
                    assert await count_opened(connection, row, messages, office.now) == (case not in opened)
                else:
                    assert await count_replied(connection, member, row, office.now) == (case not in replied)
                    await connection.execute(
                        tables.envelopes.insert().values(
                            case_id=ref.id,
                            number=100 + len(acts) + acts.index((act, case, who)) + 1000 * len(replied),
                            kind=EnvelopeKind.REPLY.value,
                            day="2026-11-24",
                            unread=False,
                            sealed=b"",
                        )
                        if case not in replied
                        else select(1)
                    )
                if act.endswith("crash"):
                    raise ConnectionError
        except ConnectionError:
            continue
        (opened if act.startswith("open") else replied).add(case)
    found = await rows(office)
    for dimension, number in (("age", len(opened)), ("opened within", len(opened)), ("replied within", len(replied))):
        assert sum(count for (_, each, _), count in found.items() if each == dimension) == number
