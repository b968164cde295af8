from __future__ import annotations

import datetime as dt
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.desk import search
from safetybot.desk.logins import Ended, LoggedIn, Logins, LoginStage
from safetybot.reports.cases import CaseRef, CaseRow, CaseUrgency, Status
from safetybot.reports.casework import OpenedCase
from safetybot.vault.envelopes import EnvelopeKind, Message
from safetybot.vault.sealing import Json
from tests.desk.test_presence import member

NOW = dt.datetime(2026, 11, 24, 10, tzinfo=dt.UTC)


@pytest.fixture
def login() -> LoggedIn:
    return LoggedIn(member("Ada"), LoginStage.IN, NOW, NOW)


def opened(id_: str, *bodies: Json, kind: EnvelopeKind = EnvelopeKind.REPORT) -> OpenedCase:
    row = CaseRow(
        CaseRef(id_ * 32), "2026-11-24", CaseUrgency.NORMAL, Status.OPEN, None, None, None, None, None, None, None
    )
    messages = [Message(number, kind, "2026-11-24T10:00:00Z", None, body) for number, body in enumerate(bodies, 1)]
    return OpenedCase(row, tuple(messages), (), ())


def found(login: LoggedIn, words: str) -> list[str]:
    return [one.ref.id[0] for one in search.find(login, words)]


def test_words_are_found_whatever_their_case_accents_and_invisible_letters(login: LoggedIn) -> None:
    search.remember(login, opened("a", {"what": {"words": ["He calls himself\nJonny\u200b_Smith on Snapchat"]}}))
    search.remember(login, opened("b", {"text": "ZOË told a teacher"}))
    assert found(login, "jonny_smith") == ["a"]
    assert found(login, "himself jonny") == ["a"]
    assert found(login, "zoe") == ["b"]
    assert found(login, "teacher ZOË") == ["b"]
    assert found(login, "xbox") == []
    assert found(login, "teacher snapchat") == [], "both words in one case"
    assert found(login, " \n ") == []


def test_slips_are_forgiven_only_where_nothing_is_written_just_so(login: LoggedIn) -> None:
    search.remember(login, opened("a", "he is jonny_smith2009 there"))
    search.remember(login, opened("b", "she knows jony_smith2009 as well"))
    assert found(login, "jonny_smith2009") == ["a"]
    assert found(login, "jonny-smith2009") == ["a", "b"]
    assert not search.find(login, "jonny-smith2009")[0].exactly
    assert search.find(login, "jony-smth2009")[0].snippet.found == "jony_smith2009", "whole words are shown"
    assert found(login, "smiht knwos") == ["b"]
    assert found(login, "xyz") == [], "three letters are like anything"
    assert found(login, "something else entirely") == []


def test_the_snippet_is_what_was_written(login: LoggedIn) -> None:
    search.remember(login, opened("a", "x " * 500 + "<b>İstanbul</b> meet " + "y " * 500, kind=EnvelopeKind.ADDITION))
    (one,) = search.find(login, "istanbul</b> MEET")
    assert one.snippet.found == "İstanbul</b> meet"
    assert one.snippet.where == "in what was added"
    assert one.snippet.before.startswith("… x")
    assert one.snippet.before.endswith("<b>")
    assert one.snippet.after.endswith("y …")
    assert len("".join(one.snippet)) < 200


def test_what_is_remembered_is_replaced_forgotten_and_goes_with_the_login(login: LoggedIn) -> None:
    search.remember(login, opened("a", "the old words"))
    search.remember(login, opened("a", "what is new"))
    assert found(login, "old words") == []
    assert found(login, "what is new") == ["a"]
    search.forget(login, "a" * 32)
    search.forget(login, "a" * 32)
    assert found(login, "what is new") == []
    logins = Logins()
    _, login = logins.begin(member("Ada"), LoginStage.IN, NOW)
    search.remember(login, opened("a", "the words"))
    assert found(login, "words") == ["a"]
    logins.end(login, Ended.LOCKED)
    assert found(login, "words") == []


def test_contact_details_are_not_searched(login: LoggedIn) -> None:
    search.remember(login, opened("a", {"phone": "07700 900123"}, kind=EnvelopeKind.CONTACT))
    assert found(login, "07700 900123") == []


def test_nothing_of_it_is_in_what_python_shows(login: LoggedIn) -> None:
    search.remember(login, opened("a", "secret words"))
    assert "secret" not in repr(login) + repr(login.opened) + repr(search.find(login, "secret words"))


def test_any_number_of_bodies_of_any_form(login: LoggedIn) -> None:
    search.remember(login, opened("a", None, 3, True, [], {"a": [{"b": ("deep",)}]}, ""))
    assert found(login, "deep") == ["a"]


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("3FA-9C2", "3fa9c2"),
        ("3fa9c2", "3fa9c2"),
        (" #3FA 9c2 ", "3fa9c2"),
        ("3fa", "3fa"),
        ("3fa-9", "3fa9"),
        ("3f", None),
        ("3fa9c2d", None),
        ("hello", None),
        ("", None),
        ("%", None),
    ],
)
def test_short_references(words: str, digits: str | None) -> None:
    assert search.short_ref(words) == digits


@given(st.text())
def test_folding_keeps_every_letter_in_its_place(text: str) -> None:
    assert len(search.fold(text)) == len(text)
    line = search.one_line(text)
    assert "\n" not in line
    assert not any(unicodedata.category(letter) == "Cf" for letter in line)


@given(st.text(min_size=1, max_size=200), st.data())
def test_every_piece_of_a_text_is_found_in_it(text: str, data: st.DataObject) -> None:
    login = LoggedIn(member("Ada"), LoginStage.IN, NOW, NOW)
    search.remember(login, opened("a", text))
    line = search.one_line(text)
    start = data.draw(st.integers(0, len(line)))
    piece = line[start : start + data.draw(st.integers(1, search.LONGEST))].strip()
    if piece:
        (one,) = search.find(login, piece)
        assert one.exactly
        assert search.fold(one.snippet.found) == search.fold(piece)
