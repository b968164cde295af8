from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from safetybot.process.garbage_collection import freeze_gc, gc_paused


class Ring:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_is_there_is_not_looked_at_again() -> None:
    kept = [Ring() for _ in range(1_000)]
    freeze_gc()
    looked_at = {id(each) for each in gc.get_objects()}
    assert not looked_at.intersection(map(id, kept))


def test_what_comes_later_is_collected() -> None:
    freeze_gc()
    gone = weakref.ref(Ring())
    gc.collect()
    assert gone() is None


def test_what_was_replaced_is_collected_the_next_time() -> None:
    old = Ring()
    gone = weakref.ref(old)
    freeze_gc()
    del old
    gc.collect()
    assert gone() is not None
    freeze_gc()
    assert gone() is None


def test_what_comes_later_is_looked_at_seldom_but_is_looked_at() -> None:
    freeze_gc()
    gone = [weakref.ref(Ring()) for _ in range(5_000)]
    assert all(each() is not None for each in gone)
    gone += [weakref.ref(Ring()) for _ in range(20_000)]
    assert gone[0]() is None


def test_nothing_is_collected_while_much_is_made_that_stays() -> None:
    with gc_paused():
        assert not gc.isenabled()
        with gc_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_collected_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="no"), gc_paused():
        raise ValueError("no")
    assert gc.isenabled()
