"""Small numbers: hidden, and not to be worked out by anybody who knows the rule, the total and all that is shown."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.figures.disclosure_control import Mark, Published, publish, single_count

FEW, HELD = Mark.FEW, Mark.HELD


def tables(length: int, total: int) -> Iterator[tuple[int, ...]]:
    """Every table of this length with this total."""
    for bars in itertools.combinations(range(total + length - 1), length - 1):
        edges = (-1, *bars, total + length - 1)
        yield tuple(after - before - 1 for before, after in itertools.pairwise(edges))


def hidden(shown: Published) -> list[int]:
    return [place for place, cell in enumerate(shown.cells) if isinstance(cell, Mark)]


@pytest.mark.parametrize(
    ("counts", "cells", "total"),
    [
        ((0, 0, 0), (0, 0, 0), 0),
        ((7,), (7,), 7),
        ((3,), (FEW,), FEW),
        ((3, 0), (HELD, HELD), FEW),
        ((6, 0), (HELD, HELD), 6),
        ((20, 0, 5), (20, 0, 5), 25),
        ((20, 3, 9, 0), (20, FEW, HELD, 0), 32),
        ((20, 3, 2, 9), (20, FEW, FEW, HELD), 34),
        ((20, 1, 5), (HELD, HELD, HELD), 26),
        ((9, 4, 9, 30), (HELD,) * 4, 52),
        ((9, 3, 9, 30), (HELD, FEW, 9, 30), 51),
        ((4, 4, 4), (HELD, HELD, HELD), 12),
        ((4, 4, 3), (FEW, FEW, FEW), 11),
    ],
)
def test_the_rule(counts: Sequence[int], cells: Sequence[int | Mark], total: int | Mark) -> None:
    assert publish(counts) == Published(tuple(cells), total)


@pytest.mark.parametrize(
    ("length", "totals"), [(2, range(60)), (3, range(40)), (4, range(26)), (5, range(19)), (6, range(15))]
)
def test_nobody_works_out_a_hidden_number(length: int, totals: range) -> None:
    """Of all tables that look the same, at least two differ in each hidden place: whatever is known of the rule."""
    for total in totals:
        looks = defaultdict(list)
        for table in tables(length, total):
            looks[publish(table)].append(table)
        for shown, alike in looks.items():
            if isinstance(shown.total, Mark):
                continue  # the total may be another one as well
            for place in hidden(shown):
                assert len({table[place] for table in alike}) > 1, (shown, alike)


@given(st.lists(st.one_of(st.integers(0, 6), st.integers(0, 400)), min_size=2, max_size=14))
def test_large_tables_keep_the_rule(counts: list[int]) -> None:
    shown = publish(counts)
    for count, cell in zip(counts, shown.cells, strict=True):
        assert cell == count if isinstance(cell, int) else True
        assert not 0 < count < 5 or isinstance(cell, Mark)
        assert cell is not FEW or 0 < count < 5
    assert shown.total == (sum(counts) if not 0 < sum(counts) < 5 else FEW)
    assert len(hidden(shown)) != 1
    if FEW in shown.cells:
        # Another table that looks the same, for each hidden place: one more there, and one less elsewhere, or so.
        for place in hidden(shown):
            others = (other for other in hidden(shown) if other != place)
            steps = itertools.product(others, (1, -1))
            alike = (_moved(counts, place, other, step) for other, step in steps)
            assert any(publish(table) == shown for table in alike)


def _moved(counts: Sequence[int], place: int, other: int, step: int) -> list[int]:
    moved = list(counts)
    moved[place] += step
    moved[other] -= step
    return moved


@given(
    st.lists(st.one_of(st.integers(0, 6), st.integers(0, 60)), min_size=2, max_size=12).flatmap(
        lambda counts: st.tuples(st.just(counts), st.sets(st.integers(0, len(counts) - 1), min_size=1))
    )
)
def test_a_part_tells_nothing_new(drawn: tuple[list[int], set[int]]) -> None:
    """It is right where it is shown, and it is the same for every table that looks the same."""
    counts, which = drawn
    shown = publish(counts)
    part = shown.part(which)
    true = sum(counts[place] for place in which)
    assert part in (true, HELD) or (part is FEW and 0 < true < 5)
    assert not (isinstance(part, int) and 0 < part < 5)


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (1, FEW), (4, FEW), (5, 5), (812, 812)])
def test_a_count_alone(count: int, shown: int | Mark) -> None:
    assert single_count(count) == shown
