"""Logging in and out: nothing of a case before both factors, and no key in memory after."""

from __future__ import annotations

import datetime as dt
import re

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safetybot.desk.app import desk_app
from safetybot.desk.live_guidance import DeskGuidance
from safetybot.desk.login_sweeper import sweep
from safetybot.desk.logins import ENTERING, IDLE, LONGEST, Ended, LoginStage
from safetybot.desk.options import DeskNotPrivate, DeskOptions
from safetybot.guidance.reader import Library
from safetybot.staff import members, recovery
from safetybot.staff.errors import MemberLocked
from safetybot.staff.login import UnlockedMember
from safetybot.vault.audit import DESK, history
from tests.desk.station import PUBLIC, Seat, Station
from tests.reports.office import CHEAP, PASSPHRASE, Office

INSIDE = ("/", "/figures", "/audit", "/staff", "/account")


async def rows(office: Office, actor: str = DESK) -> list[str]:
    async with office.engine.connect() as connection:
        return [row.act for row in await history(connection) if row.actor == actor]


def is_wiped(member: UnlockedMember) -> bool:
    try:
        member.pair()
    except MemberLocked:
        return not any(member._private)
    return False


async def is_shut_out(seat: Seat) -> bool:
    """From every page, of every kind."""
    for path in INSIDE:
        response = await seat.client.get(path)
        if not (response.is_redirect and response.headers["location"].startswith("/login")):
            return False
    case = await seat.client.get(f"/cases/{'0' * 32}")
    return case.status_code == 303 and (await seat.send("/staff/add", {"name": "Eve"})).status_code in (303, 401)


