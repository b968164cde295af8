"""How dangerous a message sounds: emergency, check-in, or neither, with a reason that can be shown.

Two judges, and the graver verdict holds: what was learnt from the editors' signs and look-alikes, and the readable
rules of :mod:`safetybot.matching.danger_rules`. Both see the message as typed and as mended.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from safetybot.guidance.model import Sign, Urgency
from safetybot.matching.corpus import SIGNS, Corpus
from safetybot.matching.danger_rules import apply_rules
from safetybot.matching.features import Features
from safetybot.matching.fitted_model import Fitted, Thresholds, danger_signals, topics_of
from safetybot.matching.linear import softmax
from safetybot.matching.nearest_neighbours import Near, NearestNeighbours
from safetybot.matching.text import PreparedText

FloatArray = npt.NDArray[np.float32]

GRAVITY = {Sign.NONE: 0, Sign.CHECK: 1, Sign.EMERGENCY: 2}

SAME = 0.9
"""A message as like a sign as this is at least what the editors said that sign is, whatever is learnt from others."""


@dataclass(frozen=True, slots=True)
class Danger:
    """The verdict on one message, and why."""

    sign: Sign
    because: str
    """For editors: the rule that was met, or the sign it is close to."""
    emergency_probability: float
    check_probability: float
    """Of emergency or check."""


class DangerClassifier:
    """Judges messages of one language."""

    def __init__(self, corpus: Corpus, fitted: Fitted) -> None:
        self._corpus = corpus
        self._head = fitted.danger_head
        self._calibration = fitted.calibration
        self._urgent = topics_of(corpus, Urgency.EMERGENCY)
        self._high = topics_of(corpus, Urgency.HIGH)
        self._extremes = np.zeros((4, len(corpus.classes)), np.float32)
        """Classes of which none, one or both of the kinds that count are certain: no message is outside of these."""
        self._extremes[1::2, self._urgent[:1]] = 1
        self._extremes[2:, self._high[:1]] = 1
        self._first_row = corpus.sign_starts[0]
        signs = fitted.matrix.part(self._first_row, corpus.sign_starts[-1])
        self._nearness = NearestNeighbours(signs, fitted.featuriser.lexical_width, all_at_once=True)
        self._ranges = [*itertools.pairwise(start - self._first_row for start in corpus.sign_starts)]

    def judge_learnt(
        self, texts: Sequence[Sequence[Features]], class_probabilities: Sequence[FloatArray]
    ) -> list[list[Danger]]:
        """What the learnt signs say of messages, each in its forms: as mended, and as typed.

        ``class_probabilities``: of each message, as :class:`safetybot.matching.matcher.Match` has them.
        """
        if not texts:
            return []
        forms, counts = [form for each in texts for form in each], [*map(len, texts)]
        near, topics = self._near(forms), np.repeat(np.stack(class_probabilities), counts, axis=0)
        probabilities = self._probabilities(self._heads(forms), topics, near)
        verdicts = iter(
            [self._verdict(*each, self._calibration.whole) for each in zip(near, *probabilities, strict=True)]
        )
        return [[*itertools.islice(verdicts, count)] for count in counts]

    def judge_parts(
        self, parts: Sequence[Features], class_probabilities: Callable[[Features], FloatArray]
    ) -> list[Danger]:
        """The same of the parts of a long text, which have to be clearer than a whole one, as there are several.

        ``class_probabilities`` takes as long as all else and is only called where it can matter: most parts are
        harmless whatever their topic is. (The probabilities are those of the worst topic then.)
        """
        near, heads = self._near(parts), self._heads(parts)
        thresholds = self._calibration.part
        found = []
        for place, part in enumerate(parts):
            alone = slice(place, place + 1)
            emergency, check = self._probabilities(heads[alone], self._extremes, near[alone])
            if thresholds.sign(emergency.max(), check.max()) is not Sign.NONE:
                emergency, check = self._probabilities(heads[alone], class_probabilities(part)[None, :], near[alone])
            found.append(self._verdict(near[place], emergency.max(), check.max(), thresholds))
        return found

    def _near(self, texts: Sequence[Features]) -> list[list[Near]]:
        """The nearest sign of each level, for each text."""
        return self._nearness.nearest_of_all(texts, self._ranges) if texts else []

    def _heads(self, texts: Sequence[Features]) -> FloatArray:
        """Probabilities of the levels for each text, as far as was learnt from signs alone: shape (n, 3)."""
        scores = [self._head.scores(features) for features in texts]
        return softmax(np.array(scores, np.float32).reshape(len(texts), len(SIGNS)))

    def _probabilities(
        self, heads: FloatArray, topics: FloatArray, near: Sequence[Sequence[Near]]
    ) -> tuple[FloatArray, FloatArray]:
        """Of an emergency, and of an emergency or a check: of as many texts and topics, or of one and several.

        ``heads``: shape (n, 3); ``topics``: shape (m, classes); n is m, or one of them is 1. Two of shape (max(n, m),).
        """
        similarity = np.array([[found.similarity for found in each] for each in near], np.float32)
        signals = danger_signals(heads, topics, self._urgent, self._high, similarity)
        calibration = self._calibration
        return calibration.emergency.probability(signals), calibration.check.probability(signals)

    def _verdict(self, near: Sequence[Near], emergency: float, check: float, thresholds: Thresholds) -> Danger:
        sign = thresholds.sign(emergency, check)
        nearest_sign, same = max(zip(SIGNS, near, strict=True), key=lambda each: each[1].similarity)
        if same.similarity >= SAME:
            sign = max(sign, nearest_sign, key=GRAVITY.__getitem__)
        nearest = self._corpus.texts[self._first_row + near[SIGNS.index(sign)].row]
        because = f"close to the {sign.value} sign “{nearest}”" if sign is not Sign.NONE else "no sign of danger"
        return Danger(sign, because, float(emergency), float(check))

    def score(self, features: Features) -> float:
        """A quick look: how much graver than harmless the learnt signs alone take it for, in log odds."""
        emergency, check, none = self._head.scores(features).tolist()
        return float(max(emergency, check) - none)

    def judge_rules(self, prepared: PreparedText) -> Danger:
        """What the readable rules say of the text in each of its forms.

        They are English, and looked at in every language: a young person may write English to a bot that is not.
        """
        verdict = Danger(Sign.NONE, "no sign of danger", 0.0, 0.0)
        for form in dict.fromkeys((prepared.raw, prepared.plain, prepared.mended)):
            rule = apply_rules(form)
            if rule and GRAVITY[rule.sign] > GRAVITY[verdict.sign]:
                verdict = Danger(rule.sign, f"rule: {rule.reason}", 0.0, 0.0)
        return verdict


def gravest(*verdicts: Danger) -> Danger:
    """The verdict with the gravest sign, the first of equals, with the highest probabilities of all."""
    worst = max(verdicts, key=lambda verdict: GRAVITY[verdict.sign])
    return Danger(
        worst.sign,
        worst.because,
        max(verdict.emergency_probability for verdict in verdicts),
        max(verdict.check_probability for verdict in verdicts),
    )
