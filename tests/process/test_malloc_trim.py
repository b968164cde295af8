from __future__ import annotations

import ctypes
import os
from pathlib import Path

import pytest

from safetybot.process.malloc_trim import malloc_trim

PIECES = 200_000


def resident() -> int:
    """Bytes that this process holds."""
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def has_trim() -> bool:
    return hasattr(ctypes.CDLL(None), "malloc_trim")


def test_what_is_freed_goes_back() -> None:
    if not has_trim():
        return
    # Too long for Python's own pools, too short for a mapping each; a last piece keeps the heap from shrinking itself.
    pieces = [bytes(1_000) for _ in range(PIECES)]
    kept = pieces[-1]
    del pieces
    before = resident()
    malloc_trim()
    assert before - resident() > PIECES * 500
    assert kept


def test_another_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: object) -> object:
        raise OSError

    monkeypatch.setattr(ctypes, "CDLL", missing)
    malloc_trim()