class TestTheWayIn:
    async def test_nothing_can_be_reached_on_the_way(self, station: Station) -> None:
        await station.hire("Ada")
        seat = station.visitor("Ada")
        assert await is_shut_out(seat)
        await seat.types(PASSPHRASE)
        assert seat.path == "/login/passphrase"
        assert await is_shut_out(seat)
        await seat.post("/login/passphrase", {"passphrase-new": seat.passphrase, "passphrase-again": seat.passphrase})
        assert seat.path == "/login/enrol"
        assert await is_shut_out(seat)
        await seat.enrols()
        assert seat.path == "/login/codes"
        assert await is_shut_out(seat)
        await seat.post("/login/codes")
        assert (seat.path, seat.status) == ("/", 200)
        again = station.visitor("Ada")
        await again.types(seat.passphrase)
        assert again.path == "/login/second"
        assert await is_shut_out(again)

    async def test_no_step_can_be_skipped(self, station: Station) -> None:
        await station.hire("Ada")
        seat = station.visitor("Ada")
        await seat.types(PASSPHRASE)
        for path in ("/login/enrol", "/login/second", "/login/codes"):
            await seat.post(path, {"code": "000000"})
            assert seat.path == "/login/passphrase", path
        assert not seat.login.inside

    async def test_a_passphrase_that_is_weak_or_mistyped_is_not_taken(self, station: Station) -> None:
        await station.hire("Ada")
        seat = station.visitor("Ada")
        await seat.types(PASSPHRASE)
        for new, again, says in (
            ("short", "short", "12 characters"),
            (PASSPHRASE, PASSPHRASE, "the passphrase you have"),
            ("one long passphrase", "another long passphrase", "not the same"),
        ):
            await seat.post("/login/passphrase", {"passphrase-new": new, "passphrase-again": again})
            assert (seat.status, says in seat.text) == (403, True)
            assert new not in seat.response.text
        await seat.post("/login/passphrase")  # as no browser sends it
        assert (seat.status, "12 characters" in seat.text) == (403, True)
        assert seat.login.stage is LoginStage.PASSPHRASE

    async def test_a_wrong_code_then_a_right_one(self, station: Station) -> None:
        ada = await station.login("Ada")
        seat = station.visitor("Ada")
        await seat.types(ada.passphrase)
        await seat.post("/login/second", {"code": "000000"})
        assert (seat.path, seat.status) == ("/login/second", 403)
        assert await rows(station.office) == ["second factor failed"]
        await seat.post("/login/second", {"code": seat.phone.code()})
        assert seat.login.inside
        assert "That login was ended" in seat.text

    async def test_a_code_cannot_be_replayed(self, station: Station) -> None:
        ada = await station.login("Ada")
        code = ada.phone.code()
        first, second = station.visitor("Ada"), station.visitor("Ada")
        for seat in (first, second):
            await seat.types(ada.passphrase)
        await first.post("/login/second", {"code": code})
        assert first.login.inside
        await second.post("/login/second", {"code": code})
        assert second.path in ("/login", "/login/second")
        assert second.status in (401, 403)

    async def test_codes_cannot_be_guessed(self, station: Station) -> None:
        ada = await station.login("Ada")
        seat = station.visitor("Ada")
        await seat.types(ada.passphrase)
        statuses = []
        for number in range(8):
            await seat.post("/login/second", {"code": f"{number:06}"})
            statuses.append(seat.status)
        assert statuses == [403] * 5 + [429] * 3
        assert int(seat.response.headers["retry-after"]) <= 30
        await seat.types(ada.passphrase)
        await seat.post("/login/second", {"code": "000000"})
        assert seat.status == 429, "the passphrase buys no new tries"
        assert (await rows(station.office)).count("locked out") == 1

    async def test_where_somebody_wanted_to_go_they_come(self, station: Station) -> None:
        await station.login("Ada")
        seat = station.visitor("Ada")
        await seat.open("/audit?act=opened")
        (field,) = seat.page.find("input", name="next")
        assert field.get("value") == "/audit?act=opened"
        await seat.submit("/login", {"name": "Ada", "passphrase": seat.passphrase})
        await seat.post("/login/second", {"code": seat.phone.code()})
        assert seat.path == "/audit"

    @pytest.mark.parametrize(
        "to", ["//evil.example", "https://evil.example", "/\\evil.example", "/a//b", "javascript:x"]
    )
    async def test_but_never_elsewhere(self, station: Station, to: str) -> None:
        await station.login("Ada")
        seat = station.visitor("Ada")
        await seat.post("/login", {"name": "Ada", "passphrase": seat.passphrase, "next": to})
        response = await seat.send("/login/second", {"code": seat.phone.code()})
        assert response.headers["location"] == "/"

    async def test_nobody_is_told_which_names_there_are(self, station: Station) -> None:
        await station.hire("Ada")
        pages = []
        for name in ("Ada", "Eve"):
            seat = station.visitor(name)
            for _ in range(6):
                await seat.types("wrong wrong wrong")
            pages.append((seat.status, re.sub(r"Ada|Eve", "", seat.text)))
        assert pages[0] == pages[1]
        assert pages[0][0] == 429

    async def test_an_empty_form_is_no_try(self, station: Station) -> None:
        for name, passphrase in (("", ""), ("Ada", " "), (" ", "x")):
            seat = station.visitor(name)
            await seat.types(passphrase, name)
            assert seat.status == 400
        assert await rows(station.office) == []

    async def test_a_disabled_member_is_nobody(self, station: Station) -> None:
        await station.login("Grace")
        ada = await station.login("Ada")
        await members.disable(station.office.engine, "Ada", station.office.now)
        seat = station.visitor("Ada")
        await seat.types(ada.passphrase)
        assert (seat.status, "The name or the passphrase is wrong" in seat.text) == (403, True)


