"""A case in Chromium: read, answered and referred, with and without script; and reports that mean harm."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Dialog

from safetybot.reports.cases import CaseRef
from safetybot.reports.filing import withdraw
from tests.browser.desk.conftest import Sit
from tests.browser.desk.deskwindow import SMALL, DeskSite, DeskWindow
from tests.desk import hostile
from tests.desk.test_case_pages import adds, answer, filed, replies_seen, report


async def opened(window: DeskWindow, ref: CaseRef) -> None:
    await window.goes(f"/cases/{ref.id}")
    await window.page.get_by_role("button", name="Open this case").click()
    await window.page.get_by_role("heading", name="The report").wait_for()
    await window.settled()  # or its script may not be there yet


async def press(window: DeskWindow, name: str) -> None:
    await window.page.get_by_role("button", name=name, exact=True).click()
    await window.settled()


@pytest.mark.slow
@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
async def test_a_case_is_worked_from_its_cover_to_its_end(sit: Sit, desk: DeskSite, script: bool) -> None:
    ada = await sit("Ada", script=script)
    ref, keys = await filed(desk.station)
    page = ada.page
    await ada.goes(f"/cases/{ref.id}")
    assert "snap_kid99" not in await page.content()
    await opened(ada, ref)
    assert await page.locator(".words").first.inner_text() == "he said  \n\n   <b>pay</b> or snap_kid99 tells"
    await press(ada, "Show how to reach them")
    assert "07700 900123" in await ada.shown()
    await page.get_by_role("link", name="Hide it again").click()
    assert "07700 900123" not in await page.content()
    await page.locator("#phrase").select_option("no-blame")
    await page.locator("#reply").fill("I read it.")
    await press(ada, "Add it to the reply")
    assert (
        await page.locator("#reply").input_value() == "I read it.\n\nIt is not your fault.\n\nYou did the right thing."
    )
    await press(ada, "See how it will look")
    assert "It is not your fault." in await page.locator(".chat").inner_text()
    await press(ada, "Send it")
    assert await replies_seen(desk.station, keys) == ["I read it.\n\nIt is not your fault.\n\nYou did the right thing."]
    await page.locator("#note").fill("Called the force.")
    await press(ada, "Keep the note")
    assert await page.locator(".timeline .note .words").inner_text() == "Called the force."
    await page.get_by_role("link", name="Refer this case").click()
    await page.get_by_role("link", name="Prepare a referral to Police").click()
    assert await page.get_by_label("What happened").is_checked()
    assert not await page.get_by_label("How to reach the writer").is_checked()
    await page.get_by_label("Which police force?").fill("Northshire")
    await page.get_by_label("Your passphrase").fill(ada.seat.passphrase)
    await press(ada, "Make it, to print")
    paper = await page.locator(".paper").inner_text()
    assert "Referral to Police: Northshire" in paper
    assert "snap_kid99" in paper
    assert "Called the force" not in paper
    await page.emulate_media(media="print")
    assert not await page.locator("nav").is_visible()
    assert not await page.locator(".no-print").is_visible()
    await page.emulate_media(media="screen")
    await page.get_by_role("link", name="Write down the referral").click()
    await page.get_by_label("Police", exact=False).first.check()
    await page.get_by_label("Which one, if there are several").fill("Northshire")
    await page.get_by_label("Their reference").fill("log 77")
    await press(ada, "Write it down")
    assert "Police: Northshire" in await ada.shown()
    await page.get_by_text("Close the case").click()
    await page.get_by_label("Referred to somebody who acts").check()
    await press(ada, "Close it")
    assert "Open it again" in await ada.shown()


@pytest.mark.slow
async def test_every_page_is_clean_and_fits(sit: Sit, desk: DeskSite) -> None:
    ada = await sit("Ada")
    page, station = ada.page, desk.station
    ada.forgive()  # some of these pages are refusals
    earlier, _ = await filed(station, "before, it was snapkid99 who wrote", None)
    ref, keys = await filed(station, "he said pay, or snap_kid99 tells. " + hostile.WALL)
    await opened(ada, earlier)
    await ada.goes(f"/cases/{ref.id}")
    await ada.check("case-cover")
    await opened(ada, ref)
    await ada.check("case-opened")
    await page.get_by_text("Show the rest").first.click()
    assert await ada.sideways() <= 0
    await press(ada, "Show how to reach them")
    await ada.check("case-contact")
    await page.locator("#reply").fill("Why did you tell the perpetrator? We keep it all secret. " + "Word " * 70)
    await press(ada, "See how it will look")
    await ada.check("case-preview")
    await press(ada, "Send it")
    ben = await station.login("Ben")
    await ben.open(f"/cases/{ref.id}")
    await ben.submit(f"/cases/{ref.id}/open")
    await ben.submit(f"/cases/{ref.id}/note", {"note": "A note by Ben."})
    await page.locator("#note").fill("typed by Ada")
    await page.get_by_label("Labels").fill("blackmail, meeting planned")
    await press(ada, "Keep the note")
    assert await page.locator("#note").input_value() == "typed by Ada"
    await ada.check("case-conflict")
    await press(ada, "Keep the note")
    await page.get_by_label("Labels").fill("blackmail, meeting planned")
    await press(ada, "Keep the labels")
    await adds(station, keys, "he wrote again")
    await ada.goes(f"/cases/{ref.id}")
    await ada.check("case-something-new")
    await press(ada, "Open what is new")
    found = await station.office.find(keys)
    assert found is not None
    async with station.office.writing() as connection:
        await withdraw(connection, found, station.office.now)
    await ada.goes(f"/cases/{ref.id}")
    for summary in await page.locator("details > summary").all():
        await summary.click()
    await ada.check("case-everything-open")
    await ada.goes(f"/cases/{ref.id}/refer")
    await ada.check("case-refer")
    await press(ada, "Write it down")
    await ada.check("case-refer-wrong")
    await ada.goes(f"/cases/{ref.id}/referral?to=ceop")
    await ada.check("case-referral")
    await page.get_by_label("Your passphrase").fill(ada.seat.passphrase)
    await press(ada, "Make it, to print")
    await ada.check("referral-print")
    await page.emulate_media(media="print")
    await ada.shot("referral-on-paper")
    await page.emulate_media(media="screen")


@pytest.mark.slow
async def test_reports_that_mean_harm(sit: Sit, desk: DeskSite) -> None:
    dialogs: list[str] = []

    async def seen(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        await dialog.dismiss()

    ada = await sit("Ada", size=SMALL)
    page, station = ada.page, desk.station
    page.on("dialog", seen)
    body = report("plain")
    body["answers"] = [
        answer(text[:20], text[:90], text, text[:25]) for text in (*hostile.EVERY, hostile.WORD, hostile.WALL)
    ]
    contact = {"answers": [answer("contact", hostile.TURNED, hostile.ELEMENT)]}
    ref, keys = await station.office.file(body, contact)
    await opened(ada, ref)
    for text in (hostile.ELEMENT, hostile.TURNED + hostile.UNSEEN, hostile.WORD):
        await adds(station, keys, text)
    await ada.goes(f"/cases/{ref.id}")
    await press(ada, "Open what is new")
    await page.locator("#note").fill(hostile.ELEMENT + hostile.TURNED)
    await press(ada, "Keep the note")
    await page.locator("#labels").fill("<b>, \u202eturned, " + "m" * 40)
    await press(ada, "Keep the labels")
    await press(ada, "Show how to reach them")
    for summary in await page.locator(".rest > summary").all():
        await summary.click()
    assert await ada.sideways() <= 0
    assert await ada.faults() == []
    assert await page.evaluate("typeof window.pwned") == "undefined"
    assert (
        await page.locator("main img, main script, main style, main svg, main [onload], main [onmouseover]").count()
        == 0
    )
    words = await page.locator(".words").all_inner_texts()
    assert hostile.SCRIPT in words
    assert hostile.ELEMENT in words
    assert any("[RLO]" in each and "esreveR" in each for each in words)
    assert any("␀" in each for each in words)
    # What turns the direction of writing turns nothing outside its own box: each box is within the page, and the
    # heading after it reads from the left.
    boxes = await page.locator(".words, h2, h3, .head").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect()).map(({left, right}) => [left, right])"
    )
    assert all(left >= 0 and right <= SMALL[0] for left, right in boxes)
    await ada.shot("case-hostile")
    await page.locator("#reply").fill(hostile.ELEMENT + "\n\n" + hostile.MARKUP)
    await press(ada, "See how it will look")
    assert hostile.MARKUP in await page.locator(".chat").inner_text()
    assert await page.locator(".chat a, .chat img, .chat strong, .chat code").count() == 0
    await press(ada, "Send it")
    await ada.goes(f"/cases/{ref.id}/referral?to=ceop")
    for box in await page.locator('.ticks input[type="checkbox"]').all():
        await box.check()
    await page.get_by_label("Your passphrase").fill(ada.seat.passphrase)
    await press(ada, "Make it, to print")
    assert await ada.sideways() <= 0
    assert await page.locator(".paper img, .paper script, .paper style").count() == 0
    await ada.shot("referral-hostile")
    assert dialogs == []


async def test_what_a_script_adds(sit: Sit, desk: DeskSite) -> None:
    ada = await sit("Ada")
    page, station = ada.page, desk.station
    ref, _ = await filed(station)
    await opened(ada, ref)
    count = page.locator("#reply-count")
    await page.locator("#reply").fill("👩" * 10)
    assert await count.inner_text() == "2,990 letters left."
    await page.locator("#reply").fill("x" * 3_005)
    assert await count.inner_text() == "5 letters too many."
    # A phrase goes where the writing stands.
    await page.locator("#reply").fill("Before. After.")
    await page.locator("#reply").evaluate("each => each.setSelectionRange(7, 7)")
    await press(ada, "Add it to the reply")
    assert await page.locator("#reply").input_value() == "Before.\n\nThank you for telling us.\n\nAfter."
    assert await page.evaluate("document.activeElement.id") == "reply"
    # Labels at a press.
    await page.get_by_text("Labels we use").click()
    label = page.get_by_role("button", name="meeting planned", exact=True)
    await label.click()
    assert await page.locator("#labels").input_value() == "meeting planned"
    assert await label.get_attribute("aria-pressed") == "true"
    await label.click()
    assert await page.locator("#labels").input_value() == ""
    # What is typed is not left by mistake.
    asked = asyncio.get_running_loop().create_future()

    async def stay(dialog: Dialog) -> None:
        asked.set_result(dialog.type)
        await dialog.dismiss()

    page.once("dialog", stay)
    await page.get_by_role("link", name="Back to the queue").click(no_wait_after=True)
    assert await asked == "beforeunload"
    assert page.url.endswith(ref.id)
    # Who else is here, and what is new, without a reload.
    ben = await station.login("Ben")
    await ben.open(f"/cases/{ref.id}")
    await ben.submit(f"/cases/{ref.id}/open")
    await ben.submit(f"/cases/{ref.id}/note", {"note": "secret words"})
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await page.get_by_text("Also has this case open: Ben").wait_for()
    await page.get_by_text("New: Ben wrote a note.").wait_for()
    assert "secret words" not in await page.content()
    assert await page.locator("#reply").input_value() != "", "nothing typed is touched"
    await page.locator("#reply").fill("")
    await page.locator("#news-reload").click()
    await page.get_by_text("secret words").wait_for()


async def test_by_keyboard_alone(sit: Sit, desk: DeskSite) -> None:
    ada = await sit("Ada")
    page = ada.page
    ref, keys = await filed(desk.station)
    await opened(ada, ref)
    await page.locator("#reply").focus()
    await page.keyboard.type("Thank you.")
    for _ in range(3):
        await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.innerText") == "See how it will look"
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="This is what they will see").wait_for()
    await page.get_by_role("button", name="Send it").focus()
    await page.keyboard.press("Enter")
    await page.get_by_text("The reply is sent").wait_for()
    assert await replies_seen(desk.station, keys) == ["Thank you."]
