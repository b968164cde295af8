"""What issue 4 asks for on our own messages beside what is reached; run by ``answers.py`` in a process of its own.

The matcher comes from the cache, as at every start of the bot but the first.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from child import hand_back, keep_to_one_core, seconds_since_start, tell
from labelled import guidance_of

from safetybot.matching.corpus import Corpus
from safetybot.matching.evaluation import evaluate, read_labelled
from safetybot.matching.fitter import Fitter, load_encoder


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that is asked for."""

    what: str
    name: str
    """In what this script hands back."""
    asked: float
    at_least: bool = True
    unit: str = "%"

    def is_met(self, value: float) -> bool:
        """Whether ``value`` is as good as asked."""
        return value >= self.asked if self.at_least else value <= self.asked


TARGETS = (
    Target("right first, of messages in scope", "right_first", 86),
    Target("right within three", "right_in_three", 96),
    Target("right, of the answers given without a choice", "answers_right", 90),
    Target("wrong answers, of messages in scope", "wrong_answers", 7, at_least=False),
    Target("out of scope kept out: neither answered nor offered topics", "out_of_scope_unsure", 90),
    Target("emergencies given the card", "emergencies_carded", 90),
    Target("emergencies given the card or a check-in", "emergencies_caught", 97),
    Target("high urgency reached", "high_reached", 92),
    Target("needless cards, of ordinary messages", "needless_cards", 1.5, at_least=False),
    Target("needless check-ins, of ordinary messages", "needless_checks", 6, at_least=False),
    Target("median a message", "median_ms", 5, at_least=False, unit=" ms"),
    Target("p99 a message", "p99_ms", 20, at_least=False, unit=" ms"),
    Target("memory", "megabytes", 250, at_least=False, unit=" MB"),
    Target("ready from the cache, from the start of the process", "ready_seconds", 2, at_least=False, unit=" s"),
)


def main() -> None:
    spec = json.loads(sys.argv[1])
    corpus = Corpus.of(guidance_of(Path(spec["content"])))
    interpreter = Fitter(Path(spec["cache"]), load_encoder()).interpreter(corpus, tell)
    ready = seconds_since_start()
    rows = read_labelled(Path(spec["file"]))
    keep_to_one_core()
    result = evaluate(
        rows,
        interpreter.interpret,
        dict(corpus.urgency),
        lambda done: tell("targets", done / len(rows)) if done % 20 == 0 else None,
    )
    shares = {
        "right_first": result.right_first,
        "right_in_three": result.right_in_three,
        "answers_right": result.answered.right,
        "wrong_answers": result.wrong_answers,
        "out_of_scope_unsure": result.out_of_scope_unsure,
        "emergencies_carded": result.emergencies_carded,
        "emergencies_caught": result.emergencies_caught,
        "high_reached": result.high_reached,
        "needless_cards": result.needless_cards,
        "needless_checks": result.needless_checks,
    }
    figures = {name: {"value": 100 * (share.value or 0), "of": share.of} for name, share in shares.items()}
    hand_back({**figures, "ready_seconds": {"value": ready}})


if __name__ == "__main__":
    main()