class TestTheWayOut:
    async def test_locking_wipes_the_key(self, station: Station) -> None:
        seat = await station.login("Ada")
        login = seat.login
        login.opened["case"] = "what was told"
        await seat.post("/lock")
        assert "You locked the desk" in seat.text
        assert is_wiped(login.member)
        assert not login.opened
        assert login.ended.is_set()
        assert await is_shut_out(seat)

    @pytest.mark.parametrize("asks", [True, False], ids=["somebody asks", "nobody asks"])
    async def test_after_15_idle_minutes(self, station: Station, asks: bool) -> None:
        seat = await station.login("Ada")
        login = seat.login
        station.office.later(minutes=14)
        await seat.open("/audit")
        station.office.later(minutes=14)
        await sweep(station.parts)
        assert login.inside, "what was done counts"
        station.office.now += IDLE - dt.timedelta(minutes=14)
        if asks:
            await seat.open("/audit")
            assert "Nothing was done for 15 minutes" in seat.text
        else:
            await sweep(station.parts)
        assert is_wiped(login.member)
        assert login.why is Ended.IDLE

    async def test_what_a_page_asks_by_itself_is_not_something_done(self, station: Station) -> None:
        seat = await station.login("Ada")
        login = seat.login
        station.office.later(minutes=10)
        left = (await seat.client.get("/here", headers={"accept": "application/json"})).json()
        assert left["left"] == 300
        station.office.later(minutes=5)
        left = (await seat.client.get("/here", headers={"accept": "application/json"})).json()
        assert left == {"left": 0, "member": None, "csrf": ""}
        assert is_wiped(login.member)

    async def test_after_12_hours_whatever_is_done(self, station: Station) -> None:
        seat = await station.login("Ada")
        login, begun = seat.login, station.office.now
        while station.office.now < begun + LONGEST - IDLE:
            station.office.later(minutes=10)
            await seat.open("/account")
            assert seat.path == "/account"
        station.office.now = begun + LONGEST
        await sweep(station.parts)
        assert (is_wiped(login.member), login.why) == (True, Ended.LONGEST)

    async def test_half_a_login_lasts_10_minutes(self, station: Station) -> None:
        ada = await station.login("Ada")
        seat = station.visitor("Ada")
        await seat.types(ada.passphrase)
        login = seat.login
        station.office.now += ENTERING
        await sweep(station.parts)
        assert (is_wiped(login.member), login.why) == (True, Ended.ENTERING)

    async def test_a_new_login_ends_the_older_one_and_both_are_told(self, station: Station) -> None:
        old = await station.login("Ada")
        login = old.login
        new = await station.login("Ada")
        assert "That login was ended" in new.text
        assert is_wiped(login.member)
        await old.open("/audit")
        assert "You logged in somewhere else" in old.text

    async def test_but_not_before_the_second_factor(self, station: Station) -> None:
        """Or a stolen passphrase could throw its owner out."""
        old = await station.login("Ada")
        thief = station.visitor("Ada")
        await thief.types(old.passphrase)
        assert old.login.inside

    @pytest.mark.parametrize("how", ["disabled", "recovered"])
    @pytest.mark.parametrize("asks", [True, False], ids=["somebody asks", "nobody asks"])
    async def test_when_another_process_shuts_them_out(self, station: Station, how: str, asks: bool) -> None:
        await station.login("Grace")
        seat = await station.login("Ada")
        login, office = seat.login, station.office
        if how == "disabled":
            await members.disable(office.engine, "Ada", office.now)
        else:
            assert office.recovery
            new = "another passphrase"
            await recovery.recover(office.engine, "Ada", office.recovery, new, office.now, office.stretcher, CHEAP)
        if asks:
            await seat.open("/account")
            assert "disabled or given new keys" in seat.text
        else:
            await sweep(station.parts)
        assert is_wiped(login.member)

    async def test_when_the_desk_stops(self, station: Station) -> None:
        seat = await station.login("Ada")
        login = seat.login
        app = desk_app(station.parts)
        async with app.router.lifespan_context(app):
            assert login.inside
        assert (is_wiped(login.member), login.why) == (True, Ended.STOPPED)

    async def test_the_cookie_changes_on_the_way_and_the_old_one_is_nothing(self, station: Station) -> None:
        ada = await station.login("Ada")
        seat = station.visitor("Ada")
        await seat.types(ada.passphrase)
        before = seat.cookie
        await seat.post("/login/second", {"code": seat.phone.code()})
        assert before != seat.cookie
        thief = station.visitor("Ada")
        thief.client.cookies.set("desk", before or "")
        assert await is_shut_out(thief)


