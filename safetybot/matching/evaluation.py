"""Scores of an interpreter on labelled messages.

A labelled message is a line of JSON: ``{"text", "topics", "urgency"}``; ``topics[0]`` is best, the others are as good
as right; ``out-of-scope`` means that no topic fits; ``urgency`` is ``normal``, ``high`` or ``emergency``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetybot.guidance.model import Sign, Urgency
from safetybot.matching.interpreter import Interpretation
from safetybot.matching.matcher import CHOICES_SHOWN, Decision

OUT_OF_SCOPE = "out-of-scope"
PAIRS_SHOWN = 15


class LabelledFileError(Exception):
    """A file of labelled messages cannot be used; the message tells the line."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message and what it should get."""

    text: str
    topics: tuple[str, ...]
    urgency: Urgency

    @property
    def in_scope(self) -> bool:
        """Whether there is advice for it."""
        return OUT_OF_SCOPE not in self.topics


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """0 to 1, or None of nothing."""
        return self.count / self.of if self.of else None

    def __str__(self) -> str:
        return f"{self.count / self.of:6.1%}  ({self.count} of {self.of})" if self.of else "     –  (none)"


@dataclass(frozen=True, slots=True)
class Handling:
    """How often a decision was taken on messages in scope, and how often it was right."""

    taken: Share
    right: Share
    """The first topic was right; for an offer, the right one was among those offered."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All figures."""

    messages: int
    right_first: Share
    right_in_three: Share
    answered: Handling
    offered: Handling
    unsure: Handling
    wrong_answers: Share
    """Messages in scope that got the answer of a wrong topic."""
    out_of_scope_unsure: Share
    """Out-of-scope messages that got neither an answer nor an offer of topics."""
    out_of_scope_not_answered: Share
    """Out-of-scope messages that got no answer; they may have been offered topics."""
    emergencies_carded: Share
    emergencies_caught: Share
    """Card or check-in."""
    high_reached: Share
    """High messages that got the card, a check-in, or were answered with or offered a topic that is not normal."""
    needless_cards: Share
    needless_checks: Share
    """Among messages of normal urgency; a needless card is not counted again as a check-in."""
    confused: tuple[tuple[str, str, int], ...]
    """(wanted, got first, how often), most often first."""


