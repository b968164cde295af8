"""The figures in a browser: read by everybody, in light and dark, on a phone, and on paper."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from tests.browser.desk.conftest import Sit
from tests.browser.desk.deskwindow import DeskSite
from tests.figures.counted import fill

TODAY = dt.date(2026, 11, 24)
A4 = (688, 1016)
"""What is left of A4 within the margins, in CSS pixels."""
_TABLES_OUT = (
    "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).length"
)


@pytest.mark.slow
async def test_figures(sit: Sit, desk: DeskSite) -> None:
    await fill(desk.station.office.engine, TODAY, years=2, reports=400, topics=("passwords", "scams", "sextortion"))
    window = await sit("Ada", path="/figures")
    page = window.page
    await window.check("figures")

    # The keyboard scrolls a table that is wider than a phone.
    await page.set_viewport_size({"width": 320, "height": 640})
    region = page.get_by_role("region", name="Reports received, table")
    await region.focus()
    await page.keyboard.press("ArrowRight")
    assert await region.evaluate("e => e.scrollWidth > e.clientWidth")
    await page.set_viewport_size({"width": 1280, "height": 900})

    # Charts: seen as one picture with a name, and in colours of their own by class alone.
    images = page.get_by_role("img", name=re.compile("Chart: "))
    assert await images.count() > 8
    fills = "e => [...e.querySelectorAll('.now, .stripe')].map(r => getComputedStyle(r).fill)"
    light = await images.first.evaluate(fills)
    await page.emulate_media(color_scheme="dark")
    assert light != await images.first.evaluate(fills)

    # On paper nothing of the desk itself is left, nothing is cut off, and the text is dark on white, in dark mode too.
    await page.emulate_media(media="print", color_scheme="dark")
    await page.set_viewport_size({"width": A4[0], "height": A4[1]})
    assert await page.locator("header.top").is_hidden()
    assert await page.get_by_role("link", name="Spreadsheet (CSV)").is_hidden()
    assert await page.evaluate(_TABLES_OUT) == 0
    colours = "e => [getComputedStyle(e).color, getComputedStyle(document.body).backgroundColor]"
    assert await page.locator("td").first.evaluate(colours) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    await window.shot("figures-paper")
    pages = len(re.findall(rb"/Type /Page\b", await page.pdf(format="A4", prefer_css_page_size=True)))
    assert 2 <= pages <= 8
    await page.emulate_media(media="screen", color_scheme="light")

    # Another year, and the file.
    await page.set_viewport_size({"width": 1280, "height": 900})
    await page.get_by_role("navigation", name="Year").get_by_role("link", name="2025").click()
    await page.get_by_role("heading", name="Figures for 2025").wait_for()
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Spreadsheet (CSV)").click()
    assert (await coming.value).suggested_filename == "safetybot-figures-2025.csv"


async def test_figures_without_script(sit: Sit, desk: DeskSite) -> None:
    window = await sit("Ada", path="/figures", script=False)
    assert "No reports came in." in await window.shown()
