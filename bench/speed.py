"""How good, how fast and how large the matcher is, beside plain fuzzy matching and BM25 on the same messages.

    python bench/speed.py [FILE]

FILE holds labelled messages (see ``safetybot evaluate``). Each way of matching runs in a process of its own, kept to
one core while it is timed. "Ready" counts from the start of that process; a cold start fits the whole content, on all
cores, into an empty cache.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
MESSAGES = ROOT / ".." / "shared" / "data" / "dev.jsonl"
OURS = "safetybot"
WAYS = (OURS, "rapidfuzz WRatio", "rapidfuzz token_set_ratio", "BM25")
BUDGET = "budget"
WARM_UP = 20
"""Messages matched before the clock counts."""

Ranker = Callable[[str], Sequence[str]]
"""A message → topics, best first."""


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
    from safetybot.guidance.reader import read_content
    from safetybot.matching.corpus import Corpus
    from safetybot.matching.fitter import Fitter, load_encoder

    start = time.perf_counter()
    progress = _Progress("cold start")
    library = read_content(content).require()
    corpus = Corpus.of(library.languages[library.first])
    Fitter(cache, load_encoder()).interpreter(corpus, progress.stage)
    seconds = time.perf_counter() - start
    progress.end()
    return seconds


def _measure(way: str, file: Path, content: Path, cache: Path) -> Result:
    """Runs in a process of its own."""
    rank = _ours(content, cache) if way == OURS else _plain(way, content)
    ready = time.time() - psutil.Process().create_time()
    rows = _rows(file)
    progress = _Progress(way)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for text, _ in rows[:WARM_UP]:
        rank(text)
    taken, first, three, inside = [], 0, 0, 0
    for number, (text, topics) in enumerate(rows, 1):
        start = time.perf_counter()
        ranked = rank(text)
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
        megabytes=psutil.Process().memory_info().rss / 1e6,
        ready_seconds=ready,
    )


def _ours(content: Path, cache: Path) -> Ranker:
    from safetybot.guidance.reader import read_content
    from safetybot.matching.corpus import Corpus
    from safetybot.matching.fitter import Fitter, load_encoder

    library = read_content(content).require()
    interpreter = Fitter(cache, load_encoder()).interpreter(Corpus.of(library.languages[library.first]))
    return lambda text: [choice.topic for choice in interpreter.interpret(text).match.choices]


def _plain(way: str, content: Path) -> Ranker:
    """The topic of the nearest example, by a method that learns nothing."""
    from safetybot.guidance.reader import read_content

    library = read_content(content).require()
    topics = library.languages[library.first].topics
    examples = [(text, id_) for id_, topic in topics.items() for text in topic.asks]
    score = _bm25([text for text, _ in examples]) if way == "BM25" else _fuzzy(way, [text for text, _ in examples])

    def rank(text: str) -> list[str]:
        scores = score(text)
        ranked = dict.fromkeys(examples[int(place)][1] for place in np.argsort(-scores, kind="stable"))
        return list(ranked)

    return rank


def _fuzzy(way: str, examples: list[str]) -> Callable[[str], np.ndarray]:
    from rapidfuzz import fuzz, process, utils

    scorer = fuzz.WRatio if "WRatio" in way else fuzz.token_set_ratio
    prepared = [utils.default_process(text) for text in examples]
    return lambda text: process.cdist([utils.default_process(text)], prepared, scorer=scorer, workers=1)[0]


def _bm25(examples: list[str]) -> Callable[[str], np.ndarray]:
    from rank_bm25 import BM25Okapi
    from rapidfuzz import utils

    index = BM25Okapi([utils.default_process(text).split() for text in examples])
    return lambda text: index.get_scores(utils.default_process(text).split())


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
