"""What the desk shows of who let whom in, and of what nobody did."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, update

from safetybot.storage.database import engine_of
from safetybot.storage.tables import audit_head, roster, staff
from tests.desk.station import Station

ALARM = "nobody on the list of members vouched for"


async def test_each_member_is_shown_with_who_let_them_in_and_a_fingerprint(station: Station) -> None:
    ada = await station.login("Ada")
    await ada.open("/staff")
    assert "vouched for by an operator with the server's secret on 2026-11-24, valid" in ada.text
    await ada.post("/staff/add", {"name": "Ben", "passphrase": ada.passphrase})
    await ada.open("/staff")
    assert "let in by Ada on 2026-11-24, signature valid" in ada.text
    assert ALARM not in ada.text
    await ada.open(f"/staff/{ada.login.member.id}")
    (shown,) = [each.text for each in ada.page.find("dd", class_="mono")]
    assert len(shown.split()) == 5


async def test_a_row_that_nobody_let_in_is_told_on_every_page_and_cannot_be_granted(station: Station) -> None:
    ada = await station.login("Ada")
    engine = engine_of(station.office.where)
    async with engine.begin() as connection:
        row = dict((await connection.execute(select(staff))).one()._mapping)
        await connection.execute(insert(staff).values({**row, "id": "f" * 16, "name": "Mallory"}))
    for page in ("/", "/staff", "/audit", "/account"):
        await ada.open(page)
        assert ALARM in ada.text
    await ada.open(f"/staff/{'f' * 16}")
    assert "NOT VOUCHED FOR: nobody let this account in" in ada.text
    await station.office.file("words")
    await ada.post(f"/staff/{'f' * 16}/grant", {"passphrase": ada.passphrase})
    await station.parts.jobs.drain()
    await ada.open(f"/staff/{'f' * 16}")
    assert "nothing is granted to it" in ada.text
    async with engine.begin() as connection:
        await connection.execute(delete(staff).where(staff.c.id == "f" * 16))
    await engine.dispose()
    await ada.open("/")
    assert ALARM not in ada.text


async def test_without_a_list_it_can_be_looked_at_and_nobody_is_added(station: Station) -> None:
    ada = await station.login("Ada")
    engine = engine_of(station.office.where)
    async with engine.begin() as connection:
        await connection.execute(update(roster).values(mac=bytes(32)))
        await connection.execute(update(audit_head).values(seal=bytes(32)))
    await engine.dispose()
    await ada.open("/staff")
    assert "no report is taken" in ada.text
    await ada.post("/staff/add", {"name": "Ben", "passphrase": ada.passphrase})
    assert "The list of members was changed" in ada.text
    await ada.open("/audit")
    assert "without the server's secret" in ada.text