class TestForms:
    @pytest.mark.parametrize("csrf", ["", "x" * 32, None])
    async def test_a_form_without_its_token_does_nothing_and_is_not_lost(
        self, station: Station, csrf: str | None
    ) -> None:
        seat = await station.login("Ada")
        fields = {"name": "Grace <b>\n&", **({} if csrf is None else {"csrf": csrf})}
        fields |= {"passphrase": seat.passphrase}
        await seat._came(await seat.client.post("/staff/add", data=fields))
        assert seat.status == 403
        assert "nothing was done" in seat.text
        assert seat.passphrase not in seat.response.text
        async with station.office.engine.connect() as connection:
            assert len(await members.list_members(connection)) == 1
        await seat.submit("/staff/add", {"passphrase": seat.passphrase})
        assert "Grace <b> & is added" in seat.text

    @pytest.mark.parametrize(
        "headers",
        [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}],
    )
    async def test_nor_one_from_elsewhere_even_with_it(self, station: Station, headers: dict[str, str]) -> None:
        seat = await station.login("Ada")
        for path in ("/staff/add", "/account/codes", "/here", "/lock", "/login"):
            response = await seat.send(path, {"name": "Eve", "passphrase": seat.passphrase}, **headers)
            assert response.status_code == 403, path
        assert seat.login.inside

    async def test_a_browser_that_does_not_say_where_it_comes_from_cannot_log_in(self, station: Station) -> None:
        await station.hire("Ada")
        transport = httpx.ASGITransport(station.app)
        async with httpx.AsyncClient(transport=transport, base_url=station.base) as client:
            response = await client.post("/login", data={"name": "Ada", "passphrase": PASSPHRASE})
        assert response.status_code == 403

    async def test_what_is_sent_after_the_lock_can_be_sent_again(self, station: Station) -> None:
        seat = await station.login("Ada")
        text = "Two lines\nof a note, <script>alert(1)</script> and more than sixty letters so that it is long"
        station.office.later(minutes=20)
        await seat.post("/account/codes", {"text": text, "seen": "7", "passphrase": "secret words here"})
        assert seat.status == 401
        assert "secret words here" not in seat.response.text
        assert "<script>alert" not in seat.response.text
        tab = await station.login("Ada")
        seat.client.cookies = tab.client.cookies
        await seat.submit("/account/codes")
        assert seat.status == 403
        assert "earlier login" in seat.text
        (area,) = seat.page.find("textarea")
        assert "".join(map(str, area.children)).lstrip("\n") == text

    async def test_a_form_that_is_too_large_or_none(self, station: Station) -> None:
        seat = await station.login("Ada")
        assert (await seat.send("/staff/add", {"name": "x" * 300_000})).status_code == 413
        wrong = await seat.client.post("/staff/add", content=b"{}", headers={"content-type": "application/json"})
        assert wrong.status_code == 400

    async def test_what_fails_keeps_what_was_typed(
        self, station: Station, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        seat = await station.login("Ada")

        async def fail(*_: object, **__: object) -> None:
            raise RuntimeError("marmalade")

        monkeypatch.setattr("safetybot.desk.staff_pages.colleagues.add", fail)
        await seat.post("/staff/add", {"name": "Grace Hopper", "passphrase": seat.passphrase})
        assert seat.status == 500
        (field,) = [each for each in seat.page.find("input", type="hidden") if each.get("name") == "name"]
        assert field.get("value") == "Grace Hopper"
        assert "marmalade" not in caplog.text
        assert "RuntimeError" in caplog.text


async def test_headers_and_cookie_over_tls(office: Office, dialogue_library: Library) -> None:
    station = Station(office, DeskGuidance.of(dialogue_library), DeskOptions(url=PUBLIC))
    seat = await station.login("Ada")
    assert seat.client.cookies.get("__Host-desk")
    response = await seat.send("/login", {"name": "Ada", "passphrase": seat.passphrase})
    cookie = response.headers["set-cookie"]
    assert re.fullmatch(r"__Host-desk=[\w-]{43}; HttpOnly; Path=/; SameSite=strict; Secure", cookie)
    page = (await seat.client.get("/login")).headers
    assert page["strict-transport-security"]
    assert page["cache-control"] == "no-store"
    assert "unsafe" not in page["content-security-policy"]
    assert page["content-security-policy"].startswith("default-src 'none'")
    assert page["x-frame-options"] == "DENY"
    other = await seat.client.get("/login", headers={"host": "evil.example"})
    assert other.status_code == 421
    await station.close()


@pytest.mark.parametrize(
    ("options", "private"),
    [
        (DeskOptions(), True),
        (DeskOptions(host="::1"), True),
        (DeskOptions(host="0.0.0.0"), False),
        (DeskOptions(host="192.0.2.1"), False),
        (DeskOptions(host="0.0.0.0", url=PUBLIC), True),
        (DeskOptions(url="http://desk.example.org"), False),
    ],
)
def test_no_passphrase_crosses_a_network_in_clear(options: DeskOptions, private: bool) -> None:
    if private:
        options.must_be_private()
    else:
        with pytest.raises(DeskNotPrivate, match="SAFETYBOT_DESK_URL"):
            options.must_be_private()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(
        st.sampled_from(["name", "passphrase", "next", "csrf", "code", "x"]), st.text(max_size=200), max_size=6
    ),
    path=st.sampled_from(["/login", "/login/second", "/login/enrol", "/login/passphrase", "/login/codes", "/lock"]),
)
async def test_any_form_on_the_way_in(station: Station, fields: dict[str, str], path: str) -> None:
    seat = station.visitor("Ada")
    response = await seat.client.post(path, data={k: v.encode("utf-8", "replace").decode() for k, v in fields.items()})
    assert response.status_code in (303, 400, 401, 403, 429)
    assert "<script>" not in response.text.replace('<script src="/static/desk.js" defer></script>', "")
    assert not any(login.inside for login in station.parts.logins)
    await seat.client.aclose()
