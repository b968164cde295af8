"""The queue and its search in a browser: news that come by themselves, keys, and all of it without JavaScript."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import expect

from safetybot.desk import search
from safetybot.reports import casework
from safetybot.reports.cases import CaseRef, CaseUrgency
from safetybot.storage.database import sqlite_engine
from tests.browser.desk.conftest import Sit
from tests.browser.desk.deskwindow import DeskSite, DeskWindow
from tests.desk.station import Station
from tests.reports.office import Office

HOSTILE = "<img src=x onerror=alert(1)>"
SOON = 2_000.0
"""Milliseconds in which news must show."""


async def _case(station: Station, words: str = "x", urgency: CaseUrgency = CaseUrgency.NORMAL) -> CaseRef:
    ref, _ = await station.office.file({"what": words}, urgency=urgency)
    return ref


async def _listens(window: DeskWindow) -> None:
    """Until its stream is open: then what a test measures is news, and not the page's start."""
    async with asyncio.timeout(20):
        while not any(login is window.seat.login for login in window.site.station.parts.changed.listeners):
            await asyncio.sleep(0.02)


async def test_what_is_new_appears_by_itself(sit: Sit, desk: DeskSite) -> None:
    station = desk.station
    first, second = await sit("Ada"), await sit("Grace")
    assert await first.page.get_by_text("Nothing waits for you.").is_visible()
    await _listens(second)
    bot = sqlite_engine(station.office.path)  # as in another process
    outside = Office(bot, station.office.stretcher, station.office.path, station.office.now)
    ref, _ = await outside.file({"what": "secret words"}, urgency=CaseUrgency.EMERGENCY)
    await bot.dispose()
    for window in (first, second):
        await expect(window.page.locator(f"#case-{ref.id}")).to_be_visible(timeout=SOON)
        await expect(window.page).to_have_title("(1) Queue – Safetybot desk")
        await expect(window.page.locator("#news")).to_have_text("1 new report; 1 emergency is unread.")
        assert "secret" not in await window.page.content()
    ada = first.seat.login.member
    async with station.office.writing() as connection:
        await casework.open_case(connection, ada, ref.id, station.office.now)
    station.parts.presence.enter(ref.id, ada)
    await expect(second.page.locator(f"#case-{ref.id}")).to_contain_text("Open now: Ada", timeout=SOON)
    await expect(first.page.locator(f"#case-{ref.id}")).to_contain_text("Open now: you", timeout=SOON)
    await expect(second.page).to_have_title("Queue – Safetybot desk")
    station.parts.presence.leave(ref.id, ada.id)
    await expect(second.page.locator(f"#case-{ref.id}")).not_to_contain_text("Open now", timeout=SOON)
    assert second.seat.login.seen <= station.office.now


async def test_a_click_is_not_lost_when_news_arrive_while_it_is_made(sit: Sit, desk: DeskSite) -> None:
    window = await sit("Ada")
    ref = await _case(desk.station)
    await window.goes()
    await _listens(window)
    page = window.page
    await page.locator(f"#case-{ref.id}").hover()
    await page.mouse.down()
    async with page.expect_response(re.compile("seen=")):
        await _case(desk.station, urgency=CaseUrgency.HIGH)
    await page.evaluate("new Promise((done) => setTimeout(done, 100))")  # the answer is put into the page
    await page.mouse.up()
    await page.wait_for_url(f"**/cases/{ref.id}*")


async def test_the_place_is_kept_while_the_list_changes(sit: Sit, desk: DeskSite) -> None:
    window = await sit("Ada", size=(390, 700))
    for _ in range(30):
        await _case(desk.station)
    await window.goes()
    await _listens(window)
    page = window.page
    for _ in range(12):
        await page.keyboard.press("j")
    here = await page.evaluate("document.activeElement.id")
    top = await page.evaluate("document.activeElement.getBoundingClientRect().top")
    await _case(desk.station, urgency=CaseUrgency.HIGH)
    await expect(page.locator(".case")).to_have_count(31, timeout=SOON)
    assert await page.evaluate("document.activeElement.id") == here
    assert abs(await page.evaluate("document.activeElement.getBoundingClientRect().top") - top) < 2
    # The case itself goes: the one that comes into its place has the focus.
    await window.goes("/?status=new")
    await page.locator("a.case").nth(3).focus()
    fourth = await page.evaluate("document.activeElement.id")
    following = await page.locator("a.case").nth(4).get_attribute("id")
    async with desk.station.office.writing() as connection:
        await casework.open_case(
            connection, window.seat.login.member, fourth.removeprefix("case-"), desk.station.office.now
        )
    await expect(page.locator(f"#{fourth}")).to_have_count(0, timeout=SOON)
    assert await page.evaluate("document.activeElement.id") == following


