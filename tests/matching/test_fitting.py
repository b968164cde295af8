"""Fitting, on small corpora."""

from __future__ import annotations

import dataclasses
import hashlib
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from safetybot.guidance.model import Sign, Urgency
from safetybot.matching import fitted_model, fitting
from safetybot.matching.cache import MatcherCache
from safetybot.matching.corpus import INSULT, OFF_TOPIC, SIGNS, Corpus
from safetybot.matching.encoder import WIDTH, SentenceEncoder
from safetybot.matching.features import Features
from safetybot.matching.fitted_model import Calibration, Fitted, danger_signals, topics_of
from safetybot.matching.fitter import fit_corpus
from safetybot.matching.fitting import fit, nearest_by_group
from safetybot.matching.head import NystromMap
from safetybot.matching.interpreter import Interpreter, make_preparer
from safetybot.matching.kernel import KernelMatrix
from safetybot.matching.linear import LinearHead
from safetybot.matching.text import WordList

WORDS = ["he", "she", "wants", "my", "pictures", "pay", "now", "help", "me", "password", "game", "scared"]


def _made_up(seed: int, topics: int, urgency: Urgency | None = None) -> Corpus:
    """A corpus of nonsense, as small as content may be."""
    chance = random.Random(seed)

    def texts(count: int) -> tuple[str, ...]:
        return tuple(" ".join(chance.choices(WORDS, k=chance.randint(1, 6))) for _ in range(count))

    ids = [f"topic-{number}" for number in range(topics)]
    return Corpus(
        classes=(*ids, OFF_TOPIC, INSULT),
        examples={id_: texts(12) for id_ in ids} | {OFF_TOPIC: texts(chance.randint(1, 3)), INSULT: texts(1)},
        signs={sign: texts(chance.randint(1, 3)) for sign in SIGNS},
        urgency={id_: urgency or chance.choice(list(Urgency)) for id_ in ids},
        slang={},
        language="xx",
    )


def _row(fitted: Fitted, row: int) -> Features:
    matrix = fitted.matrix
    span = slice(matrix.starts[row], matrix.starts[row + 1])
    return Features(matrix.sentences[row], matrix.numbers[span], matrix.weights[span])


def test_the_heads_know_what_they_were_taught(small_corpus: Corpus, small_fitted: Fitted) -> None:
    for number, class_ in enumerate(small_corpus.classes[:-2]):
        for row in range(*small_corpus.class_starts[number : number + 2]):
            scores = small_fitted.topic_head.scores(_row(small_fitted, row))
            assert scores.argmax() == number, f"{small_corpus.texts[row]} is no {class_}"
    for level in range(len(SIGNS)):
        for row in range(*small_corpus.sign_starts[level : level + 2]):
            assert small_fitted.danger_head.scores(_row(small_fitted, row)).argmax() == level


def test_the_matrix_holds_every_text(small_corpus: Corpus, small_fitted: Fitted, encoder: SentenceEncoder) -> None:
    assert len(small_fitted.prepared) == len(small_fitted.matrix) == len(small_corpus.texts)
    row = small_corpus.texts.index("blackmail")
    assert small_fitted.prepared[row] == "blackmail"
    assert small_fitted.matrix.sentences[row] == pytest.approx(encoder.encode("blackmail") * np.sqrt(4 / 7), abs=2e-3)


def test_the_heads_have_a_weight_for_each_feature_and_class(small_corpus: Corpus, small_fitted: Fitted) -> None:
    def shapes(head: LinearHead) -> tuple[tuple[int, ...], ...]:
        return head.sentence.shape, head.lexical.shape, head.bias.shape

    width = small_fitted.featuriser.lexical_width
    assert shapes(small_fitted.topic_head) == ((WIDTH, 6), (width, 6), (6,))
    assert shapes(small_fitted.danger_head) == ((WIDTH, 3), (width, 3), (3,))
    assert len(small_corpus.classes) == 6


