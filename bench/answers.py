"""How well messages find their topic: this matcher beside plain methods, on our messages and on public sets.

    python bench/answers.py [FILE] [--benchmarks FOLDER] [--minilm WHEEL]      # everything: half an hour or more
    python bench/answers.py --only banking --seeds 1 --sample 100              # a minute

FILE holds labelled messages (see ``safetybot evaluate``); FOLDER holds BANKING77 and CLINC150. Each way of matching
runs in a process of its own and is timed on one core. The tables are Markdown; ``bench/README.md`` explains them and
holds those of a full run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import child
from growth import Grown, GrowthSpec
from labelled import BANKING, CLINC, DEV, NAMES
from measuring import Result, Spec
from noise import KINDS
from published import FIGURES, build_minilm
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from targets import TARGETS
from ways import MINILM, OURS, OURS_WITH_MINILM, RIVALS, WRATIO

ROOT = Path(__file__).parents[1]
SHARED = ROOT / ".." / "shared"
GROWTH = "growth"
PARTS = (DEV, BANKING, CLINC, GROWTH)
SHOTS = (5, 10)
NOISE_SHOTS = 10
"""Noise is measured with so many examples a class."""
TOPICS = (66, 250, 500, 1000)
WRATIO_MESSAGES = 150
"""It compares every message with every example, letter by letter: of more messages it would take hours."""

Steps = Callable[[str, str, dict[str, Any]], dict[str, Any]]
"""(name, script, spec) → what the script hands back."""


def main() -> None:
    """Measures and prints one part after the other."""
    parser = argparse.ArgumentParser(description="Quality of the matcher beside plain methods.")
    parser.add_argument("file", nargs="?", type=Path, default=SHARED / "data" / "dev.jsonl", help="labelled messages")
    parser.add_argument("--benchmarks", type=Path, default=SHARED / "benchmarks", help="folder of the public sets")
    parser.add_argument("--content", type=Path, default=ROOT / "content", help="the content folder")
    parser.add_argument("--only", choices=PARTS, action="append", help="a part; may be given several times")
    parser.add_argument("--seeds", type=int, default=3, help="draws of examples from the public sets")
    parser.add_argument("--sample", type=int, default=0, help="messages of each set; 0, the default, for all")
    parser.add_argument("--topics", type=int, nargs="+", default=TOPICS, help="how many topics the growth is shown for")
    parser.add_argument("--minilm", type=Path, help="published all-MiniLM-L6-v2: wheel or model.safetensors")
    options = parser.parse_args()
    parts = options.only or PARTS
    if DEV in parts and not options.file.is_file():
        parser.error(f"there are no messages at {options.file}")
    if {*parts} - {DEV} and not options.benchmarks.is_dir():
        parser.error(f"there is no folder {options.benchmarks}")
    with tempfile.TemporaryDirectory() as scratch, _steps() as run:
        if options.minilm:
            build_minilm(options.minilm, Path(scratch))
        bench = Bench(options, Path(scratch), run)
        for part in parts:
            table = {DEV: bench.dev, GROWTH: bench.growth}.get(part)
            print("\n".join(table() if table else bench.public(part)), flush=True)
        print(f"Load of the machine at the end: {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores.")


class Bench:
    """One run with its options."""

    def __init__(self, options: argparse.Namespace, scratch: Path, run: Steps) -> None:
        self._options = options
        self._scratch = scratch
        self._run = run
        with_published = (OURS_WITH_MINILM,) if options.minilm else ()
        self._ways = [OURS, *with_published, *(way for way in RIVALS if way != MINILM or options.minilm)]

    def dev(self) -> list[str]:
        """Our content and our labelled messages; then what is asked for beside what is reached."""
        results: dict[str, list[Result]] = {}
        for way in self._ways:
            results[way] = [self._measure(DEV, way, 0, 0, results.get(OURS, []))]
        lines = _table(f"{NAMES[DEV]}, {results[OURS][0].messages} messages of {self._options.file.name}", results)
        spec = {"content": str(self._options.content), "file": str(self._options.file), "cache": self._cache(DEV, 0, 0)}
        found = self._run("targets", "targets.py", spec)
        ours = results[OURS][0]
        found |= {name: {"value": getattr(ours, name)} for name in ("median_ms", "p99_ms", "megabytes")}
        lines += ["", "| asked for | at least / at most | reached | |", "|---|---|---|---|"]
        for target in TARGETS:
            figure = found[target.name]
            sign, of = "≥" if target.at_least else "≤", f" (of {figure['of']})" if "of" in figure else ""
            met = "" if target.is_met(figure["value"]) else "not met"
            asked = f"{sign} {target.asked:g}{target.unit}"
            lines.append(f"| {target.what} | {asked} | {figure['value']:.1f}{target.unit}{of} | {met} |")
        return [*lines, ""]

    def public(self, part: str) -> list[str]:
        """A public set with each number of examples a class, and published figures."""
        lines: list[str] = []
        for shots in SHOTS:
            seeds = range(self._options.seeds)
            results: dict[str, list[Result]] = {}
            for way in self._ways:
                ours = results.get(OURS, [])
                results[way] = [self._measure(part, way, shots, seed, ours) for seed in seeds]
            count = results[OURS][0].messages
            title = f"{NAMES[part]}, {shots} examples a class, {count} test messages, seeds: {len(seeds)}"
            lines += [*_table(title, results), ""]
        return [*lines, *_published(part), ""]

    def growth(self) -> list[str]:
        """What more topics cost."""
        lines = ["**Growth: topics of 50 examples**", ""]
        lines += ["| topics | examples | cold load s | cached load s | median ms | p99 ms | MB |"]
        lines += ["|---|---|---|---|---|---|---|"]
        for topics in self._options.topics:
            with tempfile.TemporaryDirectory(dir=self._scratch) as cache:
                cold, cached = (self._grow(topics, is_cold, cache) for is_cold in (True, False))
            lines.append(
                f"| {topics} | {cold.examples} | {cold.load_seconds:.1f} | {cached.load_seconds:.2f} "
                f"| {cached.median_ms:.1f} | {cached.p99_ms:.1f} | {cached.megabytes:.0f} |"
            )
        return [*lines, "| asked, of 1000 | | < 60 | < 5 | < 25 | | |", ""]

    def _measure(self, part: str, way: str, shots: int, seed: int, ours: Sequence[Result]) -> Result:
        """``ours``: what our own way reached with each seed, unless that is what is measured."""
        options = self._options
        cap = WRATIO_MESSAGES if way == WRATIO else 0
        sample = min(filter(None, (options.sample, cap)), default=0)
        spec = Spec(
            part=part,
            way=way,
            content=str(options.content),
            file=str(options.file),
            benchmarks=str(options.benchmarks),
            cache=self._cache(part, shots, seed),
            minilm=str(self._scratch) if options.minilm else "",
            shots=shots,
            seed=seed,
            sample=sample,
            kept_out=ours[seed].kept_out if ours else None,
            noise_sample=(sample or sys.maxsize) if shots in (0, NOISE_SHOTS) else 0,
        )
        name = f"{NAMES[part]}, {way}" + (f", {shots} examples, seed {seed}" if shots else "")
        return Result(**self._run(name, "measuring.py", asdict(spec)))

    def _grow(self, topics: int, is_cold: bool, cache: str) -> Grown:
        options = self._options
        paths = {name: str(getattr(options, name)) for name in ("content", "file", "benchmarks")}
        spec = GrowthSpec(topics=topics, cold=is_cold, cache=cache, **paths)
        name = f"{topics} topics, {'cold' if is_cold else 'from the cache'}"
        return Grown(**self._run(name, "growth.py", asdict(spec)))

    def _cache(self, part: str, shots: int, seed: int) -> str:
        """A folder for each set of examples, so that every fit is cold."""
        return str(self._scratch / f"{part}-{shots}-{seed}")


def _table(title: str, results: dict[str, list[Result]]) -> list[str]:
    """A row a way; of several seeds, means and standard deviations."""
    noise = [kind for kind in KINDS if results[OURS][0].noisy]
    kept = results[OURS][0].kept_out is not None
    heads = ["", "right first", "in three", *(["out-of-scope kept out @ right first and kept"] if kept else [])]
    heads += [*(f"right first, {kind}" for kind in noise), "median ms", "p99 ms", "MB", "load s"]
    lines = [f"**{title}**", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for way, runs in results.items():
        fewer = "" if runs[0].messages == results[OURS][0].messages else f" ({runs[0].messages} messages)"
        cells = [way + fewer, _percent([r.right_first for r in runs]), _percent([r.right_in_three for r in runs])]
        if kept:
            outside, inside = ([getattr(r, name) for r in runs] for name in ("kept_out", "right_and_kept"))
            known = None not in outside
            cells.append(f"{_percent(outside)} @ {_percent(inside)}" if known else "–")
        cells += [_percent([r.noisy[kind] for r in runs]) for kind in noise]
        cells += [f"{statistics.mean(r.median_ms for r in runs):.2f}", f"{statistics.mean(r.p99_ms for r in runs):.1f}"]
        cells += [f"{statistics.mean(r.megabytes for r in runs):.0f}"]
        cells += [f"{statistics.mean(r.load_seconds for r in runs):.1f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _published(part: str) -> list[str]:
    """Figures of others, in %."""
    lines = ["| published | 5 examples | 10 examples | source | figure seen in |", "|---|---|---|---|---|"]
    for figure in FIGURES:
        if figure.part == part:
            five, ten = (f"{value:g}" if value else "–" for value in (figure.five, figure.ten))
            lines.append(f"| {figure.what} | {five} | {ten} | {figure.source} | {figure.note} |")
    return lines


def _percent(shares: Sequence[float]) -> str:
    mean = f"{100 * statistics.mean(shares):.1f}"
    return f"{mean} ± {100 * statistics.stdev(shares):.1f}" if len(shares) > 1 else mean


@contextmanager
def _steps() -> Iterator[Steps]:
    """Runs steps and shows on standard error what is being done: bars where somebody watches, else a line a step."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:

        def run(name: str, script: str, spec: dict[str, Any]) -> dict[str, Any]:
            task = progress.add_task(name, total=1.0)
            if not console.is_terminal:
                console.print(name, highlight=False)
            try:
                return child.run(
                    script,
                    spec,
                    lambda stage, done: progress.update(task, description=f"{name}: {stage}", completed=done),
                )
            finally:
                progress.remove_task(task)

        yield run


if __name__ == "__main__":
    main()
