"""One parser (or a few of one kind), and what is done with it again and again."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

Once = Callable[[bytes], None]
"""Tries one input. Raises where the parser did what it must not."""


class TooSlow(AssertionError):  # noqa: N818 - reads as what happened
    """One input took so long that a few of them would stop everybody else."""


@dataclass(frozen=True)
class Target:
    """What is fuzzed."""

    name: str
    about: str
    """For the table in docs/security.md."""
    opened: Callable[[], AbstractContextManager[Once]]
    """Prepares it."""
    seeds: Sequence[bytes] = ()
    """Inputs that reach far."""
    words: Sequence[str] = ()
    """What a mutation may put in."""
    modules: Sequence[str] = ("safetybot",)
    """Whose branches guide it (atheris)."""
    longest: int = 4096
    """Bytes of one input."""
    seconds: float = 1.0
    """Of processor time, that one input may take."""
    short: int = 200
    """Inputs of the short run among the tests."""

    @contextmanager
    def guarded(self, slower: float = 1.0) -> Iterator[Once]:
        """:attr:`opened`, with each input's time looked at. ``slower``: how much so the code is being watched."""
        with self.opened() as once:

            def tried(data: bytes) -> None:
                begun = time.process_time()
                once(data)
                took = time.process_time() - begun
                if took > slower * self.seconds:
                    raise TooSlow(f"{self.name}: {took:.2f} s for {len(data)} bytes")

            yield tried

    def inputs(self, count: int, seed: int = 0) -> Iterator[bytes]:
        """The seeds, and ``count`` inputs made of them: the same every time."""
        chance = random.Random(f"{self.name}{seed}")
        seeds = [*self.seeds, b""]
        yield from seeds
        for _ in range(count):
            data = bytearray(chance.choice(seeds))
            for _ in range(chance.randint(1, 6)):
                self._mutate(data, chance, seeds)
            yield bytes(data[: self.longest])

    def _mutate(self, data: bytearray, chance: random.Random, seeds: Sequence[bytes]) -> None:
        at = chance.randint(0, len(data))
        to = min(len(data), at + chance.choice((0, 1, 1, 4, 16)))
        match chance.randint(0, 4):
            case 0:
                data[at:to] = chance.randbytes(chance.randint(0, 6))
            case 1:
                other = chance.choice(seeds)
                start = chance.randint(0, len(other))
                data[at:to] = other[start : start + chance.randint(0, 40)]
            case 2 if self.words:
                data[at:to] = chance.choice(self.words).encode("utf-8", "surrogatepass")
            case 3:
                data[at:at] = data[at:to] * chance.choice((1, 2, 30))
            case _:
                data[at:to] = b""


def as_json(data: bytes) -> object:
    """What the bytes say in JSON; the bytes as text, where they say nothing."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data.decode("utf-8", "replace")
