"""What one member does for another, and for their own account."""

from __future__ import annotations

import asyncio
import datetime as dt
import json

import pytest

from safetybot.reports import casework
from safetybot.reports.cases import CaseRef
from safetybot.staff import recovery
from safetybot.staff.members import Member, list_members
from safetybot.staff.recovery import spell
from safetybot.vault.audit import AuditRow, history
from safetybot.vault.sealing import KeyPair
from tests.desk.station import Phone, Seat, Station
from tests.reports.office import Office


async def member(station: Station, name: str) -> Member:
    async with station.office.engine.connect() as connection:
        return next(one for one in await list_members(connection) if one.name == name)


async def newest(office: Office) -> AuditRow:
    async with office.engine.connect() as connection:
        return (await history(connection))[-1]


async def does(seat: Seat, name: str, act: str, passphrase: str | None = None) -> str:
    """An act on a colleague's page."""
    one = await member(seat.station, name)
    await seat.open(f"/staff/{one.id}")
    await seat.submit(f"/staff/{one.id}/{act}", {"passphrase": passphrase or seat.passphrase})
    return seat.text


async def opens(station: Station, seat: Seat, ref: CaseRef) -> int:
    """How many messages of a case a member can read."""
    async with station.office.writing() as connection:
        return len((await casework.open_case(connection, seat.login.member, ref.id, station.office.now)).messages)


