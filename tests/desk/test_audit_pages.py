"""The audit log in plain words, and whether its chain holds."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from safetybot.desk.audit_words import ACTS, detail_words, shown_time
from safetybot.reports import casework
from safetybot.vault import audit
from safetybot.vault.audit import BOT, Act, AuditRow, Head, append, head, history, spell_head
from tests.databases import BOTH
from tests.desk.station import Seat, Station
from tests.reports.office import Office

DATABASES = BOTH

PAGE = 100


def table(seat: Seat) -> list[list[str]]:
    return [[cell.text for cell in row.find("td")] for row in seat.page.find("tbody")[0].find("tr")]


async def noted(office: Office) -> str:
    async with office.engine.connect() as connection:
        return spell_head(await head(connection))


async def fill(office: Office, many: int) -> None:
    async with office.writing() as connection:
        for _ in range(many):
            await append(connection, BOT, Act.FILED, "2026-11-24", "ab" * 16)


async def test_names_and_plain_words(station: Station) -> None:
    ada = await station.login("Ada")
    ref, _ = await station.office.file({"answers": []})
    async with station.office.writing() as connection:
        await casework.open_case(connection, ada.login.member, ref.id, station.office.now)
    await ada.open("/audit")
    first, second = table(ada)[:2]
    assert first[1:] == ["24 Nov 2026, 10:30", "Ada", "Changed the status", ref.short, "from new to open"]
    assert second[1:5] == ["24 Nov 2026, 10:30", "Ada", "Opened the case", ref.short]
    assert ada.page.find("a", href=f"/cases/{ref.id}")


async def test_filters(station: Station) -> None:
    ada = await station.login("Ada")
    await station.login("Grace")
    ref, _ = await station.office.file({"answers": []})
    me = ada.login.member.id
    for query, wanted in (
        (f"case={ref.short}", {"A report came in"}),
        (f"case={ref.id}", {"A report came in"}),
        ("act=filed", {"A report came in"}),
        ("member=bot", {"A report came in"}),
        ("day=2026-11-23", set()),
        (f"member={me}&act=staff+added", {"Added a member of staff"}),
    ):
        await ada.open(f"/audit?{query}")
        found = {row[3] for row in table(ada)} if ada.page.find("tbody") else set()
        assert found == wanted, query
    await ada.open("/audit?day=2026-11-24")
    assert len(table(ada)) == 11
    for query in ("case=xyz", "day=yesterday"):
        await ada.open(f"/audit?{query}")
        assert "No row fits" in ada.text
        assert ada.page.find("p", role="alert")


async def test_pages_of_a_hundred(station: Station) -> None:
    ada = await station.login("Ada")
    await fill(station.office, 2 * PAGE)
    await ada.open("/audit")
    seen = [row[0] for row in table(ada)]
    while older := [link for link in ada.page.find("a") if link.text == "Older rows"]:
        await ada.open(older[0].get("href"))
        seen += [row[0] for row in table(ada)]
    async with station.office.engine.connect() as connection:
        assert seen == [str(row.number) for row in reversed(await history(connection))]


async def test_a_chain_that_holds_is_shown_with_its_head(station: Station) -> None:
    ada = await station.login("Ada")
    await ada.open("/audit")
    before = await noted(station.office)
    assert before in ada.text
    await fill(station.office, 10)
    await ada.post("/audit/check", {"noted": f" {before.upper()}\n"})
    assert "All 15 rows hold, and row 5 is as it was noted" in ada.text
    await ada.open("/audit")
    assert await noted(station.office) in ada.text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE audit_log SET actor = 'bot' WHERE number = 3", "row 3: changed"),
        ("DELETE FROM audit_log WHERE number = 2", "row 2: missing"),
        ("DELETE FROM audit_log WHERE number = 5", "row 5: missing at the end"),
    ],
)
async def test_one_that_was_changed_is_told(station: Station, change: str, says: str) -> None:
    ada = await station.login("Ada")
    await ada.open("/audit")
    assert "rows hold" in ada.text
    async with station.office.engine.begin() as connection:
        await connection.execute(text(change))
    await ada.post("/audit/check")
    assert says in ada.text
    assert "Tell whoever runs the bot" in ada.text


async def test_a_head_of_elsewhere_is_told(station: Station) -> None:
    ada = await station.login("Ada")
    other = spell_head(Head(3, bytes(32)))
    await ada.post("/audit/check", {"noted": other})
    assert "row 3: not what was noted of it earlier" in ada.text
    await ada.post("/audit/check", {"noted": "3:abc"})
    assert (ada.status, "a number, a colon and 64" in ada.text) == (403, True)
    assert ada.page.find("input", name="noted")[0].get("value") == "3:abc"


async def test_what_is_added_meanwhile_is_not_taken_for_damage(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look at the database, whatever others write between the last row that is read and the head."""
    ada, read_the_head = await station.login("Ada"), audit.head

    async def after_another_row(connection: AsyncConnection) -> Head:
        await fill(station.office, 1)
        return await read_the_head(connection)

    monkeypatch.setattr(audit, "head", after_another_row)
    await ada.post("/audit/check")
    assert "rows hold" in ada.text


async def test_every_act_has_words() -> None:
    assert not {act for act in Act if str(act) not in ACTS}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(detail=st.text(max_size=60), at=st.text(max_size=20))
async def test_any_row_can_be_shown(detail: str, at: str) -> None:
    detail_words(AuditRow(1, at, "x", "y", None, detail, b""), {})
    shown_time(at)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.dictionaries(st.sampled_from(["member", "act", "case", "day", "before", "x"]), st.text(max_size=50)))
async def test_anything_can_be_asked_for(station: Station, asked: dict[str, str]) -> None:
    ada = station.__dict__.get("kept") or await station.login("Ada")
    station.__dict__["kept"] = ada
    clean = {name: value.encode("utf-8", "replace").decode() for name, value in asked.items()}
    assert (await ada.client.get("/audit", params=clean)).status_code == 200
