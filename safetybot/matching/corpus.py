"""What the matcher of one language learns from, taken out of its Guidance."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from safetybot.guidance.model import Guidance, Sign, Urgency
from safetybot.matching.text import SlangTable, normalise, word_counts

OFF_TOPIC = "none"
INSULT = "insult"
NOT_TOPICS = (OFF_TOPIC, INSULT)
"""Classes that stand beside the topics; no topic may have these ids."""

SIGNS = (Sign.EMERGENCY, Sign.CHECK, Sign.NONE)


@dataclass(frozen=True)
class Corpus:
    """Examples in a fixed order: those of each class together, classes in the order of ``classes``."""

    classes: tuple[str, ...]
    """Topic ids, then ``NOT_TOPICS``."""
    examples: Mapping[str, tuple[str, ...]]
    """Class → how young people say it."""
    signs: Mapping[Sign, tuple[str, ...]]
    """How dangerous → how young people say it."""
    urgency: Mapping[str, Urgency]
    """Topic id → what the topic itself implies."""
    slang: Mapping[str, str]
    language: str

    @classmethod
    def of(cls, guidance: Guidance) -> Corpus:
        """The corpus of a language's own topics; those lent by another language are not matched."""
        topics = {id_: guidance.topics[id_] for id_ in sorted(guidance.own_topics)}
        examples = {id_: topic.asks for id_, topic in topics.items()}
        examples |= {OFF_TOPIC: guidance.none.off_topic, INSULT: guidance.none.insults}
        danger = guidance.danger
        return cls(
            classes=(*topics, *NOT_TOPICS),
            examples=examples,
            signs={Sign.EMERGENCY: danger.emergency, Sign.CHECK: danger.check, Sign.NONE: danger.none},
            urgency={id_: topic.urgency for id_, topic in topics.items()},
            slang=guidance.slang,
            language=guidance.code,
        )

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Every example and sign: classes in order, then signs in order."""
        by_class = [text for class_ in self.classes for text in self.examples[class_]]
        return (*by_class, *(text for sign in SIGNS for text in self.signs[sign]))

    @cached_property
    def plain(self) -> tuple[str, ...]:
        """``texts``, normalised, with their slang spelt out. Takes about a second for a full content folder."""
        slang = SlangTable(self.slang)
        return tuple(slang.expand(normalise(text)) for text in self.texts)

    @cached_property
    def word_counts(self) -> Mapping[str, int]:
        """What the spelling mender knows of these texts."""
        return word_counts(self.plain)

    @cached_property
    def class_starts(self) -> tuple[int, ...]:
        """Where each class begins in ``texts``, and where the last one ends: len(classes) + 1 numbers."""
        starts = [0]
        for class_ in self.classes:
            starts.append(starts[-1] + len(self.examples[class_]))
        return tuple(starts)

    @cached_property
    def sign_starts(self) -> tuple[int, ...]:
        """Where each level of danger begins in ``texts``, and where the last one ends."""
        starts = [self.class_starts[-1]]
        for sign in SIGNS:
            starts.append(starts[-1] + len(self.signs[sign]))
        return tuple(starts)

    def key(self, *others: str) -> str:
        """A hash of everything here and of ``others``: what a cached result depends on."""
        data = [self.language, self.classes, [self.examples[c] for c in self.classes]]
        data += [[self.signs[s] for s in SIGNS], sorted(self.urgency.items()), sorted(self.slang.items()), others]
        return hashlib.sha256(json.dumps(data, ensure_ascii=False).encode()).hexdigest()
