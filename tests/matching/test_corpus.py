"""What is taken out of guidance to learn from."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from safetybot.guidance.model import Sign, Urgency
from safetybot.guidance.reader import Library
from safetybot.matching.corpus import INSULT, OFF_TOPIC, SIGNS, Corpus


def test_classes_are_the_topics_in_order_and_then_the_two_that_are_none(small_corpus: Corpus) -> None:
    assert small_corpus.classes == ("cyberbullying", "greeting", "passwords", "sextortion", OFF_TOPIC, INSULT)
    assert small_corpus.language == "en"
    assert small_corpus.urgency["sextortion"] is Urgency.HIGH
    assert set(small_corpus.urgency) == set(small_corpus.classes) - {OFF_TOPIC, INSULT}


def test_texts_stand_where_the_starts_say(small_corpus: Corpus) -> None:
    texts = small_corpus.texts
    for number, class_ in enumerate(small_corpus.classes):
        start, end = small_corpus.class_starts[number : number + 2]
        assert texts[start:end] == small_corpus.examples[class_]
    for number, sign in enumerate(SIGNS):
        start, end = small_corpus.sign_starts[number : number + 2]
        assert texts[start:end] == small_corpus.signs[sign]
    assert small_corpus.class_starts[0] == 0
    assert small_corpus.class_starts[-1] == small_corpus.sign_starts[0]
    assert small_corpus.sign_starts[-1] == len(texts)


def test_signs_come_gravest_first() -> None:
    assert SIGNS == (Sign.EMERGENCY, Sign.CHECK, Sign.NONE)


def test_a_language_matches_its_own_topics_alone(small_library: Library) -> None:
    welsh = Corpus.of(small_library.languages["cy"])
    assert welsh.classes == ("greeting", "sextortion", OFF_TOPIC, INSULT)
    assert welsh.language == "cy"
    assert welsh.signs == Corpus.of(small_library.languages["en"]).signs, "borrowed"


class TestKey:
    def test_the_same_for_the_same(self, small_library: Library, small_corpus: Corpus) -> None:
        assert Corpus.of(small_library.languages["en"]).key("x") == small_corpus.key("x")

    def test_it_hangs_on_no_order_of_slang(self, small_corpus: Corpus) -> None:
        turned = dict(reversed(list(small_corpus.slang.items())))
        assert dataclasses.replace(small_corpus, slang=turned).key() == small_corpus.key()

    def test_every_part_changes_it(self, small_corpus: Corpus) -> None:
        def replaced(**changes: object) -> Corpus:
            return dataclasses.replace(small_corpus, **changes)

        examples, signs = dict(small_corpus.examples), dict(small_corpus.signs)
        moved = {**examples, "passwords": (*examples["passwords"][:-1], "another")}
        worse = {**signs, Sign.CHECK: (*signs[Sign.CHECK], "another")}
        others = [
            replaced(examples=moved),
            replaced(examples={**examples, "greeting": tuple(reversed(examples["greeting"]))}),
            replaced(signs=worse),
            replaced(signs={**signs, Sign.CHECK: signs[Sign.NONE], Sign.NONE: signs[Sign.CHECK]}),
            replaced(urgency={**small_corpus.urgency, "passwords": Urgency.EMERGENCY}),
            replaced(slang={**small_corpus.slang, "x": "y"}),
            replaced(language="en-GB"),
        ]
        keys = [small_corpus.key(), small_corpus.key("x"), small_corpus.key("x", "y"), small_corpus.key("xy")]
        keys += [other.key() for other in others]
        assert all(a != b for a, b in itertools.combinations(keys, 2))


@pytest.mark.parametrize("class_", [OFF_TOPIC, INSULT])
def test_what_is_no_topic_has_examples_too(small_corpus: Corpus, class_: str) -> None:
    assert small_corpus.examples[class_]