def test_progress_is_told_and_ends(small_corpus: Corpus, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    fit_corpus(small_corpus, tmp_path, lambda stage, done: told.append((stage, done)))
    stages = list(dict.fromkeys(stage for stage, _ in told))
    assert stages[-3:] == ["features", "learning", "calibrating"]
    for stage in stages[-3:]:
        done = [share for name, share in told if name == stage]
        assert done == sorted(done)
        assert done[-1] == 1


def test_of_very_many_texts_fewer_landmarks_serve_and_one_part_is_scored(
    monkeypatch: pytest.MonkeyPatch, small_corpus: Corpus, tmp_path: Path
) -> None:
    """As of a thousand topics; here the limits are lowered instead."""
    asked = small_corpus.class_starts[-1]
    landmarks: list[int] = []
    told: list[float] = []

    class Counted(NystromMap):
        def __init__(self, chosen: KernelMatrix) -> None:
            super().__init__(chosen)
            landmarks.append(len(chosen.sentences))

    monkeypatch.setattr(fitting, "NystromMap", Counted)
    monkeypatch.setattr(fitting, "LEARNT_MAX", 20 * asked * len(small_corpus.classes))
    monkeypatch.setattr(fitting, "COMPARED_MAX", 1)
    fitted = fit_corpus(
        small_corpus, tmp_path, lambda stage, done: told.append(done) if stage == "calibrating" else None
    )

    assert landmarks[0] == 20 < asked
    assert told == [0, 0.5, 1]
    right = [
        int(fitted.topic_head.scores(_row(fitted, row)).argmax()) == number
        for number in range(len(small_corpus.classes) - 2)
        for row in range(*small_corpus.class_starts[number : number + 2])
    ]
    assert sum(right) / len(right) > 0.8


def test_of_very_many_ordinary_examples_some_of_each_topic_teach_danger(
    monkeypatch: pytest.MonkeyPatch, small_corpus: Corpus
) -> None:
    every = fitted_model.Labels.of(small_corpus)
    signs = slice(small_corpus.sign_starts[0], None)
    ordinary = np.flatnonzero((every.danger == SIGNS.index(Sign.NONE)) & (every.classes >= 0))
    kinds = np.unique(every.classes[ordinary])
    monkeypatch.setattr(fitted_model, "ORDINARY_MAX", 2 * len(kinds))
    some = fitted_model.Labels.of(small_corpus)

    left = ordinary[some.danger[ordinary] >= 0]
    assert np.bincount(some.classes[left])[kinds].tolist() == [2] * len(kinds)
    assert (some.danger[signs] == every.danger[signs]).all()
    assert (some.classes == every.classes).all()


def test_the_same_to_the_last_bit_in_another_process(tmp_path: Path, small_corpus: Corpus) -> None:
    """Same examples, same matcher: or editors would see answers change that nobody changed."""
    code = (
        "import sys, pathlib, hashlib\n"
        "from safetybot.guidance.reader import read_content\n"
        "from safetybot.matching.cache import MatcherCache\n"
        "from safetybot.matching.corpus import Corpus\n"
        "from safetybot.matching.fitter import fit_corpus\n"
        "content, folder = map(pathlib.Path, sys.argv[1:])\n"
        "corpus = Corpus.of(read_content(content).languages['en'])\n"
        "MatcherCache(folder).save('key', fit_corpus(corpus, folder, lambda stage, done: None))\n"
    )
    content = Path(__file__).parents[1] / "fixtures" / "content"
    subprocess.run([sys.executable, "-c", code, str(content), str(tmp_path / "there")], check=True)
    here = MatcherCache(tmp_path / "here")
    here.save("key", fit_corpus(small_corpus, tmp_path / "here", lambda stage, done: None))
    hashes = []
    for folder in ("here", "there"):
        with np.load(next((tmp_path / folder).glob("matcher-*.npz"))) as arrays:
            hashes.append({name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()})
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("topics", [1, 2, 4])
@pytest.mark.parametrize("urgency", [None, *Urgency])
def test_however_little_there_is_it_can_be_fitted_and_asked(topics: int, urgency: Urgency | None) -> None:
    """A second language begins with a topic or two; nothing may divide by the examples it has not."""
    for seed in range(3):
        corpus = _made_up(seed, topics, urgency)
        nowhere = np.zeros((len(corpus.texts), WIDTH), np.float32)
        fitted = fit(corpus, corpus.texts, nowhere, WordList(), lambda stage, done: None)
        figures = [getattr(fitted.calibration, name) for name in Calibration.__dataclass_fields__]
        figures += [*dataclasses.astuple(fitted.calibration.whole), *dataclasses.astuple(fitted.calibration.part)]
        assert all(np.isfinite(figure) for figure in figures if isinstance(figure, float))
        interpreter = Interpreter(corpus, fitted, make_preparer(corpus), None)
        for text in ("", "zzz", corpus.texts[0]):
            meant = interpreter.interpret(text)
            assert 1 <= len(meant.match.choices) <= topics
            assert 0 <= meant.match.first_probability <= 1
            assert 0 <= meant.danger.emergency_probability <= 1


def test_a_part_of_a_text_must_be_clearer_than_a_whole_one(small_fitted: Fitted) -> None:
    whole, part = small_fitted.calibration.whole, small_fitted.calibration.part
    assert part.card >= whole.card
    assert part.check >= whole.check
    assert part.gravity >= whole.gravity


def test_danger_signals_by_hand() -> None:
    (signals,) = danger_signals(
        np.array([[0.6, 0.3, 0.1]], np.float32),
        np.array([[0.5, 0.2, 0.2, 0.1]], np.float32),
        np.array([0]),
        np.array([1, 2]),
        np.array([[0.9, 0.5, 0.4]], np.float32),
    )
    assert signals == pytest.approx(np.array([np.log(6), np.log(3), np.log(0.501), np.log(0.401), 0.5, 0.1]), abs=1e-3)
    assert signals.dtype == np.float32


def test_topics_of(small_corpus: Corpus) -> None:
    assert topics_of(small_corpus, Urgency.HIGH).tolist() == [small_corpus.classes.index("sextortion")]
    assert topics_of(small_corpus, Urgency.EMERGENCY).tolist() == []


def test_nearest_by_group() -> None:
    similarity = np.array([[0.1, 0.9, 0.3, 0.4], [-0.5, -0.1, 0.2, 0.0]], np.float32)
    nearest = nearest_by_group(similarity, np.array([0, 0, 2, 2]), 4)
    assert nearest == pytest.approx(np.array([[0.9, 0, 0.4, 0], [-0.1, 0, 0.2, 0]]))


def test_danger_is_taught_by_signs_and_by_topics_that_are_surely_one_thing() -> None:
    """An emergency topic's examples teach emergency; a high topic's teach neither."""
    words = {"one": "water boat", "two": "tree leaf", "three": "stone rock"}
    corpus = Corpus(
        classes=("one", "three", "two", OFF_TOPIC, INSULT),
        examples={id_: tuple(f"{text} {n}" for n in range(12)) for id_, text in words.items()}
        | {OFF_TOPIC: ("cloud sky", "cloud sun", "cloud rain"), INSULT: ("shoe", "shoe sock")},
        signs={Sign.EMERGENCY: ("fire",), Sign.CHECK: ("smoke",), Sign.NONE: ("candle",)},
        urgency={"one": Urgency.EMERGENCY, "two": Urgency.NORMAL, "three": Urgency.HIGH},
        slang={},
        language="xx",
    )
    fitted = fit(
        corpus, corpus.texts, np.zeros((len(corpus.texts), WIDTH), np.float32), WordList(), lambda stage, done: None
    )
    by_topic = {
        class_: fitted.danger_head.scores(_row(fitted, corpus.class_starts[number])).argmax()
        for number, class_ in enumerate(corpus.classes)
    }
    assert by_topic["one"] == SIGNS.index(Sign.EMERGENCY)
    assert by_topic["two"] == SIGNS.index(Sign.NONE)
    one, three = (
        fitted.danger_head.scores(_row(fitted, corpus.class_starts[corpus.classes.index(class_)]))
        for class_ in ("one", "three")
    )
    assert one[0] - one[2] > three[0] - three[2]


@pytest.mark.parametrize(
    ("head", "near", "best"),
    [
        ([0.0, -5.0, -99.0], [0.2, 0.9, 0.0], 8.0),  # the nearest example is right, and the head against it
        ([0.0, -9.0, -99.0], [0.2, 0.9, 0.0], 16.0),
        ([-1.0, 0.0, -99.0], [0.9, 0.7, 0.0], 4.0),  # the head is right: the less, the better
        ([-99.0, 0.0, 0.0], [0.0, 0.9, 0.9], 4.0),  # never wrong
    ],
)
def test_the_weight_of_the_nearest_example_is_the_one_with_most_right(
    head: list[float], near: list[float], best: float
) -> None:
    """Two topics and the class of no topic, whose own texts do not count."""

    def scored(truth: list[int]) -> fitting._Scored:
        rows = np.arange(len(truth))
        return fitting._Scored(
            rows,
            np.tile(np.array(head, np.float32), (len(truth), 1)),
            np.tile(np.array(near, np.float32), (len(truth), 1)),
            np.array(truth),
        )

    assert fitting._best_weight([scored([1, 1, -1]), scored([-1]), scored([1])], 2) == best
    assert fitting._best_weight([scored([-1])], 2) == fitting.NEAREST_WEIGHTS[0]
