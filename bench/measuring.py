"""Measures one way of matching on one task; run by ``answers.py`` in a process of its own, with a Spec as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from child import hand_back, keep_to_one_core, megabytes, tell
from labelled import DEV, Message, Task, few_shot, own
from noise import KINDS, noisy
from ways import OURS, OURS_WITH_MINILM, Ranker, Ranking, ours, rival, with_minilm

WARM_UP = 10
"""Messages matched before the clock counts."""


@dataclass(frozen=True)
class Spec:
    """What to measure. Paths as text."""

    part: str
    way: str
    content: str
    file: str
    benchmarks: str
    cache: str
    minilm: str
    shots: int
    seed: int
    sample: int
    """Messages, 0 for all."""
    noise_sample: int
    """Messages under each kind of noise, 0 for none."""
    kept_out: float | None = None
    """Of out-of-scope messages: for ways without a decision of their own, how many to keep out."""


@dataclass(frozen=True)
class Result:
    """Shares from 0 to 1; None where there is nothing of the kind."""

    messages: int
    right_first: float
    right_in_three: float
    kept_out: float | None
    """Of out-of-scope messages; where the way has no decision of its own, as many as the spec asks, or a few more."""
    right_and_kept: float | None
    """Of messages in scope: right first and not kept out."""
    noisy: dict[str, float]
    """Kind of noise → right first."""
    median_ms: float
    p99_ms: float
    megabytes: float
    load_seconds: float


def main() -> None:
    spec = Spec(**json.loads(sys.argv[1]))
    task = task_of(spec)
    tell("loading", 0)
    start = time.perf_counter()
    rank = _rank(spec, task)
    load_seconds = time.perf_counter() - start
    keep_to_one_core()
    hand_back(asdict(_measured(rank, task, spec, load_seconds)))


def task_of(spec: Spec) -> Task:
    """The examples and messages that a spec means."""
    if spec.part == DEV:
        task = own(Path(spec.content), Path(spec.file))
    else:
        task = few_shot(spec.part, Path(spec.benchmarks), spec.shots, spec.seed, Path(spec.content))
    return task.sampled(spec.sample, spec.seed)


def _rank(spec: Spec, task: Task) -> Ranker:
    if spec.way == OURS:
        return ours(task.corpus, Path(spec.cache), tell)
    if spec.way == OURS_WITH_MINILM:
        return with_minilm(task.corpus, Path(spec.minilm), tell)
    return rival(spec.way, task.examples, Path(spec.minilm) if spec.minilm else None)


def _measured(rank: Ranker, task: Task, spec: Spec, load_seconds: float) -> Result:
    for message in task.messages[:WARM_UP]:
        rank(message.text)
    taken, rankings = [], []
    every = max(1, len(task.messages) // 20)
    for number, message in enumerate(task.messages):
        start = time.perf_counter()
        rankings.append(rank(message.text))
        taken.append(1000 * (time.perf_counter() - start))
        if number % every == 0:
            tell("messages", number / len(task.messages))
    held = megabytes()
    judged = list(zip(task.messages, rankings, strict=True))
    inside = [(message, ranking) for message, ranking in judged if message.right]
    kept_out, right_and_kept = _kept_out(judged, spec.kept_out or 0) if len(inside) < len(judged) else (None, None)
    return Result(
        messages=len(judged),
        right_first=_share([_right(m, r) for m, r in inside]),
        right_in_three=_share([bool(set(r.topics[:3]) & set(m.right)) for m, r in inside]),
        kept_out=kept_out,
        right_and_kept=right_and_kept,
        noisy=_under_noise(rank, [m for m, _ in inside][: spec.noise_sample], spec.seed),
        median_ms=float(np.median(taken)),
        p99_ms=float(np.percentile(taken, 99)),
        megabytes=held,
        load_seconds=load_seconds,
    )


def _under_noise(rank: Ranker, messages: Sequence[Message], seed: int) -> dict[str, float]:
    result = {}
    for place, kind in enumerate(KINDS if messages else ()):
        tell("noise", place / len(KINDS))
        result[kind] = _share([_right(message, rank(noisy(message.text, kind, seed))) for message in messages])
    return result


def _kept_out(judged: Sequence[tuple[Message, Ranking]], asked: float) -> tuple[float, float]:
    """(share of out-of-scope messages kept out, share of the others that are right first and let through).

    A way without a decision of its own gets the lowest threshold that keeps out the share ``asked`` of these very
    messages, which is more than it could know in use.
    """
    inside = np.array([bool(message.right) for message, _ in judged])
    right = np.array([_right(message, ranking) for message, ranking in judged])
    if judged[0][1].kept_out is not None:
        out = np.array([bool(ranking.kept_out) for _, ranking in judged])
        return float(out[~inside].mean()), float((right & ~out)[inside].mean())
    confidence = np.array([ranking.confidence for _, ranking in judged])
    threshold = float(np.quantile(confidence[~inside], max(0, asked - 1e-9), method="inverted_cdf"))
    out = (confidence <= threshold) if asked else np.zeros(len(confidence), bool)
    return float(out[~inside].mean()), float((right & ~out)[inside].mean())


def _right(message: Message, ranking: Ranking) -> bool:
    return bool(ranking.topics) and ranking.topics[0] in message.right


def _share(happened: Sequence[bool]) -> float:
    return sum(happened) / max(1, len(happened))


if __name__ == "__main__":
    main()
