from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.formats.fast_json import dumps, loads

ANY_TEXT = st.text(st.characters(exclude_categories=()))
"""Halves of characters, too."""
THINGS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=20,
)


@given(THINGS)
def test_what_is_written_says_what_was_meant(thing: object) -> None:
    data = dumps(thing)
    assert json.loads(data) == thing
    assert loads(data) == thing
    assert b"\n" not in data


@given(THINGS)
def test_what_others_wrote_is_read(thing: object) -> None:
    assert loads(json.dumps(thing).encode()) == thing
    assert loads(json.dumps(thing, ensure_ascii=False, indent=1).encode("utf-8", "replace")) is not ...


def test_what_is_no_utf_8_is_replaced() -> None:
    assert loads(b'{"a": "\xff"}') == {"a": "\ufffd"}


@pytest.mark.parametrize("data", [b"", b"{", b"nothing", b'{"a": 1} x', b"\xff", b"[1,]"])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        loads(data)


def test_what_is_too_deep_is_refused() -> None:
    with pytest.raises((ValueError, RecursionError)):
        loads(b"[" * 100_000 + b"]" * 100_000)


def test_what_no_json_can_say_is_refused() -> None:
    with pytest.raises(TypeError):
        dumps(object())
