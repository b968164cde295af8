"""Another language can be chosen on the page, and stays chosen."""

from __future__ import annotations

from playwright.async_api import expect

from safetybot.guidance.model import Guidance
from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.test_embedding import frame_of
from tests.browser.window import Window

WORDS = "\n zebedee\nquince"


async def test_the_whole_page_speaks_it_and_what_was_typed_stays(window: Window) -> None:
    page = window.page
    choice = page.get_by_role("group", name="Which language?").get_by_role("button")
    assert await choice.all_inner_texts() == ["Cymraeg"]
    assert await choice.get_attribute("lang") == "cy"
    await window.box.fill(WORDS)
    await choice.click()
    await page.locator("html[lang=cy]").wait_for()
    assert await window.box.input_value() == WORDS
    assert [await each.inner_text() for each in await page.locator("#log > li.own .words").all()] == ["Cymraeg"]
    await window.goes()
    await expect(page.locator("html[lang=cy]")).to_be_attached()
    assert await page.locator(".languages button").all_inner_texts() == ["English"]
    new = await window.says("zzz")
    assert len(new) >= 2
    await page.locator(".languages button").click()
    await page.locator("html[lang=en]").wait_for()
    assert await window.box.input_value() == ""


async def test_a_button_under_a_message_does_the_same(window: Window) -> None:
    await window.says("/language")
    await window.button("Cymraeg").click()
    await window.page.locator("html[lang=cy]").wait_for()
    assert await window.page.locator("#log > li.own", has_text="Cymraeg").count() == 1


async def test_without_a_connection_nothing_is_lost(scripted: Window) -> None:
    scripted.forgive()
    await scripted.box.fill(WORDS)
    await scripted.context.set_offline(True)
    await scripted.page.locator(".languages button").click()
    await scripted.page.get_by_role("button", name="Try again").wait_for()
    await scripted.context.set_offline(False)
    assert await scripted.box.input_value() == WORDS
    await scripted.page.get_by_role("button", name="Try again").click()
    await scripted.page.locator("html[lang=cy]").wait_for()
    assert await scripted.box.input_value() == WORDS


async def test_in_a_frame(opened: Open, site: Site) -> None:
    window = await opened(path=None)
    await window.page.goto(site.school)
    frame = await frame_of(window)
    await frame.locator("#text").fill(WORDS)
    await frame.locator(".languages button").click()
    await frame.locator("html[lang=cy]").wait_for()
    assert await frame.locator("#text").input_value() == WORDS


async def test_with_one_language_there_is_no_choice(window: Window, english: Guidance) -> None:
    understanding = window.site.bot.understanding
    wordings = dict(understanding.wordings)
    understanding.wordings.pop("cy")  # type: ignore[attr-defined]
    try:
        await window.goes()
        assert await window.page.locator(".languages").count() == 0
    finally:
        understanding.wordings.update(wordings)  # type: ignore[attr-defined]
