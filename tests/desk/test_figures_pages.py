"""The page of figures, its charts, and its file."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import time

import pytest
from sqlalchemy import select

from safetybot.desk.charts import LONGEST, chart
from safetybot.figures.disclosure_control import Mark
from safetybot.figures.sheet import Chart, SheetRow, Table
from safetybot.storage import tables
from tests.desk.station import Seat, Station
from tests.figures.counted import fill

TODAY = dt.date(2026, 11, 24)


@pytest.fixture
async def seat(station: Station) -> Seat:
    """Ada's, at a desk with two years of counts."""
    await fill(station.office.engine, TODAY, years=2, reports=120, topics=("passwords", "scams"))
    return await station.login("Ada")


async def test_the_page_tells_the_year(seat: Seat) -> None:
    page = await seat.open("/figures")
    assert seat.status == 200
    assert page.find("h1")[0].text == "Figures for 2026, up to 24 November"
    assert "Changes compare whole months only" in page.text
    headings = [each.text for each in page.find("h3")]
    assert {"Reports received", "What they were about", "Answers by topic", "How soon they were opened"} <= {*headings}
    assert len(page.find("table")) == len(headings)
    for svg in page.find("svg"):
        assert svg.get("role") == "img"
        title, says = svg.get("aria-labelledby").split()
        assert svg.find("title", id=title)[0].text
        assert "table has every number" in svg.find("desc", id=says)[0].text


async def test_the_page_needs_no_style_of_its_own_and_no_script(seat: Seat) -> None:
    page = await seat.open("/figures?year=2025")
    assert not [each for each in page if each.get("style") or any(name.startswith("on") for name in each.attributes)]
    assert not page.find("style")
    ids = [each.get("id") for each in page if each.get("id")]
    assert len(ids) == len(set(ids))
    assert seat.response.headers["cache-control"] == "no-store"


async def test_page_and_file_hide_the_same(seat: Seat) -> None:
    page = await seat.open("/figures?year=2026")
    shown = [each.text for each in page.find("td")]
    response = await seat.client.get("/figures.csv?year=2026")
    assert response.headers["content-disposition"] == 'attachment; filename="safetybot-figures-2026.csv"'
    assert response.headers["cache-control"] == "no-store"
    assert response.content.startswith(b"\xef\xbb\xbf")
    cells = [line[4] for line in csv.reader(io.StringIO(response.text[1:]))][1:]
    for mark in Mark:
        assert shown.count(mark.value) == cells.count(mark.value)
    assert Mark.FEW.value in shown
    assert len(cells) == len([text for text in shown if text != "–"])


async def test_a_year_that_is_none_is_not_found(seat: Seat) -> None:
    for asked in ("2023", "2027", "1999", "26", "２０２６", "2026x", "", "-2026", "<b>"):
        for path in ("/figures", "/figures.csv"):
            await seat.open(f"{path}?year={asked}")
            assert seat.status == 404, (path, asked)


@pytest.mark.parametrize("path", ["/figures", "/figures.csv?year=2026"])
async def test_it_is_for_members(station: Station, path: str) -> None:
    visitor = station.visitor()
    await visitor.open(path)
    assert visitor.path == "/login"


async def test_an_empty_desk_shows_zeros(station: Station) -> None:
    seat = await station.login("Ada")
    page = await seat.open("/figures")
    assert "no reports" in page.text.lower()
    assert not page.find("nav", aria_label="Year")


async def test_looking_changes_nothing(seat: Seat, station: Station) -> None:
    async def state() -> list[object]:
        async with station.office.engine.connect() as connection:
            read = [(await connection.execute(select(table))).all() for table in tables.metadata.sorted_tables]
        return [list(map(tuple, rows)) for rows in read]

    before = await state()
    await seat.open("/figures")
    assert await state() == before


@pytest.mark.slow
async def test_it_is_soon_there(station: Station) -> None:
    topics = tuple(f"topic-{number}" for number in range(20))
    await fill(station.office.engine, TODAY, years=5, reports=10_000, topics=topics)
    seat = await station.login("Ada")
    took = []
    for _ in range(4):
        start = time.process_time()
        response = await seat.client.get("/figures")
        took.append(time.process_time() - start)
        assert response.status_code == 200
    assert min(took) < 0.3


def drawn(*rows: SheetRow, how: Chart = Chart.BARS) -> str:
    return str(chart(Table("t", "A title", "", "What", ("2026", "2025"), rows, (), how, ("2026", "2025"))))


class TestCharts:
    def test_what_is_hidden_has_one_size(self) -> None:
        """Whatever the others are: its length must tell nothing."""
        charts = [drawn(SheetRow("a", (Mark.FEW, Mark.HELD), 1), SheetRow("b", (most, 0), 1)) for most in (5, 5_000)]
        sizes = [re.findall(r'class="hidden"[^>]*width="([\d.]+)"', each) for each in charts]
        assert sizes[0] == sizes[1]
        assert len(set(sizes[0])) == 1

    def test_lengths_are_in_proportion(self) -> None:
        text = drawn(SheetRow("a", (100, 50), 1), SheetRow("b", (25, 0), 1))
        now = [float(each) for each in re.findall(r'class="now" x="6" y="\d+" width="([\d.]+)" height="11"', text)]
        assert now[1] == pytest.approx(now[0] / 4, abs=0.1)

    def test_what_editors_wrote_is_text(self) -> None:
        text = drawn(SheetRow("<script>alert(1)</script>", (7, 9), 1))
        assert "<script" not in text
        assert "&lt;script&gt;" in text

    def test_a_long_table_is_drawn_in_part(self) -> None:
        text = drawn(*(SheetRow(f"row {number}", (50 - number, 5), 1) for number in range(40)))
        assert text.count('class="now" x="6" y') == LONGEST + 1
        assert f"The {LONGEST} rows" in text

    @pytest.mark.parametrize("how", [Chart.BARS, Chart.MONTHS])
    def test_nothing_is_drawn_of_nothing(self, how: Chart) -> None:
        assert drawn(SheetRow("a", (0, 0), 1), how=how) == ""