def read_labelled(path: Path) -> list[Labelled]:
    """Raises LabelledFileError, or OSError."""
    rows = []
    # Not split as text: a message may hold a line separator of its own, which JSON allows.
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            rows.append(_labelled(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise LabelledFileError(
                f"{path}:{number}: each line must be an object with text, topics and urgency ({error})"
            ) from error
    if not rows:
        raise LabelledFileError(f"{path} holds no messages")
    return rows


def _labelled(row: Any) -> Labelled:
    text, topics = row["text"], row["topics"]
    if not isinstance(text, str):
        raise TypeError("text is not a text")
    if not isinstance(topics, list) or not topics or not all(isinstance(topic, str) for topic in topics):
        raise TypeError("topics is not a list of one id or more")
    return Labelled(text, tuple(topics), Urgency(row["urgency"]))


def evaluate(
    rows: Sequence[Labelled],
    interpret: Callable[[str], Interpretation],
    urgency: dict[str, Urgency],
    progress: Callable[[int], None] = lambda done: None,
) -> Evaluation:
    """Interprets each message and counts. ``urgency``: topic id → what the topic implies."""
    judged = []
    for number, row in enumerate(rows, 1):
        judged.append((row, interpret(row.text)))
        progress(number)
    inside = [(row, meant) for row, meant in judged if row.in_scope]
    outside = [meant for row, meant in judged if not row.in_scope]
    emergencies = [meant for row, meant in judged if row.urgency is Urgency.EMERGENCY]
    high = [meant for row, meant in judged if row.urgency is Urgency.HIGH]
    normal = [meant for row, meant in judged if row.urgency is Urgency.NORMAL]
    first = {id(meant): _first(meant) in row.topics for row, meant in inside}
    three = {id(meant): bool(set(_offered(meant)) & set(row.topics)) for row, meant in inside}

    def handling(decision: Decision, right: dict[int, bool]) -> Handling:
        taken = [meant for _, meant in inside if meant.match.decision is decision]
        return Handling(_share(taken, inside), Share(sum(right[id(meant)] for meant in taken), len(taken)))

    wrong = [m for _, m in inside if m.match.decision is Decision.ANSWER and not first[id(m)]]
    confused = Counter((row.topics[0], _first(meant) or "nothing") for row, meant in inside if not first[id(meant)])
    return Evaluation(
        messages=len(judged),
        right_first=Share(sum(first.values()), len(inside)),
        right_in_three=Share(sum(three.values()), len(inside)),
        answered=handling(Decision.ANSWER, first),
        offered=handling(Decision.CHOOSE, three),
        unsure=handling(Decision.UNSURE, first),
        wrong_answers=_share(wrong, inside),
        out_of_scope_unsure=_share([m for m in outside if m.match.decision is Decision.UNSURE], outside),
        out_of_scope_not_answered=_share([m for m in outside if m.match.decision is not Decision.ANSWER], outside),
        emergencies_carded=_share([m for m in emergencies if m.danger.sign is Sign.EMERGENCY], emergencies),
        emergencies_caught=_share([m for m in emergencies if m.danger.sign is not Sign.NONE], emergencies),
        high_reached=_share([m for m in high if _reached(m, urgency)], high),
        needless_cards=_share([m for m in normal if m.danger.sign is Sign.EMERGENCY], normal),
        needless_checks=_share([m for m in normal if m.danger.sign is Sign.CHECK], normal),
        confused=tuple((*pair, count) for pair, count in confused.most_common(PAIRS_SHOWN)),
    )


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as plain values; every share with its value beside it."""

    def plain(value: Any) -> Any:
        if isinstance(value, Share):
            return {**asdict(value), "share": value.value}
        if isinstance(value, Handling):
            return {"taken": plain(value.taken), "right": plain(value.right)}
        return value

    result = {name: plain(getattr(evaluation, name)) for name in Evaluation.__slots__}
    result["confused"] = [{"wanted": w, "got": g, "count": n} for w, g, n in evaluation.confused]
    return result


def as_text(evaluation: Evaluation) -> str:
    """The evaluation as a table for people."""
    e = evaluation
    lines = [
        f"{e.messages} messages",
        "",
        f"right first                          {e.right_first}",
        f"right within three                   {e.right_in_three}",
        f"answered                             {e.answered.taken}",
        f"  of these right                     {e.answered.right}",
        f"offered three topics                 {e.offered.taken}",
        f"  of these with the right one        {e.offered.right}",
        f"unsure                               {e.unsure.taken}",
        f"  of these first would be right      {e.unsure.right}",
        f"wrong answers given                  {e.wrong_answers}",
        f"out of scope, kept out (unsure)      {e.out_of_scope_unsure}",
        f"out of scope, not answered           {e.out_of_scope_not_answered}",
        "",
        f"emergencies: card                    {e.emergencies_carded}",
        f"emergencies: card or check-in        {e.emergencies_caught}",
        f"high urgency reached                 {e.high_reached}",
        f"needless cards, normal messages      {e.needless_cards}",
        f"needless check-ins, normal messages  {e.needless_checks}",
        "",
        "most confused (wanted → got first)",
    ]
    return "\n".join([*lines, *(f"  {n:3}  {wanted} → {got}" for wanted, got, n in e.confused)])


def _share(part: Sequence[Any], whole: Sequence[Any]) -> Share:
    return Share(len(part), len(whole))


def _first(meant: Interpretation) -> str | None:
    return meant.match.choices[0].topic if meant.match.choices else None


def _offered(meant: Interpretation) -> list[str]:
    return [choice.topic for choice in meant.match.choices[:CHOICES_SHOWN]]


def _reached(meant: Interpretation, urgency: dict[str, Urgency]) -> bool:
    if meant.danger.sign is not Sign.NONE:
        return True
    shown = {Decision.ANSWER: _offered(meant)[:1], Decision.CHOOSE: _offered(meant)}.get(meant.match.decision, [])
    return any(urgency.get(topic, Urgency.NORMAL) is not Urgency.NORMAL for topic in shown)
