"""A short run of every target, the same each time. The long ones, guided by coverage, are ``make fuzz``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.fuzz import house
from tests.fuzz.drawing import Draws
from tests.fuzz.target import Once, Target, TooSlow
from tests.fuzz.targets import TARGETS

NEED_A_BOT = ("telegram", "web")


@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_nothing_that_comes_breaks_it(
    target: Target, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if target.name in NEED_A_BOT:
        monkeypatch.setattr(house, "ready", request.getfixturevalue("understanding"))
    with target.guarded() as once:
        for data in target.inputs(target.short):
            once(data)


def test_the_same_inputs_every_time() -> None:
    for target in TARGETS:
        assert [*target.inputs(20)] == [*target.inputs(20)]
        assert len(set(target.inputs(20))) > 10


def test_a_target_can_fail() -> None:
    """Slowness and errors come through the guard."""

    @contextmanager
    def opened() -> Iterator[Once]:
        def once(data: bytes) -> None:
            assert Draws(data).text() != "a", "found"
            sum(range(3_000_000 if data else 0))

        yield once

    slow = Target("x", "", opened, seconds=0.001)
    with slow.guarded() as once:
        once(b"")
        with pytest.raises(TooSlow):
            once(b"\x01b")
        with pytest.raises(AssertionError, match="found"):
            once(b"\x01a")


def test_draws_use_every_byte_once() -> None:
    draws = Draws(b"\x05\x01\x00\x02ab\xffrest")
    assert (draws.number(9), draws.one("xyz"), draws.number(300)) == (5, "y", 2)
    assert draws.bytes(2) == b"ab"
    assert draws.chance()
    assert draws.rest() == b"rest"
    assert (draws.left, draws.number(9), draws.text(), draws.chance()) == (0, 0, "", False)
