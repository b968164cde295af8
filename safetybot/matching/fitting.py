"""Examples → everything the matcher and the danger sense need at run time.

Takes seconds and some hundred megabytes for a full content folder, so the running bot does it in a process of its
own (:mod:`safetybot.matching.fitter`) and reads the result from the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from safetybot.guidance.model import Urgency
from safetybot.matching.calibration import (
    Logistic,
    first_signals,
    scope_weights,
    share_of,
    three_signals,
    threshold_for_rate,
)
from safetybot.matching.corpus import NOT_TOPICS, SIGNS, Corpus
from safetybot.matching.danger_calibration import calibrate_danger
from safetybot.matching.features import FeatureMatrix, Featuriser
from safetybot.matching.fitted_model import (
    DANGER_WEIGHT,
    Calibration,
    Fitted,
    Labels,
    danger_signals,
    topics_of,
)
from safetybot.matching.head import NystromMap, choose_landmarks, logistic_regression
from safetybot.matching.kernel import KernelMatrix
from safetybot.matching.linear import LinearHead, softmax
from safetybot.matching.text import WordList

FloatArray = npt.NDArray[np.float32]
LabelArray = npt.NDArray[np.int64]
Progress = Callable[[str, float], None]
"""Told the stage and how much of it is done, 0 to 1."""

LANDMARKS = 1400
DANGER_LANDMARKS = 1200
CALIBRATION_LANDMARKS = 1000
FOLDS = 5
SMALL = 3_000
"""Texts. Of more, every one is scored: when it was half of them, three changed lines of a file moved the thresholds so
far that 3 of 20 emergencies lost the card. Of fewer it is half; their thresholds are a guess either way."""
COMPARED_MAX = 650_000_000
"""Pairs of texts. Of more than cross-validation would compare in its five parts, fewer parts are scored: the time grows
with the square …"""
SCORED_ALONE = 2_000
"""… and of a single part about so many examples of topics: a threshold gets no surer with the ten-thousandth."""
LEARNT_MAX = 16_000_000_000
"""Examples times classes times landmarks: a step of learning takes as long as that is large. Where it would be more,
there are fewer landmarks."""
OFFER_PROBABILITY = 0.35
"""Policy: topics are offered only where the right one is among three with at least this probability …"""
OFF_TOPIC_OFFER_RATE = 0.045
"""… and so that at most this share of off-topic messages is offered topics, or answered."""
NEAREST_WEIGHTS = (4.0, 8.0, 12.0, 16.0)
"""Of which cross-validation takes one: the more examples a topic has, the more its nearest one says. (4 was best with 5
to 50 a topic, ``research/matching.md`` §3.5.)"""

_ROWS_AT_ONCE = 500
"""Rows that are compared with all others at once, for the sake of memory."""
_ITERATIONS = 20
"""(Half as many cost BANKING77 and CLINC150 with 5 and 10 examples a class half a point to one; more bring nothing.)"""
_ITERATIONS_OF_MANY = 10
"""Where LEARNT_MAX leaves landmarks out: with a thousand topics, another ten would take as long as all else."""
_DANGER_ITERATIONS = 10


def fit(
    corpus: Corpus,
    prepared: tuple[str, ...],
    sentences: FloatArray,
    words: WordList,
    progress: Progress,
    known: Calibration | None = None,
    laid_out: tuple[Featuriser, FeatureMatrix] | None = None,
) -> Fitted:
    """Fits both heads and calibrates them.

    ``prepared``: the corpus's texts, normalised, slang spelt out, mended; ``sentences``: their unit vectors, shape
    (len(prepared), 384), or zeros without an encoder; ``words``: those of the language; ``known``: what calibrating
    just these was found to give; ``laid_out``: what :meth:`Featuriser.fit_transform` makes of ``prepared``, where that
    has been done.
    """
    progress("features", 0)
    featuriser, lexical = laid_out or Featuriser.fit_transform(prepared, bool(sentences.any()))
    features = featuriser.with_sentences_of(lexical, sentences)
    matrix = KernelMatrix.of(features, featuriser.lexical_width)
    progress("features", 1)

    labels = Labels.of(corpus)
    landmarks = choose_landmarks(labels.classes[labels.ask_rows], LANDMARKS)
    topics = _learn(matrix, labels.classes, landmarks, _iterations(labels), alone=known is not None)
    progress("learning", 0.6)
    danger = _learn(matrix, labels.danger, _danger_landmarks(labels), _DANGER_ITERATIONS, alone=True)
    progress("learning", 1)
    calibration = known or _calibrate(corpus, labels, matrix, topics.inputs, danger.inputs, progress)
    return Fitted(corpus.word_counts, words, prepared, featuriser, features, topics.head, danger.head, calibration)


@dataclass(frozen=True)
class _Learnt:
    """A head, and the coordinates of every row, or of those it was fitted on, in their order."""

    head: LinearHead
    inputs: FloatArray


def _learn(matrix: KernelMatrix, labels: LabelArray, landmarks: LabelArray, iterations: int, *, alone: bool) -> _Learnt:
    """Fits a head on the rows that have a label (0 or more); ``alone``: the others are not asked for."""
    known, classes = np.flatnonzero(labels >= 0), int(labels.max()) + 1
    mapped = NystromMap(matrix.rows(_mixed(landmarks)[: LEARNT_MAX // max(1, len(known) * classes)]))
    inputs = mapped.coordinates(matrix.rows(known) if alone else matrix)
    learnt_from = inputs if alone else inputs[known]
    weights = logistic_regression(learnt_from, labels[known], classes, iterations)
    return _Learnt(mapped.fold(weights), inputs)


def _iterations(labels: Labels) -> int:
    """For the head for topics."""
    many = len(labels.ask_rows) * (int(labels.classes.max()) + 1) * LANDMARKS > LEARNT_MAX
    return _ITERATIONS_OF_MANY if many else _ITERATIONS


def _danger_landmarks(labels: Labels) -> LabelArray:
    """Rows that span the similarities of signs, and a few of each topic."""
    signs = np.flatnonzero(labels.classes < 0)
    asks = labels.ask_rows
    chosen_signs = signs[choose_landmarks(labels.danger[signs], DANGER_LANDMARKS)]
    chosen_asks = asks[choose_landmarks(labels.classes[asks], DANGER_LANDMARKS // 5)]
    return np.concatenate((chosen_signs, chosen_asks))


def _mixed(rows: LabelArray) -> LabelArray:
    """The rows in a mixed order, so that the first of them alone can serve the cross-validation.

    (The first rows of a Cholesky factor are the factor of the first rows.)
    """
    return np.random.default_rng(2).permutation(rows)


def _calibrate(
    corpus: Corpus,
    labels: Labels,
    matrix: KernelMatrix,
    topic_inputs: FloatArray,
    danger_inputs: FloatArray,
    progress: Progress,
) -> Calibration:
    topics = len(corpus.classes) - len(NOT_TOPICS)
    random = np.random.default_rng(0)
    fold = _stratified_folds(np.where(labels.classes >= 0, labels.classes, -2 - labels.danger), random)
    hidden_in = random.permutation(topics) % FOLDS
    inputs = np.ascontiguousarray(topic_inputs[:, :CALIBRATION_LANDMARKS])
    danger_inputs = np.ascontiguousarray(danger_inputs[:, :CALIBRATION_LANDMARKS])
    danger_place = np.cumsum(labels.danger >= 0) - 1
    """Row of the corpus → row of ``danger_inputs``, of those that teach danger."""
    urgent, high = topics_of(corpus, Urgency.EMERGENCY), topics_of(corpus, Urgency.HIGH)

    parts = COMPARED_MAX * FOLDS / max(1, len(corpus.texts) ** 2)
    folds = min(FOLDS, max(1, int(parts)))
    scored_share = np.full(len(corpus.texts), 1.0 if len(corpus.texts) >= SMALL else 0.5)
    is_topic = (labels.classes >= 0) & (labels.classes < topics)
    if folds == 1:
        scored_share[is_topic] *= min(1.0, SCORED_ALONE * FOLDS / max(1, is_topic.sum()))
    found = []
    for k in range(folds):
        progress("calibrating", k / folds / 2)
        hidden = is_topic & (hidden_in[np.clip(labels.classes, 0, topics - 1)] == k)
        train = np.flatnonzero((labels.classes >= 0) & ~hidden & (fold != k))
        scored = np.flatnonzero((hidden & (fold != k)) | (fold == k))
        scored = scored[random.random(len(scored)) < scored_share[scored] * np.where(hidden[scored], 0.5, 1.0)]
        weights = logistic_regression(inputs[train], labels.classes[train], len(corpus.classes), _iterations(labels))
        live = np.isin(np.arange(len(corpus.classes)), labels.classes[train])
        scores = inputs[scored] @ weights
        scores[:, ~live] = -30
        near = _nearest(matrix, scored, train, labels.classes[train], len(corpus.classes))
        truth = np.where(hidden[scored] | (labels.classes[scored] >= topics), -1, labels.classes[scored])
        found.append(_Scored(scored, np.log(softmax(scores) + 1e-12), near, truth))
    nearest_weight = _best_weight(found, topics)

    first, three, first_right, three_right, in_scope, asked_class = [], [], [], [], [], []
    danger, danger_rows = [], []
    for k, held_out in enumerate(found):
        progress("calibrating", 0.5 + k / folds / 2)
        scored, near, truth = held_out.rows, held_out.near, held_out.truth
        fused = softmax(held_out.fused(nearest_weight))
        order = np.argsort(-fused[:, :topics], axis=1)[:, :5]
        topic = np.take_along_axis(fused, order, axis=1)
        topic_near = np.take_along_axis(near, order, axis=1)
        none = fused[:, topics:].sum(axis=1)
        asked = labels.classes[scored] >= 0
        first.append(first_signals(topic, topic_near, none)[asked])
        three.append(three_signals(topic, topic_near, none)[asked])
        first_right.append((order[:, 0] == truth)[asked])
        three_right.append((order[:, :3] == truth[:, None]).any(axis=1)[asked])
        in_scope.append((truth >= 0)[asked])
        asked_class.append(labels.classes[scored][asked])

        train_danger = np.flatnonzero((labels.danger >= 0) & (fold != k))
        taught = danger_inputs[danger_place[train_danger]]
        weights = logistic_regression(taught, labels.danger[train_danger], len(SIGNS), _DANGER_ITERATIONS)
        is_hidden = (truth < 0) & (labels.classes[scored] >= 0) & (labels.classes[scored] < topics)
        judged = (fold[scored] == k) & ~is_hidden & (labels.danger[scored] >= 0)
        rows = scored[judged]
        sign_train = train_danger[labels.classes[train_danger] < 0]
        near_signs = _nearest(matrix, rows, sign_train, labels.danger[sign_train], len(SIGNS))
        likely = softmax(held_out.fused(DANGER_WEIGHT)[judged])
        judged_inputs = danger_inputs[danger_place[rows]]
        danger.append(danger_signals(softmax(judged_inputs @ weights), likely, urgent, high, near_signs))
        danger_rows.append(rows)

    inside = np.concatenate(in_scope)
    share = scope_weights(~inside)
    first_model = Logistic.fit(np.concatenate(first), np.concatenate(first_right), share)
    three_model = Logistic.fit(np.concatenate(three), np.concatenate(three_right), share)
    inputs_three, kind = np.concatenate(three), np.concatenate(asked_class)
    off_topic = three_model.probability(inputs_three[kind >= topics])
    choice_threshold = threshold_for_rate(off_topic, np.ones(len(off_topic), np.float32), OFF_TOPIC_OFFER_RATE)
    danger_figures = calibrate_danger(corpus, labels, np.concatenate(danger), np.concatenate(danger_rows))
    progress("calibrating", 1)
    return Calibration(
        first=first_model,
        three=three_model,
        nearest_weight=nearest_weight,
        choice_threshold=max(OFFER_PROBABILITY, choice_threshold),
        right_first=share_of(np.concatenate(first_right)[inside]),
        right_in_three=share_of(np.concatenate(three_right)[inside]),
        **danger_figures,
    )


@dataclass(frozen=True, slots=True)
class _Scored:
    """What one fold of the cross-validation says of the texts that it did not learn from."""

    rows: LabelArray
    head: FloatArray
    """Logarithms of the head's probabilities: shape (rows, classes)."""
    near: FloatArray
    """Similarity to the nearest example of each class, same shape."""
    truth: LabelArray
    """Numbers of their topics; −1 where that is none, or is hidden from this fold."""

    def fused(self, weight: float) -> FloatArray:
        """Scores of the classes: shape (rows, classes)."""
        return self.head + np.float32(weight) * self.near


