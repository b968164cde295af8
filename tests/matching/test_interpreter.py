"""One message, from how it was typed to what it means."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safetybot.guidance.model import Sign
from safetybot.matching import danger_rules
from safetybot.matching.corpus import Corpus
from safetybot.matching.danger import GRAVITY, Danger
from safetybot.matching.danger_rules import apply_rules
from safetybot.matching.encoder import FloatArray, SentenceEncoder
from safetybot.matching.fitted_model import Fitted, Thresholds
from safetybot.matching.interpreter import (
    MATCHED_CHARACTERS,
    PART_WORDS,
    WHOLE_WORDS,
    Interpretation,
    Interpreter,
    make_preparer,
    parts_of,
)
from safetybot.matching.matcher import Choice, Decision, Match
from safetybot.matching.text import PreparedText, SlangTable, SpellingCorrector, TextPreparer, WordList, word_counts

FILLER = "we talked about the weather and what we had for tea. "
TYPED = st.text(
    st.one_of(st.characters(max_codepoint=0x7F), st.characters(exclude_categories=("Cs",)), st.sampled_from("😭🔪’")),
    max_size=120,
)
SAID = st.sampled_from(
    ["pay or he posts my nudes", "he has a knife", "i want to die", "hi", "hlep me", "u ok", "nvm", "zażółć gęślą jaźń"]
)


@settings(max_examples=80)
@given(st.one_of(TYPED, st.lists(st.one_of(SAID, TYPED), max_size=6).map(" ".join)))
def test_any_text_means_something_and_no_rule_is_overruled(interpreter: Interpreter, text: str) -> None:
    meant = interpreter.interpret(text)
    assert meant.match.choices
    assert all(0 <= choice.score <= 1 for choice in meant.match.choices)
    assert np.isfinite([meant.danger.emergency_probability, meant.danger.check_probability]).all()
    assert "\n" not in meant.because
    for form in (meant.prepared.raw, meant.prepared.plain, meant.prepared.mended):
        rule = apply_rules(form)
        assert GRAVITY[meant.danger.sign] >= (GRAVITY[rule.sign] if rule else 0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(SAID, TYPED, st.lists(st.one_of(SAID, TYPED), min_size=8).map(" ".join)), max_size=30))
def test_texts_that_wait_together_mean_what_each_means_alone(interpreter: Interpreter, texts: list[str]) -> None:
    texts = [*texts, *texts[:2], FILLER * 6 + "he has a knife"]
    for text, together in zip(texts, interpreter.interpret_all(texts), strict=True):
        alone = interpreter.interpret(text)
        assert (together.prepared, together.foreign) == (alone.prepared, alone.foreign)
        for found, expected in (
            (together.danger.emergency_probability, alone.danger.emergency_probability),
            (together.danger.check_probability, alone.danger.check_probability),
            (together.match.first_probability, alone.match.first_probability),
            (together.match.none_probability, alone.match.none_probability),
        ):
            assert found == pytest.approx(expected, abs=1e-4)
        assert together.danger.sign is alone.danger.sign
        assert together.match.decision is alone.match.decision


def test_none_wait(interpreter: Interpreter) -> None:
    assert interpreter.interpret_all([]) == []


def _plain(meant: Interpretation) -> tuple[object, ...]:
    return meant.prepared, meant.danger, meant.match.choices, meant.match.decision, meant.foreign


def test_the_same_text_means_the_same(
    interpreter: Interpreter, small_corpus: Corpus, small_fitted: Fitted, encoder: SentenceEncoder
) -> None:
    """Whatever came between, and in an interpreter that has seen nothing yet."""
    before = _plain(interpreter.interpret("he wantd my picturs"))
    for text in ("he wantd something else", "picturs", "wantd"):
        interpreter.interpret(text)
    assert _plain(interpreter.interpret("he wantd my picturs")) == before
    fresh = Interpreter(small_corpus, small_fitted, make_preparer(small_corpus), encoder)
    assert _plain(fresh.interpret("he wantd my picturs")) == before


def test_many_threads_may_ask_at_once(interpreter: Interpreter) -> None:
    """And none gets what another's message means."""
    texts = [f"{text} {number}" for number in range(10) for text in ("he wants my nudes", "u ok hun", "he has a knife")]
    alone = [_plain(interpreter.interpret(text)) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        for found in (pool.map(interpreter.interpret, texts), pool.map(interpreter.interpret, texts)):
            assert [_plain(meant) for meant in found] == alone


class TestLongTexts:
    LONG = FILLER * (2 * MATCHED_CHARACTERS // len(FILLER))

    def test_the_end_is_judged(self, interpreter: Interpreter) -> None:
        assert len(self.LONG) > MATCHED_CHARACTERS + len(FILLER)
        assert interpreter.interpret(self.LONG).danger.sign is Sign.NONE
        meant = interpreter.interpret(self.LONG + "he has a knife")
        assert meant.danger.sign is Sign.EMERGENCY
        assert meant.danger.because == "rule: someone has a weapon"

    def test_the_beginning_is_judged(self, interpreter: Interpreter) -> None:
        assert interpreter.interpret("he has a knife. " + self.LONG).danger.sign is Sign.EMERGENCY

    @pytest.mark.parametrize("past", [-1, 0, 1, 5, 14, 15])
    def test_no_gap_at_the_cut(self, interpreter: Interpreter, past: int) -> None:
        """Danger that stands across the end of what is matched."""
        start = MATCHED_CHARACTERS - len("he has a knife") + past
        text = self.LONG[:start] + " he has a knife"
        assert interpreter.interpret(text).danger.sign is Sign.EMERGENCY

    def test_only_the_first_part_is_matched(self, interpreter: Interpreter) -> None:
        meant = interpreter.interpret("a" * 10_000)
        assert len(meant.prepared.raw) <= MATCHED_CHARACTERS


class TestParts:
    """One sentence of danger in a long story hardly moves what the whole looks like."""

    @pytest.mark.parametrize("count", [0, 1, PART_WORDS, WHOLE_WORDS])
    def test_a_short_text_has_none(self, count: int) -> None:
        assert parts_of(" ".join(["word"] * count)) == []

    @given(st.integers(WHOLE_WORDS + 1, 300))
    def test_they_cover_the_text_and_overlap(self, count: int) -> None:
        texts = [str(number) for number in range(count)]
        parts = [[int(word) for word in part.split(", ")] for part in parts_of(", ".join(texts))]
        assert all(len(part) == PART_WORDS for part in parts)
        assert all(part == list(range(part[0], part[0] + PART_WORDS)) for part in parts)
        assert parts[0][0] == 0
        assert parts[-1][-1] == count - 1
        assert all(after[0] <= before[-1] for before, after in itertools.pairwise(parts)), "no gap, and a word shared"
        assert len(parts) <= count / (PART_WORDS - 1) + 1, "and no more than are needed"

    def test_they_are_judged(
        self, small_corpus: Corpus, small_fitted: Fitted, encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By what was learnt: there are no rules here."""
        monkeypatch.setattr(danger_rules, "RULES", ())
        knows_nothing = TextPreparer(SlangTable({}), SpellingCorrector({}, WordList()))

        def interpret(text: str, card: float, part_card: float) -> Danger:
            calibration = dataclasses.replace(
                small_fitted.calibration, whole=Thresholds(card, 1.1, 2.1), part=Thresholds(part_card, 1.1, 2.1)
            )
            fitted = dataclasses.replace(small_fitted, calibration=calibration)
            return Interpreter(small_corpus, fitted, knows_nothing, encoder).interpret(text).danger

        sign = small_corpus.signs[Sign.EMERGENCY][0]
        whole = f"{FILLER}{FILLER}{sign}. {FILLER}{FILLER}"
        in_parts = interpret(whole, 1.1, 0.0).emergency_probability
        assert in_parts > 2 * interpret(FILLER * 4, 1.1, 0.0).emergency_probability
        assert interpret(whole, 1.1, in_parts + 0.001).sign is Sign.NONE
        found = interpret(whole, 1.1, in_parts - 0.001)
        assert found.sign is Sign.EMERGENCY
        assert sign in found.because

    def test_of_many_parts_the_worst_half_is_read(
        self, small_corpus: Corpus, small_fitted: Fitted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """And what is dangerous is among them, wherever it stands."""
        monkeypatch.setattr(danger_rules, "RULES", ())
        read: list[str] = []

        class Counted(SentenceEncoder):
            def encode_together(self, texts: Sequence[str]) -> FloatArray:
                read.extend(texts)
                return super().encode_together(texts)

        never = Thresholds(card=1.1, check=1.1, gravity=2.1)
        calibration = dataclasses.replace(small_fitted.calibration, whole=never, part=never)
        fitted = dataclasses.replace(small_fitted, calibration=calibration)
        preparer = TextPreparer(SlangTable({}), SpellingCorrector({}, WordList()))
        interpreter = Interpreter(small_corpus, fitted, preparer, Counted())
        sign = small_corpus.signs[Sign.EMERGENCY][0]
        for before in (0, 6, 15):
            read.clear()
            text = FILLER * before + f"{sign}. " + FILLER * (15 - before)
            interpreter.interpret(text)
            assert len(read) == math.ceil(len(parts_of(text)) / 2)
            assert any(word in part for part in read for word in (sign, sign.split()[-1]))

    def test_a_part_as_typed_is_read_where_its_mended_form_says_less(
        self, small_corpus: Corpus, small_fitted: Fitted, encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(danger_rules, "RULES", ())
        preparer = TextPreparer(SlangTable({}), SpellingCorrector(word_counts(["overdone lesson"]), WordList()))
        interpreter = Interpreter(small_corpus, small_fitted, preparer, encoder)
        meant = interpreter.interpret(f"{FILLER}{FILLER}I have taken an overdose. {FILLER}{FILLER}")
        assert "overdose" not in meant.prepared.mended
        assert meant.danger.sign is Sign.EMERGENCY


class TestMending:
    def test_misspelt_words_are_mended_before_matching(self, interpreter: Interpreter) -> None:
        meant = interpreter.interpret("someone is blackmialing me with my nuudes")
        assert meant.prepared.mended == "someone is blackmailing me with my nudes"
        assert meant.match.choices[0].topic == "sextortion"
        assert any(reason.startswith("spelling mended: “someone is bl") for reason in meant.reasons())

    def test_slang_is_spelt_out(self, interpreter: Interpreter) -> None:
        meant = interpreter.interpret("is ur password safe")
        assert meant.prepared.plain == "is your password safe"
        assert "slang spelt out: “is your password safe”" in meant.reasons()

    @pytest.mark.parametrize(
        ("slang", "examples", "text", "mended"),
        [
            # The mender's guess, and an editor's slip in the slang table.
            ({}, "unlike", "gonna unalive myself tonight", "gonna unlike myself tonight"),
            ({"kill": "tickle"}, "", "im going to kill myself tonight", "im going to tickle myself tonight"),
        ],
    )
    def test_a_wrong_mend_never_hides_danger_from_the_rules(
        self,
        small_corpus: Corpus,
        small_fitted: Fitted,
        encoder: SentenceEncoder,
        slang: dict[str, str],
        examples: str,
        text: str,
        mended: str,
    ) -> None:
        preparer = TextPreparer(
            SlangTable(slang), SpellingCorrector(word_counts([examples]), WordList.of(["gonna", "myself", "tonight"]))
        )
        meant = Interpreter(small_corpus, small_fitted, preparer, encoder).interpret(text)
        assert meant.prepared.mended == mended
        assert apply_rules(mended) is None
        assert meant.danger.sign is Sign.EMERGENCY

    @pytest.mark.parametrize("slang", [{}, {"overdose": "lesson"}])
    def test_a_wrong_mend_never_hides_danger_from_what_was_learnt(
        self,
        small_corpus: Corpus,
        small_fitted: Fitted,
        encoder: SentenceEncoder,
        monkeypatch: pytest.MonkeyPatch,
        slang: dict[str, str],
    ) -> None:
        """Without rules, so that nothing else can have seen it."""
        monkeypatch.setattr(danger_rules, "RULES", ())
        preparer = TextPreparer(SlangTable(slang), SpellingCorrector(word_counts(["overdone lesson"]), WordList()))
        interpreter = Interpreter(small_corpus, small_fitted, preparer, encoder)
        meant = interpreter.interpret("I have taken an overdose")
        assert "overdose" not in meant.prepared.mended
        assert meant.danger.sign is Sign.EMERGENCY
        assert "overdose" in meant.danger.because


class TestForeign:
    @pytest.mark.parametrize(
        ("text", "foreign"),
        [
            ("jest w moim domu boję się pomocy", True),
            ("ayudame por favor tengo mucho miedo", True),
            ("он в моём доме помогите мне", True),
            ("someone is being horrible to my brother", False),
            ("hi", False),
            ("😭😭", False),
            ("", False),
        ],
    )
    def test_foreign(self, interpreter: Interpreter, text: str, foreign: bool) -> None:
        assert interpreter.interpret(text).foreign is foreign

    def test_what_can_be_answered_is_not_foreign(
        self, small_fitted: Fitted, encoder: SentenceEncoder, small_corpus: Corpus
    ) -> None:
        """However strange its words."""
        knows_nothing = TextPreparer(SlangTable({}), SpellingCorrector({}, WordList()))
        interpreter = Interpreter(small_corpus, small_fitted, knows_nothing, encoder)
        answered = interpreter.interpret("he wants money or he'll post my nude")
        assert answered.match.decision is Decision.ANSWER
        assert knows_nothing.is_foreign(answered.prepared)
        assert not answered.foreign


class TestEmoji:
    @pytest.mark.parametrize("text", ["😭", "🔪🏠😱", "👩‍👧", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️", "!!!", "...", "🆘"])
    def test_symbols_alone_are_no_topic_we_are_sure_of(self, interpreter: Interpreter, text: str) -> None:
        assert interpreter.interpret(text).match.decision is not Decision.ANSWER

    def test_they_do_not_hide_the_words(self, interpreter: Interpreter) -> None:
        meant = interpreter.interpret("😭😭 he wants money 💰 or he'll post my nude 🙏🙏")
        assert meant.match.choices[0].topic == "sextortion"
        assert interpreter.interpret("🚪he has a knife🔪😱").danger.sign is Sign.EMERGENCY


class TestReasons:
    def _meant(
        self, decision: Decision, none: float, plain: str = "raw", mended: str = "raw", first: float = 0.71
    ) -> Interpretation:
        choices = (Choice("one", 0.6, "an example", 0.8), Choice("two", 0.25, "another", 0.5))
        found = Match(decision, choices, first, 0.9, none, 0.25, False, np.zeros(0, np.float32))
        return Interpretation(PreparedText("raw", plain, mended), Danger(Sign.NONE, "calm", 0, 0), found, False)

    def test_answer(self) -> None:
        assert self._meant(Decision.ANSWER, 0.1).because == (
            "danger: calm; closest to “an example” (one, 60%); then two (25%, 35% behind); sure enough to answer (71%)"
        )

    def test_choose_and_mend(self) -> None:
        assert self._meant(Decision.CHOOSE, 0.3, "plain", "mended", first=0.41).reasons() == [
            "danger: calm",
            "closest to “an example” (one, 60%)",
            "then two (25%, 35% behind)",
            "perhaps about nothing we advise on (30%)",
            "not sure enough to answer (41%), so it asks which",
            "slang spelt out: “plain”",
            "spelling mended: “mended”",
        ]

    def test_an_urgent_one_may_be_meant(self) -> None:
        assert self._meant(Decision.CHOOSE, 0.1).reasons()[-1] == (
            "sure enough to answer (71%), but one that is urgent may be meant (25%), so it asks which"
        )

    @pytest.mark.parametrize(("none", "off_topic"), [(0.51, True), (0.5, False), (0.0, False)])
    def test_off_topic(self, none: float, off_topic: bool) -> None:
        assert self._meant(Decision.UNSURE, none).off_topic is off_topic