async def test_keys(sit: Sit, desk: DeskSite) -> None:
    window = await sit("Ada")
    for _ in range(3):
        await _case(desk.station)
    await window.goes()
    page = window.page
    cases = page.locator("a.case")
    await page.keyboard.press("k")
    await expect(cases.nth(2)).to_be_focused()
    for key, nth in (("k", 1), ("j", 2), ("j", 2), ("k", 1), ("k", 0), ("k", 0), ("Tab", 1)):
        await page.keyboard.press(key)
        await expect(cases.nth(nth)).to_be_focused()
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_have_attribute("open", "")
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).not_to_have_attribute("open", "")
    await page.keyboard.press("/")
    await page.keyboard.type("jk/?")
    await expect(page.locator("#search")).to_have_value("jk/?")
    await expect(page.locator("#search")).to_be_focused()
    await cases.nth(0).focus()
    await page.keyboard.press("Control+k")
    await expect(cases.nth(0)).to_be_focused()
    await page.keyboard.press("?")
    await page.get_by_role("button", name="Turn these keys off").click()
    await page.reload()
    await page.keyboard.press("j")
    assert await page.evaluate("document.activeElement === document.body")
    await page.locator("#keys summary").click()
    await page.get_by_role("button", name="Turn these keys off").click()
    await page.keyboard.press("j")
    await expect(cases.nth(0)).to_be_focused()
    ref = await cases.nth(0).get_attribute("href")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**{ref}")
    assert "Open" in await window.shown()


async def test_a_login_that_ends_empties_the_page(sit: Sit, desk: DeskSite) -> None:
    window = await sit("Ada")
    await _case(desk.station)
    await window.goes()
    await _listens(window)
    tab = await window.context.new_page()
    await tab.goto(desk.address)
    await tab.get_by_role("button", name="Lock now").click()
    await window.page.wait_for_url("**/login*")
    assert "You locked the desk" in await window.shown()
    assert await window.page.locator(".case").count() == 0


async def test_a_desk_that_cannot_be_reached_is_told(sit: Sit, desk: DeskSite) -> None:
    window = await sit("Ada")
    await _listens(window)
    window.forgive()
    await window.context.set_offline(True)
    await _case(desk.station)
    desk.station.parts.changed.poke()
    await expect(window.page.locator("#stale")).to_be_visible()
    await window.context.set_offline(False)
    await expect(window.page.locator(".case")).to_have_count(1)
    await expect(window.page.locator("#stale")).to_be_hidden()


async def test_every_look(sit: Sit, desk: DeskSite) -> None:
    station = desk.station
    window = await sit("Ada")
    await window.check("queue-empty")
    office, ada = station.office, window.seat.login.member
    grace = await office.hire(f"Grace {HOSTILE}")
    told = await _case(station, f"somebody called Jonny_Smith {HOSTILE} " + "asks " * 30, CaseUrgency.EMERGENCY)
    await _case(station, urgency=CaseUrgency.EMERGENCY)
    for urgency in (CaseUrgency.HIGH, CaseUrgency.NORMAL, CaseUrgency.NORMAL):
        ref = await _case(station, urgency=urgency)
        async with office.writing() as connection:
            await casework.assign(connection, ada, ref.id, grace.id, office.now)
    station.parts.presence.enter(ref.id, ada)
    search.remember(window.seat.login, await office.open(ada, told))
    await window.goes("/?status=all&page=x")
    await window.page.locator("#keys summary").click()
    await window.check("queue")
    assert HOSTILE in await window.shown()
    assert await window.page.locator("img").count() == 0
    await window.page.locator("#search").fill("jonny_smth")
    await window.page.keyboard.press("Enter")
    await window.page.wait_for_url("**/search")
    assert "nearly like it" in await window.shown()
    assert HOSTILE in await window.shown()
    await window.check("search")
    await window.page.locator("#search").fill(told.short)
    await window.page.keyboard.press("Enter")
    await expect(window.page.get_by_role("heading", name="By number")).to_be_visible()
    await window.page.locator("#search").fill("nothing like it")
    await window.page.keyboard.press("Enter")
    await expect(window.page.get_by_text("Nothing was found")).to_be_visible()
    await window.check("search-nothing")
    assert not any("jonny" in address for address in window.asked)


async def test_without_javascript(sit: Sit, desk: DeskSite) -> None:
    window = await sit("Ada", script=False)
    page = window.page
    ref = await _case(desk.station, "jonny")
    await page.get_by_role("link", name="Refresh").click()
    await page.locator(f"#case-{ref.id}").wait_for()
    await page.locator(".queue-filters summary").click()
    await page.get_by_label("Urgency").select_option("High")
    await page.get_by_label("Unread only").check()
    await page.get_by_role("button", name="Show", exact=True).click()
    await page.get_by_text("No case fits these filters").wait_for()
    assert re.search(r"urgency=high.*unread=1", page.url)
    await page.get_by_role("link", name="Clear").click()
    await page.get_by_role("link", name="1 New").click()
    await page.locator(f"#case-{ref.id}").wait_for()
    search.remember(window.seat.login, await desk.station.office.open(window.seat.login.member, ref))
    await page.locator("#search").fill("JONNY")
    await page.get_by_role("button", name="Search").click()
    await page.get_by_role("link", name=f"Case {ref.short}").click()
    await page.wait_for_url(f"**/cases/{ref.id}")
