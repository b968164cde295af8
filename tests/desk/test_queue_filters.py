from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.desk import humanise
from safetybot.desk.queue_filters import AGE, FLAGS, STATUS, URGENCY, QueueQuery
from safetybot.reports.cases import CaseUrgency, Status
from safetybot.reports.queue import ACTIVE, NOBODY

TODAY = dt.date(2026, 11, 24)
MEMBERS = ("0a1b", "2c3d")

ASKED = st.builds(
    QueueQuery,
    status=st.sampled_from([choice.value for choice in STATUS]),
    urgency=st.sampled_from([choice.value for choice in URGENCY]),
    assignee=st.sampled_from(["", "me", "nobody", *MEMBERS]),
    age=st.sampled_from([choice.value for choice in AGE]),
    unread=st.booleans(),
    withdrawn=st.booleans(),
    warned=st.booleans(),
    page=st.integers(1, 1_000_000),
)


def read(address: str) -> QueueQuery:
    return QueueQuery.read(dict(parse_qsl(urlsplit(address).query)), MEMBERS)


@given(ASKED)
def test_an_address_asks_for_what_it_was_made_of(asked: QueueQuery) -> None:
    assert read(asked.address()) == asked
    assert read(asked.part + "seen=3") == asked
    assert read(asked.address(page=1)).page == 1


@given(st.dictionaries(st.sampled_from(["status", "urgency", "assignee", "age", "page", *FLAGS, "x"]), st.text()))
def test_anything_may_stand_in_an_address(query: dict[str, str]) -> None:
    asked = QueueQuery.read(query, MEMBERS)
    asked.filters("me", TODAY)
    assert read(asked.address()) == QueueQuery.read(dict(asked.pairs()), MEMBERS)
    assert {*asked.left_out} <= {*query}


@pytest.mark.parametrize(
    "query",
    [
        {"status": "NEW"},
        {"urgency": "all"},
        {"assignee": "nosuch"},
        {"age": "1"},
        {"unread": "yes"},
        {"page": "0"},
        {"page": "-1"},
        {"page": "٣"},
        {"page": "99999999"},
        {"page": ""},
    ],
)
def test_what_is_not_understood_is_left_out_and_said(query: dict[str, str]) -> None:
    asked = QueueQuery.read({"urgency": "high", **query}, MEMBERS)
    assert asked.left_out == (*query,)
    assert not asked.any or asked.urgency == "high"


def test_what_the_database_is_asked_for() -> None:
    assert QueueQuery().filters("me", TODAY) == {"status": ACTIVE, "shredded": False}
    assert QueueQuery("deleted").filters("me", TODAY) == {"status": tuple(Status), "shredded": True}
    assert QueueQuery("closed", "high", "me", "today").filters("0a1b", TODAY) == {
        "status": (Status.CLOSED,),
        "shredded": False,
        "urgency": (CaseUrgency.HIGH,),
        "assignee": "0a1b",
        "first": "2026-11-24",
    }
    assert QueueQuery(assignee="nobody").filters("me", TODAY)["assignee"] == NOBODY
    assert QueueQuery(assignee="2c3d").filters("me", TODAY)["assignee"] == "2c3d"
    assert QueueQuery(age="week").filters("me", TODAY)["first"] == "2026-11-18"
    assert QueueQuery(age="over-3-days").filters("me", TODAY)["last"] == "2026-11-20"
    assert QueueQuery(age="over-2-weeks").filters("me", TODAY)["last"] == "2026-11-09"
    ticked = QueueQuery(unread=True, withdrawn=True, warned=True).filters("me", TODAY)
    assert (ticked["unread"], ticked["withdrawn"], ticked["warned"]) == (True, True, True)


@pytest.mark.parametrize(
    ("day", "words", "date"),
    [
        ("2026-11-25", "today", "25 Nov"),
        ("2026-11-24", "today", "24 Nov"),
        ("2026-11-23", "yesterday", "23 Nov"),
        ("2026-11-11", "13 days ago", "11 Nov"),
        ("2026-11-10", "2 weeks ago", "10 Nov"),
        ("2026-09-25", "8 weeks ago", "25 Sep"),
        ("2026-09-24", "2 months ago", "24 Sep"),
        ("2025-11-24", "over a year ago", "24 Nov 2025"),
    ],
)
def test_ages(day: str, words: str, date: str) -> None:
    assert humanise.age(day, TODAY) == words
    assert humanise.date(day, TODAY) == date


def test_sizes() -> None:
    assert [humanise.size(size) for size in (0, 1024, 4096, 16384, 65536)] == [
        "a few lines",
        "a few lines",
        "about a page",
        "several pages",
        "very long",
    ]
