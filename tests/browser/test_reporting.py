"""A report from the first question to its code, and back with the code."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.window import Window

STORY = "zebedee wants money for a picture"


async def to_the_story(window: Window) -> None:
    await window.says("/report")
    for words in ("No", "Go on", "Me"):
        await window.presses(words)


async def to_the_code(window: Window) -> str:
    """Writes a report and sends it; its code."""
    await to_the_story(window)
    await window.says(STORY)
    for words in ("That's all", "Skip", "Threats", "Done", "Skip"):
        await window.presses(words)
    assert STORY in await window.last.inner_text()
    await window.presses("Send it")
    return await window.page.locator(".code strong").inner_text()


async def test_from_the_first_question_to_the_code_and_back(window: Window, site: Site) -> None:
    await site.bot.hire()
    code = await to_the_code(window)
    assert len(code.split()) == 6
    assert site.bot.filed == 1
    assert await window.page.locator("button[data-do]").first.is_visible() is window.script
    await window.presses("I've saved it")
    await window.says("/mycode")
    *_, menu = await window.says(code)
    assert "Nobody has opened it yet" in menu
    assert await window.button("Take it back").is_visible()


async def test_the_code_can_be_copied(opened: Open, site: Site) -> None:
    await site.bot.hire()
    window = await opened(permissions=["clipboard-read", "clipboard-write"])
    code = await to_the_code(window)
    await window.page.get_by_role("button", name="Copy my code").click()
    await window.page.get_by_text("Copied.").wait_for()
    assert await window.page.evaluate("navigator.clipboard.readText()") == code
    # Who presses it must see that it worked.
    assert await window.page.locator("#status").is_visible()
    assert await _in_sight(window, "#status")


async def test_where_it_cannot_be_copied_that_is_said(scripted: Window, site: Site) -> None:
    await site.bot.hire()
    await to_the_code(scripted)
    await scripted.page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    await scripted.page.get_by_role("button", name="Copy my code").click()
    await scripted.page.get_by_text("Please write it down.").wait_for()


async def test_on_paper_there_is_the_code_alone(window: Window, site: Site) -> None:
    await site.bot.hire()
    code = await to_the_code(window)
    await window.page.emulate_media(media="print")
    assert code in await window.shown()
    for words in (STORY, "Leave now", "Your message", "It is sent"):
        assert not await window.page.get_by_text(words).filter(visible=True).count(), words


async def test_a_break_loses_no_draft(window: Window, site: Site) -> None:
    await site.bot.hire()
    await to_the_story(window)
    await window.says(STORY)
    site.bot.clock.forward(20 * 60)
    await window.goes()
    assert STORY not in await window.page.content()
    await window.page.get_by_role("button", name="Go on with my report").click()
    await window.box.wait_for()
    assert STORY not in await window.page.content()
    await window.presses("Go on with it")
    await window.presses("That's all")
    for words in ("Skip", "Skip", "Skip"):
        await window.presses(words)
    assert STORY in await window.last.inner_text()


@pytest.mark.parametrize("how", ["twice", "back"])
async def test_sent_again_it_is_filed_once(opened: Open, site: Site, how: str) -> None:
    await site.bot.hire()
    window = await opened(script=False)
    await to_the_story(window)
    await window.says(STORY)
    for words in ("That's all", "Skip", "Skip", "Skip"):
        await window.presses(words)
    send = window.button("Send it")
    if how == "twice":
        await send.dblclick(no_wait_after=True)
    else:
        await send.click()
        await window.page.locator(".code").wait_for()
        await window.page.go_back()
        await window.button("Send it").click()
    await window.page.locator(".code strong").last.wait_for()
    await window.goes()
    # Who pressed it again may have lost the code from sight; it is the same one.
    assert len(set(await window.page.locator(".code strong").all_inner_texts())) == 1
    assert site.bot.filed == 1


async def _in_sight(window: Window, selector: str) -> bool:
    return bool(
        await window.page.locator(selector).evaluate(
            "each => { const {top, bottom} = each.getBoundingClientRect(); return top >= 0 && bottom <= innerHeight }"
        )
    )
