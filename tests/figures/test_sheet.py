"""The yearly sheet: right sums, small numbers hidden alike in every form, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.figures.disclosure_control import Mark
from safetybot.figures.sheet import Change, Entry, Percent, Sheet, SheetRow, Table, change_percent, entry_text, share
from safetybot.figures.sheet_formats import WIDTH, safe_cell, sheet_csv, sheet_json, sheet_text
from safetybot.figures.sheet_making import make_sheet, read_sheet
from safetybot.figures.sheet_names import SheetNames
from safetybot.figures.yearly import YearCounts, first_year, read_years
from tests.databases import SQLITE_ALONE
from tests.figures.counted import TOLD, fill
from tests.reports.office import Office

TODAY = dt.date(2026, 11, 24)
NAMES = SheetNames({"threats": "Threats or blackmail"}, {"from-11": "11 to 13"}, {"passwords": "Passwords"}, {"thanks"})


def year(number: int = 2026, months: dict[int, int] | None = None, **done: dict[int, int]) -> YearCounts:
    counts = YearCounts(number, Counter(months or {}))
    counts.urgency["normal"] = counts.standing["advised"] = sum((months or {}).values())
    for name, by_month in done.items():
        counts.done[name.replace("_", "-"), "passwords" if name in ("answer", "up", "down") else ""] = Counter(by_month)
    return counts


def sheet(now: YearCounts, before: YearCounts | None = None, today: dt.date = TODAY) -> Sheet:
    return make_sheet(now, before or YearCounts(now.year - 1), NAMES, today)


def table(of: Sheet, id_: str) -> Table:
    (found,) = [table for section in of.sections for table in section.tables if table.id == id_]
    return found


def row(of: Table, label: str) -> tuple[Entry, ...]:
    (found,) = [row for row in (*of.rows, *of.totals) if row.label == label]
    return found.entries


def all_rows(of: Sheet) -> Iterator[tuple[Table, SheetRow]]:
    for section in of.sections:
        for table in section.tables:
            yield from ((table, row) for row in (*table.rows, *table.totals))


EVEN = dict.fromkeys(range(1, 13), 10)


class TestComparing:
    def test_a_year_that_is_over_is_compared_with_the_whole_year_before(self) -> None:
        made = sheet(year(2025, EVEN), year(2024, dict.fromkeys(range(1, 13), 8)))
        received = table(made, "received")
        assert made.until is None
        assert row(received, "March") == (10, 8, Change(2), Percent(25, change=True))
        assert row(received, "Whole year") == (120, 96, Change(24), Percent(25, change=True))
        assert "That is 25% more than in 2024." in made.sentences

    def test_a_year_that_is_not_over_is_compared_by_its_whole_months(self) -> None:
        months = dict.fromkeys(range(1, 12), 10)
        made = sheet(year(2026, months), year(2025, {**dict.fromkeys(range(1, 11), 20), 11: 500, 12: 500}))
        received = table(made, "received")
        assert row(received, "October") == (10, 20, Change(-10), Percent(-50, change=True))
        assert row(received, "November (so far)") == (10, 500, None, None)
        assert row(received, "December") == (None, 500, None, None)
        assert row(received, "January to October") == (100, 200, Change(-100), Percent(-50, change=True))
        assert row(received, "2026 so far, and all of 2025") == (110, 1200, None, None)
        assert "From January to October there were 50% fewer than in the same months of 2025." in made.sentences
        assert table(made, "urgency").head == ("2026 so far", "Share", "2025", "Share")

    def test_in_january_there_is_nothing_to_compare(self) -> None:
        made = sheet(year(2026, {1: 10}), year(2025, EVEN), dt.date(2026, 1, 20))
        assert row(table(made, "received"), "January (so far)") == (10, 10, None, None)
        assert not any("2025" in sentence for sentence in made.sentences)

    def test_in_february_one_month_is(self) -> None:
        made = sheet(year(2026, {1: 20, 2: 7}), year(2025, EVEN), dt.date(2026, 2, 20))
        assert "In January there were 100% more than in the same months of 2025." in made.sentences

    @pytest.mark.parametrize(
        ("now", "before", "percent"), [(3, 0, None), (5, 10, -50), (15, 8, 88), (13, 8, 63), (5, 8, -38), (7, 7, 0)]
    )
    def test_percents_are_rounded_a_half_away_from_zero(self, now: int, before: int, percent: int | None) -> None:
        assert change_percent(now, before) == (None if percent is None else Percent(percent, change=True))

    @pytest.mark.parametrize("mark", list(Mark))
    def test_nothing_is_said_of_what_is_hidden(self, mark: Mark) -> None:
        assert change_percent(mark, 9) is change_percent(9, mark) is share(mark, 9) is share(9, mark) is None


class TestHiding:
    def test_a_small_month_is_hidden_and_cannot_be_had_from_the_total(self) -> None:
        months = {**EVEN, 4: 3, 6: 7}
        made = sheet(year(2025, months), year(2024, EVEN))
        received = table(made, "received")
        assert row(received, "April") == (Mark.FEW, 10, None, None)
        assert row(received, "June") == (Mark.HELD, 10, None, None)
        assert row(received, "Whole year")[0] == 110

    def test_a_part_of_the_year_gives_no_hidden_month_away(self) -> None:
        """April is hidden, and November too, lest it be had from the year: then it is not to be had from the part."""
        before = year(2025, {**EVEN, 4: 3, 11: 7})
        made = sheet(year(2026, dict.fromkeys(range(1, 12), 10)), before)
        assert row(table(made, "received"), "January to October") == (100, Mark.HELD, None, None)
        assert row(table(made, "received"), "2026 so far, and all of 2025")[1] == 110

    def test_every_form_hides_the_same(self) -> None:
        """Two years that look alike in the table look alike everywhere: page, text, CSV, JSON, sentences."""
        one, other = {**EVEN, 4: 3, 6: 7}, {**EVEN, 4: 2, 6: 8}
        made = [sheet(year(2025, months), year(2024, EVEN)) for months in (one, other)]
        assert made[0] == made[1]

    @given(
        st.dictionaries(st.integers(1, 12), st.integers(0, 12)),
        st.dictionaries(st.integers(1, 12), st.integers(0, 12)),
        st.dictionaries(st.sampled_from([*TOLD["age"], "odd"]), st.integers(0, 9)),
        st.dictionaries(st.integers(1, 12), st.integers(0, 12)),
        st.sampled_from([TODAY, dt.date(2026, 1, 3), dt.date(2027, 5, 5)]),
    )
    def test_no_small_count_is_in_any_form(
        self,
        months: dict[int, int],
        before: dict[int, int],
        told: dict[str, int],
        answers: dict[int, int],
        today: dt.date,
    ) -> None:
        now = year(2026, months, answer=answers, up={3: 2}, danger={5: 1}, start=answers)
        now.told = {dimension: Counter(told) for dimension in TOLD}
        made = sheet(now, year(2025, before), today)
        for _, each in all_rows(made):
            assert not any(isinstance(entry, int) and 0 < entry < 5 for entry in each.entries)
        assert not any(isinstance(one.figure, int) and 0 < one.figure < 5 for one in made.headlines)
        text = sheet_text(made)
        assert all(len(line) <= WIDTH for line in text.splitlines())
        assert not re.search(r"\b[1-4] (reports|times|answers)", text)
        read = list(csv.reader(io.StringIO(sheet_csv(made)[1:])))
        counts = [each for each in read[1:] if "Change" not in each[3] and "%" not in each[3] and each[3] != "Up"]
        assert not {each[4] for each in counts} & {"1", "2", "3", "4"}
        shown = [entry_text(entry) for _, each in all_rows(made) for entry in each.entries if isinstance(entry, Mark)]
        assert sorted(each[4] for each in read if each[4] in {mark.value for mark in Mark}) == sorted(shown)
        data = json.dumps(sheet_json(made))
        assert sum(data.count(f'"{mark.value}"') for mark in Mark) == len(shown)


class TestWhatIsCounted:
    def test_small_talk_is_no_advice(self) -> None:
        now = year(2025, {}, answer=EVEN)
        now.done["chosen", "thanks"] = Counter(EVEN)
        made = sheet(now)
        assert row(table(made, "answers"), "Whole year")[0] == 120
        assert [each.label for each in table(made, "topics").rows] == ["Passwords"]

    def test_who_did_not_say_and_who_was_not_opened_are_one_number(self) -> None:
        now = year(2025, EVEN)
        now.told["age"] = Counter({"from-11": 70, "odd": 9, "not said": 11})
        ages = table(sheet(now), "ages")
        assert [(each.label, each.entries[0]) for each in ages.rows] == [
            ("11 to 13", 70),
            ("odd", 9),
            ("Not said, or not opened yet", 41),
        ]

    def test_how_soon(self) -> None:
        now = year(2025, EVEN)
        now.told["opened within"] = Counter({"1 h": 40, "4 h": 30, "24 h": 20, "2 days": 10, "longer": 8, "unknown": 2})
        made = sheet(now)
        assert row(table(made, "opened"), "Longer, or not opened yet")[0] == 20
        assert "75% of all reports were opened within 24 hours of being sent." in made.sentences

    def test_thumbs(self) -> None:
        made = sheet(year(2025, {}, answer=EVEN, up={2: 30}, down={2: 10}))
        assert row(table(made, "topics"), "Passwords") == (120, 0, 30, 10, Percent(75))

    def test_a_year_without_anything_is_all_zeros(self) -> None:
        made = sheet(YearCounts(2025))
        assert {entry for _, each in all_rows(made) for entry in each.entries} <= {0, None, Change(0)}
        assert "No reports came in." in made.sentences


class TestCsv:
    @pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
    def test_a_text_that_would_be_a_formula_is_none(self, sign: str) -> None:
        now = year(2025, {}, answer=EVEN)
        made = make_sheet(now, YearCounts(2024), SheetNames(topics={"passwords": f'{sign}HYPERLINK("x")'}), TODAY)
        cells = [cell for line in csv.reader(io.StringIO(sheet_csv(made)[1:], newline="")) for cell in line]
        assert f'\'{sign}HYPERLINK("x")' in cells
        assert not any(cell.startswith(sign) and not cell.lstrip("-").isdecimal() for cell in cells if cell)

    @given(st.text(st.sampled_from("=+-@\t\r\n,\"' a")))
    def test_any_text_comes_back_as_it_was_but_for_an_apostrophe(self, text: str) -> None:
        safe = safe_cell(text)
        assert safe in (text, f"'{text}")
        assert not str(safe).startswith(("=", "+", "-", "@", "\t", "\r"))

    def test_it_begins_with_a_mark_and_numbers_are_numbers(self) -> None:
        made = sheet(year(2025, EVEN), year(2024, dict.fromkeys(range(1, 13), 12)))
        text = sheet_csv(made)
        assert text.encode().startswith(b"\xef\xbb\xbf")
        assert "Reports,Reports received,March,2025,10\r\n" in text
        assert "Reports,Reports received,March,Change,-2\r\n" in text
        assert "Reports,How urgent they were,Normal,Share of 2024 in %,100\r\n" in text


class TestFromTheDatabase:
    async def test_sums_are_those_of_the_rows(self, office: Office) -> None:
        await fill(office.engine, TODAY, years=2, reports=300, topics=("passwords", "scams"))
        async with office.engine.connect() as connection:
            years = await read_years(connection, (2024, 2025, 2026, 2027))
            assert await first_year(connection) == 2024
        assert sum(counts.reports.total() for counts in years.values()) == 300
        for counts in years.values():
            assert counts.reports.total() == counts.urgency.total() == counts.standing.total()
        assert years[2027].done == {}

    @SQLITE_ALONE
    @pytest.mark.slow
    async def test_ten_thousand_cases_and_five_years_of_counters_take_no_time(self, office: Office) -> None:
        topics = tuple(f"topic-{number}" for number in range(30))
        await fill(office.engine, TODAY, years=5, reports=10_000, topics=topics)
        took = []
        async with office.engine.connect() as connection:
            for _ in range(4):
                start = time.process_time()
                await read_sheet(connection, 2026, NAMES, TODAY)
                took.append(time.process_time() - start)
        assert min(took) < 0.3
