"""Scores of conversations that people have labelled: what each reply was, by kind of turn and by role.

A labelled conversation is a line of JSON: ``{"role", "turns": [{"say", "kind", "accept", "reject", "danger"}]}``. A
reply is good where one ``accept`` pattern (regular expression, case-insensitive) is found in what is shown, and no
``reject`` pattern. ``danger`` is the least that a careful worker would do: ``none``, ``check`` or ``emergency``.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from safetybot.evaluation.talks import TalkTurn
from safetybot.guidance.model import Sign
from safetybot.matching.danger import GRAVITY
from safetybot.matching.evaluation import LabelledFileError, Share

OPENING = "opening"
FOLLOW_UPS = "after the opening"


class Outcome(StrEnum):
    """What a reply was; of several that fit, the first."""

    GOOD = "good"
    MENU = "menu"
    """Topics to choose from, or a shrug."""
    SAME = "same again"
    """An answer that was shown before."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class LabelledTurn:
    """What somebody types, and what a good reply shows."""

    say: str
    kind: str
    accept: tuple[re.Pattern[str], ...]
    reject: tuple[re.Pattern[str], ...]
    danger: Sign


@dataclass(frozen=True, slots=True)
class LabelledTalk:
    """A conversation of one person."""

    role: str
    turns: tuple[LabelledTurn, ...]


@dataclass(slots=True)
class Tally:
    """Counts of some turns."""

    turns: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=lambda: defaultdict(int))
    calm: int = 0
    """Turns without danger, …"""
    needless_cards: int = 0
    needless_checks: int = 0
    dangerous: int = 0
    """… and turns with it: those in which at least as much was shown as a careful worker would do."""
    danger_seen: int = 0

    def add(self, turn: LabelledTurn, said: TalkTurn, outcome: Outcome) -> None:
        """Count one reply."""
        self.turns += 1
        self.outcomes[outcome] += 1
        if turn.danger is Sign.NONE:
            self.calm += 1
            self.needless_cards += said.danger is Sign.EMERGENCY
            self.needless_checks += said.danger is Sign.CHECK
        else:
            self.dangerous += 1
            self.danger_seen += GRAVITY[said.danger] >= GRAVITY[turn.danger]

    def figures(self) -> dict[str, Share]:
        """Name → share."""
        return {
            **{outcome.value: Share(self.outcomes[outcome], self.turns) for outcome in Outcome},
            "needless card": Share(self.needless_cards, self.calm),
            "needless check": Share(self.needless_checks, self.calm),
            "danger seen": Share(self.danger_seen, self.dangerous),
        }


def is_talks(path: Path) -> bool:
    """Whether a file holds conversations and not single messages, by its first line."""
    with path.open(encoding="utf-8") as file:
        return '"turns"' in file.readline()


def read_talks(path: Path) -> list[LabelledTalk]:
    """The conversations of a file of JSON lines. Raises LabelledFileError, OSError."""
    talks = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            turns = tuple(
                LabelledTurn(
                    str(turn["say"]),
                    str(turn["kind"]),
                    tuple(re.compile(pattern, re.IGNORECASE) for pattern in turn["accept"]),
                    tuple(re.compile(pattern, re.IGNORECASE) for pattern in turn["reject"]),
                    Sign(turn["danger"]),
                )
                for turn in row["turns"]
            )
            talks.append(LabelledTalk(str(row["role"]), turns))
        except (ValueError, KeyError, TypeError, re.error) as error:
            raise LabelledFileError(f"{path}:{number}: this is no labelled conversation ({error})") from None
    return talks


def judge(turn: LabelledTurn, said: TalkTurn, before: Sequence[TalkTurn]) -> Outcome:
    """What the reply to a turn was, after those ``before`` it in the conversation."""
    shown = "\n".join(said.messages)
    if any(pattern.search(shown) for pattern in turn.accept) and not any(
        pattern.search(shown) for pattern in turn.reject
    ):
        return Outcome.GOOD
    if said.decision in ("choose", "unsure"):
        return Outcome.MENU
    return Outcome.SAME if any(said.body == earlier.body for earlier in before) else Outcome.WRONG


def evaluate_talks(
    talks: Sequence[LabelledTalk],
    hold: Callable[[Sequence[str]], Iterable[TalkTurn]],
    progress: Callable[[float], None] = lambda done: None,
) -> dict[str, Tally]:
    """Hold each conversation → tallies by name: openings, all after them, each kind of turn, each role after them."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for number, talk in enumerate(talks):
        progress(number / max(1, len(talks)))
        before: list[TalkTurn] = []
        for turn, said in zip(talk.turns, hold([turn.say for turn in talk.turns]), strict=True):
            outcome = judge(turn, said, before)
            names = [OPENING] if turn.kind == OPENING else [FOLLOW_UPS, f"kind: {turn.kind}", f"role: {talk.role}"]
            for name in names:
                tallies[name].add(turn, said, outcome)
            before.append(said)
    return dict(sorted(tallies.items(), key=lambda item: (item[0] != OPENING, item[0])))


def as_json(tallies: Mapping[str, Tally]) -> dict[str, Any]:
    """One object: name → figures, each a count, of how many, and their share."""
    return {
        name: {
            "turns": tally.turns,
            **{
                figure: {"count": share.count, "of": share.of, "share": share.value}
                for figure, share in tally.figures().items()
            },
        }
        for name, tally in tallies.items()
    }


def as_text(tallies: Mapping[str, Tally]) -> str:
    """A table for people: a row each, shares in per cent."""
    names = [*next(iter(tallies.values()), Tally()).figures()]
    lines = [f"{'':24} {'turns':>5}  " + "  ".join(f"{name:>14}" for name in names)]
    for name, tally in tallies.items():
        shares = (share.value for share in tally.figures().values())
        cells = "  ".join(f"{'–' if value is None else f'{value:.1%}':>14}" for value in shares)
        lines.append(f"{name:24} {tally.turns:5}  {cells}")
    return "\n".join(lines)
