"""Rows as bytes: whatever a table can hold comes back, and nothing else does."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.storage.rows import ColumnKind, Fingerprint, NoRow, Row, Shape, decode_row, encode_row

SHAPE = Shape(
    "t",
    (
        ("b", ColumnKind.BYTES),
        ("i", ColumnKind.INTEGER),
        ("f", ColumnKind.FLAG),
        ("t", ColumnKind.TEXT),
        ("c", ColumnKind.BYTES),
    ),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
ROWS = st.tuples(
    st.none() | st.binary(max_size=40),
    st.none() | st.integers(-(1 << 63), (1 << 63) - 1),
    st.none() | st.booleans(),
    st.none() | TEXTS,
    st.none() | st.binary(max_size=40),
)


def decoded(encoded: bytes) -> Row:
    stream = io.BytesIO(encoded)
    row = decode_row(stream.readline().rstrip(b"\n"), stream.read, SHAPE)
    assert stream.read() == b""
    return row


@given(ROWS)
def test_any_row_comes_back(row: Row) -> None:
    assert decoded(encode_row(row)) == row
    assert [*map(type, decoded(encode_row(row)))] == [*map(type, row)]


@given(
    st.binary()
    | st.lists(st.none() | st.booleans() | st.integers() | st.floats() | TEXTS).map(json.dumps).map(str.encode)
)
def test_of_anything_else_it_is_said_that_it_is_no_row(line: bytes) -> None:
    try:
        row = decode_row(line, bytes, SHAPE)
    except NoRow:
        return
    assert len(row) == len(SHAPE.columns)


@pytest.mark.parametrize(
    "line", [b"[true,1,true,null,null]", b"[1,1.5,true,null,null]", b"[-1,1,true,null,null]", b"[1,1,1,null,null]",
             b"[1,9223372036854775808,true,null,null]", b"[1,1,true,7,null]", b"[1,1,true,null]", b"{}", b"[" * 99999]
)  # fmt: skip
def test_a_value_of_another_kind_is_refused(line: bytes) -> None:
    with pytest.raises(NoRow):
        decode_row(line, bytes, SHAPE)


@given(st.lists(ROWS, unique=True, max_size=5), st.randoms())
def test_a_fingerprint_knows_the_rows_and_not_their_order(rows: list[Row], random: object) -> None:
    first, second = Fingerprint(), Fingerprint()
    first.add(map(encode_row, rows))
    other = [*rows]
    random.shuffle(other)  # type: ignore[attr-defined]
    second.add(map(encode_row, other))
    assert first == second
    for gone in range(len(rows)):
        less = Fingerprint()
        less.add(map(encode_row, rows[:gone] + rows[gone + 1 :]))
        assert less != first
