"""The figures, against rows whose figures were counted by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from safetybot.guidance.model import Sign, Urgency
from safetybot.matching.danger import Danger
from safetybot.matching.evaluation import (
    Evaluation,
    Labelled,
    LabelledFileError,
    Share,
    as_json,
    as_text,
    evaluate,
    read_labelled,
)
from safetybot.matching.interpreter import Interpretation
from safetybot.matching.matcher import Choice, Decision, Match
from safetybot.matching.text import PreparedText

OUTSIDE = "out-of-scope"
URGENCY = {"a": Urgency.NORMAL, "b": Urgency.HIGH, "c": Urgency.EMERGENCY, "d": Urgency.NORMAL}


def _meant(decision: str, topics: str, danger: str = "none") -> Interpretation:
    choices = tuple(Choice(topic, 0.5, "", 0.5) for topic in topics)
    found = Match(Decision(decision), choices, 0.5, 0.5, 0.1, 0.0, False, np.zeros(0, np.float32))
    return Interpretation(PreparedText("", "", ""), Danger(Sign(danger), "", 0, 0), found, False)


ROWS: list[tuple[str, list[str], str, Interpretation]] = [
    # in scope                    wanted        urgency      got
    ("answered, right", ["a"], "normal", _meant("answer", "abd")),
    ("answered, as good as right", ["a", "b"], "high", _meant("answer", "bad")),
    ("answered, wrong", ["a"], "normal", _meant("answer", "dba", "check")),
    ("answered, wrong again", ["a"], "normal", _meant("answer", "dbc", "emergency")),
    ("offered, first is right", ["d"], "normal", _meant("choose", "dab")),
    ("offered, third is right", ["c"], "emergency", _meant("choose", "abc", "emergency")),
    ("offered, fourth is right", ["c"], "emergency", _meant("choose", "abdc", "check")),
    ("unsure, first would be right", ["b"], "high", _meant("unsure", "bac")),
    ("unsure, nothing at all", ["b"], "emergency", _meant("unsure", "")),
    ("high, answered with a normal topic", ["b"], "high", _meant("answer", "abc")),
    ("high, asked if safe", ["b"], "high", _meant("unsure", "ad", "check")),
    # out of scope
    ("kept out", [OUTSIDE], "normal", _meant("unsure", "abc")),
    ("kept out, in danger", [OUTSIDE], "emergency", _meant("unsure", "abc", "emergency")),
    ("offered", [OUTSIDE], "normal", _meant("choose", "abc")),
    ("answered", [OUTSIDE], "normal", _meant("answer", "abc")),
]


@pytest.fixture
def evaluation() -> Evaluation:
    rows = [Labelled(text, tuple(topics), Urgency(urgency)) for text, topics, urgency, _ in ROWS]
    meant = {text: got for text, _, _, got in ROWS}
    return evaluate(rows, meant.__getitem__, URGENCY)


def test_every_figure(evaluation: Evaluation) -> None:
    assert evaluation.messages == 15
    assert evaluation.right_first == Share(4, 11)
    assert evaluation.right_in_three == Share(7, 11)
    assert (evaluation.answered.taken, evaluation.answered.right) == (Share(5, 11), Share(2, 5))
    assert (evaluation.offered.taken, evaluation.offered.right) == (Share(3, 11), Share(2, 3))
    assert (evaluation.unsure.taken, evaluation.unsure.right) == (Share(3, 11), Share(1, 3))
    assert evaluation.wrong_answers == Share(3, 11)
    assert evaluation.out_of_scope_unsure == Share(2, 4)
    assert evaluation.out_of_scope_not_answered == Share(3, 4)
    assert evaluation.emergencies_carded == Share(2, 4)
    assert evaluation.emergencies_caught == Share(3, 4)
    assert evaluation.high_reached == Share(2, 4), "by the topic b, and by the check-in"
    assert evaluation.needless_cards == Share(1, 7)
    assert evaluation.needless_checks == Share(1, 7)


def test_confused_pairs_come_most_often_first(evaluation: Evaluation) -> None:
    assert evaluation.confused[0][2] == 2
    assert set(evaluation.confused) == {
        ("a", "d", 2),
        ("c", "a", 2),
        ("b", "nothing", 1),
        ("b", "a", 2),
    }


def test_progress() -> None:
    told: list[int] = []
    row = Labelled("x", ("a",), Urgency.NORMAL)
    evaluate([row, row, row], lambda text: _meant("answer", "a"), URGENCY, told.append)
    assert told == [1, 2, 3]


def test_as_json(evaluation: Evaluation) -> None:
    plain = json.loads(json.dumps(as_json(evaluation)))
    assert plain["messages"] == 15
    assert plain["right_first"] == {"count": 4, "of": 11, "share": pytest.approx(4 / 11)}
    assert plain["offered"]["right"] == {"count": 2, "of": 3, "share": pytest.approx(2 / 3)}
    assert {"wanted": "a", "got": "d", "count": 2} in plain["confused"]
    assert set(plain) == set(Evaluation.__slots__)


def test_as_text(evaluation: Evaluation) -> None:
    text = as_text(evaluation)
    assert "15 messages" in text
    assert "right first                           36.4%  (4 of 11)" in text
    assert "  2  a → d" in text


def test_a_share_of_nothing() -> None:
    rows = [Labelled("x", ("a",), Urgency.NORMAL)]
    evaluation = evaluate(rows, lambda text: _meant("answer", "a"), URGENCY)
    assert evaluation.emergencies_carded.value is None
    assert as_json(evaluation)["emergencies_carded"] == {"count": 0, "of": 0, "share": None}
    assert "emergencies: card                         –  (none)" in as_text(evaluation)


class TestReading:
    GOOD = '{"text": "hi", "topics": ["greeting"], "urgency": "normal", "style": "short"}'

    def test_good_lines(self, tmp_path: Path) -> None:
        path = tmp_path / "messages.jsonl"
        other = json.dumps({"text": "a\u2028b 😭", "topics": ["a", "b"], "urgency": "emergency"}, ensure_ascii=False)
        path.write_text(f"{self.GOOD}\n\n  \r\n{other}\r\n", "utf-8")
        assert read_labelled(path) == [
            Labelled("hi", ("greeting",), Urgency.NORMAL),
            Labelled("a\u2028b 😭", ("a", "b"), Urgency.EMERGENCY),
        ]

    @pytest.mark.parametrize(
        "bad",
        [
            "not json",
            '{"text": "hi", "topics": ["greeting"]',
            '{"topics": ["greeting"], "urgency": "normal"}',
            '{"text": "hi", "urgency": "normal"}',
            '{"text": "hi", "topics": ["greeting"]}',
            '{"text": "hi", "topics": ["greeting"], "urgency": "very"}',
            '{"text": "hi", "topics": "greeting", "urgency": "normal"}',
            '{"text": "hi", "topics": [], "urgency": "normal"}',
            '{"text": "hi", "topics": [1], "urgency": "normal"}',
            '{"text": null, "topics": ["greeting"], "urgency": "normal"}',
            '["hi", ["greeting"], "normal"]',
            "null",
            "3",
        ],
    )
    def test_a_bad_line_is_told_with_its_number(self, tmp_path: Path, bad: str) -> None:
        path = tmp_path / "messages.jsonl"
        path.write_text(f"{self.GOOD}\n\n{bad}\n{self.GOOD}\n", "utf-8")
        with pytest.raises(LabelledFileError) as caught:
            read_labelled(path)
        assert str(caught.value).startswith(f"{path}:3: each line must be an object with text, topics and urgency (")

    def test_a_line_that_is_not_utf_8(self, tmp_path: Path) -> None:
        path = tmp_path / "messages.jsonl"
        path.write_bytes(self.GOOD.encode() + b'\n{"text": "caf\xe9"}\n')
        with pytest.raises(LabelledFileError, match=r"messages.jsonl:2: "):
            read_labelled(path)

    @pytest.mark.parametrize("content", ["", "\n \n"])
    def test_a_file_without_messages(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "messages.jsonl"
        path.write_text(content, "utf-8")
        with pytest.raises(LabelledFileError, match="holds no messages"):
            read_labelled(path)

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            read_labelled(tmp_path / "nothing.jsonl")
