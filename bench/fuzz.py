"""Fuzzes every parser that meets outside input, guided by coverage (atheris): how many inputs, and what came of them.

    python bench/fuzz.py [--seconds 600] [TARGET …]

Each target runs by itself, one after another, in a process of its own. What it learns (``build/fuzz/TARGET/corpus``) is
kept and gone on from; an input that fails is written to ``build/fuzz/TARGET`` and the run ends with 1. To look at one
again:  python bench/fuzz.py --again FILE TARGET
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
FOLDER = ROOT / "build" / "fuzz"
SLOWER = 10.0
"""How much slower code runs whose every branch is counted."""
PATIENCE = 120
"""Seconds after which one input counts as an endless one."""


def main() -> int:
    """Every target, and a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--seconds", type=int, default=600, help="of each target")
    parser.add_argument("--again", type=Path, metavar="FILE", help="run one input, with its traceback")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside:
        inside(args.targets[0], args.seconds)
        return 0
    from tests.fuzz.targets import TARGETS

    names = args.targets or [target.name for target in TARGETS]
    if unknown := set(names) - {target.name for target in TARGETS}:
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    if args.again:
        (target,) = [each for each in TARGETS if each.name == names[0]]
        with target.guarded() as once:
            once(args.again.read_bytes())
        return 0
    rows = [run(name, args.seconds) for name in names]
    print(f"\n| {'target':<10} | seconds | {'executions':>10} | branches | {'inputs kept':>11} | found |")
    print(f"|{'-' * 12}|{'-' * 9}|{'-' * 12}|{'-' * 10}|{'-' * 13}|{'-' * 7}|")
    for row in rows:
        print(
            f"| {row['target']:<10} | {row['seconds']:>7} | {row['executions']:>10,} | {row['branches']:>8} "
            f"| {row['kept']:>11} | {'yes' if row['found'] else 'none':>5} |"
        )
    return int(any(row["found"] for row in rows))


def run(name: str, seconds: int) -> dict[str, object]:
    """One target in a process of its own."""
    place = FOLDER / name
    (place / "corpus").mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    command = [sys.executable, __file__, "--inside", "--seconds", str(seconds), name]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, errors="replace")
    took = round(time.monotonic() - begun)
    (place / "log").write_text(done.stderr)
    stats = re.findall(r"stat::number_of_executed_units: +(\d+)", done.stderr)
    progress = re.findall(r"#(\d+)\s+\S+\s+cov: (\d+) ft: \d+ corp: (\d+)", done.stderr)
    executions = int(stats[-1]) if stats else int(progress[-1][0]) if progress else 0
    row: dict[str, object] = {
        "target": name,
        "seconds": took,
        "executions": executions,
        "branches": int(progress[-1][1]) if progress else 0,
        "kept": int(progress[-1][2]) if progress else 0,
        "found": done.returncode != 0,
    }
    print(json.dumps(row), flush=True)
    if done.returncode:
        print("\n".join(done.stderr.splitlines()[-40:]), flush=True)
    with (FOLDER / "results.jsonl").open("a") as file:
        file.write(json.dumps({"at": time.strftime("%Y-%m-%d"), **row}) + "\n")
    return row


def inside(name: str, seconds: int) -> None:
    """Fuzzes until the time is over; never returns."""
    import atheris

    with atheris.instrument_imports(include=["safetybot"]):
        from tests.fuzz.targets import TARGETS

    (target,) = [each for each in TARGETS if each.name == name]
    place = FOLDER / name
    for number, seed in enumerate(target.seeds):
        (place / "corpus" / f"seed-{number}").write_bytes(seed)
    words = place / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
    flags = [
        f"-max_total_time={seconds}",
        f"-max_len={target.longest}",
        f"-timeout={PATIENCE}",
        f"-artifact_prefix={place}/",
        "-print_final_stats=1",
        "-rss_limit_mb=4096",
        "-seed=1",
        *([f"-dict={words}"] if target.words else []),
    ]
    with target.guarded(SLOWER) as once:
        atheris.Setup([__file__, *flags, str(place / "corpus")], once)
        atheris.Fuzz()


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode("utf-8", "surrogatepass"))


if __name__ == "__main__":
    sys.exit(main())
