"""Every screen: axe-core finds nothing, light, dark and in forced colours; nothing is wider than a small phone."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.test_embedding import frame_of
from tests.browser.test_reporting import to_the_story
from tests.browser.window import Window
from tests.talking import Phrasebook

SMALL = (320, 640)
LARGE_LETTERS = "document.documentElement.style.fontSize = '{}'"


async def check(window: Window, name: str) -> None:
    """All that holds of any screen."""
    await window.settled()
    page = window.page
    assert await window.faults() == [], name
    for look in ({"color_scheme": "dark"}, {"color_scheme": "light", "contrast": "more"}, {"forced_colors": "active"}):
        await page.emulate_media(**{"color_scheme": "light", "contrast": "null", "forced_colors": "none", **look})
        assert await window.faults(rules=["color-contrast", "link-in-text-block"]) == [], (name, look)
    await page.emulate_media(color_scheme="light", contrast="null", forced_colors="none")
    assert await window.sideways() <= 0, name
    await page.evaluate(LARGE_LETTERS.format("200%"))
    assert await window.sideways() <= 0, (name, "200 %")
    assert await _cut_off(window) == [], (name, "200 %")
    await page.evaluate(LARGE_LETTERS.format(""))
    assert await _too_small(window) == [], name
    assert await page.title() == "Chat"


async def _cut_off(window: Window) -> list[str]:
    """Buttons whose words do not fit into them."""
    return list(
        await window.page.locator("button:visible, .button:visible, .call:visible").evaluate_all(
            "all => all.filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.textContent)"
        )
    )


async def _too_small(window: Window) -> list[str]:
    """What can be pressed and is below 44 pixels, links and commands within a sentence apart."""
    return list(
        await window.page.locator("button:not(.command):visible, .button:visible, .call:visible").evaluate_all(
            """all => all.filter(each => {
                const {width, height} = each.getBoundingClientRect();
                return width < 44 || height < 44;
            }).map(each => each.textContent)"""
        )
    )


async def test_talking(opened: Open, phrasebook: Phrasebook) -> None:
    window = await opened(size=SMALL)
    await check(window, "start")
    await window.says(phrasebook.asks["sextortion"])
    await check(window, "answer")
    await window.says(phrasebook.choose)
    await window.says("x" * 300)
    await window.presses("Help now")
    await check(window, "card, choice, a long word")
    await window.page.get_by_text("What can't be hidden?").click()
    await check(window, "what cannot be hidden")
    window.forgive()
    await window.context.set_offline(True)
    await window.box.fill("hello")
    await window.page.click(".send")
    await window.page.get_by_role("button", name="Try again").wait_for()
    await check(window, "offline")
    await window.context.set_offline(False)
    await window.page.get_by_role("button", name="Hide this chat").click()
    await window.page.get_by_text("I've cleared our messages").wait_for()
    await check(window, "hidden")


async def test_reporting(opened: Open, site: Site) -> None:
    await site.bot.hire()
    window = await opened(size=SMALL)
    await to_the_story(window)
    await check(window, "question")
    await window.says("somebody wants money")
    for words in ("That's all", "Skip", "Threats"):
        await window.presses(words)
    await check(window, "several choices")
    for words in ("Done", "Skip"):
        await window.presses(words)
    await check(window, "review")
    await window.presses("Send it")
    await check(window, "code")
    code = await window.page.locator(".code strong").inner_text()
    await window.presses("I've saved it")
    await window.says("/mycode")
    await window.says(code)
    await check(window, "case")
    site.bot.clock.forward(3600)
    await window.goes()
    await check(window, "closed")


async def test_problems(opened: Open, site: Site) -> None:
    window = await opened(size=SMALL, path="/nothing")
    window.forgive()
    await check(window, "404")
    await window.goes()
    await window.says("hello")
    async with site.bot.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE transcripts RENAME TO elsewhere"))
    await window.goes()
    await check(window, "500")


SUBMIT = "document.getElementById('say').submit()"
"""As without a script, so that the answer is a whole page."""


async def test_refusals(opened: Open, site: Site) -> None:
    window = await opened(size=SMALL)
    window.forgive()
    await window.box.fill("x" * 70_000)
    await window.page.click(".send")
    await window.page.get_by_text("a lot to carry").wait_for()
    await check(window, "413, beside what was typed")
    await window.page.evaluate(SUBMIT)
    await window.page.locator(".card").wait_for()
    await check(window, "413")
    await window.goes()
    token = await window.page.locator("#say input[name=token]").get_attribute("value")
    for number in range(32):
        form = {"token": str(token), "press": f"topic:none:{number}"}
        await window.context.request.post(f"{site.address}/say", form=form, max_redirects=0)
    await window.goes()
    await window.box.fill("hello")
    await window.page.evaluate(SUBMIT)
    await window.page.get_by_text("very fast").wait_for()
    await check(window, "429")
    await window.goes()
    await window.context.clear_cookies()
    await window.box.fill("hello")
    await window.page.evaluate(SUBMIT)
    await window.page.get_by_text("I couldn't take that.").wait_for()
    await check(window, "403")


async def test_embedding(opened: Open, site: Site, phrasebook: Phrasebook) -> None:
    window = await opened(size=SMALL, path=None)
    await window.page.goto(site.school)
    frame = await frame_of(window)
    await frame.locator("#text").fill(phrasebook.emergencies[0])
    await frame.locator(".send").click()
    await frame.locator(".urgent").wait_for()
    assert await window.faults(frame) == []
    assert await window.faults() == []
    assert await frame.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    assert await window.sideways() <= 0


async def test_desktop(opened: Open, phrasebook: Phrasebook) -> None:
    window = await opened(size=(1280, 800), mouse=True)
    await window.says(phrasebook.emergencies[0])
    await check(window, "desktop")
    assert await window.page.get_by_text("Or press the Shift key 3 times.").is_visible()


async def test_the_tab_gives_nothing_away(window: Window) -> None:
    assert await window.page.title() == "Chat"
    (icon,) = await window.page.locator("link[rel=icon]").all()
    answer = await window.context.request.get(f"{window.site.address}{await icon.get_attribute('href')}")
    assert "<text" not in await answer.text()
    await window.says("hello")
    assert re.fullmatch(r"/(#m\d+)?", window.page.url.removeprefix(window.site.address))


class TestKeyboard:
    async def test_alone_it_reaches_everything(self, opened: Open, phrasebook: Phrasebook) -> None:
        window = await opened(mouse=True)
        await window.says(phrasebook.asks["sextortion"])
        await window.goes()
        reached: list[str] = []
        for _ in range(60):
            await window.page.keyboard.press("Tab")
            here = await window.page.evaluate(
                """() => {
                    const each = document.activeElement;
                    if (each === document.body) return null;
                    const {top, bottom} = each.getBoundingClientRect();
                    const [x, y] = [each.getBoundingClientRect().left + 5, (top + bottom) / 2];
                    const seen = each.contains(document.elementFromPoint(x, y));
                    const ring = getComputedStyle(each).outlineStyle !== 'none';
                    return [each.innerText || each.id, seen, ring];
                }"""
            )
            if here is None:
                continue  # past the last, and on from the first
            name, seen, ring = here
            if name in ("Skip to the message box", "Leave now") and name in reached:
                break
            assert seen, f"{name} is behind something, or out of sight"
            assert ring, f"nothing shows that {name} has the focus"
            reached.append(name)
        # Newer Chromiums begin at the newest message, to which the page has scrolled; others at the top.
        assert reached[reached.index("Skip to the message box") + 1] == "Leave now"
        assert {"All topics", "Help now", "text", "Send", "Hide this chat", "999", "What can't be hidden?"} <= set(
            reached
        )

    async def test_the_first_link_leads_to_the_box(self, window: Window) -> None:
        await window.page.keyboard.press("Tab")
        await window.page.keyboard.press("Enter")
        await window.page.keyboard.type("hello")
        assert await window.box.input_value() == "hello"

    async def test_a_button_can_be_pressed_and_reading_goes_on_from_there(self, opened: Open) -> None:
        window = await opened(mouse=True)
        await window.button("All topics").focus()
        await window.page.keyboard.press("Enter")
        await window.page.locator('[data-number="3"]').wait_for()
        await window.settled()
        assert await window.page.evaluate("document.activeElement.innerText") == "All topics"
        await window.page.keyboard.press("Tab")
        assert await window.page.evaluate("document.activeElement !== document.body")


class TestScreenReaders:
    async def test_what_is_new_is_added_to_a_live_region(self, scripted: Window, phrasebook: Phrasebook) -> None:
        region = scripted.page.get_by_role("log", name="Messages")
        assert await region.get_attribute("aria-live") == "polite"
        await region.evaluate(
            """each => {
                window.added = [];
                new MutationObserver(changes => {
                    for (const change of changes) for (const node of change.addedNodes) added.push(node.textContent);
                }).observe(each, {childList: true, subtree: true});
                window.statuses = [];
                const status = document.getElementById('status');
                new MutationObserver(() => statuses.push(status.textContent)).observe(status, {childList: true});
            }"""
        )
        new = await scripted.says(phrasebook.asks["sextortion"])
        added = await scripted.page.evaluate("added.map(each => each.trim()).filter(Boolean)")
        assert len(added) == len(new)
        assert all(each.startswith(("You said", "The bot said")) for each in added)
        assert await scripted.page.evaluate("statuses") == ["One moment…", ""]


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
async def test_nothing_moves_for_one_who_wants_that(opened: Open, motion: str, phrasebook: Phrasebook) -> None:
    window = await opened(reduced_motion=motion)
    for _ in range(2):
        await window.says(phrasebook.asks["sextortion"])
    await window.box.fill(phrasebook.asks["sextortion"])
    await window.page.evaluate(
        """() => new Promise(done => {
            scrollTo(0, 0);
            window.places = new Set();
            addEventListener('scroll', () => places.add(scrollY));
            document.getElementById('say').requestSubmit();
            done();
        })"""
    )
    await window.page.wait_for_timeout(1000)
    places = await window.page.evaluate("places.size")
    assert places <= 2 if motion == "reduce" else places > 2
