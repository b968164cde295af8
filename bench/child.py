"""Steps of a benchmark in processes of their own, so that the memory and the start of each are its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]


def run(script: str, spec: dict[str, Any], on_progress: Callable[[str, float], None]) -> dict[str, Any]:
    """Runs a script of this folder and returns what it hands back; raises ChildProcessError where it fails."""
    command = [sys.executable, str(Path(__file__).with_name(script)), json.dumps(spec)]
    result: dict[str, Any] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            message = json.loads(line)
            if "stage" in message:
                on_progress(message["stage"], message["done"])
            else:
                result = message
    if process.returncode:
        raise ChildProcessError(f"{script} ended with status {process.returncode}")
    return result


def tell(stage: str, done: float) -> None:
    """From within: how much of a stage is done, 0 to 1."""
    print(json.dumps({"stage": stage, "done": done}), flush=True)


def hand_back(result: dict[str, Any]) -> None:
    """From within: the result, as the last line."""
    print(json.dumps(result), flush=True)


def keep_to_one_core() -> None:
    """What is timed from here on runs on one core, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def megabytes() -> float:
    """Of memory, that this process holds."""
    return float(psutil.Process().memory_info().rss) / 1e6


def seconds_since_start() -> float:
    """Of this process."""
    try:
        # Against the clock that the start is counted on: the time of day at boot is known to the second alone, and a
        # start reckoned from it lies up to one second too early.
        ticks = int(Path("/proc/self/stat").read_text("ascii").rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError):
        return time.time() - float(psutil.Process().create_time())
