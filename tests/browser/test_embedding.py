"""The chat in a frame of a school's page, and of one that may not have it."""

from __future__ import annotations

from playwright.async_api import Frame

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.window import Window
from tests.talking import Phrasebook

SECRET = "zebedee quince"
BUTTON = "Chat about online safety"


async def frame_of(window: Window) -> Frame:
    """Opens the chat on the school's page."""
    await window.page.get_by_role("button", name=BUTTON).click()
    frame = await (await window.page.locator("iframe").element_handle()).content_frame()
    assert frame is not None
    await frame.locator("#text").wait_for()
    return frame


async def says(frame: Frame, text: str) -> None:
    number = int(await frame.locator("#log > li").last.get_attribute("data-number") or 0)
    await frame.locator("#text").fill(text)
    await frame.locator(".send").click()
    await frame.locator(f'[data-number="{number + 2}"]').wait_for()
    await frame.locator("body:not(.busy)").wait_for()


async def at_school(opened: Open, site: Site) -> Window:
    window = await opened(path=None)
    await window.page.goto(site.school)
    return window


async def test_it_talks_in_the_frame_and_sets_no_cookie(opened: Open, site: Site, phrasebook: Phrasebook) -> None:
    window = await at_school(opened, site)
    frame = await frame_of(window)
    await says(frame, SECRET)
    await frame.locator("#log button", has_text="All topics").last.click()
    await frame.locator("#log > li.own", has_text="All topics").wait_for()
    await says(frame, phrasebook.emergencies[0])
    assert await frame.locator(".urgent a.call").last.get_attribute("href") == "tel:999"
    assert SECRET in await frame.inner_text("#log")
    assert await window.context.cookies() == []


async def test_closed_and_opened_it_knows_nothing_any_more(opened: Open, site: Site) -> None:
    window = await at_school(opened, site)
    frame = await frame_of(window)
    await says(frame, SECRET)
    await window.page.get_by_role("button", name="Close chat").click()
    await window.page.locator("iframe").wait_for(state="detached")
    assert await window.page.evaluate("document.activeElement.innerText") == BUTTON
    frame = await frame_of(window)
    assert SECRET not in await frame.content()


async def test_leave_now_leaves_the_whole_page(opened: Open, site: Site) -> None:
    window = await at_school(opened, site)
    frame = await frame_of(window)
    await says(frame, SECRET)
    await frame.get_by_role("button", name="Leave now").click()
    await window.left()


async def test_shift_three_times_leaves_the_whole_page(opened: Open, site: Site) -> None:
    window = await opened(path=None, mouse=True)
    await window.page.goto(site.school)
    frame = await frame_of(window)
    await frame.locator("#text").click()
    for _ in range(3):
        await window.page.keyboard.press("Shift")
    await window.left()


async def test_hide_and_a_break(opened: Open, site: Site) -> None:
    window = await at_school(opened, site)
    frame = await frame_of(window)
    await says(frame, SECRET)
    await frame.get_by_role("button", name="Hide this chat").click()
    await frame.get_by_text("I've cleared our messages").wait_for()
    assert SECRET not in await frame.content()
    await says(frame, SECRET)
    site.bot.clock.forward(3600)
    await frame.locator("#log button", has_text="Help now").last.click()
    await frame.get_by_role("button", name="Start a new chat").click()
    await frame.locator("#text").wait_for()
    assert SECRET not in await frame.content()
    await says(frame, "hello")


async def test_plain_forms_work_in_the_frame(opened: Open, site: Site) -> None:
    """An address of the frame by itself, as a site without our script may have it."""
    window = await opened(script=False, path="/embed")
    await window.says(SECRET)
    own, *_ = await window.presses("All topics")
    assert "All topics" in own
    assert SECRET in await window.shown()
    assert await window.context.cookies() == []


async def test_without_script_there_is_a_link(opened: Open, site: Site) -> None:
    window = await opened(script=False, path=None)
    await window.page.goto(site.school)
    await window.page.get_by_role("link", name=BUTTON).click()
    await window.box.wait_for()
    assert window.page.url.startswith(f"{site.address}/")


async def test_a_stranger_is_refused(opened: Open, site: Site) -> None:
    window = await opened(path=None)
    window.forgive("Framing ")
    await window.page.goto(site.stranger)
    await window.page.get_by_role("button", name=BUTTON).click()
    await window.page.wait_for_timeout(500)
    assert "Your message" not in "".join([await frame.content() for frame in window.page.frames])
    assert any("frame-ancestors" in each for each in window.complaints)


async def test_its_own_page_is_in_nobodys_frame(opened: Open, site: Site) -> None:
    window = await opened(path=None)
    window.forgive("Framing ")
    window.forgive("Refused to display")
    await window.page.goto(site.school)
    await window.page.evaluate(
        "address => { const f = document.createElement('iframe'); f.src = address; document.body.append(f) }",
        site.address,
    )
    await window.page.wait_for_timeout(500)
    assert await window.page.locator("iframe").count() == 1
    assert "Your message" not in "".join([await frame.content() for frame in window.page.frames])