def _best_weight(found: Sequence[_Scored], topics: int) -> float:
    """The weight of the nearest example with which most texts have their topic first; of equals, the least."""

    def right(weight: float) -> int:
        return sum(
            int((each.fused(weight)[inside, :topics].argmax(axis=1) == each.truth[inside]).sum())
            for each in found
            if (inside := np.flatnonzero(each.truth >= 0)).size
        )

    return max(NEAREST_WEIGHTS, key=right)


def _nearest(matrix: KernelMatrix, rows: LabelArray, others: LabelArray, groups: LabelArray, count: int) -> FloatArray:
    """The largest similarity of each of ``rows`` to each group of ``others``, as of :func:`nearest_by_group`."""
    compared = matrix.rows(others)

    def of_block(start: int) -> FloatArray:
        return nearest_by_group(matrix.rows(rows[start : start + _ROWS_AT_ONCE]).kernel(compared), groups, count)

    # Two at once, for only a part of it uses both cores.
    with ThreadPoolExecutor(2) as pool:
        found = [*pool.map(of_block, range(0, len(rows), _ROWS_AT_ONCE))]
    return np.concatenate(found) if found else np.zeros((0, count), np.float32)


def nearest_by_group(similarity: FloatArray, groups: LabelArray, count: int) -> FloatArray:
    """The largest similarity to each group: ``similarity`` (n, m), ``groups`` (m,) ascending → (n, count).

    0 where a group is empty.
    """
    nearest = np.zeros((len(similarity), count), np.float32)
    present, starts = np.unique(groups, return_index=True)
    nearest[:, present] = np.maximum.reduceat(similarity, starts, axis=1)
    return nearest


def _stratified_folds(groups: LabelArray, random: np.random.Generator) -> LabelArray:
    folds = np.zeros(len(groups), np.int64)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        folds[random.permutation(members)] = np.arange(len(members)) % FOLDS
    return folds
