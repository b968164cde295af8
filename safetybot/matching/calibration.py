"""From scores to honest probabilities: how sure to be before answering, offering, or showing the card.

Learnt from the examples alone by cross-validation, with topics held back as stand-ins for what we have no advice on
(``research/matching.md`` §4). Nobody sets a threshold by hand: the policies below say what is wanted, the
cross-validation says where that is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

OUT_OF_SCOPE_SHARE = 0.15
"""Assumed share of messages that no topic answers (``dev.jsonl`` has 15 %)."""

_TINY = 1e-6


def first_signals(topic: FloatArray, near: FloatArray, none: FloatArray) -> FloatArray:
    """What tells whether the first topic is right.

    ``topic`` and ``near``: probability of and similarity to each topic, shape (n, topics), sorted by probability,
    best first; ``none``: probability that no topic is meant, shape (n,). Returns shape (n, 4).
    """
    first = np.log(topic[:, 0] + _TINY)
    # A second language may begin with one topic alone.
    second = np.log(topic[:, 1] + _TINY) if topic.shape[1] > 1 else np.full_like(first, np.log(_TINY))
    return np.stack((first, first - second, near[:, 0], _none_odds(topic, none)), axis=1)


def three_signals(topic: FloatArray, near: FloatArray, none: FloatArray) -> FloatArray:
    """What tells whether the right topic is among the first three: shape (n, 3). Arguments as above."""
    three = np.log(topic[:, :3].sum(axis=1) + _TINY)
    return np.stack((three, near[:, :3].max(axis=1), _none_odds(topic, none)), axis=1)


def _none_odds(topic: FloatArray, none: FloatArray) -> FloatArray:
    odds: FloatArray = np.log(none + 1e-3) - np.log(topic.sum(axis=1) + 1e-3)
    return odds


@dataclass(frozen=True, slots=True)
class Logistic:
    """A small logistic model on standardised signals: signals → probability."""

    mean: FloatArray
    scale: FloatArray
    coefficients: FloatArray
    """Bias first: shape (signals + 1,)."""

    @classmethod
    def fit(cls, signals: FloatArray, happened: BoolArray, weights: FloatArray, ridge: float = 1e-2) -> Logistic:
        """Newton's method; ``signals`` (n, k), ``happened`` (n,), ``weights`` (n,) of any scale."""
        mean, scale = signals.mean(axis=0), signals.std(axis=0) + 1e-9
        design = np.c_[np.ones(len(signals)), (signals - mean) / scale].astype(np.float64)
        weight = (weights / weights.mean()).astype(np.float64)
        penalty = ridge * len(signals) * np.eye(design.shape[1])
        penalty[0, 0] = 0
        coefficients = np.zeros(design.shape[1])
        for _ in range(60):
            p = 1 / (1 + np.exp(-design @ coefficients))
            gradient = design.T @ (weight * (p - happened)) + penalty @ coefficients
            curvature = (design * (weight * p * (1 - p))[:, None]).T @ design + penalty
            step = np.linalg.solve(curvature + 1e-9 * np.eye(len(curvature)), gradient)
            coefficients -= step
            if float(np.abs(step).max()) < 1e-8:
                break
        return cls(mean.astype(np.float32), scale.astype(np.float32), coefficients.astype(np.float32))

    def probability(self, signals: FloatArray) -> FloatArray:
        """Shape (n, k) → (n,)."""
        standard = (signals - self.mean) / self.scale
        z = standard @ self.coefficients[1:] + self.coefficients[0]
        result: FloatArray = 1 / (1 + np.exp(-np.clip(z, -60, 60)))
        return result


def threshold_for_rate(probabilities: FloatArray, weights: FloatArray, rate: float) -> float:
    """The lowest threshold that no more than a weighted share ``rate`` of ``probabilities`` reaches; of none, 0.5."""
    if not len(probabilities):
        return 0.5
    order = np.argsort(-probabilities, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    allowed = int(np.searchsorted(share, rate, side="right"))
    if allowed == 0:
        return float(probabilities[order[0]]) + _TINY
    return float(probabilities[order[allowed - 1]])


def scope_weights(outside: BoolArray) -> FloatArray:
    """Weights of messages that make those ``outside`` of all topics the share we assume; shape as ``outside``."""
    count, others = max(1, outside.sum()), max(1, (~outside).sum())
    weights = np.where(outside, OUT_OF_SCOPE_SHARE / count, (1 - OUT_OF_SCOPE_SHARE) / others)
    result: FloatArray = weights.astype(np.float32)
    return result


def share_of(happened: BoolArray) -> float:
    """The share that happened; 0 where there was nothing, as in a language of a handful of examples."""
    return float(happened.mean()) if len(happened) else 0.0
