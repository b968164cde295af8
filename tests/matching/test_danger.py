"""The two judges of danger, and which of them holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from safetybot.guidance.model import Sign, Urgency
from safetybot.matching.corpus import SIGNS, Corpus
from safetybot.matching.danger import GRAVITY, Danger, DangerClassifier, gravest
from safetybot.matching.encoder import SentenceEncoder
from safetybot.matching.features import Features
from safetybot.matching.fitted_model import Fitted, FloatArray, Thresholds, danger_signals, topics_of
from safetybot.matching.fitting import nearest_by_group
from safetybot.matching.kernel import KernelMatrix
from safetybot.matching.linear import softmax
from safetybot.matching.matcher import Matcher
from safetybot.matching.text import PreparedText

Looking = Callable[[str], tuple[list[Features], FloatArray]]

_DANGERS = st.builds(
    Danger, st.sampled_from(Sign), st.text(max_size=3), st.floats(0, 1, width=32), st.floats(0, 1, width=32)
)


@pytest.fixture(scope="module")
def look(small_corpus: Corpus, small_fitted: Fitted, encoder: SentenceEncoder) -> Looking:
    """A text as it stands → what the learnt judge is given of it."""
    matcher = Matcher(small_corpus, small_fitted)

    def arguments(text: str) -> tuple[list[Features], FloatArray]:
        found = small_fitted.featuriser.features(text, encoder.encode(text))
        return [found], matcher.match(found).class_probabilities

    return arguments


def judged(sense: DangerClassifier, forms: list[Features], probabilities: FloatArray) -> list[Danger]:
    """What the learnt judge says of one text alone."""
    (verdicts,) = sense.judge_learnt([forms], [probabilities])
    return verdicts


@pytest.fixture(scope="module")
def sense(small_corpus: Corpus, small_fitted: Fitted) -> DangerClassifier:
    return DangerClassifier(small_corpus, small_fitted)


class TestGravest:
    @given(st.lists(_DANGERS, min_size=1, max_size=5))
    def test_the_graver_verdict_holds(self, verdicts: list[Danger]) -> None:
        result = gravest(*verdicts)
        assert GRAVITY[result.sign] == max(GRAVITY[verdict.sign] for verdict in verdicts)
        first = next(verdict for verdict in verdicts if verdict.sign is result.sign)
        assert result.because == first.because
        assert result.emergency_probability == max(verdict.emergency_probability for verdict in verdicts)
        assert result.check_probability == max(verdict.check_probability for verdict in verdicts)

    def test_by_hand(self) -> None:
        calm, ask = Danger(Sign.NONE, "calm", 0.2, 0.9), Danger(Sign.CHECK, "ask", 0.1, 0.5)
        card = Danger(Sign.EMERGENCY, "card", 0.0, 0.0)
        assert gravest(calm, ask, card) == Danger(Sign.EMERGENCY, "card", 0.2, 0.9)
        assert gravest(card, ask) == gravest(card, ask, ask)
        assert gravest(calm).because == "calm"


class TestRules:
    @pytest.mark.parametrize(
        ("raw", "plain", "mended"),
        [
            ("he has a knife", "he has a kite", "he has a kite"),
            ("kms2nite", "kill myself tonight", "kill myself tonite"),
            ("he has a knfie", "he has a knfie", "he has a knife"),
        ],
    )
    def test_each_form_of_the_text_is_judged(self, sense: DangerClassifier, raw: str, plain: str, mended: str) -> None:
        assert sense.judge_rules(PreparedText(raw, plain, mended)).sign is Sign.EMERGENCY

    def test_the_gravest_form_holds(self, sense: DangerClassifier) -> None:
        verdict = sense.judge_rules(PreparedText("i want to die", "i want to die", "im going to kill myself tonight"))
        assert verdict.sign is Sign.EMERGENCY
        assert verdict.because == "rule: means to end their life now"

    def test_no_rule(self, sense: DangerClassifier) -> None:
        assert sense.judge_rules(PreparedText("hi", "hi", "hi")) == Danger(Sign.NONE, "no sign of danger", 0.0, 0.0)

    @pytest.mark.parametrize("language", ["en", "en-GB", "cy"])
    def test_they_hold_in_every_language(self, small_corpus: Corpus, small_fitted: Fitted, language: str) -> None:
        sense = DangerClassifier(dataclasses.replace(small_corpus, language=language), small_fitted)
        assert sense.judge_rules(PreparedText(*["he has a knife"] * 3)).sign is Sign.EMERGENCY


class TestLearnt:
    @pytest.mark.parametrize(
        ("text", "sign"),
        [
            ("i have taken an overdose", Sign.EMERGENCY),
            ("he is outside my house with a knife", Sign.EMERGENCY),
            ("this homework is killing me", Sign.NONE),
            ("he is at the door with my parcel", Sign.NONE),
        ],
    )
    def test_a_sign_is_what_it_was_said_to_be(
        self, sense: DangerClassifier, look: Looking, text: str, sign: Sign
    ) -> None:
        assert judged(sense, *look(text))[0].sign is sign

    def test_the_reason_is_the_nearest_sign_as_editors_wrote_it(self, sense: DangerClassifier, look: Looking) -> None:
        (verdict,) = judged(sense, *look("i have taken an overdose"))
        assert verdict.because == "close to the emergency sign “I have taken an overdose”"
        assert judged(sense, *look("how do i make a strong password"))[0].because == "no sign of danger"

    @pytest.mark.parametrize(
        ("whole", "sign"),
        [
            (Thresholds(0.0, 0.0, 0.0), Sign.EMERGENCY),
            (Thresholds(0.0, 1.1, 2.1), Sign.EMERGENCY),
            (Thresholds(1.1, 0.0, 2.1), Sign.CHECK),
            (Thresholds(1.1, 1.1, 0.0), Sign.CHECK),
            (Thresholds(1.1, 1.1, 2.1), Sign.NONE),
        ],
    )
    def test_the_thresholds_are_the_calibrated_ones(
        self, small_corpus: Corpus, small_fitted: Fitted, look: Looking, whole: Thresholds, sign: Sign
    ) -> None:
        calibration = dataclasses.replace(small_fitted.calibration, whole=whole)
        sense = DangerClassifier(small_corpus, dataclasses.replace(small_fitted, calibration=calibration))
        assert judged(sense, *look("hello"))[0].sign is sign

    @pytest.mark.parametrize("text", ["hello", "took all the tablets i think", "is he going to hit me again"])
    def test_in_the_gravity_an_emergency_counts_twice(
        self, small_corpus: Corpus, small_fitted: Fitted, look: Looking, text: str
    ) -> None:
        sense = DangerClassifier(small_corpus, small_fitted)
        (found,) = judged(sense, *look(text))
        gravity = found.emergency_probability + found.check_probability
        for threshold, sign in ((gravity - 1e-4, Sign.CHECK), (gravity + 1e-4, Sign.NONE)):
            whole = Thresholds(card=1.1, check=1.1, gravity=threshold)
            calibration = dataclasses.replace(small_fitted.calibration, whole=whole)
            sense = DangerClassifier(small_corpus, dataclasses.replace(small_fitted, calibration=calibration))
            assert judged(sense, *look(text))[0].sign is sign

    @pytest.mark.parametrize(
        ("text", "sign"),
        [
            ("I have taken an overdose", Sign.EMERGENCY),
            ("i have taken an overdose!!", Sign.EMERGENCY),
            ("this homework is killing me", Sign.NONE),
            ("is an overdose something i have taken", Sign.NONE),
        ],
    )
    def test_the_editors_own_sign_is_what_they_said_whatever_was_learnt(
        self, small_corpus: Corpus, small_fitted: Fitted, look: Looking, text: str, sign: Sign
    ) -> None:
        never = Thresholds(card=1.1, check=1.1, gravity=2.1)
        calibration = dataclasses.replace(small_fitted.calibration, whole=never)
        sense = DangerClassifier(small_corpus, dataclasses.replace(small_fitted, calibration=calibration))
        assert judged(sense, *look(text))[0].sign is sign

    def test_a_part_of_a_long_text_has_thresholds_of_its_own(
        self, small_corpus: Corpus, small_fitted: Fitted, look: Looking
    ) -> None:
        calibration = dataclasses.replace(
            small_fitted.calibration, whole=Thresholds(0.0, 0.0, 0.0), part=Thresholds(1.1, 1.1, 2.1)
        )
        sense = DangerClassifier(small_corpus, dataclasses.replace(small_fitted, calibration=calibration))
        assert judged(sense, *look("hello"))[0].sign is Sign.EMERGENCY
        parts, probabilities = look("hello")
        (verdict,) = sense.judge_parts(parts, lambda _: probabilities)
        assert verdict.sign is Sign.NONE
        assert sense.judge_parts([], lambda _: probabilities) == []

    @pytest.mark.parametrize("threshold", [0.001, 0.01, 0.05, 0.2, 0.5, 0.9, 1.5])
    def test_a_part_is_judged_the_same_though_its_topic_is_not_always_looked_at(
        self, small_corpus: Corpus, small_fitted: Fitted, look: Looking, threshold: float
    ) -> None:
        same = Thresholds(threshold, threshold, threshold)
        calibration = dataclasses.replace(small_fitted.calibration, whole=same, part=same)
        sense = DangerClassifier(small_corpus, dataclasses.replace(small_fitted, calibration=calibration))
        texts = ("hello", "zzz", "he hits me", "make my password strong", "i have taken an overdose", "kill", "")
        looked = [*map(look, texts)]
        parts = [part for (part,), _ in looked]
        looked_at: list[Features] = []

        def topic(part: Features) -> FloatArray:
            looked_at.append(part)
            return next(found for (known,), found in looked if known is part)

        wholes = [whole for each in looked for whole in judged(sense, *each)]
        for verdict, whole in zip(sense.judge_parts(parts, topic), wholes, strict=True):
            assert (verdict.sign, verdict.because) == (whole.sign, whole.because)
            assert verdict.check_probability >= whole.check_probability
        assert 0 < len(looked_at) < 8
        if threshold == 0.9:
            assert len(looked_at) < 7

    def test_many_are_judged_as_each_alone(self, sense: DangerClassifier, look: Looking) -> None:
        looked = [look(text) for text in ("he hits me", "hello", "", "i have taken an overdose", "hello", "zzz")]
        looked[2][0].append(looked[3][0][0])  # one that was mended, so that it has two forms
        together = sense.judge_learnt([forms for forms, _ in looked], [topics for _, topics in looked])
        assert [len(verdicts) for verdicts in together] == [1, 1, 2, 1, 1, 1]
        for verdicts, each in zip(together, looked, strict=True):
            for verdict, alone in zip(verdicts, judged(sense, *each), strict=True):
                assert (verdict.sign, verdict.because) == (alone.sign, alone.because)
                assert verdict.emergency_probability == pytest.approx(alone.emergency_probability, abs=1e-5)
                assert verdict.check_probability == pytest.approx(alone.check_probability, abs=1e-5)
        assert sense.judge_learnt([], []) == []

    @pytest.mark.parametrize("text", ["he hits me", "hello", "", "zzz", "i am outside with a parcel", "kill", "😭"])
    def test_the_same_as_comparing_with_every_sign_in_plain_sums(
        self, small_corpus: Corpus, small_fitted: Fitted, sense: DangerClassifier, look: Looking, text: str
    ) -> None:
        (features,), probabilities = look(text)
        width = small_fitted.featuriser.lexical_width
        row = sparse.csr_matrix((features.weights, features.numbers, [0, len(features.numbers)]), shape=(1, width))
        starts = small_corpus.sign_starts
        signs = KernelMatrix.of(small_fitted.matrix, width).rows(np.arange(starts[0], starts[-1]))
        levels = np.repeat(np.arange(len(SIGNS)), np.diff(starts))
        near = nearest_by_group(
            (row @ signs.lexical.T).toarray() + features.sentence[None, :] @ signs.sentences.T, levels, len(SIGNS)
        )
        signals = danger_signals(
            softmax(small_fitted.danger_head.scores(features))[None, :],
            probabilities[None, :],
            topics_of(small_corpus, Urgency.EMERGENCY),
            topics_of(small_corpus, Urgency.HIGH),
            near,
        )
        (verdict,) = judged(sense, [features], probabilities)
        calibration = small_fitted.calibration
        assert verdict.emergency_probability == pytest.approx(calibration.emergency.probability(signals)[0], abs=1e-5)
        assert verdict.check_probability == pytest.approx(calibration.check.probability(signals)[0], abs=1e-5)
