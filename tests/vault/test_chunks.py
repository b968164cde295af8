from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.vault.chunks import PARTS_MAX, join, split
from safetybot.vault.sealing import MESSAGE_MAX, CannotOpen, TooLong, encode


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text())), st.integers(40, 200))
def test_joined_parts_are_what_was_split(body: object, room: int) -> None:
    try:
        parts = split(body, room)
    except TooLong:
        assert len(encode(body)) > room * PARTS_MAX / 8  # no character takes more than 8 times its place, escaped
        return
    assert join(parts) == body
    assert 1 <= len(parts) <= PARTS_MAX
    for part in parts:
        assert len(encode(part.get("text", part.get("body")))) <= room


@pytest.mark.parametrize("letter", ["x", "ß", "😟", "\x00", '"', "\\"])
def test_every_part_fits_an_envelope(letter: str) -> None:
    body = {"what": letter * 20_000}
    parts = split(body)
    assert len(parts) > 1
    assert all(len(encode({"at": "2026-11-24T10:30:00Z", "by": "0" * 16, **part})) <= MESSAGE_MAX for part in parts)
    assert join(parts) == body


def test_short_ones_are_not_split() -> None:
    assert split("hello") == ({"body": "hello"},)


def test_there_is_a_limit() -> None:
    split("x" * 250_000)
    with pytest.raises(TooLong):
        split("x" * 300_000)


def test_missing_or_swapped_parts_are_refused() -> None:
    parts = split("x" * 50_000)
    for wrong in (parts[1:], parts[:-1], parts[::-1], (parts[0], parts[0], parts[2]), ({"what": 1},), (3,)):
        with pytest.raises(CannotOpen):
            join(wrong)
