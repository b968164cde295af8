"""A fitted matcher corrected for a few changed examples, beside one fitted anew."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from safetybot.guidance.model import Sign
from safetybot.matching.cache import MatcherCache
from safetybot.matching.corpus import Corpus
from safetybot.matching.encoder import SentenceEncoder
from safetybot.matching.fitted_model import Fitted
from safetybot.matching.fitter import correct_base, fit_corpus, save_base
from safetybot.matching.interpreter import Interpreter, make_preparer

ASKED = (
    "he wants my nudes",
    "pay or he posts my pictures",
    "how do i make a strong password",
    "hello there",
    "everyone at school laughs at me",
    "he has a knife",
    "what is for tea",
)


@pytest.fixture(autouse=True)
def any_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small corpus has too few examples for one to be a hundredth of them."""
    monkeypatch.setattr("safetybot.matching.fitter.CORRECTED_SHARE", 0.1)


@pytest.fixture
def cache(small_corpus: Corpus, small_fitted: Fitted, tmp_path: Path) -> MatcherCache:
    """With the small matcher as the base."""
    cache = MatcherCache(tmp_path)
    save_base(small_corpus, "base", small_fitted, cache)
    return cache


def _changed(corpus: Corpus, topic: str, *new: str, without: str = "") -> Corpus:
    kept = tuple(text for text in corpus.examples[topic] if text != without)
    return dataclasses.replace(corpus, examples={**corpus.examples, topic: (*kept, *new)})


def _fitted(corpus: Corpus, cache: MatcherCache, encoder: SentenceEncoder, key: str = "edit") -> Fitted:
    fitted = correct_base(corpus, key, cache, encoder)
    assert fitted is not None
    return fitted


def _correct(corpus: Corpus, cache: MatcherCache, encoder: SentenceEncoder, key: str = "edit") -> Interpreter:
    fitted = _fitted(corpus, cache, encoder, key)
    return Interpreter(corpus, fitted, make_preparer(corpus, fitted.word_counts), encoder)


def _probability(interpreter: Interpreter, text: str, topic: str) -> float:
    probabilities = interpreter.interpret(text).match.class_probabilities
    return float(probabilities[interpreter.corpus.classes.index(topic)])


def test_what_came_is_learnt_and_the_rest_as_if_all_were_learnt_anew(
    cache: MatcherCache, small_corpus: Corpus, interpreter: Interpreter, encoder: SentenceEncoder, tmp_path: Path
) -> None:
    text = "wibble wobble my wubble"
    edited = _changed(small_corpus, "passwords", text)
    corrected = _correct(edited, cache, encoder)
    fitted = fit_corpus(edited, tmp_path, lambda stage, done: None)
    anew = Interpreter(edited, fitted, make_preparer(edited), encoder)
    assert _probability(interpreter, text, "passwords") < 0.5
    assert _probability(corrected, text, "passwords") == pytest.approx(_probability(anew, text, "passwords"), abs=0.05)
    assert corrected.interpret(text).match.choices[0].example == text
    for asked in ASKED:
        wanted, now = anew.interpret(asked), corrected.interpret(asked)
        assert now.match.class_probabilities == pytest.approx(wanted.match.class_probabilities, abs=0.05)
        assert now.danger.sign is interpreter.interpret(asked).danger.sign


def test_what_went_is_unlearnt(cache: MatcherCache, small_corpus: Corpus, encoder: SentenceEncoder) -> None:
    text = "wibble wobble my wubble"
    edited = _changed(small_corpus, "passwords", text)
    cache.save("with", fit_corpus(edited, cache.folder, lambda stage, done: None))
    with_it = cache.load("with")
    assert with_it is not None
    save_base(edited, "with", with_it, cache)
    before = Interpreter(edited, with_it, make_preparer(edited), encoder)
    without = _correct(small_corpus, cache, encoder)
    assert _probability(before, text, "passwords") > 0.8
    assert _probability(without, text, "passwords") < 0.6
    head = without._matcher._head.scores(without._featuriser.features(text, encoder.encode(text)))
    learnt = before._matcher._head.scores(before._featuriser.features(text, encoder.encode(text)))
    number = small_corpus.classes.index("passwords")
    assert head[number] < learnt[number] - 0.5, "by the head as well, not only as the nearest example"
    assert text not in {choice.example for choice in without.interpret(text).match.choices}


def test_what_moved_is_learnt_where_it_is_now(
    cache: MatcherCache, small_corpus: Corpus, encoder: SentenceEncoder
) -> None:
    text = small_corpus.examples["passwords"][0]
    edited = _changed(_changed(small_corpus, "passwords", without=text), "sextortion", text)
    corrected = _correct(edited, cache, encoder)
    assert corrected.interpret(text).match.choices[0].topic == "sextortion"


def test_a_new_sign_is_learnt(
    cache: MatcherCache, small_corpus: Corpus, interpreter: Interpreter, encoder: SentenceEncoder
) -> None:
    text = "the purple penguin is coming"
    signs = {**small_corpus.signs, Sign.EMERGENCY: (*small_corpus.signs[Sign.EMERGENCY], text)}
    corrected = _correct(dataclasses.replace(small_corpus, signs=signs), cache, encoder)
    before, now = interpreter.interpret(text).danger, corrected.interpret(text).danger
    assert now.emergency_probability > before.emergency_probability + 0.3


def test_texts_stand_in_their_new_order(cache: MatcherCache, small_corpus: Corpus, encoder: SentenceEncoder) -> None:
    edited = _changed(small_corpus, "greeting", "wibble", without=small_corpus.examples["greeting"][3])
    fitted = _fitted(edited, cache, encoder)
    assert len(fitted.matrix) == len(fitted.prepared) == len(edited.texts)
    for row, text in enumerate(fitted.prepared):
        alone = fitted.featuriser.features(text, encoder.encode(text))
        span = slice(fitted.matrix.starts[row], fitted.matrix.starts[row + 1])
        assert (fitted.matrix.numbers[span] == alone.numbers).all()
        assert fitted.matrix.sentences[row] == pytest.approx(alone.sentence, abs=2e-3)


def test_many_edits_one_after_the_other_do_not_drift(
    cache: MatcherCache, small_corpus: Corpus, encoder: SentenceEncoder
) -> None:
    last = _changed(small_corpus, "greeting", "wibble")
    directly = _fitted(last, cache, encoder)
    for number, text in enumerate(("wobble", "wubble", "wabble")):
        _correct(_changed(small_corpus, "greeting", text), cache, encoder, f"edit {number}")
    again = _fitted(last, cache, encoder, "again")
    assert np.array_equal(again.topic_head.lexical, directly.topic_head.lexical)
    assert np.array_equal(again.danger_head.sentence, directly.danger_head.sentence)


def test_a_change_of_nothing_changes_nothing(
    cache: MatcherCache, small_corpus: Corpus, small_fitted: Fitted, encoder: SentenceEncoder
) -> None:
    fitted = _fitted(small_corpus, cache, encoder)
    assert np.array_equal(fitted.topic_head.lexical, small_fitted.topic_head.lexical)
    assert np.array_equal(fitted.matrix.weights, small_fitted.matrix.weights)
