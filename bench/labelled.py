"""What is measured on: labelled messages, and the examples that a way of matching may learn from."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from safetybot.guidance.model import Guidance, Urgency
from safetybot.guidance.reader import read_content
from safetybot.matching.corpus import INSULT, NOT_TOPICS, OFF_TOPIC, Corpus
from safetybot.matching.evaluation import OUT_OF_SCOPE, read_labelled

DEV, BANKING, CLINC = "dev", "banking", "clinc"
NAMES = {DEV: "our content", BANKING: "BANKING77", CLINC: "CLINC150"}

_OFF_TOPIC_TAKEN = 100
_INSULTS_TAKEN = 20
_SIGNS_TAKEN = 20


@dataclass(frozen=True, slots=True)
class Message:
    """A message and the topics that are right; none where it is out of scope."""

    text: str
    right: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """Examples to learn from and messages to judge."""

    corpus: Corpus
    messages: tuple[Message, ...]

    @property
    def examples(self) -> Mapping[str, tuple[str, ...]]:
        """Of topics alone: what plain methods match with."""
        return {topic: self.corpus.examples[topic] for topic in self.corpus.classes if topic not in NOT_TOPICS}

    def sampled(self, count: int, seed: int) -> Task:
        """With no more than ``count`` of the messages, mixed; 0 for all."""
        if not 0 < count < len(self.messages):
            return self
        chosen = random.Random(f"sample {seed}").sample(self.messages, count)
        return replace(self, messages=tuple(chosen))


def guidance_of(content: Path) -> Guidance:
    """The first language of a content folder."""
    library = read_content(content).require()
    return library.languages[library.first]


def own(content: Path, file: Path) -> Task:
    """Our content and a file of labelled messages (see ``safetybot evaluate``)."""
    rows = read_labelled(file)
    messages = tuple(Message(row.text, () if OUT_OF_SCOPE in row.topics else row.topics) for row in rows)
    return Task(Corpus.of(guidance_of(content)), messages)


def few_shot(name: str, folder: Path, shots: int, seed: int, content: Path) -> Task:
    """A public set, ``shots`` examples a class drawn by ``seed`` (the fewer are among the more)."""
    train, messages, off_topic = _banking(folder) if name == BANKING else _clinc(folder)
    chance = random.Random(f"{name} {seed}")
    examples = {}
    for topic in sorted(train):
        mixed = chance.sample(train[topic], len(train[topic]))
        examples[topic] = tuple(mixed[:shots])
    return Task(plain_corpus(examples, guidance_of(content), off_topic), tuple(messages))


def plain_corpus(examples: Mapping[str, tuple[str, ...]], guidance: Guidance, off_topic: Sequence[str] = ()) -> Corpus:
    """A corpus of topics without urgency and slang; a few of our signs, insults and, unless there are others, off-topic
    sentences, so that every part of the matcher has something to learn."""
    none = {
        OFF_TOPIC: tuple(off_topic or _spread(guidance.none.off_topic, _OFF_TOPIC_TAKEN)),
        INSULT: tuple(_spread(guidance.none.insults, _INSULTS_TAKEN)),
    }
    own_corpus = Corpus.of(guidance)
    return Corpus(
        classes=(*examples, *NOT_TOPICS),
        examples={**examples, **none},
        signs={sign: tuple(_spread(texts, _SIGNS_TAKEN)) for sign, texts in own_corpus.signs.items()},
        urgency=dict.fromkeys(examples, Urgency.NORMAL),
        slang={},
        language="en",
    )


def training_texts(folder: Path) -> Mapping[str, Sequence[str]]:
    """Class → every training text, of both public sets."""
    both = ((BANKING, _banking(folder)[0]), (CLINC, _clinc(folder)[0]))
    return {f"{name} {topic}": texts for name, train in both for topic, texts in sorted(train.items())}


def _spread(texts: Sequence[str], count: int) -> Sequence[str]:
    """``count`` of ``texts``, evenly from first to last."""
    return texts[:: max(1, len(texts) // count)][:count]


_Read = tuple[dict[str, list[str]], list[Message], list[str]]
"""Class → training texts; test messages; off-topic training texts."""


def _banking(folder: Path) -> _Read:
    train: dict[str, list[str]] = {}
    for text, topic in _rows(folder / "banking77_train.csv"):
        train.setdefault(topic, []).append(text)
    return train, [Message(text, (topic,)) for text, topic in _rows(folder / "banking77_test.csv")], []


def _rows(path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]


def _clinc(folder: Path) -> _Read:
    parts = json.loads((folder / "clinc150_full.json").read_text("utf-8"))
    train: dict[str, list[str]] = {}
    for text, topic in parts["train"]:
        train.setdefault(topic, []).append(text)
    messages = [Message(text, (topic,)) for text, topic in parts["test"]]
    messages += [Message(text, ()) for text, _ in parts["oos_test"]]
    return train, messages, [text for text, _ in parts["oos_train"]]