class TestColleagues:
    async def test_a_new_member_gets_in_with_what_is_shown_once(self, station: Station) -> None:
        ada = await station.login("Ada")
        await ada.post("/staff/add", {"name": " Grace  Hopper ", "passphrase": ada.passphrase})
        (secret,) = [each.text for each in ada.page.find("p", class_="secret")]
        row = await newest(station.office)
        assert (row.act, row.actor) == ("staff added", ada.login.member.id)
        assert secret.encode() not in station.office.on_disk()
        await ada.open("/staff")
        assert secret not in ada.text
        grace = station.visitor("Grace Hopper")
        await grace.types(secret)
        assert grace.path == "/login/passphrase"

    @pytest.mark.parametrize(
        ("name", "says"), [("ada", "Another member of staff has this name"), ("", "1 to 80"), ("x" * 81, "1 to 80")]
    )
    async def test_a_name_that_cannot_be(self, station: Station, name: str, says: str) -> None:
        ada = await station.login("Ada")
        await ada.post("/staff/add", {"name": name, "passphrase": ada.passphrase})
        assert (ada.status, says in ada.text) == (403, True)
        assert ada.page.find("input", name="name")[0].get("value") == name

    @pytest.mark.parametrize("act", ["disable", "reset", "grant"])
    async def test_nothing_without_the_passphrase(self, station: Station, act: str) -> None:
        ada = await station.login("Ada")
        await station.office.file({"answers": []})
        await station.login("Grace")
        before = await member(station, "Grace")
        for wrong in ("not this", "", " "):
            await ada.post(f"/staff/{before.id}/{act}", {"passphrase": wrong})
            assert ada.status == 403
            assert "passphrase" in ada.text
        assert await member(station, "Grace") == before
        row = await newest(station.office)
        assert (row.act, json.loads(row.detail)["member"]) == ("confirmation failed", ada.login.member.id)
        for _ in range(4):
            await ada.post(f"/staff/{before.id}/{act}", {"passphrase": "not this"})
        await ada.post(f"/staff/{before.id}/{act}", {"passphrase": ada.passphrase})
        assert "Too many tries went wrong" in ada.text

    async def test_disabling_shuts_out_at_once(self, station: Station) -> None:
        ada, grace = await station.login("Ada"), await station.login("Grace")
        login = grace.login
        text = await does(ada, "Grace", "disable")
        assert "You are the only active member now" in text
        assert login.why is not None
        assert not any(login.member._private)
        row = await newest(station.office)
        assert (row.act, row.actor) == ("staff disabled", ada.login.member.id)
        await grace.enter()
        assert grace.status in (401, 403)

    async def test_enabling_lets_in_again(self, station: Station) -> None:
        ada = await station.login("Ada")
        await station.login("Grace")
        await does(ada, "Grace", "disable")
        ref, _ = await station.office.file({"answers": []})
        assert "active again" in await does(ada, "Grace", "enable")
        assert "1 case holds something that they cannot open" in ada.text
        grace = await station.login("Grace")
        assert await opens(station, grace, ref) == 0
        await does(ada, "Grace", "grant")
        await station.parts.jobs.drain()
        await ada.open(f"/staff/{grace.login.member.id}")
        assert "1 envelopes can be opened now" in ada.text
        assert "They can open everything there is" in ada.text
        assert await opens(station, grace, ref) == 1

    async def test_not_ones_own_account(self, station: Station) -> None:
        ada = await station.login("Ada")
        me = ada.login.member.id
        for act in ("disable", "reset"):
            await ada.post(f"/staff/{me}/{act}", {"passphrase": ada.passphrase})
            assert ada.status == 403
        assert (await member(station, "Ada")).active

    async def test_a_lost_phone(self, station: Station) -> None:
        ada, grace = await station.login("Ada"), await station.login("Grace")
        login = grace.login
        await does(ada, "Grace", "reset")
        assert login.why is not None
        await grace.open("/audit")
        assert "Your second factor was reset" in grace.text
        await grace.types(grace.passphrase)
        assert grace.path == "/login/enrol"
        await grace.enrols()
        await grace.post("/login/codes")
        assert grace.login.inside

    @pytest.mark.parametrize("path", ["/staff/nobody", f"/staff/{'0' * 16}", "/staff/..%2f"])
    async def test_nobody_of_this_id(self, station: Station, path: str) -> None:
        ada = await station.login("Ada")
        await ada.open(path)
        assert ada.status == 404

    async def test_a_grant_that_is_broken_off_goes_on_where_it_was(
        self, station: Station, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The one who grants locks the desk in the middle: what was given stays, and the rest is given later."""
        monkeypatch.setattr(recovery, "_BATCH", 2)
        ada = await station.login("Ada")
        refs = [(await station.office.file({"answers": []}))[0] for _ in range(5)]
        grace = await station.login("Grace")
        first, member_of = asyncio.Event(), ada.login.member

        def progress(done: int, total: int) -> None:
            if done == 4:
                member_of.wipe()
                first.set()

        with pytest.raises(Exception, match="log in again"):
            await recovery.grant(
                station.office.engine, member_of, grace.login.member.id, station.office.now, progress=progress
            )
        assert first.is_set()
        async with station.office.engine.connect() as connection:
            assert await recovery.missing_cases(connection, grace.login.member.id) == 1
        ada = await station.login("Ada")
        given = await recovery.grant(station.office.engine, ada.login.member, grace.login.member.id, station.office.now)
        assert given.opened == 1
        assert [await opens(station, grace, ref) for ref in refs] == [1] * 5


class TestTheDrill:
    async def test_the_right_key(self, station: Station) -> None:
        ada = await station.login("Ada")
        assert station.office.recovery
        spelt = spell(station.office.recovery)
        await ada.post("/staff/drill", {"key": spelt})
        assert "There is no message yet" in ada.text
        await station.office.file({"answers": []})
        await ada.post("/staff/drill", {"key": spelt.lower().replace("-", " ")})
        assert "it opens the newest message" in ada.text
        assert spelt[:9].lower() not in ada.response.text.lower()
        row = await newest(station.office)
        assert (row.act, row.detail) == ("recovery drill", '{"result":"good"}')
        assert station.office.recovery.private not in station.office.on_disk()
        assert spelt.encode() not in station.office.on_disk()
        await ada.open("/staff")
        assert "Last tried on 24 Nov 2026, 10:30 (UTC), and it was good" in ada.text

    async def test_a_key_of_elsewhere(self, station: Station) -> None:
        ada = await station.login("Ada")
        await ada.post("/staff/drill", {"key": spell(KeyPair.new())})
        assert "not the one of this installation" in ada.text
        assert (await newest(station.office)).detail == '{"result":"wrong key"}'
        await ada.open("/staff")
        assert "it did NOT work" in ada.text

    async def test_a_slip(self, station: Station) -> None:
        ada = await station.login("Ada")
        before = await newest(station.office)
        for typed in ("", "ABCD", "x" * 300, "U" * 56):
            await ada.post("/staff/drill", {"key": typed})
            assert ada.status == 403
            assert not typed or typed not in ada.response.text
        assert await newest(station.office) == before


class TestTheOwnAccount:
    async def test_another_passphrase(self, station: Station) -> None:
        ada = await station.login("Ada")
        old, new = ada.passphrase, "four brand new words"
        await ada.post("/account/passphrase", {"passphrase": old, "passphrase-new": new, "passphrase-again": new})
        assert "Your passphrase is changed" in ada.text
        seat = station.visitor("Ada")
        await seat.types(old)
        assert seat.status == 403
        await seat.types(new)
        assert seat.path == "/login/second"

    async def test_another_phone_and_other_codes(self, station: Station) -> None:
        ada = await station.login("Ada")
        old = ada.phone
        await ada.open("/account/second/confirm")
        assert ada.path == "/account", "not without the passphrase"
        await ada.post("/account/second", {"passphrase": "not this"})
        assert ada.status == 403
        await ada.post("/account/second", {"passphrase": ada.passphrase})
        await ada.post("/account/second/confirm", {"code": "000000"})
        assert ada.status == 403
        await ada.enrols("/account/second/confirm")
        seat = station.visitor("Ada")
        await seat.types(ada.passphrase)
        await seat.post("/login/second", {"code": old.code()})
        assert seat.status == 403
        await seat.post("/login/second", {"code": old.codes[0]})
        assert seat.status == 403
        await seat.post("/login/second", {"code": ada.phone.code()})
        assert seat.login.inside
        await seat.post("/account/codes", {"passphrase": seat.passphrase})
        codes = [each.text for each in seat.page.find("ul", class_="secret")[0].find("li")]
        assert not set(codes) & set(ada.phone.codes)

    async def test_recovery_codes_run_out(self, station: Station) -> None:
        await station.login("Ada")
        phone: Phone = station.phones["Ada"]
        for left, code in zip(reversed(range(10)), phone.codes, strict=True):
            seat = station.visitor("Ada")
            await seat.types(seat.passphrase)
            await seat.post("/login/second", {"code": code})
            says = {0: "It was the last one", 1: "1 is left"}.get(left, f"{left} are left")
            assert says in seat.text
        await seat.open("/account")
        assert "You have no recovery code left" in seat.text

    async def test_the_own_log_ins_are_shown(self, station: Station) -> None:
        ada = await station.login("Ada")
        await station.visitor("Ada").types("wrong wrong wrong")
        await station.login("Grace")
        station.office.now += dt.timedelta(days=1)
        await station.visitor("Grace").types("wrong wrong wrong")
        ada = await station.login("Ada")
        await ada.open("/account")
        shown = [[cell.text for cell in row.find("td")] for row in ada.page.find("tr")[1:]]
        assert [what for _, what in shown] == [
            "Logged in",
            "Somebody typed your name and a wrong passphrase",
            "Logged in",
        ]
