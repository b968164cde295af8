"""The whole story in Chromium: a child reports on the web, a member of staff answers at the desk, and what is left."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from playwright.async_api import Browser
from sqlalchemy import func, select

from safetybot.desk.live_guidance import DeskGuidance
from safetybot.guidance.reader import Library
from safetybot.reports.cases import Status
from safetybot.reports.queue import list_cases
from safetybot.reports.retention import KEEP_DAYS, WARN_DAYS, purge
from safetybot.storage.scrubbing import scrub
from safetybot.storage.tables import envelope_keys, envelopes
from safetybot.vault.audit import history, transaction, verify
from tests.browser.conftest import Open
from tests.browser.desk.deskwindow import DeskSite, DeskWindow
from tests.browser.site import Site
from tests.browser.test_reporting import STORY, to_the_story
from tests.browser.window import Window
from tests.desk.station import Phone, Station
from tests.reports.office import PASSPHRASE, Office

CONTACT = "07700 900123, after four"
REPLY = "Thank you for telling us.\n\nIt is not your fault."
CHOSEN = "quiet harbour seven lamps"


async def reports(child: Window) -> str:
    """A report from its first question to its code."""
    await to_the_story(child)
    await child.says(STORY)
    for words in ("That's all", "Skip", "Threats", "Done"):
        await child.presses(words)
    await child.says(CONTACT)
    await child.presses("Send it")
    code = await child.page.locator(".code strong").inner_text()
    await child.presses("I've saved it")
    return code


async def comes_back(opened: Open, code: str) -> Window:
    child = await opened()
    await child.says("/mycode")
    await child.says(code)
    return child


async def fills(desk: DeskWindow, button: str, **fields: str) -> None:
    for name, value in fields.items():
        await desk.page.locator(f"#{name}").fill(value)
    await desk.page.get_by_role("button", name=button, exact=True).click()
    await desk.settled()


@pytest.mark.slow
async def test_the_whole_story(
    chromium: Browser, opened: Open, site: Site, dialogue_library: Library, tmp_path: Path
) -> None:
    bot = site.bot
    office = Office(bot.engine, bot.stretcher, bot.settings.database, bot.now)
    station = Station(office, DeskGuidance.of(dialogue_library))
    await station.hire("Ada")
    bot.clock.forward(60)

    # A child reports, without a name.
    child = await opened()
    code = await reports(child)
    assert bot.filed == 1
    office.now = bot.now + dt.timedelta(hours=2)

    async with DeskSite(station) as place:
        # A member of staff logs in: passphrase, then a code from their phone.
        desk = await DeskWindow.sit(chromium, place, None)
        page = desk.page
        await fills(desk, "Go on", name="Ada", passphrase=PASSPHRASE)
        await fills(desk, "Keep it and go on", new=CHOSEN, again=CHOSEN)
        phone = Phone(station, (await page.locator("p.secret").inner_text()).replace(" ", ""))
        await fills(desk, "Go on", code=phone.code())
        await page.get_by_role("button", name="I have them. Go on").click()

        # The queue tells nothing; opened, the case has the child's exact words.
        await page.get_by_role("heading", name="Queue").wait_for()
        assert STORY not in await page.content()
        (case,) = await cases(station)
        await page.locator(f'a[href="/cases/{case}"]').first.click()
        assert STORY not in await page.content()
        await page.get_by_role("button", name="Open this case").click()
        await page.get_by_role("heading", name="The report").wait_for()
        assert STORY in await page.locator(".words").all_inner_texts()
        assert CONTACT not in await page.content()
        await page.get_by_role("button", name="Show how to reach them").click()
        await page.get_by_text(CONTACT).wait_for()

        # They reply, refer, and print the referral.
        await page.locator("#reply").fill(REPLY)
        await page.get_by_role("button", name="See how it will look").click()
        preview = await page.locator(".chat").inner_text()
        await page.get_by_role("button", name="Send it").click()
        await page.get_by_text("The reply is sent").wait_for()
        await page.get_by_role("link", name="Refer this case").click()
        await page.get_by_role("link", name="Prepare a referral to CEOP").click()
        await page.get_by_label("Your passphrase").fill(CHOSEN)
        await page.get_by_role("button", name="Make it, to print").click()
        paper = page.locator(".paper")
        await paper.wait_for()
        assert STORY in await paper.inner_text()
        assert CONTACT not in await paper.inner_text()
        assert len(await page.pdf(format="A4", prefer_css_page_size=True)) > 1_000
        await page.get_by_role("link", name="Write down the referral").click()
        await page.get_by_label("CEOP", exact=True).check()
        await page.get_by_label("Their reference").fill("C-77")
        await page.get_by_role("button", name="Write it down").click()
        await page.get_by_text("C-77").wait_for()

        # The child reads the reply with the code, as the preview had it, and adds to the report.
        child = await comes_back(opened, code)
        *_, said = await child.presses("Read replies")
        for line in REPLY.split("\n\n"):
            assert line in said
            assert line in preview
        await child.presses("Write more")
        await child.says("he has stopped now")
        await child.presses("Send it")

        # What is new is told by itself, and opened by a click.
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await page.get_by_text("New: The writer of the report added to it").wait_for()
        await page.locator("#news-reload").click()
        await page.get_by_role("button", name="Open what is new").click()
        await page.get_by_text("he has stopped now").wait_for()

        # The whole case is exported, with the passphrase, and closed.
        await page.get_by_text("Export the whole case").click()
        await page.locator("#export-passphrase").fill(CHOSEN)
        async with page.expect_download() as coming:
            await page.get_by_role("button", name="Export it").click()
        download = await coming.value
        assert case not in download.suggested_filename
        exported = json.loads(Path(await download.path()).read_text("utf-8"))
        assert STORY in json.dumps(exported["messages"])
        assert CONTACT in json.dumps(exported["messages"])
        await page.get_by_text("Close the case").click()
        await page.get_by_label("Referred to somebody who acts").check()
        await page.get_by_role("button", name="Close it").click()
        await page.get_by_text("The case is closed. It is kept for 90 days").wait_for()
        await page.get_by_role("button", name="Lock now").click()

        # It is announced, and ninety days after closing it is gone but for a stub.
        closed = office.now.date()
        for day in (KEEP_DAYS - WARN_DAYS, KEEP_DAYS):
            async with transaction(office.engine) as connection:
                done = await purge(connection, closed + dt.timedelta(day))
            assert [ref.id for ref in (done.shredded if day == KEEP_DAYS else done.announced)] == [case]
        assert await scrub(office.engine)
        office.later(days=KEEP_DAYS)
        await fills(desk, "Go on", name="Ada", passphrase=CHOSEN)
        await fills(desk, "Log in", code=phone.code())
        desk.forgive()
        await desk.goes(f"/cases/{case}")
        assert "This case was deleted" in await desk.shown()
        await desk.close()
    async with office.engine.connect() as connection:
        (stub,) = await list_cases(connection, status=tuple(Status), shredded=True)
        assert (stub.ref.id, stub.outcome) == (case, "referred")
        for table in (envelopes, envelope_keys):
            assert (await connection.execute(select(func.count()).select_from(table))).scalar_one() == 0
        assert await verify(connection) is None
        acts = [row.act for row in await history(connection, case) if row.act != "urgency"]
    assert acts == [
        "filed", "opened", "status", "contact seen", "replied", "exported", "referred", "added", "opened", "exported",
        "closed", "purge announced", "shredded",
    ]  # fmt: skip
    for words in (STORY, CONTACT, "he has stopped now", "C-77"):
        assert words.encode() not in office.on_disk()
    child = await opened()
    await child.says("/mycode")
    *_, said = await child.says(code)
    assert "does not open anything" in said
    assert REPLY not in await child.page.content()
    await station.close()


async def cases(station: Station) -> list[str]:
    async with station.office.engine.connect() as connection:
        return [row.ref.id for row in await list_cases(connection)]
