"""Logging in, the account, the staff and the audit page, as members meet them."""

from __future__ import annotations

import pytest

from safetybot.staff.recovery import spell
from tests.browser.desk.conftest import Sit
from tests.browser.desk.deskwindow import DeskSite, DeskWindow
from tests.desk.station import Phone
from tests.reports.office import PASSPHRASE


async def _fills(window: DeskWindow, button: str, **fields: str) -> None:
    for name, value in fields.items():
        await window.page.locator(f"#{name}").fill(value)
    await window.page.get_by_role("button", name=button, exact=True).click()
    await window.settled()


@pytest.mark.parametrize("script", [pytest.param(True, marks=pytest.mark.slow), False], ids=["script", "plain"])
async def test_the_first_login(sit: Sit, desk: DeskSite, script: bool) -> None:
    await desk.station.hire("Ada")
    window = await sit(None, script=script)
    page, chosen = window.page, "quiet harbour seven lamps"
    if script:
        await window.check("login")
        window.forgive()
        await _fills(window, "Go on", name="Ada", passphrase="wrong passphrase")
        await window.check("login-wrong")
    await _fills(window, "Go on", name="ada", passphrase=PASSPHRASE)
    if script:
        await window.check("choose")
    await _fills(window, "Keep it and go on", new=chosen, again=chosen)
    if script:
        await window.check("enrol")
    box = await page.locator("svg.qr").bounding_box()
    assert box is not None
    assert box["width"] > 150, "the QR code is too small"
    phone = Phone(desk.station, (await page.locator("p.secret").inner_text()).replace(" ", ""))
    await _fills(window, "Go on", code=phone.code())
    codes = await page.locator("ul.secret li").all_inner_texts()
    assert len(codes) == 10
    if script:
        await window.check("codes")
    await page.get_by_role("button", name="I have them. Go on").click()
    await page.get_by_role("heading", name="Queue").wait_for()
    await page.get_by_role("button", name="Lock now").click()
    await page.get_by_text("You locked the desk").wait_for()
    await _fills(window, "Go on", name="Ada", passphrase=chosen)
    if script:
        await window.check("second")
    await _fills(window, "Log in", code=codes[0])
    await page.get_by_text("You used a recovery code. 9 are left.").wait_for()


@pytest.mark.slow
async def test_every_page_of_accounts(sit: Sit, desk: DeskSite) -> None:
    window = await sit("Ada")
    page, me = window.page, window.seat
    window.forgive()
    for path in ("/account", "/staff", "/staff/drill", "/audit"):
        await window.goes(path)
        await window.check(path.strip("/").replace("/", "-"))
    await window.goes("/staff")
    await _fills(window, "Add them", name="Grace Hopper", passphrase="not this")
    await window.check("staff-wrong")
    assert await page.locator("#name").input_value() == "Grace Hopper"
    await _fills(window, "Add them", passphrase=me.passphrase)
    await window.check("staff-added")
    await desk.station.office.file({"answers": []})
    await page.get_by_role("link", name="Grant earlier cases").click()
    await window.check("staff-one")
    await page.locator("#pass-disable").fill(me.passphrase)
    await page.get_by_role("button", name="Disable Grace Hopper").click()
    await page.get_by_text("You are the only active member now").wait_for()
    await window.check("staff-disabled")
    await window.goes("/staff/drill")
    assert desk.station.office.recovery
    await _fills(window, "Try it", key=spell(desk.station.office.recovery).lower())
    await page.get_by_text("it opens the newest message").wait_for()
    await window.check("drill-good")
    await window.goes("/audit?case=zz&day=2026-11-24")
    await window.check("audit-fault")
    await window.goes("/audit?act=recovery+drill")
    assert await page.locator("tbody tr").count() == 1
    await window.goes("/account")
    await page.locator("#pass-codes").fill(me.passphrase)
    await page.get_by_role("button", name="Make new recovery codes").click()
    await window.check("codes-new")
    await window.goes("/account")
    await page.locator("#pass-second").fill(me.passphrase)
    await page.get_by_role("button", name="Set up a new one").click()
    await window.check("second-new")
    await window.goes("/nowhere")
    await window.check("404")


async def test_locking_one_tab_empties_the_others(sit: Sit, desk: DeskSite) -> None:
    window = await sit("Ada", path="/audit")
    window.forgive()
    tab = await window.context.new_page()
    await tab.goto(f"{desk.address}/account")
    await tab.get_by_role("button", name="Lock now").click()
    await tab.get_by_text("You locked the desk").wait_for()
    await window.page.get_by_text("You locked the desk").wait_for()
    assert "Added a member" not in await window.page.content()


async def test_what_was_being_written_survives_the_lock(sit: Sit, desk: DeskSite) -> None:
    """An idle page is emptied; what was typed comes back to the same member alone."""
    window = await sit("Ada", path="/staff")
    page, station = window.page, desk.station
    window.forgive()
    await page.locator("#name").fill("Grace Hopper")
    await page.clock.install()
    await page.reload()
    await page.locator("#name").fill("Grace Hopper")
    async with page.expect_response("**/here") as typing:  # which is doing something
        await page.clock.run_for(61_000)
    await (await typing.value).finished()
    await page.evaluate("fetch(location.href)")  # by now the page has read that answer, before its clock goes on
    station.office.later(minutes=13, seconds=10)
    await page.clock.run_for(13 * 60_000 + 10_000)
    await page.locator("#idle").get_by_text("The desk locks itself in").wait_for()
    await window.check("idle-warning")
    station.office.later(minutes=2)
    await page.clock.run_for(2 * 60_000)
    await page.get_by_role("heading", name="The desk is locked").wait_for()
    assert "Grace" not in await page.content()
    assert not any(station.parts.logins), "the key is still in memory"
    await window.check("locked")
    await page.get_by_role("button", name="I have logged in").click()
    await page.get_by_text("You are not logged in yet").wait_for()
    back = await station.login("Ada")
    await window.holds(back)
    await page.get_by_role("button", name="I have logged in").click()
    assert await page.locator("#name").input_value() == "Grace Hopper"
    await _fills(window, "Add them", passphrase=back.passphrase)
    await page.get_by_role("heading", name="Grace Hopper is added").wait_for()
