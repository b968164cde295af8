"""What more topics cost: how long a cold and a cached start take, and a message. Run by ``answers.py``, a step a
process.

Topics of EXAMPLES each: first our own; then the classes of BANKING77 and CLINC150, their training texts cut in
fifties; then our own second fifties; the rest are pairs of public classes, each example a text of one and a text of
the other, drawn with a fixed seed. All danger signs, off-topic sentences and slang of our content are there throughout.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from child import hand_back, keep_to_one_core, megabytes, tell
from labelled import BANKING, CLINC, few_shot, guidance_of, own, training_texts
from ways import ours

from safetybot.guidance.model import Guidance, Urgency
from safetybot.matching.corpus import NOT_TOPICS, Corpus

EXAMPLES = 50
MESSAGES = 400
WARM_UP = 10


@dataclass(frozen=True)
class GrowthSpec:
    """A step: ``cold`` fits into an empty cache, otherwise the matcher comes from the cache. Paths as text."""

    topics: int
    cold: bool
    content: str
    file: str
    benchmarks: str
    cache: str


@dataclass(frozen=True)
class Grown:
    """What was measured of a number of topics."""

    examples: int
    load_seconds: float
    median_ms: float
    p99_ms: float
    megabytes: float


def main() -> None:
    spec = GrowthSpec(**json.loads(sys.argv[1]))
    content, benchmarks = Path(spec.content), Path(spec.benchmarks)
    corpus = grown_corpus(spec.topics, guidance_of(content), benchmarks)
    start = time.perf_counter()
    rank = ours(corpus, Path(spec.cache), tell)
    load_seconds = time.perf_counter() - start
    keep_to_one_core()
    taken = []
    for text in () if spec.cold else _messages(spec):
        start = time.perf_counter()
        rank(text)
        taken.append(1000 * (time.perf_counter() - start))
    timed = np.array(taken[WARM_UP:] or [0.0])
    hand_back(
        asdict(
            Grown(
                examples=sum(len(corpus.examples[topic]) for topic in corpus.classes[: spec.topics]),
                load_seconds=load_seconds,
                median_ms=float(np.median(timed)),
                p99_ms=float(np.percentile(timed, 99)),
                megabytes=megabytes(),
            )
        )
    )


def grown_corpus(count: int, guidance: Guidance, benchmarks: Path) -> Corpus:
    """``count`` topics of EXAMPLES each, and all else of our content."""
    own_corpus = Corpus.of(guidance)
    examples = dict(islice(_topics(own_corpus, benchmarks), count))
    classes = (*examples, *NOT_TOPICS)
    return Corpus(
        classes=classes,
        examples={**examples, **{class_: own_corpus.examples[class_] for class_ in NOT_TOPICS}},
        signs=own_corpus.signs,
        urgency={topic: own_corpus.urgency.get(topic, Urgency.NORMAL) for topic in examples},
        slang=own_corpus.slang,
        language=own_corpus.language,
    )


def _topics(own_corpus: Corpus, benchmarks: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Topics without end."""
    asks = {topic: own_corpus.examples[topic] for topic in own_corpus.classes if topic not in NOT_TOPICS}
    public = {topic: tuple(texts) for topic, texts in training_texts(benchmarks).items()}
    for topic, texts in asks.items():
        yield topic, texts[:EXAMPLES]
    for texts_of, begins in ((public, (0, EXAMPLES)), (asks, (EXAMPLES,))):
        for begin in begins:
            for topic, texts in texts_of.items():
                if len(texts) >= begin + EXAMPLES:
                    yield f"{topic} from {begin}", texts[begin : begin + EXAMPLES]
    chance = random.Random(0)
    number = 0
    while True:
        number += 1
        one, other = chance.sample(sorted(public), 2)
        pairs = tuple(f"{chance.choice(public[one])}. {chance.choice(public[other])}" for _ in range(EXAMPLES))
        yield f"pair {number}", pairs


def _messages(spec: GrowthSpec) -> list[str]:
    """Messages never learnt from: public test texts, and half our own where there is a file of them."""
    content, benchmarks = Path(spec.content), Path(spec.benchmarks)
    tasks = [few_shot(name, benchmarks, 1, 0, content) for name in (BANKING, CLINC)]
    parts = [task.sampled(MESSAGES // 4, 0) for task in tasks]
    if Path(spec.file).is_file():
        parts.append(own(content, Path(spec.file)).sampled(MESSAGES // 2, 0))
    texts = [message.text for task in parts for message in task.messages]
    random.Random(0).shuffle(texts)
    return texts


if __name__ == "__main__":
    main()
