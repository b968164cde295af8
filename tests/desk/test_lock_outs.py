"""Strangers who try a member's name lock out neither who is logged in nor a device that is known; a lock is lifted."""

from __future__ import annotations

import re

import pytest

from safetybot.staff.lockout import FREE
from safetybot.vault.audit import Act, history
from tests.desk.station import Seat, Station


async def strangers_try(station: Station, name: str) -> Seat:
    """Until the name is locked for them."""
    stranger = station.visitor(name)
    for _ in range(FREE + 1):
        await stranger.types("wrong wrong wrong")
    assert stranger.status == 429
    return stranger


async def test_who_is_logged_in_goes_on(station: Station) -> None:
    ada = await station.login("Ada")
    await strangers_try(station, "Ada")
    await ada.post("/account/codes", {"passphrase": ada.passphrase})
    assert (ada.status, len(ada.page.find("ul", class_="secret"))) == (200, 1)


async def test_wrong_ones_while_logged_in_count_for_that_login_alone(station: Station) -> None:
    ada = await station.login("Ada")
    for _ in range(FREE):
        await ada.post("/account/codes", {"passphrase": "wrong wrong wrong"})
        assert "This is not your passphrase" in ada.text
    await ada.post("/account/codes", {"passphrase": ada.passphrase})
    assert (ada.status, "wait 30 seconds" in ada.text) == (403, True)
    async with station.office.engine.connect() as connection:
        rows = [row for row in await history(connection) if row.act == Act.CONFIRMING_FAILED]
    assert len(rows) == FREE
    assert '"seconds":30' in rows[-1].detail
    again = station.visitor("Ada")
    await again.types(ada.passphrase)
    assert again.path == "/login/second", "nobody is locked out of a login by it"
    station.office.later(seconds=30)
    await ada.post("/account/codes", {"passphrase": ada.passphrase})
    assert ada.status == 200


async def test_a_device_that_is_known_is_not_locked_by_others(station: Station) -> None:
    ada = await station.login("Ada")
    cookie = next(each for each in ada.client.cookies.jar if each.name == "desk-device")
    assert cookie.expires is not None
    assert "ada" not in (cookie.value or "").lower()
    await ada.post("/lock")
    stranger = await strangers_try(station, "Ada")
    await ada.enter()
    assert ada.login.inside
    # And the other way about: the token, without the passphrase, opens nothing and is locked in its turn.
    stranger.client.cookies.set("desk-device", ada.client.cookies["desk-device"])
    statuses = []
    for _ in range(FREE + 1):
        await stranger.types("wrong wrong wrong")
        statuses.append(stranger.status)
    assert statuses == [403] * FREE + [429]


async def test_names_that_nobody_has_behave_alike_also_with_a_known_device(station: Station) -> None:
    ada = await station.login("Ada")
    pages = []
    await station.hire("Grace")
    for name in ("Grace", "Eve"):
        seat = station.visitor(name)
        seat.client.cookies.set("desk-device", ada.client.cookies["desk-device"])
        for _ in range(FREE + 1):
            await seat.types("wrong wrong wrong")
        pages.append((seat.status, re.sub("Grace|Eve", "", seat.text), seat.response.headers["retry-after"]))
    assert pages[0] == pages[1]


async def test_a_colleague_lifts_a_lock(station: Station) -> None:
    grace, ada = await station.login("Grace"), await station.login("Ada")
    stranger = await strangers_try(station, "Ada")
    await grace.open("/staff")
    assert "locked out" in grace.text
    await grace.open(f"/staff/{ada.login.member.id}")
    assert "Locked out until 24 Nov 2026" in grace.text
    path = f"/staff/{ada.login.member.id}/unlock"
    await grace.post(path, {"passphrase": "wrong wrong wrong"})
    assert grace.status == 403
    await grace.post(path, {"passphrase": grace.passphrase})
    assert "The lock is lifted" in grace.text
    assert "Locked out until" not in grace.text
    async with station.office.engine.connect() as connection:
        (row,) = [row for row in await history(connection) if row.act == Act.LOCK_LIFTED]
    assert (row.actor, ada.login.member.id in row.detail) == (grace.login.member.id, True)
    await stranger.types(ada.passphrase)
    assert stranger.path == "/login/second"
    await grace.post(path, {"passphrase": grace.passphrase})
    assert "The lock was over already" in grace.text


@pytest.mark.parametrize("value", ["", "x", "." * 4_000, "1-0000000000000000-00000000000000000000000000000000", "é"])
async def test_any_cookie_of_a_device(station: Station, value: str) -> None:
    ada = await station.login("Ada")
    seat = station.visitor("Ada")
    await seat._came(
        await seat.client.post(
            "/login",
            data={"name": "Ada", "passphrase": ada.passphrase},
            headers={b"cookie": f"desk-device={value}".encode()},
        )
    )
    assert seat.path == "/login/second"
