"""How fast and how large the matcher is, and how good, beside plain fuzzy matching and BM25 on the same messages.

    python bench/speed.py [FILE]

FILE holds labelled messages (see ``safetybot evaluate``). Each way of matching runs in a process of its own, kept to
one core while it is timed. Ours is shown whole, with all that looks for danger, and as far as it finds topics, which is
what the others do. "Ready" counts from the start of that process; a cold start fits the whole content, on all
cores, into an empty cache. ``answers.py`` measures more ways, on public sets too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from child import keep_to_one_core, megabytes, seconds_since_start
from labelled import guidance_of
from ways import BM25, OURS, TOKEN_SET, TOPICS, WRATIO, Ranker, ours, rival, topics_alone

from safetybot.matching.corpus import Corpus

ROOT = Path(__file__).parents[1]
MESSAGES = ROOT / ".." / "shared" / "data" / "dev.jsonl"
WAYS = (OURS, TOPICS, WRATIO, TOKEN_SET, BM25)
BUDGET = "budget"
WARM_UP = 20
"""Messages matched before the clock counts."""


@dataclass(frozen=True)
class Result:
    """What was measured of one way."""

    right_first: float
    right_in_three: float
    median_ms: float
    p99_ms: float
    megabytes: float
    ready_seconds: float


def main() -> None:
    """Measures every way and prints the table, or measures one where the parent process asks for it."""
    parser = argparse.ArgumentParser(description="Quality, speed and size of the matcher beside plain methods.")
    parser.add_argument("file", nargs="?", type=Path, default=MESSAGES, help="labelled messages, JSON lines")
    parser.add_argument("--content", type=Path, default=ROOT / "content", help="the content folder")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--cache", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.file.is_file():
        parser.error(f"there are no messages at {arguments.file}")
    if arguments.way:
        print(json.dumps(asdict(_measure(arguments.way, arguments.file, arguments.content, arguments.cache))))
    else:
        _compare(arguments.file, arguments.content)


def _compare(file: Path, content: Path) -> None:
    from rich.console import Console  # here, as the processes that are timed need none of it
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 110)
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as folder:
        cold = _fit_cold(content, Path(folder))
        results = {}
        for way in WAYS:
            command = [sys.executable, __file__, str(file), "--content", str(content), "--way", way, "--cache", folder]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            results[way] = Result(**json.loads(done.stdout))
    table = Table(title=f"{len(_rows(file))} messages of {file.name}")
    for column in ("", "right first", "in three", "median ms", "p99 ms", "MB", "ready s", "cold start s"):
        table.add_column(column, justify="right" if column else "left")
    for way, r in results.items():
        table.add_row(
            way,
            f"{r.right_first:.1%}",
            f"{r.right_in_three:.1%}",
            f"{r.median_ms:.2f}",
            f"{r.p99_ms:.2f}",
            f"{r.megabytes:.0f}",
            f"{r.ready_seconds:.2f}",
            f"{cold:.1f}" if way == OURS else "–",
        )
    table.add_section()
    table.add_row(BUDGET, "76%", "91%", "< 5", "< 20", "< 250", "< 2", "< 20")
    if busy > 0.3:
        table.caption = f"The machine was busy when this began (load {busy:.1f} a core): the times are too long."
    console.print(table)


def _fit_cold(content: Path, cache: Path) -> float:
    start = time.perf_counter()
    progress = _Progress("cold start")
    ours(Corpus.of(guidance_of(content)), cache, progress.stage)
    seconds = time.perf_counter() - start
    progress.end()
    return seconds


def _measure(way: str, file: Path, content: Path, cache: Path) -> Result:
    """Runs in a process of its own."""
    rank = _ranker(way, content, cache)
    ready = seconds_since_start()
    rows = _rows(file)
    progress = _Progress(way)
    keep_to_one_core()
    for text, _ in rows[:WARM_UP]:
        rank(text)
    taken, first, three, inside = [], 0, 0, 0
    for number, (text, topics) in enumerate(rows, 1):
        start = time.perf_counter()
        ranked = rank(text).topics
        taken.append(1000 * (time.perf_counter() - start))
        if "out-of-scope" not in topics:
            inside += 1
            first += ranked[0] in topics
            three += bool(set(ranked[:3]) & set(topics))
        progress.show("messages", number / len(rows))
    progress.end()
    return Result(
        right_first=first / inside,
        right_in_three=three / inside,
        median_ms=float(np.median(taken)),
        p99_ms=float(np.percentile(taken, 99)),
        megabytes=megabytes(),
        ready_seconds=ready,
    )


def _ranker(way: str, content: Path, cache: Path) -> Ranker:
    guidance = guidance_of(content)
    if way in (OURS, TOPICS):
        return (ours if way == OURS else topics_alone)(Corpus.of(guidance), cache)
    return rival(way, {id_: topic.asks for id_, topic in guidance.topics.items()})


def _rows(file: Path) -> list[tuple[str, list[str]]]:
    rows = [json.loads(line) for line in file.read_bytes().split(b"\n") if line.strip()]
    return [(row["text"], row["topics"]) for row in rows]


class _Progress:
    """What is being done, on standard error: one line, written over where somebody watches, else a line a quarter."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._shown = ""

    def stage(self, stage: str, done: float) -> None:
        """As a fitter tells it."""
        self.show(stage, done)

    def show(self, what: str, done: float) -> None:
        """``done``: 0 to 1."""
        watched = sys.stderr.isatty()
        line = f"{self._name}: {what} {done if watched else int(done * 4) / 4:.0%}"
        if line != self._shown:
            self._shown = line
            sys.stderr.write(f"\r\x1b[K{line}" if watched else f"{line}\n")
            sys.stderr.flush()

    def end(self) -> None:
        """Leaves the line for what comes after."""
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")


if __name__ == "__main__":
    main()
