"""Which topic, how sure, and what to do about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from safetybot.guidance.model import Urgency
from safetybot.matching.corpus import NOT_TOPICS, Corpus
from safetybot.matching.encoder import WIDTH, SentenceEncoder
from safetybot.matching.features import Features
from safetybot.matching.fitted_model import Fitted
from safetybot.matching.fitting import fit, nearest_by_group
from safetybot.matching.interpreter import Interpreter, make_preparer
from safetybot.matching.kernel import KernelMatrix
from safetybot.matching.linear import softmax
from safetybot.matching.matcher import ANSWER_PROBABILITY, CHOICES_KEPT, URGENT_PROBABILITY, Decision, Match, Matcher
from safetybot.matching.text import WordList

Looking = Callable[[str], Features]


@pytest.fixture(scope="module")
def look(small_corpus: Corpus, small_fitted: Fitted, encoder: SentenceEncoder) -> Looking:
    """A message → what the matcher is given of it."""
    preparer = make_preparer(small_corpus)

    def looked(text: str) -> Features:
        mended = preparer.prepare(text).mended
        return small_fitted.featuriser.features(mended, encoder.encode(mended))

    return looked


@pytest.fixture(scope="module")
def match(small_corpus: Corpus, small_fitted: Fitted, look: Looking) -> Callable[[str], Match]:
    matcher = Matcher(small_corpus, small_fitted)
    return lambda text: matcher.match(look(text))


def test_every_example_finds_its_topic_and_itself(small_corpus: Corpus, match: Callable[[str], Match]) -> None:
    for topic in small_corpus.classes[: -len(NOT_TOPICS)]:
        for example in small_corpus.examples[topic]:
            best = match(example).choices[0]
            assert (best.topic, best.example) == (topic, example)
            assert best.similarity > 4 / 7 - 1e-3, "at least its sentence vector is the same"
            assert best.score > 0.5


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("a man says he'll send my nudes to everyone unless i pay", "sextortion"),
        ("pepole are laughing at me in the group chat", "cyberbullying"),
        ("how do i choose a strong pasword", "passwords"),
        ("hello there", "greeting"),
    ],
)
def test_what_nobody_wrote_before_finds_its_topic(match: Callable[[str], Match], text: str, topic: str) -> None:
    assert match(text).choices[0].topic == topic


@settings(max_examples=60)
@given(st.text(max_size=80))
def test_choices_are_topics_best_first_with_honest_numbers(
    small_corpus: Corpus, match: Callable[[str], Match], text: str
) -> None:
    found = match(text)
    scores = [choice.score for choice in found.choices]
    topics = [choice.topic for choice in found.choices]
    assert 1 <= len(topics) == len(set(topics)) <= CHOICES_KEPT
    assert not set(topics) & set(NOT_TOPICS)
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) + found.none_probability <= 1 + 1e-5
    assert found.class_probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert 0 <= found.first_probability <= 1
    assert 0 <= found.three_probability <= 1
    for choice in found.choices:
        assert choice.example in small_corpus.examples[choice.topic], "as the editor wrote it"
        assert -1.001 <= choice.similarity <= 1.001


@pytest.mark.parametrize("text", ["pay or he posts my nudes", "hi", "zzz", "", "😭", "you are a stupid bot", "who won"])
def test_the_same_as_comparing_with_everything_in_plain_sums(
    small_corpus: Corpus, small_fitted: Fitted, look: Looking, match: Callable[[str], Match], text: str
) -> None:
    """The method of the design, written with whole matrices."""
    features = look(text)
    width = small_fitted.featuriser.lexical_width
    row = sparse.csr_matrix((features.weights, features.numbers, [0, len(features.numbers)]), shape=(1, width))
    examples = KernelMatrix.of(small_fitted.matrix, width).rows(np.arange(small_corpus.class_starts[-1]))
    similarity = (row @ examples.lexical.T).toarray() + features.sentence[None, :] @ examples.sentences.T
    count = len(small_corpus.classes)
    labels = np.repeat(np.arange(count), np.diff(small_corpus.class_starts))
    near = nearest_by_group(similarity, labels, count)[0]
    head = softmax(small_fitted.topic_head.scores(features))
    expected = softmax(np.log(head + 1e-12) + small_fitted.calibration.nearest_weight * near)
    assert match(text).class_probabilities == pytest.approx(expected, abs=1e-5)
    for choice in match(text).choices:
        number = small_corpus.classes.index(choice.topic)
        assert choice.similarity == pytest.approx(near[number], abs=1e-5)


class TestDecision:
    TEXTS = (
        "pay or he posts my nudes",
        "he has pictures",
        "password game",
        "zzz",
        "who won the match",
        "hi",
        "my friend",
    )

    def test_it_follows_the_probabilities(self, small_fitted: Fitted, match: Callable[[str], Match]) -> None:
        for found in map(match, self.TEXTS):
            if found.none_probability > max(0.5, found.choices[0].score):
                expected = Decision.UNSURE
            elif found.first_probability >= ANSWER_PROBABILITY:
                expected = Decision.ANSWER if found.urgent_probability < URGENT_PROBABILITY else Decision.CHOOSE
            elif found.three_probability >= small_fitted.calibration.choice_threshold:
                expected = Decision.CHOOSE
            else:
                expected = Decision.UNSURE
            assert found.decision is expected

    def test_sure_is_answered_and_nonsense_is_not(self, match: Callable[[str], Match]) -> None:
        assert match("he wants money or he'll post my nude").decision is Decision.ANSWER
        assert match("qqq zzz xxx").decision is not Decision.ANSWER

    def test_what_is_off_topic_is_left_alone(self, match: Callable[[str], Match]) -> None:
        found = match("what is the capital of France")
        assert found.decision is Decision.UNSURE
        assert found.none_probability > 0.5

    def test_the_threshold_of_offering_is_the_calibrated_one(
        self,
        small_corpus: Corpus,
        small_fitted: Fitted,
        look: Looking,
        match: Callable[[str], Match],
    ) -> None:
        def decide(threshold: float) -> Decision:
            calibration = dataclasses.replace(small_fitted.calibration, choice_threshold=threshold)
            fitted = dataclasses.replace(small_fitted, calibration=calibration)
            return Matcher(small_corpus, fitted).match(look(text)).decision

        text = next(text for text in self.TEXTS if self._undecided(match(text)))
        assert decide(0.0) is Decision.CHOOSE
        assert decide(1.1) is Decision.UNSURE

    def test_where_an_urgent_topic_may_be_meant_it_is_offered_beside(
        self, small_corpus: Corpus, small_fitted: Fitted, look: Looking, match: Callable[[str], Match]
    ) -> None:
        """Made of what is answered at once: with the second topic an urgent one, both are offered."""

        def urgent(text: str, *topics: str) -> Match:
            urgency = dict.fromkeys(small_corpus.urgency, Urgency.NORMAL) | dict.fromkeys(topics, Urgency.HIGH)
            corpus = dataclasses.replace(small_corpus, urgency=urgency)
            return Matcher(corpus, small_fitted).match(look(text))

        asked = 0
        for text in (*self.TEXTS, *small_corpus.texts):
            if urgent(text).decision is not Decision.ANSWER:
                continue
            first, second, *_ = urgent(text).choices
            assert urgent(text, first.topic, second.topic).decision is Decision.ANSWER
            assert urgent(text, first.topic, second.topic).urgent_probability == 0
            found = urgent(text, second.topic)
            assert found.urgent_probability == pytest.approx(second.score)
            expected = Decision.CHOOSE if second.score >= URGENT_PROBABILITY else Decision.ANSWER
            assert found.decision is expected
            asked += expected is Decision.CHOOSE
        assert asked

    @staticmethod
    def _undecided(found: Match) -> bool:
        return found.decision is not Decision.ANSWER and found.none_probability < 0.5


def test_insults(match: Callable[[str], Match]) -> None:
    assert match("you are a stupid bot").insult
    assert not match("someone called me stupid in the group chat").insult
    assert not match("my password is too easy").insult


def test_with_words_alone_it_still_finds_topics(small_corpus: Corpus) -> None:
    preparer = make_preparer(small_corpus)
    prepared = tuple(preparer.prepare(text).mended for text in small_corpus.texts)
    fitted = fit(
        small_corpus, prepared, np.zeros((len(prepared), WIDTH), np.float32), WordList(), lambda stage, done: None
    )
    interpreter = Interpreter(small_corpus, fitted, preparer, None)
    for text, topic in [("pay or he posts my nudes", "sextortion"), ("make my password strong", "passwords")]:
        assert interpreter.interpret(text).match.choices[0].topic == topic
