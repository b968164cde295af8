"""The English content we ship, fitted as the bot fits it."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from safetybot.guidance.model import Sign, Urgency
from safetybot.guidance.reader import Library
from safetybot.matching.cache import MatcherCache
from safetybot.matching.calibration import Logistic
from safetybot.matching.corpus import NOT_TOPICS, OFF_TOPIC
from safetybot.matching.danger import GRAVITY
from safetybot.matching.danger_calibration import CARD_RATE, CHECK_RATE
from safetybot.matching.encoder import SentenceEncoder
from safetybot.matching.fitted_model import Calibration, Fitted
from safetybot.matching.fitter import cache_key
from safetybot.matching.interpreter import Interpreter
from safetybot.matching.kernel import KernelMatrix
from safetybot.matching.matcher import Decision
from safetybot.understanding.understanding import failed_tests

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]
"""Where nothing is cached yet, the first test here waits for the whole content to be fitted."""

EACH_TOPIC = 8
"""Examples of each topic that are asked again here: all of them would take half a minute."""


def _some(texts: tuple[str, ...], count: int) -> list[str]:
    return random.Random(0).sample(texts, min(count, len(texts)))


@pytest.fixture(scope="module")
def fitted(shipped: Interpreter, shipped_data: Path) -> Fitted:
    """What the interpreter was made from, as it stands in the cache."""
    found = MatcherCache(shipped_data / "cache").load(cache_key(shipped.corpus))
    assert found is not None
    return found


def test_every_test_the_editors_wrote_holds(shipped_library: Library, shipped: Interpreter) -> None:
    assert [str(fault) for fault in failed_tests(shipped_library, "en", shipped.interpret)] == []


def test_every_emergency_that_was_ever_missed_gets_the_card(shipped_library: Library, shipped: Interpreter) -> None:
    wanted = [test.say for test in shipped_library.languages["en"].danger.tests if test.expect is Sign.EMERGENCY]
    assert len(wanted) >= 20
    missed = [text for text in wanted if shipped.interpret(text).danger.sign is not Sign.EMERGENCY]
    assert missed == []


def test_every_topic_is_reached_by_its_own_examples(shipped: Interpreter) -> None:
    """Not that it would be found in words nobody wrote yet: only that no topic is buried by its neighbours."""
    first: Counter[str] = Counter()
    three: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for topic in shipped.corpus.classes[: -len(NOT_TOPICS)]:
        for text in _some(shipped.corpus.examples[topic], EACH_TOPIC):
            choices = [choice.topic for choice in shipped.interpret(text).match.choices]
            asked[topic] += 1
            first[topic] += choices[0] == topic
            three[topic] += topic in choices[:3]
    buried = {topic: first[topic] for topic in asked if first[topic] < 0.75 * asked[topic]}
    assert buried == {}
    assert first.total() >= 0.95 * asked.total()
    assert three.total() >= 0.99 * asked.total()


def test_off_topic_sentences_are_left_alone(shipped: Interpreter) -> None:
    texts = _some(shipped.corpus.examples[OFF_TOPIC], 60)
    decisions = Counter(shipped.interpret(text).match.decision for text in texts)
    assert decisions[Decision.UNSURE] >= 0.9 * len(texts)


def test_signs_of_danger_are_taken_for_what_they_are(shipped: Interpreter) -> None:
    """Leave-in, so nearly all must: the editors' own words."""
    for sign, least in ((Sign.EMERGENCY, 0.97), (Sign.CHECK, 0.95), (Sign.NONE, 0.0)):
        texts = _some(shipped.corpus.signs[sign], 100)
        found = Counter(GRAVITY[shipped.interpret(text).danger.sign] for text in texts)
        assert sum(found[grave] for grave in found if grave >= GRAVITY[sign]) >= least * len(texts), sign
        if sign is Sign.NONE:
            assert found[GRAVITY[Sign.EMERGENCY]] <= 0.05 * len(texts), "look-alikes"


def test_an_emergency_in_a_long_story_is_seen(shipped_library: Library, shipped: Interpreter) -> None:
    """Somebody who tells what happened from the start comes to the point late."""
    before = (
        "so it all started when we moved here and i had to change school and at first nobody spoke to me and then a "
        "few people did and we went to the park and into town and it was nice, we even did each other's hair. "
    )
    after = "sorry this is so long, my sister says i always write too much and i never know when to stop typing."
    calm = shipped.interpret(before + after).danger.sign
    assert calm is Sign.NONE
    wanted = [test.say for test in shipped_library.languages["en"].danger.tests if test.expect is Sign.EMERGENCY]
    missed = [text for text in wanted if shipped.interpret(f"{before}{text}. {after}").danger.sign is Sign.NONE]
    assert len(missed) <= 0.2 * len(wanted), missed


def test_what_cross_validation_promises(fitted: Fitted) -> None:
    """Floors a little below what the content reaches: a change that loses more is worth a look before it goes live."""
    calibration = fitted.calibration
    assert calibration.right_first > 0.66
    assert calibration.right_in_three > 0.84
    assert calibration.emergencies_carded > 0.62
    assert calibration.emergencies_caught > 0.83
    assert 0 < calibration.whole.card < 1
    assert 0 < calibration.whole.check < 1
    assert 0 < calibration.whole.gravity < 2
    assert CARD_RATE <= 0.02, "the policy itself, from the issue"
    assert CHECK_RATE <= 0.08
    models = [getattr(calibration, name) for name in Calibration.__dataclass_fields__]
    assert all(np.isfinite(model.coefficients).all() for model in models if isinstance(model, Logistic))


