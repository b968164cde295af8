"""A draft as JSON: what is written is read, and nothing else is."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.dialogue.draft import Draft, DraftAnswer, DraftError, FormState, Pending
from safetybot.guidance.model import Sign

DRAFT = Draft(
    "en",
    dt.date(2026, 11, 24),
    29_800_000,
    "story",
    "sextortion",
    FormState.EDITING,
    Pending.STOP,
    Sign.CHECK,
    {"danger": DraftAnswer(("no",)), "story": DraftAnswer((), ("one 😰", "two\n\x00"))},
)

answers = st.builds(
    DraftAnswer, st.lists(st.text(max_size=5)).map(tuple), st.lists(st.text(max_size=20), min_size=1).map(tuple)
)
drafts = st.builds(
    Draft,
    language=st.text(max_size=5),
    started=st.dates(),
    touched=st.integers(),
    at=st.text(max_size=24),
    topic=st.none() | st.text(max_size=40),
    state=st.sampled_from(FormState),
    pending=st.sampled_from(Pending),
    sign=st.sampled_from(Sign),
    answers=st.dictionaries(st.text(max_size=24), answers, max_size=4),
)


@given(drafts)
def test_what_is_written_is_read(draft: Draft) -> None:
    assert Draft.from_json(draft.to_json()) == draft


def changed(**values: object) -> str:
    return json.dumps({**json.loads(DRAFT.to_json()), **values})


def test_the_form_is_the_one_of_this_version() -> None:
    assert json.loads(DRAFT.to_json()) == {
        "version": 1,
        "language": "en",
        "started": "2026-11-24",
        "touched": 29_800_000,
        "at": "story",
        "topic": "sextortion",
        "state": "editing",
        "pending": "stop",
        "sign": "check",
        "answers": {"danger": [["no"], []], "story": [[], ["one 😰", "two\n\x00"]]},
    }
    assert Draft.from_json(changed()) == DRAFT


@pytest.mark.parametrize(
    "text",
    ["", "x", "[]", "null", "{}", "[" * 5000, changed(version=2), changed(version="1"), changed(state="done"),
     changed(pending=None), changed(sign="x"), changed(started="yesterday"), changed(touched="1"),
     changed(touched=True), changed(touched=1.5), changed(at=None), changed(language=1), changed(topic=3),
     changed(answers=[]), changed(answers={"a": []}), changed(answers={"a": ["no", []]}),
     changed(answers={"a": [[], "no"]}), changed(answers={"a": [[1], []]}), changed(more=1),
     DRAFT.to_json()[:-1], DRAFT.to_json().replace('"at":"story",', "")],
)  # fmt: skip
def test_anything_else_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(DraftError) as caught:
        Draft.from_json(text)
    assert str(caught.value) in ("a draft of another version", "a draft has an unknown form")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_an_empty_answer_is_none() -> None:
    assert not DraftAnswer()
    assert DraftAnswer(("a",))
    assert DraftAnswer((), ("b",))
    assert DRAFT.answered("danger", DraftAnswer()).answers == {"story": DRAFT.answers["story"]}
    assert DRAFT.answered("new", DraftAnswer()).answers == DRAFT.answers
    assert DRAFT.answer("nowhere") == DraftAnswer()


def test_stale_after_half_an_hour_or_while_asked() -> None:
    assert not DRAFT.is_stale(DRAFT.touched + 29)
    assert DRAFT.is_stale(DRAFT.touched + 30)
