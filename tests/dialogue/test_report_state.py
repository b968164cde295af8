"""What is kept of reports: written and read back, and for how long."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.dialogue.draft import Draft, DraftAnswer
from safetybot.dialogue.report_state import (
    DRAFT_MINUTES,
    OPEN_MINUTES,
    UPDATES_KEPT,
    VISIT_MINUTES,
    Addition,
    ReportStage,
    ReportState,
    ReportStateError,
    ShownCode,
    Visit,
)
from safetybot.guidance.model import Sign
from safetybot.vault.codes import CodeKeys

MINUTE = 29_000_000
KEYS = CodeKeys(bytes(range(32)), bytes(range(32, 64)))
DRAFT = Draft("en", dt.date(2026, 11, 24), MINUTE, "story", answers={"story": DraftAnswer(words=("he wrote",))})

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
minutes = st.integers(MINUTE - 2000, MINUTE)
bytes_32 = st.binary(min_size=32, max_size=32)
drafts = st.builds(Draft, texts, st.dates(), minutes, texts, sign=st.sampled_from(Sign))
additions = st.lists(
    st.builds(Addition, texts, minutes, st.lists(texts, max_size=3).map(tuple), st.sampled_from(Sign)), max_size=3
).map(tuple)
visits = st.builds(
    Visit,
    minutes,
    st.sampled_from(ReportStage),
    st.none() | texts,
    st.none() | st.builds(CodeKeys, bytes_32, bytes_32),
    texts,
    st.lists(minutes, max_size=5).map(tuple),
    st.none() | st.builds(ShownCode, texts, st.integers(MINUTE - 100, MINUTE + 100), st.booleans(), st.booleans()),
    texts,
)
updates = st.lists(st.integers(0, 2**53), max_size=UPDATES_KEPT, unique=True).map(tuple)
kepts = st.builds(ReportState, st.none() | drafts, additions, st.none() | visits, updates)


def stored(kept: ReportState) -> ReportState:
    """It, after it was written as JSON and read back."""
    first, second = json.loads(json.dumps([kept.drafts(), kept.visits()]))
    return ReportState.of(first, second)


@given(kepts)
def test_what_is_written_is_read_back(kept: ReportState) -> None:
    assert stored(kept) == kept


def test_nothing_is_written_of_nothing() -> None:
    assert (ReportState().drafts(), ReportState().visits()) == (None, None)
    assert ReportState.of(None, None) == ReportState()
    assert ReportState(visit=Visit(1)).drafts() is None
    assert ReportState(draft=DRAFT).visits() is None


def test_the_updates_outlive_what_they_deleted() -> None:
    assert stored(ReportState(updates=(1, 2))).updates == (1, 2)


def test_updates_of_both_parts_are_joined() -> None:
    first, second = (
        ReportState(draft=DRAFT, updates=(1, 2)).drafts(),
        ReportState(visit=Visit(1), updates=(2, 3)).visits(),
    )
    assert ReportState.of(first, second).updates == (1, 2, 3)


def test_only_the_last_updates_are_kept() -> None:
    kept = ReportState()
    for update in range(UPDATES_KEPT + 5):
        kept = kept.seen(update)
    assert kept.updates == tuple(range(5, UPDATES_KEPT + 5))
    assert kept.seen(None) == kept


class TestAdditions:
    FIRST, SECOND = Addition("c1", MINUTE, ("one",)), Addition("c2", MINUTE, ("two",))

    def test_there_is_one_for_each_case(self) -> None:
        kept = ReportState().adding(self.FIRST).adding(self.SECOND)
        assert (kept.addition("c1"), kept.addition("c2"), kept.addition("c3")) == (self.FIRST, self.SECOND, None)
        again = Addition("c1", MINUTE, ("one", "more"))
        assert kept.adding(again).additions == (self.SECOND, again)

    def test_one_is_taken_away(self) -> None:
        kept = ReportState(draft=DRAFT, updates=(1,)).adding(self.FIRST).adding(self.SECOND)
        assert kept.without_addition("c1") == ReportState(draft=DRAFT, additions=(self.SECOND,), updates=(1,))
        assert kept.without_addition("c3") == kept
        assert kept.addition(None) is None


class TestTime:
    @given(kepts, st.integers(0, 2000), st.integers(0, 2000))
    def test_what_is_gone_stays_gone(self, kept: ReportState, first: int, second: int) -> None:
        once = kept.at(MINUTE + first)
        assert once.at(MINUTE + first) == once
        assert once.at(MINUTE + first + second) == kept.at(MINUTE + first + second)
        assert once.updates == kept.updates

    def test_a_draft_and_an_addition_last_a_day_without_a_word(self) -> None:
        kept = (
            ReportState(draft=DRAFT)
            .adding(Addition("c1", MINUTE, ("one",)))
            .adding(Addition("c2", MINUTE + 9, ("two",)))
        )
        assert kept.at(MINUTE + DRAFT_MINUTES - 1) == kept
        assert kept.at(MINUTE + DRAFT_MINUTES) == ReportState().adding(Addition("c2", MINUTE + 9, ("two",)))
        assert kept.at(MINUTE + DRAFT_MINUTES + 9) == ReportState()

    @pytest.mark.parametrize(
        "stage", [ReportStage.CODE, ReportStage.MENU, ReportStage.WRITING, ReportStage.WITHDRAWING]
    )
    def test_a_case_is_open_for_half_an_hour(self, stage: ReportStage) -> None:
        visit = Visit(MINUTE, stage, "c1", KEYS, "typed", tries=(MINUTE,), said="case-added")
        assert ReportState(visit=visit).at(MINUTE + OPEN_MINUTES - 1).visit == visit
        closed = Visit(MINUTE, tries=(MINUTE,), said="case-added")
        assert ReportState(visit=visit).at(MINUTE + OPEN_MINUTES).visit == closed
        assert ReportState(visit=visit).at(MINUTE + VISIT_MINUTES).visit is None

    def test_each_try_counts_for_an_hour(self) -> None:
        kept = ReportState(visit=Visit(MINUTE, tries=(MINUTE, MINUTE + 5)))
        visit = kept.at(MINUTE + VISIT_MINUTES).visit
        assert visit is not None
        assert visit.tries == (MINUTE + 5,)
        assert kept.at(MINUTE + VISIT_MINUTES + 5).visit is None

    def test_a_code_is_kept_until_its_minute(self) -> None:
        kept = ReportState(
            visit=Visit(MINUTE, code=ShownCode("six words", MINUTE + VISIT_MINUTES, delivered=True), said="sent")
        )
        assert kept.at(MINUTE + VISIT_MINUTES - 1) == kept
        assert kept.at(MINUTE + VISIT_MINUTES).visit is None

    def test_what_was_said_last_is_kept_while_its_update_may_come_again(self) -> None:
        kept = ReportState(visit=Visit(MINUTE, said="case-left"))
        assert kept.at(MINUTE + OPEN_MINUTES - 1) == kept
        assert kept.at(MINUTE + OPEN_MINUTES).visit is None


class TestUnfit:
    GOOD = ReportState(
        DRAFT,
        (Addition("c1", MINUTE, ("one",)),),
        Visit(MINUTE, ReportStage.MENU, "c1", KEYS, code=ShownCode("words", MINUTE)),
        (1,),
    )

    @pytest.mark.parametrize(
        ("part", "path", "value"),
        [
            ("drafts", ["draft"], "{}"),
            ("drafts", ["draft"], 7),
            ("drafts", ["additions"], None),
            ("drafts", ["additions", 0, "words"], 7),
            ("drafts", ["additions", 0, "sign"], "loud"),
            ("drafts", ["additions", 0, "touched"], "soon"),
            ("drafts", ["updates"], None),
            ("visits", ["visit", "stage"], "elsewhere"),
            ("visits", ["visit", "keys"], ["00"]),
            ("visits", ["visit", "keys"], ["xy", "00"]),
            ("visits", ["visit", "keys"], [1, 2]),
            ("visits", ["visit", "touched"], None),
            ("visits", ["visit", "touched"], float("inf")),
            ("visits", ["visit", "tries"], 5),
            ("visits", ["visit", "code"], {"text": "x"}),
            ("visits", ["visit"], [1]),
            ("visits", ["updates"], "x"),
        ],
    )
    def test_it_is_refused_and_quotes_nothing(self, part: str, path: list[Any], value: object) -> None:
        parts = {"drafts": self.GOOD.drafts(), "visits": self.GOOD.visits()}
        parts = json.loads(json.dumps(parts))
        place: Any = parts[part]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        with pytest.raises(ReportStateError) as raised:
            ReportState.of(parts["drafts"], parts["visits"])
        assert str(raised.value) == "what was kept of a report has an unknown form"
        assert raised.value.__cause__ is None

    @pytest.mark.parametrize("key", ["touched", "stage", "case", "keys", "slip", "tries", "code", "said"])
    def test_a_part_that_is_missing(self, key: str) -> None:
        visits = self.GOOD.visits()
        assert visits is not None
        del visits["visit"][key]
        with pytest.raises(ReportStateError):
            ReportState.of(None, visits)


def test_words_and_codes_are_in_no_repr() -> None:
    kept = ReportState(
        DRAFT,
        (Addition("c1", MINUTE, ("secret words",)),),
        Visit(MINUTE, ReportStage.CODE, None, KEYS, "maple garden", code=ShownCode("kettle penguin", MINUTE)),
    )
    shown = repr(kept)
    for words in ("secret", "he wrote", "maple", "kettle", repr(KEYS.lookup_tag), repr(KEYS.wrapping_key)):
        assert words not in shown


def test_a_clock_that_was_set_back_locks_nobody_out_and_opens_nothing() -> None:
    visit = Visit(MINUTE, ReportStage.MENU, "case", KEYS, tries=(MINUTE - 1, MINUTE))
    before = ReportState(visit=visit).at(MINUTE - 1)
    assert before.visit == visit  # a step of a minute is nothing
    assert ReportState(visit=visit).at(MINUTE - 24 * 60).visit is None