def test_a_topic_that_is_an_emergency_shows_the_card(shipped: Interpreter) -> None:
    topics = [topic for topic, urgency in shipped.corpus.urgency.items() if urgency is Urgency.EMERGENCY]
    assert "immediate-danger" in topics
    for topic in topics:
        texts = shipped.corpus.examples[topic]
        carded = sum(shipped.interpret(text).danger.sign is Sign.EMERGENCY for text in texts)
        assert carded >= 0.9 * len(texts), topic


def test_texts_that_wait_together_mean_what_each_means_alone(shipped: Interpreter, shipped_library: Library) -> None:
    topics = shipped_library.languages["en"].topics.values()
    texts = [_some(topic.asks, 1)[0] for topic in topics] + [test.say for topic in topics for test in topic.tests[:1]]
    for start in range(0, len(texts), 24):
        some = texts[start : start + 24]
        for text, together in zip(some, shipped.interpret_all(some), strict=True):
            alone = shipped.interpret(text)
            assert (together.danger.sign, together.match.decision) == (alone.danger.sign, alone.match.decision)
            assert [choice.topic for choice in together.match.choices] == [
                choice.topic for choice in alone.match.choices
            ]
            assert together.danger.check_probability == pytest.approx(alone.danger.check_probability, abs=1e-4)
            assert together.match.first_probability == pytest.approx(alone.match.first_probability, abs=1e-4)


@pytest.mark.parametrize(
    "text", ["he wants pics or he tells my mum", "im hiding he is in the house", "who won", "zzz", ""]
)
def test_nearest_examples_are_those_of_plain_sums(
    shipped: Interpreter, fitted: Fitted, encoder: SentenceEncoder, text: str
) -> None:
    """Each choice's example is the nearest of all of its topic, as whole matrices say."""
    width = fitted.featuriser.lexical_width
    everything = KernelMatrix.of(fitted.matrix, width)
    meant = shipped.interpret(text)
    mended = meant.prepared.mended
    features = shipped._featuriser.features(mended, encoder.encode(mended))
    spread = np.zeros(width, np.float32)
    spread[features.numbers] = features.weights
    similarity = everything.sentences @ features.sentence + everything.lexical @ spread
    for choice in meant.match.choices:
        number = shipped.corpus.classes.index(choice.topic)
        start, end = shipped.corpus.class_starts[number : number + 2]
        assert choice.similarity == pytest.approx(similarity[start:end].max(), abs=1e-5)
        assert similarity[start + shipped.corpus.examples[choice.topic].index(choice.example)] == pytest.approx(
            choice.similarity, abs=1e-5
        )
    (nearest,) = shipped._danger._near([features])
    for near, (start, end) in zip(nearest, itertools.pairwise(shipped.corpus.sign_starts), strict=True):
        assert near.similarity == pytest.approx(similarity[start:end].max(), abs=1e-5)
        assert start <= shipped.corpus.sign_starts[0] + near.row < end


class TestTry:
    """``safetybot try --json``, the real program on what we ship."""

    LINES = (
        "he says he'll post my pics unless i pay",
        "there is a man in my house im hiding",
        "i dont want to be alive",
        "what is the capital of france",
        'asdf 😭 \u2028 "quoted" \\ <b>',
        "",
    )

    @pytest.fixture(scope="class")
    @staticmethod
    def lines(shipped: Interpreter, shipped_data: Path) -> list[str]:
        environ = {**os.environ, "SAFETYBOT_DATA": str(shipped_data), "SAFETYBOT_CONTENT": str(ROOT / "content")}
        done = subprocess.run(
            [sys.executable, "-m", "safetybot.cli", "try", "--json"],
            input="".join(f"{line}\n" for line in TestTry.LINES),
            env=environ,
            cwd=ROOT,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == "", "nothing but the answers: other programs read them"
        return done.stdout.split("\n")[:-1]

    def test_one_object_a_line_in_the_order_they_came(self, lines: list[str]) -> None:
        assert [json.loads(line)["text"] for line in lines] == list(self.LINES)

    def test_the_keys_are_those_of_the_design(self, lines: list[str]) -> None:
        for line in lines:
            tried = json.loads(line)
            assert list(tried) == ["text", "decision", "topic", "choices", "danger", "because"]
            assert tried["decision"] in ("answer", "choose", "unsure")
            assert tried["danger"] in ("emergency", "check", "none")
            assert isinstance(tried["because"], str)
            assert tried["because"]
            assert 1 <= len(tried["choices"]) <= 5
            for choice in tried["choices"]:
                assert list(choice) == ["topic", "score"]
                assert 0 <= choice["score"] <= 1
            scores = [choice["score"] for choice in tried["choices"]]
            assert scores == sorted(scores, reverse=True)
            first = tried["choices"][0]["topic"]
            assert tried["topic"] == (first if tried["decision"] == "answer" else None)

    def test_what_it_says_of_a_few(self, lines: list[str]) -> None:
        blackmail, hiding, dying, capital, *_ = map(json.loads, lines)
        assert (blackmail["decision"], blackmail["topic"]) == ("answer", "sextortion")
        assert hiding["danger"] == "emergency"
        assert dying["danger"] != "none"
        assert (capital["decision"], capital["topic"], capital["danger"]) == ("unsure", None, "none")

    def test_it_says_what_the_interpreter_says(self, lines: list[str], shipped: Interpreter) -> None:
        for line in lines:
            tried = json.loads(line)
            meant = shipped.interpret(tried["text"])
            assert tried["because"] == meant.because
            assert tried["danger"] == meant.danger.sign
            assert [choice["topic"] for choice in tried["choices"]] == [choice.topic for choice in meant.match.choices]
