"""Passkeys at the desk: only the right one, for this name, asked now, of this member, opens anything."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from safetybot.desk.live_guidance import DeskGuidance
from safetybot.guidance.reader import Library
from safetybot.staff import members as staff
from safetybot.staff import recovery
from safetybot.storage.tables import passkeys
from safetybot.vault.audit import Act, history
from tests.desk.authenticator import Authenticator
from tests.desk.station import Seat, Station
from tests.reports.office import CHEAP, PASSPHRASE, Office

ORIGIN = "http://localhost:8081"


@pytest.fixture
async def named(office: Office, dialogue_library: Library) -> AsyncIterator[Station]:
    """A desk that is opened under a name: passkeys belong to one."""
    station = Station(office, DeskGuidance.of(dialogue_library))
    station.base = ORIGIN
    yield station
    await station.close()


def asked(seat: Seat) -> str:
    """What the page asks the browser for."""
    (form,) = [each for each in seat.page.find("form") if each.get("data-passkey")]
    return form.get("data-passkey") or ""


def asks_for_one(seat: Seat) -> bool:
    return any(each.get("data-passkey") for each in seat.page.find("form"))


async def adds(seat: Seat, key: Authenticator | None = None, name: str = "Blue key") -> Authenticator:
    """A passkey, on the account page."""
    key = key or Authenticator(ORIGIN)
    await seat.post("/account/passkeys", {"name": name, "passphrase": seat.passphrase})
    assert seat.path == "/account/passkeys/new"
    await seat.post("/account/passkeys/new", {"passkey": key.makes(asked(seat))})
    return key


async def half_in(station: Station, name: str = "Ada") -> Seat:
    """Somebody whose passphrase was right."""
    seat = station.visitor(name)
    await seat.types(seat.passphrase)
    assert seat.path == "/login/second"
    return seat


async def acts(office: Office) -> list[str]:
    async with office.engine.connect() as connection:
        return [row.act for row in await history(connection)]


async def challenge(seat: Seat) -> str:
    """What a script is given to ask with, where something is to be confirmed."""
    return str((await seat.send("/passkey", accept="application/json")).json()["options"])


async def number_kept(office: Office) -> int:
    async with office.engine.connect() as connection:
        return len((await connection.execute(select(passkeys.c.id))).all())


class TestTheLifeOfAPasskey:
    async def test_it_is_added_logs_in_confirms_and_is_removed(self, named: Station) -> None:
        ada = await named.login("Ada")
        key = await adds(ada)
        assert "The passkey Blue key is added" in ada.text
        seat = await half_in(named)
        options = json.loads(asked(seat))
        assert (options["rpId"], options["userVerification"]) == ("localhost", "required")
        await seat.post("/login/second/passkey", {"passkey": key.shows(asked(seat))})
        assert seat.login.inside
        await seat.post("/account/codes", {"passkey": key.shows(await challenge(seat))})
        assert len(seat.page.find("ul", class_="secret")[0].find("li")) == 10
        (one,) = [each.get("value") for each in (await seat.open("/account")).find("option")]
        await seat.post("/account/passkeys/remove", {"id": one or "", "passphrase": seat.passphrase})
        assert "The passkey is removed" in seat.text
        assert await number_kept(named.office) == 0
        known = (Act.PASSKEY_ADDED, Act.PASSKEY_USED, Act.PASSKEY_REMOVED)
        written = [act for act in await acts(named.office) if act in known]
        assert written == [Act.PASSKEY_ADDED, Act.PASSKEY_USED, Act.PASSKEY_USED, Act.PASSKEY_REMOVED]
        assert not asks_for_one(await half_in(named))

    async def test_app_and_recovery_codes_go_on_working(self, named: Station) -> None:
        ada = await named.login("Ada")
        await adds(ada)
        for code in (ada.phone.codes[0], ada.phone.code()):
            seat = await half_in(named)
            await seat.post("/login/second", {"code": code})
            assert seat.login.inside

    async def test_it_can_be_the_first_second_factor_and_the_last_is_not_removed(self, named: Station) -> None:
        await named.hire("Ada")
        seat, key = named.visitor("Ada"), Authenticator(ORIGIN)
        await seat.types(PASSPHRASE)
        await seat.post("/login/passphrase", {"passphrase-new": seat.passphrase, "passphrase-again": seat.passphrase})
        options = json.loads(asked(seat))
        assert options["attestation"] == "none"
        assert options["authenticatorSelection"]["userVerification"] == "required"
        await seat.post("/login/enrol/passkey", {"passkey": key.makes(asked(seat)), "name": "Laptop"})
        codes = [each.text for each in seat.page.find("ul", class_="secret")[0].find("li")]
        await seat.post("/login/codes")
        assert seat.login.inside
        (one,) = [each.get("value") for each in (await seat.open("/account")).find("option")]
        await seat.post("/account/passkeys/remove", {"id": one or "", "passphrase": seat.passphrase})
        assert (seat.status, "your only second factor" in seat.text) == (403, True)
        again = await half_in(named)
        await again.post("/login/second", {"code": "000000"})
        assert again.status == 403, "there is no app"
        await again.post("/login/second", {"code": codes[0]})
        assert again.login.inside
        await again.post("/account/second", {"passphrase": again.passphrase})
        await again.enrols("/account/second/confirm")
        await again.post("/account/passkeys/remove", {"id": one or "", "passphrase": again.passphrase})
        assert "The passkey is removed" in again.text

    @pytest.mark.parametrize("how", ["reset", "recovered"])
    async def test_who_resets_a_second_factor_resets_passkeys_too(self, named: Station, how: str) -> None:
        office, ada = named.office, await named.login("Ada")
        await adds(ada)
        if how == "reset":
            await staff.reset_second_factor(office.engine, "Ada", office.now)
        else:
            assert office.recovery
            await recovery.recover(
                office.engine, "Ada", office.recovery, PASSPHRASE, office.now, office.stretcher, CHEAP
            )
        assert await number_kept(office) == 0


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "how",
        ["origin", "site", "unverified", "another's", "signature", "handle", "other kind", "nonsense", "long", "empty"],
    )
    async def test_at_a_login(self, named: Station, how: str) -> None:
        key = await adds(await named.login("Ada"))
        grace = await adds(await named.login("Grace"))
        seat = await half_in(named)
        options, wrong = asked(seat), replace(key)
        match how:
            case "origin":
                wrong.origin = "http://localhost.evil.example:8081"
            case "site":
                wrong.site = "evil.example"
            case "unverified":
                wrong.verifies = False
            case "another's":
                wrong = grace
            case "signature":
                wrong.key = grace.key
            case "handle":
                wrong.handle = b"0123456789abcdef"
        answers = {
            "other kind": key.makes(options),
            "nonsense": '{"id": [[[' + "[" * 5_000,
            "long": key.shows(options) + " " * 20_000,
            "empty": "",
        }
        answer = answers[how] if how in answers else wrong.shows(options)
        await seat.post("/login/second/passkey", {"passkey": answer})
        assert (seat.path, seat.status) == ("/login/second/passkey", 403)
        assert not seat.login.inside
        await seat.open("/login/second")
        await seat.post("/login/second/passkey", {"passkey": key.shows(asked(seat))})
        assert seat.login.inside, "the right one still works"

    async def test_a_copy(self, named: Station) -> None:
        key = await adds(await named.login("Ada"))
        copy = replace(key)
        for _ in range(3):
            seat = await half_in(named)
            await seat.post("/login/second/passkey", {"passkey": key.shows(asked(seat))})
            assert seat.login.inside
        seat = await half_in(named)
        await seat.post("/login/second/passkey", {"passkey": copy.shows(asked(seat))})
        assert (seat.status, "there may be a copy" in seat.text) == (403, True)
        assert Act.PASSKEY_COPIED in await acts(named.office)

    async def test_a_challenge_is_answered_once_and_in_its_own_login(self, named: Station) -> None:
        key = await adds(await named.login("Ada"))
        first, second = await half_in(named), await half_in(named)
        answer = key.shows(asked(first))
        await second.post("/login/second/passkey", {"passkey": answer})
        assert (second.status, second.login.inside) == (403, False)
        await first.post("/login/second/passkey", {"passkey": answer})
        assert first.login.inside
        await first.post("/account/codes", {"passkey": answer})
        assert (first.status, "was not accepted" in first.text) == (403, True)
        options = await challenge(first)
        await first.post("/account/codes", {"passkey": key.shows(options)})
        assert first.status == 200
        await first.post("/account/codes", {"passkey": key.shows(options)})
        assert first.status == 403

    async def test_wrong_ones_are_counted_as_codes_are(self, named: Station) -> None:
        await adds(await named.login("Ada"))
        seat, stranger = await half_in(named), Authenticator(ORIGIN)
        statuses = []
        for _ in range(6):
            await seat.post("/login/second/passkey", {"passkey": stranger.shows(asked(seat))})
            statuses.append(seat.status)
        assert statuses == [403] * 5 + [429]

    async def test_one_that_is_in_use_is_not_added_again(self, named: Station) -> None:
        key = await adds(await named.login("Ada"))
        grace = await named.login("Grace")
        await adds(grace, key)
        assert (grace.status, "in use here already" in grace.text) == (403, True)

    async def test_none_is_added_without_showing_again_who_it_is(self, named: Station) -> None:
        ada = await named.login("Ada")
        await ada.open("/account/passkeys/new")
        assert ada.path == "/account"
        await ada.post("/account/passkeys", {"name": "Blue key", "passphrase": "wrong wrong wrong"})
        assert (ada.path, ada.status) == ("/account/passkeys", 403)
        await ada.post("/account/passkeys/new", {"passkey": "{}"})
        assert ada.path == "/account"
        key = Authenticator("http://evil.example", "evil.example")
        await adds(ada, key)
        assert (ada.path, ada.status) == ("/account/passkeys/new", 403)
        assert await number_kept(named.office) == 0

    async def test_the_passphrase_is_not_changed_by_a_passkey(self, named: Station) -> None:
        """Or whoever finds a desk open, and a key in it, owns the account."""
        ada = await named.login("Ada")
        key = await adds(ada)
        new = {"passphrase-new": "quiet harbour seven lamps", "passphrase-again": "quiet harbour seven lamps"}
        await ada.post("/account/passphrase", {**new, "passkey": key.shows(await challenge(ada))})
        assert (ada.status, "Type your passphrase" in ada.text) == (403, True)

    async def test_who_can_write_to_the_database_puts_none_in(self, named: Station) -> None:
        """It is sealed to the member's key: neither another's nor an altered one is taken."""
        office = named.office
        key = await adds(await named.login("Ada"))
        thief = await adds(await named.login("Grace"))
        async with office.engine.begin() as connection:
            rows = (await connection.execute(select(passkeys))).all()
            members = {row.member: row for row in rows}
            async with office.engine.connect() as other:
                ids = {each.name: each.id for each in await staff.list_members(other)}
            sealed = members[ids["Grace"]].sealed
            await connection.execute(update(passkeys).where(passkeys.c.member == ids["Ada"]).values(sealed=sealed))
        seat = await half_in(named)
        assert not asks_for_one(seat)
        for each in (key, thief):
            await seat.post("/login/second/passkey", {"passkey": each.shows('{"challenge": "AAAA"}')})
            assert seat.status == 403


class TestAddressesWithoutAName:
    async def test_the_page_says_where_passkeys_can_be_used(self, station: Station) -> None:
        ada = await station.login("Ada")
        await ada.open("/account")
        assert "Open the desk at http://localhost" in ada.text
        await ada.post("/account/passkeys", {"name": "x", "passphrase": ada.passphrase})
        assert not asks_for_one(ada)

    async def test_a_passkey_of_another_name_is_not_asked_for(self, named: Station) -> None:
        await adds(await named.login("Ada"))
        named.base = "http://127.0.0.1:8081"
        seat = await half_in(named)
        assert not asks_for_one(seat)
        await seat.post("/login/second", {"code": seat.phone.code()})
        assert seat.login.inside
