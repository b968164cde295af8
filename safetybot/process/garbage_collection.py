"""What is there to stay, and need not be looked at again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG = 20_000
"""New objects after which Python looks among them for garbage. Its own 700 cost a twentieth of all time: most of what
one message makes is given back without that."""


def freeze_gc() -> None:
    """Collects garbage, and lets later collections pass over everything there is now.

    Python's collector looks at every object from time to time. With the content and the libraries that takes 0.1 s, in
    which nobody is answered; so it is done when content was read, and after that only for what came since.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])


@contextmanager
def gc_paused() -> Iterator[None]:
    """Collects no garbage while a great many objects are made that stay: looking at them takes a third of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
